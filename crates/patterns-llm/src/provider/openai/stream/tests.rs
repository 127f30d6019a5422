//! Streams put together, however they are cut.

use std::cell::Cell;

use futures_util::stream;
use proptest::prelude::*;

use super::*;

/// Reads a stream that comes in pieces; returns the body and whether its beginning was told of.
fn read(pieces: Vec<Vec<u8>>) -> (Result<Value, ExchangeErrorKind>, bool) {
    let begun = Cell::new(false);
    let pieces = pieces.into_iter().map(|it| Ok(Bytes::from(it)));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let body = assemble(stream::iter(pieces), None, || begun.set(true));
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
    ];
    for (name, text, expected) in table {
        assert_eq!(read(vec![text.into_bytes()]).0, expected, "{name}");
    }
    // White space within an answer is part of it.
    let spaced = said(&" ".repeat(1_500)) + &said("x") + &said(&" ".repeat(1_500)) + STOP;
    assert!(read(vec![spaced.into_bytes()]).0.is_ok());
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

#[tokio::test(start_paused = true)]
async fn keep_alives_are_no_signs_of_life() {
    let pieces = stream::unfold((), |()| async {
        tokio::time::sleep(Duration::from_secs(10)).await;
        Some((Ok(Bytes::from_static(b": keep-alive\n\n")), ()))
    });
    let start = Instant::now();
    let idle = Some(Duration::from_secs(60));
    let error = assemble(Box::pin(pieces), idle, || {}).await.unwrap_err();
    assert_eq!(error.kind(), ExchangeErrorKind::Timeout);
    assert_eq!(start.elapsed(), Duration::from_secs(60));
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
