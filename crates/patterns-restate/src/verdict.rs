//! Says what the reply of a server means for a call: no I/O, one table.

use patterns_core::{ModelError, ModelErrorKind, Response};
use serde::Deserialize;

use crate::call::Reply;
use crate::ingress::Answer;
use crate::private::{Unread, read_reply};
use crate::seal::Seal;

/// The longest words of a server that are kept.
const WORDS: usize = 300;

/// What a reply means.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// The answer, given to this driver first.
    Ours(Response),
    /// An answer that was given to somebody else before.
    Recorded(Response),
    /// The call has failed.
    Failed(ModelError),
    /// It has failed before, for somebody else: it is asked for anew.
    Stale(ModelError),
    /// What should be private was said in plain words, which anybody may have said: it is asked for anew, and
    /// not often.
    Unproven(ModelError),
    /// It has ended without a reply, perhaps cancelled by somebody else: it is asked for anew.
    Ended(ModelError),
    /// The server cannot say now.
    Later(String),
    /// The server does not take the call.
    Refused(ModelError),
}

/// Who asks for what, and where.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) asker: &'a str,
    /// The idempotency key.
    pub(crate) key: &'a str,
    /// What opens replies, where bodies are private.
    pub(crate) seal: Option<&'a Seal>,
    pub(crate) place: &'a str,
}

/// Says what a reply means for a driver.
pub(crate) fn verdict(answer: &Answer, asked: &Asked<'_>) -> Verdict {
    let place = asked.place;
    match (answer.status, answer.is_servers_own) {
        (200, false) => replied(answer, asked),
        (_, false) => Verdict::Ended(ended(answer, place)),
        (401 | 403, true) => refused(ModelErrorKind::Unauthorized, answer, place),
        // A server that has just come back says so for a moment of workers that it has.
        (404, true) => Verdict::Later(format!("no worker is registered at {place}")),
        (408 | 425 | 429 | 500.., true) => {
            Verdict::Later(format!("{place} says: {}", words(answer)))
        }
        (_, true) => refused(ModelErrorKind::InvalidRequest, answer, place),
    }
}

fn replied(answer: &Answer, asked: &Asked<'_>) -> Verdict {
    let Asked { asker, place, .. } = *asked;
    match read_reply(&answer.body, asked.seal, asked.key) {
        Ok(Reply::Answered {
            asker: by,
            response,
        }) if by == asker => Verdict::Ours(response),
        Ok(Reply::Answered { response, .. }) => Verdict::Recorded(response),
        Ok(Reply::Failed { asker: by, failure }) if by == asker => Verdict::Failed(failure.into()),
        // A worker says so in plain words, see `read_reply`.
        Ok(Reply::Failed { failure, .. }) if asked.seal.is_some() && failure.is_refusal() => {
            Verdict::Unproven(failure.into())
        }
        Ok(Reply::Failed { failure, .. }) => Verdict::Stale(failure.into()),
        // Anybody who reaches the server may have put it there.
        Err(Unread::Open) => {
            let cause = format!("{place} has an answer that is not private");
            Verdict::Unproven(ModelError::new(ModelErrorKind::Unreadable).with_cause(cause))
        }
        Err(Unread::Sealed(why)) => {
            let cause = format!("the answer that {place} has cannot be opened: {why}");
            Verdict::Refused(ModelError::new(ModelErrorKind::AllRejected).with_cause(cause))
        }
        Err(Unread::Form(error)) => {
            let cause = format!("the worker behind {place} replies in another form ({error})");
            Verdict::Ended(
                ModelError::new(ModelErrorKind::Unreadable)
                    .with_cause(cause)
                    .finally(),
            )
        }
    }
}

/// An invocation that ended without a reply: it was cancelled, killed, or not understood by its worker.
fn ended(answer: &Answer, place: &str) -> ModelError {
    let cause = format!("the invocation ended at {place} without a reply");
    ModelError::new(ModelErrorKind::Unavailable { retry_after: None })
        .with_status(answer.status)
        .with_cause(cause)
        .with_detail(words(answer))
        .finally()
}

fn refused(kind: ModelErrorKind, answer: &Answer, place: &str) -> Verdict {
    let cause = match kind {
        ModelErrorKind::Unauthorized => format!("{place} wants a token, or another one"),
        _ => format!("{place} does not take the call: {}", words(answer)),
    };
    let error = ModelError::new(kind).with_status(answer.status);
    Verdict::Refused(error.with_cause(cause).with_detail(words(answer)))
}

/// Returns what a server says, without the stack trace that it may add.
pub(crate) fn words(answer: &Answer) -> String {
    #[derive(Deserialize)]
    struct Said {
        message: String,
    }
    let said = serde_json::from_slice::<Said>(&answer.body).map(|it| it.message);
    let said = said.unwrap_or_else(|_| String::from_utf8_lossy(&answer.body).into_owned());
    let line = said.lines().next().unwrap_or_default().trim();
    match line.is_empty() {
        true => format!("HTTP {}", answer.status),
        false => line.chars().take(WORDS).collect(),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::json;

    use super::*;
    use crate::call::Failure;
    use crate::seal::Kind;

    fn of(status: u16, is_servers_own: bool, body: impl Into<Bytes>) -> String {
        with(None, status, is_servers_own, body)
    }

    fn with(
        seal: Option<&Seal>,
        status: u16,
        is_servers_own: bool,
        body: impl Into<Bytes>,
    ) -> String {
        let body = body.into();
        let answer = Answer {
            status,
            is_servers_own,
            body,
        };
        let asked = Asked {
            asker: "me",
            key: "k",
            seal,
            place: "h:8080",
        };
        let (name, error) = match verdict(&answer, &asked) {
            Verdict::Ours(it) => return format!("ours: {}", it.text),
            Verdict::Recorded(it) => return format!("recorded: {}", it.text),
            Verdict::Later(why) => return format!("later: {why}"),
            Verdict::Failed(error) => ("failed", error),
            Verdict::Stale(error) => ("stale", error),
            Verdict::Unproven(error) => ("unproven", error),
            Verdict::Ended(error) => ("ended", error),
            Verdict::Refused(error) => ("refused", error),
        };
        format!("{name}: {error}; {}", error.is_transient())
    }

    fn reply(asker: &str, result: Result<Response, ModelError>) -> String {
        serde_json::to_string(&Reply::new(asker.to_owned(), result)).unwrap()
    }

    #[test]
    fn every_reply_means_one_thing() {
        let answer = || Ok(Response::new("m", "yes"));
        let refusal = || Err(ModelError::new(ModelErrorKind::Refused));
        let said = |text: &str| json!({"message": text, "code": 1}).to_string();
        let table = [
            of(200, false, reply("me", answer())),
            of(200, false, reply("you", answer())),
            of(200, false, reply("me", refusal())),
            of(200, false, reply("you", refusal())),
            of(200, false, "{}"),
            of(409, false, said("cancelled")),
            of(500, false, said("killed")),
            of(400, false, said("cannot read the call")),
            of(404, true, said("service 'Model' not found")),
            of(401, true, ""),
            of(413, true, said("too large")),
            of(503, true, said("no leader\nStack backtrace:")),
            of(429, true, ""),
        ];
        insta::assert_snapshot!(table.join("\n"));
    }

    /// A server that is not trusted with texts may have anything; what it gives to whoever asked for another
    /// call is not taken, and a worker that has another key says so.
    #[test]
    fn only_what_is_sealed_for_this_is_an_answer_where_calls_are_private() {
        let key = |digit: &str| Seal::new(&digit.repeat(64).into()).unwrap();
        let (ours, theirs) = (key("1"), key("2"));
        let answer = reply("me", Ok(Response::new("m", "yes")));
        let sealed = |seal: &Seal, about: &str| {
            let sealed = seal.seal(Kind::Reply, about, "me", answer.as_bytes());
            serde_json::to_string(&sealed.unwrap()).unwrap()
        };
        let refused = || Err(ModelError::new(ModelErrorKind::AllRejected).with_cause("no key"));
        let private = |body: String| with(Some(&ours), 200, false, body);
        let table = [
            private(sealed(&ours, "k")),
            private(sealed(&ours, "another")),
            private(sealed(&theirs, "k")),
            private(answer.clone()),
            private(reply("me", refused())),
            private(reply("you", refused())),
            of(200, false, sealed(&ours, "k")),
        ];
        insta::assert_snapshot!(table.join("\n"));
    }

    #[test]
    fn a_failure_of_a_newer_kind_is_no_answer() {
        let newer = reply("me", Err(ModelError::new(ModelErrorKind::Refused)));
        let newer = newer.replace("refused", "enlightened");
        assert!(
            of(200, false, newer).starts_with("ended"),
            "and it is asked for anew"
        );
        let known = Failure::from(&ModelError::new(ModelErrorKind::Refused));
        assert!(serde_json::to_string(&known).unwrap().contains("refused"));
    }
}
