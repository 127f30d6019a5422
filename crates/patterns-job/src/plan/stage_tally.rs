//! Adds up what is sent stage by stage, and what is known of such calls from the store: at least, likely, and at most.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use patterns_core::Usage;

use super::written_plan::FirstPrompt;
use crate::input::Taken;
use crate::pattern::ReduceBudget;

/// Tells stages apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct StageName {
    /// What its calls are for.
    pub(super) stage: String,
    /// The level of combinations, from 1; 0 where there are none.
    pub(super) level: u32,
    /// Who is asked.
    pub(super) model: String,
}

/// What is sent in one stage, and what the store has of it.
#[derive(Clone, Debug, Default)]
pub(super) struct StageTally {
    /// Where the stage comes among all.
    pub(super) order: usize,
    /// Calls that are sent.
    pub(super) calls: u64,
    /// Tokens that they read, as they are counted here.
    pub(super) read: u64,
    /// Those of them that the call before began with, too.
    pub(super) repeated: u64,
    /// Tokens of the drafts.
    pub(super) drafted: u64,
    /// The longest of them, in tokens.
    pub(super) longest: u64,
    /// How many drafts of an earlier stage they are shown.
    pub(super) shown: u64,
    /// The most answers that a call combines, of those that the store has, too.
    pub(super) answers: u64,
    /// Calls that the store has answers to, or will have by then.
    pub(super) found: u64,
    /// Those of them that it has now.
    pub(super) known: u64,
    /// Tokens that those read, as they are counted here.
    pub(super) found_read: u64,
    /// What those were billed.
    pub(super) found_usage: Usage,
    pub(super) first: Option<FirstPrompt>,
    /// The call before, as it is sent.
    pub(super) last: String,
}

/// The fewest answers in the store that say more than what is usual.
const FEW: u64 = 3;

impl StageTally {
    /// Adds a call that is sent: its text, its tokens, and those of the draft of its answer.
    pub(super) fn send(&mut self, text: String, tokens: u64, drafted: u64) {
        self.calls += 1;
        self.read += tokens;
        self.drafted += drafted;
        self.longest = self.longest.max(tokens);
        let same = self
            .last
            .bytes()
            .zip(text.bytes())
            .take_while(|(a, b)| a == b);
        let share = same.count() as f64 / text.len().max(1) as f64;
        let repeated = (share * tokens as f64) as u64;
        // Providers keep beginnings of 1024 tokens or more, in steps of 128.
        self.repeated += if repeated < 1024 {
            0
        } else {
            repeated / 128 * 128
        };
        self.last = text;
    }

    /// Takes what is more of each, so that it is not less than either.
    pub(super) fn widen(&mut self, other: Self) {
        self.first = self.first.take().or(other.first);
        for (it, other) in [
            (&mut self.calls, other.calls),
            (&mut self.read, other.read),
            (&mut self.drafted, other.drafted),
            (&mut self.shown, other.shown),
            (&mut self.longest, other.longest),
            (&mut self.answers, other.answers),
        ] {
            *it = other.max(*it);
        }
    }

    /// Makes it so many calls as those that it has, if that are more.
    pub(super) fn scale(&mut self, calls: u64) {
        let times = |it: u64| (it as f64 * calls as f64 / self.calls.max(1) as f64).ceil() as u64;
        if self.calls > 0 && calls > self.calls {
            (self.read, self.drafted) = (times(self.read), times(self.drafted));
            self.calls = calls;
        }
    }

    /// Adds a call that the store has an answer to.
    pub(super) fn find(&mut self, tokens: u64, usage: Usage) {
        self.found += 1;
        self.known += 1;
        self.found_read += tokens;
        self.found_usage += usage;
    }

    /// Adds those of another rehearsal.
    pub(super) fn add(&mut self, other: Self) {
        self.order = other.order;
        self.calls += other.calls;
        self.read += other.read;
        self.repeated += other.repeated;
        self.drafted += other.drafted;
        self.shown += other.shown;
        self.longest = self.longest.max(other.longest);
        self.answers = self.answers.max(other.answers);
        self.found += other.found;
        self.known += other.known;
        self.found_read += other.found_read;
        self.found_usage += other.found_usage;
        self.first = self.first.take().or(other.first);
    }

    /// Returns how many tokens a provider counts to one that is counted here, where that is known.
    pub(super) fn read_ratio(&self) -> Option<f64> {
        let is_known =
            self.known >= FEW && self.found_read > 0 && self.found_usage.input_tokens > 0;
        is_known.then(|| self.found_usage.input_tokens as f64 / self.found_read as f64)
    }

    /// Returns the share of what calls read that the provider's cache served, and of what it wrote there, where that
    /// is known.
    pub(super) fn cache_shares(&self) -> Option<(f64, f64)> {
        self.read_ratio()?;
        let of = |tokens: u64| tokens as f64 / self.found_usage.input_tokens as f64;
        let it = &self.found_usage;
        Some((of(it.cached_input_tokens), of(it.cache_write_tokens)))
    }

    /// Returns how many tokens an answer had on average, where that is known.
    pub(super) fn mean_written(&self) -> Option<f64> {
        let is_known = self.known >= FEW && self.found_usage.output_tokens > 0;
        is_known.then(|| self.found_usage.output_tokens as f64 / self.known as f64)
    }
}

/// Calls by stage, level and model.
pub(super) type Stages = BTreeMap<StageName, StageTally>;

/// What was rehearsed: at least, on average over so many rehearsals, and at most.
pub(super) struct Rehearsed {
    pub(super) low: Stages,
    pub(super) likely: Stages,
    pub(super) rounds: u64,
    pub(super) high: Stages,
    pub(super) warnings: Vec<String>,
    pub(super) taken: Option<Taken>,
    pub(super) identity: [u8; 32],
    /// How much a call combines, if any does.
    pub(super) budget: Option<ReduceBudget>,
}

/// Adds what came of a further rehearsal.
pub(super) fn add(sum: &mut Stages, stages: Stages) {
    for (stage, tally) in stages {
        sum.entry(stage).or_default().add(tally);
    }
}

/// Makes what is most of each no less than in another rehearsal.
pub(super) fn widen(most: &mut Stages, stages: Stages) {
    for (stage, tally) in stages {
        match most.entry(stage) {
            Entry::Occupied(it) => it.into_mut().widen(tally),
            Entry::Vacant(it) => _ = it.insert(tally),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_that_one_rehearsal_has_is_as_it_is_there() {
        let name = StageName {
            stage: "judge".to_owned(),
            level: 0,
            model: "m".to_owned(),
        };
        let stages = |order, calls, repeated| {
            let tally = StageTally {
                order,
                calls,
                repeated,
                ..StageTally::default()
            };
            Stages::from([(name.clone(), tally)])
        };
        let mut most = Stages::new();
        for (calls, expected) in [(3, 3), (1, 3), (4, 4)] {
            widen(&mut most, stages(2, calls, 5));
            let it = &most[&name];
            assert_eq!((it.order, it.calls, it.repeated), (2, expected, 5));
        }
    }
}
