//! The simulated provider itself, whatever its transport: what becomes of a request for a completion.

use std::sync::Arc;

use hyper::StatusCode;
use hyper::body::Bytes;

use super::answer::{Answerer, Parts, Reply, Spoil};
use super::faults::{Fate, Fault, Faults};
use super::ledger::{Pending, Recorder};
use super::sse::unstreamed;
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
    pub(super) fn complete(&self, key: Option<&[u8]>, body: &Bytes) -> Exchange {
        let pending = self.recorder.arrived(|| name(key, body));
        // A streamed answer is the same answer.
        let (body, streaming) = unstreamed(body);
        let parts = Parts { key, body: &body };
        let draw = self.answerer.draw(parts);
        let Some(faults) = &self.faults else {
            let mut reply = self.answerer.reply(parts, draw, None);
            reply.stream(streaming);
            return Exchange {
                pending,
                reply,
                delivery: Delivery::Whole,
            };
        };
        let tokens = tokens_asked_for(&body);
        let (fate, headers) = faults.fate(self.recorder.now(), draw, tokens);
        if let Fate::Answered(_) = &fate {
            self.recorder.took(tokens);
        }
        let (mut reply, delivery) = match fate {
            Fate::Answered(None) => {
                let mut reply = self.answerer.reply(parts, draw, None);
                reply.stream(streaming);
                (reply, Delivery::Whole)
            }
            Fate::Answered(Some(fault)) => {
                self.recorder.met(fault.name);
                let mut reply = self.answerer.reply(parts, draw, spoil(fault));
                reply.stream(streaming);
                let delivery = delivery(fault, reply.body.len());
                (reply, delivery)
            }
            Fate::TurnedAway(name, reply) => {
                self.recorder.met(name);
                (reply, Delivery::Whole)
            }
            Fate::Refused => {
                self.recorder.met("outage");
                (nothing(), Delivery::Refused)
            }
            Fate::Reset => {
                self.recorder.met("reset");
                (nothing(), Delivery::Reset)
            }
        };
        reply.headers.extend(headers);
        Exchange {
            pending,
            reply,
            delivery,
        }
    }
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
