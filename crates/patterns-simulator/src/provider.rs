//! The simulated provider itself, whatever its transport: what becomes of a request for a completion.

use std::sync::Arc;

use hyper::body::Bytes;
use hyper::{HeaderMap, StatusCode};

use super::answer::{Answerer, Parts, Reply, Spoil};
use super::dialect::Dialect;
use super::faults::{Fate, Fault, Faults};
use super::ledger::{Pending, Recorder};
use super::wire::tokens_asked_for;

/// How a reply reaches the client.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Delivery {
    /// Whole.
    Whole,
    /// Not at all: there is no connection. Where there is one already, it is closed.
    Refused,
    /// Not at all: the connection is closed.
    Reset,
    /// As many bytes of its body, then the connection is closed.
    Cut(usize),
    /// Its head, and then nothing for long.
    Stalled,
    /// Its head, and then white space for long.
    Trickling,
}

/// Answers requests, and lets go wrong what a scenario says.
#[derive(Debug)]
pub(super) struct Provider {
    pub(super) model: String,
    pub(super) answerer: Answerer,
    pub(super) faults: Option<Faults>,
    pub(super) recorder: Arc<Recorder>,
}

impl Provider {
    /// Decides the reply to a request that has arrived, and notes both.
    pub(super) fn complete(&self, dialect: &Dialect, key: Option<&[u8]>, body: &Bytes) -> Exchange {
        let pending = self.recorder.arrived(|| name(key, body));
        let asked = match dialect.read(body) {
            Ok(asked) => asked,
            Err(refusal) => {
                let mut reply = Reply::refusal(&refusal);
                dialect.write(&mut reply, None);
                return Exchange {
                    pending,
                    reply,
                    delivery: Delivery::Whole,
                };
            }
        };
        // A streamed answer is the same answer.
        let parts = Parts {
            key,
            body: &asked.body,
        };
        let (mut reply, fault, extra) = self.decide(parts);
        dialect.write(&mut reply, Some(&asked));
        reply.headers.extend(extra);
        let delivery = match fault {
            Ended::Well => Delivery::Whole,
            Ended::With(fault) => delivery(fault, reply.body.len()),
            Ended::Unanswered(delivery) => delivery,
        };
        Exchange {
            pending,
            reply,
            delivery,
        }
    }

    /// Decides the reply to a request for a completion, what befalls it on its way, and its further
    /// headers.
    fn decide(&self, parts: Parts<'_>) -> (Reply, Ended, HeaderMap) {
        let draw = self.answerer.draw(parts);
        let Some(faults) = &self.faults else {
            let reply = self.answerer.reply(parts, draw, None);
            return (reply, Ended::Well, HeaderMap::new());
        };
        let tokens = tokens_asked_for(parts.body);
        let (fate, headers) = faults.fate(self.recorder.now(), draw, tokens);
        if let Fate::Answered(_) = &fate {
            self.recorder.took(tokens);
        }
        let (reply, ended) = match fate {
            Fate::Answered(None) => (self.answerer.reply(parts, draw, None), Ended::Well),
            Fate::Answered(Some(fault)) => {
                self.recorder.met(fault.name);
                let reply = self.answerer.reply(parts, draw, spoil(fault));
                (reply, Ended::With(fault))
            }
            Fate::TurnedAway(name, reply) => {
                self.recorder.met(name);
                (reply, Ended::Well)
            }
            Fate::Refused => {
                self.recorder.met("outage");
                (nothing(), Ended::Unanswered(Delivery::Refused))
            }
            Fate::Reset => {
                self.recorder.met("reset");
                (nothing(), Ended::Unanswered(Delivery::Reset))
            }
        };
        (reply, ended, headers)
    }
}

/// How a request has ended.
enum Ended {
    /// With a reply that arrives.
    Well,
    /// With an answer that has a fault, or meets one on its way.
    With(Fault),
    /// With none.
    Unanswered(Delivery),
}

/// A request that has arrived, and what becomes of it.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) pending: Pending,
    pub(super) reply: Reply,
    pub(super) delivery: Delivery,
}

/// Returns what stands for a reply where there is none.
fn nothing() -> Reply {
    Reply::json(StatusCode::SERVICE_UNAVAILABLE, Vec::new())
}

fn spoil(fault: Fault) -> Option<Spoil> {
    Some(match fault.name {
        "broken_json" => Spoil::BrokenJson,
        "wrong_schema" => Spoil::WrongSchema,
        "length" => Spoil::Length,
        "refusal" => Spoil::Refusal,
        _ => return None,
    })
}

fn delivery(fault: Fault, length: usize) -> Delivery {
    match fault.name {
        "cut" => Delivery::Cut((length as f64 * fault.draw) as usize),
        "stall" => Delivery::Stalled,
        "slow_loris" => Delivery::Trickling,
        _ => Delivery::Whole,
    }
}

/// Returns the name of a request in the ledger.
fn name(key: Option<&[u8]>, body: &[u8]) -> String {
    match key {
        Some(key) => String::from_utf8_lossy(key).into_owned(),
        None => blake3::hash(body).to_hex()[..16].to_owned(),
    }
}
