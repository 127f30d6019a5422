//! Gleaning: asks an agent again for what its answer has missed, until nothing new comes, or says why its schema
//! does not allow that.
//!
//! A follow-up asks for lists only, without their `minItems`: all else was answered, and who has missed
//! nothing must be able to say so. Lists with a `maxItems` are left alone, since what is added could
//! break the user's schema.
//!
//! The follow-up rounds of `GraphRAG` (2404.16130) and `DocETL` (2410.12189).

use std::collections::HashSet;
use std::sync::Arc;

use patterns_core::text::{canonical, normalise};
use patterns_core::{
    Agent, AgentError, Answer, BoxFuture, Contract, Document, Model, Part, Prompt, SchemaView,
    Scope,
};
use patterns_parallel::map_reduce::{DOCUMENT_INSTRUCTIONS, document_agent};
use patterns_parallel::{AgentOptions, RunError};
use serde_json::{Map, Value};

/// Works on a document, then asks what was missed, up to a number of rounds or until nothing new
/// comes; for answers with lists, such as extracted records.
///
/// What a follow-up adds to the lists of the answer is united with them, each item once, whatever its
/// spelling; all else stays as first answered. A follow-up that fails fails the step: an answer that
/// was to be completed and wasn't is not passed off as one that was. What was answered before is in
/// the store, if there is one, and isn't paid for again.
#[derive(Clone, Debug)]
pub(crate) struct Glean {
    first: Arc<dyn Agent<Document, Value>>,
    more: Arc<dyn Agent<GleanTask, Value>>,
    rounds: u32,
}

impl Glean {
    /// Makes it of an agent that works on documents, and one that says what was missed.
    fn new(
        first: impl Agent<Document, Value> + 'static,
        more: impl Agent<GleanTask, Value> + 'static,
    ) -> Self {
        Self {
            first: Arc::new(first),
            more: Arc::new(more),
            rounds: 1,
        }
    }

    /// Makes it of a model and the schema of the answers. Follow-ups ask for the lists among the
    /// fields of an answer, and only for those; not for lists with a `maxItems`, which could grow
    /// beyond it.
    pub(crate) fn with_model(
        model: Arc<dyn Model>,
        schema: &Value,
        options: &AgentOptions,
    ) -> Result<Self, RunError> {
        let (contract, follow_up) = contracts(schema)?;
        // The same instructions for all keep the beginning of the requests the same.
        let first = document_agent(Arc::clone(&model), contract, options);
        let more = options.agent(model, DOCUMENT_INSTRUCTIONS, follow_up);
        Ok(Self::new(first, more))
    }

    /// Says whether answers of a schema can be gleaned.
    pub(crate) fn check(schema: &Value) -> Result<(), RunError> {
        contracts(schema).map(|_| ())
    }

    /// Sets how often it is asked at most what was missed; once if not set.
    #[must_use]
    pub(crate) fn rounds(mut self, most: u32) -> Self {
        self.rounds = most;
        self
    }

    async fn glean(&self, document: &Document, scope: Scope) -> Result<Answer<Value>, AgentError> {
        let mut answer = self.first.run(document, scope.clone()).await?;
        let mut found = std::mem::take(&mut answer.value);
        for _ in 0..self.rounds {
            let task = GleanTask {
                document: document.clone(),
                found: found.clone(),
            };
            let more = self.more.run(&task, scope.clone()).await;
            let more = more.map_err(|error| error.after(answer.usage))?;
            if merge(&mut found, answer.join(more)) == 0 {
                break;
            }
        }
        Ok(answer.map(|_| found))
    }
}

/// Returns the contracts of the first answer and of follow-ups.
fn contracts(schema: &Value) -> Result<(Contract<Value>, Contract<Value>), RunError> {
    const NO_LIST: &str =
        "no field of the answers is a list without maxItems, so nothing can be added to them";
    let contract = |schema| {
        Contract::from_schema(schema)
            .map_err(|error| RunError::Part(format!("the schema makes no contract: {error}")))
    };
    let first = contract(schema.clone())?;
    let follow_up = follow_up_schema(schema).ok_or_else(|| RunError::Part(NO_LIST.to_owned()))?;
    Ok((first, contract(follow_up)?))
}

impl Agent<Document, Value> for Glean {
    fn run<'a>(
        &'a self,
        document: &'a Document,
        scope: Scope,
    ) -> BoxFuture<'a, Result<Answer<Value>, AgentError>> {
        Box::pin(self.glean(document, scope))
    }
}

/// Asks what was missed in a document.
#[derive(Clone, Debug)]
struct GleanTask {
    document: Document,
    /// What was found in it so far.
    found: Value,
}

impl From<&GleanTask> for Prompt {
    fn from(task: &GleanTask) -> Self {
        let found = serde_json::to_string_pretty(&task.found).unwrap_or_default();
        // The document first, as in the first question, so that a provider can serve it from its cache.
        Self::new([
            Part::Document(task.document.clone()),
            Part::text("This was found in it so far:"),
            Part::Document(Document::new("found", found)),
            Part::text(
                "What was missed? Go through the document again, and answer only with what it says and \
                 what is not among what was found. If nothing was missed, every list is empty.",
            ),
        ])
    }
}

/// Returns the schema of what may have been missed; `None` if answers of `schema` have no list of
/// their own that can grow.
///
/// Only the fields that are lists without a longest length are in it, since nothing else can be added
/// to; and they may be empty, or a model that has missed nothing would have to invent something.
fn follow_up_schema(schema: &Value) -> Option<Value> {
    let properties = SchemaView::new(schema).properties();
    let lists = properties.into_iter().filter_map(|(name, property)| {
        let alternatives: Vec<SchemaView<'_>> = property.alternatives().collect();
        let views = std::iter::once(&property).chain(&alternatives);
        let mut schemas = views.flat_map(SchemaView::schemas);
        Some((name.to_owned(), schemas.find_map(|it| own_list(it))?))
    });
    let lists: Map<String, Value> = lists.collect();
    if lists.is_empty() {
        return None;
    }
    let required: Vec<Value> = lists.keys().cloned().map(Value::String).collect();
    let mut follow_up = schema.as_object()?.clone();
    let title = schema
        .get("title")
        .and_then(Value::as_str)
        .unwrap_or("answer");
    follow_up.insert("title".to_owned(), Value::String(format!("{title}_missed")));
    follow_up.insert("properties".to_owned(), Value::Object(lists));
    follow_up.insert("required".to_owned(), Value::Array(required));
    for rule in [
        "$ref",
        "minProperties",
        "dependentRequired",
        "allOf",
        "anyOf",
        "oneOf",
        "if",
        "then",
        "else",
    ] {
        follow_up.remove(rule);
    }
    Some(Value::Object(follow_up))
}

/// Returns the schema of a list that may be empty, if `schema` is one of a list that can grow.
fn own_list(schema: &Value) -> Option<Value> {
    let mut list = schema.as_object()?.clone();
    let is_list = match list.get("type")? {
        Value::String(name) => name == "array",
        Value::Array(names) => names.iter().any(|it| it == "array"),
        _ => false,
    };
    // What has a bound could grow beyond it.
    let is_bounded = ["maxItems", "maxContains", "prefixItems"].map(|it| list.contains_key(it));
    if !is_list || is_bounded.contains(&true) {
        return None;
    }
    list.insert("type".to_owned(), Value::String("array".to_owned()));
    for rule in ["minItems", "contains", "minContains", "default"] {
        list.remove(rule);
    }
    Some(Value::Object(list))
}

/// Adds to the lists of `found` what is new in those of `more`, and returns how many items that were.
///
/// Items are equal if they differ in spelling, in the order of their fields, or in how a number is
/// written. All else in `found` stays as it is.
fn merge(found: &mut Value, more: Value) -> usize {
    let (Value::Object(found), Value::Object(more)) = (found, more) else {
        return 0;
    };
    let mut new = 0;
    for (name, more) in more {
        let Value::Array(more) = more else { continue };
        match found.get_mut(&name) {
            Some(Value::Array(list)) => new += unite(list, more),
            Some(Value::Null) | None => {
                let mut list = Vec::new();
                if unite(&mut list, more) > 0 {
                    new += list.len();
                    found.insert(name, Value::Array(list));
                }
            }
            Some(_) => {}
        }
    }
    new
}

fn unite(list: &mut Vec<Value>, more: Vec<Value>) -> usize {
    let mut known: HashSet<String> = list.iter().filter_map(identity).collect();
    let before = list.len();
    for item in more {
        if identity(&item).is_some_and(|it| known.insert(it)) {
            list.push(item);
        }
    }
    list.len() - before
}

/// Returns the form in which items are compared; `None` for what says nothing.
fn identity(item: &Value) -> Option<String> {
    match item {
        Value::Null => None,
        Value::String(text) if normalise(text).is_none() => None,
        _ => Some(canonical(item)),
    }
}

#[cfg(test)]
mod tests;
