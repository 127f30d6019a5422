//! When may the next call be sent? A pure state machine on an injected clock, and its async shell.
//!
//! ```text
//! Demand ─► Pacer::ask(now) ─► Go(Permit) │ Wait(time) │ Full (until a call ends) │ Closed (for good)
//!              ▲    buckets: requests and tokens a minute (stated, given or inferred)
//!              │    concurrency: slow start, additive growth, one cut a round trip, no growth
//!              │                 where answers only get slower
//!              │    breaker: opens when different calls fail, probes, heals into slow start
//! Verdict ─────┘    block: a provider's Retry-After holds back the whole pool
//! ```
//!
//! Time is a [`Duration`](std::time::Duration) since the pacer was made; nothing in the machine
//! reads a clock or draws a random number. A [`Pool`] is a pacer that calls can wait for; all calls
//! to one (provider, model, key) share one.

mod admission;
mod allowance;
mod breaker;
mod bucket;
mod complaints;
mod concurrency;
mod estimate;
mod faulty;
mod flight;
mod gain;
mod limits;
mod pacer;
mod pool;
mod rate;
mod retry_tokens;
mod waiting;

pub use admission::{Admission, Demand, Pace, PacerState, Permit, Reason, Verdict};
pub use limits::{RateLimits, Window};
pub use pacer::Pacer;
pub(crate) use pool::PoolKey;
pub use pool::{Pool, Slot};

pub(crate) use estimate::demand;
