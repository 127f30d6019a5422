//! Tables and checked statements as text, for people.

use patterns_job::{Statement, Support, SupportCounts};
use patterns_parallel::map_reduce::Table;
use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use super::Page;
use crate::escape::escape_line;
use crate::terminal::Style;

/// The widest column that others are lined up with.
const WIDEST: usize = 60;

/// Adds a table, and what was wrong with the answers it was made of.
pub(crate) fn table_page(page: &mut Page, table: &Table) {
    let names = table.columns.iter().map(|it| escape_line(it)).collect();
    let rows = table.rows.iter().map(|row| row.iter().map(cell).collect());
    aligned(
        page,
        &std::iter::once(names).chain(rows).collect::<Vec<_>>(),
    );
    page.gap();
    let (answers, rows) = (table.answers, table.answer_rows);
    page.line(
        Style::Dim,
        &format!("answers: {answers} · rows in them: {rows}"),
    );
    for problem in &table.problems {
        page.line(Style::Red, &problem.to_string());
    }
}

/// Adds lines whose columns stand below each other, the first of them a heading.
pub(crate) fn aligned(page: &mut Page, lines: &[Vec<String>]) {
    let width = |column: usize| {
        let widths = lines.iter().map(|it| it[column].width());
        widths.max().unwrap_or(0).min(WIDEST)
    };
    let columns = lines.first().map_or(0, Vec::len);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    for (n, line) in lines.iter().enumerate() {
        let line = lined_up(line, &widths);
        match n {
            0 => page.heading(&line),
            _ => page.paragraph(&line),
        }
    }
}

fn lined_up(line: &[String], widths: &[usize]) -> String {
    let padded = line.iter().zip(widths).map(|(cell, width)| {
        let missing = width.saturating_sub(cell.width());
        format!("{cell}{}", " ".repeat(missing))
    });
    let line: Vec<String> = padded.collect();
    line.join("  ").trim_end().to_owned()
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => escape_line(text),
        Value::Number(number) => short(&number.to_string()),
        Value::Array(items) => items.iter().map(cell).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => match (fields.get("value"), fields.get("count")) {
            (Some(value), Some(count)) if fields.len() == 2 => {
                format!("{} {}", cell(value), cell(count))
            }
            _ => {
                let named = fields
                    .iter()
                    .map(|it| format!("{} {}", escape_line(it.0), cell(it.1)));
                named.collect::<Vec<_>>().join(", ")
            }
        },
        Value::Bool(_) => value.to_string(),
    }
}

/// Rounds a number to so many places that it can be read; the other forms have all of them.
fn short(number: &str) -> String {
    const PLACES: usize = 4;
    let places = number.split_once('.').map_or(0, |(_, places)| places.len());
    match number.parse::<f64>() {
        Ok(value) if places > PLACES && !number.contains(['e', 'E']) && value.abs() >= 0.001 => {
            let rounded = format!("{value:.PLACES$}");
            rounded
                .trim_end_matches('0')
                .trim_end_matches('.')
                .to_owned()
        }
        _ => number.to_owned(),
    }
}

/// Adds a statement with its sources and its quote.
pub(crate) fn statement_page(page: &mut Page, it: &Statement) {
    page.paragraph(&format!("- {}", it.text.replace('\n', " ")));
    let mut sources = format!("  [{}]", it.sources.join(", "));
    if let Some(quote) = &it.quote {
        sources += &format!(" “{}” ({})", quote.text, quote.source);
    }
    page.line(Style::Dim, &sources);
    if !it.is_supported() {
        page.line(Style::Red, &format!("  {}", fault(&it.support)));
    }
}

/// Adds a statement that was not supported, with the answer it was in.
pub(crate) fn flagged_page(page: &mut Page, answer: &str, it: &Statement) {
    let mut line = format!("{answer}: {}: {}", fault(&it.support), it.text);
    if let (Support::QuoteNotFound | Support::ForeignQuote(_), Some(quote)) =
        (&it.support, &it.quote)
    {
        line += &format!(" “{}”", quote.text);
    }
    page.line(Style::Red, &line);
}

fn fault(support: &Support) -> String {
    match support {
        Support::Supported => "supported".to_owned(),
        Support::NoSource => "no source".to_owned(),
        Support::ForeignSource(ids) => format!("foreign source {}", ids.join(", ")),
        Support::ForeignQuote(id) => format!("quote from {id}, which is not a source"),
        Support::QuoteNotFound => "quote not found".to_owned(),
    }
}

/// Says what the checks of all statements found.
pub(crate) fn support_line(counts: &SupportCounts) -> String {
    let kinds = [
        ("without a source", counts.no_source),
        ("with a foreign source", counts.foreign_source),
        ("with a foreign quote", counts.foreign_quote),
        ("with a quote that was not found", counts.quote_not_found),
    ];
    let mut line = format!(
        "statements checked: {} = {} supported",
        counts.total(),
        counts.supported
    );
    for (kind, count) in kinds.into_iter().filter(|it| it.1 > 0) {
        line += &format!(" + {count} {kind}");
    }
    if counts.dropped > 0 {
        line += &format!(" · dropped: {}", counts.dropped);
    }
    line
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn cells_can_be_read() {
        let table = [
            (json!(3.8666666666666667), "3.8667"),
            (json!(3.00001), "3"),
            (json!(0.25), "0.25"),
            (json!(12345678901234567u64), "12345678901234567"),
            (json!(0.000123456), "0.000123456"),
            (json!(["a", "b"]), "a, b"),
            (json!([{"value": "late", "count": 3}]), "late 3"),
            (json!({"mean": 2.123456, "max": 5}), "mean 2.1235, max 5"),
            (json!(null), "-"),
            (json!("a\nb"), "a␊b"),
        ];
        for (value, shown) in table {
            assert_eq!(cell(&value), shown);
        }
    }
}
