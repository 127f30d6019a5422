//! Says what is in a store, and how whole it is.

use patterns_core::system_reason;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use patterns_store::{Garbage, Health, Stats};
use serde_json::{Value, json};

use crate::args::LookFormat;
use crate::error::{Error, ErrorKind};
use crate::escape::escape_line;
use crate::terminal::write_shown;

/// Returns what a collection would remove.
pub(crate) fn would_remove(garbage: &Garbage) -> Value {
    json!({
        "would_remove": garbage.calls(),
        "of_no_use": garbage.unusable,
        "older": garbage.old,
    })
}

/// Returns what is in a store: names for machines, or words for people.
pub(crate) fn stats(stats: &Stats, format: LookFormat) -> Value {
    let is_json = format == LookFormat::Json;
    let mut value = json!({"runs": stats.runs});
    for (status, count) in &stats.calls {
        let name = match *status {
            name if is_json => format!("calls_{name}"),
            "answered" => "answers that are given out again".to_owned(),
            "disowned" => "answers that were of no use".to_owned(),
            "superseded" => "answers with a later one in their place".to_owned(),
            other => format!("calls {other}"),
        };
        if is_json || *count > 0 {
            value[name] = json!(count);
        }
    }
    let usage = stats.usage;
    if is_json {
        value["prompts"] = json!(stats.prompts);
    } else if stats.prompts > 0 {
        value["calls whose words are kept"] = json!(stats.prompts);
    }
    value["attempts"] = json!(usage.attempts);
    if is_json {
        value["tokens"] = json!(usage.total_tokens());
        value["usage"] = json!(usage);
        value["bytes"] = json!(stats.bytes);
    } else {
        value["tokens read"] = json!(usage.input_tokens);
        value["tokens written"] = json!(usage.output_tokens);
        value["size"] = json!(format!("{:.1} MB", stats.bytes as f64 / 1e6));
    }
    value
}

/// Says how whole a store is.
///
/// # Errors
///
/// Returns an error if it is not.
pub(crate) fn ended_well(health: Health, format: LookFormat) -> Result<(), Error> {
    say(
        format,
        &json!({"good": health.good, "damaged": health.damage.len()}),
    )?;
    if health.is_good() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::BadData, "the store is damaged")
        .details(health.damage)
        .help("`patterns store export` up to the damage, or go back to a copy of the file"))
}

/// Opens what is to be read in: a file, or - for standard input.
///
/// # Errors
///
/// Returns an error if it cannot be opened.
pub(crate) fn import_from(file: &Path) -> Result<Box<dyn BufRead>, Error> {
    if file == Path::new("-") {
        return Ok(Box::new(BufReader::new(std::io::stdin())));
    }
    let opened = File::open(file).map_err(|error| {
        let message = format!("cannot read {}: {}", file.display(), system_reason(&error));
        Error::new(ErrorKind::NoInput, message)
    })?;
    Ok(Box::new(BufReader::new(opened)))
}

/// Prints what was found.
///
/// # Errors
///
/// Returns an error if it cannot be written.
pub(crate) fn say(format: LookFormat, value: &Value) -> Result<(), Error> {
    let text = match (format, value.as_object()) {
        (LookFormat::Human, Some(fields)) => {
            let lines = fields.iter().map(|(name, value)| {
                let name = name.replace('_', " ");
                let value = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                format!("{}: {}\n", escape_line(&name), escape_line(&value))
            });
            lines.collect()
        }
        _ => format!("{value}\n"),
    };
    write_shown(format, &text)
}
