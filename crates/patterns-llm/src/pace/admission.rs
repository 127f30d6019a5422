//! What goes into a pacer and what comes out of it.

use std::time::Duration;

use patterns_core::ModelErrorKind;

/// How long a provider that has never answered may be down before calls fail at once: a misspelt
/// host does not appear.
const PATIENCE_WITH_STRANGERS: Duration = Duration::from_secs(10);

/// How long one may be down that is there but has not answered anything yet: it may be loading a model,
/// or never be able to.
const PATIENCE_WITH_BEGINNERS: Duration = Duration::from_secs(300);

/// What is given to a pacer from outside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// The most calls in flight, whatever the provider allows.
    pub max_in_flight: usize,
    /// Whether the number in flight begins small and doubles every round trip, because nobody knows
    /// what the provider can take; if not, it begins at `max_in_flight`.
    pub starts_slowly: bool,
    /// Requests a minute, if the user knows the limit.
    pub requests_per_minute: Option<f64>,
    /// Tokens a minute, input and output together, if the user knows the limit.
    pub tokens_per_minute: Option<f64>,
    /// Longest time that a call is held back because the provider asks for it. A longer wait is
    /// the user's to decide on, so the call fails with the provider's words instead.
    pub max_block: Duration,
    /// Longest outage that is waited out.
    pub max_outage: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            max_in_flight: 256,
            starts_slowly: true,
            requests_per_minute: None,
            tokens_per_minute: None,
            max_block: Duration::from_secs(600),
            max_outage: Duration::from_secs(1_800),
        }
    }
}

impl Pace {
    /// Returns how long an outage is waited out of a provider that has, or has not, replied and
    /// answered before.
    pub(super) fn patience(&self, has_replied: bool, served: u64) -> Duration {
        let most = if served > 0 {
            Duration::MAX
        } else if has_replied {
            PATIENCE_WITH_BEGINNERS
        } else {
            PATIENCE_WITH_STRANGERS
        };
        most.min(self.max_outage)
    }
}

/// What a call is, and what it is expected to use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    /// Tokens sent.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// Whether `output_tokens` is a bound that was sent along, which providers count as if it
    /// were used, and not an estimate.
    pub is_bounded: bool,
    /// A digest that all attempts of a call share and no other call has, so that a call that always
    /// fails is told from a provider that is down.
    pub call: u64,
}

/// Whether a call may be sent.
#[derive(Debug, PartialEq)]
pub enum Admission {
    /// Now. The permit must be given back by [`Pacer::ended`](super::Pacer::ended).
    Go(Permit),
    /// Not before this time has passed; ask again then, or when a call has ended.
    Wait(Duration, Reason),
    /// Not before a call has ended.
    Full,
    /// Never: every call would end like this, or nobody should wait so long.
    Closed(ModelErrorKind),
}

/// Why a call has to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// As many calls are in flight as may be; one of them may get stuck by then.
    Full,
    /// A rate limit; such waits are short.
    Rate,
    /// The provider asked to.
    Asked,
    /// The provider is down.
    Outage,
}

/// The right to have one call in flight.
#[derive(Debug, PartialEq)]
#[must_use]
pub struct Permit {
    pub(super) number: u64,
    pub(super) estimate: Demand,
    /// The estimate as it was corrected and reserved.
    pub(super) demand: Demand,
    pub(super) epoch: u64,
    pub(super) sent_at: Duration,
    /// How many calls a second were sent at that time.
    pub(super) rate: f64,
    /// How many calls were in flight then, this one included.
    pub(super) load: usize,
    pub(super) is_probe: bool,
}

/// How a call ended, as far as pacing is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was answered: the provider is well. With the tokens sent and written, if they are known.
    Served(Option<(u64, u64)>),
    /// It was rejected for what it said: the provider is well, but nobody knows whether it would answer
    /// another call.
    Rejected,
    /// The provider says that calls come too fast.
    Throttled(Option<Duration>),
    /// The provider says that it has no capacity.
    Overloaded(Option<Duration>),
    /// The time ran out.
    TimedOut,
    /// The provider failed or could not be reached.
    Broken(ModelErrorKind),
    /// The provider is there, but failed over this call (500, or a reply that makes no sense): its own
    /// trouble, or the call's.
    Faulty(ModelErrorKind),
    /// Every further call would fail likewise.
    Fatal(ModelErrorKind),
    /// It was given up here; nothing is known.
    Abandoned,
}

impl Verdict {
    /// Returns whether the call was answered.
    pub(super) fn is_served(self) -> bool {
        matches!(self, Self::Served(_))
    }

    /// Returns whether it shows that the provider is there.
    pub(super) fn is_sign_of_life(self) -> bool {
        match self {
            Self::Served(_)
            | Self::Rejected
            | Self::Throttled(_)
            | Self::Overloaded(_)
            | Self::Faulty(_) => true,
            Self::Broken(kind) => kind != ModelErrorKind::Unreachable,
            Self::TimedOut | Self::Fatal(_) | Self::Abandoned => false,
        }
    }
}

/// How a pacer stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PacerState {
    /// Calls in flight.
    pub in_flight: usize,
    /// The most calls in flight at present.
    pub limit: usize,
    /// Requests a minute that are allowed, stated or inferred.
    pub requests_per_minute: Option<f64>,
    /// Tokens a minute that are allowed.
    pub tokens_per_minute: Option<f64>,
    /// Whether an outage is being waited out.
    pub is_outage: bool,
    /// Whether the provider has ever replied, so that it is known to be there.
    pub has_replied: bool,
    /// How many attempts were answered …
    pub served: u64,
    /// … and how long ago the latest of these was sent.
    pub good_sent: Option<Duration>,
    /// For how long a provider that has never answered anything has failed inside.
    pub faulty_for: Duration,
    /// Whether no call will be admitted any more.
    pub is_closed: bool,
    /// How long everything is held back because the provider asked for it.
    pub blocked_for: Duration,
}
