//! What the caller wants to be sent beside ours: headers, and fields of the body.
//!
//! A field that is ours is refused before anything is sent, also within a table: it would replace what the
//! run is told to ask, and the answers would be recorded under another request than was sent. Names are
//! compared without regard to case and underscores, since Google's API takes `candidate_count` for
//! `candidateCount`.

use http::{HeaderMap, HeaderName, HeaderValue};
use patterns_core::ModelId;
use secrecy::{ExposeSecret, SecretString};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use super::facts::KeyGoes;
use super::transport::CALL_KEY_HEADER;
use crate::connect_error::{ConnectError, ConnectErrorKind};

/// Headers that are ours, or the client's.
const OUR_HEADERS: [&str; 7] = [
    "authorization",
    "accept-encoding",
    "content-length",
    "content-type",
    "host",
    "transfer-encoding",
    CALL_KEY_HEADER,
];

/// Fields that are ours, in whatever dialect. `n`, `best_of` and `candidateCount` would pay for answers that
/// nobody reads, `tools` make answers that nobody carries out, and `truncate` and `shift` cut what is read.
const OUR_FIELDS: [&str; 34] = [
    "model",
    "messages",
    "contents",
    "system",
    "systemInstruction",
    "response_format",
    "format",
    "output_format",
    "output_config.format",
    "temperature",
    "max_completion_tokens",
    "max_tokens",
    "seed",
    "stream",
    "stream_options",
    "n",
    "best_of",
    "tools",
    "tool_choice",
    "functions",
    "function_call",
    "truncate",
    "shift",
    "options.num_predict",
    "options.temperature",
    "options.seed",
    "generationConfig.responseMimeType",
    "generationConfig.responseSchema",
    "generationConfig.responseJsonSchema",
    "generationConfig.temperature",
    "generationConfig.maxOutputTokens",
    "generationConfig.seed",
    "generationConfig.candidateCount",
    "toolConfig",
];

/// What in the name of a header says that its value is a key.
const SECRET: [&str; 5] = ["key", "token", "auth", "secret", "cookie"];

/// What is sent with every request beside ours.
#[derive(Default)]
pub(crate) struct Beside {
    headers: HeaderMap,
    fields: Map<String, Value>,
    /// The values of headers that are keys.
    pub(super) secrets: Vec<SecretString>,
}

impl Beside {
    /// Checks what is to be sent.
    ///
    /// # Errors
    ///
    /// Returns an error that names the header or the field, and never a value.
    pub(crate) fn new(
        headers: &[(String, SecretString)],
        fields: Map<String, Value>,
        key_goes: KeyGoes,
    ) -> Result<Self, ConnectError> {
        if let Some(why) = OUR_FIELDS.iter().find_map(|it| clash(&fields, it)) {
            let message = format!("the field {why}");
            return Err(ConnectError::new(ConnectErrorKind::ReservedField, message));
        }
        let mut beside = Self {
            fields,
            ..Self::default()
        };
        for (name, value) in headers {
            let (name, value) = (header_name(name, key_goes)?, header_value(name, value)?);
            beside.headers.insert(name, value);
        }
        let is_secret = |name: &str| SECRET.iter().any(|it| name.to_lowercase().contains(it));
        let secrets = headers.iter().filter(|(name, _)| is_secret(name));
        beside.secrets = secrets.flat_map(|(_, value)| keys_in(value)).collect();
        Ok(beside)
    }

    /// Adds the headers to ours.
    pub(crate) fn among(&self, mut ours: HeaderMap) -> HeaderMap {
        ours.extend(self.headers.clone());
        ours
    }

    /// Adds the fields to a body. Tables are merged; of a value that is in both, theirs is sent.
    pub(super) fn added_to(&self, body: Box<RawValue>) -> Box<RawValue> {
        if self.fields.is_empty() {
            return body;
        }
        let Ok(Value::Object(mut all)) = serde_json::from_str(body.get()) else {
            return body;
        };
        merge(&mut all, &self.fields);
        to_raw_value(&all).unwrap_or(body)
    }

    /// Returns the size of the context that the fields ask for, by Ollama's name; a size of ours is then
    /// not sent.
    pub(super) fn num_ctx(&self) -> Option<u64> {
        self.fields.get("options")?.get("num_ctx")?.as_u64()
    }

    /// Makes the fields a part of the identity of a model, in one spelling.
    pub(crate) fn named(&self, id: ModelId) -> ModelId {
        if self.fields.is_empty() {
            return id;
        }
        let mut fields = Value::Object(self.fields.clone());
        fields.sort_all_objects();
        id.with_extra(fields.to_string())
    }
}

/// Says why fields cannot be added beside one of ours, which is named with the table that it is in.
fn clash(fields: &Map<String, Value>, ours: &str) -> Option<String> {
    let (table, inner) = match ours.split_once('.') {
        Some((table, inner)) => (table, Some(inner)),
        None => (ours, None),
    };
    let (name, value) = fields.iter().find(|(name, _)| is_same(name, table))?;
    let Some(inner) = inner else {
        return Some(set_elsewhere(name));
    };
    let Value::Object(values) = value else {
        return Some(format!("`{name}` has to be a table"));
    };
    if name != table {
        return Some(format!("`{name}` is written `{table}`"));
    }
    let inner = values.keys().find(|it| is_same(it, inner))?;
    Some(set_elsewhere(&format!("{name}.{inner}")))
}

fn set_elsewhere(name: &str) -> String {
    format!("`{name}` cannot be added to requests: it is set elsewhere")
}

fn is_same(one: &str, other: &str) -> bool {
    let letters = |name: &str| name.replace('_', "").to_lowercase();
    letters(one) == letters(other)
}

fn merge(ours: &mut Map<String, Value>, theirs: &Map<String, Value>) {
    for (name, value) in theirs {
        match (ours.get_mut(name), value) {
            (Some(Value::Object(ours)), Value::Object(theirs)) => merge(ours, theirs),
            _ => {
                ours.insert(name.clone(), value.clone());
            }
        }
    }
}

/// Returns what of a header's value a provider may quote: all of it as it is sent, and the key alone,
/// behind the scheme (`Bearer …`) or the name of a cookie.
fn keys_in(value: &SecretString) -> Vec<SecretString> {
    let whole = value.expose_secret().trim();
    let behind_scheme = whole
        .split_once(char::is_whitespace)
        .map(|(_, key)| key.trim());
    let cookies = whole.split(';').filter_map(|it| it.split_once('='));
    let cookies = cookies.map(|(_, key)| key.trim());
    let keys = [whole].into_iter().chain(behind_scheme).chain(cookies);
    let keys = keys.filter(|it| !it.is_empty());
    keys.map(SecretString::from).collect()
}

fn header_name(name: &str, key_goes: KeyGoes) -> Result<HeaderName, ConnectError> {
    let refused = |why| {
        let message = format!("the header {name:?} {why}");
        ConnectError::new(ConnectErrorKind::InvalidHeader, message)
    };
    let header = HeaderName::try_from(name).map_err(|_| refused("has no name of a header"))?;
    let is_of_key = matches!(key_goes, KeyGoes::In(name) | KeyGoes::InUnlessSigned(name) if name == header.as_str());
    match is_of_key || OUR_HEADERS.contains(&header.as_str()) {
        true => Err(refused("is set elsewhere")),
        false => Ok(header),
    }
}

fn header_value(name: &str, value: &SecretString) -> Result<HeaderValue, ConnectError> {
    let mut value = HeaderValue::from_str(value.expose_secret().trim()).map_err(|_| {
        let message = format!("the header {name:?} has characters that no header can carry");
        ConnectError::new(ConnectErrorKind::InvalidHeader, message)
    })?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn beside(header: (&str, &str), fields: &Value) -> Result<Beside, ConnectError> {
        let header = (header.0.to_owned(), header.1.into());
        let fields = fields.as_object().unwrap().clone();
        Beside::new(&[header], fields, KeyGoes::In("x-api-key"))
    }

    #[test]
    fn what_is_ours_or_cannot_be_sent_is_refused() {
        for (header, fields, says) in [
            (("x y", "1"), json!({}), "has no name"),
            (("Authorization", "canary"), json!({}), "is set elsewhere"),
            (("X-API-Key", "canary"), json!({}), "is set elsewhere"),
            (("x-y", "can\nary"), json!({}), "characters"),
            (("x-y", "1"), json!({"messages": []}), "`messages` cannot"),
            (("x-y", "1"), json!({"n": 2}), "`n` cannot"),
            (("x-y", "1"), json!({"tools": []}), "`tools` cannot"),
        ] {
            let error = beside(header, &fields).err().unwrap().to_string();
            assert!(error.contains(says) && !error.contains("nary"), "{error}");
        }
    }

    #[test]
    fn fields_within_a_table_of_ours_are_refused_by_name() {
        for (fields, says) in [
            (json!({"options": {"seed": 1}}), "`options.seed` cannot"),
            (
                json!({"options": {"num_predict": 1}}),
                "`options.num_predict`",
            ),
            (json!({"options": 3}), "`options` has to be a table"),
            (
                json!({"generationConfig": {"candidateCount": 2}}),
                "`generationConfig.candidateCount` cannot",
            ),
            (
                json!({"generationConfig": {"candidate_count": 2}}),
                "`generationConfig.candidate_count` cannot",
            ),
            (
                json!({"generation_config": {"topK": 2}}),
                "`generation_config` is written `generationConfig`",
            ),
            (
                json!({"system_instruction": {}}),
                "`system_instruction` cannot",
            ),
            (
                json!({"output_config": {"format": {}}}),
                "`output_config.format`",
            ),
        ] {
            let error = beside(("x-y", "1"), &fields).err().unwrap();
            assert_eq!(error.kind(), ConnectErrorKind::ReservedField, "{fields}");
            assert!(error.to_string().contains(says), "{error}");
        }
        for fields in [
            json!({"options": {"num_ctx": 8192, "top_k": 3}, "think": true, "top_p": 0.9}),
            json!({"generationConfig": {"thinkingConfig": {"thinkingBudget": 0}, "topK": 1}}),
            json!({"output_config": {"effort": "low"}}),
        ] {
            assert!(beside(("x-y", "1"), &fields).is_ok(), "{fields}");
        }
    }

    #[test]
    fn fields_are_part_of_the_identity_in_one_spelling() {
        let named = |fields| {
            let beside = beside(("x-y", "1"), &fields).unwrap();
            beside.named(ModelId::new("p", "m")).extra
        };
        let one = named(json!({"b": {"d": 1, "c": 2}, "a": 3}));
        assert_eq!(one.as_deref(), Some(r#"{"a":3,"b":{"c":2,"d":1}}"#));
        assert_eq!(one, named(json!({"a": 3, "b": {"c": 2, "d": 1}})));
        assert_eq!(named(json!({})), None);
    }

    #[test]
    fn fields_are_added_to_a_body_table_by_table() {
        let fields = json!({"options": {"num_ctx": 8192}, "think": false});
        let beside = beside(("x-y", "1"), &fields).unwrap();
        let body = to_raw_value(&json!({"model": "m", "options": {"seed": 1, "num_ctx": 1}}));
        assert_eq!(
            beside.added_to(body.unwrap()).get(),
            r#"{"model":"m","options":{"seed":1,"num_ctx":8192},"think":false}"#
        );
    }

    #[test]
    fn only_the_values_of_headers_that_carry_keys_are_secret_whole_and_without_their_scheme() {
        let secrets = |name, value| {
            let secrets = beside((name, value), &json!({})).unwrap().secrets;
            let secrets = secrets.iter().map(|it| it.expose_secret().to_owned());
            secrets.collect::<Vec<_>>()
        };
        for (name, value, hidden) in [
            ("Api-Key", " v\n", vec!["v"]),
            ("X-Title", "v", vec![]),
            ("X-Auth", "Bearer  sk-1 ", vec!["Bearer  sk-1", "sk-1"]),
            ("Cookie", "a=1; b=22", vec!["a=1; b=22", "b=22", "1", "22"]),
        ] {
            assert_eq!(secrets(name, value), hidden, "{name}");
        }
    }
}
