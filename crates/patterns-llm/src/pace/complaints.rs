//! Tells complaints that mean "slow down" from those that come whatever is done.
//!
//! A provider that throws back one call in fifty at random would, by the book, be slowed down for
//! until nothing moves (Mathis et al. 1997 show it for TCP). But a limit that binds now has bound
//! before: a few complaints about a load that is less than half of what went well a moment ago
//! speak of something else. Many complaints always count, since a limit may have been lowered.

/// A while ends after so many calls.
const CALLS: u32 = 100;

/// A while with no more complaints than this share shows that its load was all right.
const FEW: f64 = 0.05;

/// With more than this share of late, complaints count at any load.
const MANY: f64 = 0.12;

/// What the latest call weighs in that share.
const WEIGHT: f64 = 0.04;

/// So many complaints one after the other are no chance.
const STREAK: u32 = 2;

/// What becomes of the memory of a good load with each while.
const FADE: f64 = 0.99;

/// The share of calls that were complained about, and the load that went well.
#[derive(Clone, Debug, Default)]
pub(super) struct Complaints {
    calls: u32,
    complaints: u32,
    peak_load: f64,
    streak: u32,
    recent_share: f64,
    good_load: f64,
}

impl Complaints {
    /// Takes note of a call that has ended under a load, such as the calls in flight; returns
    /// whether it ended in a complaint about that load.
    pub(super) fn ended(&mut self, load: f64, is_complaint: bool) -> bool {
        let complaint = f64::from(u8::from(is_complaint));
        self.recent_share += WEIGHT * (complaint - self.recent_share);
        self.streak = if is_complaint { self.streak + 1 } else { 0 };
        self.calls += 1;
        self.complaints += u32::from(is_complaint);
        self.peak_load = self.peak_load.max(load);
        if self.calls >= CALLS {
            self.end_while();
        }
        is_complaint && (load >= self.good_load / 2.0 || self.are_many())
    }

    /// Returns the share of calls that ended in complaints of late; one complaint weighs 0.04.
    pub(super) fn share(&self) -> f64 {
        self.recent_share
    }

    /// Returns whether more calls end in complaints than chance explains.
    fn are_many(&self) -> bool {
        self.streak >= STREAK || self.recent_share > MANY
    }

    /// Forgets everything, as after an outage.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }

    fn end_while(&mut self) {
        self.good_load *= FADE;
        if f64::from(self.complaints) <= FEW * f64::from(self.calls) {
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
        let mut complaints = Complaints::default();
        assert_eq!(play(&mut complaints, 8.0, 100, 50), 2);
        assert_eq!(play(&mut complaints, 16.0, 100, 50), 2);
    }

    #[test]
    fn a_few_complaints_about_less_than_went_well_are_noise() {
        let mut complaints = Complaints::default();
        play(&mut complaints, 100.0, 200, 50);
        assert_eq!(play(&mut complaints, 40.0, 1_000, 50), 0);
        assert_eq!(play(&mut complaints, 60.0, 100, 50), 2);
    }

    #[test]
    fn many_complaints_count_at_any_load() {
        let mut complaints = Complaints::default();
        play(&mut complaints, 100.0, 200, 201);
        assert_eq!(play(&mut complaints, 10.0, 20, 1), 19);
        let signals = play(&mut complaints, 10.0, 200, 2);
        assert!(signals > 90, "{signals}");
    }
}
