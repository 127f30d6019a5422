//! Writes the calls of a run as columns, block by block: small to read, and quick to draw from.

use std::collections::HashMap;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;

use crate::call::{Call, CallEnd};
use crate::excerpt::excerpt;
use crate::json::embeddable;
use crate::texts::Texts;

/// The calls of a block.
const CALLS: usize = 4096;
/// Stands for what is not known.
const UNKNOWN: f64 = -1.0;

/// The calls that are in no block yet.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    names: HashMap<(Kind, String), usize>,
    known: [usize; 3],
    texts: Texts,
    block: Block,
}

/// What is written once and then by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Stage,
    Model,
    Cause,
}

/// A block as it is written: an entry of each column for each call, and the names that are new.
#[derive(Debug, Default, Serialize)]
struct Block {
    stages: Vec<String>,
    models: Vec<String>,
    causes: Vec<String>,
    branch: Vec<u64>,
    label: Vec<String>,
    stage: Vec<usize>,
    number: Vec<u32>,
    model: Vec<usize>,
    end: Vec<usize>,
    attempts: Vec<u64>,
    input: Vec<u64>,
    cached: Vec<u64>,
    output: Vec<u64>,
    /// In millionths of a US dollar.
    cost: Vec<f64>,
    begin: Vec<f64>,
    slot: Vec<f64>,
    rate: Vec<f64>,
    other: Vec<f64>,
    retry: Vec<f64>,
    first: Vec<f64>,
    rest: Vec<f64>,
    cause: Vec<i64>,
    answer: Vec<Value>,
    /// Which block has the texts, and where in it; -1 without texts.
    texts: Vec<(i64, i64)>,
}

impl Columns {
    /// Takes a call, and writes what is full.
    pub(crate) fn add(&mut self, call: Call, out: &mut impl Write) -> io::Result<()> {
        let place = self.texts.add(&call);
        let stage = self.number_of(Kind::Stage, &call.stage);
        let model = self.number_of(Kind::Model, &call.model);
        let cause = call
            .cause
            .as_deref()
            .map(|it| self.number_of(Kind::Cause, it));
        self.block.push(call, (stage, model, cause), place);
        self.texts.flush_if_full(out)?;
        match self.block.branch.len() >= CALLS {
            true => self.flush(out),
            false => Ok(()),
        }
    }

    /// Writes what is left.
    pub(crate) fn end(mut self, out: &mut impl Write) -> io::Result<()> {
        self.texts.flush(out)?;
        self.flush(out)
    }

    fn flush(&mut self, out: &mut impl Write) -> io::Result<()> {
        let block = std::mem::take(&mut self.block);
        if block.branch.is_empty() {
            return Ok(());
        }
        let json = embeddable(&serde_json::to_string(&block)?);
        writeln!(
            out,
            "<script type=\"application/json\" class=\"calls\">{json}</script>"
        )
    }

    fn number_of(&mut self, kind: Kind, name: &str) -> usize {
        let key = (kind, name.to_owned());
        if let Some(number) = self.names.get(&key) {
            return *number;
        }
        let (new, known) = match kind {
            Kind::Stage => (&mut self.block.stages, &mut self.known[0]),
            Kind::Model => (&mut self.block.models, &mut self.known[1]),
            Kind::Cause => (&mut self.block.causes, &mut self.known[2]),
        };
        let number = *known;
        new.push(name.to_owned());
        *known += 1;
        self.names.insert(key, number);
        number
    }
}

impl Block {
    fn push(
        &mut self,
        call: Call,
        (stage, model, cause): (usize, usize, Option<usize>),
        place: Option<(usize, usize)>,
    ) {
        let signed = |it: usize| i64::try_from(it).unwrap_or(-1);
        let end = CallEnd::ALL.iter().position(|it| *it == call.end);
        self.branch.push(call.branch);
        self.label.push(call.label);
        self.stage.push(stage);
        self.number.push(call.number);
        self.model.push(model);
        self.end.push(end.unwrap_or_default());
        self.attempts.push(call.attempts);
        self.input.push(call.input_tokens);
        self.cached.push(call.cached_tokens);
        self.output.push(call.output_tokens);
        self.cost.push(call.micro_usd.map_or(UNKNOWN, tenths));
        let timing = call.timing;
        let part =
            |it: fn(&crate::Timing) -> f64| timing.as_ref().map_or(UNKNOWN, |at| tenths(it(at)));
        self.begin.push(part(|it| it.begin));
        self.slot.push(part(|it| it.slot));
        self.rate.push(part(|it| it.rate));
        self.other.push(part(|it| it.other));
        self.retry.push(part(|it| it.retry));
        self.first.push(part(|it| it.first_byte));
        self.rest.push(part(|it| it.rest));
        self.cause.push(cause.map_or(-1, signed));
        self.answer
            .push(call.answer.as_deref().map_or(Value::Null, excerpt));
        self.texts
            .push(place.map_or((-1, -1), |(block, at)| (signed(block), signed(at))));
    }
}

/// Rounds to what a page can show.
fn tenths(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}
