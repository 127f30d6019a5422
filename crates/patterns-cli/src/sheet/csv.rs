//! Writes CSV (RFC 4180): lists and objects as JSON, and no cell that a spreadsheet takes for a formula.
//!
//! What is missing is an empty cell, an empty text is `""`: DuckDB, PostgreSQL and others tell them apart.
//! A text that begins with `=`, `+`, `-`, `@`, a tab or a carriage return gets a `'` before it, as OWASP
//! advises against CSV injection.

use patterns_parallel::map_reduce::Table;
use serde_json::{Map, Value};

/// Writes one record, its end included.
pub(crate) fn csv_record(values: &[Value]) -> String {
    let cells: Vec<String> = values.iter().map(quoted).collect();
    match cells.as_slice() {
        // A line without anything is no record.
        [lone] if lone.is_empty() => "\"\"\n".to_owned(),
        cells => format!("{}\n", cells.join(",")),
    }
}

/// Writes a cell. The crate `csv` quotes all cells of a record alike, and an empty text is to be told from
/// what is missing.
fn quoted(value: &Value) -> String {
    let text = cell(value);
    let is_quoted = text.contains([',', '"', '\n', '\r']) || (text.is_empty() && !value.is_null());
    match is_quoted {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}

/// Writes one JSON object a line, its members in the order of the columns.
pub(crate) fn json_lines(table: &Table) -> String {
    let line = |row: &Vec<Value>| {
        let members = table.columns.iter().cloned().zip(row.iter().cloned());
        format!("{}\n", Value::Object(members.collect::<Map<_, _>>()))
    };
    table.rows.iter().map(line).collect()
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => harmless(text),
        value => value.to_string(),
    }
}

/// Defuses what a spreadsheet would take for a formula.
fn harmless(text: &str) -> String {
    // A whole number that JSON has no number for is written as a text.
    let digits = text.strip_prefix('-').unwrap_or_default();
    let is_long_number = digits.len() > 18 && digits.bytes().all(|it| it.is_ascii_digit());
    match !is_long_number && text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use patterns_parallel::map_reduce::KeyedReduce;
    use serde_json::json;

    use super::*;

    fn table(columns: &[&str], answers: &[Value]) -> Table {
        let columns = columns.iter().map(|it| it.parse().unwrap());
        let answers: Vec<_> = answers.iter().map(|it| ("d", it.clone())).collect();
        KeyedReduce::new(columns).group_by("k").table(&answers)
    }

    #[test]
    fn csv_is_quoted_and_no_formula() {
        let keys = [
            ("=1+1", "'=1+1"),
            ("@x", "'@x"),
            ("-2", "'-2"),
            ("+3", "'+3"),
            ("\tt", "'\tt"),
            ("\rr", "'\rr"),
            ("a,b", "a,b"),
            ("say \"no\"", "say \"no\""),
            ("two\nlines", "two\nlines"),
            ("'q", "'q"),
        ];
        let answers = keys.map(|(key, _)| json!({"k": key, "n": -1}));
        let table = table(&["count", "sum:n", "union:n"], &answers);
        let names: Vec<Value> = table.columns.iter().map(|it| it.as_str().into()).collect();
        let rows = table.rows.iter().map(|row| csv_record(row));
        let csv: String = std::iter::once(csv_record(&names)).chain(rows).collect();
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let names = vec!["k", "count", "sum:n", "union:n"];
        assert_eq!(reader.headers().unwrap(), names);
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let read: Vec<&str> = rows.iter().map(|it| &it[0]).collect();
        assert_eq!(read, keys.map(|it| it.1));
        let are_numbers = rows.iter().all(|it| &it[2] == "-1" && &it[3] == "[-1]");
        assert!(are_numbers, "numbers stay numbers");
    }

    #[test]
    fn what_is_missing_is_told_from_an_empty_text() {
        let record = [json!("a"), json!(null), json!(""), json!(0)];
        assert_eq!(csv_record(&record), "a,,\"\",0\n");
        assert_eq!(csv_record(&[json!(null)]), "\"\"\n");
        assert_eq!(csv_record(&[]), "\n");
    }

    #[test]
    fn lines_have_their_members_in_the_order_of_the_columns() {
        let answers = [json!({"k": "b", "n": 1}), json!({"k": "a", "n": 2})];
        insta::assert_snapshot!(json_lines(&table(&["sum:n", "count"], &answers)), @r#"
        {"k":"b","sum:n":1,"count":1}
        {"k":"a","sum:n":2,"count":1}
        "#);
    }
}
