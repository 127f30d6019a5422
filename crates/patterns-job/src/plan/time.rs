//! Foresees how long a job takes, and says what that rests on.
//!
//! How long a call takes is known best from earlier calls of the stage to that model, which the store has;
//! else it is guessed by how much it writes. What waits for each other is added up: stages, and within them
//! as many calls one after the other as cannot be in flight at once, or as build on each other.

use std::num::NonZeroU64;

use patterns_store::Experience;

use super::written_plan::{Figure, Stage};
use crate::setup::PlanSetup;

/// Seconds until an answer begins, and tokens a second after that, where nothing is known.
const FIRST_TOKEN: f64 = 0.7;
const TOKENS_PER_SECOND: f64 = 60.0;

/// How many calls a local Ollama is sent at once.
const OLLAMA_AT_ONCE: usize = 4;

/// The fewest answers that say how long one takes.
const FEW: u64 = 3;

/// What is known of how fast calls can be.
pub(super) struct Pace<'a> {
    at_once: usize,
    requests_per_minute: Option<NonZeroU64>,
    tokens_per_minute: Option<NonZeroU64>,
    experience: &'a Experience,
}

impl<'a> Pace<'a> {
    pub(super) fn of(with: &PlanSetup, stages: &[Stage], experience: &'a Experience) -> Self {
        let settings = &with.setup.settings;
        let given = settings.part.concurrency.is_some();
        let is_local = !given && stages.iter().all(|it| it.model.starts_with("ollama:"));
        Self {
            at_once: match is_local {
                true => OLLAMA_AT_ONCE,
                false => settings.branches().get(),
            },
            requests_per_minute: with.requests_per_minute,
            tokens_per_minute: with.tokens_per_minute,
            experience,
        }
    }

    /// Foresees how long the stages take, `in_turn` calls of combinations one after the other at least.
    pub(super) fn time(&self, stages: &[Stage], in_turn: u64) -> (Figure<f64>, String) {
        let stages: Vec<&Stage> = stages.iter().filter(|it| it.calls.likely > 0).collect();
        if stages.is_empty() {
            return (Figure::default(), "nothing is sent".to_owned());
        }
        let (answers, slowest, known) = self.by_answers(&stages, in_turn);
        match self.by_limit(&stages).filter(|it| it.0 > answers) {
            Some((time, words)) => (Figure::of(0.9 * time, time, 1.5 * time), words),
            None => {
                let calls: u64 = stages.iter().map(|it| it.calls.likely).sum();
                let most = calls.min(self.at_once as u64);
                let (spread, how) = match known {
                    0 => ((0.5, 3.0), "which is a guess"),
                    all if all == stages.len() => ((0.8, 1.5), "as long as earlier ones took"),
                    _ => ((0.5, 3.0), "which is in part a guess"),
                };
                let time = Figure::of(spread.0 * answers, answers, spread.1 * answers);
                let many = if most == 1 {
                    "one call"
                } else {
                    &*format!("up to {most} calls")
                };
                (
                    time,
                    format!("{many} at once, up to {slowest:.1} s each, {how}"),
                )
            }
        }
    }

    /// Returns how long answers take, how long the slowest, and of how many stages that is known.
    fn by_answers(&self, stages: &[&Stage], in_turn: u64) -> (f64, f64, usize) {
        let (mut sum, mut slowest, mut known) = (0.0, 0.0_f64, 0);
        for stage in stages {
            let calls = stage.calls.likely as f64;
            let of = (stage.stage.clone(), stage.model.clone());
            let seen = self
                .experience
                .answers
                .get(&of)
                .filter(|it| it.count >= FEW);
            known += usize::from(seen.is_some());
            let guess = || FIRST_TOKEN + stage.written.likely as f64 / calls / TOKENS_PER_SECOND;
            let each = seen.map_or_else(guess, |it| it.took.as_secs_f64());
            let rounds = (calls / self.at_once as f64).ceil();
            let is_chain = stage.stage == "reduce" && stage.level.is_none();
            let least = if is_chain { in_turn as f64 } else { 1.0 };
            sum += rounds.max(least) * each;
            slowest = slowest.max(each);
        }
        (sum, slowest, known)
    }

    /// Returns how long it takes at the limit that decides, if there is one, configured or seen, and says which.
    fn by_limit(&self, stages: &[&Stage]) -> Option<(f64, String)> {
        let calls: u64 = stages.iter().map(|it| it.calls.likely).sum();
        let tokens = stages.iter().map(|it| it.read.likely + it.written.likely);
        let limits = [
            (calls, "requests", self.requests_per_minute),
            (tokens.sum(), "tokens", self.tokens_per_minute),
        ];
        let time = |count: u64, limit: u64| count as f64 / limit as f64 * 60.0;
        let configured = limits.into_iter().filter_map(|(count, what, limit)| {
            let limit = limit?.get();
            let words = format!("the {limit} {what} a minute that are allowed");
            Some((time(count, limit), words))
        });
        // What calls were held to may have been a limit of one's own, which was another then.
        let is_learnt = self.requests_per_minute.is_none();
        let rates = self.experience.rates.iter();
        let rates = rates.filter(|it| is_learnt && *it.1 > 0);
        let seen = rates.map(|(model, rate)| {
            let stages = stages.iter().filter(|it| it.model == *model);
            let words = format!(
                "the rate of {rate} calls a minute that calls to {model} were held to lately"
            );
            (time(stages.map(|it| it.calls.likely).sum(), *rate), words)
        });
        configured.chain(seen).max_by(|a, b| a.0.total_cmp(&b.0))
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::time::Duration;

    use patterns_store::Answers;

    use super::*;

    fn stage(stage: &str, level: u32, calls: u64) -> Stage {
        let one = |n| Figure::of(n, n, n);
        Stage {
            stage: stage.to_owned(),
            level: NonZeroU32::new(level),
            model: "m".to_owned(),
            found: 0,
            calls: one(calls),
            read: one(100 * calls),
            cached: 0,
            written: one(138 * calls),
            cost: None,
            combines: None,
            first_prompt: None,
        }
    }

    fn time(stages: &[Stage], in_turn: u64, seen: &[(&str, u64, u64)], limit: u64) -> String {
        timed(stages, in_turn, (seen, limit), Experience::default())
    }

    fn timed(
        stages: &[Stage],
        in_turn: u64,
        (seen, limit): (&[(&str, u64, u64)], u64),
        mut experience: Experience,
    ) -> String {
        for (stage, calls, seconds) in seen {
            let answers = Answers {
                count: *calls,
                took: Duration::from_secs(*seconds),
                output_tokens: 0,
            };
            let of = ((*stage).to_owned(), "m".to_owned());
            experience.answers.insert(of, answers);
        }
        let pace = Pace {
            at_once: 8,
            requests_per_minute: NonZeroU64::new(limit),
            tokens_per_minute: None,
            experience: &experience,
        };
        let (Figure { low, likely, high }, words) = pace.time(stages, in_turn);
        format!("{low:.1} {likely:.1} {high:.1}: {words}")
    }

    #[test]
    fn a_call_takes_as_long_as_those_before_it_or_as_is_guessed() {
        let stages = [
            stage("map", 0, 20),
            stage("reduce", 1, 4),
            stage("reduce", 2, 1),
        ];
        for (seen, limit, expected) in [
            (
                &[][..],
                0,
                "7.5 15.0 45.0: up to 8 calls at once, up to 3.0 s each, which is a guess",
            ),
            (
                &[("map", 3, 10)],
                0,
                "18.0 36.0 108.0: up to 8 calls at once, up to 10.0 s each, which is in part a guess",
            ),
            (
                &[("map", 3, 10), ("reduce", 5, 2)],
                0,
                "27.2 34.0 51.0: up to 8 calls at once, up to 10.0 s each, as long as earlier ones took",
            ),
            (
                &[("map", 2, 10), ("reduce", 5, 2)],
                0,
                "6.5 13.0 39.0: up to 8 calls at once, up to 3.0 s each, which is in part a guess",
            ),
            (
                &[("map", 3, 10), ("reduce", 5, 2)],
                10,
                "135.0 150.0 225.0: the 10 requests a minute that are allowed",
            ),
        ] {
            assert_eq!(time(&stages, 2, seen, limit), expected, "{seen:?}");
        }
    }

    #[test]
    fn a_rate_that_calls_were_held_to_counts_where_it_is_slower() {
        let mut other = stage("reduce", 1, 40);
        other.model = "fast".to_owned();
        let stages = [stage("map", 0, 200), other];
        for (rates, limit, expected) in [
            (
                &[("m", 60), ("fast", 9), ("another", 1)][..],
                0,
                "240.0 266.7 400.0: the rate of 9 calls a minute that calls to fast were held to lately",
            ),
            (
                &[("m", 60)],
                0,
                "180.0 200.0 300.0: the rate of 60 calls a minute that calls to m were held to lately",
            ),
            (
                &[("m", 60)],
                30,
                "432.0 480.0 720.0: the 30 requests a minute that are allowed",
            ),
            (
                // It may have been held to a limit of one's own.
                &[("m", 60)],
                600,
                "45.0 90.0 270.0: up to 8 calls at once, up to 3.0 s each, which is a guess",
            ),
            (
                &[("m", 6_000)],
                0,
                "45.0 90.0 270.0: up to 8 calls at once, up to 3.0 s each, which is a guess",
            ),
        ] {
            let rates = rates
                .iter()
                .map(|(model, rate)| ((*model).to_owned(), *rate));
            let experience = Experience {
                rates: rates.collect(),
                ..Experience::default()
            };
            let time = timed(&stages, 0, (&[], limit), experience);
            assert_eq!(time, expected, "{limit}");
        }
    }

    #[test]
    fn a_chain_of_combinations_is_as_long_as_all_of_them() {
        let chain = [stage("map", 0, 8), stage("reduce", 0, 7)];
        let words = "up to 8 calls at once, up to 3.0 s each, which is a guess";
        assert_eq!(time(&chain, 7, &[], 0), format!("12.0 24.0 72.0: {words}"));
        assert_eq!(time(&[], 0, &[], 9), "0.0 0.0 0.0: nothing is sent");
    }
}
