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
        (vec!["vote", "?", "-n", "0"], "0 is not in 1..=1000"),
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
            "there are plurality, majority",
        ),
        (vec!["vote", "?", "--field", "a=median"], "--schema <FILE>"),
        (
            vec!["vote", "?", "--rule", "median", "--policy", "ahead-by:2"],
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
            "there is no provider",
        ),
        (
            vec![
                "vote", "?", "-n", "2", "--quorum", "3", "--model", "offline",
            ],
            "the quorum is larger",
        ),
        (
            vec!["section", "T", "-s", "A", "-s", "A", "--model", "offline"],
            "the same name",
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
