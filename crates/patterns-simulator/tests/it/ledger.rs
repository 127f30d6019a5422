//! What the ledger says about concurrency, latencies and clients that go away.
//!
//! The clock is paused. It moves on by itself only while nothing is ready to run, so a loop of
//! yields holds it until the sockets have delivered what was sent.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use patterns_simulator::{Latency, Ledger, Simulator};
use serde_json::Value;
use tokio::time;

use crate::client::{Caller, client, question, with};

const SECOND: Duration = Duration::from_secs(1);

/// Holds the clock until the ledger is as expected.
async fn settle(simulator: &Simulator, is_expected: impl Fn(&Ledger) -> bool) -> Ledger {
    loop {
        let ledger = simulator.ledger();
        if is_expected(&ledger) {
            return ledger;
        }
        tokio::task::yield_now().await;
    }
}

/// Asks `count` different questions, at most `bound` at a time.
async fn ask_all(caller: &Caller, count: usize, bound: usize) {
    let questions = stream::iter(0..count).map(async |index: usize| {
        let index = index.to_string();
        caller.ask(Some(&index), &question(&index)).await
    });
    let answers = questions.buffer_unordered(bound).count().await;
    assert_eq!(answers, count);
}

#[tokio::test(start_paused = true)]
async fn with_a_fixed_latency_the_peak_is_the_clients_bound() {
    let latency = Latency::Fixed(SECOND);
    with(Simulator::builder().latency(latency), async |caller| {
        let waves = async {
            for answered in (0..200).step_by(32) {
                let waiting = 32.min(200 - answered);
                let wave = |it: &Ledger| it.answered == answered && it.in_flight == waiting;
                settle(&caller.simulator, wave).await;
                time::advance(SECOND).await;
            }
        };
        tokio::join!(ask_all(&caller, 200, 32), waves);

        let ledger = caller.simulator.ledger();
        assert_eq!((ledger.requests, ledger.answered), (200, 200));
        assert_eq!((ledger.dropped, ledger.in_flight), (0, 0));
        assert_eq!(ledger.peak_in_flight, 32);
        let orders = ledger.entries.iter().map(|entry| entry.order);
        assert!(orders.eq(0..200));
        for entry in &ledger.entries {
            assert_eq!(entry.status, Some(200));
            assert!(entry.end.unwrap() - entry.start >= SECOND, "{entry:?}");
        }
        let peak = ledger.entries.iter().map(|entry| entry.in_flight).max();
        assert_eq!(peak, Some(32));
        let mut keys: Vec<_> = ledger.entries.into_iter().map(|it| it.key).collect();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), 200);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn latencies_follow_the_distribution_and_the_seed() {
    let median = Duration::from_millis(900);
    let latency = Latency::LogNormal { median, sigma: 0.5 };
    let latencies = async |seed: u64, bound: usize| {
        let builder = Simulator::builder().seed(seed).latency(latency);
        let ledger = with(builder, async |caller| {
            ask_all(&caller, 301, bound).await;
            caller.simulator.ledger()
        });
        let mut entries = ledger.await.entries;
        entries.sort_by_key(|entry| entry.key.clone());
        let latency = entries.iter().map(|it| it.end.unwrap() - it.start);
        latency.map(|it| it.as_millis()).collect::<Vec<_>>()
    };
    let first = latencies(5, 1).await;
    // Timers are as fine as a millisecond, so where one falls within it may add one.
    let close = |other: &[u128]| first.iter().zip(other).all(|(a, b)| a.abs_diff(*b) <= 1);
    assert!(close(&latencies(5, 64).await));
    assert!(!close(&latencies(6, 64).await));

    let mut sorted = first.clone();
    sorted.sort_unstable();
    assert!((830..970).contains(&sorted[150]), "median {}", sorted[150]);
    assert!(sorted[300] > 2 * sorted[150], "longest {}", sorted[300]);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_goes_away_counts_as_dropped() {
    let latency = Latency::Fixed(3600 * SECOND);
    with(Simulator::builder().latency(latency), async |caller| {
        let request = question("Who is there?");
        tokio::select! {
            _ = caller.ask(None, &request) => panic!("nobody waits for an hour"),
            _ = settle(&caller.simulator, |ledger| ledger.in_flight == 1) => {}
        }
        let ledger = settle(&caller.simulator, |ledger| ledger.in_flight == 0).await;
        assert_eq!((ledger.requests, ledger.answered), (1, 0));
        assert_eq!(ledger.dropped, 1);
        let entry = &ledger.entries[0];
        assert_eq!(entry.status, None);
        assert!(entry.end.unwrap() < SECOND, "{entry:?}");
        let digest = blake3::hash(request.to_string().as_bytes()).to_hex();
        assert_eq!(entry.key, digest[..16]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_dropped_server_drops_its_requests_and_can_serve_again() {
    let latency = Latency::Fixed(SECOND);
    let simulator = Simulator::builder().latency(latency).bind().await.unwrap();
    let client = client();
    let url = format!("{}/chat/completions", simulator.base_url());
    let body = question("Still there?").to_string();
    let send = || client.post(&url).body(body.clone()).send();

    let mut first = Box::pin(send());
    tokio::select! {
        never = simulator.serve() => match never {},
        _ = &mut first => panic!("the clock stands still"),
        _ = settle(&simulator, |ledger| ledger.in_flight == 1) => {}
    }
    assert_eq!(simulator.ledger().dropped, 1);
    assert!(first.await.is_err());
    let second = tokio::select! {
        never = simulator.serve() => match never {},
        second = send() => second,
    };
    assert_eq!(second.unwrap().status(), 200);
    assert_eq!(simulator.ledger().answered, 1);
}

#[tokio::test]
async fn the_ledger_is_served_as_json() {
    with(Simulator::builder(), async |caller| {
        ask_all(&caller, 3, 1).await;
        let (status, short) = caller.get("/ledger").await;
        assert_eq!(status, 200);
        assert_eq!(short["answered"], 3);
        assert_eq!(short["entries"], Value::Array(Vec::new()));
        let (_, long) = caller.get("/ledger?entries=true").await;
        let expected = serde_json::to_value(caller.simulator.ledger()).unwrap();
        assert_eq!(long, expected);
        assert_eq!(long["entries"][2]["key"], "2");
    })
    .await;
}

#[tokio::test]
async fn entries_can_be_left_out() {
    with(Simulator::builder().record_entries(false), async |caller| {
        ask_all(&caller, 3, 3).await;
        let ledger = caller.simulator.ledger();
        assert_eq!((ledger.answered, ledger.entries.len()), (3, 0));
    })
    .await;
}
