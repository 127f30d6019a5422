//! Sections that are jobs of their own: what is shown, planned and compared of them.

use serde_json::{Value, json};

use crate::support::{Place, Server, completion};

/// Two sections that are votes, told apart by what they ask and what is answered.
const TWO_VOTES: &str = r#"
pattern = "section"
topic = "Dredging"
synthesis = "stitch"

[[sections]]
title = "Red"
brief = "Which red?"

[sections.job]
pattern = "vote"
votes = 3
policy = "fixed"

[[sections]]
title = "Blue"
brief = "Which blue?"

[sections.job]
pattern = "vote"
votes = 2
policy = "fixed"
"#;

#[test]
fn the_calls_of_a_section_that_is_a_vote_are_shown_as_its_own_and_no_others() {
    let place = Place::with(&[("job.toml", TWO_VOTES)]);
    let server = Server::start(|body| {
        let answer = match body.contains("Which red?") {
            true => "crimson",
            false => "azure",
        };
        let vote = json!({"reasoning": "So.", "answer": answer, "confidence": 1});
        (200, completion(&vote.to_string()))
    });
    let words = [&["run", "job.toml"], &server.args()[..]].concat();
    let (_, plan) = place.data(&[&["plan"], &words[1..], &["--output", "json"]].concat());
    let plan: Value = serde_json::from_str(&plan).unwrap();
    assert_eq!(plan["stages"][0]["stage"], "ballot", "{plan}");
    assert_eq!(plan["stages"][0]["calls"]["likely"], 5, "{plan}");
    place.data(&words);
    for (section, ballots, own, other) in [
        ("Red", 3, "crimson", "azure"),
        ("Blue", 2, "azure", "crimson"),
    ] {
        let (_, shown) = place.data(&["show", "1", section, "--output", "json"]);
        let shown: Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(shown["branch"]["role"], "section");
        let calls = shown["calls"].as_array().unwrap();
        let mut parts: Vec<&str> = calls.iter().filter_map(|it| it["part"].as_str()).collect();
        parts.sort_unstable();
        assert_eq!(
            parts,
            ["voter 1", "voter 2", "voter 3"][..ballots],
            "{section}"
        );
        for call in calls {
            assert!(call["answer"].as_str().unwrap().contains(own), "{call}");
            assert!(call["attempts"][0]["took"].is_f64(), "{call}");
        }
        let (_, page) = place.data(&["show", "1", section]);
        assert!(page.contains("call 1 of \"voter 1\": "), "{page}");
        assert!(page.contains(own) && !page.contains(other), "{page}");
    }
    let (_, all) = place.data(&["show", "1"]);
    assert!(all.contains("section   2 started = 2 answered"), "{all}");
    let stage = all.lines().find(|it| it.trim().starts_with("section "));
    assert!(stage.is_some_and(|it| it.contains("5 calls")), "{all}");
    // The answers come in another order, and are the same.
    place.data(&[&words[..], &["--fresh"]].concat());
    let (_, differences) = place.data(&["diff", "1", "2"]);
    assert!(
        differences.contains("2 the same, 0 changed"),
        "{differences}"
    );
}

#[test]
fn standard_input_is_no_input_of_a_section() {
    let job = "pattern = \"section\"\ntopic = \"Dredging\"\n\n[[sections]]\ntitle = \"A\"\n\n\
        [sections.job]\npattern = \"map-reduce\"\ninputs = [\"-\"]\n";
    let place = Place::with(&[("job.toml", job)]);
    let shown = place.run(&["run", "job.toml"]);
    assert!(shown.starts_with("exit 65\n"), "{shown}");
    let words = "`sections.job` of \"A\": standard input is that of the whole run; name files as its `inputs`";
    assert!(shown.contains(words), "{shown}");
}

#[test]
fn a_changed_document_of_a_section_is_another_run_and_is_told_of_when_the_old_one_goes_on() {
    let job = r#"
pattern = "section"
topic = "Dredging"
synthesis = "stitch"

[[sections]]
title = "What was said"

[sections.job]
pattern = "map-reduce"
inputs = ["minutes.txt"]
"#;
    let place = Place::with(&[("job.toml", job), ("minutes.txt", "It costs two million.")]);
    let server = Server::start(|_| {
        (
            200,
            completion(r#"{"summary": "Two million.", "combined_summary": "Two."}"#),
        )
    });
    let typed = || {
        let shown = place.run(&[&["run", "job.toml"][..], &server.args()].concat());
        assert!(shown.starts_with("exit 0\n"), "{shown}");
        let (_, runs) = place.data(&["runs", "--output", "json"]);
        (runs.lines().count(), shown)
    };
    assert_eq!(typed().0, 1);
    let (count, again) = typed();
    assert!(
        count == 1 && again.contains("going on with run 1"),
        "{again}"
    );
    place.write("minutes.txt", b"It costs three million.");
    let resumed = place.run(&["resume", "1"]);
    assert!(
        resumed.contains("what run 1 works on is no longer what it was"),
        "{resumed}"
    );
    let (count, changed) = typed();
    assert!(count == 2 && !changed.contains("going on"), "{changed}");
    let resumed = place.run(&["resume", "2"]);
    assert!(!resumed.contains("no longer what it was"), "{resumed}");
}
