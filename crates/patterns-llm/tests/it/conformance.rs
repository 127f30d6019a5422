//! One list that every adapter goes through, against a simulated provider of its own protocol: answers,
//! re-asks, refusals, cut-offs, rate limits, outages, the end of the credit, cancelled streams, usage.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use patterns_core::{
    Agent, AgentErrorKind, BoxFuture, Contract, Document, Message, Model, ModelAgent, ModelError,
    ModelErrorKind, Part, Request, Response, Scope, Violation,
};
use patterns_llm::{Connect, Exchange, ExchangeError, ExchangeErrorKind, Streaming, connect};
use patterns_simulator::{
    Billing, Dropped, FaultShares, InMemory, Latency, Ledger, Limits, Outage, OutageKind, Scenario,
    Simulator,
};

/// A model of every provider.
const MODELS: [&str; 5] = [
    "openai:sim",
    "compatible:sim",
    "anthropic:sim",
    "gemini:sim",
    "ollama:sim",
];

/// An answer that uses what dialects of schemas differ in.
#[derive(Debug, PartialEq, serde::Deserialize, schemars::JsonSchema)]
struct City {
    /// Its name.
    #[schemars(length(min = 1, max = 40))]
    name: String,
    #[schemars(range(min = 1, max = 9))]
    mark: u8,
    #[serde(default)]
    tags: Vec<String>,
    note: Option<String>,
    size: Size,
}

#[derive(Debug, PartialEq, serde::Deserialize, schemars::JsonSchema)]
enum Size {
    Small,
    Large { people: u64 },
}

/// Brings requests to the provider in memory, by their paths.
struct Wire(InMemory);

impl Exchange for Wire {
    fn exchange(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, ExchangeError>> {
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let reply = self.0.post_to(head.uri.path(), &head.headers, body).await;
            let reply = reply.map_err(|dropped| {
                ExchangeError::new(match dropped {
                    Dropped::Refused => ExchangeErrorKind::NotConnected,
                    Dropped::Reset | Dropped::CutOff => ExchangeErrorKind::Broken,
                })
            })?;
            let mut response = http::Response::new(reply.body);
            *response.status_mut() = reply.status;
            *response.headers_mut() = reply.headers;
            Ok(response)
        })
    }
}

/// Each has a key of its own: models of one server and key share what they learn of it, and where the
/// tests share a process, one test's end of the credit would be another one's.
fn connected(name: &str) -> Connect {
    static KEYS: AtomicU64 = AtomicU64::new(0);
    let key = format!("k{}", KEYS.fetch_add(1, Ordering::Relaxed));
    let connect = connect(name).unwrap().api_key(key).seed(1);
    connect.base_url("http://simulator/v1")
}

/// Connects to a provider in memory on which a day goes as the scenario says.
fn model(name: &str, scenario: Scenario, streaming: Streaming) -> (Arc<dyn Model>, InMemory) {
    let provider = Simulator::builder().seed(3).scenario(scenario);
    let provider = provider.in_memory().unwrap();
    let connect = connected(name).exchange(Arc::new(Wire(provider.clone())));
    (connect.streaming(streaming).build().unwrap(), provider)
}

fn request(n: u32) -> Request {
    let contract = Contract::of::<City>().unwrap();
    Request {
        instructions: "Be brief.".into(),
        messages: vec![Message::user([
            Part::text("Which city?"),
            Part::Document(Document::new("a", "It is on a river.")),
        ])],
        schema: Some(Arc::clone(contract.schema())),
        sample: n,
        ..Request::default()
    }
}

async fn ask(
    name: &str,
    scenario: Scenario,
    calls: u32,
) -> (Vec<Result<Response, ModelError>>, Ledger) {
    let (model, provider) = model(name, scenario, Streaming::Auto);
    let requests: Vec<Request> = (0..calls).map(request).collect();
    let answers = join_all(requests.iter().map(|it| model.generate(it))).await;
    (answers, provider.ledger())
}

fn with(faults: FaultShares) -> Scenario {
    Scenario {
        faults,
        ..Scenario::default()
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_keeps_the_schema_and_is_the_same_streamed_and_whole() {
    let contract = Contract::of::<City>().unwrap();
    for name in MODELS {
        let answer = async |streaming| {
            let (model, _) = model(name, Scenario::default(), streaming);
            model.generate(&request(0)).await.expect(name)
        };
        let (whole, streamed) = (
            answer(Streaming::Never).await,
            answer(Streaming::Always).await,
        );
        assert_eq!(whole, streamed, "{name}");
        // Anthropic holds no model to the limits of numbers and texts.
        let decoded = contract.decode(&whole.text).map(drop);
        let is_limit = |it: &Violation| it.message.contains("than the m");
        let violations = decoded.map_or_else(|it| it.violations, |()| Vec::new());
        let has_limits = name != "anthropic:sim";
        assert!(
            violations.iter().all(|it| is_limit(it) && !has_limits),
            "{name} {violations:?}"
        );
        let usage = whole.usage;
        assert!(usage.input_tokens > 0 && usage.output_tokens > 0, "{name}");
        assert_eq!((usage.calls, usage.attempts), (1, 1), "{name}");
        assert_eq!(whole.model, "sim", "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_re_ask_is_a_conversation_that_the_provider_takes() {
    for name in MODELS {
        let spoilt = with(FaultShares {
            wrong_schema: 1.0,
            ..FaultShares::default()
        });
        let (model, provider) = model(name, spoilt, Streaming::Auto);
        let contract = Contract::of::<City>().unwrap();
        let agent = ModelAgent::<String, City>::new(model, "Be brief.", contract);
        let error = agent.run(&"Which?".to_owned(), Scope::default()).await;
        let error = error.unwrap_err();
        assert!(
            matches!(error.kind(), AgentErrorKind::InvalidAnswer),
            "{name}: {error}"
        );
        let ledger = provider.ledger();
        let statuses = ledger.entries.iter().map(|it| it.status);
        assert!(ledger.requests > 1, "{name}");
        assert!(statuses.into_iter().all(|it| it == Some(200)), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_no_answer() {
    for name in MODELS {
        let refusing = with(FaultShares {
            refusal: 1.0,
            ..FaultShares::default()
        });
        let (answers, _) = ask(name, refusing, 1).await;
        let kind = answers.into_iter().next().unwrap().map_err(|it| it.kind());
        let expected = match name {
            "gemini:sim" => ModelErrorKind::Filtered,
            // Local models refuse in words, which no contract takes.
            "ollama:sim" => {
                assert!(kind.unwrap().text.starts_with("I'm sorry"));
                continue;
            }
            _ => ModelErrorKind::Refused,
        };
        assert_eq!(kind.unwrap_err(), expected, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_cut_off_is_none_and_is_billed() {
    for name in MODELS {
        let cut = with(FaultShares {
            length: 1.0,
            ..FaultShares::default()
        });
        let (answers, _) = ask(name, cut, 1).await;
        let error = answers.into_iter().next().unwrap().unwrap_err();
        assert_eq!(error.kind(), ModelErrorKind::Truncated, "{name}");
        assert!(error.usage().output_tokens > 0, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn rate_limits_lose_nothing() {
    for name in MODELS {
        for headers in [true, false] {
            let limits = Limits {
                requests_per_minute: Some(120),
                headers,
                ..Limits::default()
            };
            let limited = Scenario {
                limits,
                ..Scenario::default()
            };
            let (answers, _) = ask(name, limited, 12).await;
            assert!(answers.iter().all(Result::is_ok), "{name} {answers:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn outages_and_accidents_lose_nothing() {
    for name in MODELS {
        for kind in [OutageKind::Unavailable, OutageKind::Throttled] {
            let outage = Outage {
                from: Duration::ZERO,
                to: Duration::from_secs(40),
                kind,
            };
            let faults = FaultShares {
                rate_limited: 0.1,
                server_error: 0.1,
                overloaded: 0.1,
                reset: 0.1,
                cut: 0.1,
                error_in_200: 0.1,
                ..FaultShares::default()
            };
            let bad = Scenario {
                faults,
                outages: vec![outage],
                ..Scenario::default()
            };
            let (answers, ledger) = ask(name, bad, 12).await;
            assert!(answers.iter().all(Result::is_ok), "{name} {answers:?}");
            assert!(ledger.faults.len() > 2, "{name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_credit_is_told_and_not_waited_for() {
    for name in MODELS {
        // What runs on a machine of one's own is not billed.
        if name == "ollama:sim" {
            continue;
        }
        let spent = Scenario {
            billing: Some(Billing { after: 0 }),
            ..Scenario::default()
        };
        let (answers, ledger) = ask(name, spent, 1).await;
        let error = answers.into_iter().next().unwrap().unwrap_err();
        assert_eq!(error.kind(), ModelErrorKind::QuotaExhausted, "{name}");
        assert_eq!(ledger.requests, 1, "{name}");
    }
}

#[tokio::test]
async fn a_server_learns_at_once_that_nobody_wants_a_streamed_answer() {
    for name in MODELS {
        let slow = Latency::Fixed(Duration::from_secs(3600));
        let builder = Simulator::builder().seed(3).latency(slow);
        let simulator = builder.bind().await.unwrap();
        let connect = connected(name).base_url(simulator.base_url());
        let model = connect.streaming(Streaming::Always).build().unwrap();
        let request = request(0);
        let work = async {
            let call = model.generate(&request);
            let mut call = std::pin::pin!(call);
            while simulator.ledger().in_flight == 0 {
                let _ = tokio::time::timeout(Duration::from_millis(1), &mut call).await;
            }
        };
        let ended = async {
            work.await;
            while simulator.ledger().in_flight > 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            never = simulator.serve() => match never {},
            () = ended => {}
        }
        let ledger = simulator.ledger();
        assert_eq!((ledger.dropped, ledger.answered), (1, 0), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_ollama_reads_all_of_a_long_document_or_says_that_it_is_too_long() {
    let (model, provider) = model("ollama:sim", Scenario::default(), Streaming::Auto);
    let long = |words: usize| Request {
        messages: vec![Message::user([Part::text("word ".repeat(words))])],
        ..request(0)
    };
    let read = model.generate(&long(20_000)).await.unwrap();
    assert!(read.usage.input_tokens > 20_000);
    let error = model.generate(&long(140_000)).await.unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::ContextTooLong);
    assert_eq!(provider.ledger().requests, 1, "it was not sent in vain");
}
