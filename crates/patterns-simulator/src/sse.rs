//! Answers as streams of server-sent events, as the API streams them.

use std::borrow::Cow;

use hyper::body::Bytes;
use serde_json::{Value, json};

/// How the end of a request's body asks for a stream; with the bill, or without.
const ASKS: [(&[u8], Streaming); 2] = [
    (
        br#","stream":true,"stream_options":{"include_usage":true}"#,
        Streaming { with_usage: true },
    ),
    (br#","stream":true"#, Streaming { with_usage: false }),
];

/// An answer comes in at most so many pieces.
const PIECES: usize = 6;

/// How an answer is to be streamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Streaming {
    with_usage: bool,
}

/// Returns the body of a request without its wish for a stream, and that wish.
///
/// Only the order in which the adapter writes it is known; any other is refused as before.
pub(super) fn unstreamed(body: &[u8]) -> (Cow<'_, [u8]>, Option<Streaming>) {
    for (ask, streaming) in ASKS {
        // It stands near the end, behind the messages.
        let at = body.windows(ask.len()).rposition(|window| window == ask);
        if let Some(at) = at {
            let rest = [&body[..at], &body[at + ask.len()..]].concat();
            return (Cow::Owned(rest), Some(streaming));
        }
    }
    (Cow::Borrowed(body), None)
}

/// Turns a whole completion into the events that stream it; `None` if it is none.
pub(super) fn frames(completion: &[u8], streaming: Streaming) -> Option<Vec<Bytes>> {
    let whole: Value = serde_json::from_slice(completion).ok()?;
    let choice = whole.get("choices")?.get(0)?;
    let chunk = |delta: Value, finish: &Value| {
        json!({
            "id": whole["id"], "object": "chat.completion.chunk", "created": whole["created"],
            "model": whole["model"],
            "choices": [{"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish}],
        })
    };
    let message = choice.get("message")?;
    let mut chunks = vec![chunk(
        json!({"role": "assistant", "content": ""}),
        &Value::Null,
    )];
    for field in ["content", "refusal"] {
        let text = message.get(field).and_then(Value::as_str).unwrap_or("");
        let deltas = pieces(text)
            .into_iter()
            .map(|piece| json!({ field: piece }));
        chunks.extend(deltas.map(|delta| chunk(delta, &Value::Null)));
    }
    chunks.push(chunk(json!({}), &choice["finish_reason"]));
    if streaming.with_usage {
        let mut bill = chunk(json!({}), &Value::Null);
        bill["choices"] = json!([]);
        bill["usage"] = whole["usage"].clone();
        chunks.push(bill);
    }
    let frames = chunks
        .into_iter()
        .map(|it| format!("data: {it}\n\n").into());
    let end = Bytes::from_static(b"data: [DONE]\n\n");
    Some(frames.chain([end]).collect())
}

/// Cuts a text into a few pieces, between characters.
pub(super) fn pieces(text: &str) -> Vec<&str> {
    let size = text.len().div_ceil(PIECES).max(1);
    let mut rest = text;
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let ends = rest.char_indices().map(|(at, _)| at);
        let end = ends.chain([rest.len()]).find(|at| *at >= size);
        let (piece, more) = rest.split_at(end.unwrap_or(rest.len()));
        pieces.push(piece);
        rest = more;
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_says_what_the_whole_does() {
        let whole = json!({
            "id": "c", "created": 1, "model": "m", "usage": {"prompt_tokens": 3},
            "choices": [{"message": {"content": "Grüße aus Köln.", "refusal": null}, "finish_reason": "stop"}],
        });
        let with_usage = true;
        let frames = frames(whole.to_string().as_bytes(), Streaming { with_usage }).unwrap();
        let data: Vec<&str> = frames
            .iter()
            .map(|it| std::str::from_utf8(it).unwrap())
            .map(|it| it.strip_prefix("data: ").unwrap().trim_end())
            .collect();
        let (end, chunks) = data.split_last().unwrap();
        assert_eq!(*end, "[DONE]");
        let chunks: Vec<Value> = chunks
            .iter()
            .map(|it| serde_json::from_str(it).unwrap())
            .collect();
        let deltas = chunks
            .iter()
            .filter_map(|it| it["choices"][0]["delta"]["content"].as_str());
        assert_eq!(deltas.collect::<String>(), "Grüße aus Köln.");
        assert_eq!(
            chunks[chunks.len() - 2]["choices"][0]["finish_reason"],
            "stop"
        );
        assert_eq!(chunks[chunks.len() - 1]["usage"]["prompt_tokens"], 3);
    }

    #[test]
    fn the_wish_for_a_stream_is_taken_out_of_a_request() {
        let asked = br#"{"model":"m","stream":true,"stream_options":{"include_usage":true}}"#;
        let with_usage = true;
        assert_eq!(
            unstreamed(asked),
            (
                br#"{"model":"m"}"#.as_slice().into(),
                Some(Streaming { with_usage })
            )
        );
        let plain = br#"{"model":"m"}"#.as_slice();
        assert_eq!(unstreamed(plain), (plain.into(), None));
    }
}
