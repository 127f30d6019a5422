//! For how long a provider that has never answered anything has failed inside.

use std::time::Duration;

/// Failures this far apart are no longer one trouble.
const APART: Duration = Duration::from_secs(60);

/// When a provider failed inside, first and last.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Faulty(Option<(Duration, Duration)>);

impl Faulty {
    /// Takes note of a failure.
    pub(super) fn failed(&mut self, now: Duration) {
        let recent = self.0.filter(|it| now.saturating_sub(it.1) < APART);
        self.0 = Some((recent.map_or(now, |it| it.0), now));
    }

    /// Returns the time from the first failure to the last.
    pub(super) fn lasted(&self) -> Duration {
        self.0
            .map_or(Duration::ZERO, |(first, last)| last.saturating_sub(first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_far_apart_are_two_troubles() {
        let mut faulty = Faulty::default();
        let lasted = [10, 40, 99, 160, 170].map(|at| {
            faulty.failed(Duration::from_secs(at));
            faulty.lasted().as_secs()
        });
        assert_eq!(lasted, [0, 30, 89, 0, 10]);
    }
}
