//! Reads a reply that has nothing unusual in it, which takes a fifth of the time that any other takes.
//!
//! What it does not know, be it a field or a value, it leaves to [`answer`](super::answer), which looks
//! everywhere. So this knows nothing that is not also there, and both say the same.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use patterns_core::{FinishReason, Usage};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use super::answer::with_thoughts;
use crate::provider::reply::{Completion, Rate, Verdict, one_attempt};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    #[serde(borrow)]
    model: Text<'a>,
    #[serde(borrow)]
    choices: [Object<Choice<'a>>; 1],
    usage: Object<Bill>,
    #[serde(borrow, default)]
    service_tier: Option<Text<'a>>,
    // Nobody looks at these.
    #[serde(default, rename = "object")]
    _object: IgnoredAny,
    #[serde(default, rename = "created")]
    _created: IgnoredAny,
    #[serde(default, rename = "system_fingerprint")]
    _fingerprint: IgnoredAny,
    #[serde(default, rename = "timings")]
    _timings: IgnoredAny,
    #[serde(default, rename = "prompt_logprobs")]
    _prompt_logprobs: IgnoredAny,
    #[serde(default, rename = "kv_transfer_params")]
    _transfer: IgnoredAny,
}

/// What is an object and nothing else: a struct may otherwise be a list of the values of its fields.
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields(PhantomData))
    }
}

struct Fields<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(fields)).map(Object)
    }
}

/// Borrowed where it has no escapes.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Choice<'a> {
    #[serde(borrow)]
    message: Object<Message<'a>>,
    #[serde(borrow)]
    finish_reason: Text<'a>,
    #[serde(default, rename = "index")]
    _index: IgnoredAny,
    #[serde(default, rename = "logprobs")]
    _logprobs: IgnoredAny,
    #[serde(default, rename = "stop_reason")]
    _stop_reason: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Message<'a> {
    #[serde(borrow)]
    content: Text<'a>,
    #[serde(default)]
    refusal: Option<IgnoredAny>,
    #[serde(default, rename = "role")]
    _role: IgnoredAny,
    #[serde(default, rename = "annotations")]
    _annotations: IgnoredAny,
    // An answer may be in these only if there is no content, or if the reason is a call; then this reads nothing.
    #[serde(default, rename = "tool_calls")]
    _tool_calls: IgnoredAny,
    #[serde(default, rename = "function_call")]
    _function_call: IgnoredAny,
    #[serde(default, rename = "reasoning_content")]
    _thoughts: IgnoredAny,
    #[serde(default, rename = "reasoning")]
    _reasoning: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bill {
    prompt_tokens: u64,
    completion_tokens: u64,
    #[serde(default)]
    prompt_tokens_details: Option<Object<OfPrompt>>,
    #[serde(default)]
    completion_tokens_details: Option<Object<OfCompletion>>,
    #[serde(default)]
    total_tokens: u64,
}

#[derive(Default, Deserialize)]
struct OfPrompt {
    #[serde(default)]
    cached_tokens: u64,
    #[serde(default)]
    cache_write_tokens: u64,
}

#[derive(Default, Deserialize)]
struct OfCompletion {
    #[serde(default)]
    reasoning_tokens: u64,
}

/// Reads a body; returns `None` if there is anything unusual in it.
pub(super) fn read(body: &[u8]) -> Option<Completion> {
    let Object(body): Object<Body<'_>> = serde_json::from_slice(body).ok()?;
    let [Object(choice)] = body.choices;
    let Object(message) = choice.message;
    let text = message.content.0;
    let is_whole = choice.finish_reason.0 == "stop" && message.refusal.is_none();
    if !is_whole || text.trim().is_empty() {
        return None;
    }
    let Object(bill) = body.usage;
    let prompt = bill.prompt_tokens_details.map(|it| it.0);
    let prompt = prompt.unwrap_or_default();
    let completion = bill.completion_tokens_details.map(|it| it.0);
    let usage = Usage {
        input_tokens: bill.prompt_tokens,
        cached_input_tokens: prompt.cached_tokens,
        cache_write_tokens: prompt.cache_write_tokens,
        output_tokens: bill.completion_tokens,
        reasoning_tokens: completion.unwrap_or_default().reasoning_tokens,
        ..one_attempt()
    };
    Some(Completion {
        id: Some(body.id.0.into_owned()),
        model: Some(body.model.0.into_owned()),
        verdict: Verdict::Answer(text.into_owned(), FinishReason::Stop),
        rate: body
            .service_tier
            .map_or_else(Rate::default, |it| Rate::named(&it.0)),
        usage: with_thoughts(usage, bill.total_tokens),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::answer::read_any;
    use super::*;

    fn usual() -> [Value; 3] {
        let usage = json!({"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15});
        let message = json!({"role": "assistant", "content": "{\"a\": \"ü\"}\n"});
        let choice = json!({"index": 0, "message": message, "finish_reason": "stop"});
        let plain = json!({"id": "1", "object": "chat.completion", "created": 1, "model": "m",
            "choices": [choice], "usage": usage});
        let mut detailed = plain.clone();
        detailed["service_tier"] = json!("default");
        detailed["system_fingerprint"] = json!("fp");
        detailed["choices"][0]["logprobs"] = json!(null);
        detailed["choices"][0]["message"]["refusal"] = json!(null);
        detailed["choices"][0]["message"]["annotations"] = json!([]);
        detailed["usage"]["prompt_tokens_details"] = json!({"cached_tokens": 4, "audio_tokens": 0});
        detailed["usage"]["completion_tokens_details"] = json!({"reasoning_tokens": 2});
        let mut local = plain.clone();
        local["timings"] = json!({"prompt_n": 1});
        local["choices"][0]["stop_reason"] = json!(null);
        local["choices"][0]["message"]["tool_calls"] = json!([]);
        local["choices"][0]["message"]["reasoning_content"] = json!("{\"draft\": 1}");
        [plain, detailed, local]
    }

    /// Returns the body with something else in one place, for each place and each of these.
    fn odd(body: &Value, odd: &Value, all: &mut Vec<Value>) {
        let mut places = vec![String::new()];
        while let Some(place) = places.pop() {
            match body.pointer(&place).unwrap() {
                Value::Object(fields) => {
                    places.extend(fields.keys().map(|it| format!("{place}/{it}")));
                    for name in [
                        "error",
                        "text",
                        "cost",
                        "data",
                        "refusal",
                        "id",
                        "base_resp",
                        "cached_tokens",
                        "prompt_cache_hit_tokens",
                        "promptFeedback",
                        "x_groq",
                        "usage",
                        "index",
                        "tool_calls",
                        "function_call",
                        "reasoning",
                        "reasoning_content",
                        "parsed",
                        "delta",
                        "finish_reason",
                    ] {
                        let mut with = body.clone();
                        with.pointer_mut(&place).unwrap()[name] = odd.clone();
                        all.push(with);
                    }
                }
                Value::Array(items) => {
                    places.extend((0..items.len()).map(|it| format!("{place}/{it}")));
                }
                _ => {}
            }
            let mut changed = body.clone();
            *changed.pointer_mut(&place).unwrap() = odd.clone();
            all.push(changed);
        }
    }

    #[test]
    fn what_is_usual_is_read_the_quick_way() {
        for body in usual() {
            let completion = read(body.to_string().as_bytes());
            assert!(completion.is_some(), "{body}");
        }
    }

    #[test]
    fn the_quick_way_says_nothing_that_the_other_does_not() {
        let mut bodies = usual().to_vec();
        for body in usual() {
            for other in [
                json!(null),
                json!(""),
                json!(" "),
                json!("length"),
                json!("flex"),
                json!(7),
                json!(-1),
                json!(1.5),
                json!(true),
                json!([]),
                json!({}),
                json!({"message": "No."}),
                json!(["x"]),
                json!([{"text": "x"}]),
                json!([{}, {}]),
                json!({"choices": []}),
                json!([{"function": {"arguments": "{\"a\": 1}"}}]),
                json!({"arguments": {"a": 1}}),
                json!("{\"a\": 1}"),
                json!([{"index": 1, "message": {"content": "Other."}},
                    {"index": 0, "message": {"content": "First."}, "finish_reason": "stop"}]),
            ] {
                odd(&body, &other, &mut bodies);
            }
        }
        let mut quick = 0;
        let texts = bodies.iter().map(Value::to_string);
        let behind = usual().map(|it| format!("{it} {it}"));
        for body in texts.chain(behind) {
            if let Some(completion) = read(body.as_bytes()) {
                quick += 1;
                assert_eq!(Some(completion), read_any(body.as_bytes()), "{body}");
            }
        }
        assert!(quick > 100 && quick < bodies.len() / 2, "{quick}");
    }
}
