//! Jobs: what is typed can be printed, and what is printed runs to the same calls.

use insta::assert_snapshot;

use crate::support::{Place, Server, Simulator, completion, shown};

const BILL: &str =
    r#"{"type": "object", "properties": {"total": {"type": "number"}}, "required": ["total"]}"#;

#[test]
fn a_job_is_printed_and_no_call_is_made() {
    let place = Place::with(&[("v.toml", "[[voter]]\nname = 'a'\nmodel = 'ollama:x'\n")]);
    assert_snapshot!(place.run(&["section", "Tides", "-s", "Why", "-s", "When", "--print-job"]), @r#"
    exit 0
    --- stdout
    pattern = "section"
    topic = "Tides"
    sections = ["Why", "When"]
    --- stderr
    "#);
    let vote = [
        "vote",
        "What does it say?",
        "-n",
        "3",
        "--schema",
        "bill.json",
        "--field",
        "total=median:1%",
        "--voters",
        "v.toml",
        "--timeout",
        "90s",
        "--max-cost",
        "2.50",
        "--output",
        "json",
        "--print-job",
    ];
    assert_snapshot!(place.run(&vote), @r#"
    exit 0
    --- stdout
    pattern = "vote"
    question = "What does it say?"
    votes = 3

    [ballot]
    schema = "bill.json"
    fields = ["total=median:1%"]

    [[voters]]
    name = "a"
    model = "ollama:x"

    [run]
    timeout = "1m30s"

    [spend]
    max_cost = "2.5"

    [output]
    form = "json"
    --- stderr
    "#);
    let map_reduce = [
        "map-reduce",
        "docs/",
        "--records",
        "line",
        "--map-schema",
        "bill.json",
        "--reduce",
        "count",
        "--reduce",
        "sum:total",
        "--group-by",
        "customer",
        "--output",
        "csv",
        "-o",
        "out.csv",
        "--print-job",
    ];
    assert_snapshot!(place.run(&map_reduce), @r#"
    exit 0
    --- stdout
    pattern = "map-reduce"
    inputs = ["docs/"]

    [source]
    records = "line"

    [map]
    schema = "bill.json"

    [reduce.code]
    columns = ["count", "sum:total"]
    group_by = "customer"

    [output]
    form = "csv"
    file = "out.csv"
    --- stderr
    "#);
    // What the environment says is in it.
    let mut command = place.command(&["section", "Tides", "--print-job"]);
    command.env("PATTERNS_MODEL", "ollama:m");
    assert_snapshot!(shown(&mut command), @r#"
    exit 0
    --- stdout
    pattern = "section"
    topic = "Tides"

    [model]
    name = "ollama:m"
    --- stderr
    "#);
    assert!(!place.path().join(".patterns").exists());
}

#[test]
fn a_printed_job_is_the_same_run_and_makes_the_same_calls() {
    let rows = (0..9).map(|n| format!("{{\"id\": {n}, \"text\": \"Bill {n}.\"}}\n"));
    let questions = (0..4).map(|n| format!("{{\"id\": {n}, \"question\": \"Is it {n}?\"}}\n"));
    let place = Place::with(&[
        ("rows.jsonl", &rows.collect::<String>()),
        ("q.jsonl", &questions.collect::<String>()),
        ("bill.json", BILL),
        ("note.md", "It is so."),
    ]);
    let simulator = Simulator::start(&place, &[]);
    let vote = [
        "vote",
        "Is it?",
        "--option",
        "yes",
        "--option",
        "no",
        "--context",
        "note.md",
    ];
    for typed in [
        &[
            "section",
            "Tides",
            "--plan",
            "2",
            "--instructions",
            "Be brief.",
        ][..],
        &[
            &vote[..],
            &[
                "--rule",
                "majority",
                "--tie",
                "no-consensus",
                "--temperature",
                "0.7",
            ],
        ]
        .concat(),
        &[
            "vote",
            "--batch",
            "q.jsonl",
            "-n",
            "3",
            "--seed",
            "7",
            "--rule",
            "same-meaning",
        ],
        &[
            "map-reduce",
            "rows.jsonl",
            "-c",
            "map_reduce.reduce_tokens=300",
            "--topology",
            "refine",
        ],
        &[
            "map-reduce",
            "rows.jsonl",
            "--map-schema",
            "bill.json",
            "--reduce",
            "sum:total",
        ],
        &[
            "map-reduce",
            "rows.jsonl",
            "--map-schema",
            "bill.json",
            "--no-reduce",
        ],
        &[
            "map-reduce",
            "rows.jsonl",
            "--map-schema",
            "vendor, total number, paid yes|no: what the bill says",
            "--no-reduce",
        ],
        &[
            "map-reduce",
            "rows.jsonl",
            "--statements",
            "--chunk-tokens",
            "50",
        ],
    ] {
        let typed = [typed, &simulator.args(), &["--output", "jsonl"]].concat();
        let (code, job) = place.data(&[&typed[..], &["--print-job"]].concat());
        assert_eq!(code, Some(0), "{typed:?}");
        place.write("job.toml", job.as_bytes());
        let first = place.data(&typed);
        let sent = simulator.ledger()["requests"].clone();
        let again = place.data(&["run", "job.toml"]);
        assert_eq!(simulator.ledger()["requests"], sent, "{typed:?}");
        assert_eq!(values(&again.1), values(&first.1), "{typed:?}");
    }
}

/// Leaves out what is said of the cost, which a store saves.
fn values(text: &str) -> Vec<String> {
    let rows = text
        .lines()
        .map(|row| serde_json::from_str::<serde_json::Value>(row).unwrap());
    rows.map(|row| row["value"].to_string()).collect()
}

#[test]
fn a_job_is_json_if_it_looks_so_whatever_its_file_is_called() {
    let json = r#"{"pattern": "vote", "question": "Is it?"}"#;
    let place = Place::with(&[("job.toml", json), ("job.JSON", json), ("job", json)]);
    for name in ["job.toml", "job.JSON", "job"] {
        let (code, job) = place.data(&["run", name, "--print-job"]);
        assert_eq!(code, Some(0), "{name}");
        assert!(job.contains("question = \"Is it?\""), "{name}: {job}");
    }
}

#[test]
fn an_option_that_needs_another_is_taken_where_the_job_has_that() {
    let place = Place::with(&[
        ("q.jsonl", "{\"id\": 1, \"question\": \"Is it?\"}\n"),
        ("a.txt", "Ships came in."),
    ]);
    let fields = "total number, kind yes|no, tags [text]";
    let vote: &[&str] = &["vote", "Is it?", "--schema", fields];
    let count: &[&str] = &[
        "map-reduce",
        "a.txt",
        "--map-schema",
        fields,
        "--reduce",
        "count",
    ];
    let grouped = [count, &["--group-by", "kind"]].concat();
    let table: &[(&[&str], &[&str])] = &[
        (&["vote", "--batch", "q.jsonl"], &["--limit=1"]),
        (
            &["vote", "--batch", "q.jsonl"],
            &["--gold=right", "--id-field=id"],
        ),
        (vote, &["--by-field"]),
        (vote, &["--field", "total=median"]),
        (vote, &["--answer-field", "kind"]),
        (count, &["--group-by", "kind", "--each", "tags"]),
        (count, &["--resolve-keys", "--group-by=kind"]),
        (&grouped, &["--resolve-keys"]),
        (
            &["map-reduce", "a.txt", "--statements"],
            &["--unsupported", "drop"],
        ),
        (
            &["map-reduce", "a.txt", "--chunk-tokens", "100"],
            &["--chunk-overlap=5"],
        ),
        (
            &["map-reduce", "a.txt", "--map-schema", fields],
            &["--glean", "2"],
        ),
    ];
    for (typed, more) in table {
        let print = ["--print-job"];
        let (_, job) = place.data(&[typed, &print[..]].concat());
        place.write("job.toml", job.as_bytes());
        let by_job = place.data(&[&["run", "job.toml"], *more, &print].concat());
        let by_flags = place.data(&[typed, *more, &print].concat());
        assert_eq!(by_job.0, Some(0), "{typed:?} {more:?}");
        assert_eq!(by_job, by_flags, "{typed:?} {more:?}");
    }
    let (_, job) = place.data(&[count, &["--print-job"]].concat());
    place.write("job.toml", job.as_bytes());
    assert_snapshot!(place.run(&["run", "job.toml", "--topology", "refine"]), @r"
    exit 2
    --- stdout
    --- stderr
    error[E-USAGE]: --topology is about another way to combine answers than the job's
    help: leave it out, or choose a way: --reduce, --statements or --no-reduce
    ");
}

#[test]
fn what_is_wrong_in_a_job_is_said_with_its_place() {
    let place = Place::with(&[
        (
            "key.toml",
            "pattern = \"vote\"\nquestion = \"?\"\n\n[spend]\nmax_cals = 3\n",
        ),
        (
            "value.json",
            "{\n  \"pattern\": \"vote\",\n  \"question\": \"?\",\n  \"rule\": \"borda\"\n}",
        ),
        (
            "idle.toml",
            "pattern = \"vote\"\nquestion = \"?\"\n[models]\njudge = \"ollama:x\"\n[model]\nname = \"ollama:y\"\n",
        ),
        (
            "median.toml",
            "pattern = \"vote\"\nquestion = \"?\"\noptions = [\"many\"]\nrule = \"median\"\n",
        ),
    ]);
    assert_snapshot!(place.run(&["run", "key.toml"]), @r"
    exit 65
    --- stdout
    --- stderr
    error[E-DATA]: key.toml:5:1: there is no key `max_cals` here
    help: did you mean `max_calls`?
    ");
    assert_snapshot!(place.run(&["run", "value.json"]), @r#"
    exit 65
    --- stdout
    --- stderr
    error[E-DATA]: value.json:4:11: there is no voting rule "borda"; there are plurality, majority, supermajority, unanimous, threshold, median, best-of, same-meaning
    help: schema/job.json is the schema of jobs
    "#);
    assert_snapshot!(place.run(&["run", "idle.toml"]), @r"
    exit 65
    --- stdout
    --- stderr
    error[E-DATA]: idle.toml:4:1: `models.judge` is for rules with a judge
    help: choose `rule` best-of or same-meaning, or leave `models.judge` out
    ");
    for (name, text, wrong) in [
        ("list.json", "[{\"pattern\": \"vote\"}]", "list.json:1:"),
        (
            "spend.json",
            "{\"pattern\": \"vote\", \"question\": \"?\",\n \"spend\": [3]}",
            "spend.json:2:11:",
        ),
        (
            "spend.toml",
            "pattern = \"vote\"\nquestion = \"?\"\nspend = [3]\n",
            "spend.toml:3:1:",
        ),
    ] {
        place.write(name, text.as_bytes());
        let shown = place.run(&["run", name]);
        assert!(shown.contains(wrong), "{shown}");
        assert!(shown.contains("expected a table, not a list"), "{shown}");
    }
    assert_snapshot!(place.run(&["run", "median.toml"]), @r#"
    exit 65
    --- stdout
    --- stderr
    error[E-DATA]: the option "many" is no number, and `rule` median is of numbers
    help: choose another `rule`, or options that are numbers
    "#);
    assert_snapshot!(place.run(&["run", "none.toml"]), @r"
    exit 66
    --- stdout
    --- stderr
    error[E-INPUT]: an input cannot be read; nothing was sent
      none.toml: No such file or directory
    help: check names and permissions
    ");
    // What is planned or run as a command is easily taken for a job.
    std::fs::create_dir(place.path().join("docs")).unwrap();
    assert_snapshot!(place.run(&["plan", "docs"]), @r"
    exit 66
    --- stdout
    --- stderr
    error[E-INPUT]: docs is a folder, and a job is a file
    help: documents are planned by `patterns map-reduce docs --dry-run`, and `patterns map-reduce docs --print-job` makes a job of them
    ");
}

#[test]
fn two_jobs_in_one_file_are_none() {
    let place = Place::with(&[(
        "two.json",
        "{\"pattern\": \"vote\", \"question\": \"A?\"}\n{\"pattern\": \"vote\", \"question\": \"B?\"}\n",
    )]);
    let shown = place.run(&["run", "two.json"]);
    assert!(shown.starts_with("exit 65"), "{shown}");
    let place = "two.json:2:1: a job is one object, and there is more behind it";
    assert!(shown.contains(place), "{shown}");
}

#[test]
fn paths_of_a_job_are_relative_to_its_file() {
    let place = Place::with(&[
        ("there/docs/a.txt", "A harbour is a shelter for ships."),
        (
            "there/job.toml",
            "pattern = \"map-reduce\"\ninputs = [\"docs\"]\n[output]\nfile = \"out.txt\"\n",
        ),
    ]);
    let shown = place.run(&["run", "there/job.toml"]);
    assert!(shown.starts_with("exit 0\n"), "{shown}");
    assert!(place.read("there/out.txt").contains("shelter"));
}

#[test]
fn a_job_is_changed_by_options_that_are_typed_behind_it() {
    let job = "pattern = 'map-reduce'\ninputs = ['a.txt']\n[reduce.statements]\nfan_in = 4\n\
               [run]\nconcurrency = 2\n[source]\nstrict = true\n";
    let place = Place::with(&[("job.toml", job)]);
    let changed =
        |more: &[&str]| place.run(&[&["run", "job.toml"], more, &["--print-job"]].concat());
    let more = [
        "--max-calls",
        "9",
        "--concurrency",
        "auto",
        "--topology",
        "refine",
        "--output",
        "json",
    ];
    assert_snapshot!(changed(&more), @r#"
    exit 0
    --- stdout
    pattern = "map-reduce"
    inputs = ["a.txt"]

    [source]
    strict = true

    [reduce.statements]
    topology = "refine"
    fan_in = 4

    [spend]
    max_calls = 9

    [output]
    form = "json"
    --- stderr
    "#);
    assert_snapshot!(changed(&["b.txt"]), @r"
    exit 2
    --- stdout
    --- stderr
    error[E-USAGE]: b.txt is no option: the documents are those of the job
    help: write it into the job
    ");
    assert_snapshot!(changed(&["--no-reduce"]), @r#"
    exit 0
    --- stdout
    pattern = "map-reduce"
    inputs = ["a.txt"]
    reduce = "none"

    [source]
    strict = true

    [run]
    concurrency = 2
    --- stderr
    "#);
    assert_snapshot!(changed(&["--max-cals", "9"]), @r"
    exit 2
    --- stdout
    --- stderr
    error[E-USAGE]: the run cannot be done with these options
      error: unexpected argument '--max-cals' found
        tip: a similar argument exists: '--max-calls'
    ");
    assert_snapshot!(changed(&["--glean", "9"]), @r"
    exit 2
    --- stdout
    --- stderr
    error[E-USAGE]: the run cannot be done with these options
      error: the following required arguments were not provided:
        --map-schema <FILE>
    ");
}

#[test]
fn resume_runs_the_recorded_job_and_not_what_was_typed() {
    let place = Place::with(&[(
        "job.toml",
        "pattern = 'vote'\nquestion = 'Is it?'\nvotes = 3\n",
    )]);
    let simulator = Simulator::start(&place, &[]);
    let words = [
        &["run", "job.toml"][..],
        &simulator.args(),
        &["--max-calls", "1"],
    ]
    .concat();
    assert_eq!(place.data(&words).0, Some(5));
    // The file may change, and be gone: what was begun is what is gone on with.
    std::fs::remove_file(place.path().join("job.toml")).unwrap();
    let resumed = place.run(&["resume", "1", "--max-calls", "9", "--policy", "fixed"]);
    assert!(resumed.starts_with("exit 0\n"), "{resumed}");
    assert_eq!(simulator.ledger()["requests"], 3);
}

#[test]
fn a_question_that_was_piped_in_need_not_be_piped_in_again() {
    let place = Place::with(&[("q.txt", "Is it?")]);
    let simulator = Simulator::start(&place, &[]);
    let words = [
        &["vote", "-", "-n", "3", "--max-calls", "1"][..],
        &simulator.args(),
    ]
    .concat();
    let mut command = place.command(&words);
    command.stdin(std::fs::File::open(place.path().join("q.txt")).unwrap());
    assert_eq!(command.output().unwrap().status.code(), Some(5));
    assert_eq!(place.data(&["resume", "1", "--max-calls", "9"]).0, Some(0));
}

#[test]
fn a_run_of_an_older_version_is_compiled_from_what_was_typed() {
    let place = Place::with(&[("a.txt", "Text.")]);
    let server = Server::start(|_| (200, completion("{\"summary\": \"It is a text.\"}")));
    let words = [&["map-reduce", "a.txt", "--no-reduce"][..], &server.args()].concat();
    place.data(&words);
    let older = serde_json::json!({"arguments": words, "directory": place.path()});
    let resume = serde_json::json!({"arguments": ["resume", "1"], "directory": place.path()});
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let file = place.path().join(".patterns/store.db");
        let store = patterns_store::Store::open(file, patterns_store::Durability::Process).unwrap();
        let again = patterns_store::Again::Another;
        store
            .begin_run([2; 32], older.to_string(), again)
            .await
            .unwrap();
        store
            .begin_run([3; 32], resume.to_string(), again)
            .await
            .unwrap();
    });
    let (code, text) = place.data(&["resume", "2"]);
    assert_eq!(code, Some(0));
    assert!(text.contains("It is a text."), "{text}");
    assert_snapshot!(place.run(&["resume", "3"]), @r"
    exit 65
    --- stdout
    --- stderr
    error[E-DATA]: the record is not one of a run
    help: begin the run anew: its answers are found
    ");
}

#[test]
fn the_jobs_among_the_examples_are_what_is_typed_above_them() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/jobs");
    let place = Place::new();
    let simulator = Simulator::start(&place, &[]);
    let store = place.path().join("store.db").display().to_string();
    let run = |words: &[String]| {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let output = place.command(&words).current_dir(&folder).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{words:?}: {said}");
        String::from_utf8(output.stdout).unwrap()
    };
    let model = simulator.args().map(str::to_owned);
    let more = ["--store", &store, "--concurrency", "1", "-q"].map(str::to_owned);
    let mut patterns = Vec::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let text = std::fs::read_to_string(folder.join(&name)).unwrap();
        let line = text.lines().find_map(|it| it.strip_prefix("# patterns "));
        let typed = shlex::split(line.expect("its head says how it is typed")).unwrap();
        let print = ["--print-job".to_owned()];
        let job = ["run".to_owned(), name];
        assert_eq!(
            run(&[&job[..], &print].concat()),
            run(&[&typed[..], &print].concat())
        );
        let [by_job, by_flags] = [&job[..], &typed].map(|it| [it, &model, &more].concat());
        let first = run(&by_flags);
        let sent = simulator.ledger()["requests"].clone();
        assert_eq!(run(&by_job), first);
        assert_eq!(simulator.ledger()["requests"], sent);
        patterns.push(typed[0].clone());
    }
    patterns.sort();
    assert_eq!(patterns, ["map-reduce", "section", "section", "vote"]);
}
