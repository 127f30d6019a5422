//! The page as a whole: its policy, its data, and what becomes of hostile text.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail a test")]

mod recorded;

use std::convert::Infallible;
use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use patterns_report::{Call, CallEnd, Fact, PageError, Report, Timing, write_page};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const HOSTILE: &str =
    "</script><script>alert(1)</script></style><svg onload='x'>\u{202e}\u{2028}&amp;\"";

fn page(report: &Report, calls: Vec<Call>) -> String {
    let mut out = Vec::new();
    let calls = calls.into_iter().map(Ok::<_, Infallible>);
    write_page(&mut out, report, calls).unwrap();
    String::from_utf8(out).unwrap()
}

/// Returns what is between a beginning and an end, wherever that is.
fn between<'a>(page: &'a str, begin: &str, end: &str) -> Vec<&'a str> {
    let parts = page.split(begin).skip(1);
    parts.map(|it| it.split(end).next().unwrap()).collect()
}

fn blocks(page: &str, class: &str) -> Vec<Value> {
    let begin = format!("<script type=\"application/json\" class=\"{class}\">");
    let blocks = between(page, &begin, "</script>").into_iter();
    blocks.map(|it| serde_json::from_str(it).unwrap()).collect()
}

fn texts(page: &str, block: usize) -> Value {
    let begin = format!("<script type=\"text/plain\" id=\"texts-{block}\">");
    let packed = STANDARD
        .decode(between(page, &begin, "</script>")[0])
        .unwrap();
    let mut json = String::new();
    GzDecoder::new(&packed[..])
        .read_to_string(&mut json)
        .unwrap();
    serde_json::from_str(&json).unwrap()
}

fn hash(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

fn call(n: u64) -> Call {
    Call {
        branch: n,
        label: format!("doc-{n}"),
        stage: "map".to_owned(),
        number: 1,
        model: "m".to_owned(),
        prompt: Some(format!("read {n}")),
        answer: Some(json!({"n": n}).to_string()),
        ..Call::default()
    }
}

#[test]
fn the_policy_allows_the_style_and_the_script_of_the_page_and_nothing_else() {
    let page = page(&Report::default(), vec![call(1)]);
    let policy = between(&page, "content=\"default-src", "\"")[0];
    let style = hash(between(&page, "<style>", "</style>")[0]);
    let script = hash(between(&page, "<script>", "</script>")[0]);
    assert_eq!(
        policy,
        format!(
            " 'none'; style-src {style}; script-src {script}; base-uri 'none'; form-action 'none'"
        )
    );
    // What a policy forbids would not work, and nothing may want to: no handler, no style, no address.
    for forbidden in [
        " style=\"",
        " onclick=",
        "src=\"",
        "http://",
        "https://",
        "innerHTML",
        "insertAdjacent",
        "eval(",
    ] {
        assert!(!page.contains(forbidden), "{forbidden}");
    }
}

#[test]
fn a_page_has_every_call_with_its_texts() {
    let page = page(&Report::default(), (0..5_000).map(call).collect());
    let blocks = blocks(&page, "calls");
    let lengths: Vec<usize> = blocks
        .iter()
        .map(|it| it["branch"].as_array().unwrap().len())
        .collect();
    assert_eq!(lengths, [4_096, 904]);
    // Names are written once, and the others are numbers.
    assert_eq!(
        (&blocks[0]["stages"], &blocks[1]["stages"]),
        (&json!(["map"]), &json!([]))
    );
    let last = &blocks[1];
    assert_eq!(
        (&last["label"][903], &last["answer"][903]),
        (&json!("doc-4999"), &json!({"n": 4_999}))
    );
    let place = &last["texts"][903];
    let block = usize::try_from(place[0].as_u64().unwrap()).unwrap();
    let at = usize::try_from(place[1].as_u64().unwrap()).unwrap();
    assert_eq!(
        texts(&page, block)[at],
        json!(["read 4999", "{\"n\":4999}", []])
    );
}

#[test]
fn what_is_not_known_is_not_made_up() {
    let bare = Call {
        number: 1,
        end: CallEnd::Failed,
        cause: Some("refused".to_owned()),
        ..Call::default()
    };
    let page = page(&Report::default(), vec![bare]);
    let block = &blocks(&page, "calls")[0];
    for name in ["cost", "begin", "slot", "first", "rest"] {
        assert_eq!(block[name], json!([-1.0]), "{name}");
    }
    assert_eq!(
        (&block["answer"], &block["texts"]),
        (&json!([null]), &json!([[-1, -1]]))
    );
    assert_eq!(
        (&block["causes"], &block["cause"], &block["end"]),
        (&json!(["refused"]), &json!([0]), &json!([3]))
    );
}

#[test]
fn hostile_text_ends_no_element_and_stays_the_same_text() {
    let text = || HOSTILE.to_owned();
    let report = Report {
        run: text(),
        title: text(),
        pattern: text(),
        state_words: text(),
        figures: vec![Fact::new(text(), text())],
        facts: vec![Fact::new(text(), text())],
        notice: Some(text()),
        warnings: vec![text()],
        result: Some(text().into()),
        lacks: vec![text()],
        elections: vec![serde_json::value::to_raw_value(&json!({"id": HOSTILE})).unwrap()],
        trace: serde_json::value::to_raw_value(&json!({"statements": [HOSTILE]})).ok(),
        ..Report::default()
    };
    let hostile = Call {
        label: text(),
        stage: text(),
        model: text(),
        cause: Some(text()),
        prompt: Some(text()),
        answer: Some(text()),
        notes: vec![text()],
        timing: Some(Timing::default()),
        ..Call::default()
    };
    let page = page(&report, vec![hostile]);
    let own = page.replace("<script>\"use strict\"", "");
    assert!(
        !own.contains("<script>") && !own.contains("<svg"),
        "an element came out of a text"
    );
    assert_eq!(page.matches("</style>").count(), 1);
    assert!(!page.contains('\u{202e}') && !page.contains('\u{2028}'));
    let block = &blocks(&page, "calls")[0];
    for name in ["label", "stages", "models", "causes", "answer"] {
        assert_eq!(block[name][0], HOSTILE, "{name}");
    }
    assert_eq!(texts(&page, 0)[0], json!([HOSTILE, HOSTILE, [HOSTILE]]));
    assert_eq!(blocks(&page, "elections")[0][0]["id"], HOSTILE);
    assert_eq!(blocks(&page, "trace")[0]["statements"][0], HOSTILE);
}

#[test]
fn a_call_that_cannot_be_read_is_an_error_and_not_a_gap() {
    let calls = [
        Ok(call(1)),
        Err(std::io::Error::other("the file is damaged")),
    ];
    let error = write_page(&mut Vec::new(), &Report::default(), calls).unwrap_err();
    assert!(matches!(error, PageError::Read(_)), "{error}");
    assert_eq!(
        error.to_string(),
        "a call of the run could not be read: the file is damaged"
    );
}
