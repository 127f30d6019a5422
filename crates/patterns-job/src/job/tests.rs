//! Tests how jobs are written and read, and what is wrong with them.

use std::path::Path;

use serde_json::Value;

use super::{Form, Job, JobFormat, VoteJob};
use crate::JobError;

fn read(text: &str) -> Result<Job, JobError> {
    Job::read(text, JobFormat::Toml)
}

/// Returns what is wrong with a job, as a surface would show it.
fn wrong(format: JobFormat, text: &str) -> String {
    let error = Job::read(text, format).unwrap_err();
    let place = error.place();
    let place = place.map_or("?".to_owned(), |it| format!("{}:{}", it.line, it.column));
    let help = error.hint().map_or(String::new(), |it| format!(" ({it})"));
    format!("{place}: {error}{help}")
}

const ALL: [&str; 3] = [
    r#"pattern = "section"
topic = "Tides"
sections = ["Why", "When"]
context = ["tides/*.md"]
schema = "brief.json"

[model]
name = "openai:gpt-5-mini"
temperature = 0.2
"#,
    r#"pattern = "vote"
question = "What does the bill say?"
votes = 7
spare = 2

[ballot]
fields = ["total=median:1%"]

[ballot.schema]
type = "object"

[ballot.schema.properties.total]
type = "number"

[[voters]]
name = "sceptic"
prompt = "Doubt it."
model = "ollama:qwen3"

[run]
concurrency = 4
timeout = "1h30m"
max_failures = "10%"

[spend]
max_cost = "2.5"
"#,
    r#"pattern = "map-reduce"
inputs = ["logs/**/*.log", "-"]

[source]
records = 'start:^\d'
max_document_size = "64m"

[map]
schema = "event.json"
glean = 2

[reduce.code]
columns = ["count", "sum:bytes"]
group_by = "host"

[models]
map = "ollama:small"

[model]
name = "ollama:large"

[store]
mode = "fresh"

[output]
form = "csv"
file = "hosts.csv"
"#,
];

#[test]
fn what_is_written_is_read_and_what_is_read_is_written() {
    for text in ALL {
        let job = read(text).unwrap();
        assert_eq!(job.to_toml(), text);
        let json = Value::from(&job);
        assert_eq!(serde_json::from_value::<Job>(json.clone()).unwrap(), job);
        let json = json.to_string();
        assert_eq!(Job::read(&json, JobFormat::Json).unwrap(), job);
    }
}

#[test]
fn what_has_its_usual_value_is_left_out() {
    let job = Job::Vote(Box::new(VoteJob::new("Is it so?")));
    insta::assert_snapshot!(job.to_toml(), @r#"
    pattern = "vote"
    question = "Is it so?"
    "#);
}

#[test]
fn the_place_and_what_was_meant_are_said() {
    let wrong = |text: &str| wrong(JobFormat::Toml, text);
    insta::assert_snapshot!(
        [
            "",
            "pattern = 'vot'",
            "pattern = 'vote'\nquorom = 2",
            "pattern = 'vote'\nquestion = '?'\n[spend]\nmax-calls = 2",
            "pattern = 'vote'\nquestion = '?'\nrule = 'borda'",
            "pattern = 'vote'\nquestion = '?'\nvotes = 0",
            "pattern = 'vote'\nquestion = '?'\nvotes = 1001",
            "pattern = 'map-reduce'\ninputs = ['a']\n[reduce.code]\ncolumns = ['sun:x']",
            "pattern = 'map-reduce'\ninputs = ['a']\nreduce = 'nope'",
            "pattern = 'map-reduce'\ninputs = ['a']\n[reduce.agent]\nfan_in = 1",
            "pattern = 'map-reduce'",
            "pattern = 'section'\ntopic = 'T'\n\n[run]\ntimeout = '5'",
            "pattern = 'section'\ntopic = 'T'\n[output]\nform = 'csv'",
            "pattern = 'section'\ntopic = 'T\n",
            "pattern = 'vote'\nquestion = '?'\noptions = ['a', 'b', 'a ']",
            "pattern = 'vote'\nquestion = '?'\n[model]\ninstructions = ' '",
            "pattern = 'map-reduce'\ninputs = ['a', '']",
            "pattern = 'map-reduce'\ninputs = []",
            "pattern = 'vote'\nquestion = '?'\n[run]\ntimeout = 30",
            "pattern = 'map-reduce'\ninputs = ['a']\n[source]\nmax_document_size = 1000",
            "pattern = 'vote'\nquestion = '?'\nrule = true",
            "pattern = 'map-reduce'\ninputs = ['a']\n[reduce.agent]\n[reduce.code]\ncolumns = ['count']",
        ]
        .map(wrong)
        .join("\n"),
        @r#"
    ?: the job has no `pattern` (begin with pattern = "section", "vote" or "map-reduce")
    1:1: there is no pattern "vot" (did you mean "vote"?)
    2:1: there is no key `quorom` here (did you mean `quorum`?)
    4:1: there is no key `max-calls` here (did you mean `max_calls`?)
    3:8: there is no voting rule "borda"; there are plurality, majority, supermajority, unanimous, threshold, median, best-of, same-meaning
    3:9: expected a whole number from 1 to 65535, not 0
    3:1: `votes` is at most 1000
    4:12: there is no reduction "sun"; did you mean "sum"?
    3:10: there is no "nope" here (did you mean "none"?)
    4:1: `reduce.agent.fan_in` is from 2 to 64
    1:1: `inputs` is missing
    5:11: expected a number with a unit (ms, s, m, h, d), such as 30s or 2m
    4:1: `output.form` csv, parquet and sqlite are for tables: of votes on a batch, or of a map-reduce by code (`reduce.code`) or without a reduce (`reduce.none`) (choose another)
    2:11: invalid literal string, expected `'`
    3:1: "a" is twice among the `options` (leave it out, or mend its spelling)
    4:1: `model.instructions` has an empty text (leave it out, or write something)
    2:1: `inputs` has an empty text (leave it out, or write something)
    2:1: `inputs` names no document (name files, folders or globs)
    4:11: expected a number with a unit (ms, s, m, h, d), such as 30s or 2m
    4:21: expected a text, "1000", not 1000
    3:8: expected a text, not true
    3:2: expected one key here, which says the way, and no second one
    "#
    );
}

#[test]
fn json_says_it_too() {
    let wrong = |text: &str| wrong(JobFormat::Json, text);
    insta::assert_snapshot!(
        [
            "{\"pattern\": \"vote\",\n  \"quorom\": 2}",
            "{\"pattern\": \"vote\", \"question\": \"?\",\n \"rule\": \"borda\"}",
            "{\"pattern\": \"vote\",",
        ]
        .map(wrong)
        .join("\n"),
        @r#"
    2:10: there is no key `quorom` here (did you mean `quorum`?)
    2:10: there is no voting rule "borda"; there are plurality, majority, supermajority, unanimous, threshold, median, best-of, same-meaning
    1:19: EOF while parsing a value
    "#
    );
}

#[test]
fn keys_without_effect_are_errors() {
    let judge = "[models]\njudge = 'ollama:x'\n[model]\nname = 'ollama:y'";
    let voters = "[[voters]]\nname = 'a'\n[[voters]]\nname = 'b'\nweight = 2\n";
    for (rest, key) in [
        ("explain = true\n[batch]\nfile = 'a.csv'", "batch"),
        (judge, "models.judge"),
        (
            "[models]\nescalate = 'ollama:x'\n[model]\nname = 'ollama:y'",
            "models.escalate",
        ),
        (&format!("rule = 'best-of'\n{voters}"), "voters"),
        (&format!("policy = 'ahead-by:2'\n{voters}"), "policy"),
        ("votes = 2\ntie = 'first-seen'", "tie"),
        ("rule = 'median'\ntie = 'no-consensus'", "tie"),
        (
            "rule = 'median'\n[ballot]\nschema = 's'\nby_field = true",
            "rule",
        ),
        ("[output]\nform = 'parquet'", "output.form"),
        ("[output]\nfile = 'x.parquet'", "output.file"),
        ("[output]\nfile = 'x.HTML'", "output.file"),
        ("[output]\nform = 'json'\nfile = 'x.csv'", "output.form"),
        ("[output]\nform = 'human'\nfile = 'x.jsonl'", "output.form"),
    ] {
        let error = read(&format!("pattern = 'vote'\nquestion = '?'\n{rest}")).unwrap_err();
        assert_eq!(error.key(), Some(key), "{rest}: {error}");
        assert!(error.place().is_some(), "{rest}: {error}");
    }
}

#[test]
fn paths_are_relative_to_the_file_of_the_job() {
    let job = read(ALL[2]).unwrap().relative_to(Path::new("there"));
    let Job::MapReduce(job) = job else {
        unreachable!("it is a map-reduce");
    };
    assert_eq!(
        job.inputs,
        [Path::new("there/logs/**/*.log"), Path::new("-")]
    );
    assert_eq!(
        job.map.schema.unwrap().file(),
        Some(Path::new("there/event.json"))
    );
    assert_eq!(
        job.output.file.as_deref(),
        Some(Path::new("there/hosts.csv"))
    );
}

#[test]
fn a_model_that_combines_is_named_only_where_one_is_asked_to() {
    let check = |reduce: &str| {
        let text = format!(
            "pattern = 'map-reduce'\ninputs = ['a']\n{reduce}\n[models]\nreduce = 'ollama:r'\n\
             [model]\nname = 'ollama:m'\n"
        );
        read(&text).map(drop).map_err(|error| error.to_string())
    };
    for reduce in [
        "",
        "[reduce.code]\ncolumns = ['count']\ngroup_by = 'a'\nresolve_keys = true",
    ] {
        assert_eq!(check(reduce), Ok(()), "{reduce}");
    }
    for reduce in [
        "reduce = 'none'",
        "[reduce.statements]",
        "[reduce.code]\ncolumns = ['count']",
    ] {
        let said = check(reduce).unwrap_err();
        assert!(said.contains("`models.reduce` combines answers"), "{said}");
    }
}

#[test]
fn the_ending_of_the_file_says_in_which_form_the_result_is() {
    let form = |output: &str| {
        let text =
            format!("pattern = 'map-reduce'\ninputs = ['a']\nreduce = 'none'\n[output]\n{output}");
        read(&text)
            .map(|job| job.output().form())
            .map_err(|error| error.to_string())
    };
    for (output, expected) in [
        ("file = 'x.csv'", Form::Csv),
        ("file = 'a.b/x.CSV'", Form::Csv),
        ("file = 'x.jsonl'", Form::Jsonl),
        ("file = 'x.ndjson'", Form::Jsonl),
        ("file = 'x.json'", Form::Json),
        ("file = 'x.parquet'", Form::Parquet),
        ("file = 'x.md'", Form::Human),
        ("file = 'x.txt'", Form::Human),
        ("file = 'csv'", Form::Human),
        ("file = '-'", Form::Human),
        ("", Form::Human),
        ("form = 'json'\nfile = 'x.txt'", Form::Json),
        ("form = 'jsonl'\nfile = 'x.json'", Form::Jsonl),
        ("form = 'csv'\nfile = 'x.csv'", Form::Csv),
    ] {
        assert_eq!(form(output), Ok(expected), "{output}");
    }
    let said = form("form = 'json'\nfile = 'out.csv'").unwrap_err();
    assert!(
        said.contains("`output.form` is json, and `output.file` out.csv is csv"),
        "{said}"
    );
    for file in ["x.tsv", "x.XLSX", "x.csv.gz"] {
        for given in ["", "form = 'csv'\n"] {
            let said = form(&format!("{given}file = '{file}'")).unwrap_err();
            assert!(
                said.contains("ends as a form that is not written"),
                "{said}"
            );
        }
    }
}

#[test]
fn an_empty_list_is_no_table() {
    let job = |key: &str| format!("pattern = 'vote'\nquestion = '?'\n{key} = []\n");
    for key in ["spend", "run", "output"] {
        let said = wrong(JobFormat::Toml, &job(key));
        assert_eq!(said, "3:1: expected a table, not a list", "{key}");
    }
    assert!(read(&job("options")).is_ok());
}
