//! Plans how to fill an answer's schema by quoting, or finds the first field that needs a model.

use patterns_core::{SchemaKind, SchemaView, pointer};
use serde_json::Value;

use super::fields::{Quoting, quoting};

/// References and objects are followed no deeper than this.
const MAX_DEPTH: usize = 32;

/// An answer has no more fields than this.
const MAX_FIELDS: usize = 1_000;

/// How to fill a part of the answer.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Plan {
    /// The one value that the schema allows.
    Constant(Value),
    /// A text of quotations, of so many characters.
    Text {
        quoting: Quoting,
        pointer: String,
        chars: (usize, usize),
    },
    /// A list of so many quotations, each of so many characters.
    List {
        quoting: Quoting,
        pointer: String,
        items: (usize, Option<usize>),
        chars: (usize, usize),
    },
    /// A list of at most so many citations: what was quoted so far, with the documents it is from.
    Citations(usize),
    /// An object, its properties in declared order.
    Object(Vec<(String, Self)>),
}

impl Plan {
    /// Returns whether any part is quoted, so that there must be something to quote from.
    pub(super) fn quotes(&self) -> bool {
        match self {
            Self::Constant(_) => false,
            Self::Text { .. } | Self::List { .. } | Self::Citations(_) => true,
            Self::Object(properties) => properties.iter().any(|(_, plan)| plan.quotes()),
        }
    }
}

/// A field that cannot be filled by quoting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Obstacle {
    /// Where in the answer, as a JSON pointer.
    pub(super) pointer: String,
    /// What it would take, as the end of a sentence about the field.
    pub(super) reason: &'static str,
}

impl Obstacle {
    pub(super) fn new(pointer: &str, reason: &'static str) -> Self {
        Self {
            pointer: pointer.to_owned(),
            reason,
        }
    }
}

/// Plans an answer to `schema`.
///
/// # Errors
///
/// Returns the first field, in declared order, that needs judgement.
pub(super) fn plan(schema: &Value) -> Result<Plan, Obstacle> {
    let mut planner = Planner {
        fields_left: MAX_FIELDS,
    };
    planner.plan(&SchemaView::new(schema), "", "", 0)
}

const JUDGEMENT: &str = "needs judgement";
const TOO_DEEP: &str = "is nested too deeply to be filled with quotations";

/// What a quotation would meet by chance only.
const DEMANDS: [&str; 5] = ["pattern", "format", "not", "prefixItems", "contains"];

struct Planner {
    fields_left: usize,
}

impl Planner {
    fn plan(
        &mut self,
        schema: &SchemaView<'_>,
        name: &str,
        pointer: &str,
        depth: usize,
    ) -> Result<Plan, Obstacle> {
        let left = self.fields_left.checked_sub(1);
        self.fields_left = left.ok_or_else(|| Obstacle::new(pointer, TOO_DEEP))?;
        if depth > MAX_DEPTH {
            return Err(Obstacle::new(pointer, TOO_DEEP));
        }
        if let Some(value) = only_value(schema) {
            return Ok(Plan::Constant(value.clone()));
        }
        let plan = match schema.kind() {
            _ if !is_free(schema) => Err(Obstacle::new(pointer, JUDGEMENT)),
            SchemaKind::Object => self.object(schema, pointer, depth),
            SchemaKind::Text => text(schema, name, pointer),
            SchemaKind::List => list(schema, name, pointer),
            _ => Err(Obstacle::new(pointer, JUDGEMENT)),
        }?;
        // Null would claim that there is nothing to say, so only what is quoted can stand there.
        match schema.is_nullable() && !plan.quotes() {
            true => Err(Obstacle::new(pointer, JUDGEMENT)),
            false => Ok(plan),
        }
    }

    fn object(
        &mut self,
        schema: &SchemaView<'_>,
        pointer: &str,
        depth: usize,
    ) -> Result<Plan, Obstacle> {
        let is_closed = schema.additional().is_none();
        if schema.keyword("properties").next().is_none() && !is_closed {
            return Err(Obstacle::new(pointer, JUDGEMENT));
        }
        let properties = schema.properties().into_iter().map(|(name, property)| {
            let inner = pointer::join(pointer, [name]);
            let plan = self.plan(&property, name, &inner, depth + 1)?;
            Ok((name.to_owned(), plan))
        });
        Ok(Plan::Object(properties.collect::<Result<_, _>>()?))
    }
}

fn list(schema: &SchemaView<'_>, name: &str, pointer: &str) -> Result<Plan, Obstacle> {
    let judgement = || Obstacle::new(pointer, JUDGEMENT);
    let item = schema.items().ok_or_else(judgement)?;
    let (least, most) = schema.item_bounds();
    if least == 0 && is_citation(&item) {
        return Ok(Plan::Citations(most));
    }
    let quoting = quoting(name).ok_or_else(judgement)?;
    if item.kind() != SchemaKind::Text || !is_free(&item) {
        return Err(judgement());
    }
    Ok(Plan::List {
        quoting,
        pointer: pointer.to_owned(),
        items: (least, Some(most).filter(|it| *it < usize::MAX)),
        chars: chars(&item),
    })
}

/// Returns whether a schema is that of a document's id and words of it, and of nothing else.
fn is_citation(schema: &SchemaView<'_>) -> bool {
    let properties = schema.properties();
    let mut names: Vec<&str> = properties.iter().map(|it| it.0).collect();
    names.sort_unstable();
    let mut views = properties.iter().map(|it| &it.1);
    names == ["quote", "source"] && views.all(|it| it.kind() == SchemaKind::Text && is_free(it))
}

fn text(schema: &SchemaView<'_>, name: &str, pointer: &str) -> Result<Plan, Obstacle> {
    let quoting = quoting(name).ok_or_else(|| Obstacle::new(pointer, JUDGEMENT))?;
    Ok(Plan::Text {
        quoting,
        pointer: pointer.to_owned(),
        chars: chars(schema),
    })
}

fn is_free(schema: &SchemaView<'_>) -> bool {
    DEMANDS.iter().all(|it| schema.keyword(it).next().is_none())
}

fn chars(schema: &SchemaView<'_>) -> (usize, usize) {
    let bound = |keyword| schema.keyword(keyword).filter_map(Value::as_u64);
    let size = |it| usize::try_from(it).unwrap_or(usize::MAX);
    let least = bound("minLength").max().unwrap_or(0);
    (
        size(least),
        bound("maxLength").min().map_or(usize::MAX, size),
    )
}

/// What can take exactly one value needs no judgement.
fn only_value<'a>(schema: &SchemaView<'a>) -> Option<&'a Value> {
    match schema.kind() {
        SchemaKind::Choice(values) => match values.as_slice() {
            [only] if !schema.is_nullable() => Some(only),
            _ => None,
        },
        SchemaKind::Any => {
            let nothing_else =
                schema.type_names().is_empty() && schema.alternatives().next().is_none();
            let is_said = !schema.says_nothing();
            (nothing_else && is_said).then_some(&Value::Null)
        }
        _ => None,
    }
}
