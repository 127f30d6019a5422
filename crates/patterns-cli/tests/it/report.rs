//! A recorded run as a page.

use std::fs;
use std::io::Read as _;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;

use crate::support::{Place, Server, Simulator, completion, error};

/// Makes a place in which a vote of three ballots is run 1.
///
/// No word of the question is one that the simulator writes of its own.
fn voted(files: &[(&str, &str)]) -> Place {
    let place = Place::with(files);
    let simulator = Simulator::start(&place, &[]);
    let question = ["vote", "Is </script><b>obsidian</b> a liquid?"];
    let more = ["--votes", "3", "--option", "yes", "--option", "no"];
    let shown = place.run(&[&question[..], &more, &simulator.args()].concat());
    assert!(shown.starts_with("exit 0\n"), "{shown}");
    place
}

/// Runs the command, which must end like this and say that.
fn says(place: &Place, args: &[&str], code: u8, said: &str) {
    let shown = place.run(args);
    let is_so = shown.starts_with(&format!("exit {code}\n")) && shown.contains(said);
    assert!(is_so, "{args:?}: {shown}");
}

#[test]
fn a_page_is_made_of_the_latest_run() {
    let place = voted(&[]);
    says(
        &place,
        &["report"],
        0,
        "--- stdout\n--- stderr\nrun 1: run-1.html (",
    );
    let page = place.read("run-1.html");
    assert!(
        page.contains(
            "<h1 id=\"title\">Is &lt;/script&gt;&lt;b&gt;obsidian&lt;/b&gt; a liquid?</h1>"
        )
    );
    assert!(!page.contains("<b>obsidian"), "hostile text stays text");
    for part in [
        "\"voter 1\"",
        "\"stages\":[\"ballot\"]",
        "<p class=\"state done\">done</p>",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(
        page.contains("id=\"texts-0\""),
        "prompts and answers are there"
    );
}

#[test]
fn a_page_says_without_its_script_what_came_of_the_run() {
    let place = voted(&[]);
    let page = place.data(&["report", "-o", "-"]).1;
    let parts = page.split("<noscript>").skip(1);
    let parts = parts.filter_map(|it| it.split("</noscript>").next());
    let plain: String = parts.collect();
    for part in [
        "what the page says without JavaScript",
        "<h2>Elections</h2>",
        "<td class=\"text\">Is &lt;/script&gt;&lt;b&gt;obsidian&lt;/b&gt; a liquid?</td>",
        "<h2>Results</h2>",
        "<td class=\"text\">voter 1</td><td class=\"text\">ballot</td><td class=\"text\">answered</td>",
    ] {
        assert!(plain.contains(part), "{part}: {plain}");
    }
    assert!(
        !plain.contains("<h2>Failures</h2>"),
        "there are none: {plain}"
    );
    let page = place.data(&["report", "--no-prompts", "-o", "-"]).1;
    assert!(!page.contains("obsidian"), "what was asked stays out");
}

#[test]
#[cfg(unix)]
fn a_page_is_for_its_owner_and_goes_where_it_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let place = voted(&[]);
    says(
        &place,
        &["report", "1", "-o", "it.html"],
        0,
        "run 1: it.html (",
    );
    let mode = fs::metadata(place.path().join("it.html"))
        .unwrap()
        .permissions();
    assert_eq!(mode.mode() & 0o777, 0o600);
    let (code, stdout) = place.data(&["report", "1", "-o", "-"]);
    assert_eq!(code, Some(0));
    assert!(stdout.starts_with("<!doctype html>") && stdout.ends_with("</html>\n"));
}

#[test]
fn a_file_that_is_no_page_is_left_alone() {
    let place = voted(&[("run-1.html", "mine")]);
    says(
        &place,
        &["report"],
        73,
        "run-1.html is there and is no report",
    );
    says(&place, &["report"], 73, "patterns report -o FILE");
    assert_eq!(place.read("run-1.html"), "mine");
    fs::remove_file(place.path().join("run-1.html")).unwrap();
    // An older page is no such file.
    says(&place, &["report"], 0, "run 1:");
    says(&place, &["report"], 0, "run 1:");
}

#[test]
fn prompts_stay_out_if_they_are_to() {
    let place = voted(&[]);
    says(&place, &["report", "--no-prompts"], 0, "run 1:");
    let page = unpacked(&place.read("run-1.html"));
    assert!(page.contains("What was asked was left out of this page."));
    assert!(page.contains("<h1 id=\"title\">Run 1</h1>"));
    for word in ["obsidian", "liquid"] {
        assert!(!page.contains(word), "{word}");
    }
    says(&place, &["report"], 0, "run 1:");
    let page = unpacked(&place.read("run-1.html"));
    assert!(page.contains("liquid") && !page.contains("left out"));
}

#[test]
fn the_questions_of_a_batch_stay_out_with_the_prompts() {
    let rows = "{\"id\": \"q1\", \"question\": \"Is zirconia a gem?\"}\n{\"question\": \"Is marble soft?\"}\n";
    let place = Place::with(&[("questions.jsonl", rows)]);
    let simulator = Simulator::start(&place, &[]);
    let batch = ["vote", "--batch", "questions.jsonl", "--votes", "3"];
    let options = ["--option", "yes", "--option", "no"];
    let shown = place.run(&[&batch[..], &options, &simulator.args()].concat());
    assert!(shown.starts_with("exit 0\n"), "{shown}");
    says(&place, &["report", "--no-prompts"], 0, "run 1:");
    let page = unpacked(&place.read("run-1.html"));
    assert!(page.contains("\"q1\""), "the ids are there");
    for word in ["zirconia", "marble"] {
        assert!(!page.contains(word), "{word}");
    }
}

/// Returns a page with its packed texts behind it as they are.
fn unpacked(page: &str) -> String {
    let mut all = page.to_owned();
    for block in page
        .split("<script type=\"text/plain\" id=\"texts-")
        .skip(1)
    {
        let packed = block.split(['>', '<']).nth(1).unwrap();
        let packed = STANDARD.decode(packed.trim()).unwrap();
        GzDecoder::new(&packed[..])
            .read_to_string(&mut all)
            .unwrap();
    }
    all
}

#[test]
fn the_elections_of_a_batch_are_on_its_page() {
    let rows = "{\"id\": \"q1\", \"question\": \"Is it?\"}\n{\"id\": \"q2\", \"question\": \"Is it not?\"}\n";
    let place = Place::with(&[("questions.jsonl", rows)]);
    let simulator = Simulator::start(&place, &[]);
    let batch = ["vote", "--batch", "questions.jsonl", "--votes", "3"];
    let options = ["--option", "yes", "--option", "no"];
    let shown = place.run(&[&batch[..], &options, &simulator.args()].concat());
    assert!(shown.starts_with("exit 0\n"), "{shown}");
    says(&place, &["report"], 0, "run 1:");
    let page = place.read("run-1.html");
    let begin = "<script type=\"application/json\" class=\"elections\">";
    let block = page
        .split(begin)
        .nth(1)
        .and_then(|it| it.split("</script>").next());
    let elections: serde_json::Value = serde_json::from_str(block.unwrap()).unwrap();
    let ids: Vec<_> = elections
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["id"])
        .collect();
    assert_eq!(ids, ["q1", "q2"]);
    assert!(
        elections[0]["ballots"][0]["reasoning"].is_string(),
        "with reasons: {elections}"
    );
    assert!(!page.contains("class=\"trace\""), "they are no statements");
}

#[test]
fn a_branch_that_was_asked_again_is_answered_on_the_page_of_a_later_session() {
    let place = Place::with(&[("a.txt", "The tide rose."), ("b.txt", "The tide fell.")]);
    let failed = AtomicBool::new(false);
    let server = Server::start(move |body| match body {
        _ if body.contains("b.txt") && !failed.swap(true, Ordering::Relaxed) => {
            (400, error("content_filter", "No."))
        }
        _ if body.contains("a.txt") && !body.contains("assistant") => {
            (200, completion(r#"{"summary": 7}"#))
        }
        _ => (200, completion(r#"{"summary": "The tide."}"#)),
    });
    let words = [
        "map-reduce",
        "a.txt",
        "b.txt",
        "--no-reduce",
        "--concurrency",
        "1",
    ];
    let words = [&words[..], &server.args()].concat();
    assert_eq!(place.data(&words).0, Some(3));
    assert_eq!(place.data(&words).0, Some(0));
    says(&place, &["report"], 0, "run 1:");
    let page = place.read("run-1.html");
    let block = page.split("class=\"calls\">").nth(1).unwrap();
    let block = block.split("</script>").next().unwrap();
    let calls: serde_json::Value = serde_json::from_str(block).unwrap();
    let labels = calls["label"].as_array().unwrap().iter();
    let ends = labels.zip(calls["end"].as_array().unwrap());
    let of = |name: &str| -> Vec<u64> {
        let ends = ends.clone().filter(|it| it.0 == name);
        ends.filter_map(|it| it.1.as_u64()).collect()
    };
    // Rejected, then answered; failed, then answered.
    assert_eq!((of("a.txt"), of("b.txt")), (vec![2, 0], vec![3, 0]));
    // What was found again is no further call.
    let figures = "<dt>Calls</dt><dd>4</dd>";
    assert!(page.contains(figures) && !page.contains("<dt>From the store</dt>"));
}

#[test]
fn what_is_not_there_is_said() {
    says(&Place::new(), &["report"], 66, "there is no store at");
    let place = voted(&[]);
    says(&place, &["report", "9"], 66, "there is no run 9");
    says(
        &place,
        &["report", "-o", "nowhere/it.html"],
        73,
        "nowhere/it.html",
    );
}
