//! The contract itself: made from a Rust type or a JSON Schema, it turns text into typed values.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use jsonschema::{PatternOptions, Validator};
use schemars::generate::SchemaSettings;
use schemars::transform::Transform;
use schemars::{JsonSchema, Schema};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use serde_path_to_error::Segment;

use super::document_tags;
use super::error::{ContractError, in_words};
use super::extract::{self, Candidate, Fix, parse_strictly};
use super::informing::Informing;
use super::normal::normal;
use super::optional::{Stranger, has_optional, remove_absent};
use super::recursion::Recursion;
use super::rejection::{Rejection, Violation};
use super::strict::{Strict, endless};
use crate::AnswerSchema;
use crate::pointer::join;

/// What an answer must be: a JSON Schema to send, and a decoder that accepts nothing else.
///
/// ```
/// use patterns_core::Contract;
///
/// #[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
/// struct Verdict {
///     reasoning: String,
///     guilty: bool,
/// }
///
/// let contract = Contract::of::<Verdict>()?;
/// let verdict = contract.decode(r#"{"reasoning": "He was seen.", "guilty": true}"#).unwrap();
/// assert!(verdict.value.guilty);
///
/// let rejection = contract.decode(r#"{"reasoning": "", "guilty": "yes"}"#).unwrap_err();
/// assert_eq!(rejection.violations[0].pointer, "/guilty");
/// # Ok::<(), patterns_core::ContractError>(())
/// ```
pub struct Contract<T = Value> {
    sent: Arc<AnswerSchema>,
    schema: Arc<Value>,
    has_optional: bool,
    validator: Arc<Validator>,
    recursion: Recursion,
    informing: Informing,
    mends: Vec<Arc<Mend>>,
    checks: Vec<Arc<Check<T>>>,
    answers: PhantomData<fn() -> T>,
}

type Mend = dyn Fn(&mut Value) + Send + Sync;
type Check<T> = dyn Fn(&T) -> Vec<Violation> + Send + Sync;

/// An accepted answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded<T> {
    /// The value.
    pub value: T,
    /// What had to be mended to read it.
    pub fixes: Vec<Fix>,
}

/// The constructors; see there for the type of the answers they accept.
impl Contract {
    /// Makes a contract from a Rust type.
    ///
    /// Doc comments become descriptions, and properties keep their declared order, so that a
    /// `reasoning` field before an `answer` field makes the model reason first.
    ///
    /// # Errors
    ///
    /// Returns a [`ContractError`] if the type has no strict form (maps, tuples, free values).
    pub fn of<T: JsonSchema + DeserializeOwned>() -> Result<Contract<T>, ContractError> {
        Self::of_amended(|_| ())
    }

    /// Makes a contract from a Rust type whose schema `amend` narrows, say to options known only
    /// at run time.
    ///
    /// # Errors
    ///
    /// As [`of`](Self::of).
    pub fn of_amended<T: JsonSchema + DeserializeOwned>(
        amend: impl FnOnce(&mut Value),
    ) -> Result<Contract<T>, ContractError> {
        let settings = SchemaSettings::draft2020_12().for_deserialize();
        let mut schema = settings
            .into_generator()
            .into_root_schema_for::<T>()
            .to_value();
        amend(&mut schema);
        Contract::from_parts(&T::schema_name(), schema)
    }

    /// Makes a contract from a JSON Schema known only at run time; the answers stay JSON values.
    ///
    /// # Errors
    ///
    /// Returns a [`ContractError`] if the schema is invalid, is not an object, refers to other
    /// documents or has no strict form.
    pub fn from_schema(schema: Value) -> Result<Self, ContractError> {
        let title = schema.get("title").and_then(Value::as_str);
        let name = title.unwrap_or("answer").to_owned();
        Self::from_parts(&name, schema)
    }
}

/// Reads the text of a JSON Schema, which a contract can be made from.
///
/// # Errors
///
/// Returns what is wrong, with its place: no JSON, or two values under one key, of which other
/// readers take the last.
pub fn parse_schema(text: &str) -> Result<Value, Violation> {
    parse_strictly(text.strip_prefix('\u{feff}').unwrap_or(text))
}

impl<T> Contract<T> {
    /// Mends answers before they are validated, where what is meant is beyond doubt: an option in
    /// other letters, a number in quotes. What is sent stays the same.
    #[must_use]
    pub fn mended_by(mut self, mend: impl Fn(&mut Value) + Send + Sync + 'static) -> Self {
        self.mends.push(Arc::new(mend));
        self
    }

    /// Adds a rule that a schema cannot express; it returns what is wrong.
    #[must_use]
    pub fn check<F>(mut self, check: F) -> Self
    where
        F: Fn(&T) -> Vec<Violation> + Send + Sync + 'static,
    {
        self.checks.push(Arc::new(check));
        self
    }

    /// Returns the strict schema that is sent to models.
    pub fn schema(&self) -> &Arc<AnswerSchema> {
        &self.sent
    }
}

impl<T: DeserializeOwned> Contract<T> {
    fn from_parts(name: &str, schema: Value) -> Result<Self, ContractError> {
        let mut schema = normal(schema);
        let informing = Informing::take(&mut schema);
        let mut strict = Strict::default();
        let mut sent = schema.clone();
        informing.demand(&mut sent);
        let mut sent = Schema::try_from(sent)
            .map_err(|_| ContractError::one("", "a schema is a JSON object"))?;
        let mut closed = sent.clone();
        strict.transform(&mut sent);
        if !strict.problems.is_empty() {
            return Err(ContractError::new(strict.problems));
        }
        let mut open = Strict {
            keeps_optional: true,
            ..Strict::default()
        };
        open.transform(&mut closed);
        if let Some(place) = endless(&schema) {
            let message = "needs another of itself within, without an end, so no value fits; \
                make a field on the way optional, or let it be null";
            return Err(ContractError::one(&place, message));
        }
        let validator = compile(&schema)?;
        let sent = AnswerSchema::new(schema_name(name), sent.to_value());
        Ok(Self {
            sent: Arc::new(sent.with_closed(closed.to_value())),
            recursion: Recursion::of(&schema),
            informing,
            has_optional: has_optional(&schema),
            schema: Arc::new(schema),
            validator: Arc::new(validator),
            mends: Vec::new(),
            checks: Vec::new(),
            answers: PhantomData,
        })
    }

    /// Reads an answer: finds the JSON, mends small damage, validates, decodes and checks it.
    ///
    /// # Errors
    ///
    /// Returns a [`Rejection`] that lists what is wrong.
    pub fn decode(&self, text: &str) -> Result<Decoded<T>, Rejection> {
        let mut candidates = extract::candidates(text)?;
        if candidates.len() == 1
            && let Some(only) = candidates.pop()
        {
            return self.accept(only);
        }
        let mut rejection = None;
        let mut accepted: Option<(Value, Decoded<T>)> = None;
        // An answer is an object; the `[1]` of a citation is not what went wrong.
        for candidate in candidates.into_iter().filter(|it| it.value.is_object()) {
            let value = candidate.value.clone();
            match (self.accept(candidate), &accepted) {
                (Ok(decoded), None) => accepted = Some((value, decoded)),
                // `{}` says nothing, where something else is said.
                (Ok(decoded), Some((first, _))) if is_empty(first) => {
                    accepted = Some((value, decoded));
                }
                (Ok(_), Some(_)) if is_empty(&value) => {}
                (Ok(_), Some(_)) => return Err(Rejection::one("", TWO_ANSWERS)),
                // What comes last is meant, and all before it was a draft.
                (Err(it), Some(_)) if self.is_meant(&value) => return Err(it),
                (Err(it), _) => _ = rejection.get_or_insert(it),
            }
        }
        match accepted {
            Some((_, decoded)) => Ok(decoded),
            None => Err(rejection.unwrap_or_else(|| Rejection::one("", NO_OBJECT))),
        }
    }

    /// Returns whether `value` has a name in it that was asked for.
    fn is_meant(&self, value: &Value) -> bool {
        let properties = self.sent.schema().get("properties");
        let names = value.as_object().into_iter().flatten();
        names
            .into_iter()
            .any(|(name, _)| properties.is_some_and(|it| it.get(name).is_some()))
    }

    fn accept(&self, candidate: Candidate) -> Result<Decoded<T>, Rejection> {
        let Candidate {
            mut value,
            mut fixes,
        } = candidate;
        if !value.is_object() {
            return Err(Rejection::one("", NO_OBJECT));
        }
        let strangers = match self.has_optional {
            true => remove_absent(&mut value, &self.schema),
            false => Vec::new(),
        };
        if document_tags::remove(&mut value) {
            fixes.push(Fix::DocumentTags);
        }
        self.mends.iter().for_each(|mend| mend(&mut value));
        if self.informing.mend(&mut value) {
            fixes.push(Fix::OutOfRange);
        }
        if !self.validator.is_valid(&value) {
            return Err(self.rejection(&value));
        }
        if !strangers.is_empty() {
            return Err(of_strangers(&strangers));
        }
        self.typed(value, fixes)
    }

    /// Says where and how an invalid answer breaks the schema.
    fn rejection(&self, answer: &Value) -> Rejection {
        if self.recursion.is_costly(answer) {
            let message = "does not match the schema, and is nested too deeply to say where";
            return Rejection::one("", message);
        }
        let errors = self.validator.iter_errors(answer).take(Rejection::MAX);
        let violations = errors
            .map(|error| Violation::quoting(error.instance_path().to_string(), &error))
            .collect();
        Rejection { violations }
    }

    fn typed(&self, value: Value, fixes: Vec<Fix>) -> Result<Decoded<T>, Rejection> {
        // What keeps the schema nearly always is of the type; where it is not, it is read once more for the place.
        let value = T::deserialize(&value).or_else(|_| {
            serde_path_to_error::deserialize(value).map_err(|error| {
                let names = error.path().iter().map(segment_name);
                Rejection::one(join("", names), error.into_inner().to_string())
            })
        })?;
        let mut violations: Vec<Violation> =
            self.checks.iter().flat_map(|check| check(&value)).collect();
        violations.truncate(Rejection::MAX);
        if !violations.is_empty() {
            return Err(Rejection { violations });
        }
        Ok(Decoded { value, fixes })
    }
}

const NO_OBJECT: &str = "the answer must be a JSON object";

const TWO_ANSWERS: &str = "there are two different answers; give only the one that is meant";

fn is_empty(value: &Value) -> bool {
    value.as_object().is_some_and(Map::is_empty)
}

fn of_strangers(strangers: &[Stranger]) -> Rejection {
    let strangers = strangers.iter().take(Rejection::MAX);
    let violations = strangers.map(|it| {
        let known = it.known.join(", ");
        let message = format!("has none of the properties that are asked for: {known}");
        Violation::new(it.pointer.as_str(), message)
    });
    Rejection {
        violations: violations.collect(),
    }
}

/// Compiles a schema for validation. Patterns run in linear time, or, where one looks around,
/// within a bounded number of steps; and nothing is ever fetched: the answers held against it are
/// hostile, and so may be the schema.
fn compile(schema: &Value) -> Result<Validator, ContractError> {
    let options = || jsonschema::options().should_validate_formats(true);
    let linear = options().with_pattern_options(PatternOptions::regex());
    let built = linear.build(schema).or_else(|error| {
        if !error.instance_path().to_string().ends_with("/pattern") {
            return Err(error);
        }
        let bounded = PatternOptions::fancy_regex().backtrack_limit(MAX_BACKTRACKS);
        options().with_pattern_options(bounded).build(schema)
    });
    built.map_err(|error| {
        let place = error.instance_path().to_string();
        ContractError::one(&place, in_words(schema, &place, error.to_string()))
    })
}

/// The most steps back that matching one pattern may take.
const MAX_BACKTRACKS: usize = 100_000;

fn segment_name(segment: &Segment) -> String {
    match segment {
        Segment::Seq { index } => index.to_string(),
        Segment::Map { key } => key.clone(),
        Segment::Enum { variant } => variant.clone(),
        Segment::Unknown => "?".to_owned(),
    }
}

/// Returns a name that every provider accepts: letters, digits, `_`, `-`, at most 64 bytes.
fn schema_name(title: &str) -> String {
    let is_allowed = |it: char| it.is_ascii_alphanumeric() || it == '_' || it == '-';
    let name: String = title
        .chars()
        .map(|it| if is_allowed(it) { it } else { '_' })
        .take(64)
        .collect();
    if name.is_empty() {
        "answer".to_owned()
    } else {
        name
    }
}

impl<T> Clone for Contract<T> {
    fn clone(&self) -> Self {
        Self {
            sent: Arc::clone(&self.sent),
            schema: Arc::clone(&self.schema),
            validator: Arc::clone(&self.validator),
            recursion: self.recursion,
            has_optional: self.has_optional,
            informing: self.informing.clone(),
            mends: self.mends.clone(),
            checks: self.checks.clone(),
            answers: PhantomData,
        }
    }
}

impl<T> fmt::Debug for Contract<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contract")
            .field("sent", &self.sent)
            .field("checks", &self.checks.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
