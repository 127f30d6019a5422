//! Divides the time of a call into its parts.

use std::time::Duration;

use patterns_store::{AttemptRecord, CallEnding, CallRecord};

use crate::call::Timing;

/// Divides the time of a call that was begun so many milliseconds after its run. A second try beside a
/// slow first one takes no time of its own.
pub(crate) fn timing(record: &CallRecord, begin: f64) -> Timing {
    let is_unsent = is_unsent(record.ending);
    divided(record.took, &record.attempts, is_unsent, begin)
}

/// Returns whether a call that ended so and tells of no attempt was never sent.
fn is_unsent(ending: CallEnding) -> bool {
    match ending {
        CallEnding::Found | CallEnding::Cancelled => true,
        CallEnding::Answered | CallEnding::Failed => false,
    }
}

fn divided(took: Duration, attempts: &[AttemptRecord], is_unsent: bool, begin: f64) -> Timing {
    let took = ms(took);
    let tries: Vec<&AttemptRecord> = attempts.iter().filter(|it| !it.is_hedge).collect();
    let Some(last) = tries.last() else {
        let (rest, other) = if is_unsent { (0.0, took) } else { (took, 0.0) };
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

#[cfg(test)]
mod tests {
    use patterns_core::Waits;

    use super::*;

    fn attempt(asked: u64, slot: u64, sent: u64, took: Option<u64>) -> AttemptRecord {
        let ms = Duration::from_millis;
        AttemptRecord {
            asked: ms(asked),
            waited: Waits {
                slot: ms(slot),
                ..Waits::default()
            },
            sent: ms(sent),
            took: took.map(ms),
            ..AttemptRecord::default()
        }
    }

    /// The parts in the order slot, rate, other, retry, first byte, rest.
    fn check(took: u64, attempts: &[AttemptRecord], is_unsent: bool, expected: [f64; 6]) {
        let it = divided(Duration::from_millis(took), attempts, is_unsent, 5.0);
        let parts = [it.slot, it.rate, it.other, it.retry, it.first_byte, it.rest];
        assert_eq!(parts, expected, "{attempts:?}");
        assert_eq!(it.end(), 5.0 + took as f64);
    }

    #[test]
    fn every_millisecond_is_in_one_part() {
        // Waits 10 for a slot and 5 for the budget, is on the network for 80, and is recorded in 5.
        let plain = attempt(0, 10, 15, Some(80));
        check(
            100,
            std::slice::from_ref(&plain),
            false,
            [10.0, 0.0, 10.0, 0.0, 0.0, 80.0],
        );
        let mut streamed = plain.clone();
        streamed.first_token = Some(Duration::from_millis(30));
        check(100, &[streamed], false, [10.0, 0.0, 10.0, 0.0, 30.0, 50.0]);
        // The first try and the wait after it are lost.
        let second = attempt(200, 20, 220, Some(70));
        check(
            300,
            &[plain.clone(), second.clone()],
            false,
            [30.0, 0.0, 10.0, 190.0, 0.0, 70.0],
        );
        // A try beside another one takes nothing.
        let hedge = AttemptRecord {
            is_hedge: true,
            ..second
        };
        check(
            100,
            &[plain, hedge],
            false,
            [10.0, 0.0, 10.0, 0.0, 0.0, 80.0],
        );
    }

    #[test]
    fn what_is_not_told_is_on_the_network_but_what_was_found_or_waited_until_it_was_cancelled() {
        use CallEnding::{Answered, Cancelled, Failed, Found};
        assert!([Found, Cancelled].into_iter().all(is_unsent));
        assert!(![Answered, Failed].into_iter().any(is_unsent));
        check(100, &[], false, [0.0, 0.0, 0.0, 0.0, 0.0, 100.0]);
        check(2, &[], true, [0.0, 0.0, 2.0, 0.0, 0.0, 0.0]);
        // It was dropped on the network.
        check(
            100,
            &[attempt(0, 10, 10, None)],
            false,
            [10.0, 0.0, 0.0, 0.0, 0.0, 90.0],
        );
    }
}
