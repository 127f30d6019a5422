//! Whether more calls in flight bring more answers a second.
//!
//! Calls are looked at in rounds. A round's yield is the mean number in flight (when its calls were sent)
//! by the mean time that they took. Where half as many again in flight bring hardly more than before,
//! growth is held for a round, to be sure that it was no chance; then the limit goes back to where it
//! last paid. Now and then it is tried again, since a server may have become free.

use std::time::Duration;

/// The fewest calls of a round.
const LEAST_CALLS: f64 = 12.0;

/// So much more in flight than in the best round is enough to compare.
const GROWN: f64 = 1.5;

/// At least this share of what was added in flight has to come out as answers.
const LEAST_SHARE: f64 = 0.25;

/// After so many rounds at its place, growth is tried again.
const PATIENCE: u32 = 20;

/// Compares rounds of calls.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Gain {
    round: Round,
    /// The round with the fewest in flight since which more of them have not paid.
    best: Option<(f64, f64)>,
    state: State,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum State {
    /// The limit may grow.
    #[default]
    Growing,
    /// It did not pay once.
    Doubtful,
    /// It does not pay; for so many rounds yet it is not tried again.
    Resting(u32),
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Round {
    calls: f64,
    load: f64,
    seconds: f64,
}

/// What follows from a round.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Step {
    /// The limit goes back to this.
    Back(f64),
}

impl Gain {
    /// Returns whether the limit must not grow.
    pub(super) fn is_held(&self) -> bool {
        self.state != State::Growing
    }

    /// Takes note of how long a call took that was sent as one of `load` in flight.
    pub(super) fn served(&mut self, load: usize, took: Duration) -> Option<Step> {
        self.round.calls += 1.0;
        self.round.load += load as f64;
        self.round.seconds += took.as_secs_f64();
        let load = self.round.load / self.round.calls;
        if self.round.calls < LEAST_CALLS.max(load) {
            return None;
        }
        let seconds = self.round.seconds / self.round.calls;
        self.round = Round::default();
        self.judge(load, load / seconds.max(1e-6))
    }

    /// Judges a round by what was in flight and how much came out of it a second.
    fn judge(&mut self, load: f64, output: f64) -> Option<Step> {
        if let State::Resting(rounds) = self.state {
            match rounds.checked_sub(1) {
                Some(left) => self.state = State::Resting(left),
                None => (self.state, self.best) = (State::Growing, Some((load, output))),
            }
            return None;
        }
        let Some((best_load, best)) = self.best else {
            self.best = Some((load, output));
            return None;
        };
        let grown = load / best_load;
        if grown < GROWN {
            self.state = State::Growing;
            return None;
        }
        if output >= best * (1.0 + (grown - 1.0) * LEAST_SHARE) {
            (self.state, self.best) = (State::Growing, Some((load, output)));
            return None;
        }
        if self.state == State::Growing {
            self.state = State::Doubtful;
            return None;
        }
        self.state = State::Resting(PATIENCE);
        Some(Step::Back(best_load.ceil()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ends a round with `load` in flight, each call taking so long.
    fn round(gain: &mut Gain, load: usize, millis: u64) -> Option<Step> {
        let calls = load.max(LEAST_CALLS as usize);
        let steps = (0..calls).filter_map(|_| gain.served(load, Duration::from_millis(millis)));
        steps.last()
    }

    #[test]
    fn while_answers_take_no_longer_growth_goes_on() {
        let mut gain = Gain::default();
        for load in [8, 16, 32, 64, 128, 256] {
            assert_eq!(round(&mut gain, load, 1_000), None);
            assert!(!gain.is_held());
        }
    }

    #[test]
    fn where_answers_only_get_slower_it_goes_back() {
        let mut gain = Gain::default();
        assert_eq!(round(&mut gain, 8, 1_000), None);
        assert_eq!(round(&mut gain, 16, 2_000), None);
        assert!(gain.is_held(), "to be sure");
        assert_eq!(round(&mut gain, 16, 2_000), Some(Step::Back(8.0)));
        for _ in 0..PATIENCE {
            assert_eq!(round(&mut gain, 8, 1_000), None);
            assert!(gain.is_held());
        }
        round(&mut gain, 8, 1_000);
        assert!(!gain.is_held(), "now and then it is tried again");
    }

    #[test]
    fn one_slow_round_is_chance() {
        let mut gain = Gain::default();
        round(&mut gain, 8, 1_000);
        round(&mut gain, 16, 2_000);
        assert_eq!(round(&mut gain, 16, 1_000), None);
        assert!(!gain.is_held());
    }
}
