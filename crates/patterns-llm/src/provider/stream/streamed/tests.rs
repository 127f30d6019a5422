//! Streams put together, however they are cut.

mod clocks;

use std::cell::Cell;

use futures_util::stream;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::provider::openai::Chunks;

fn chunks() -> Box<dyn Assembly> {
    Box::<Chunks>::default()
}

/// Reads a stream that comes in pieces; returns the body and whether its beginning was told of.
fn read(pieces: Vec<Vec<u8>>) -> (Result<Value, ExchangeErrorKind>, bool) {
    let begun = Cell::new(false);
    let pieces = pieces.into_iter().map(|it| Ok(Bytes::from(it)));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let body = assemble(stream::iter(pieces), Bounds::default(), chunks(), || {
        begun.set(true)
    });
    let body = runtime.block_on(body).map_err(|error| error.kind());
    (
        body.map(|it| serde_json::from_slice(&it).unwrap()),
        begun.get(),
    )
}

fn said(text: &str) -> String {
    format!(
        "data: {}\n\n",
        json!({"choices": [{"index": 0, "delta": {"content": text}}]})
    )
}

const STOP: &str = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const BILL: &str = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7}}\n\n";
const DONE: &str = "data: [DONE]\n\n";

fn whole() -> String {
    let begin = "data: {\"id\":\"c1\",\"model\":\"m\",\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\r\n\r\n";
    [
        ": keep-alive\n\n",
        begin,
        &said("Grüße "),
        ":\n",
        &said("aus Köln."),
        STOP,
        BILL,
        DONE,
    ]
    .concat()
}

#[test]
fn a_streamed_answer_is_what_would_have_come_whole() {
    let (body, begun) = read(vec![whole().into_bytes()]);
    assert!(begun);
    insta::assert_snapshot!(body.unwrap(), @r#"{"id":"c1","model":"m","choices":[{"message":{"content":"Grüße aus Köln.","refusal":null},"finish_reason":"stop"}],"usage":{"prompt_tokens":7}}"#);
}

#[test]
fn what_goes_wrong_in_a_stream_is_no_answer() {
    let table = [
        (
            "nothing at all",
            String::new(),
            Err(ExchangeErrorKind::Broken),
        ),
        ("no end", said("Hi."), Err(ExchangeErrorKind::Broken)),
        (
            "no JSON",
            "data: oops\n\n".to_owned(),
            Err(ExchangeErrorKind::Broken),
        ),
        (
            "blanks",
            said(&" ".repeat(500)).repeat(5) + STOP,
            Err(ExchangeErrorKind::Blank),
        ),
        (
            "an error",
            said("Hi") + "data: {\"error\":{\"code\":502}}\n\n",
            Ok(json!({"error": {"code": 502}, "usage": null})),
        ),
        (
            "vLLM's error",
            said("Hi") + "data: {\"object\":\"error\",\"code\":400}\n\n" + DONE,
            Ok(json!({"error": {"object": "error", "code": 400}, "usage": null})),
        ),
    ];
    for (name, text, expected) in table {
        assert_eq!(read(vec![text.into_bytes()]).0, expected, "{name}");
    }
    // White space within an answer is part of it.
    let spaced = said(&" ".repeat(1_500)) + &said("x") + &said(&" ".repeat(1_500)) + STOP;
    assert!(read(vec![spaced.into_bytes()]).0.is_ok());
}

/// Reads the answer of a stream: its text and why it ended, if it is one.
#[track_caller]
fn answer(text: &str) -> Result<(String, Value), ExchangeErrorKind> {
    let body = read(vec![text.as_bytes().to_vec()]).0?;
    let message = &body["choices"][0];
    let content = message["message"]["content"].as_str().unwrap_or("none");
    Ok((content.to_owned(), message["finish_reason"].clone()))
}

fn chunk(delta: &Value, finish: &Value) -> String {
    let choice = json!({"index": 0, "delta": delta, "finish_reason": finish});
    format!("data: {}\n\n", json!({"choices": [choice]}))
}

#[test]
fn content_comes_as_text_or_as_parts() {
    let think = json!([{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}]);
    let parts = json!([{"type": "text", "text": "Fi"}, {"type": "text", "text": "ne"}]);
    let text = [
        chunk(&json!({"content": think}), &Value::Null),
        chunk(&json!({"content": parts}), &Value::Null),
        chunk(&json!({"content": "."}), &Value::Null),
    ];
    let text = text.concat() + STOP + DONE;
    assert_eq!(answer(&text), Ok(("Fine.".to_owned(), json!("stop"))));
}

#[test]
fn content_comes_in_the_words_of_completions_and_behind_a_name_said_twice() {
    let text = |text: &str| format!("data: {}\n\n", json!({"choices": [{"text": text}]}));
    let plain = text("Fi") + &text("ne.") + STOP + DONE;
    assert_eq!(answer(&plain), Ok(("Fine.".to_owned(), json!("stop"))));
    let twice = (said("Fi") + &said("ne.") + STOP + DONE).replace("data: ", "data: data: ");
    assert_eq!(answer(&twice), Ok(("Fine.".to_owned(), json!("stop"))));
}

#[test]
fn an_empty_reason_is_none_and_the_last_one_counts() {
    for empty in [json!(""), json!("null"), Value::Null] {
        let begin = chunk(&json!({"content": "[1, 2"}), &empty);
        assert_eq!(answer(&begin), Err(ExchangeErrorKind::Broken), "{empty}");
        let cut = begin.clone() + &chunk(&json!({}), &json!("length")) + DONE;
        assert_eq!(answer(&cut).unwrap().1, json!("length"), "{empty}");
        let late = begin + &chunk(&json!({}), &json!("stop")) + &chunk(&json!({}), &empty) + DONE;
        assert_eq!(answer(&late).unwrap().1, json!("stop"), "{empty}");
    }
}

#[test]
fn what_is_no_part_of_an_answer_is_passed_over() {
    for odd in [
        "data:\n\n",
        "data: ping\n\n",
        "event: ping\ndata: {\"type\": \"ping\"}\n\n",
        "data: 7\n\n",
        "data: [\"x\"]\n\n",
        "retry: 3\nid: 7\n\n",
    ] {
        let text = [odd, &said("Fi"), odd, &said("ne."), odd, STOP, odd, DONE].concat();
        assert_eq!(answer(&text).unwrap().0, "Fine.", "{odd}");
        assert_eq!(
            answer(&format!("\u{feff}{text}")).unwrap().0,
            "Fine.",
            "{odd}"
        );
    }
}

#[test]
fn what_comes_behind_the_end_is_none_of_the_answer() {
    for late in [
        said(" Or not."),
        "data: {\"error\":{\"code\":500}}\n\n".to_owned(),
        "data: {\"choices\":[{\n\n".to_owned(),
    ] {
        let text = said("Fine.") + STOP + DONE + &late;
        assert_eq!(
            answer(&text),
            Ok(("Fine.".to_owned(), json!("stop"))),
            "{late}"
        );
    }
}

#[test]
fn of_several_answers_the_first_is_kept_in_whatever_order_they_come() {
    let of = |number: &Value, text: &str| {
        let choice = json!({"index": number, "delta": {"content": text}});
        format!("data: {}\n\n", json!({"choices": [choice]}))
    };
    let (first, other) = (json!(0), json!(1));
    let stop = chunk(&json!({}), &json!("stop"));
    let at_once = json!({"choices": [
        {"index": 1, "delta": {"content": "Other."}}, {"index": 0, "delta": {"content": "Fine."}}]});
    for text in [
        of(&other, "Ot") + &of(&first, "Fi") + &of(&other, "her.") + &of(&first, "ne."),
        of(&first, "Fi") + &of(&other, "Other.") + &of(&json!("0"), "ne."),
        format!("data: {at_once}\n\n"),
    ] {
        let text = text + &stop + DONE;
        assert_eq!(
            answer(&text),
            Ok(("Fine.".to_owned(), json!("stop"))),
            "{text}"
        );
    }
    // One that is alone is the first, whatever its number.
    let alone = of(&json!(3), "Fine.") + DONE;
    assert_eq!(answer(&alone).unwrap().0, "Fine.");
}

#[test]
fn half_an_emoji_costs_a_letter_and_no_answer() {
    let half = r#"data: {"choices":[{"delta":{"content":"a\ud83c"}}]}"#;
    let text = format!("{half}\n\n{STOP}{DONE}");
    assert_eq!(answer(&text).unwrap().0, "a\u{fffd}");
}

#[test]
fn an_event_that_cannot_be_read_is_never_left_out() {
    let damaged = said("Hi").replace("}]", "}");
    let text = damaged + &said(" there") + STOP + DONE;
    assert_eq!(answer(&text), Err(ExchangeErrorKind::Garbled));
    // At the very end it is a connection that broke.
    let cut = said("Hi") + "data: {\"choices\": [{\"del";
    assert_eq!(answer(&cut), Err(ExchangeErrorKind::Broken));
}

#[test]
fn a_reply_that_is_no_stream_is_what_it_is() {
    let body = r#" {"error": {"message": "no streams here"}}"#;
    let read = read(vec![body.as_bytes().to_vec()]).0.unwrap();
    assert_eq!(read["error"]["message"], "no streams here");
    let lines = said("Fine.").replace("data: ", "").replace("\n\n", "\n");
    let lines = lines + &STOP.replace("data: ", "");
    assert_eq!(answer(&lines).unwrap().0, "Fine.");
}

#[test]
fn the_arguments_of_a_function_and_thoughts_are_kept() {
    let call = |text: &str| {
        let function = json!({"name": "f", "arguments": text});
        chunk(
            &json!({"tool_calls": [{"index": 0, "function": function}]}),
            &Value::Null,
        )
    };
    let object = json!({"function_call": {"arguments": {"a": 1}}});
    let whole = chunk(&object, &Value::Null) + STOP + DONE;
    let body = read(vec![whole.into_bytes()]).0.unwrap();
    let kept = &body["choices"][0]["message"]["tool_calls"][0]["function"];
    assert_eq!(kept["arguments"], "{\"a\":1}");
    let thought = chunk(&json!({"reasoning_content": "Hm"}), &Value::Null);
    let text = thought + &call("{\"a\":") + &call("1}") + STOP + DONE;
    let (body, begun) = read(vec![text.into_bytes()]);
    let message = &body.unwrap()["choices"][0]["message"];
    assert!(begun);
    assert_eq!(message["reasoning_content"], "Hm");
    assert_eq!(
        message["tool_calls"][0]["function"]["arguments"],
        "{\"a\":1}"
    );
}

#[test]
fn the_bill_is_found_wherever_it_is() {
    let bill = json!({"prompt_tokens": 900, "completion_tokens": 100});
    let of_choice = json!({"choices": [{"delta": {}, "finish_reason": "stop", "usage": bill}]});
    let of_groq = json!({"choices": [], "x_groq": {"usage": bill}});
    for last in [of_choice, of_groq] {
        let text = said("Hi") + &format!("data: {last}\n\n") + STOP + DONE;
        let body = read(vec![text.into_bytes()]).0.unwrap();
        assert_eq!(body["usage"], bill, "{last}");
    }
}

#[test]
fn an_answer_begins_with_its_first_token_or_thought() {
    let role = "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n";
    let thought = "data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"Hm.\"}}]}\n\n";
    for (text, expected) in [
        (role.to_owned(), false),
        (thought.to_owned(), true),
        (said("a"), true),
    ] {
        assert_eq!(read(vec![text.clone().into_bytes()]).1, expected, "{text}");
    }
}

proptest! {
    #[test]
    fn wherever_a_stream_is_cut_into_pieces_it_says_the_same(cuts in prop::collection::vec(0..700_usize, 0..20)) {
        let text = whole().into_bytes();
        let mut cuts: Vec<usize> = cuts.into_iter().map(|it| it.min(text.len())).collect();
        cuts.extend([0, text.len()]);
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|it| text[it[0]..it[1]].to_vec()).collect();
        prop_assert_eq!(read(pieces), read(vec![text]));
    }

    #[test]
    fn a_stream_that_breaks_off_anywhere_is_no_answer(at in 0..700_usize) {
        let text = whole();
        let end = text.find("finish_reason").unwrap();
        let text = text.into_bytes();
        let part = text[..at.min(end)].to_vec();
        prop_assert!(read(vec![part]).0.is_err());
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(vec![[b"data: ".as_slice(), &bytes, b"\n\n"].concat()]);
    }
}
