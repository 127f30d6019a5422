//! The account of a run: how its branches ended and what they used, read from events alone, so that
//! it is true for a run that was broken off too.

use std::collections::BTreeMap;
use std::time::Duration;

use patterns_core::{Counts, Event, Money, Pattern, Spent, StepRole, Usage, grouped};
use serde_json::{Value, json};

/// How the branches of a run ended and what they used.
#[derive(Debug, Default)]
pub(super) struct Account {
    counts: Counts,
    /// How many documents there are, if that is known.
    documents: Option<u64>,
    documents_begun: u64,
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
    /// How often each model was asked instead of another, and how often it answered.
    fallbacks: BTreeMap<String, (u64, u64)>,
}

impl Account {
    /// Takes one event.
    pub(super) fn add(&mut self, event: &Event) {
        *self.events.entry(event.name()).or_default() += 1;
        match event {
            Event::BranchStarted { role, .. } => {
                self.counts.started += 1;
                self.documents_begun += u64::from(*role == StepRole::Map);
            }
            Event::RunStarted {
                pattern: Pattern::MapReduce,
                branches,
                ..
            } => self.documents = *branches,
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
            Event::FallbackAsked {
                model, is_answered, ..
            } => {
                let (asked, answered) = self.fallbacks.entry(model.clone()).or_default();
                *asked += 1;
                *answered += u64::from(*is_answered);
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

    /// Returns how many calls were answered by the store.
    pub(super) fn found(&self) -> u64 {
        self.reused
    }

    /// Returns the account of a run that is over, as it is recorded.
    pub(super) fn json(&self, exit_code: u8, spent: Spent) -> Value {
        json!({
            "exit_code": exit_code,
            "counts": self.counts(true),
            "usage": self.usage,
            "from_store": self.reused,
            "cost": Some(cost_of(spent)).filter(|it| !it.is_empty()),
            "events": self.events,
        })
    }

    /// Says how many steps were answered by a model that was asked instead of another.
    fn fallbacks(&self) -> String {
        let each = self.fallbacks.iter().map(|(model, (asked, answered))| {
            let of = match asked == answered {
                true => String::new(),
                false => format!(" of {asked}"),
            };
            format!(" · {answered}{of} answered by the fallback {model}")
        });
        each.collect()
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

    /// Writes the account of a session that is over, given what the run has spent with it and before it.
    pub(super) fn line(&self, (spent, before): (Spent, Spent), elapsed: Duration) -> String {
        let counts = self.counts(true);
        let session = match before.total().calls {
            0 => "",
            _ => "this session: ",
        };
        let calls = grouped(self.usage.calls);
        let mut line = format!("{session}branches: {counts} · calls {calls}");
        if self.reused > 0 {
            line += &format!(" ({} from the store)", grouped(self.reused));
        }
        line += &format!(" · attempts {}", grouped(self.usage.attempts));
        if self.hedged > 0 {
            line += &format!(" ({} hedged)", self.hedged);
        }
        // Calls of a run that was broken off were sent, and are in nobody's usage.
        let dropped = counts.cancelled.saturating_sub(self.counts.cancelled);
        if dropped > 0 && !self.events.contains_key("run_finished") {
            line += &format!(" (+ those of {dropped} dropped)");
            let rest = self
                .documents
                .map(|it| it.saturating_sub(self.documents_begun));
            if let Some(rest @ 1..) = rest {
                line += &format!(" · documents not begun: {}", grouped(rest));
            }
        }
        line += &self.fallbacks();
        line += &self.mended();
        line += &tokens_of(self.usage);
        line += &cost_of_session(spent, before);
        line + &format!(" · {:.1} s", elapsed.as_secs_f64())
    }
}

/// Writes the tokens that were used, behind something else; nothing if there are none.
pub(crate) fn tokens_of(usage: Usage) -> String {
    if usage.total_tokens() == 0 {
        return String::new();
    }
    let [read, cached, written] = [
        usage.input_tokens,
        usage.cached_input_tokens,
        usage.output_tokens,
    ]
    .map(grouped);
    let cached = match usage.cached_input_tokens {
        0 => String::new(),
        _ => format!(" ({cached} cached)"),
    };
    format!(" · tokens {read} in{cached}, {written} out")
}

/// Writes what a session of a run has cost, and all of them if there were others.
fn cost_of_session(spent: Spent, before: Spent) -> String {
    let cost_before = cost_of(before);
    if cost_before.is_empty() {
        return cost(spent);
    }
    // A session without prices has cost nobody knows what.
    let Some(now) = spent.committed.cost else {
        return cost(spent);
    };
    let session = now.saturating_sub(before.committed.cost.unwrap_or_default());
    format!(" · {session}, in all sessions {}", cost_of(spent))
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
        Some((billed, possibly)) => format!(" · {billed} (+ at most {possibly} possibly billed)"),
    }
}

#[cfg(test)]
mod tests {
    use patterns_core::{Fix, Spend};

    use super::*;

    fn spent(billed: Option<&str>, possibly: Option<&str>) -> Spent {
        let spend = |dollars: Option<&str>| Spend {
            calls: 1,
            tokens: 1,
            cost: dollars.map(|it| it.parse().unwrap()),
        };
        Spent {
            committed: spend(billed),
            possibly_billed: spend(possibly),
            ..Spent::default()
        }
    }

    fn check(billed: Option<&str>, possibly: Option<&str>, expected: &str) {
        assert_eq!(cost(spent(billed, possibly)), expected);
    }

    #[test]
    fn a_session_is_said_to_cost_what_it_does_and_all_of_them_beside_it() {
        let before = spent(Some("0.01"), Some("0"));
        for (now, expected) in [
            (before, " · $0.00, in all sessions $0.01"),
            (
                spent(Some("0.03"), Some("0.2")),
                " · $0.02, in all sessions $0.03 (+ at most $0.20 possibly billed)",
            ),
        ] {
            assert_eq!(cost_of_session(now, before), expected);
        }
        let none = Spent::default();
        assert_eq!(cost_of_session(before, none), " · $0.01");
        assert_eq!(cost_of_session(none, none), "");
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
    fn what_a_fallback_answered_is_said_and_what_it_did_not() {
        let mut account = Account::default();
        assert_eq!(account.fallbacks(), "");
        let mut ask = |model: &str, is_answered| {
            account.add(&Event::FallbackAsked {
                origin: patterns_core::Origin::default(),
                model: model.to_owned(),
                is_answered,
            });
        };
        ask("a:b", true);
        ask("a:b", false);
        ask("c:d", true);
        assert_eq!(
            account.fallbacks(),
            " · 1 of 2 answered by the fallback a:b · 1 answered by the fallback c:d"
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
            " · $3.10 (+ at most $0.004 possibly billed)",
        );
        check(
            Some("0"),
            Some("0.004"),
            " · $0.00 (+ at most $0.004 possibly billed)",
        );
    }
}
