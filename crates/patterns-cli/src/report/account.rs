//! The account of a run: how its branches ended and what they used, read from events alone, so that
//! it is true for a run that was broken off too.

use std::collections::BTreeMap;
use std::time::Duration;

use patterns_core::{Counts, Event, Money, Spent, Usage};
use serde_json::{Value, json};

/// How the branches of a run ended and what they used.
#[derive(Debug, Default)]
pub(super) struct Account {
    counts: Counts,
    usage: Usage,
    /// Calls that were sent a second time.
    hedged: u64,
    /// Calls whose answers were in the store.
    reused: u64,
    /// How often each event happened, by its name.
    events: BTreeMap<&'static str, u64>,
    /// Answers that were mended here.
    mended: u64,
    /// In how many of them each thing was mended, by its words.
    fixes: BTreeMap<String, u64>,
}

impl Account {
    /// Takes one event.
    pub(super) fn add(&mut self, event: &Event) {
        *self.events.entry(event.name()).or_default() += 1;
        match event {
            Event::BranchStarted { .. } => self.counts.started += 1,
            Event::BranchAnswered { usage, .. } => {
                self.counts.answered += 1;
                self.usage += *usage;
            }
            Event::BranchFailed { usage, .. } => {
                self.counts.failed += 1;
                self.usage += *usage;
            }
            Event::BranchCancelled { usage, .. } => {
                self.counts.cancelled += 1;
                self.usage += *usage;
            }
            Event::CallHedged { .. } => self.hedged += 1,
            Event::AnswerReused { .. } => self.reused += 1,
            Event::AnswerFixed { fixes, .. } => {
                self.mended += 1;
                for fix in fixes {
                    *self.fixes.entry(fix.to_string()).or_default() += 1;
                }
            }
            Event::RunStarted { .. }
            | Event::AttemptSent { .. }
            | Event::AnswerBegan { .. }
            | Event::AttemptEnded { .. }
            | Event::AttemptFailed { .. }
            | Event::CallsPaused { .. }
            | Event::FormatSteppedDown { .. }
            | Event::AnswerRejected { .. }
            | Event::WarningRaised { .. }
            | Event::RunFinished { .. } => {}
        }
    }

    /// Returns the counts, with what has not ended counted as cancelled if the run is over.
    pub(super) fn counts(&self, is_over: bool) -> Counts {
        let mut counts = self.counts;
        if is_over {
            counts.cancelled = counts.started - counts.answered - counts.failed;
        }
        counts
    }

    /// Returns what was used, calls that were answered by the store left out.
    pub(super) fn paid(&self) -> Usage {
        let calls = self.usage.calls.saturating_sub(self.reused);
        Usage {
            calls,
            ..self.usage
        }
    }

    /// Returns the account of a run that is over, as it is recorded.
    pub(super) fn json(&self, exit_code: u8, spent: Spent) -> Value {
        json!({
            "exit_code": exit_code,
            "counts": self.counts(true),
            "usage": self.usage,
            "from_store": self.reused,
            "cost": cost_of(spent),
            "events": self.events,
        })
    }

    /// Says how many answers were mended, and what in them.
    fn mended(&self) -> String {
        if self.mended == 0 {
            return String::new();
        }
        let fixes = self.fixes.iter().map(|(words, n)| format!("{words} {n}"));
        let fixes: Vec<String> = fixes.collect();
        let answers = if self.mended == 1 {
            "answer"
        } else {
            "answers"
        };
        let fixes = fixes.join(", ");
        format!(" · mended {} {answers} ({fixes})", self.mended)
    }

    /// Writes the account of a run that is over.
    pub(super) fn line(&self, spent: Spent, elapsed: Duration) -> String {
        let Counts {
            started,
            answered,
            failed,
            cancelled,
        } = self.counts(true);
        let Usage {
            calls, attempts, ..
        } = self.usage;
        let mut line = format!(
            "branches: {started} started = {answered} answered + {failed} failed + {cancelled} \
             cancelled · calls {calls}"
        );
        if self.reused > 0 {
            line += &format!(" ({} from the store)", self.reused);
        }
        line += &format!(" · attempts {attempts}");
        // Calls of a run that was broken off were sent, and are in nobody's usage.
        let dropped = cancelled.saturating_sub(self.counts.cancelled);
        if dropped > 0 && !self.events.contains_key("run_finished") {
            line += &format!(" (+ those of {dropped} dropped)");
        }
        if self.hedged > 0 {
            line += &format!(" ({} hedged)", self.hedged);
        }
        line += &self.mended();
        if self.usage.total_tokens() > 0 {
            line += &format!(" · tokens {} in", self.usage.input_tokens);
            if self.usage.cached_input_tokens > 0 {
                line += &format!(" ({} cached)", self.usage.cached_input_tokens);
            }
            line += &format!(", {} out", self.usage.output_tokens);
        }
        line += &cost(spent);
        line + &format!(" · {:.1} s", elapsed.as_secs_f64())
    }
}

/// Writes what a run has cost; nothing if that is not known or nothing.
pub(crate) fn cost_of(spent: Spent) -> String {
    cost(spent).trim_start_matches(" · ").to_owned()
}

/// Writes what a run has cost, if that is known and not nothing.
fn cost(spent: Spent) -> String {
    let parts = spent.committed.cost.zip(spent.possibly_billed.cost);
    match parts {
        None | Some((Money::ZERO, Money::ZERO)) => String::new(),
        Some((billed, Money::ZERO)) => format!(" · {billed}"),
        Some((billed, possibly)) => format!(" · {billed} (+ {possibly} possibly billed)"),
    }
}

#[cfg(test)]
mod tests {
    use patterns_core::{Fix, Spend};

    use super::*;

    fn check(billed: Option<&str>, possibly: Option<&str>, expected: &str) {
        let spend = |dollars: Option<&str>| Spend {
            calls: 1,
            tokens: 1,
            cost: dollars.map(|it| it.parse().unwrap()),
        };
        let spent = Spent {
            committed: spend(billed),
            possibly_billed: spend(possibly),
            ..Spent::default()
        };
        assert_eq!(cost(spent), expected);
    }

    #[test]
    fn what_was_mended_is_counted_and_named() {
        let mut account = Account::default();
        assert_eq!(account.mended(), "");
        let origin = patterns_core::Origin::default();
        for fixes in [
            vec![Fix::CodeFence],
            vec![Fix::CodeFence, Fix::TrailingComma],
        ] {
            account.add(&Event::AnswerFixed { origin, fixes });
        }
        assert_eq!(
            account.mended(),
            " · mended 2 answers (code fence 2, trailing comma 1)"
        );
    }

    #[test]
    fn what_is_said_of_the_cost() {
        check(Some("0"), Some("0"), "");
        check(None, Some("1"), "");
        check(Some("1"), None, "");
        check(Some("0.0123"), Some("0"), " · $0.0123");
        check(
            Some("3.1"),
            Some("0.004"),
            " · $3.10 (+ $0.004 possibly billed)",
        );
        check(
            Some("0"),
            Some("0.004"),
            " · $0.00 (+ $0.004 possibly billed)",
        );
    }
}
