//! Checks that the fields a reduction works on are in the schema of the answers.

use patterns_core::{SchemaKind, SchemaView, nearest, pointer};
use patterns_parallel::map_reduce::KeyedReduce;
use serde_json::{Value, json};

use crate::job_error::{JobError, JobErrorKind};

/// Checks the fields of a reduction against the schema of the answers; without one, answers are
/// summaries. What a schema leaves open is accepted. Returns the columns of the input that are named as
/// `in.COLUMN`, which fields are where answers have no field `in` themselves.
///
/// # Errors
///
/// Returns an error that names the first field that isn't there, and the nearest that is.
pub(crate) fn check_fields(
    schema: Option<&Value>,
    reduce: &KeyedReduce,
) -> Result<Vec<String>, JobError> {
    let summary = json!({
        "properties": {
            "doc_id": {"type": "string"},
            "summary": {"type": "string"},
            "word_count": {"type": "integer"},
        },
    });
    let root = SchemaView::new(schema.unwrap_or(&summary));
    let row = match &reduce.each {
        Some(field) => {
            let rows = walk(&root, field)?;
            if let Some(kind) = rows.as_ref().and_then(scalar) {
                let message = format!("`reduce.code.each` {field} is {kind}, and no list of rows");
                let help = "name a field with a list, or leave `reduce.code.each` out";
                return Err(JobError::new(JobErrorKind::Invalid, message).help(help));
            }
            rows
        }
        None => Some(root),
    };
    let has_in = row
        .clone()
        .and_then(element)
        .is_some_and(|it| it.property("in").is_some());
    let mut columns = Vec::new();
    let mut is_column = |field: &str| {
        let name = column_of(field).filter(|_| !has_in)?;
        if !columns.contains(&name) {
            columns.push(name);
        }
        Some(())
    };
    if let Some(field) = &reduce.group_by
        && is_column(field).is_none()
        && let Some(row) = &row
    {
        walk(row, field)?;
    }
    for column in &reduce.columns {
        let Some(field) = column.field() else {
            continue;
        };
        let (None, Some(row)) = (is_column(field), &row) else {
            continue;
        };
        let place = walk(row, field)?.and_then(element);
        if let Some(kind) = place.and_then(|it| other_than_number(&it))
            && column.is_of_numbers()
        {
            let message =
                format!("`reduce.code.columns` {column} is of numbers, and {field} is {kind}");
            let help = "count, distinct, top and union are of any values";
            return Err(JobError::new(JobErrorKind::Invalid, message).help(help));
        }
    }
    Ok(columns)
}

/// Returns the column of the input that a field is, as in `in.team`.
fn column_of(field: &str) -> Option<String> {
    match &pointer::names(field)[..] {
        [first, column, ..] if first == "in" => Some(column.clone()),
        _ => None,
    }
}

/// Follows a field from a place in the schema; `None` where the schema says no more.
fn walk<'a>(from: &SchemaView<'a>, field: &str) -> Result<Option<SchemaView<'a>>, JobError> {
    let mut at = from.clone();
    for name in pointer::names(field) {
        let is_list = at.items().is_some();
        let Some(place) = element(at) else {
            return Ok(None);
        };
        if name.parse::<usize>().is_ok() && is_list {
            at = place;
            continue;
        }
        let properties = place.properties();
        if properties.is_empty() {
            return match scalar(&place) {
                Some(kind) => Err(no_fields(field, &name, &kind)),
                None => Ok(None),
            };
        }
        let known = properties.iter().map(|it| it.0).collect::<Vec<_>>();
        let inner = place.property(&name);
        at = inner.ok_or_else(|| unknown(field, &name, &known))?;
    }
    Ok(Some(at))
}

/// How many lists within lists are gone into before a schema is taken for one without an end.
const HOPS: usize = 64;

/// Goes into the elements of lists.
fn element(mut at: SchemaView<'_>) -> Option<SchemaView<'_>> {
    for _ in 0..HOPS {
        match at.items() {
            Some(items) => at = items,
            None => return Some(at),
        }
    }
    None
}

/// Returns what the values of a schema are if none of them can be a number.
pub(crate) fn other_than_number(place: &SchemaView<'_>) -> Option<String> {
    match (place.type_names().as_slice(), place.kind().plain()) {
        (_, SchemaKind::Integer | SchemaKind::Number) => None,
        ([], SchemaKind::Text) => Some("string".to_owned()),
        ([], _) => None,
        (types, _) if types.contains(&"number") || types.contains(&"integer") => None,
        (types, _) => Some(types.join(" or ")),
    }
}

/// Returns what the values of a schema are, if they can have nothing within.
fn scalar(place: &SchemaView<'_>) -> Option<String> {
    let types = place.type_names();
    let has_parts = types.iter().any(|it| ["object", "array"].contains(it));
    (!types.is_empty() && !has_parts).then(|| types.join(" or "))
}

fn no_fields(field: &str, name: &str, kind: &str) -> JobError {
    let message = format!("{field} is in no answer: what would have {name:?} is {kind}");
    JobError::new(JobErrorKind::Invalid, message).help("name a field that the schema has")
}

fn unknown(field: &str, name: &str, names: &[&str]) -> JobError {
    let message = match name == field {
        true => format!("the answers have no field {name:?}"),
        false => format!("the answers have no field {name:?} (in {field})"),
    };
    let help = match nearest(name, names.iter().copied()) {
        Some(nearest) => format!("did you mean {nearest:?}?"),
        None => {
            let names = names.join(", ");
            let help = format!("the fields are {names}: `map.schema` sets them");
            match name == field {
                true => format!("{help}; a column of the input is in.{name}"),
                false => help,
            }
        }
    };
    JobError::new(JobErrorKind::Invalid, message).help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(each: &str, group_by: &str, column: &str) -> Result<(), String> {
        let schema = json!({
            "$defs": {
                "event": {"type": "object", "properties": {"host": {"type": "string"}, "n": {}}},
                "loop": {"$ref": "#/$defs/loop"},
                "events": {"type": "array", "items": {"$ref": "#/$defs/event"}},
            },
            "properties": {
                "later": {"anyOf": [{"$ref": "#/$defs/events"}, {"type": "null"}]},
                "total": {"type": "number"},
                "events": {"type": "array", "items": {"$ref": "#/$defs/event"}},
                "open": {"type": "object"},
                "who": {"type": ["string", "null"]},
                "kind": {"enum": ["a", "b"]},
                "tags": {"type": "array", "items": {"type": "string"}},
                "either": {"type": ["string", "integer"]},
                "loop": {"$ref": "#/$defs/loop"},
            },
        });
        let mut reduce = KeyedReduce::new([column.parse().unwrap()]).group_by(group_by);
        if !each.is_empty() {
            reduce = reduce.each(each);
        }
        check_fields(Some(&schema), &reduce)
            .map(|_| ())
            .map_err(|it| format!("{it}\nhelp: {}", it.hint().unwrap_or_default()))
    }

    #[test]
    fn fields_are_looked_for_where_they_would_be() {
        let good = [
            ("", "total", "count"),
            ("", "events.host", "sum:events.n"),
            ("", "/events/0/host", "count"),
            ("events", "host", "sum:n"),
            ("", "open.anything", "count:loop.x"),
            ("", "who", "sum:either"),
            ("", "kind", "max:open.anything"),
            ("", "tags", "distinct:who"),
            ("", "later.host", "sum:later.n"),
            ("later", "host", "count"),
        ];
        for (each, group_by, column) in good {
            assert_eq!(
                check(each, group_by, column),
                Ok(()),
                "{each} {group_by} {column}"
            );
        }
        insta::assert_snapshot!(check("", "total.x", "count").unwrap_err(), @r#"
        total.x is in no answer: what would have "x" is number
        help: name a field that the schema has
        "#);
        insta::assert_snapshot!(check("", "tags.0.x", "count").unwrap_err(), @r#"
        tags.0.x is in no answer: what would have "x" is string
        help: name a field that the schema has
        "#);
        insta::assert_snapshot!(check("total", "host", "count").unwrap_err(), @r"
        `reduce.code.each` total is number, and no list of rows
        help: name a field with a list, or leave `reduce.code.each` out
        ");
        insta::assert_snapshot!(check("events", "hots", "count").unwrap_err(), @r#"
        the answers have no field "hots"
        help: did you mean "host"?
        "#);
        insta::assert_snapshot!(check("", "total", "sum:later.m").unwrap_err(), @r#"
        the answers have no field "m" (in later.m)
        help: the fields are host, n: `map.schema` sets them
        "#);
        insta::assert_snapshot!(check("", "total", "sum:events.m").unwrap_err(), @r#"
        the answers have no field "m" (in events.m)
        help: the fields are host, n: `map.schema` sets them
        "#);
    }

    #[test]
    fn numbers_are_not_looked_for_where_there_can_be_none() {
        for column in ["sum:who", "mean:kind", "median:tags", "min:events"] {
            assert!(check("", "total", column).is_err(), "{column}");
        }
        insta::assert_snapshot!(check("events", "host", "sum:host").unwrap_err(), @r"
        `reduce.code.columns` sum:host is of numbers, and host is string
        help: count, distinct, top and union are of any values
        ");
    }

    #[test]
    fn without_a_schema_answers_are_summaries() {
        let reduce = |it: &str| KeyedReduce::new([it.parse().unwrap()]);
        assert!(check_fields(None, &reduce("sum:word_count")).is_ok());
        let error = check_fields(None, &reduce("sum:amount")).unwrap_err();
        insta::assert_snapshot!(error.hint().unwrap_or_default(), @"the fields are doc_id, summary, word_count: `map.schema` sets them; a column of the input is in.amount");
    }
}
