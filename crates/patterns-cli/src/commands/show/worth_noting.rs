//! Says what was worth noting in a run: each thing once, with how often it happened and when it began.
//!
//! What branches failed of is said beside them, and when a run began and ended above; neither is said again.

use std::collections::HashMap;

use patterns_core::Event;

use crate::local_time::date;
use crate::report::{Page, note, was_paused};

/// What happened, once or more often.
#[derive(Debug, PartialEq, Eq)]
struct Noted {
    words: String,
    first: i64,
    times: u64,
}

/// Adds what was noted, each on a line that stays one, whatever others have written into it.
pub(super) fn describe_notes(page: &mut Page, notes: &[(i64, String)]) {
    let noted = worth_noting(notes);
    if !noted.is_empty() {
        page.gap();
        page.heading("worth noting:");
    }
    for line in &noted {
        page.plain_line(&format!("  {line}"));
    }
}

/// Says in a line each what was noted, in the order in which it happened first.
fn worth_noting(notes: &[(i64, String)]) -> Vec<String> {
    let mut all: Vec<Noted> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for (at, event) in notes {
        let Ok(event) = serde_json::from_str(event) else {
            continue;
        };
        let Some(words) = words(event) else { continue };
        let place = *places.entry(words.clone()).or_insert(all.len());
        match all.get_mut(place) {
            Some(noted) => noted.times += 1,
            None => all.push(Noted {
                words,
                first: *at,
                times: 1,
            }),
        }
    }
    all.iter().map(Noted::line).collect()
}

impl Noted {
    fn line(&self) -> String {
        let Self {
            words,
            first,
            times,
        } = self;
        match times {
            1 => format!("{}  {words}", date(*first)),
            _ => format!("{}  {times} × {words}", date(*first)),
        }
    }
}

/// Says an event in words; nothing, if that is said elsewhere.
fn words(event: Event) -> Option<String> {
    match event {
        Event::WarningRaised { .. } | Event::FormatSteppedDown { .. } => note(&event),
        Event::AnswerRejected {
            violations,
            will_reask,
            ..
        } => {
            let why = violations.iter().map(ToString::to_string);
            let why = why.collect::<Vec<_>>().join("; ");
            let then = match will_reask {
                true => "and asked for again",
                false => "and not asked for again",
            };
            Some(format!("an answer was rejected {then}: {why}"))
        }
        Event::CallsPaused {
            model,
            reason,
            cause,
            ..
        } => Some(was_paused(&model, reason, &cause)),
        Event::FallbackAsked {
            model, is_answered, ..
        } => Some(match is_answered {
            true => format!("{model} was asked instead"),
            false => format!("{model} was asked instead, and gave no answer of use either"),
        }),
        Event::RunStarted { .. }
        | Event::BranchStarted { .. }
        | Event::AttemptSent { .. }
        | Event::AnswerBegan { .. }
        | Event::AttemptEnded { .. }
        | Event::AttemptFailed { .. }
        | Event::CallHedged { .. }
        | Event::AnswerReused { .. }
        | Event::AnswerFixed { .. }
        | Event::BranchAnswered { .. }
        | Event::BranchFailed { .. }
        | Event::BranchCancelled { .. }
        | Event::RunFinished { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use patterns_core::{Origin, RunId, Violation, Warning};

    use super::*;
    use crate::terminal::Paint;

    #[test]
    fn what_was_noted_stays_on_its_line() {
        let warned = Event::WarningRaised {
            run: RunId(1),
            warning: Warning::new("code", "beware\n\nrun 9: done\n  cost  $0"),
        };
        let mut page = Page::new(Paint::plain(), &[]);
        describe_notes(&mut page, &[(0, serde_json::to_string(&warned).unwrap())]);
        let text = page.finish();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert!(
            lines[1].ends_with("  beware␊␊run 9: done␊  cost  $0"),
            "{text}"
        );
    }

    #[test]
    fn what_happened_often_is_said_once() {
        let origin = Origin::default();
        let rejected = |pointer: &str| Event::AnswerRejected {
            origin,
            answer: 1,
            violations: vec![Violation {
                pointer: pointer.to_owned(),
                message: "is no number".to_owned(),
            }],
            will_reask: true,
        };
        let warned = Event::WarningRaised {
            run: RunId(1),
            warning: Warning::new("code", "beware"),
        };
        let events = [rejected("/a"), warned, rejected("/b"), rejected("/a")];
        let note = |it: &Event| (0, serde_json::to_string(it).unwrap());
        let mut notes: Vec<_> = events.iter().map(note).collect();
        notes.push((0, "{\"event\": \"of a newer version\"}".to_owned()));
        let lines = worth_noting(&notes);
        let said: Vec<&str> = lines
            .iter()
            .filter_map(|it| it.split_once("  "))
            .map(|it| it.1)
            .collect();
        assert_eq!(
            said,
            [
                "2 × an answer was rejected and asked for again: /a: is no number",
                "beware",
                "an answer was rejected and asked for again: /b: is no number",
            ]
        );
    }
}
