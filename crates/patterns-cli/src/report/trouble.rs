//! Says what holds a run up: since when no attempt was answered, and why.
//!
//! A run that ends by the clock ends the same whether it had too much to do or nobody to do it, and a user who is
//! not told which looks for the fault in what was typed.

use std::time::Instant;

use patterns_core::{Event, ModelErrorKind, PauseReason};

use super::plan::short_time;

/// What holds a run up, if anything does.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    /// Whether it is known that calls are held back.
    pub(super) is_pause: bool,
    /// Why, and since when.
    why: Option<(String, Instant)>,
    has_answered: bool,
}

impl Trouble {
    /// Takes one event.
    pub(super) fn take(&mut self, event: &Event) {
        match event {
            Event::AttemptEnded { error: None, .. } | Event::BranchAnswered { .. } => {
                *self = Self {
                    has_answered: true,
                    ..Self::default()
                };
            }
            Event::CallsPaused {
                model,
                reason,
                cause,
                ..
            } => {
                self.set(was_paused(model, *reason, cause));
                self.is_pause = true;
            }
            Event::AttemptFailed { kind, .. } if !self.is_pause => {
                let more = match kind {
                    ModelErrorKind::Timeout => "; --timeout gives more time to each",
                    _ => "",
                };
                self.set(format!("no attempt was answered ({kind}{more})"));
            }
            _ => {}
        }
    }

    fn set(&mut self, why: String) {
        let since = self.why.take().map_or_else(Instant::now, |it| it.1);
        self.why = Some((why, since));
    }

    /// Says what has held the run up until now.
    pub(super) fn words(&self) -> Option<String> {
        let (why, since) = self.why.as_ref()?;
        let time = short_time(since.elapsed());
        let never = match self.has_answered {
            true => "",
            false => "; nothing was answered in this run, so see that the address is right, too",
        };
        Some(format!(
            "for the last {time} {why}: that held the run up, and nothing in the run itself{never}"
        ))
    }
}

/// Says why calls to a model were held back.
pub(crate) fn was_paused(model: &str, reason: PauseReason, cause: &str) -> String {
    let did = match reason {
        PauseReason::Asked => "asked to wait",
        PauseReason::Outage => "was down",
        PauseReason::Throttled => "threw calls back",
    };
    format!("{model} {did} ({cause})")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use patterns_core::{Origin, Usage};

    use super::*;

    fn paused() -> Event {
        Event::CallsPaused {
            origin: Origin::default(),
            model: "m".to_owned(),
            reason: PauseReason::Outage,
            cause: "connection refused by h:1".to_owned(),
            wait: Duration::from_secs(5),
            gives_up_in: None,
        }
    }

    fn failed(kind: ModelErrorKind) -> Event {
        Event::AttemptFailed {
            origin: Origin::default(),
            attempt: 1,
            kind,
            retry_in: Duration::ZERO,
        }
    }

    fn answered() -> Event {
        Event::BranchAnswered {
            origin: Origin::default(),
            usage: Usage::default(),
        }
    }

    fn check(events: &[Event], expected: Option<(&str, bool)>) {
        let mut trouble = Trouble::default();
        events.iter().for_each(|it| trouble.take(it));
        let words = trouble.words();
        let Some((part, has_never_answered)) = expected else {
            assert_eq!(words, None);
            return;
        };
        let words = words.unwrap();
        assert!(words.contains(part), "{words}");
        assert!(words.contains("nothing in the run itself"), "{words}");
        assert_eq!(words.contains("the address"), has_never_answered, "{words}");
    }

    #[test]
    fn what_held_a_run_up_is_what_came_after_its_last_answer() {
        let timeout = || failed(ModelErrorKind::Timeout);
        let down = "m was down (connection refused by h:1)";
        check(&[], None);
        check(&[paused()], Some((down, true)));
        check(&[answered(), paused(), timeout()], Some((down, false)));
        check(&[paused(), answered()], None);
        check(
            &[answered(), timeout()],
            Some(("--timeout gives more", false)),
        );
        check(&[timeout(), paused()], Some((down, true)));
    }
}
