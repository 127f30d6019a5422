//! `patterns section`: what models write stays in its section.

use std::sync::atomic::{AtomicUsize, Ordering};

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::sections::run;
use crate::support::{Place, Server, completion};

/// A fence or a comment without an end would make all that follows a part of it.
#[test]
fn what_one_section_leaves_open_or_names_is_nothing_to_the_next() {
    let place = Place::with(&[("a.md", "Boats pay fees."), ("b.md", "Mud settles.")]);
    let server = Server::start(|body| {
        let cited = |source: &str, quote: &str| json!({"source": source, "quote": quote});
        let section = |content: &str, point: &str, citations: &[Value]| json!({"content": content, "key_points": [point], "citations": citations});
        let answer = if body.contains("Write section 1") {
            let cited = [
                cited("a.md", "Boats pay fees."),
                cited("b.md", "Mud settles."),
            ];
            section("Boats pay [1, 2].\n\n```\na[1]", "Boats [1].", &cited)
        } else if body.contains("Write section 2") {
            let cited = [cited("b.md", "Mud settles.")];
            section(
                "Why\n===\n\nMud[^1] [1] [4].\n\n[^1]: One.\n\n<!-- open",
                "Mud [1].",
                &cited,
            )
        } else if body.contains("Write section 3") {
            section(
                "So[^1] [a].\n\n[^1]: Two.\n\n[a]: http://x\n\n| a |\n|---|",
                "So [1].",
                &[],
            )
        } else {
            json!({"summary": "All.\n\n~~~\nopen"})
        };
        (200, completion(&answer.to_string()))
    });
    let args = [
        "section",
        "On\nharbours",
        "-s",
        "Fees",
        "-s",
        "Mud <b>",
        "-s",
        "Why",
        "--context",
        "a.md",
        "--context",
        "b.md",
        "-q",
    ];
    assert_snapshot!(run(&place, &server, &args), @r"
    exit 0
    --- stdout
    # On harbours

    All.

    ~~~
    open
    ~~~

    ## Fees

    Boats pay [1][2].

    ```
    a[1]
    ```

    - Boats [1].

    ## Mud \<b>

    ### Why

    Mud[^1] [2] [?].

    \[^1]: One.

    \<!-- open

    - Mud [2].

    ## Why

    So[^1] [a].

    \[^1]: Two.

    \[a]: http://x

    | a |
    |---|

    - So [?].

    ## Sources

    1. a.md: “Boats pay fees.”
    2. b.md: “Mud settles.”
    --- stderr
    ");
    let stitched = run(&place, &server, &[&args[..], &["--stitch"]].concat());
    let contents = "\n- [1. Fees](#1-fees)\n- [2. Mud \\<b>](#2-mud-b)\n- [3. Why](#3-why)\n";
    assert!(stitched.contains(contents), "{stitched}");
}

#[test]
fn nothing_is_written_out_where_all_sections_fail() {
    let refused = Server::start(|_| (400, json!({"error": {"message": "No."}}).to_string()));
    let args = [
        "section", "Dredging", "-s", "Costs", "-s", "Verdict", "--live",
    ];
    let nothing = run(&Place::new(), &refused, &args);
    assert!(nothing.contains("--- stdout\n--- stderr"), "{nothing}");
}

#[test]
fn a_section_whose_own_job_fails_says_why() {
    let place = Place::new();
    let piece = |job: &str| {
        let text = format!(
            "pattern = \"section\"\ntopic = \"Harbours\"\nsynthesis = \"stitch\"\n\
             sections = [\"Fees\", {{ title = \"Side\", job = {{ {job} }} }}]\n"
        );
        place.write("piece.toml", text.as_bytes());
    };
    let ballots = AtomicUsize::new(0);
    let server = Server::start(move |body| {
        let answer = match body.contains("key_points") {
            true => json!({"content": "Boats pay.", "key_points": []}),
            false => {
                let answer = ballots.fetch_add(1, Ordering::Relaxed).to_string();
                json!({"reasoning": "So.", "answer": answer, "confidence": 1})
            }
        };
        (200, completion(&answer.to_string()))
    });
    let args = [&["run", "piece.toml", "--no-store"], &server.args()[..]].concat();
    piece(r#"pattern = "vote", votes = 2, rule = "majority""#);
    let text = place.run(&args);
    assert!(text.starts_with("exit 3\n"), "{text}");
    let why = "the job of the section has no result: its voters came to no consensus";
    assert!(text.contains(&format!("Side: {why}")), "{text}");
    let (_, json) = place.data(&[&args[..], &["--output", "json"]].concat());
    let outcome: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(outcome["branches"][1]["error"]["message"], why, "{outcome}");

    // What is known before is said before: nothing is paid for.
    for job in [
        r#"pattern = "map-reduce", inputs = ["missing.log"]"#,
        r#"pattern = "vote", votes = 2, context = ["missing.log"]"#,
    ] {
        piece(job);
        let args = ["run", "piece.toml", "--no-store", "--model", "offline"];
        let text = place.run(&args);
        assert!(text.starts_with("exit 66\n"), "{text}");
        assert!(text.contains("`sections.job` of \"Side\": "), "{text}");
        assert!(text.contains("missing.log"), "{text}");
    }
}

/// The usual ballot asks for a word that can be counted.
#[test]
fn a_section_that_is_the_best_of_several_is_asked_for_whole_and_looked_through() {
    let place = Place::with(&[("a.md", "Boats pay 110 crowns to the harbour of the town.")]);
    place.write(
        "piece.toml",
        br#"pattern = "section"
topic = "Harbours"
synthesis = "stitch"
context = ["a.md"]
sections = [{ title = "Fees", job = { pattern = "vote", votes = 2, rule = "best-of" } }]
"#,
    );
    let server = Server::start(|body| {
        let answer = match body.contains("better") {
            true => json!({"reasoning": "So.", "better": "first"}),
            false => {
                assert!(body.contains("The answer itself, whole"), "{body}");
                assert!(!body.contains("no sentence"), "{body}");
                json!({"reasoning": "So.", "answer": "Boats pay 950 crowns.", "confidence": 1})
            }
        };
        (200, completion(&answer.to_string()))
    });
    let args = [&["run", "piece.toml", "--no-store"], &server.args()[..]].concat();
    let text = place.run(&args);
    assert!(text.starts_with("exit 0\n"), "{text}");
    assert!(text.contains("was given: 950 in \"Fees\" ("), "{text}");
}

/// Whoever writes it again is not given the documents that its job has read.
#[test]
fn what_a_section_found_in_its_own_documents_stays_true_when_it_is_written_again() {
    let place = Place::with(&[
        ("a.md", "Boats pay fees."),
        ("own.md", "There were 4711 boats."),
    ]);
    place.write(
        "piece.toml",
        br#"pattern = "section"
topic = "Harbours"
synthesis = "stitch"
consistency = true
context = ["a.md"]
sections = ["Fees", { title = "Side", job = { pattern = "map-reduce", inputs = ["own.md"] } }]
"#,
    );
    let server = Server::start(|body| {
        let section =
            |content: &str| json!({"content": content, "key_points": ["So."], "citations": []});
        let answer = if body.contains("What does not go together?") {
            json!({"issues": [{"section": "side", "issue": "Few words.", "fix": "Say more."}]})
        } else if body.contains("It was written before") {
            section("In all, 4711 boats were there.")
        } else if body.contains("Write section 1") {
            section("Boats pay fees.")
        } else {
            json!({"summary": "There were 4711 boats.", "combined_summary": "There were 4711 boats."})
        };
        (200, completion(&answer.to_string()))
    });
    let args = [&["run", "piece.toml", "--no-store"], &server.args()[..]].concat();
    let text = place.run(&args);
    assert!(text.contains("In all, 4711 boats"), "{text}");
    assert!(!text.contains("was given"), "{text}");
}
