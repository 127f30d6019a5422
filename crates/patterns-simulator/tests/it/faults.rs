//! Every fault as a client meets it, over TCP and in memory, and who meets which.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use patterns_simulator::{Dropped, InMemory, Latency, Ledger, Scenario, Simulator};
use reqwest::header::{HeaderMap, HeaderValue};
use serde_json::{Value, json};
use tokio::time::{self, Instant};

use crate::client::{Caller, question, question_with, with};

fn scenario(text: &str) -> Scenario {
    Scenario::from_toml(text).unwrap()
}

fn in_memory(text: &str) -> InMemory {
    let builder = Simulator::builder().seed(7).scenario(scenario(text));
    builder.in_memory().unwrap()
}

async fn post(provider: &InMemory, key: &str) -> Result<(u16, HeaderMap, Value), Dropped> {
    let mut headers = HeaderMap::new();
    headers.insert("x-call-key", HeaderValue::from_str(key).unwrap());
    let body = question(key).to_string();
    let reply = provider.post(&headers, body.into()).await?;
    let body = serde_json::from_slice(&reply.body).unwrap_or_default();
    Ok((reply.status.as_u16(), reply.headers, body))
}

/// Sends one request over TCP to a provider with one fault; returns status, body and whether the
/// body came whole.
async fn over_tcp(fault: &str) -> Option<(u16, String, bool)> {
    let text = format!("[faults]\n{fault} = 1.0\nstall_for = \"100ms\"");
    let builder = Simulator::builder().scenario(scenario(&text));
    with(builder, async |caller: Caller| {
        let schema = json!({"type": "object", "properties": {"a": {"type": "string"}}});
        let url = format!("{}/chat/completions", caller.simulator.base_url());
        let body = question_with(&schema).to_string();
        let mut response = caller.client.post(url).body(body).send().await.ok()?;
        let status = response.status().as_u16();
        let mut body = Vec::new();
        let is_whole = loop {
            match response.chunk().await {
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break true,
                Err(_) => break false,
            }
        };
        assert_eq!(caller.simulator.ledger().faults.len(), 1);
        Some((status, String::from_utf8(body).unwrap(), is_whole))
    })
    .await
}

#[tokio::test]
async fn every_fault_really_happens_on_the_wire() {
    assert_eq!(over_tcp("reset").await, None);
    for (fault, status, words) in [
        ("rate_limited", 429, "rate_limit_exceeded"),
        ("rate_limited_bare", 429, "rate_limit_exceeded"),
        ("overloaded", 529, "overloaded_error"),
        ("error_in_200", 200, "\"error\""),
        ("broken_json", 200, " ="),
        ("wrong_schema", 200, "unexpected"),
        ("length", 200, "\"finish_reason\":\"length\""),
        ("refusal", 200, "\"refusal\":\"I'm sorry"),
    ] {
        let (found, body, is_whole) = over_tcp(fault).await.unwrap();
        assert_eq!((found, is_whole), (status, true), "{fault}");
        assert!(body.contains(words), "{fault}: {body}");
    }
    let (status, ..) = over_tcp("server_error").await.unwrap();
    assert!([500, 502, 504].contains(&status), "{status}");
    for fault in ["cut", "stall", "slow_loris"] {
        let (status, _, is_whole) = over_tcp(fault).await.unwrap();
        assert_eq!((status, is_whole), (200, false), "{fault}");
    }
}

/// Asks for each of the keys until it is answered; returns the answers and the attempts.
async fn ask_until_answered(
    provider: &InMemory,
    keys: impl Iterator<Item = u32>,
) -> BTreeMap<u32, (Value, u32)> {
    let calls = stream::iter(keys).map(async |key| {
        for attempt in 1.. {
            if let Ok((200, _, body)) = post(provider, &key.to_string()).await
                && body["error"].is_null()
            {
                let content = body["choices"][0]["message"]["content"].clone();
                return (key, (content, attempt));
            }
        }
        unreachable!("the attempts are endless")
    });
    calls.buffer_unordered(16).collect().await
}

const MIXED: &str = "[faults]\nserver_error = 0.1\nreset = 0.1\nrate_limited = 0.1\ncut = 0.1";

#[tokio::test(start_paused = true)]
async fn fates_depend_on_the_request_and_not_on_its_company() {
    let forth = ask_until_answered(&in_memory(MIXED), 0..400).await;
    let back = ask_until_answered(&in_memory(MIXED), (0..400).rev()).await;
    assert_eq!(forth, back);
    let attempts: u32 = forth.values().map(|(_, attempts)| attempts).sum();
    // At 40 % faults, 1 / 0.6 attempts an answer.
    assert!((600..740).contains(&attempts), "{attempts}");
    let clean = ask_until_answered(&in_memory(""), 0..400).await;
    for (key, (content, _)) in &clean {
        assert_eq!(&forth[key].0, content, "faults do not change answers");
    }
}

/// Sends `per_second` requests a second for ten seconds; returns what came of them.
async fn rush(provider: &InMemory, per_second: u64) -> (Vec<u16>, Ledger) {
    let begun = Instant::now();
    let calls = stream::iter(0..10 * per_second).map(async |n| {
        time::sleep_until(begun + Duration::from_millis(n * 1_000 / per_second)).await;
        post(provider, &n.to_string()).await.unwrap().0
    });
    let statuses = calls.buffered(100_000).collect().await;
    (statuses, provider.ledger())
}

#[tokio::test(start_paused = true)]
async fn limits_are_kept_second_by_second() {
    let provider = in_memory("[limits]\nrequests_per_minute = 6000");
    let (statuses, ledger) = rush(&provider, 250).await;
    let taken = statuses.iter().filter(|status| **status == 200).count();
    assert!((980..=1_000).contains(&taken), "{taken}");
    assert_eq!(ledger.faults["limit"], 2_500 - taken as u64);
    for second in 0..10 {
        let begins = Duration::from_secs(second);
        let ends = begins + Duration::from_secs(1);
        let taken = ledger
            .entries
            .iter()
            .filter(|entry| entry.status == Some(200) && (begins..ends).contains(&entry.start));
        assert!(taken.count() <= 100);
    }
}

#[tokio::test(start_paused = true)]
async fn limits_are_told_and_so_is_when_to_come_back() {
    let provider = in_memory("[limits]\nrequests_per_minute = 60\ntokens_per_minute = 600000");
    let (status, headers, _) = post(&provider, "a").await.unwrap();
    assert_eq!(status, 200);
    assert_eq!(headers["x-ratelimit-limit-requests"], "60");
    assert_eq!(headers["x-ratelimit-remaining-requests"], "0");
    assert_eq!(headers["x-ratelimit-limit-tokens"], "600000");
    let (status, headers, _) = post(&provider, "b").await.unwrap();
    assert_eq!(status, 429);
    let wait: u64 = headers["retry-after-ms"].to_str().unwrap().parse().unwrap();
    time::sleep(Duration::from_millis(wait)).await;
    assert_eq!(post(&provider, "b").await.unwrap().0, 200);
}

#[tokio::test(start_paused = true)]
async fn outages_come_and_go_by_the_clock() {
    let provider = in_memory(
        "[[outages]]\nfrom = \"10s\"\nto = \"20s\"\n[[outages]]\nfrom = \"20s\"\nto = \"30s\"\nkind = \"503\"",
    );
    assert_eq!(post(&provider, "a").await.unwrap().0, 200);
    time::advance(Duration::from_secs(10)).await;
    assert_eq!(post(&provider, "a").await, Err(Dropped::Refused));
    time::advance(Duration::from_secs(10)).await;
    assert_eq!(post(&provider, "a").await.unwrap().0, 503);
    time::advance(Duration::from_secs(10)).await;
    assert_eq!(post(&provider, "a").await.unwrap().0, 200);
}

#[tokio::test(start_paused = true)]
async fn credit_ends_for_good() {
    let provider = in_memory("[billing]\nafter = 3");
    for key in ["a", "b", "c"] {
        assert_eq!(post(&provider, key).await.unwrap().0, 200);
    }
    let (status, headers, body) = post(&provider, "d").await.unwrap();
    assert_eq!((status, headers.get("retry-after-ms")), (429, None));
    assert_eq!(body["error"]["code"], "credit_balance_exhausted");
    time::advance(Duration::from_secs(86_400)).await;
    assert_eq!(post(&provider, "a").await.unwrap().0, 429);
}

#[tokio::test(start_paused = true)]
async fn in_memory_the_latency_is_waited_for_and_a_dropped_call_is_noted() {
    let latency = Latency::Fixed(Duration::from_secs(5));
    let provider = Simulator::builder().latency(latency).in_memory().unwrap();
    let begun = Instant::now();
    post(&provider, "a").await.unwrap();
    assert_eq!(begun.elapsed().as_secs(), 5);
    let given_up = time::timeout(Duration::from_secs(1), post(&provider, "b")).await;
    assert!(given_up.is_err());
    let ledger = provider.ledger();
    assert_eq!(
        (ledger.requests, ledger.answered, ledger.dropped),
        (2, 1, 1)
    );
}
