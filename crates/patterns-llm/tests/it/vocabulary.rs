//! One vocabulary over all providers: efforts, tiers, what they cost, and where they are asked.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};

use patterns_core::{
    Budget, Caps, Effort, Event, EventSink, Message, Model, Part, Request, Sampling, Usage,
};
use patterns_llm::{Connect, ConnectErrorKind, Tier, connect, connect_all};
use patterns_testkit::Scoped;
use serde_json::{Value, json};

use crate::server::{Server, reply};

#[derive(Default)]
struct Warnings(Mutex<Vec<String>>);

impl EventSink for Warnings {
    fn emit(&self, event: Event) {
        if let Event::WarningRaised { warning, .. } = event {
            self.0.lock().unwrap().push(warning.message);
        }
    }
}

fn thinking(effort: Option<Effort>) -> Request {
    Request {
        messages: vec![Message::user([Part::text("Which city?")])],
        sampling: Sampling {
            effort,
            max_output_tokens: Some(4_000),
            ..Sampling::default()
        },
        ..Request::default()
    }
}

/// A chat completion with a bill.
fn answers(more: &Value) -> String {
    let mut body = json!({"choices": [{"message": {"content": "Paris."}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1_000_000, "completion_tokens": 100_000}});
    let more = more.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(more);
    reply(200, "", &body.to_string())
}

fn refuses(words: &str) -> String {
    reply(400, "", &json!({"error": {"message": words}}).to_string())
}

struct Asked {
    /// The bodies that were sent.
    bodies: Vec<Value>,
    heads: Vec<String>,
    warnings: Vec<String>,
    /// What all of it cost.
    cost: String,
}

/// Asks a model two times.
async fn asked(
    name: &str,
    request: &Request,
    replies: Vec<String>,
    set: impl FnOnce(Connect) -> Connect,
) -> Asked {
    let server = Server::start(replies).await;
    let warnings = Arc::new(Warnings::default());
    let budget = Budget::new(Caps::default());
    let connect = connect(name)
        .unwrap()
        .api_key("k")
        .base_url(server.url.trim_end_matches("/v1"))
        .budget(budget.clone());
    let model = Scoped::told(set(connect).build().unwrap(), warnings.clone());
    let mut usage = Usage::default();
    for _ in 0..2 {
        usage += model.generate(request).await.unwrap().usage;
    }
    let sent = server.sent();
    let cost = budget.spent().committed.cost;
    assert_eq!(usage.cost, cost, "what calls cost adds up to the account");
    Asked {
        heads: sent.iter().map(|it| it.head.clone()).collect(),
        bodies: sent.into_iter().map(|it| it.body).collect(),
        warnings: warnings.0.lock().unwrap().clone(),
        cost: cost.map_or_else(String::new, |it| it.to_string()),
    }
}

#[tokio::test]
async fn an_effort_that_is_refused_is_put_otherwise_from_then_on_and_said_once() {
    let refusal = refuses("Unsupported value: 'reasoning_effort' does not support this value.");
    let replies = vec![refusal.clone(), refusal, answers(&json!({}))];
    let request = thinking(Some(Effort::None));
    let asked = asked("openai:o9", &request, replies, |it| it).await;
    let efforts = asked
        .bodies
        .iter()
        .map(|it| it["reasoning_effort"].as_str());
    let efforts: Vec<Option<&str>> = efforts.collect();
    assert_eq!(
        efforts,
        [Some("none"), Some("minimal"), Some("low"), Some("low")]
    );
    assert_eq!(asked.warnings.len(), 2, "{:?}", asked.warnings);
    assert!(
        asked.warnings[0]
            .ends_with("does not take the effort none (as `none`): it is asked with `minimal`")
    );
}

#[tokio::test]
async fn a_model_that_does_not_think_is_asked_without_an_effort() {
    for (provider, words, tries) in [
        (
            "openai",
            "Unrecognized request argument supplied: reasoning_effort",
            3,
        ),
        (
            "anthropic",
            "This model does not support the effort parameter.",
            2,
        ),
        ("gemini", "Thinking is not supported for this model.", 1),
        ("ollama", "\"llama3\" does not support thinking", 2),
        ("openrouter", "reasoning is not supported", 3),
    ] {
        let shown = (provider == "ollama").then(|| reply(404, "", "{}"));
        let answer = match provider {
            "anthropic" => {
                json!({"content": [{"type": "text", "text": "Paris."}], "stop_reason": "end_turn"})
            }
            "gemini" => json!({"candidates": [{"content": {"parts": [{"text": "Paris."}]}}]}),
            "ollama" => json!({"message": {"content": "Paris."}, "done": true}),
            _ => json!({"choices": [{"message": {"content": "Paris."}}]}),
        };
        let mut replies: Vec<String> = shown.into_iter().collect();
        replies.extend(vec![refuses(words); tries]);
        replies.push(reply(200, "", &answer.to_string()));
        let request = thinking(Some(Effort::Low));
        let asked = asked(&format!("{provider}:m"), &request, replies, |it| it).await;
        let last = asked.bodies.last().unwrap().to_string();
        for word in ["effort", "thinking", "think\"", "reasoning"] {
            assert!(!last.contains(word), "{provider}: {last}");
        }
        let last = asked.warnings.last().unwrap();
        assert!(last.ends_with("it thinks as it does by itself"), "{last}");
    }
}

#[tokio::test]
async fn the_flex_tier_is_asked_for_and_costs_what_it_costs() {
    let flex = vec![answers(&json!({"service_tier": "flex"}))];
    let flex_tier = |it: Connect| it.tier(Tier::Flex);
    let one = asked("openai:gpt-5-mini", &thinking(None), flex, flex_tier).await;
    assert!(one.bodies.iter().all(|it| it["service_tier"] == "flex"));
    // Half of 0.25 and 2 dollars a million, two times.
    assert_eq!(one.cost, "$0.45");
    assert!(one.warnings.is_empty(), "{:?}", one.warnings);
    let answer = json!({"candidates": [{"content": {"parts": [{"text": "Paris."}]}}],
        "usageMetadata": {"promptTokenCount": 1_000_000, "candidatesTokenCount": 100_000}});
    let replies = vec![reply(200, "", &answer.to_string())];
    let one = asked(
        "gemini:gemini-2.5-flash",
        &thinking(None),
        replies,
        flex_tier,
    )
    .await;
    assert!(one.bodies.iter().all(|it| it["serviceTier"] == "flex"));
    assert_eq!(one.cost, "$0.55");
}

#[tokio::test]
async fn where_there_is_no_flex_tier_the_standard_price_is_paid_and_that_is_said_once() {
    let flex_tier = |it: Connect| it.tier(Tier::Flex);
    let refused = vec![
        refuses("Unsupported service_tier: flex"),
        answers(&json!({})),
    ];
    let one = asked("openai:gpt-5-mini", &thinking(None), refused, flex_tier).await;
    let tiers: Vec<&Value> = one.bodies.iter().map(|it| &it["service_tier"]).collect();
    assert_eq!(tiers, [&json!("flex"), &Value::Null, &Value::Null]);
    assert_eq!((one.cost.as_str(), one.warnings.len()), ("$0.90", 1));
    let ignored = vec![answers(&json!({"service_tier": "default"}))];
    let one = asked("openai:gpt-5-mini", &thinking(None), ignored, flex_tier).await;
    assert_eq!((one.cost.as_str(), one.warnings.len()), ("$0.90", 1));
    let message = json!({"content": [{"type": "text", "text": "Paris."}], "stop_reason": "end_turn",
        "usage": {"input_tokens": 1_000_000, "output_tokens": 100_000}});
    let replies = vec![reply(200, "", &message.to_string())];
    let one = asked(
        "anthropic:claude-haiku-4-5",
        &thinking(None),
        replies,
        flex_tier,
    )
    .await;
    assert_eq!((one.cost.as_str(), one.warnings.len()), ("$3.00", 1));
    assert!(
        one.warnings[0].ends_with("does not take `tier`: it is left out"),
        "{:?}",
        one.warnings
    );
}

#[tokio::test]
async fn what_is_written_into_a_cache_and_read_from_it_costs_what_the_provider_bills() {
    let message = json!({"content": [{"type": "text", "text": "Paris."}], "stop_reason": "end_turn",
        "usage": {"input_tokens": 1_000, "cache_creation_input_tokens": 20_000,
            "cache_read_input_tokens": 300_000, "output_tokens": 400}});
    let replies = vec![reply(200, "", &message.to_string())];
    let one = asked(
        "anthropic:claude-sonnet-4-5",
        &thinking(None),
        replies,
        |it| it,
    )
    .await;
    // 0.003 + 0.075 + 0.09 + 0.006, two times.
    assert_eq!(one.cost, "$0.348");
    let details = json!({"cached_tokens": 300_000, "cache_write_tokens": 20_000});
    let usage = json!({"prompt_tokens": 321_000, "completion_tokens": 400,
        "prompt_tokens_details": details});
    let flex_tier = |it: Connect| it.tier(Tier::Flex);
    let replies = vec![answers(&json!({"service_tier": "flex", "usage": usage}))];
    let one = asked("openai:gpt-6-luna", &thinking(None), replies, flex_tier).await;
    // A long call at flex: 0.1/0.01/0.125/0.375, so 0.0001 + 0.0025 + 0.003 + 0.00015, two times.
    assert_eq!(one.cost, "$0.0115");
}

/// A tier may be a project's own setting, a region a workspace's, and a time to live stands in `extra`.
#[tokio::test]
async fn what_is_served_dearer_than_usual_is_counted_so_and_said_once() {
    let details = json!({"ephemeral_5m_input_tokens": 5_000, "ephemeral_1h_input_tokens": 15_000});
    let bill = json!({"input_tokens": 1_000, "cache_creation_input_tokens": 20_000,
        "cache_read_input_tokens": 300_000, "output_tokens": 400, "cache_creation": details});
    let message = |bill: &Value| {
        let text = json!([{"type": "text", "text": "Paris."}]);
        let body = json!({"content": text, "stop_reason": "end_turn", "usage": bill});
        vec![reply(200, "", &body.to_string())]
    };
    let sonnet = "anthropic:claude-sonnet-4-5";
    let one = asked(sonnet, &thinking(None), message(&bill), |it| it).await;
    // 0.003 + 0.01875 for five minutes + 0.09 for an hour + 0.09 + 0.006, two times.
    assert_eq!((one.cost.as_str(), one.warnings.len()), ("$0.4155", 0));
    let mut in_the_us = bill;
    in_the_us["inference_geo"] = json!("us");
    let one = asked(sonnet, &thinking(None), message(&in_the_us), |it| it).await;
    assert_eq!(one.cost, "$0.4571");
    for tier in ["priority", "flex", "default"] {
        let replies = vec![answers(&json!({"service_tier": tier}))];
        let one = asked("openai:gpt-5-mini", &thinking(None), replies, |it| it).await;
        let (cost, said) = match tier {
            "priority" => ("$2.25", 1),
            "flex" => ("$0.45", 0),
            _ => ("$0.90", 0),
        };
        assert_eq!(
            (one.cost.as_str(), one.warnings.len()),
            (cost, said),
            "{tier}"
        );
    }
    let bill = json!({"promptTokenCount": 1_000_000, "candidatesTokenCount": 100_000, "serviceTier": "priority"});
    let answer = json!({"candidates": [{"content": {"parts": [{"text": "Paris."}]}}], "usageMetadata": bill});
    let replies = vec![reply(200, "", &answer.to_string())];
    let one = asked("gemini:gemini-2.5-flash", &thinking(None), replies, |it| it).await;
    assert_eq!(one.cost, "$2.75");
    assert!(
        one.warnings[0].contains("at `priority`"),
        "{:?}",
        one.warnings
    );
}

#[tokio::test]
async fn what_one_key_has_found_out_of_a_server_is_known_to_the_others() {
    let refusal = refuses("Unsupported parameter: 'temperature' is not supported with this model.");
    let server = Server::start(vec![refusal, answers(&json!({}))]).await;
    let warnings = Arc::new(Warnings::default());
    let with = |key: &str| {
        connect("openai:o9")
            .unwrap()
            .api_key(key)
            .base_url(&server.url)
    };
    let model = connect_all(vec![with("one"), with("two")]).unwrap();
    let model = Scoped::told(model, warnings.clone());
    let asked = |text: &str| Request {
        messages: vec![Message::user([Part::text(text)])],
        sampling: Sampling {
            temperature: Some(0.5),
            ..Sampling::default()
        },
        ..Request::default()
    };
    model.generate(&asked("Which city?")).await.unwrap();
    let (one, two) = (asked("Which river?"), asked("Which lake?"));
    let (one, two) = tokio::join!(model.generate(&one), model.generate(&two));
    assert!(one.is_ok() && two.is_ok());
    let sent = server.sent();
    let keys: HashSet<_> = sent
        .iter()
        .filter_map(|it| it.header("authorization"))
        .collect();
    assert_eq!((sent.len(), keys.len()), (4, 2), "both keys were used");
    let refused = sent.iter().filter(|it| it.body["temperature"] == 0.5);
    assert_eq!(refused.count(), 1);
    assert_eq!(warnings.0.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn what_openrouter_says_it_has_billed_is_what_was_spent() {
    let usage = json!({"prompt_tokens": 10, "completion_tokens": 2, "cost": 0.0123});
    let replies = vec![answers(&json!({"usage": usage}))];
    let one = asked(
        "openrouter:nobody/knows",
        &thinking(None),
        replies.clone(),
        |it| it,
    )
    .await;
    assert_eq!(one.cost, "$0.0246");
    assert_eq!(one.bodies[0]["usage"], json!({"include": true}));
    // Of another server it may be another coin.
    let one = asked("compatible:m", &thinking(None), replies, |it| it).await;
    assert_eq!(one.cost, "");
}

#[tokio::test]
async fn openrouter_first_asks_those_who_take_everything_and_then_anybody() {
    let nobody = json!({"error": {"code": 404,
        "message": "No endpoints found that can handle the requested parameters. To learn more, …"}});
    let replies = vec![reply(404, "", &nobody.to_string()), answers(&json!({}))];
    let mut request = crate::wire::request();
    request.sampling = Sampling::default();
    let extra = json!({"provider": {"order": ["one"]}})
        .as_object()
        .unwrap()
        .clone();
    let one = asked("openrouter:a/b", &request, replies, |it| it.extra(extra)).await;
    let routes: Vec<&Value> = one.bodies.iter().map(|it| &it["provider"]).collect();
    let anybody = json!({"order": ["one"]});
    let strict = json!({"require_parameters": true, "order": ["one"]});
    assert_eq!(routes, [&strict, &anybody, &anybody]);
    assert!(one.bodies[1]["response_format"].is_object());
}

#[tokio::test]
async fn azure_is_asked_by_its_own_paths_and_key() {
    let version = |it: Connect| it.api_version("2024-10-21");
    let token = |it: Connect| it.api_key("eyJhbGci.eyJzdWIi.c2ln");
    let replies = || vec![answers(&json!({"model": "gpt-5-mini-2025-08-07"}))];
    let request = thinking(None);
    let one = asked("azure:my gpt", &request, replies(), version).await;
    let path = "post /openai/deployments/my%20gpt/chat/completions?api-version=2024-10-21 ";
    assert!(one.heads[0].starts_with(path), "{}", one.heads[0]);
    assert!(
        one.heads[0].contains("\r\napi-key: k\r\n"),
        "{}",
        one.heads[0]
    );
    assert!(!one.heads[0].contains("authorization"), "{}", one.heads[0]);
    assert_eq!(one.bodies[0]["max_completion_tokens"], 4_000);
    assert!(one.warnings.is_empty(), "{:?}", one.warnings);
    let one = asked("azure:gpt", &request, replies(), token).await;
    assert!(
        one.heads[0].starts_with("post /openai/v1/chat/completions "),
        "{}",
        one.heads[0]
    );
    assert!(
        one.heads[0].contains("\r\nauthorization: bearer eyj"),
        "{}",
        one.heads[0]
    );
    assert_eq!(one.bodies[0]["model"], "gpt");
}

#[test]
fn a_version_is_for_azure_and_is_one() {
    for (name, version, says) in [
        (
            "openai:m",
            "2024-10-21",
            "the API version of `openai` is for deployments of Azure",
        ),
        (
            "azure:m",
            "2024&x=1",
            "the API version of `azure` is a date such as 2024-10-21, or preview",
        ),
        (
            "azure:m",
            " ",
            "the API version of `azure` is a date such as 2024-10-21, or preview",
        ),
    ] {
        let connect = connect(name)
            .unwrap()
            .api_key("k")
            .base_url("http://localhost:1");
        let error = connect.api_version(version).build().err().unwrap();
        assert_eq!(error.kind(), ConnectErrorKind::InvalidApiVersion);
        assert_eq!(error.to_string(), says);
    }
}
