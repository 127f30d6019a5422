//! Writes the whole page: its policy, its style, what can be said at once, the data, and the script.

use std::error::Error;
use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::call::{Call, CallEnd};
use crate::columns::Columns;
use crate::error::PageError;
use crate::html::Text;
use crate::json::embeddable;
use crate::plain::Plain;
use crate::report::Report;
use crate::summary;

const STYLE: &str = include_str!("assets/page.css");

/// The script, in parts: each uses what the ones before it have.
const SCRIPT: [&str; 11] = [
    include_str!("assets/base.js"),
    include_str!("assets/calls.js"),
    include_str!("assets/detail.js"),
    include_str!("assets/table.js"),
    include_str!("assets/results.js"),
    include_str!("assets/timeline.js"),
    include_str!("assets/plots.js"),
    include_str!("assets/spend.js"),
    include_str!("assets/elections.js"),
    include_str!("assets/provenance.js"),
    include_str!("assets/page.js"),
];

/// The most elections of a block of data.
const ELECTIONS: usize = 256;

/// Writes the page of a run. `calls` are read one at a time and are in the order of their beginning, as
/// far as that is known.
///
/// # Errors
///
/// Returns an error if a call cannot be read or the page cannot be written.
pub fn write_page<E: Error + Send + Sync + 'static>(
    out: &mut impl Write,
    report: &Report,
    calls: impl IntoIterator<Item = Result<Call, E>>,
) -> Result<(), PageError> {
    let script = script();
    head(out, report, &script)?;
    out.write_all(summary::html(report).as_bytes())?;
    data(out, report)?;
    let (mut columns, mut plain) = (Columns::default(), Plain::default());
    for call in calls {
        let call = call.map_err(|error| PageError::Read(Box::new(error)))?;
        plain.add(&call);
        columns.add(call, out)?;
    }
    columns.end(out)?;
    writeln!(out, "{}</main>", plain.html(report))?;
    writeln!(out, "<script>{script}</script>\n</body>\n</html>")?;
    Ok(())
}

fn script() -> String {
    format!("\"use strict\";\n(() => {{\n{}}})();\n", SCRIPT.concat())
}

/// Writes the head. The policy stands before everything that it governs.
fn head(out: &mut impl Write, report: &Report, script: &str) -> io::Result<()> {
    let (style, script) = (hash(STYLE), hash(script));
    let policy = format!(
        "default-src 'none'; style-src {style}; script-src {script}; base-uri 'none'; form-action 'none'"
    );
    writeln!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
         <meta name=\"generator\" content=\"patterns report\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{} · run {}</title>\n<style>{STYLE}</style>\n</head>\n<body>",
        Text(&report.title),
        Text(&report.run),
    )
}

/// Returns what a policy calls a text that it allows.
fn hash(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

/// Writes what the script needs to know beside the calls.
fn data(out: &mut impl Write, report: &Report) -> io::Result<()> {
    let ends: Vec<&str> = CallEnd::ALL.iter().map(|it| it.word()).collect();
    let run = json!({"pattern": report.pattern, "began": report.began, "ends": ends});
    block(out, "run", &run.to_string())?;
    for elections in report.elections.chunks(ELECTIONS) {
        let elections: Vec<&str> = elections.iter().map(|it| it.get()).collect();
        block(out, "elections", &format!("[{}]", elections.join(",")))?;
    }
    if let Some(trace) = report.trace.as_deref().map(RawValue::get) {
        block(out, "trace", trace)?;
    }
    Ok(())
}

fn block(out: &mut impl Write, class: &str, json: &str) -> io::Result<()> {
    let json = embeddable(json);
    writeln!(
        out,
        "<script type=\"application/json\" class=\"{class}\">{json}</script>"
    )
}
