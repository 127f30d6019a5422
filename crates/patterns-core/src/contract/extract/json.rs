//! Reads one JSON text, refusing what other readers silently decide for the sender.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value};

use super::number::{Literals, exact};
use crate::contract::Violation;
use crate::pointer::join;

/// The deepest nesting that is accepted.
pub const MAX_DEPTH: usize = 100;

/// Why a text is not taken as JSON.
#[derive(Debug)]
pub(super) enum Unreadable {
    /// It is not JSON; the words say where.
    Syntax(String),
    /// It is JSON, but says two things at once or too much.
    Refused(Violation),
}

/// Reads a JSON text. Two values under one key are refused: which of them was meant is anybody's
/// guess. So is nesting beyond [`MAX_DEPTH`].
///
/// So is a number that would be another one once it is read.
pub(super) fn parse(text: &str) -> Result<Value, Unreadable> {
    let mut reading = Reading {
        refusal: None,
        numbers: Literals::of(text),
        passed: 0,
    };
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let literal = Literal {
        depth: 0,
        reading: &mut reading,
    };
    let value = literal
        .deserialize(&mut deserializer)
        .and_then(|value| deserializer.end().map(|()| value));
    value.map_err(|error| match reading.refusal {
        Some(Refusal { path, message }) => {
            let names: Vec<&str> = path.iter().rev().map(String::as_str).collect();
            Unreadable::Refused(Violation::new(join("", &names), message))
        }
        None => Unreadable::Syntax(error.to_string()),
    })
}

/// Reads a JSON text that is no answer by the same rules.
///
/// # Errors
///
/// Returns what is wrong, with its place.
pub(in crate::contract) fn parse_strictly(text: &str) -> Result<Value, Violation> {
    parse(text).map_err(|error| match error {
        Unreadable::Syntax(message) => Violation::new("", message),
        Unreadable::Refused(violation) => violation,
    })
}

struct Refusal {
    /// Names and numbers of the way to the place, innermost first.
    path: Vec<String>,
    message: String,
}

/// What is known of a text that is being read.
struct Reading<'t> {
    refusal: Option<Refusal>,
    /// The numbers as they are written: of a few it matters, so the others are passed over when one does.
    numbers: Literals<'t>,
    /// How many have been come to since.
    passed: usize,
}

struct Literal<'a, 't> {
    depth: usize,
    reading: &'a mut Reading<'t>,
}

impl<'t> Literal<'_, 't> {
    fn inner<E: Error>(&mut self) -> Result<Literal<'_, 't>, E> {
        if self.depth == MAX_DEPTH {
            return Err(self.refuse(format!("nested more than {MAX_DEPTH} levels deep")));
        }
        Ok(Literal {
            depth: self.depth + 1,
            reading: &mut *self.reading,
        })
    }

    fn refuse<E: Error>(&mut self, message: String) -> E {
        self.reading.refusal = Some(Refusal {
            path: Vec::new(),
            message,
        });
        E::custom("refused")
    }
}

/// Notes, on the way out of a refused value, where it was.
fn locate(reading: &mut Reading<'_>, step: impl ToString) {
    if let Some(refusal) = &mut reading.refusal {
        refusal.path.push(step.to_string());
    }
}

impl<'de> DeserializeSeed<'de> for Literal<'_, '_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Literal<'_, '_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        self.reading.passed += 1;
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        self.reading.passed += 1;
        Ok(Value::from(value))
    }

    fn visit_f64<E: Error>(mut self, _: f64) -> Result<Value, E> {
        let passed = std::mem::take(&mut self.reading.passed);
        let literal = self.reading.numbers.nth(passed).unwrap_or_default();
        // There is no such integer, and what is none is written with a point.
        if literal == "-0" {
            return Ok(Value::from(0));
        }
        match exact(literal).and_then(Number::from_f64) {
            Some(number) => Ok(Value::Number(number)),
            None => Err(self.refuse(format!(
                "a number of more digits than can be kept (15 always can): {literal}"
            ))),
        }
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        loop {
            match items.next_element_seed(self.inner()?) {
                Ok(Some(item)) => list.push(item),
                Ok(None) => return Ok(Value::Array(list)),
                Err(error) => {
                    locate(self.reading, list.len());
                    return Err(error);
                }
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let entry = match map.entry(key) {
                Entry::Vacant(entry) => entry,
                Entry::Occupied(entry) => {
                    return Err(self.refuse(format!("duplicate key {:?}", entry.key())));
                }
            };
            match entries.next_value_seed(self.inner()?) {
                Ok(value) => entry.insert(value),
                Err(error) => {
                    locate(self.reading, entry.key());
                    return Err(error);
                }
            };
        }
        Ok(Value::Object(map))
    }
}
