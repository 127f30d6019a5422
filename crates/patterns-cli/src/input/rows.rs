//! Reads files of rows: JSONL, CSV and TSV.

use std::path::Path;

use serde_json::{Map, Value};

use super::problems::Problems;

/// One row, as an object.
#[derive(Debug, PartialEq)]
pub(super) struct Row {
    /// The line it begins on, from 1.
    pub(super) line: u64,
    /// Its fields.
    pub(super) fields: Map<String, Value>,
}

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowFormat {
    /// One JSON object per line.
    Jsonl,
    /// Values between this byte, the names in the first line.
    Separated(u8),
}

impl RowFormat {
    /// Returns the format that the name of a file promises, if it is one of rows.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "jsonl" | "ndjson" => Some(Self::Jsonl),
            "csv" => Some(Self::Separated(b',')),
            "tsv" => Some(Self::Separated(b'\t')),
            _ => None,
        }
    }
}

/// Reads the rows of a file called `name`.
pub(super) fn read(name: &str, text: &str, format: RowFormat, problems: &mut Problems) -> Vec<Row> {
    match format {
        RowFormat::Jsonl => jsonl(name, text, problems),
        RowFormat::Separated(delimiter) => separated(name, text, delimiter, problems),
    }
}

fn jsonl(name: &str, text: &str, problems: &mut Problems) -> Vec<Row> {
    let mut rows = Vec::new();
    for (line, json) in (1..).zip(text.lines()) {
        if json.trim().is_empty() {
            continue;
        }
        match serde_json::from_str(json) {
            Ok(Value::Object(fields)) => rows.push(Row { line, fields }),
            Ok(_) => problems.invalid(format!("{name}:{line}:1: a row is a JSON object")),
            Err(error) => {
                let (what, column) = (error.to_string(), error.column());
                let what = what.split(" at line ").next().unwrap_or_default();
                problems.invalid(format!("{name}:{line}:{column}: {what}"));
            }
        }
    }
    rows
}

fn separated(name: &str, text: &str, delimiter: u8, problems: &mut Problems) -> Vec<Row> {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    let header: Vec<String> = match reader.headers() {
        Ok(header) => header.iter().map(|it| it.trim().to_owned()).collect(),
        Err(error) => {
            problems.invalid(format!("{name}: {error}"));
            return Vec::new();
        }
    };
    for (at, field) in header.iter().enumerate() {
        if header[..at].contains(field) {
            problems.invalid(format!("{name}:1: two columns are called {field:?}"));
        }
    }
    let mut rows = Vec::new();
    for record in reader.records() {
        match record {
            Ok(record) => {
                let line = record.position().map_or(0, csv::Position::line);
                let values = record.iter().map(Value::from);
                let fields = header.iter().cloned().zip(values).collect();
                rows.push(Row { line, fields });
            }
            Err(error) => problems.invalid(format!("{name}{}", csv_problem(&error))),
        }
    }
    rows
}

fn csv_problem(error: &csv::Error) -> String {
    let line = error.position().map_or(0, csv::Position::line);
    match error.kind() {
        csv::ErrorKind::UnequalLengths {
            expected_len, len, ..
        } => format!(":{line}: the row has {len} values, the header {expected_len}"),
        _ => format!(":{line}: {error}"),
    }
}

impl Row {
    /// Returns a field that holds text; numbers count as text.
    pub(super) fn text(&self, field: &str) -> Option<String> {
        match self.fields.get(field)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    /// Returns the names of the fields, for messages.
    pub(super) fn names(&self) -> String {
        let names: Vec<&str> = self.fields.keys().map(String::as_str).collect();
        names.join(", ")
    }

    /// Returns the row's id: from `field`, else from `id`, else its place in the file.
    pub(super) fn id(
        &self,
        file: &str,
        field: Option<&str>,
        problems: &mut Problems,
    ) -> Option<String> {
        let place = format!("{file}:{}", self.line);
        match field {
            None => Some(self.text("id").unwrap_or(place)),
            Some(field) => {
                let id = self.text(field);
                if id.is_none() {
                    problems.invalid(format!(
                        "{place}: there is no id in {field:?}; the fields are {}",
                        self.names()
                    ));
                }
                id
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    fn check(name: &str, text: &str) -> String {
        let mut problems = Problems::default();
        let format = RowFormat::of(Path::new(name)).unwrap();
        let rows = read(name, text, format, &mut problems);
        let shown: Vec<String> = rows
            .iter()
            .map(|row| format!("{} {}", row.line, Value::from(row.fields.clone())))
            .collect();
        match problems.check() {
            Ok(()) => shown.join("\n"),
            Err(error) => error.render().unwrap(),
        }
    }

    #[test]
    fn rows_keep_their_line() {
        assert_snapshot!(check("a.jsonl", "{\"id\": 1}\n\n{\"id\": \"b\"}\n"), @r#"
        1 {"id":1}
        3 {"id":"b"}
        "#);
        assert_snapshot!(check("a.csv", "id,text\n1,\"two\nlines\"\n2,x\n"), @r#"
        2 {"id":"1","text":"two\nlines"}
        4 {"id":"2","text":"x"}
        "#);
        assert_snapshot!(check("a.TSV", "id\ttext\n1\ta,b\n"), @r#"2 {"id":"1","text":"a,b"}"#);
    }

    #[test]
    fn bad_rows_are_all_named() {
        assert_snapshot!(check("a.jsonl", "{\"id\": 1}\n{\"id\": 1,}\n[]\n{\"id"), @r"
        error[E-DATA]: 3 inputs are not valid; nothing was sent
          a.jsonl:2:10: trailing comma
          a.jsonl:3:1: a row is a JSON object
          a.jsonl:4:4: EOF while parsing a string
        help: mend or remove what is listed; ignore files and globs leave files out
        ");
        assert_snapshot!(check("a.csv", "id,id\n1,2\n1,2,3\n"), @r#"
        error[E-DATA]: 2 inputs are not valid; nothing was sent
          a.csv:1: two columns are called "id"
          a.csv:3: the row has 3 values, the header 2
        help: mend or remove what is listed; ignore files and globs leave files out
        "#);
    }
}
