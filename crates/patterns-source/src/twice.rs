//! Finds a key that an object of a JSON text has twice. Readers of JSON keep the last value and forget the
//! other without a word.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// Returns the first key that is twice in one object, however deep.
pub(crate) fn key_twice(json: &[u8]) -> Option<String> {
    let mut found = None;
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    // What is no JSON has been found out by whoever reads the values.
    let _ = Looking(&mut found).deserialize(&mut deserializer);
    found
}

struct Looking<'a>(&'a mut Option<String>);

impl<'de> DeserializeSeed<'de> for Looking<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Looking<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut keys = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            if self.0.is_none() && keys.contains(&key) {
                *self.0 = Some(key);
            } else {
                keys.insert(key);
            }
            map.next_value_seed(Looking(self.0))?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(Looking(self.0))?.is_some() {}
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_twice_in_one_object_is_found() {
        for (json, expected) in [
            (r#"{"a": 1, "b": 2}"#, None),
            (r#"{"a": 1, "a": 1}"#, Some("a")),
            (r#"{"a": {"a": 1}, "b": [{"a": 1}, {"a": 2}]}"#, None),
            (
                r#"{"a": [1.5, true, null, "x", {"b": 1, "c": 2, "b": 3}]}"#,
                Some("b"),
            ),
            (r#"{"a": 1, "\u0061": -2}"#, Some("a")),
            (r#"{"a": 1, "a": "#, Some("a")),
            ("no JSON", None),
        ] {
            assert_eq!(key_twice(json.as_bytes()).as_deref(), expected, "{json}");
        }
    }
}
