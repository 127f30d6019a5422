//! Reads single values as the options of the command line do, out of numbers or texts.

use std::fmt;
use std::time::Duration;

use patterns_job::ByteSize;
use schemars::JsonSchema;
use serde::{Deserializer, de};

use crate::args::{Concurrency, values};

/// A value that may be written either way.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(
    dead_code,
    reason = "it only names the two forms in the published schema"
)]
pub(super) enum NumberOrText {
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
}

pub(super) fn temperature<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f32>, D::Error> {
    scalar(from, values::temperature)
}

pub(super) fn concurrency<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<Concurrency>, D::Error> {
    scalar(from, values::concurrency)
}

pub(super) fn timeout<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
    scalar(from, values::timeout)
}

pub(super) fn size<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    scalar(from, |text| text.parse().map(|ByteSize(bytes)| bytes))
}

pub(super) fn fan_in<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u32>, D::Error> {
    scalar(from, |text| {
        let number = text.parse().ok().filter(|it| (2..=64).contains(it));
        number.ok_or_else(|| "expected a whole number from 2 to 64".to_owned())
    })
}

pub(super) fn reduce_tokens<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    scalar(from, |text| {
        let number = text.parse().ok().filter(|it| *it >= 100);
        number.ok_or_else(|| "expected a whole number of at least 100".to_owned())
    })
}

/// Reads a number or a text by what reads the same option.
fn scalar<'de, D: Deserializer<'de>, T>(
    from: D,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Option<T>, D::Error> {
    let text = from.deserialize_any(Words)?;
    parse(&text).map(Some).map_err(de::Error::custom)
}

/// Takes what is there as it would be typed.
struct Words;

impl de::Visitor<'_> for Words {
    type Value = String;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number or a text")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<String, E> {
        Ok(text.to_owned())
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<String, E> {
        Ok(number.to_string())
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<String, E> {
        Ok(number.to_string())
    }
}
