//! Notices that a provider rejects one request after the other in the same way.
//!
//! A wrong option or a schema that a server cannot take fails every call of a run with the same words. A
//! few of them say all there is to know; ten thousand cost time and, with some providers, money. Once
//! anything was answered, much more has to fail alike, since by then the request as such is known to be
//! all right.

use patterns_core::{ModelError, ModelErrorKind};

/// So many different calls that end alike, and none that is answered, are enough.
const BEFORE_ANY_ANSWER: u32 = 5;

/// So many in a row are, once others were answered.
const AFTER_AN_ANSWER: u32 = 20;

/// How calls have ended of late.
#[derive(Debug, Default)]
pub(super) struct Alike {
    last: Option<Signature>,
    times: u32,
    has_answered: bool,
}

#[derive(Debug, PartialEq)]
struct Signature {
    status: Option<u16>,
    code: Option<String>,
    words: String,
}

impl Alike {
    /// Takes note of a call that was answered.
    pub(super) fn answered(&mut self) {
        self.has_answered = true;
        self.times = 0;
    }

    /// Takes note of a call that has failed for good; returns whether all calls fail like this.
    pub(super) fn failed(&mut self, error: &ModelError) -> bool {
        // One that was turned away for this says nothing of its own.
        if error.kind() == ModelErrorKind::AllRejected {
            return false;
        }
        if !is_about_the_request(error.kind()) {
            self.times = 0;
            return false;
        }
        let signature = Some(Signature {
            status: error.status(),
            code: error.code().map(str::to_owned),
            words: normalised(error.detail().unwrap_or_default()),
        });
        self.times = if self.last == signature {
            self.times + 1
        } else {
            1
        };
        self.last = signature;
        let enough = if self.has_answered {
            AFTER_AN_ANSWER
        } else {
            BEFORE_ANY_ANSWER
        };
        self.times >= enough
    }
}

/// Returns whether an error may be about what all requests have in common. What is about a document (its
/// length, its content) or stops the run anyway is not.
fn is_about_the_request(kind: ModelErrorKind) -> bool {
    matches!(
        kind,
        ModelErrorKind::InvalidRequest
            | ModelErrorKind::UnsupportedFormat
            | ModelErrorKind::Unreadable
    )
}

/// Leaves out what differs from call to call: ids, times and counts.
fn normalised(words: &str) -> String {
    let is_number = |word: &str| word.chars().any(|it| it.is_ascii_digit());
    let words = words.split_whitespace();
    let words: Vec<&str> = words
        .map(|it| if is_number(it) { "#" } else { it })
        .collect();
    words.join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejected(words: &str) -> ModelError {
        ModelError::new(ModelErrorKind::InvalidRequest)
            .with_status(400)
            .with_detail(words)
    }

    /// Returns after how many of these it is noticed.
    fn noticed_after(alike: &mut Alike, errors: impl Iterator<Item = ModelError>) -> Option<usize> {
        let mut errors = errors.take(100);
        errors.position(|it| alike.failed(&it)).map(|it| it + 1)
    }

    #[test]
    fn the_same_rejection_of_every_request_is_noticed_after_a_handful() {
        let errors = (0..).map(|n| rejected(&format!("bad temperature (request {n})")));
        assert_eq!(noticed_after(&mut Alike::default(), errors), Some(5));
    }

    #[test]
    fn after_an_answer_more_is_needed_and_other_words_begin_anew() {
        let mut alike = Alike::default();
        alike.answered();
        let errors = (0..).map(|_| rejected("no"));
        assert_eq!(noticed_after(&mut alike, errors), Some(20));
        let words = ["a", "a", "a", "a", "b", "b", "b", "b"].into_iter().cycle();
        let changing = words.map(rejected);
        assert_eq!(noticed_after(&mut Alike::default(), changing), None);
    }

    #[test]
    fn what_is_about_documents_is_not_about_the_run() {
        for kind in [
            ModelErrorKind::ContextTooLong,
            ModelErrorKind::Filtered,
            ModelErrorKind::Truncated,
            ModelErrorKind::Timeout,
        ] {
            let errors = (0..).map(|_| ModelError::new(kind));
            assert_eq!(
                noticed_after(&mut Alike::default(), errors),
                None,
                "{kind:?}"
            );
        }
    }
}
