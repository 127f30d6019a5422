//! Divides the time of a call into its parts.

use std::time::Duration;

use patterns_store::{AttemptRecord, CallEnding, CallRecord};

use crate::call::Timing;

/// Divides the time of a call that was begun so many milliseconds after its run. A second try beside a
/// slow first one takes no time of its own.
pub(crate) fn timing(record: &CallRecord, begin: f64) -> Timing {
    let took = ms(record.took);
    let tries: Vec<&AttemptRecord> = record.attempts.iter().filter(|it| !it.is_hedge).collect();
    let Some(last) = tries.last() else {
        let (rest, other) = match record.ending {
            CallEnding::Found => (0.0, took),
            _ => (took, 0.0),
        };
        return Timing {
            begin,
            rest,
            other,
            ..Timing::default()
        };
    };
    let slot: f64 = tries.iter().map(|it| ms(it.waited.slot)).sum();
    let rate: f64 = tries
        .iter()
        .map(|it| ms(it.waited.rate + it.waited.paused))
        .sum();
    let network = last.took.map_or_else(|| took - ms(last.sent), ms);
    let network = network.clamp(0.0, took);
    let first_byte = last.first_token.map_or(0.0, ms).min(network);
    let waited_before: f64 = tries[..tries.len() - 1]
        .iter()
        .map(|it| ms(it.waited.total()))
        .sum();
    let retry = (ms(last.asked) - ms(tries[0].asked) - waited_before).max(0.0);
    Timing {
        begin,
        slot,
        rate,
        other: (took - slot - rate - retry - network).max(0.0),
        retry,
        first_byte,
        rest: network - first_byte,
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
