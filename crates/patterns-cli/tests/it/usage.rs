//! Usage errors, the version and completions.

use crate::support::Place;

#[test]
fn usage_errors() {
    let place = Place::with(&[("q.txt", "?")]);
    for (args, says) in [
        (vec![], "Usage: patterns"),
        (
            vec!["map-reduse"],
            "a similar subcommand exists: 'map-reduce'",
        ),
        (vec!["vote"], "required arguments"),
        (
            vec!["vote", "?", "--modle", "x"],
            "a similar argument exists: '--model'",
        ),
        (
            vec!["vote", "?", "-n", "0"],
            "expected a whole number from 1 to 1000",
        ),
        (
            vec!["vote", "?", "--timeout", "5"],
            "expected a number with a unit",
        ),
        (vec!["vote", "?", "--concurrency", "0"], "from 1 to 10000"),
        (vec!["vote", "?", "--temperature", "3"], "from 0 to 2"),
        (
            vec!["vote", "?", "--rule", "threshold"],
            "it needs a share, such as 0.6",
        ),
        (
            vec!["vote", "?", "--rule", "best"],
            "did you mean \"best-of\"?",
        ),
        (vec!["vote", "?", "--field", "a=median"], "--schema <FILE>"),
        (
            vec![
                "vote",
                "?",
                "--rule=median",
                "--policy=ahead-by:2",
                "--model=ollama:x",
            ],
            "only votes of equal weight can be stopped early",
        ),
        (vec!["vote", "  "], "the question is empty"),
        (
            vec!["vote", "?", "--max-failures", "10"],
            "a percentage such as 10%",
        ),
        (
            vec!["section", "T", "-s", "A", "--plan", "2"],
            "cannot be used with",
        ),
        (
            vec!["map-reduce", "q.txt", "--base-url", "http://x"],
            "--base-url needs --model",
        ),
        (
            vec!["map-reduce", "q.txt", "--model", "olama:x"],
            "did you mean \"ollama:x\"?",
        ),
        (
            vec!["map-reduce", "q.txt", "--model", "openai"],
            "write `openai:MODEL`",
        ),
        (
            vec!["map-reduce", "q.txt", "--model", ""],
            "a value is required for '--model <MODEL>'",
        ),
        (
            vec![
                "vote", "?", "-n", "2", "--quorum", "3", "--model", "ollama:x",
            ],
            "the quorum is larger",
        ),
        (
            vec!["section", "T", "-s", "A", "-s", "A", "--model", "offline"],
            "two sections have the title \"A\"",
        ),
    ] {
        let shown = place.run(&args);
        assert!(
            shown.starts_with("exit 2\n--- stdout\n--- stderr\n"),
            "{args:?}: {shown}"
        );
        assert!(shown.contains(says), "{args:?}: {shown}");
    }
}

#[test]
fn what_a_job_says_of_its_groups_holds_when_their_columns_are_typed() {
    let job = "pattern = 'map-reduce'\ninputs = ['a.txt']\n[map.schema]\ntype = 'object'\n\
               [reduce.code]\ncolumns = ['count']\ngroup_by = 'a'\n";
    let place = Place::with(&[("job.toml", job)]);
    let shown = place.run(&["run", "job.toml", "--reduce", "sum:n", "--print-job"]);
    let expected = "columns = [\"sum:n\"]\ngroup_by = \"a\"\n";
    assert!(shown.contains(expected), "{shown}");
}

#[test]
fn hints_say_what_to_type_instead() {
    let place = Place::with(&[("a.txt", "Text.")]);
    for (args, says) in [
        (
            &["map-reduce", "a.txt", "--output", "out.json"][..],
            "tip: -o out.json names the file",
        ),
        (
            &["vote", "?", "--verbose"],
            "tip: PATTERNS_LOG=debug writes a log",
        ),
        (
            &["map-reduce", "a.txt", "--prompt", "x"],
            "tip: --instructions says what to do",
        ),
        (
            &["map-reduce", "a.txt", "--no-reduce", "--schema", "s.json"],
            "tip: --map-schema is the schema",
        ),
        (&["vote", "?", "--m\u{9b}31m"], r"\u{9b}31m"),
    ] {
        let shown = place.run(args);
        assert!(shown.starts_with("exit 2\n"), "{shown}");
        assert!(shown.contains(says), "{args:?}: {shown}");
        assert!(!shown.contains('\u{9b}'), "{shown}");
    }
    let (code, help) = place.data(&["help", "vote"]);
    assert_eq!(
        (code, help.contains("Usage: patterns vote")),
        (Some(0), true)
    );
}

#[test]
fn a_log_is_plain_and_its_filter_is_checked() {
    let place = Place::with(&[("a.txt", "A harbour is a shelter.")]);
    let run = |filter: &str| {
        let mut command = place.command(&["map-reduce", "a.txt", "-q"]);
        command.env("PATTERNS_LOG", filter).output().unwrap()
    };
    let logged = run("trace");
    assert_eq!(logged.status.code(), Some(0));
    assert!(!logged.stderr.is_empty());
    assert!(!logged.stderr.contains(&0x1b), "no colours");
    let refused = run("bogus");
    assert_eq!(refused.status.code(), Some(2));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("\"bogus\" is no level"), "{said}");
}

#[test]
fn version_and_completions_are_data() {
    let place = Place::new();
    let (code, version) = place.data(&["--version"]);
    assert_eq!((code, version.starts_with("patterns ")), (Some(0), true));
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let (code, script) = place.data(&["completions", shell]);
        assert_eq!(code, Some(0));
        assert!(script.contains("map-reduce"), "{shell}");
    }
}
