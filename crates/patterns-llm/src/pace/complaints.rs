//! Tells complaints that mean "slow down" from those that come whatever is done.
//!
//! A provider that throws back one call in fifty at random would, by the book, be slowed down for
//! until nothing moves (Mathis et al. 1997 show it for TCP). But a limit that binds now has bound
//! before: complaints about a load that is well below what went well a moment ago speak of
//! something else. Their share is the noise, and from then on complaints count where they are more
//! than noise explains. Many complaints always count, since a limit may have been lowered.

/// A while ends after so many calls.
const CALLS: u32 = 100;

/// A while with no more complaints than this share shows that its load was all right.
const FEW: f64 = 0.05;

/// What becomes of the memory of a good load with each while.
const FADE: f64 = 0.99;

/// Below this share of the good load, complaints are noise.
const QUIET: f64 = 0.6;

/// So many calls at a quiet load must have ended before their complaints say anything …
const LEAST_QUIET: f64 = 100.0;

/// … and this is what becomes of their memory with each of them.
const FORGET_QUIET: f64 = 1.0 - 1.0 / 500.0;

/// More than this share is not taken for noise.
const MOST_NOISE: f64 = 0.05;

/// With more than this share of late, complaints count at any load.
const MANY: f64 = 0.12;

/// So many complaints one after the other are no chance, unless there is noise.
const STREAK: u32 = 2;

/// So many are no chance even then.
const NOISY_STREAK: u32 = 4;

/// A share of late is more than noise if it is so many standard deviations above it.
const DEVIATIONS: f64 = 4.0;

/// The share of late, as an exponentially weighted mean.
#[derive(Clone, Copy, Debug)]
struct Share<const PERCENT: u32>(f64);

impl<const PERCENT: u32> Share<PERCENT> {
    const WEIGHT: f64 = PERCENT as f64 / 100.0;

    fn add(&mut self, is_complaint: bool) {
        self.0 += Self::WEIGHT * (f64::from(u8::from(is_complaint)) - self.0);
    }

    /// Returns whether chance hardly makes so much of this noise. The variance of the mean is that
    /// of one call times w / (2 - w).
    fn is_above(self, noise: f64) -> bool {
        let variance = noise * (1.0 - noise) * Self::WEIGHT / (2.0 - Self::WEIGHT);
        self.0 > noise + DEVIATIONS * variance.sqrt()
    }
}

/// The share of calls that were complained about, and the load that went well.
#[derive(Clone, Debug)]
pub(super) struct Complaints {
    calls: u32,
    complaints: u32,
    peak_load: f64,
    good_load: f64,
    streak: u32,
    /// Of the last two dozen calls, and of the last hundred.
    recent: Share<4>,
    lately: Share<1>,
    /// Calls at a quiet load, and those of them that were complained about.
    quiet: (f64, f64),
}

impl Complaints {
    pub(super) fn new() -> Self {
        Self {
            calls: 0,
            complaints: 0,
            peak_load: 0.0,
            good_load: 0.0,
            streak: 0,
            recent: Share(0.0),
            lately: Share(0.0),
            quiet: (0.0, 0.0),
        }
    }

    /// Takes note of a call that has ended and was sent under a load, such as the calls in flight;
    /// returns whether it ended in a complaint about that load.
    pub(super) fn ended(&mut self, load: f64, is_complaint: bool) -> bool {
        self.recent.add(is_complaint);
        self.lately.add(is_complaint);
        self.streak = if is_complaint { self.streak + 1 } else { 0 };
        self.calls += 1;
        self.complaints += u32::from(is_complaint);
        self.peak_load = self.peak_load.max(load);
        if self.calls >= CALLS {
            self.end_while();
        }
        let is_quiet = load < QUIET * self.good_load;
        if self.are_many() {
            // Noise comes one by one; a limit throws back call after call. What went well at this
            // load must have slipped through, say at the turn of a second.
            self.quiet = (0.0, 0.0);
            self.good_load = self.good_load.min(load);
        } else if is_quiet {
            self.quiet.0 = self.quiet.0 * FORGET_QUIET + 1.0;
            self.quiet.1 = self.quiet.1 * FORGET_QUIET + f64::from(u8::from(is_complaint));
        }
        is_complaint && (self.are_many() || !is_quiet && !self.is_noise())
    }

    /// Returns the share of calls that ended in complaints of late; one complaint weighs 0.04.
    pub(super) fn share(&self) -> f64 {
        self.recent.0
    }

    /// Forgets everything, as after an outage.
    pub(super) fn reset(&mut self) {
        *self = Self::new();
    }

    /// Returns the share of calls that are thrown back at any load, as far as is known.
    fn noise(&self) -> f64 {
        let (calls, complaints) = self.quiet;
        if calls < LEAST_QUIET {
            return 0.0;
        }
        (complaints / calls).min(MOST_NOISE)
    }

    /// Returns whether noise explains the complaints of late.
    fn is_noise(&self) -> bool {
        let noise = self.noise();
        noise > 0.0 && !self.lately.is_above(noise)
    }

    /// Returns whether more calls end in complaints than chance explains at any load.
    fn are_many(&self) -> bool {
        let noise = self.noise();
        let streak = if noise > 0.0 { NOISY_STREAK } else { STREAK };
        self.streak >= streak || self.recent.0 > MANY && self.recent.is_above(noise)
    }

    fn end_while(&mut self) {
        self.good_load *= FADE;
        let few = FEW.max(2.0 * self.noise());
        if f64::from(self.complaints) <= few * f64::from(self.calls) {
            self.good_load = self.good_load.max(self.peak_load);
        }
        (self.calls, self.complaints, self.peak_load) = (0, 0, 0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays so many calls, `every` n-th of which is complained about; counts the signals.
    fn play(complaints: &mut Complaints, load: f64, calls: u32, every: u32) -> u32 {
        let signals = (1..=calls).map(|n| {
            let is_complaint = n % every == 0;
            u32::from(complaints.ended(load, is_complaint))
        });
        signals.sum()
    }

    #[test]
    fn complaints_about_a_load_never_tried_before_count() {
        let mut complaints = Complaints::new();
        assert_eq!(play(&mut complaints, 8.0, 100, 50), 2);
        assert_eq!(play(&mut complaints, 16.0, 100, 50), 2);
    }

    #[test]
    fn a_few_complaints_about_less_than_went_well_are_noise() {
        let mut complaints = Complaints::new();
        play(&mut complaints, 100.0, 200, 50);
        assert_eq!(play(&mut complaints, 40.0, 1_000, 50), 0);
    }

    #[test]
    fn as_many_complaints_as_noise_explains_mean_nothing_at_any_load() {
        let mut complaints = Complaints::new();
        play(&mut complaints, 100.0, 200, 50);
        assert_eq!(play(&mut complaints, 90.0, 100, 50), 2, "nothing is known");
        play(&mut complaints, 40.0, 1_000, 50);
        assert_eq!(play(&mut complaints, 200.0, 1_000, 50), 0);
        let signals = play(&mut complaints, 200.0, 1_000, 12);
        assert!(signals > 50, "{signals} of 83");
    }

    #[test]
    fn many_complaints_count_at_any_load() {
        let mut complaints = Complaints::new();
        play(&mut complaints, 100.0, 200, 201);
        assert_eq!(play(&mut complaints, 10.0, 20, 1), 19);
        let signals = play(&mut complaints, 10.0, 200, 2);
        assert!(signals > 90, "{signals}");
    }
}
