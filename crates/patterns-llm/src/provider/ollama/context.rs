//! How large the context of a model has to be, and may be.
//!
//! A model is loaded anew for each other size, which takes seconds, so sizes double and never shrink
//! within a run.

use std::sync::atomic::{AtomicU64, Ordering};

use patterns_core::{Part, Request};
use serde_json::Value;
use tokio::sync::OnceCell;

use crate::attached::attached_tokens;

/// The smallest size that is asked for, in tokens: what most servers load a model with.
const LEAST: u64 = 4_096;

/// The room of an answer for which nobody has set one.
const USUAL_ROOM: u64 = 2_048;

/// Tokens of the template around the messages.
const FRAME: u64 = 256;

/// What is known of a model's context.
#[derive(Debug, Default)]
pub(super) struct Context {
    /// The largest size that was asked for so far.
    size: AtomicU64,
    /// What the server says of the model; known once it has said anything.
    pub(super) limits: OnceCell<Limits>,
}

/// What a server says of a model's context.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Limits {
    /// The most that the model can read.
    pub(super) most: Option<u64>,
    /// The size that its makers or owners have set for it.
    pub(super) set: Option<u64>,
}

impl Limits {
    /// Reads the reply of `/api/show`.
    pub(super) fn read(shown: &Value) -> Self {
        let info = shown["model_info"].as_object();
        let lengths = info.into_iter().flatten();
        let lengths = lengths.filter(|(name, _)| name.ends_with(".context_length"));
        let parameters = shown["parameters"].as_str().unwrap_or_default();
        let set = parameters.lines().find_map(|line| {
            let value = line.trim().strip_prefix("num_ctx")?;
            value.trim().parse().ok()
        });
        Self {
            most: lengths.filter_map(|(_, length)| length.as_u64()).max(),
            set,
        }
    }
}

impl Context {
    /// Returns the size to ask for, so that a request fits, as far as the model goes.
    pub(super) fn size_for(&self, request: &Request) -> u64 {
        let limits = self.limits.get().copied().unwrap_or_default();
        let size = needed(request).next_power_of_two().max(LEAST);
        let size = size.max(limits.set.unwrap_or(0));
        let size = self.size.fetch_max(size, Ordering::Relaxed).max(size);
        limits.most.map_or(size, |most| size.min(most))
    }

    /// Doubles a size in which a request did not fit; returns whether the model goes further.
    pub(super) fn grow(&self, from: u64) -> bool {
        let most = self.limits.get().and_then(|it| it.most).unwrap_or(0);
        let to = from.saturating_mul(2).min(most);
        self.size.fetch_max(to, Ordering::Relaxed);
        to > from
    }
}

/// Returns about how many tokens a request and its answer need: three bytes are one, when English has
/// four.
fn needed(request: &Request) -> u64 {
    let parts = request.messages.iter().flat_map(|it| &it.parts);
    let (mut said, mut attached) = (0, 0);
    for part in parts {
        match part {
            Part::Text(text) => said += text.len(),
            Part::Document(document) => {
                said += document.text.len() + document.id.len();
                attached += attached_tokens(document);
            }
        }
    }
    let schema = request.schema.as_ref();
    let schema = schema.map_or(0, |it| it.json().get().len());
    let bytes = request.instructions.len() + schema + said;
    let room = request.sampling.max_output_tokens.map(u64::from);
    (bytes as u64).div_ceil(3) + attached + room.unwrap_or(USUAL_ROOM) + FRAME
}

#[cfg(test)]
mod tests {
    use patterns_core::{Message, Sampling};
    use serde_json::json;

    use super::*;

    fn request(bytes: usize, room: Option<u32>) -> Request {
        Request {
            messages: vec![Message::user([Part::text("x".repeat(bytes))])],
            sampling: Sampling {
                max_output_tokens: room,
                ..Sampling::default()
            },
            ..Request::default()
        }
    }

    fn context(most: Option<u64>, set: Option<u64>) -> Context {
        let context = Context::default();
        context.limits.set(Limits { most, set }).unwrap();
        context
    }

    #[test]
    fn a_context_is_as_large_as_what_it_has_to_hold_and_never_shrinks() {
        let context = context(Some(40_960), None);
        for (bytes, room, size) in [
            (100, None, 4_096),
            (9_000, None, 8_192),
            (100, Some(20_000), 32_768),
            (100, None, 32_768),
            (300_000, None, 40_960),
        ] {
            assert_eq!(
                context.size_for(&request(bytes, room)),
                size,
                "{bytes} {room:?}"
            );
        }
    }

    #[test]
    fn what_its_owner_has_set_is_kept_and_what_nobody_knows_is_not_bounded() {
        let set = context(Some(131_072), Some(16_384));
        assert_eq!(set.size_for(&request(9, None)), 16_384);
        assert_eq!(
            Context::default().size_for(&request(300_000, None)),
            131_072
        );
    }

    #[test]
    fn a_context_that_was_too_small_grows_as_far_as_the_model_goes() {
        let context = context(Some(10_000), None);
        let request = request(9, None);
        assert_eq!(context.size_for(&request), 4_096);
        assert!(
            context.grow(4_096) && context.grow(4_096),
            "by two calls at once"
        );
        assert_eq!(context.size_for(&request), 8_192);
        assert!(context.grow(8_192));
        assert_eq!(context.size_for(&request), 10_000);
        assert!(!context.grow(10_000));
    }

    #[test]
    fn the_server_says_what_the_model_can_read() {
        let shown = json!({"parameters": "stop \"<|x|>\"\nnum_ctx     8192",
            "model_info": {"general.architecture": "qwen3", "qwen3.context_length": 40960}});
        let limits = Limits::read(&shown);
        assert_eq!((limits.most, limits.set), (Some(40_960), Some(8_192)));
        for nothing in [
            json!(null),
            json!([]),
            json!({"model_info": {"x.context_length": "y"}}),
        ] {
            assert_eq!(Limits::read(&nothing), Limits::default());
        }
    }
}
