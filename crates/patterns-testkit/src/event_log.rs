//! Keeps the events of a run and writes them one per line, to be read and compared.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use patterns_core::{Event, EventSink, Origin, PauseReason, Usage};

/// An [`EventSink`] that remembers everything.
///
/// Its lines are made for inline snapshots: no run id, no time, nothing that differs between two
/// runs of one script.
#[derive(Debug, Default)]
pub struct EventLog(Mutex<Vec<Event>>);

impl EventLog {
    /// Returns the events so far.
    pub fn events(&self) -> Vec<Event> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Returns the events so far, one line each.
    pub fn lines(&self) -> Vec<String> {
        self.events().iter().map(line).collect()
    }
}

impl EventSink for EventLog {
    fn emit(&self, event: Event) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(event);
    }
}

impl fmt::Display for EventLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().join("\n"))
    }
}

#[expect(clippy::too_many_lines, reason = "one short arm for each event")]
fn line(event: &Event) -> String {
    match event {
        Event::RunStarted {
            pattern, branches, ..
        } => match branches {
            Some(branches) => format!("run started: {pattern:?}, {branches} branches"),
            None => format!("run started: {pattern:?}"),
        },
        Event::BranchStarted {
            origin,
            role,
            label,
        } => branch(*origin, &format!("started: {role:?} {label:?}")),
        Event::BranchAnswered { origin, usage } => {
            branch(*origin, &format!("answered{}", bill(*usage)))
        }
        Event::BranchFailed {
            origin,
            kind,
            usage,
        } => branch(*origin, &format!("failed: {}{}", kind.name(), bill(*usage))),
        Event::BranchCancelled { origin, usage } => {
            branch(*origin, &format!("cancelled{}", bill(*usage)))
        }
        Event::WarningRaised { warning, .. } => {
            format!("warning: {}: {}", warning.code, warning.message)
        }
        Event::RunFinished { counts, usage, .. } => {
            format!("run finished: {counts}{}", bill(*usage))
        }
        Event::AnswerReused { origin } => branch(*origin, "answer found in the store"),
        Event::AttemptSent { origin, waited } => {
            let waits = [
                ("slot", waited.slot),
                ("rate", waited.rate),
                ("paused", waited.paused),
            ];
            let waits = waits.iter().filter(|it| !it.1.is_zero());
            let waits = waits.map(|(what, time)| format!(", {what} {time:?}"));
            branch(*origin, &format!("sent{}", waits.collect::<String>()))
        }
        Event::AnswerBegan { origin, after } => {
            branch(*origin, &format!("first token after {after:?}"))
        }
        Event::AttemptEnded {
            origin,
            took,
            error,
        } => match error {
            None => branch(*origin, &format!("attempt answered after {took:?}")),
            Some(error) => branch(*origin, &format!("attempt ended after {took:?}: {error}")),
        },
        Event::AttemptFailed {
            origin,
            attempt,
            kind,
            retry_in,
        } => {
            let name = kind.name();
            let what = format!("attempt {attempt} failed: {name}, next in {retry_in:?}");
            branch(*origin, &what)
        }
        Event::CallHedged { origin, after } => {
            branch(*origin, &format!("sent a second time after {after:?}"))
        }
        Event::CallsPaused {
            origin,
            model,
            reason,
            wait,
            cause: _,
            gives_up_in: _,
        } => {
            let why = match reason {
                PauseReason::Asked => "asks to wait",
                PauseReason::Outage => "is down",
                PauseReason::Throttled => "throws calls back",
            };
            branch(*origin, &format!("held: {model} {why}, {wait:?} at most"))
        }
        Event::FormatSteppedDown {
            origin,
            model,
            from,
            to,
        } => branch(
            *origin,
            &format!("{model} does not know {from}: {to} from now on"),
        ),
        Event::FallbackAsked {
            origin,
            model,
            is_answered,
        } => {
            let then = if *is_answered { "answered" } else { "failed" };
            branch(*origin, &format!("{model} was asked instead and {then}"))
        }
        Event::AnswerFixed { origin, fixes } => branch(*origin, &format!("fixed: {fixes:?}")),
        Event::AnswerRejected {
            origin,
            answer,
            violations,
            will_reask,
        } => {
            let what: Vec<String> = violations.iter().map(ToString::to_string).collect();
            let what = what.join("; ");
            let then = if *will_reask { "ask again" } else { "give up" };
            branch(
                *origin,
                &format!("answer {answer} rejected: {what}; {then}"),
            )
        }
    }
}

fn branch(origin: Origin, what: &str) -> String {
    format!("[{}] {what}", origin.branch)
}

/// Writes what was used, if anything.
fn bill(usage: Usage) -> String {
    if usage == Usage::default() {
        return String::new();
    }
    let mut bill = format!(" (calls {}, attempts {}", usage.calls, usage.attempts);
    if usage.total_tokens() > 0 {
        bill += &format!(
            ", tokens {} in {} out",
            usage.input_tokens, usage.output_tokens
        );
    }
    bill + ")"
}
