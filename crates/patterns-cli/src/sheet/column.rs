//! The columns of a table, and what is in them.

use patterns_core::{SchemaKind, SchemaView};
pub(super) use patterns_source::ColumnKind as Kind;
use serde_json::Value;

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(super) kind: Kind,
}

impl Column {
    /// Makes a column of a kind.
    pub(crate) fn of(name: &str, kind: Kind) -> Self {
        Self {
            name: name.to_owned(),
            kind,
        }
    }

    pub(crate) fn text(name: &str) -> Self {
        Self::of(name, Kind::Text)
    }

    pub(crate) fn integer(name: &str) -> Self {
        Self::of(name, Kind::Integer)
    }

    pub(crate) fn number(name: &str) -> Self {
        Self::of(name, Kind::Number)
    }

    pub(crate) fn flag(name: &str) -> Self {
        Self::of(name, Kind::Flag)
    }

    /// Returns the columns of objects of a JSON Schema: one for each of its properties.
    pub(crate) fn of_schema(schema: &Value) -> Vec<Self> {
        let properties = SchemaView::new(schema).properties();
        let columns = properties.into_iter().map(|(name, field)| Self {
            name: name.to_owned(),
            kind: kind_of(&field),
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

fn kind_of(field: &SchemaView<'_>) -> Kind {
    match field.kind().plain() {
        SchemaKind::Text => Kind::Text,
        SchemaKind::Integer => Kind::Integer,
        SchemaKind::Number => Kind::Number,
        SchemaKind::Flag => Kind::Flag,
        _ => Kind::Json,
    }
}

/// Reads a whole number; `3.0` is one, too.
pub(super) fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        let whole = value.as_f64().filter(|it| it.fract() == 0.0)?;
        format!("{whole:.0}").parse().ok()
    })
}

/// Names columns of the input apart from those that a table has itself, and says which are called
/// otherwise.
pub(crate) fn apart(kept: &[(String, Kind)], own: &[&str]) -> (Vec<Column>, Option<String>) {
    let all: Vec<&str> = kept.iter().map(|it| it.0.as_str()).collect();
    let mut others = Vec::new();
    let columns = kept.iter().map(|(name, kind)| {
        let mut named = name.clone();
        while own.contains(&named.as_str()) || (named != *name && all.contains(&named.as_str())) {
            named.insert_str(0, "in.");
        }
        if named != *name {
            others.push(format!("{name} as {named}"));
        }
        Column::of(&named, *kind)
    });
    let columns = columns.collect();
    let note = (!others.is_empty()).then(|| {
        let others = others.join(", ");
        format!("of the input's columns these are written under other names, as the result has its own: {others}")
    });
    (columns, note)
}

/// Returns the first number of a row that its column cannot hold.
pub(super) fn lost<'a>(columns: &'a [Column], row: &'a [Value]) -> Option<(&'a Column, &'a Value)> {
    let mut cells = columns.iter().zip(row);
    cells.find(|(column, cell)| match column.kind {
        Kind::Integer => cell.is_number() && whole(cell).is_none(),
        Kind::Number => is_rounded(cell),
        _ => false,
    })
}

/// Returns whether a whole number is another one in a column of broken ones, which hold 53 bits.
fn is_rounded(cell: &Value) -> bool {
    let signed = cell.as_i64().map(i128::from);
    let exact = signed.or_else(|| cell.as_u64().map(i128::from));
    exact.is_some_and(|it| it as f64 as i128 != it)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn columns_of_the_input_are_told_apart() {
        let kept = ["id", "error", "in.error", "year"].map(|it| (it.to_owned(), Kind::Text));
        let (columns, note) = apart(&kept, &["document", "error", "in.id"]);
        let names: Vec<&str> = columns.iter().map(|it| &*it.name).collect();
        assert_eq!(names, ["id", "in.in.error", "in.error", "year"]);
        assert!(note.unwrap().ends_with(": error as in.in.error"));
        assert_eq!(apart(&kept, &["document"]).1, None);
    }

    #[test]
    fn a_number_that_its_column_would_change_is_found() {
        for (kind, cell, is_lost) in [
            (Kind::Integer, json!(1.5), true),
            (Kind::Integer, json!(9_007_199_254_740_993_i64), false),
            (Kind::Number, json!(9_007_199_254_740_993_i64), true),
            (Kind::Number, json!(-9_007_199_254_740_993_i64), true),
            (Kind::Number, json!(u64::MAX), true),
            (Kind::Number, json!(9_007_199_254_740_992_i64), false),
            (Kind::Number, json!(0.1), false),
            (Kind::Json, json!(9_007_199_254_740_993_i64), false),
        ] {
            let columns = [Column::of("n", kind)];
            let row = [cell];
            assert_eq!(lost(&columns, &row).is_some(), is_lost, "{kind:?} {row:?}");
        }
    }

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
