//! The columns of a table, and what is in them.

use patterns_core::{SchemaKind, SchemaView};
use serde_json::Value;

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(super) kind: Kind,
}

/// What is in a column. Any of it may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Integer,
    Number,
    Flag,
    /// Lists, objects, and what is not of one type, written as JSON.
    Json,
}

impl Column {
    pub(crate) fn text(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind: Kind::Text,
        }
    }

    pub(crate) fn integer(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind: Kind::Integer,
        }
    }

    pub(crate) fn number(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind: Kind::Number,
        }
    }

    pub(crate) fn flag(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind: Kind::Flag,
        }
    }

    /// Returns the columns of objects of a JSON Schema: one for each of its properties.
    pub(crate) fn of_schema(schema: &Value) -> Vec<Self> {
        let properties = SchemaView::new(schema).properties();
        let columns = properties.into_iter().map(|(name, field)| Self {
            name: name.to_owned(),
            kind: field.kind().into(),
        });
        columns.collect()
    }

    /// Returns the columns of rows that are there, by what is in them.
    pub(crate) fn of_rows(names: &[String], rows: &[Vec<Value>]) -> Vec<Self> {
        let column = |(at, name): (usize, &String)| {
            let kinds = rows.iter().filter_map(|row| Kind::of(row.get(at)?));
            Self {
                name: name.clone(),
                kind: kinds.reduce(Kind::or).unwrap_or(Kind::Text),
            }
        };
        names.iter().enumerate().map(column).collect()
    }
}

impl From<SchemaKind<'_>> for Kind {
    fn from(kind: SchemaKind<'_>) -> Self {
        match kind.plain() {
            SchemaKind::Text => Self::Text,
            SchemaKind::Integer => Self::Integer,
            SchemaKind::Number => Self::Number,
            SchemaKind::Flag => Self::Flag,
            _ => Self::Json,
        }
    }
}

impl Kind {
    /// Returns what a value is; `None` for one that is missing.
    fn of(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Null => return None,
            Value::String(_) => Self::Text,
            Value::Bool(_) => Self::Flag,
            Value::Number(number) if number.is_i64() => Self::Integer,
            Value::Number(_) => Self::Number,
            Value::Array(_) | Value::Object(_) => Self::Json,
        })
    }

    /// Returns what holds both.
    fn or(self, other: Self) -> Self {
        match (self, other) {
            (one, other) if one == other => one,
            (Self::Integer, Self::Number) | (Self::Number, Self::Integer) => Self::Number,
            _ => Self::Json,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_are_of_the_kind_that_holds_all_values() {
        let schema = json!({"properties": {
            "name": {"type": "string"}, "count": {"type": ["integer", "null"]},
            "price": {"type": "number"}, "open": {"type": "boolean"}, "tags": {"type": "array"},
            "either": {"type": ["string", "integer"]}, "any": {},
            "maybe": {"anyOf": [{"$ref": "#/$defs/Name"}, {"type": "null"}]},
            "level": {"enum": ["a", null]},
        }, "$defs": {"Name": {"type": "string"}}});
        let kinds: Vec<Kind> = Column::of_schema(&schema)
            .iter()
            .map(|it| it.kind)
            .collect();
        let mut sorted: Vec<String> = kinds.iter().map(|it| format!("{it:?}")).collect();
        sorted.sort();
        assert_eq!(
            sorted,
            [
                "Flag", "Integer", "Json", "Json", "Json", "Number", "Text", "Text", "Text"
            ]
        );
        let names = ["a", "b", "c", "d"].map(str::to_owned);
        let rows = [
            vec![json!(1), json!(1), json!("x"), Value::Null],
            vec![json!(2.5), json!(2), json!(3), Value::Null],
        ];
        let kinds: Vec<Kind> = Column::of_rows(&names, &rows)
            .iter()
            .map(|it| it.kind)
            .collect();
        assert_eq!(kinds, [Kind::Number, Kind::Integer, Kind::Json, Kind::Text]);
    }
}
