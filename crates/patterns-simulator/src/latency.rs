//! How long the simulated model thinks before it answers.

use std::time::Duration;

use rand::Rng;
use rand_distr::StandardNormal;

/// The time between a request and its answer.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Latency {
    /// Answers at once.
    #[default]
    None,
    /// Takes the same time for each request.
    Fixed(Duration),
    /// Takes a time whose logarithm is normally distributed: most answers come quickly, a few
    /// take very long, as with real providers.
    LogNormal {
        /// Half of the answers come sooner.
        median: Duration,
        /// The standard deviation of the natural logarithm. With 0.5, one answer in twenty takes
        /// more than 2.3 times the median; with 1.0, more than 5.2 times.
        sigma: f64,
    },
}

impl Latency {
    /// Draws the latency of one request.
    pub(super) fn draw(self, rng: &mut impl Rng) -> Duration {
        match self {
            Self::None => Duration::ZERO,
            Self::Fixed(latency) => latency,
            Self::LogNormal { median, sigma } => {
                let normal: f64 = rng.sample(StandardNormal);
                let seconds = median.as_secs_f64() * (sigma * normal).exp();
                Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
            }
        }
    }

    /// Tells what is wrong with the latency, if anything.
    pub(super) fn problem(self) -> Option<&'static str> {
        match self {
            Self::LogNormal { sigma, .. } if !sigma.is_finite() || sigma < 0.0 => {
                Some("the sigma of a latency must be a finite number that is not negative")
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    fn draws(latency: Latency) -> Vec<Duration> {
        let mut rng = StdRng::seed_from_u64(7);
        let mut draws: Vec<_> = (0..4001).map(|_| latency.draw(&mut rng)).collect();
        draws.sort();
        draws
    }

    #[test]
    fn lognormal_latencies_have_the_given_median_and_spread() {
        let median = Duration::from_millis(800);
        let draws = draws(Latency::LogNormal { median, sigma: 0.5 });
        let share = |q: usize| draws[4000 * q / 100].as_secs_f64() / median.as_secs_f64();
        assert!((share(50) - 1.0).abs() < 0.05, "median {}", share(50));
        // One standard deviation up is exp(0.5), one down its inverse.
        assert!((share(84) - 1.64).abs() < 0.12, "upper {}", share(84));
        assert!((share(16) - 0.61).abs() < 0.06, "lower {}", share(16));
    }

    #[test]
    fn absurd_latencies_neither_panic_nor_pass_the_check() {
        let median = Duration::MAX;
        let longest = draws(Latency::LogNormal { median, sigma: 2.0 });
        assert_eq!(longest.last(), Some(&Duration::MAX));
        for sigma in [-0.1, f64::NAN, f64::INFINITY] {
            assert!(Latency::LogNormal { median, sigma }.problem().is_some());
        }
        assert_eq!(Latency::LogNormal { median, sigma: 0.0 }.problem(), None);
    }
}
