//! How one call has gone so far, and what that says about the next attempt.
//!
//! Attempts count against a call only where it is known to fail by itself. The last call of a run that
//! fails alone may have met an outage that has just begun: there is nobody left whose answer would tell. It
//! is tried for ten minutes. That makes a last document that is to blame cost ten minutes; the other choice
//! would lose what a run has paid for to a pause of the server of two.

use std::time::Duration;

use patterns_core::{ModelError, ModelErrorKind, PauseReason, Request, Usage};

use super::again::{where_cut, with_more_room};
use super::repeats::{Others, Repeats, is_own_trouble};
use super::retry_policy::Attempts;
use crate::pace::PacerState;

/// So many attempts of a call that fail in outages don't count. Probes take turns, so with half a dozen
/// calls waiting that is half an hour; two or three that are left over get a quarter of one.
const MOST_IN_OUTAGE: u32 = 20;

/// After so many attempts that were thrown back the user is told, if nobody was answered meanwhile …
const THROTTLES_WORTH_TELLING: u32 = 3;

/// … and even if somebody was.
const THROTTLES_OF_ONE: u32 = 10;

/// After so many attempts that an outage may be to blame for, too.
const EXCUSED_WORTH_TELLING: u32 = 6;

/// How one call has gone so far.
pub(super) struct Trial {
    /// All attempts that were made.
    pub(super) tries: u32,
    /// Those that count.
    pub(super) attempts: Attempts,
    /// Those that failed in an outage.
    in_outage: u32,
    pub(super) repeats: Repeats,
    pub(super) wasted: Usage,
    /// How many attempts of all calls were answered when this one was first sent, and when it first
    /// failed.
    served_before: u64,
    served_at_failure: Option<u64>,
    pub(super) others: Others,
    /// How the last attempt failed.
    last: Option<(Option<u16>, &'static str)>,
    /// Whether it has failed in that way while a call that was sent later was answered. One that failed by
    /// chance and then met an outage has not: an outage fails in a way of its own.
    is_own_failure: bool,
    /// The cut answer that was asked for once more, with more room.
    cut: Option<ModelError>,
}

impl Trial {
    pub(super) fn new(served_before: u64) -> Self {
        Self {
            tries: 0,
            attempts: Attempts::default(),
            in_outage: 0,
            repeats: Repeats::default(),
            wasted: Usage::default(),
            served_before,
            served_at_failure: None,
            others: Others::Unknown,
            last: None,
            is_own_failure: false,
            cut: None,
        }
    }

    /// Takes note of how the provider stands after an attempt has failed with `error`.
    pub(super) fn see(&mut self, state: Option<PacerState>, error: &ModelError) {
        let Some(state) = state else { return };
        let served_at_failure = *self.served_at_failure.get_or_insert(state.served);
        self.others = if state.served > served_at_failure {
            Others::FareWell
        } else if state.served > self.served_before {
            Others::FaredWell
        } else {
            Others::Unknown
        };
        self.attempts.was_reached |= state.has_replied;
        let is_faulty = state.served == 0 && is_own_trouble(error);
        self.attempts.faulty_for = is_faulty.then_some(state.faulty_for);
    }

    /// Counts a failed attempt that took so long.
    pub(super) fn record(&mut self, state: Option<PacerState>, error: &ModelError, took: Duration) {
        let way = Some((error.status(), error.kind().name()));
        let is_alike = way == self.last;
        self.last = way;
        self.is_own_failure = state.is_none_or(|state| {
            let is_healthy = state.good_sent.is_some_and(|ago| ago <= took);
            // A provider that has never answered anybody has no good days to wait for.
            is_healthy || state.served == 0 || (self.is_own_failure && is_alike)
        });
        self.attempts.record(error.kind(), took, is_alike);
        // What is paid for is not tried for ten minutes.
        let usage = error.usage();
        let is_free = usage.input_tokens == 0 && usage.output_tokens == 0;
        let is_excused = is_free && !self.is_own_failure && !is_throttle(error);
        self.attempts.excused += u32::from(is_excused);
    }

    /// Takes note of an attempt that failed in an outage, which says little about its call; returns
    /// whether it did. But a call has an end of its own, whatever the pool thinks.
    pub(super) fn is_outage(&mut self, state: Option<PacerState>, error: &ModelError) -> bool {
        let is_outage = state.is_some_and(|it| it.is_outage);
        if !is_outage || error.kind().retry_after().is_some() {
            return false;
        }
        // No document is to blame for a connection that cannot be made.
        let is_unreached = error.kind() == ModelErrorKind::Unreachable;
        self.in_outage += u32::from(!is_unreached);
        self.in_outage <= MOST_IN_OUTAGE
    }

    /// Returns the request with more room, if its answer was cut off for the first time.
    pub(super) fn widens(&mut self, request: &Request, error: &ModelError) -> Option<Request> {
        let wider = with_more_room(request, error).filter(|_| self.cut.is_none())?;
        self.cut = Some(where_cut(error.clone(), request));
        Some(wider)
    }

    /// Returns what a user should hear of how the call fails again and again, if it is time to.
    pub(super) fn worth_telling(&self, error: &ModelError) -> Option<PauseReason> {
        if is_throttle(error) {
            return self.is_thrown_back().then_some(PauseReason::Throttled);
        }
        let is_time = self.attempts.excused == EXCUSED_WORTH_TELLING && !self.is_own_failure;
        is_time.then_some(PauseReason::Outage)
    }

    fn is_thrown_back(&self) -> bool {
        let throttled = self.attempts.throttled;
        let is_alone = self.others != Others::FareWell;
        (is_alone && throttled == THROTTLES_WORTH_TELLING) || throttled == THROTTLES_OF_ONE
    }

    /// Makes the error of a call that is not tried again because the run is being ended.
    pub(super) fn not_sent(&self) -> ModelError {
        let usage = Usage {
            calls: 1,
            ..self.wasted
        };
        ModelError::new(ModelErrorKind::NotSent).with_usage(usage)
    }

    /// Puts the bill of all attempts on the last error.
    pub(super) fn billed(&self, error: ModelError) -> ModelError {
        if self.tries <= 1 {
            return error;
        }
        let is_cut_again = error.kind() == ModelErrorKind::Truncated;
        if let Some(cut) = self.cut.clone().filter(|_| !is_cut_again) {
            // That there is no more room, at the server or in the budget, is not what went wrong.
            let usage = error.usage();
            let last = if usage.attempts == 0 {
                Usage::default()
            } else {
                attempt_of(&error)
            };
            return cut.with_usage(Usage {
                calls: 1,
                ..last + self.wasted
            });
        }
        let last = if error.usage().attempts == 0 && !error.is_transient() {
            error.usage()
        } else {
            attempt_of(&error)
        };
        let total = last + self.wasted;
        error.with_usage(Usage { calls: 1, ..total })
    }
}

fn is_throttle(error: &ModelError) -> bool {
    matches!(error.kind(), ModelErrorKind::RateLimited { .. })
}

/// Returns what one failed try adds to the bill of its call.
pub(super) fn attempt_of(error: &ModelError) -> Usage {
    let usage = error.usage();
    Usage {
        calls: 0,
        attempts: usage.attempts.max(1),
        ..usage
    }
}
