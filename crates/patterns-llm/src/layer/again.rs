//! What is changed in a request that is sent again, so that it does not fail in the same way.
//!
//! An answer that was cut off at a limit that nobody set gets more room, once. That does not change which
//! call it is: the answer is recorded for the request as it was. A seed is the user's, and stays.

use patterns_core::{ModelError, ModelErrorKind, Request};

/// The least room that is asked for after a cut, in tokens …
const LEAST_ROOM: u64 = 8_192;

/// … the most, and how often what did not suffice.
const MOST_ROOM: u64 = 65_536;
const TIMES: u64 = 4;

/// Returns the request with more room, if its answer was cut off where nobody had set a limit.
pub(super) fn with_more_room(request: &Request, error: &ModelError) -> Option<Request> {
    let is_ours = request.sampling.max_output_tokens.is_none();
    let used = error.usage().output_tokens;
    if error.kind() != ModelErrorKind::Truncated || !is_ours || used * 2 > MOST_ROOM {
        return None;
    }
    let room = (used * TIMES).clamp(LEAST_ROOM, MOST_ROOM);
    let mut request = request.clone();
    request.sampling.max_output_tokens = u32::try_from(room).ok();
    Some(request)
}

/// Says where an answer was cut off, and what had used up the room.
pub(super) fn where_cut(error: ModelError, request: &Request) -> ModelError {
    if error.kind() != ModelErrorKind::Truncated {
        return error;
    }
    let usage = error.usage();
    let used = usage.output_tokens;
    let limit = match request.sampling.max_output_tokens {
        Some(most) => format!("{most} tokens were allowed"),
        None if used > 0 => format!("the server ended it after {used} tokens"),
        None => return error,
    };
    let reasoning = match usage.reasoning_tokens {
        0 => String::new(),
        spent if spent * 10 >= used * 9 => {
            format!(", and reasoning took {spent} of {used}, so there was no room for an answer")
        }
        spent => format!(", and reasoning took {spent} of {used}"),
    };
    error.with_detail(format!("{limit}{reasoning}"))
}

#[cfg(test)]
mod tests {
    use patterns_core::{Sampling, Usage};

    use super::*;

    fn request(max_output_tokens: Option<u32>, seed: Option<i64>) -> Request {
        Request {
            sampling: Sampling {
                max_output_tokens,
                seed,
                ..Sampling::default()
            },
            ..Request::default()
        }
    }

    fn cut(output_tokens: u64, reasoning_tokens: u64) -> ModelError {
        ModelError::new(ModelErrorKind::Truncated).with_usage(Usage {
            output_tokens,
            reasoning_tokens,
            ..Usage::default()
        })
    }

    #[test]
    fn only_a_limit_that_nobody_set_is_raised() {
        let room = |request: &Request, error: &ModelError| {
            with_more_room(request, error)?.sampling.max_output_tokens
        };
        assert_eq!(room(&request(None, None), &cut(300, 0)), Some(8_192));
        assert_eq!(room(&request(None, None), &cut(4_096, 0)), Some(16_384));
        assert_eq!(room(&request(None, None), &cut(40_000, 0)), None);
        assert_eq!(room(&request(Some(300), None), &cut(300, 0)), None);
        let other = ModelError::new(ModelErrorKind::Refused);
        assert_eq!(room(&request(None, None), &other), None);
    }

    #[test]
    fn a_cut_says_the_number_and_what_reasoning_took() {
        let said = |max, error| {
            let error = where_cut(error, &request(max, None));
            error.detail().unwrap_or_default().to_owned()
        };
        assert_eq!(said(Some(300), cut(300, 0)), "300 tokens were allowed");
        assert_eq!(
            said(Some(300), cut(300, 300)),
            "300 tokens were allowed, and reasoning took 300 of 300, so there was no room for an answer"
        );
        assert_eq!(
            said(None, cut(128, 20)),
            "the server ended it after 128 tokens, and reasoning took 20 of 128"
        );
        assert_eq!(said(None, cut(0, 0)), "");
    }
}
