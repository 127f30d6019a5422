//! What a request will probably use, before it is sent.

use std::hash::{DefaultHasher, Hash, Hasher};

use patterns_core::{Attachment, Part, Request};

use super::Demand;
use crate::attached::attached_tokens;

/// Bytes of English a token; other languages have fewer, which the pacer learns.
const BYTES_PER_TOKEN: usize = 4;

/// Tokens of an answer whose length nobody bounds.
const USUAL_OUTPUT: u64 = 500;

/// Estimates what `request` will use.
pub(crate) fn demand(request: &Request) -> Demand {
    let parts = request.messages.iter().flat_map(|it| &it.parts);
    let (mut said, mut attached) = (0, 0);
    for part in parts {
        match part {
            Part::Text(text) => said += text.len(),
            Part::Document(document) => {
                said += document.text.len();
                attached += attached_tokens(document);
            }
        }
    }
    let schema = request.schema.as_ref();
    let schema = schema.map_or(0, |it| it.json().get().len());
    let bytes = request.instructions.len() + said + schema;
    let most = request.sampling.max_output_tokens.map(u64::from);
    Demand {
        input_tokens: bytes.div_ceil(BYTES_PER_TOKEN) as u64 + attached,
        output_tokens: most.unwrap_or(USUAL_OUTPUT),
        is_bounded: most.is_some(),
        call: digest(request),
    }
}

/// Tells calls apart. How tokens are drawn does not count: a call may be tried again with more room.
fn digest(request: &Request) -> u64 {
    let mut hasher = DefaultHasher::new();
    let origin = request.scope.origin();
    (origin.run, origin.branch, request.sample).hash(&mut hasher);
    if let Some(key) = request.scope.call() {
        key.hash(&mut hasher);
        return hasher.finish();
    }
    request.instructions.hash(&mut hasher);
    for part in request.messages.iter().flat_map(|it| &it.parts) {
        match part {
            Part::Text(text) => text.hash(&mut hasher),
            Part::Document(it) => {
                let attached = it.attachment.as_ref().map(Attachment::digest);
                (&it.id, &it.text, attached).hash(&mut hasher);
            }
        }
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use patterns_core::{CallKey, Document, Message, Sampling, Scope};

    use super::*;

    #[test]
    fn the_attempts_of_a_call_are_known_and_other_calls_are_others() {
        let request = |text: &str, sample, seed| Request {
            messages: vec![Message::user([Part::text(text)])],
            sample,
            sampling: Sampling {
                seed: Some(seed),
                ..Sampling::default()
            },
            ..Request::default()
        };
        let call = demand(&request("a", 1, 1)).call;
        assert_eq!(demand(&request("a", 1, 2)).call, call);
        assert_ne!(demand(&request("b", 1, 1)).call, call);
        assert_ne!(demand(&request("a", 2, 1)).call, call);
    }

    #[test]
    fn a_call_that_has_a_key_is_known_by_that() {
        let request = |key: u8, seed| Request {
            sampling: Sampling {
                seed: Some(seed),
                ..Sampling::default()
            },
            scope: Scope::default().for_call(CallKey::from_bytes([key; 32])),
            ..Request::default()
        };
        let call = demand(&request(1, 1)).call;
        assert_eq!(demand(&request(1, 2)).call, call);
        assert_ne!(demand(&request(2, 1)).call, call);
    }

    #[test]
    fn everything_that_is_sent_is_counted() {
        let document = Document::new("a", "x".repeat(400));
        let mut request = Request {
            instructions: "i".repeat(40).into(),
            messages: vec![
                Message::user([Part::text("t".repeat(80)), Part::Document(document)]),
                Message::assistant("a".repeat(4)),
            ],
            ..Request::default()
        };
        let open = demand(&request);
        assert_eq!((open.input_tokens, open.is_bounded), (131, false));
        request.sampling = Sampling {
            max_output_tokens: Some(7),
            ..Sampling::default()
        };
        let bounded = demand(&request);
        assert_eq!((bounded.output_tokens, bounded.is_bounded), (7, true));
    }
}
