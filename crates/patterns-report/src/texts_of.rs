//! Says in words what a recorded call asked, why it has no answer, and what else happened to it.

use patterns_core::{Request, Role};
use patterns_store::{AttemptRecord, CallRecord};

/// Writes what was asked: the instructions, every message, and the schema that the answer was to keep.
pub(crate) fn prompt(request: &Request) -> String {
    let mut parts = Vec::new();
    if !request.instructions.is_empty() {
        parts.push(format!("── instructions ──\n{}", request.instructions));
    }
    for message in &request.messages {
        let who = match message.role {
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        parts.push(format!("── {who} ──\n{}", message.to_text()));
    }
    if let Some(schema) = &request.schema {
        let json = serde_json::to_string_pretty(schema.schema()).unwrap_or_default();
        parts.push(format!(
            "── schema of the answer: {} ──\n{json}",
            schema.name()
        ));
    }
    parts.join("\n\n")
}

/// Says why a call has no answer that counts, if so.
pub(crate) fn cause(record: &CallRecord) -> Option<String> {
    if let Some(error) = &record.error {
        return Some(error.cause());
    }
    let violation = record.violations.first()?;
    Some(format!("the answer broke its contract: {violation}"))
}

/// Says what else is worth knowing of a call.
pub(crate) fn notes(record: &CallRecord, answered_by: Option<&str>) -> Vec<String> {
    let mut notes = Vec::new();
    notes.extend(record.part.as_ref().map(|it| format!("made for {it:?}")));
    if record.session > 1 {
        notes.push(format!("in session {} of the run", record.session));
    }
    if let Some(run) = record.paid_by.filter(|it| *it != record.run) {
        notes.push(format!("paid for by run {run}"));
    }
    if let Some(model) = answered_by.filter(|it| !it.is_empty() && !record.model.contains(*it)) {
        notes.push(format!("the provider calls the model {model}"));
    }
    let tries = (1..).zip(&record.attempts);
    notes.extend(tries.filter_map(|(number, it)| of_attempt(number, it)));
    notes.extend(
        record
            .violations
            .iter()
            .map(|it| format!("broke its contract: {it}")),
    );
    if !record.fixes.is_empty() {
        let fixes: Vec<String> = record.fixes.iter().map(ToString::to_string).collect();
        notes.push(format!("mended: {}", fixes.join(", ")));
    }
    let error = record.error.as_ref();
    if let Some(error) = error.filter(|it| it.cause() != it.message) {
        notes.push(error.message.clone());
    }
    if let Some(detail) = error.and_then(|it| it.detail.as_ref()) {
        notes.push(format!("the provider said: {detail}"));
    }
    notes
}

fn of_attempt(number: u32, attempt: &AttemptRecord) -> Option<String> {
    let after = attempt.took.map_or_else(String::new, |it| {
        format!(" after {:.1} s", it.as_secs_f64())
    });
    match (&attempt.error, attempt.is_hedge) {
        (Some(error), _) => Some(format!("attempt {number} failed{after}: {error}")),
        (None, true) => Some(format!(
            "attempt {number} was sent beside the one before, which took long"
        )),
        (None, false) => None,
    }
}
