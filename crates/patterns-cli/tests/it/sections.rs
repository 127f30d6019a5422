//! `patterns section`: outlines, what becomes of sections, material, and jobs within.

use std::path::Path;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{Place, Server, completion};

/// A server that plans two sections, of which the second builds on the first, and writes them.
fn server() -> Server {
    Server::start(|body| {
        let has = |text: &str| body.contains(text);
        let answer = if has("Plan exactly") {
            json!({"sections": [
                {"id": "costs", "title": "Costs", "brief": "What it costs.", "words": 20, "depends_on": []},
                {"id": "verdict", "title": "Verdict", "brief": "Whether to.", "words": 0, "depends_on": ["costs"]},
            ]})
        } else if has("What does not go together?") {
            let is_mended = has("It is dear.");
            let issue = json!({"section": "verdict", "issue": "It calls cheap what \"Costs\" calls dear.", "fix": "Say dear."});
            json!({"issues": if is_mended { vec![] } else { vec![issue] }})
        } else if has("Which independent points") {
            json!({"points": ["one"], "is_step_by_step": false})
        } else if has("It was written before") {
            json!({"content": "Dear.", "key_points": ["It is dear."]})
        } else if has("Write section 2") {
            json!({"content": "Cheap.", "key_points": ["It is cheap."]})
        } else if has("Write section") {
            json!({"content": "Two million.", "key_points": ["It costs two million."]})
        } else if has("ballot") || has("confidence") {
            json!({"reasoning": "So it is.", "answer": "Deep water, deep pockets", "confidence": 1})
        } else {
            json!({"summary": "It costs two million."})
        };
        (200, completion(&answer.to_string()))
    })
}

pub(crate) fn run(place: &Place, server: &Server, args: &[&str]) -> String {
    let model = server.args().map(str::to_owned);
    let more = ["--concurrency", "1", "--seed", "7", "--no-store"].map(str::to_owned);
    let args: Vec<String> = args.iter().map(|it| (*it).to_owned()).collect();
    let all = [args, model.to_vec(), more.to_vec()].concat();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    place.run(&all)
}

#[test]
fn an_outline_is_printed_edited_and_taken_back() {
    let (place, server) = (Place::new(), server());
    let planned = ["section", "Dredging", "--plan", "2", "--outline-only", "-q"];
    let printed = run(&place, &server, &planned);
    assert_snapshot!(printed, @"
    exit 0
    --- stdout
    # Dredging

    ## Costs

    - id: costs
    - words: 20

    What it costs.

    ## Verdict

    - id: verdict
    - after: costs

    Whether to.
    --- stderr
    ");
    let outline = printed.split("--- stdout\n").nth(1).unwrap();
    let outline = outline.split("--- stderr").next().unwrap();
    place.write("outline.md", outline.as_bytes());
    let back = ["section", "--outline", "outline.md", "--outline-only", "-q"];
    assert_eq!(run(&place, &server, &back), printed);
    let stitched = ["section", "--outline", "outline.md", "--stitch"];
    assert_snapshot!(run(&place, &server, &stitched), @"
    exit 0
    --- stdout
    # Dredging

    - [1. Costs](#1-costs)
    - [2. Verdict](#2-verdict)

    ## 1. Costs

    Two million.

    ## 2. Verdict

    Cheap.
    --- stderr
    branches: 2 started = 2 answered + 0 failed + 0 cancelled · calls 2 · attempts 2 · tokens 20 in, 10 out · [time]
    sections: 2 of 2 written, 3 words · 2 of 20 words asked for · 0 % of the words of titles and briefs are in it: see that it keeps to them · 0 % of it stands in several sections · [time]
    ");
}

#[test]
fn what_contradicts_is_written_again_and_said() {
    let (place, server) = (Place::new(), server());
    let args = [
        "section",
        "Dredging",
        "-s",
        "Costs",
        "-s",
        "Verdict",
        "--stitch",
        "--consistency",
    ];
    assert_snapshot!(run(&place, &server, &args), @r#"
    exit 0
    --- stdout
    # Dredging

    - [1. Costs](#1-costs)
    - [2. Verdict](#2-verdict)

    ## 1. Costs

    Two million.

    ## 2. Verdict

    Dear.
    --- stderr
    warning: "Verdict" was written again: It calls cheap what "Costs" calls dear. (Say dear.)
    branches: 5 started = 5 answered + 0 failed + 0 cancelled · calls 5 · attempts 5 · tokens 50 in, 25 out · [time]
    sections: 2 of 2 written, 3 words · 0 % of the words of titles and briefs are in it: see that it keeps to them · 0 % of it stands in several sections · [time]
    "#);
}

#[test]
fn a_topic_that_does_not_divide_is_one_call_and_said_so() {
    let (place, server) = (Place::new(), server());
    let args = ["section", "The price", "--gate"];
    assert_snapshot!(run(&place, &server, &args), @"
    exit 0
    --- stdout
    # The price

    ## The price

    Two million.

    - It costs two million.
    --- stderr
    warning: the topic is written in a single call: it has fewer than 3 independent points (1)
    branches: 2 started = 2 answered + 0 failed + 0 cancelled · calls 2 · attempts 2 · tokens 20 in, 10 out · [time]
    sections: 1 of 1 written, 2 words · 0 % of the words of titles and briefs are in it: see that it keeps to them · [time]
    ");
    let proof = run(
        &place,
        &server,
        &["section", "Prove that it is dear", "--gate", "--stitch"],
    );
    assert!(
        proof.contains("is written in a single call: its words ask for"),
        "{proof}"
    );
    assert!(proof.contains("1 started = 1 answered"), "{proof}");
}

#[test]
fn a_piece_is_a_web_page_a_value_or_lines() {
    let (place, server) = (Place::new(), server());
    let args = |form| {
        [
            "section", "A <b>", "-s", "Costs", "-s", "Verdict", "--output", form, "-q",
        ]
    };
    let page = run(&place, &server, &args("html"));
    assert!(page.contains("<title>A &lt;b&gt;</title>"), "{page}");
    assert!(page.contains("<h2 id=\"costs\">Costs</h2>"), "{page}");
    let shown = run(&place, &server, &args("json"));
    let json = shown.split("--- stdout\n").nth(1).unwrap();
    let json = json.split("--- stderr").next().unwrap();
    let outcome: Value = serde_json::from_str(json).unwrap();
    let sections = outcome["value"]["sections"].as_array().unwrap();
    assert_eq!(sections.len(), 2);
    assert_eq!(sections[0]["content"], "Two million.");
    assert_eq!(outcome["figures"]["written"], 2);
    assert!(outcome["figures"]["longest_chain"].is_number(), "{outcome}");
}

#[test]
fn sections_are_written_out_as_their_turn_comes() {
    let (place, server) = (Place::new(), server());
    let args = [
        "section", "Dredging", "-s", "Costs", "-s", "Verdict", "--live",
    ];
    assert_snapshot!(run(&place, &server, &args), @"
    exit 0
    --- stdout
    # Dredging

    ## Costs

    Two million.

    - It costs two million.

    ## Verdict

    Cheap.

    - It is cheap.

    ## Summary

    It costs two million.
    --- stderr
    branches: 3 started = 3 answered + 0 failed + 0 cancelled · calls 3 · attempts 3 · tokens 30 in, 15 out · [time]
    sections: 2 of 2 written, 3 words · 0 % of the words of titles and briefs are in it: see that it keeps to them · 0 % of it stands in several sections · [time]
    ");
    let lines = run(
        &place,
        &server,
        &[&args[..], &["--output", "jsonl", "-q"]].concat(),
    );
    let kinds = lines.lines().filter(|it| it.starts_with('{')).map(|it| {
        let line: Value = serde_json::from_str(it).unwrap();
        line["type"].as_str().unwrap().to_owned()
    });
    assert_eq!(kinds.collect::<Vec<_>>(), ["branch", "branch", "outcome"]);
    let refused = Server::start(|_| (400, json!({"error": {"message": "No."}}).to_string()));
    let nothing = run(&place, &refused, &args);
    assert!(nothing.contains("--- stdout\n--- stderr"), "{nothing}");
}

#[test]
fn a_section_is_a_vote_or_a_map_reduce_in_one_account() {
    let job = r#"
pattern = "section"
topic = "Dredging"
synthesis = "stitch"

[[sections]]
title = "A headline"

[sections.job]
pattern = "vote"
votes = 3
policy = "fixed"

[[sections]]
title = "What was said"
brief = "In short."

[sections.job]
pattern = "map-reduce"
inputs = ["minutes.txt"]
"#;
    let place = Place::with(&[("job.toml", job), ("minutes.txt", "It costs two million.")]);
    let server = Server::start(|body| {
        let answer = if body.contains("confidence") {
            json!({"reasoning": "So it is.", "answer": "Deep water, deep pockets", "confidence": 1})
        } else if body.contains("combined_summary") {
            json!({"combined_summary": "Two million, they said."})
        } else {
            json!({"summary": "Two million, they said."})
        };
        (200, completion(&answer.to_string()))
    });
    assert_snapshot!(run(&place, &server, &["run", "job.toml"]), @"
    exit 0
    --- stdout
    # Dredging

    - [1. A headline](#1-a-headline)
    - [2. What was said](#2-what-was-said)

    ## 1. A headline

    Deep water, deep pockets

    ## 2. What was said

    Two million, they said.
    --- stderr
    warning: all ballots are the same, word for word: one answer, paid for several times; is the temperature 0, or does a cache answer?
    branches: 2 started = 2 answered + 0 failed + 0 cancelled · calls 5 · attempts 5 · tokens 50 in, 25 out · [time]
    sections: 2 of 2 written, 8 words · 25 % of the words of titles and briefs are in it: see that it keeps to them · 0 % of it stands in several sections · [time]
    ");
    // Three ballots, a document, and maybe its combination: one budget for all.
    let capped = run(&place, &server, &["run", "job.toml", "--max-calls", "2"]);
    assert!(capped.starts_with("exit 5\n"), "{capped}");
    let alone = json!({"pattern": "section", "topic": "T", "sections": ["A", "B", "C"], "synthesis": "stitch"});
    place.write("alone.json", alone.to_string().as_bytes());
    let capped = run(
        &place,
        &self::server(),
        &["run", "alone.json", "--max-calls", "1"],
    );
    for said in ["warning: not begun: \"C\"", "1 of 3 written"] {
        assert!(capped.contains(said), "{capped}");
    }
}

#[test]
fn a_section_whose_job_has_gaps_says_so_and_the_run_does_not_end_with_0() {
    let job = r#"
pattern = "section"
topic = "Dredging"
synthesis = "stitch"
consistency = true

[[sections]]
title = "What was said"

[sections.job]
pattern = "map-reduce"
inputs = ["minutes.txt", "broken.pdf"]

[[sections]]
title = "Why"
"#;
    let minutes = ("minutes.txt", "It costs two million.");
    let place = Place::with(&[("job.toml", job), minutes, ("broken.pdf", "no PDF")]);
    let server = Server::start(|body| {
        let answer = if body.contains("What does not go together") {
            let found = json!({"section": "what-was-said", "issue": "Dull.", "fix": "Mend it."});
            match body.contains("Better") {
                true => json!({"issues": []}),
                false => json!({"issues": [found]}),
            }
        } else if body.contains("It was written before") {
            json!({"content": "Better.", "key_points": ["Better."]})
        } else if body.contains("Write section") && !body.contains("two million") {
            json!({"content": "It silts up.", "key_points": []})
        } else if body.contains("combined_summary") {
            json!({"combined_summary": "Two million, they said."})
        } else {
            json!({"summary": "Two million, they said."})
        };
        (200, completion(&answer.to_string()))
    });
    assert_snapshot!(run(&place, &server, &["run", "job.toml"]), @r#"
    exit 3
    --- stdout
    # Dredging

    - [1. What was said](#1-what-was-said)
    - [2. Why](#2-why)

    ## 1. What was said

    *(made without all of it: 1 of 2 documents read whole)*

    Better.

    ## 2. Why

    It silts up.
    --- stderr
    warning: "What was said" was written again: Dull. (Mend it.); it is 35 % as long as it was
    branches: 5 started = 5 answered + 0 failed + 0 cancelled · calls 6 · attempts 6 · tokens 60 in, 30 out · [time]
    sections: 2 of 2 written, 4 words · 0 % of the words of titles and briefs are in it: see that it keeps to them · 0 % of it stands in several sections · [time]
    error[E-SOME-FAILED]: the job of a section has gaps
      What was said: 1 of 2 documents read whole
    help: what is missing is in none of them; --output json has each section with its gaps
    "#);
    let json = run(
        &place,
        &server,
        &["run", "job.toml", "--output", "json", "-q"],
    );
    assert!(
        json.contains(r#""gaps": "1 of 2 documents read whole""#),
        "{json}"
    );
}

#[test]
fn what_cannot_be_is_said_with_its_place() {
    let place = Place::with(&[
        ("empty.md", ""),
        ("none.md", "Some text."),
        ("circle.md", "# T\n## A\n- after: b\n## B\n- after: a\n"),
        ("untitled.md", "## A\n## B\n"),
        (
            "job.toml",
            "pattern = 'section'\ntopic = 'T'\n[[sections]]\ntitle = 'A'\n[sections.job]\npattern = 'vote'\n[sections.job.spend]\nmax_calls = 1\n",
        ),
        (
            "wide.toml",
            "pattern = 'section'\ntopic = 'T'\n[grow]\nmax_sections = 21\n",
        ),
        (
            "typo.toml",
            "pattern = 'section'\ntopic = 'T'\n[[sections]]\ntitel = 'A'\n",
        ),
        (
            "unknown.toml",
            "pattern = 'section'\ntopic = 'T'\n[[sections]]\ntitle = 'A'\ndepends_on = ['B']\n",
        ),
        (
            "unheard.toml",
            "pattern = 'section'\ntopic = 'T'\n[[sections]]\ntitle = 'A'\n[[sections]]\ntitle = 'B'\ndepends_on = ['A']\n[sections.job]\npattern = 'map-reduce'\ninputs = ['none.md']\n",
        ),
    ]);
    let wrong = |args: &[&str]| {
        let shown = place.run(&[args, &["--model", "offline"]].concat());
        let shown = shown.lines().filter(|it| !it.starts_with("---"));
        shown.collect::<Vec<_>>().join("\n")
    };
    let shown = [
        wrong(&["section", "--outline", "none.md"]),
        wrong(&["section", "--outline", "circle.md"]),
        wrong(&["section", "--outline", "empty.md"]),
        wrong(&["section", "--outline", "untitled.md"]),
        wrong(&["section", "--outline", "missing.md"]),
        wrong(&["section", "T", "-s", "A", "--gate"]),
        wrong(&["section", "T", "-s", "A", "--stitch", "--outline-only"]),
        wrong(&["section", "T", "-s", "A", "--consistency"]),
        wrong(&["vote", "T", "--output", "html"]),
        wrong(&["section", "T", "-s", "A", "--live", "--output", "html"]),
        wrong(&["section", "T", "--plan", "21"]),
        wrong(&["run", "wide.toml"]),
        wrong(&["run", "job.toml"]),
        wrong(&["run", "typo.toml"]),
        wrong(&["run", "unknown.toml"]),
        wrong(&["run", "unheard.toml"]),
    ];
    assert_snapshot!(shown.join("\n"), @r#"
    exit 65
    error[E-DATA]: none.md: line 1: a section begins with a heading, such as `## History`
    help: --outline-only shows how an outline is written
    exit 65
    error[E-DATA]: circle.md: sections build on each other: a → b → a
    help: --outline-only shows how an outline is written
    exit 65
    error[E-DATA]: an input is not valid; nothing was sent
      empty.md: the file is empty
    help: fill it, or name another file
    exit 2
    error[E-USAGE]: there is no `topic`, and the --outline has no title
    help: begin the outline with `# TITLE`
    exit 66
    error[E-INPUT]: an input cannot be read; nothing was sent
      missing.md: No such file or directory
    help: check names and permissions
    exit 2
    error: the argument '--section <NAME>' cannot be used with '--gate'

    Usage: patterns section --section <NAME> --model <MODEL> <TOPIC>

    For more information, try '--help'.
    exit 2
    error[E-USAGE]: --stitch is for sections, and --outline-only writes none
    help: leave one of them out; --stitch has no effect here
    exit 78
    error[E-MODEL]: reading sections together needs a model; the offline one only quotes
    help: set OPENAI_API_KEY, start Ollama, or pass --model with any OpenAI-compatible server
    exit 2
    error[E-USAGE]: --output html is for pieces of writing, which sections make
    help: choose another
    exit 2
    error[E-USAGE]: --live writes text or jsonl, and --output is another
    help: leave one of them out
    exit 2
    error: invalid value '21' for '--plan <N>': expected a whole number from 2 to 20

    For more information, try '--help'.
    exit 65
    error[E-DATA]: wide.toml:4:1: `grow.max_sections` is at most 20
    help: schema/job.json is the schema of jobs
    exit 65
    error[E-DATA]: job.toml:3:3: `sections.job` of "A": `run`, `spend`, `store` and `output` are those of the whole job
    help: schema/job.json is the schema of jobs
    exit 65
    error[E-DATA]: typo.toml:4:1: there is no key `titel` here
    help: did you mean `title`?
    exit 65
    error[E-DATA]: unknown.toml:3:3: `sections`: "A" builds on "B", which is no section; there is a
    help: schema/job.json is the schema of jobs
    exit 65
    error[E-DATA]: unheard.toml:3:3: `sections.job` of "B": a map-reduce reads its documents only, so the section has no `depends_on`
    help: schema/job.json is the schema of jobs
    "#);
}

#[test]
fn the_brief_and_the_article_among_the_examples_cite_what_is_there() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/jobs");
    let place = Place::new();
    for job in ["research-brief.toml", "article.toml"] {
        let run = |more: &[&str]| {
            let args = [&["run", job, "--model", "offline", "-q"], more].concat();
            let output = place.command(&args).current_dir(&folder).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{job}: {said}");
            String::from_utf8(output.stdout).unwrap()
        };
        insta::with_settings!({snapshot_suffix => job}, {
            assert_snapshot!("example", run(&[]));
        });
        let outcome: Value = serde_json::from_str(&run(&["--output", "json"])).unwrap();
        let figures = &outcome["figures"];
        assert_eq!(figures["written"], 3, "{figures}");
        assert!(figures["citations"].as_u64() > Some(3), "{figures}");
        assert_eq!(
            figures["citations"], figures["citations_that_hold"],
            "{figures}"
        );
    }
}

#[test]
fn a_long_context_goes_to_sections_in_passages() {
    let page = "The minutes were read and nobody had anything to add to them at all. ".repeat(40);
    let document = |fact: &str| {
        format!(
            "{}\n\n{fact}\n\n{}",
            vec![page.clone(); 7].join("\n\n"),
            vec![page.clone(); 7].join("\n\n")
        )
    };
    let place = Place::with(&[
        (
            "docs/costs.txt",
            &document("Dredging the basin costs two million crowns a year."),
        ),
        (
            "docs/light.txt",
            &document("The lighthouse was built in the year 1850 by fishermen."),
        ),
        (
            "docs/fish.txt",
            &document("Herring left the bay when the mill was built upstream."),
        ),
    ]);
    let args = [
        "section",
        "The harbour",
        "-s",
        "Dredging",
        "-s",
        "The lighthouse",
        "--context",
        "docs",
        "--model",
        "offline",
        "--stitch",
    ];
    let shown = place.run(&args);
    for fact in [
        "Dredging the basin costs two million",
        "The lighthouse was built in the year 1850",
    ] {
        assert!(shown.contains(fact), "{shown}");
    }
    assert!(!shown.contains("Herring left"), "{shown}");
    assert!(shown.contains("too many for every section"), "{shown}");
    assert!(
        shown.contains("no section was given anything of fish.txt"),
        "{shown}"
    );
    let less = place.run(&[&args[..], &["-c", "section.context_tokens=100"]].concat());
    assert!(less.contains("100 tokens at most"), "{less}");
}
