//! Looking into runs: what a branch was asked and answered, which runs there are, how two differ.

use serde_json::Value;

use crate::support::{Place, Server, Simulator, completion, error};

fn vote<'a>(question: &'a str, simulator: &'a Simulator, more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec!["vote", question, "--votes", "2", "--policy", "fixed"];
    args.extend(more);
    args.extend(simulator.args());
    args
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn a_branch_shows_what_was_asked_and_answered_and_what_it_took() {
    let place = Place::new();
    let simulator = Simulator::start(&place, &[]);
    place.data(&vote("Is \u{1b}[31mglass a liquid?", &simulator, &[]));
    let (code, shown) = place.data(&["show", "1", "voter 1"]);
    assert_eq!(code, Some(0));
    for part in [
        "branch #0 ballot \"voter 1\": answered",
        "call 1: compatible:",
        "on the network",
        "instructions:",
        "Is ␛[31mglass a liquid?",
        "answered:",
    ] {
        assert!(shown.contains(part), "{part:?} in {shown}");
    }
    let (_, numbered) = place.data(&["show", "latest", "#1", "--output", "json"]);
    let branch = json(&numbered);
    assert_eq!(branch["branch"]["label"], "voter 2");
    let call = &branch["calls"][0];
    assert_eq!(call["ending"], "answered");
    assert!(call["attempts"][0]["took"].as_f64().expect("seconds") > 0.0);
    let asked = call["request"]["messages"][0].to_string();
    assert!(asked.contains("glass a liquid?"), "{asked}");
    let (code, all) = place.data(&["show"]);
    assert_eq!(code, Some(0));
    assert!(all.contains("  ballot    2 started = 2 answered"), "{all}");
}

#[test]
fn a_branch_that_is_not_there_is_guessed_and_one_of_several_is_asked_for() {
    let place = Place::new();
    let simulator = Simulator::start(&place, &[]);
    place.data(&vote("Which?", &simulator, &[]));
    for (wanted, says) in [
        ("vtoer 1", "did you mean \"voter 1\"?"),
        ("#7", "`patterns show 1` lists them"),
        ("voter", "#1 ballot \"voter 2\""),
    ] {
        let shown = place.run(&["show", "1", wanted]);
        assert!(shown.starts_with("exit 66"), "{shown}");
        assert!(shown.contains(says), "{wanted}: {shown}");
    }
}

#[test]
fn a_re_ask_and_a_failure_are_shown_with_their_causes() {
    let key = "sk-canary-of-a-key";
    // Sample 0 is answered wrong at first; sample 1 is refused, with the key in the words.
    let server = Server::start(move |body| {
        let is_reask = body.contains("assistant");
        let is_second = body.contains("\"seed\":8");
        match (is_second, is_reask) {
            (true, _) => (400, error("bad", &format!("bad request with {key}"))),
            (false, false) => (200, completion(r#"{"answer": 7}"#)),
            (false, true) => {
                let right = r#"{"reasoning": "r", "answer": "yes", "confidence": 1}"#;
                (200, completion(right))
            }
        }
    });
    let place = Place::new();
    let mut args = vec!["vote", "Is it?", "--votes", "2", "--policy", "fixed"];
    args.extend(["--seed", "7", "--concurrency", "1"]);
    args.extend(server.args());
    let mut command = place.command(&args);
    command.env("PATTERNS_API_KEY", key);
    command.output().expect("it runs");
    let (_, shown) = place.data(&["show", "1", "voter 1"]);
    for part in [
        "call 2:",
        "rejected: ",
        "and asked again",
        "asked as before, and then:",
    ] {
        assert!(shown.contains(part), "{part:?} in {shown}");
    }
    let (_, run) = place.data(&["show", "1"]);
    assert!(run.contains("failed calls:\n  1 ×"), "{run}");
    let (_, failed) = place.data(&["show", "1", "voter 2"]);
    assert!(failed.contains("failed: the provider rejected"), "{failed}");
    for name in [".patterns/store.db", ".patterns/store.db-wal"] {
        let bytes = std::fs::read(place.path().join(name)).unwrap_or_default();
        let has_key = bytes.windows(key.len()).any(|it| it == key.as_bytes());
        assert!(!has_key, "{name}");
    }
    let all = shown + &run + &failed;
    assert!(!all.contains(key));
}

#[test]
fn prompts_are_kept_only_if_the_user_wants_it_and_exported_only_if_asked() {
    let place = Place::new();
    let simulator = Simulator::start(&place, &[]);
    let off = ["-c", "store.prompts=false"];
    place.data(&vote("Is the canary kept?", &simulator, &off));
    let (_, shown) = place.data(&["show", "1", "voter 1"]);
    assert!(shown.contains("what was asked was not kept"), "{shown}");
    place.data(&vote("Is the other kept?", &simulator, &[]));
    let (_, lines) = place.data(&["store", "export"]);
    assert!(!lines.contains("the other kept"), "{lines}");
    let (_, lines) = place.data(&["store", "export", "--prompts"]);
    assert!(lines.contains("the other kept") && !lines.contains("the canary kept"));
    let (_, removed) = place.data(&["store", "gc", "--prompts"]);
    assert_eq!(removed, "removed: 2\n");
    let (_, shown) = place.data(&["show", "2", "voter 1"]);
    assert!(shown.contains("was not kept") && shown.contains("answered:"));
}

#[test]
fn runs_are_found_by_their_pattern_their_time_and_their_words() {
    let place = Place::with(&[
        ("a.md", "The harbour is deep."),
        ("b.md", "The quay is old."),
    ]);
    let simulator = Simulator::start(&place, &[]);
    place.data(&vote("Is the sea salty?", &simulator, &[]));
    let mut args = vec!["map-reduce", "a.md", "b.md"];
    args.extend(simulator.args());
    place.data(&args);
    let ids = |more: &[&str]| -> Vec<i64> {
        let args = [&["runs", "--output", "json"], more].concat();
        let (_, lines) = place.data(&args);
        let lines = lines
            .lines()
            .map(|it| json(it)["id"].as_i64().expect("a number"));
        lines.collect()
    };
    for (more, expected) in [
        (&[][..], &[2, 1][..]),
        (&["--pattern", "vote"], &[1]),
        (&["--grep", "SALTY"], &[1]),
        (&["--grep", "b.md"], &[2]),
        (&["--grep", "no such words"], &[]),
        (&["--since", "1h"], &[2, 1]),
        (&["--since", "2999-01-01"], &[]),
        (&["--limit", "1"], &[2]),
    ] {
        assert_eq!(ids(more), expected, "{more:?}");
    }
    // Voters may answer alike, and the first to have ended is named.
    let answers = ["voter 1", "voter 2"].map(|voter| {
        let (_, shown) = place.data(&["show", "1", voter, "--output", "json"]);
        json(&shown)["calls"][0]["answer"].to_string()
    });
    let word = answers[0].split('"').max_by_key(|it| it.len());
    let word = word.expect("a text").trim_end_matches('\\');
    let (_, found) = place.data(&["runs", "--grep", word]);
    let is_named = answers.iter().enumerate().any(|(n, answer)| {
        answer.contains(word) && found.contains(&format!("found in an answer of branch #{n}"))
    });
    assert!(is_named, "{word}: {found}");
    let refused = place.run(&["runs", "--since", "yesterday"]);
    assert!(refused.starts_with("exit 2"), "{refused}");
}

#[test]
fn two_runs_are_compared_branch_by_branch() {
    let place = Place::with(&[
        ("a.md", "The harbour is deep."),
        ("b.md", "The quay is old."),
    ]);
    let simulator = Simulator::start(&place, &[]);
    let run = |files: &[&str], more: &[&str]| {
        let mut args = vec!["map-reduce"];
        args.extend(files);
        args.push("--no-reduce");
        args.extend(more);
        args.extend(simulator.args());
        place.data(&args);
    };
    run(&["a.md", "b.md"], &[]);
    place.write("b.md", b"The quay is new.");
    place.write("c.md", b"The ships are gone.");
    run(&["a.md", "b.md", "c.md"], &[]);
    let (code, shown) = place.data(&["diff", "1", "2"]);
    assert_eq!(code, Some(0));
    assert!(
        shown.contains("branches: 1 the same, 1 changed, 0 only in run 1, 1 only in run 2"),
        "{shown}"
    );
    assert!(
        shown.contains("map \"b.md\"\n- {") && shown.contains("map \"c.md\""),
        "{shown}"
    );
    let (_, value) = place.data(&["diff", "1", "2", "--output", "json"]);
    assert_eq!(json(&value)["changes"][0]["label"], "b.md");
    let refused = place.run(&["diff", "2"]);
    assert!(
        refused.starts_with("exit 2") && refused.contains("with itself"),
        "{refused}"
    );
}

#[test]
fn a_store_is_found_from_the_folders_below_it_and_a_run_has_one_number() {
    let place = Place::new();
    let simulator = Simulator::start(&place, &[]);
    place.data(&vote("First?", &simulator, &[]));
    let below = place.path().join("a/b");
    std::fs::create_dir_all(&below).expect("a folder");
    let run = |args: &[&str]| {
        let mut command = place.command(args);
        let output = command.current_dir(&below).output().expect("it runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        (text(output.stdout), text(output.stderr))
    };
    let more = ["--output", "json", "--events", "events.jsonl"];
    let (result, talk) = run(&vote("Second?", &simulator, &more));
    assert!(
        talk.contains("recorded in ../../.patterns/store.db"),
        "{talk}"
    );
    assert_eq!(json(&result)["run"], "2");
    let events = place.read("a/b/events.jsonl");
    assert!(
        events.lines().nth(1).expect("two").contains("\"run\":2,"),
        "{events}"
    );
    let (shown, _) = run(&["runs"]);
    assert!(
        shown.contains("Second?") && shown.contains("First?"),
        "{shown}"
    );
    assert!(!below.join(".patterns").exists());
}

#[test]
fn what_came_of_a_run_is_kept() {
    let place = Place::new();
    let simulator = Simulator::start(&place, &[]);
    let (_, result) = place.data(&vote("Is it?", &simulator, &["--output", "json"]));
    let (_, shown) = place.data(&["show", "--output", "json"]);
    let shown = json(&shown);
    assert_eq!(shown["result"]["value"], json(&result)["value"]);
    assert_eq!(shown["went"]["stages"][0]["role"], "ballot");
    assert_eq!(shown["outcome"]["exit_code"], 0);
}

#[test]
fn what_a_provider_says_stays_on_its_line_and_looks_like_nothing_else() {
    let forged = "bad\n\nrun 9: done\n  cost      $0\nbranches:\n  #7 map \"x\": answered";
    let server = Server::start(move |_| (400, error("bad", forged)));
    let place = Place::with(&[("a.txt", "The tide rose.")]);
    let words = ["map-reduce", "a.txt", "--no-reduce"];
    place.data(&[&words[..], &server.args()].concat());
    let (code, shown) = place.data(&["show", "1"]);
    assert_eq!(code, Some(0));
    let line = shown.lines().find(|it| it.contains("run 9: done"));
    let line = line.expect("it is there, on the line that says whose words it is");
    assert!(
        line.starts_with("  1 × the provider rejected the request"),
        "{shown}"
    );
    assert!(line.contains("␊branches:␊  #7 map"), "{shown}");
}
