//! A value that is written as a text in a language of its own, kept as it was spelled.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A value and how it was spelled: `threshold:2/3` stays that, and is not rounded.
#[derive(Clone, Debug)]
pub struct Spelled<T> {
    text: String,
    value: T,
}

/// How a value is spelled says what it is.
impl<T> PartialEq for Spelled<T> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl<T> Deref for Spelled<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> fmt::Display for Spelled<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<T: fmt::Display> From<T> for Spelled<T> {
    fn from(value: T) -> Self {
        Self {
            text: value.to_string(),
            value,
        }
    }
}

impl<T: FromStr> FromStr for Spelled<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, T::Err> {
        Ok(Self {
            value: text.parse()?,
            text: text.to_owned(),
        })
    }
}

impl<T> Serialize for Spelled<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de, T: FromStr<Err: fmt::Display>> Deserialize<'de> for Spelled<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OfText(PhantomData))
    }
}

/// Reads a text, and says of a number what is wrong with it as a text: that a unit is missing, say.
struct OfText<T>(PhantomData<T>);

impl<T: FromStr<Err: fmt::Display>> OfText<T> {
    fn of_number<E: de::Error>(number: impl fmt::Display) -> Result<Spelled<T>, E> {
        match number.to_string().parse::<Spelled<T>>() {
            Ok(_) => Err(E::custom(format!(
                "expected a text, \"{number}\", not {number}"
            ))),
            Err(error) => Err(E::custom(error)),
        }
    }
}

impl<T: FromStr<Err: fmt::Display>> de::Visitor<'_> for OfText<T> {
    type Value = Spelled<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
        Self::of_number(number)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
        Self::of_number(number)
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Self::Value, E> {
        Self::of_number(number)
    }
}

impl<T> JsonSchema for Spelled<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Text".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string"})
    }
}
