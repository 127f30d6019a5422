//! Writes and reads calls, jobs and what comes of them: openly, or [sealed](crate::seal) where they are private.
//!
//! Who is to have only what is private takes nothing else: of a server that is not trusted with texts an answer
//! in plain words may be anybody's. A worker that cannot open a call says so in words that hold nothing of it,
//! as a failure that is told to whoever asked and asked for anew by the next run.

use std::fmt;

use bytes::Bytes;
use patterns_core::{ModelError, ModelErrorKind};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::call::{Call, Reply};
use crate::error::RestateErrorKind;
use crate::seal::{Kind, Seal, Sealed};

/// What a worker that knows no key is told to do.
const NO_KEY: &str =
    "it is private, and here is no key: set restate.private and the same key on both sides";

/// What whoever takes only private bodies says of an open one.
const IS_OPEN: &str = "it is not private, and nothing else is taken here: set restate.private and the same key on both sides";

/// How a reply is to be written.
#[derive(Debug)]
pub(crate) enum Way {
    Open,
    Sealed {
        seal: Seal,
        kind: Kind,
        about: String,
        asker: String,
    },
}

impl Way {
    /// Writes a body.
    pub(crate) fn write(&self, value: &impl Serialize) -> Result<Box<RawValue>, String> {
        let said = |error: serde_json::Error| error.to_string();
        let Self::Sealed {
            seal,
            kind,
            about,
            asker,
        } = self
        else {
            return serde_json::value::to_raw_value(value).map_err(said);
        };
        let plain = serde_json::to_vec(value).map_err(said)?;
        let sealed = seal.seal(*kind, about, asker, &plain)?;
        serde_json::value::to_raw_value(&sealed).map_err(said)
    }

    fn of(seal: Option<&Seal>, kind: Kind, about: &str, asker: &str) -> Self {
        match seal {
            None => Self::Open,
            Some(seal) => Self::Sealed {
                seal: seal.clone(),
                kind,
                about: about.to_owned(),
                asker: asker.to_owned(),
            },
        }
    }

    fn bytes(&self, value: &impl Serialize) -> Result<Bytes, String> {
        let written = self.write(value)?;
        Ok(Box::<str>::from(written).into_string().into())
    }
}

/// Writes a call.
pub(crate) fn write_call(call: &Call, seal: Option<&Seal>) -> Result<Bytes, String> {
    Way::of(seal, Kind::Call, &call.asker, &call.asker).bytes(call)
}

/// Writes a job.
pub(crate) fn write_job(job: &Value, id: &str, seal: Option<&Seal>) -> Result<Bytes, String> {
    Way::of(seal, Kind::Job, id, id).bytes(job)
}

/// A call that has come in.
#[derive(Debug)]
pub(crate) enum Received {
    /// It can be read, and is replied to in this way.
    Call(Box<Call>, Way),
    /// It cannot, and this is replied, openly.
    Refused(Box<Reply>),
}

/// Reads a call.
///
/// # Errors
///
/// Returns an error if it is none.
pub(crate) fn read_call(text: &str, seal: Option<&Seal>) -> Result<Received, String> {
    let why = match read::<Call>(text.as_bytes(), seal, |it| (Kind::Call, it.asker.clone())) {
        Ok(call) => {
            let way = Way::of(seal, Kind::Reply, &call.invoked_as(), &call.asker);
            return Ok(Received::Call(Box::new(call), way));
        }
        // Which value is not as expected would stand in the words, and the server keeps them.
        Err(Unread::Form(_)) if seal.is_some() => {
            return Err(
                "the worker reads another form of calls: give driver and workers one version"
                    .to_owned(),
            );
        }
        Err(Unread::Form(error)) => {
            return Err(format!("the worker reads another form of calls ({error})"));
        }
        Err(unread) => unread.to_string(),
    };
    let error = ModelError::new(ModelErrorKind::AllRejected)
        .with_cause(format!("the worker cannot take the call: {why}"));
    let reply = Reply::new(asker_of(text)?, Err(error));
    Ok(Received::Refused(Box::new(reply)))
}

/// Reads a job, and says how what comes of it is to be written.
///
/// # Errors
///
/// Returns an error if it cannot be read.
pub(crate) fn read_job(text: &str, seal: Option<&Seal>) -> Result<(Value, Way), String> {
    let job = read(text.as_bytes(), seal, |it| (Kind::Job, it.asker.clone()));
    let job = job.map_err(|unread| format!("the worker cannot take the job: {unread}"))?;
    // An open one has no place for its id, and needs none.
    let id = asker_of(text).unwrap_or_default();
    Ok((job, Way::of(seal, Kind::Ended, &id, &id)))
}

/// Reads a reply to what was invoked under a key.
pub(crate) fn read_reply(body: &[u8], seal: Option<&Seal>, key: &str) -> Result<Reply, Unread> {
    match read(body, seal, |_| (Kind::Reply, key.to_owned())) {
        // What a worker says that could not open the call is not sealed. Any other failure, and any bill, may be
        // of the server's own making.
        Err(Unread::Open) => match serde_json::from_slice(body) {
            Ok(Reply::Failed { asker, failure }) if failure.is_refusal() => {
                Ok(Reply::Failed { asker, failure })
            }
            _ => Err(Unread::Open),
        },
        read => read,
    }
}

/// Reads what came of a job.
pub(crate) fn read_ended(body: &[u8], seal: Option<&Seal>, id: &str) -> Result<Value, Unread> {
    read(body, seal, |_| (Kind::Ended, id.to_owned()))
}

/// Why a body cannot be read.
#[derive(Debug)]
pub(crate) enum Unread {
    /// It is not sealed, and only what is sealed is taken.
    Open,
    /// It cannot be opened.
    Sealed(String),
    /// It has another form.
    Form(serde_json::Error),
}

impl Unread {
    /// Returns what to do next.
    pub(crate) fn kind(&self) -> RestateErrorKind {
        match self {
            Self::Open | Self::Sealed(_) => RestateErrorKind::Private,
            Self::Form(_) => RestateErrorKind::NotTaken,
        }
    }
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str(IS_OPEN),
            Self::Sealed(why) => f.write_str(why),
            Self::Form(error) => write!(f, "it has another form ({error})"),
        }
    }
}

fn read<T: DeserializeOwned>(
    body: &[u8],
    seal: Option<&Seal>,
    about: impl FnOnce(&Sealed) -> (Kind, String),
) -> Result<T, Unread> {
    let sealed = serde_json::from_slice::<Sealed>(body);
    match (sealed, seal) {
        (Ok(sealed), Some(seal)) => {
            let (kind, about) = about(&sealed);
            let plain = seal.open(&sealed, kind, &about).map_err(Unread::Sealed)?;
            serde_json::from_slice(&plain).map_err(Unread::Form)
        }
        (Ok(_), None) => Err(Unread::Sealed(NO_KEY.to_owned())),
        (Err(_), Some(_)) => Err(Unread::Open),
        (Err(_), None) => serde_json::from_slice(body).map_err(Unread::Form),
    }
}

/// Returns who asks, which stands outside of what is sealed.
fn asker_of(text: &str) -> Result<String, String> {
    #[derive(Deserialize)]
    struct Asker {
        asker: String,
    }
    let asker = serde_json::from_str::<Asker>(text).map_err(|error| error.to_string());
    asker.map(|it| it.asker)
}

#[cfg(test)]
mod tests {
    use patterns_core::{Message, ModelId, Part, Request, Response, Usage};
    use serde_json::json;

    use super::*;

    const QUESTION: &str = "Who let the canary out?";

    fn seal(digit: &str) -> Seal {
        Seal::new(&digit.repeat(64).into()).unwrap()
    }

    fn call() -> Call {
        let id = ModelId::new("compatible", "m");
        let request = Request {
            instructions: "be a canary".into(),
            messages: vec![Message::user([Part::text(QUESTION)])],
            ..Request::default()
        };
        Call {
            generation: 2,
            ..Call::first(id, request)
        }
    }

    fn text(bytes: &Bytes) -> &str {
        std::str::from_utf8(bytes).unwrap()
    }

    fn replied(written: &Bytes, worker: Option<&Seal>) -> String {
        let reply = match read_call(text(written), worker).unwrap() {
            Received::Call(call, way) => {
                assert_eq!(call.check().unwrap().to_string(), call.key);
                let answer = Response::new("m", "the canary itself");
                way.write(&Reply::new(call.asker, Ok(answer))).unwrap()
            }
            Received::Refused(reply) => Way::Open.write(&reply).unwrap(),
        };
        reply.get().to_owned()
    }

    #[test]
    fn nothing_of_a_call_and_of_its_reply_can_be_read_but_by_both_sides() {
        let seal = seal("1");
        let sent = write_call(&call(), Some(&seal)).unwrap();
        let reply = replied(&sent, Some(&seal));
        for travelled in [text(&sent), &reply] {
            assert!(!travelled.contains("canary") && !travelled.contains("compatible"));
        }
        // Under the key under which this generation is invoked, and under no other.
        let key = call().invoked_as();
        let read = read_reply(reply.as_bytes(), Some(&seal), &key).unwrap();
        assert!(
            matches!(read, Reply::Answered { response, .. } if response.text == "the canary itself")
        );
        let other = read_reply(reply.as_bytes(), Some(&seal), &call().key);
        assert!(matches!(other, Err(Unread::Sealed(_))));
    }

    #[test]
    fn a_worker_that_cannot_take_a_call_says_why_to_whoever_asked_and_nothing_of_it() {
        let (ours, theirs) = (seal("1"), seal("2"));
        let mut said = Vec::new();
        for (driver, worker) in [
            (Some(&ours), Some(&theirs)),
            (Some(&ours), None),
            (None, Some(&ours)),
        ] {
            let sent = write_call(&call(), driver).unwrap();
            let reply = replied(&sent, worker);
            assert!(!reply.contains("canary"), "{reply}");
            let Reply::Failed { asker, failure } =
                read_reply(reply.as_bytes(), driver, &call().invoked_as()).unwrap()
            else {
                panic!("{reply}");
            };
            let error = ModelError::from(failure);
            assert!(asker == "me" && error.kind().is_fatal(), "{error}");
            said.push(error.to_string());
        }
        insta::assert_snapshot!(said.join("\n"));
    }

    #[test]
    fn what_a_worker_says_of_another_form_holds_nothing_of_a_private_call() {
        let ours = seal("1");
        let mut other = serde_json::to_value(call()).unwrap();
        other["form"] = json!(QUESTION);
        let way = Way::of(Some(&ours), Kind::Call, "me", "me");
        let why = read_call(way.write(&other).unwrap().get(), Some(&ours)).unwrap_err();
        assert!(
            why.contains("another form") && !why.contains("canary"),
            "{why}"
        );
    }

    #[test]
    fn an_open_failure_that_is_no_refusal_of_a_worker_is_not_taken() {
        let ours = seal("1");
        let bill = Usage {
            input_tokens: 9,
            ..Usage::default()
        };
        for failure in [
            ModelError::new(ModelErrorKind::Filtered),
            ModelError::new(ModelErrorKind::Unauthorized),
            ModelError::new(ModelErrorKind::AllRejected).with_usage(bill),
        ] {
            let reply = Reply::new("me".to_owned(), Err(failure));
            let open = serde_json::to_vec(&reply).unwrap();
            let read = read_reply(&open, Some(&ours), "k");
            assert!(matches!(read, Err(Unread::Open)), "{read:?}");
            let way = Way::of(Some(&ours), Kind::Reply, "k", "me");
            let sealed = way.bytes(&reply).unwrap();
            assert_eq!(read_reply(&sealed, Some(&ours), "k").unwrap(), reply);
        }
    }

    #[test]
    fn a_job_and_what_comes_of_it_are_sealed_for_its_id() {
        let (ours, theirs) = (seal("1"), seal("2"));
        let job = json!({"question": QUESTION});
        let sent = write_job(&job, "5f0c", Some(&ours)).unwrap();
        assert!(!text(&sent).contains("canary"));
        let (read, way) = read_job(text(&sent), Some(&ours)).unwrap();
        assert_eq!(read, job);
        let ended = way.write(&json!({"said": "canary"})).unwrap();
        let ended = ended.get().as_bytes();
        assert_eq!(
            read_ended(ended, Some(&ours), "5f0c").unwrap(),
            json!({"said": "canary"})
        );
        assert!(read_ended(ended, Some(&ours), "another").is_err());
        assert!(read_ended(b"{\"said\": \"yes\"}", Some(&ours), "5f0c").is_err());
        let refused = read_job(text(&sent), Some(&theirs)).unwrap_err();
        assert!(refused.starts_with("the worker cannot take the job: it is sealed"));
        let open = write_job(&job, "5f0c", None).unwrap();
        assert!(read_job(text(&open), Some(&ours)).is_err());
        assert_eq!(read_job(text(&open), None).unwrap().0, job);
    }
}
