//! Reads single values as the options of the command line do, from numbers or texts; and tables.
//!
//! serde takes a list for a table, its items for the values in order. A check of the keys by name would not see
//! those, so a list is refused here.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use patterns_job::ByteSize;
use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::{Deserialize, Deserializer, de};

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

pub(super) fn table<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<T, D::Error> {
    Table::deserialize(from).map(|Table(it)| it)
}

pub(super) fn tables<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<BTreeMap<String, T>, D::Error> {
    let tables = BTreeMap::<String, Table<T>>::deserialize(from)?;
    Ok(tables.into_iter().map(|(name, it)| (name, it.0)).collect())
}

/// A table, and no list.
struct Table<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Table<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(Keys(PhantomData)).map(Self)
    }
}

struct Keys<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> de::Visitor<'de> for Keys<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table")
    }

    fn visit_map<A: de::MapAccess<'de>>(self, keys: A) -> Result<T, A::Error> {
        T::deserialize(MapAccessDeserializer::new(keys))
    }
}
