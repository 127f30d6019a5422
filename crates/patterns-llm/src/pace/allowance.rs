//! What a provider allows a minute, as far as it says so or the user does, and what is left of it.

use std::time::Duration;

use super::bucket::Bucket;
use super::limits::{RateLimits, Window};
use super::{Demand, Pace};

/// The least share of stated limits that is used. If a provider complains even then, it has others
/// that it does not state.
const LEAST_SHARE: f64 = 0.8;

/// The stated limits, each a bucket; a limit that nobody stated has none.
#[derive(Clone, Debug)]
pub(super) struct Allowance {
    /// What the user stated is an upper bound: a provider may allow less, never more.
    given: Pace,
    requests: Option<Bucket>,
    tokens: Option<Bucket>,
    input_tokens: Option<Bucket>,
    output_tokens: Option<Bucket>,
    /// Whether the provider has complained although its stated limits were kept.
    is_strict: bool,
    /// The share of the stated limits that is used, on top of the margin that buckets keep.
    share_used: f64,
    /// Real tokens by estimated ones, smoothed.
    input_ratio: f64,
    output_ratio: f64,
}

impl Allowance {
    pub(super) fn new(given: Pace) -> Self {
        let bucket = |limit: Option<f64>| limit.map(|it| Bucket::new(it, Duration::ZERO));
        Self {
            given,
            requests: bucket(given.requests_per_minute),
            tokens: bucket(given.tokens_per_minute),
            input_tokens: None,
            output_tokens: None,
            is_strict: false,
            share_used: 1.0,
            input_ratio: 1.0,
            output_ratio: 1.0,
        }
    }

    /// Returns the requests a minute that are used, if that is limited.
    pub(super) fn requests_per_minute(&self) -> Option<f64> {
        self.requests.as_ref().map(Bucket::limit)
    }

    /// Returns the tokens a minute that are used, if that is limited.
    pub(super) fn tokens_per_minute(&self) -> Option<f64> {
        self.tokens.as_ref().map(Bucket::limit)
    }

    /// Takes over what a reply says of the limits.
    pub(super) fn learn(&mut self, now: Duration, limits: &RateLimits) {
        let (is_strict, share) = (self.is_strict, self.share_used);
        let learn = |bucket: &mut Option<Bucket>, window: Option<Window>, given: Option<f64>| {
            let Some(window) = window else { return };
            let limit = given.map_or(window.limit, |given| given.min(window.limit));
            let bucket = bucket.get_or_insert_with(|| Bucket::new(limit, now));
            bucket.set_limit(limit * share);
            if is_strict {
                bucket.be_strict();
            }
            if let Some(remaining) = window.remaining {
                bucket.at_most(remaining);
            }
        };
        let Pace {
            requests_per_minute,
            tokens_per_minute,
            ..
        } = self.given;
        learn(&mut self.requests, limits.requests, requests_per_minute);
        learn(&mut self.tokens, limits.tokens, tokens_per_minute);
        learn(&mut self.input_tokens, limits.input_tokens, None);
        learn(&mut self.output_tokens, limits.output_tokens, None);
    }

    /// Corrects an estimate by what calls have really used.
    pub(super) fn corrected(&self, estimate: Demand) -> Demand {
        let scale = |tokens: u64, ratio: f64| (tokens as f64 * ratio).ceil() as u64;
        Demand {
            input_tokens: scale(estimate.input_tokens, self.input_ratio),
            output_tokens: if estimate.is_bounded {
                estimate.output_tokens
            } else {
                scale(estimate.output_tokens, self.output_ratio)
            },
            ..estimate
        }
    }

    /// Returns how long until `demand` is left of everything.
    pub(super) fn wait(&mut self, now: Duration, demand: Demand) -> Duration {
        let buckets = self.buckets(demand).into_iter();
        let waits = buckets.filter_map(|(bucket, amount)| Some(bucket?.wait(now, amount)));
        waits.max().unwrap_or_default()
    }

    /// Takes `demand` from everything.
    pub(super) fn take(&mut self, demand: Demand) {
        for (bucket, amount) in self.buckets(demand) {
            if let Some(bucket) = bucket {
                bucket.take(amount);
            }
        }
    }

    /// Puts back what was reserved for an estimate and not used, and learns how good that was.
    pub(super) fn settle(&mut self, estimate: Demand, reserved: Demand, used: (u64, u64)) {
        let (input_used, output_used) = used;
        let left = |reserved: u64, used: u64| reserved as f64 - used as f64;
        let input = left(reserved.input_tokens, input_used);
        // A strict provider counts what might have been written, so nothing comes back.
        let is_kept = self.is_strict && reserved.is_bounded;
        let output = match left(reserved.output_tokens, output_used) {
            unused if is_kept => unused.min(0.0),
            unused => unused,
        };
        for (bucket, amount) in [
            (&mut self.tokens, input + output),
            (&mut self.input_tokens, input),
            (&mut self.output_tokens, output),
        ] {
            if let Some(bucket) = bucket {
                bucket.refund(amount);
            }
        }
        self.input_ratio = smoothed(self.input_ratio, estimate.input_tokens, input_used);
        if !reserved.is_bounded {
            self.output_ratio = smoothed(self.output_ratio, estimate.output_tokens, output_used);
        }
    }

    /// Keeps the limits more strictly after a complaint: evenly, and with each further complaint a
    /// little less of them, since large requests may not fit into what is left of a provider's
    /// second. Returns whether there was anything to keep more strictly.
    pub(super) fn be_stricter(&mut self) -> bool {
        let is_stated = self.requests.is_some() || self.tokens.is_some();
        if !is_stated || self.share_used <= LEAST_SHARE {
            return false;
        }
        if self.is_strict {
            self.share_used = (self.share_used * 0.97).max(LEAST_SHARE);
        }
        self.is_strict = true;
        let buckets = self.buckets(Demand::default()).into_iter();
        buckets.filter_map(|it| it.0).for_each(Bucket::be_strict);
        true
    }

    fn buckets(&mut self, demand: Demand) -> [(Option<&mut Bucket>, f64); 4] {
        let input = demand.input_tokens as f64;
        let output = demand.output_tokens as f64;
        [
            (self.requests.as_mut(), 1.0),
            (self.tokens.as_mut(), input + output),
            (self.input_tokens.as_mut(), input),
            (self.output_tokens.as_mut(), output),
        ]
    }
}

/// Moves the ratio of real to estimated tokens a little towards the last call's.
fn smoothed(ratio: f64, estimated: u64, used: u64) -> f64 {
    if estimated == 0 || used == 0 {
        return ratio;
    }
    let seen = used as f64 / estimated as f64;
    (0.9 * ratio + 0.1 * seen).clamp(0.05, 20.0)
}
