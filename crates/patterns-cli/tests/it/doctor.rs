//! What is configured is looked at, and said with what to do; what is not configured is no fault.

use crate::support::{Place, Server, completion, error, shown};

/// Checks that it ends like that and says all of these.
fn check(shown: &str, code: u8, lines: &[&str]) {
    assert!(shown.starts_with(&format!("exit {code}\n")), "{shown}");
    for line in lines {
        assert!(shown.contains(line), "{line:?} is missing:\n{shown}");
    }
}

#[test]
fn where_nothing_is_configured_nothing_is_at_fault() {
    let shown = Place::new().run(&["doctor"]);
    let lines = [
        "\u{b7} your own file: none at ",
        "\u{b7} the project's file: none",
        "\u{2713} what holds: 0 keys are set",
        "\u{b7} .patterns/store.db: there is none yet",
        "\u{b7} openai: none (OPENAI_API_KEY)",
        "\u{b7} gemini: none (GEMINI_API_KEY or GOOGLE_API_KEY)",
        "\u{b7} ollama at http://[server]: none answers",
    ];
    check(&shown, 0, &lines);
    assert!(!shown.contains('\u{2717}'), "{shown}");
}

#[test]
fn a_key_is_sent_to_its_server_and_never_shown() {
    let server = Server::hearing(|head, _| {
        match head.contains("bearer sk-canary") || head.contains("Bearer sk-canary") {
            true => (200, r#"{"data": [{"id": "gpt-5-mini"}]}"#.to_owned()),
            false => (401, error("invalid_api_key", "No.")),
        }
    });
    let place = Place::new();
    for (key, code, line) in [
        (
            "sk-canary",
            0,
            "\u{2713} openai at http://[server]/v1: answers; 1 model",
        ),
        (
            "sk-wrong-canary",
            77,
            "\u{2717} openai at http://[server]/v1: answers, and refuses the key (401)",
        ),
    ] {
        let mut command = place.command(&["doctor"]);
        let command = command.env("OPENAI_API_KEY", key);
        let shown = shown(command.env("OPENAI_BASE_URL", server.url()));
        check(
            &shown,
            code,
            &["\u{2713} openai: OPENAI_API_KEY is set", line],
        );
        assert!(!shown.contains("canary"), "{shown}");
    }
}

#[test]
fn a_server_that_does_not_answer_is_said_with_the_reason() {
    let place = Place::new();
    let words = [
        "doctor",
        "-m",
        "compatible:x",
        "--base-url",
        "http://127.0.0.1:9/v1",
    ];
    let lines = [
        "\u{2717} compatible at http://[server]/v1: connection refused by [server]",
        "start it, or mend its address",
        "error[E-UNAVAILABLE]: 1 of ",
    ];
    check(&place.run(&words), 69, &lines);
    let (code, json) = place.data(&[&words[..], &["--output", "json"]].concat());
    assert_eq!(code, Some(69));
    let checks = json
        .lines()
        .map(|it| serde_json::from_str::<serde_json::Value>(it).unwrap());
    let bad: Vec<_> = checks.filter(|it| it["state"] == "bad").collect();
    assert_eq!(bad.len(), 1, "{bad:?}");
    assert_eq!(bad[0]["area"], "servers");
}

#[test]
fn a_model_that_its_server_does_not_list_is_warned_of() {
    let server = Server::start(|_| (200, r#"{"data": [{"id": "qwen3-30b"}]}"#.to_owned()));
    let words = [
        "doctor",
        "-m",
        "compatible:qwen-30b",
        "--base-url",
        server.url(),
    ];
    let lines = [
        "! compatible at http://[server]/v1: answers; qwen-30b is not the one model that it lists",
        "did you mean qwen3-30b?",
    ];
    check(&Place::new().run(&words), 0, &lines);
}

#[test]
fn formats_are_probed_by_what_comes_back_and_only_if_asked() {
    let server = Server::start(|body| match body {
        "" => (200, r#"{"data": [{"id": "test"}]}"#.to_owned()),
        _ if body.contains("json_schema") => (400, error("unsupported", "response_format")),
        // It takes a schema beside json_object, and does not look at it.
        _ if body.contains("json_object") => (200, completion(r#"{"hello": "there"}"#)),
        _ if body.contains("tool_choice") => (200, completion("hello")),
        _ => (200, completion("hello")),
    });
    let place = Place::new();
    let words = [&["doctor"], &server.args()[..]].concat();
    assert!(!place.run(&words).contains("answer formats"));
    let shown = place.run(&[&words[..], &["--probe"]].concat());
    let lines = [
        "\u{b7} json_schema: not known to the server; a weaker one is used",
        "! json_object with a schema: taken, but only JSON is enforced, and not the schema",
        "\u{2713} json_object: enforced",
        "\u{2713} schema in the prompt: the model answers",
        "tokens read and",
        "its price is not known",
    ];
    check(&shown, 0, &lines);
}

#[test]
fn what_a_store_has_learnt_is_said_and_a_broken_one_is_a_fault() {
    let place = Place::with(&[("a.txt", "The tide rose.")]);
    let server = Server::start(|body| match body.contains("json_schema") {
        true => (400, error("unsupported", "response_format")),
        false => (200, completion(r#"{"summary": "The tide."}"#)),
    });
    place.data(&[&["map-reduce", "a.txt", "--no-reduce"], &server.args()[..]].concat());
    let lines = [
        "\u{2713} .patterns/store.db: 1 answer of 1 run, all as they were written",
        ": 1 call; one reads about 10 tokens and writes about 5",
        "re-asks: 0.0 % of answers did not fit",
        "it does not know json_schema; ",
        " was used (run 1)",
    ];
    check(&place.run(&["doctor"]), 0, &lines);
    place.write("other.db", b"this is no database, whatever its name says");
    let shown = place.run(&["doctor", "--store", "other.db"]);
    check(&shown, 65, &["\u{2717} other.db: not a store"]);
}

#[cfg(unix)]
#[test]
fn a_link_to_a_store_that_is_not_there_is_a_fault_and_no_store_that_is_yet_to_be_made() {
    let place = Place::new();
    std::os::unix::fs::symlink("nowhere.db", place.path().join("link.db")).unwrap();
    let shown = place.run(&["doctor", "--store", "link.db"]);
    let words =
        "\u{2717} link.db: the store cannot be read or written: it is a link to what is not there";
    check(&shown, 74, &[words]);
}

#[test]
fn a_configuration_that_does_not_hold_is_a_fault() {
    let place = Place::new();
    place.configure("[run]\nconcurency = 4\n");
    let shown = place.placeless(&place.run(&["doctor"]));
    check(&shown, 78, &["\u{2717} what holds: ", "concurency"]);
    // What a clone says is not followed before it is trusted.
    let place = Place::with(&[(
        "patterns.toml",
        "[providers.evil]\nbase_url = \"http://evil.example/v1\"\n",
    )]);
    let lines = [
        "! the project's file: patterns.toml says where inputs and keys go, and is not trusted",
        "`patterns config trust` remembers it",
    ];
    let shown = place.run(&["doctor"]);
    check(&shown, 78, &lines);
    assert!(!shown.contains("evil at "), "{shown}");
}
