//! Tells a failure of the provider from one that this very request provokes.
//!
//! llama.cpp, Gemini and others answer 500 to input they cannot digest. Trying that for ever is as
//! wrong as giving up on a provider that has a bad minute. What decides is how likely it would be
//! for so many attempts to fail alike by chance, and whether others fare well *meanwhile*: where nobody
//! was answered since, three failures alike are a bad minute.

use patterns_core::{ModelError, ModelErrorKind};

/// Failing alike so often in a row is no accident …
const FEWEST: i32 = 3;

/// … nor so often where others were answered only before the first of them failed …
const FEWEST_WITHOUT_NEWS: i32 = 7;

/// … unless that happens by chance to more than this share of calls.
const CHANCE: f64 = 4e-6;

/// What is known of how other calls fare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Others {
    /// Some were answered since this call first failed.
    FareWell,
    /// Some were answered since this call was first sent.
    FaredWell,
    /// None was answered since.
    Unknown,
}

/// How often first attempts fail inside the provider.
#[derive(Clone, Copy, Debug)]
pub(super) struct FailureShare {
    // One half of a failure in a hundred calls is assumed before any was seen.
    failed: f64,
    calls: f64,
}

impl Default for FailureShare {
    fn default() -> Self {
        Self {
            failed: 0.5,
            calls: 100.0,
        }
    }
}

impl FailureShare {
    /// Takes note of a first attempt; old ones fade.
    pub(super) fn record(&mut self, has_failed: bool) {
        const FADE: f64 = 0.999;
        self.failed = self.failed * FADE + f64::from(u8::from(has_failed));
        self.calls = self.calls * FADE + 1.0;
    }

    fn share(self) -> f64 {
        self.failed / self.calls
    }
}

/// The failures of one call, as far as they are alike.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    last: Option<ModelError>,
    times: i32,
}

impl Repeats {
    /// Takes note of a failed attempt; returns whether it shows that this request can't succeed.
    pub(super) fn record(
        &mut self,
        error: &ModelError,
        share: FailureShare,
        others: Others,
    ) -> bool {
        let is_alike = self.last.as_ref().is_some_and(|last| is_alike(last, error));
        self.times = if is_alike { self.times + 1 } else { 1 };
        self.last = Some(error.clone());
        let fewest = match others {
            Others::FareWell => FEWEST,
            Others::FaredWell => FEWEST_WITHOUT_NEWS,
            Others::Unknown => return false,
        };
        is_own_trouble(error) && self.times >= fewest && share.share().powi(self.times) < CHANCE
    }
}

/// Returns whether the provider says that it failed over this very call, and not that it is busy or gone:
/// it failed inside, or threw its own draw away.
pub(super) fn is_own_trouble(error: &ModelError) -> bool {
    let is_plain = matches!(
        error.kind(),
        ModelErrorKind::Unavailable { retry_after: None }
    );
    is_plain && matches!(error.status(), Some(400 | 422 | 500))
}

fn is_alike(one: &ModelError, other: &ModelError) -> bool {
    one.status() == other.status()
        && one.code() == other.code()
        && one.detail() == other.detail()
        && one.kind().name() == other.kind().name()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(status: u16, detail: &str) -> ModelError {
        ModelError::new(ModelErrorKind::Unavailable { retry_after: None })
            .with_status(status)
            .with_detail(detail)
    }

    fn share(failed: u32, calls: u32) -> FailureShare {
        let mut share = FailureShare::default();
        for n in 0..calls {
            share.record(failed > 0 && n % (calls / failed) == 0);
        }
        share
    }

    /// Returns after how many failures alike they are taken for permanent while others fare well.
    fn permanent_after(error: &ModelError, share: FailureShare) -> Option<i32> {
        permanent_while(Others::FareWell, error, share)
    }

    fn permanent_while(others: Others, error: &ModelError, share: FailureShare) -> Option<i32> {
        let mut repeats = Repeats::default();
        (1..=10).find(|_| repeats.record(error, share, others))
    }

    #[test]
    fn where_nobody_is_answered_meanwhile_it_is_a_bad_minute() {
        let bad = error(500, "failed to parse input");
        let while_ = |others| permanent_while(others, &bad, share(0, 100));
        assert_eq!(while_(Others::FareWell), Some(3));
        assert_eq!(while_(Others::FaredWell), Some(7));
        assert_eq!(while_(Others::Unknown), None);
    }

    #[test]
    fn a_draw_that_the_provider_refuses_is_like_a_failure_inside() {
        let refused = error(400, "Failed to generate JSON.");
        assert_eq!(permanent_after(&refused, share(0, 100)), Some(3));
    }

    #[test]
    fn what_fails_alike_while_others_fare_well_is_permanent() {
        let bad = error(500, "failed to parse input");
        assert_eq!(permanent_after(&bad, share(1, 1)), Some(3));
        assert_eq!(permanent_after(&bad, share(0, 1_000)), Some(3));
        assert_eq!(permanent_after(&bad, share(20, 1_000)), Some(4));
        assert_eq!(permanent_after(&bad, share(900, 1_000)), None);
    }

    #[test]
    fn other_failures_are_the_providers() {
        for status in [502, 503, 504, 529] {
            assert_eq!(permanent_after(&error(status, "x"), share(0, 100)), None);
        }
        let mut repeats = Repeats::default();
        let alternating = ["a", "b", "a", "b", "a", "b"];
        let ends =
            alternating.map(|it| repeats.record(&error(500, it), share(0, 100), Others::FareWell));
        assert_eq!(ends, [false; 6]);
    }
}
