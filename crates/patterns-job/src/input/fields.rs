//! Checks that the fields a reduction works on are in the schema of the answers.

use patterns_core::nearest;
use patterns_parallel::map_reduce::{Field, KeyedReduce};
use serde_json::{Value, json};

use crate::job_error::{JobError, JobErrorKind};

/// Checks the fields of a reduction against the schema of the answers; without one, answers are
/// summaries. What a schema leaves open is accepted.
///
/// # Errors
///
/// Returns an error that names the first field that isn't there, and the nearest that is.
pub(crate) fn check_fields(schema: Option<&Value>, reduce: &KeyedReduce) -> Result<(), JobError> {
    let summary = json!({
        "properties": {
            "doc_id": {"type": "string"},
            "summary": {"type": "string"},
            "word_count": {"type": "integer"},
        },
    });
    let root = schema.unwrap_or(&summary);
    let row = match &reduce.each {
        Some(field) => walk(root, root, field)?,
        None => Some(root),
    };
    let Some(row) = row else {
        return Ok(());
    };
    if let Some(field) = &reduce.group_by {
        walk(root, row, field)?;
    }
    for column in &reduce.columns {
        let Some(field) = column.field() else {
            continue;
        };
        let place = walk(root, row, field)?.and_then(|it| settled(root, it));
        if let Some(kind) = place.and_then(other_than_number)
            && column.function().is_of_numbers()
        {
            let message =
                format!("`reduce.code.columns` {column} is of numbers, and {field} is {kind}");
            let help = "count, distinct, top and union are of any values";
            return Err(JobError::new(JobErrorKind::Invalid, message).help(help));
        }
    }
    Ok(())
}

/// Follows a field from a place in the schema; `None` where the schema says no more.
fn walk<'a>(
    root: &'a Value,
    from: &'a Value,
    field: &Field,
) -> Result<Option<&'a Value>, JobError> {
    let mut at = from;
    for name in field.names() {
        let Some(place) = settled(root, at) else {
            return Ok(None);
        };
        if name.parse::<usize>().is_ok() && at.get("items").is_some() {
            at = place;
            continue;
        }
        let Some(properties) = place.get("properties").and_then(Value::as_object) else {
            return Ok(None);
        };
        at = properties.get(name).ok_or_else(|| {
            let names: Vec<&str> = properties.keys().map(String::as_str).collect();
            unknown(field, name, &names)
        })?;
    }
    Ok(Some(at))
}

/// How many references are followed before a schema is taken for one without an end.
const HOPS: usize = 64;

/// Follows references, and goes into the elements of lists.
fn settled<'a>(root: &'a Value, mut at: &'a Value) -> Option<&'a Value> {
    for _ in 0..HOPS {
        let target = at.get("$ref").and_then(Value::as_str);
        at = match (target, at.get("items")) {
            (Some(target), _) => root.pointer(target.strip_prefix('#')?)?,
            (None, Some(items)) => items,
            (None, None) => return Some(at),
        };
    }
    None
}

/// Returns what the values of a schema are if none of them can be a number.
fn other_than_number(schema: &Value) -> Option<String> {
    let is_number = |it: &str| matches!(it, "number" | "integer");
    let types: Vec<&str> = match (&schema["type"], &schema["enum"]) {
        (Value::String(one), _) => vec![one],
        (Value::Array(all), _) => all.iter().filter_map(Value::as_str).collect(),
        (_, Value::Array(values)) if values.iter().all(Value::is_string) => vec!["string"],
        _ => Vec::new(),
    };
    let types: Vec<&str> = types.into_iter().filter(|it| *it != "null").collect();
    (!types.is_empty() && !types.iter().any(|it| is_number(it))).then(|| types.join(" or "))
}

fn unknown(field: &Field, name: &str, names: &[&str]) -> JobError {
    let message = match name == field.to_string() {
        true => format!("the answers have no field {name:?}"),
        false => format!("the answers have no field {name:?} (in {field})"),
    };
    let help = match nearest(name, names.iter().copied()) {
        Some(nearest) => format!("did you mean {nearest:?}?"),
        None => format!("the fields are {}", names.join(", ")),
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
            },
            "properties": {
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
        ];
        for (each, group_by, column) in good {
            assert_eq!(
                check(each, group_by, column),
                Ok(()),
                "{each} {group_by} {column}"
            );
        }
        insta::assert_snapshot!(check("events", "hots", "count").unwrap_err(), @r#"
        the answers have no field "hots"
        help: did you mean "host"?
        "#);
        insta::assert_snapshot!(check("", "total", "sum:events.m").unwrap_err(), @r#"
        the answers have no field "m" (in events.m)
        help: the fields are host, n
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
        assert!(check_fields(None, &reduce("sum:amount")).is_err());
    }
}
