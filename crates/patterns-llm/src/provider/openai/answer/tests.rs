//! Answers, wherever servers put them.

use serde_json::json;

use super::*;

#[track_caller]
fn answers(body: &Value, text: &str, finish: FinishReason) {
    let completion = read(body.to_string().as_bytes()).unwrap();
    let expected = Verdict::Answer(text.to_owned(), finish);
    assert_eq!(completion.verdict, expected, "{body}");
}

#[test]
fn what_is_not_needed_may_be_anything() {
    let whole = || json!({"choices": [{"message": {"content": "Hi."}, "finish_reason": "stop"}]});
    let with = |place: &str, value: Value| {
        let mut body = whole();
        let (parent, name) = place.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap()[name] = value;
        body
    };
    let message = |value: Value| with("/choices/0/message", value);
    let stop = || FinishReason::Stop;
    for body in [
        with("/id", json!(17)),
        with("/model", json!({"name": "m"})),
        with("/choices/0/message/refusal", json!(false)),
        with("/choices/0/message/refusal", json!({})),
        with("/choices/0/error", json!("")),
        with("/choices/0/finish_reason", json!("null")),
        message(json!({"content": ["H", "i."]})),
        message(json!({"content": {"type": "text", "text": "Hi."}})),
        message(json!({"content": [{"type": "reasoning", "text": "Hm."}, {"text": "Hi."}]})),
        json!({"choices": [{"text": "Hi.", "finish_reason": "stop"}]}),
        json!({"choices": [{"delta": {"content": "Hi."}}]}),
        json!({"code": 0, "data": whole()}),
    ] {
        answers(&body, "Hi.", stop());
    }
    let function = json!({"name": "f", "arguments": "{\"a\":1}"});
    for place in [
        message(json!({"content": {"a": 1}})),
        message(json!({"content": null, "tool_calls": [{"function": function}]})),
        message(json!({"content": null, "function_call": function})),
        message(json!({"content": null, "function_call": {"arguments": {"a": 1}}})),
        message(json!({"content": "", "reasoning_content": "{\"a\":1}"})),
        message(json!({"content": null, "parsed": {"a": 1}})),
    ] {
        answers(&place, "{\"a\":1}", stop());
    }
    // What is said beside a call is no answer, unless it is JSON: nobody has offered a function.
    let calls = |content: &str| {
        let message = json!({"content": content, "tool_calls": [{"function": function}]});
        json!({"choices": [{"message": message, "finish_reason": "tool_calls"}]})
    };
    answers(&calls("I will call it."), "{\"a\":1}", stop());
    let called = FinishReason::Other("tool_calls".to_owned());
    answers(&calls("So: {\"a\":2}"), "So: {\"a\":2}", called.clone());
    // A call of nothing takes no words away.
    let mut of_nothing = calls("yes");
    of_nothing["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"] = json!("");
    answers(&of_nothing, "yes", called);
    // Of several answers, in whatever order, the first one counts.
    let one = whole()["choices"][0].clone();
    let other = json!({"index": "1", "message": {"content": "Other."}});
    answers(&json!({"choices": [other, one]}), "Hi.", stop());
    // Thoughts may hold a draft, and of two calls nobody knows which is the answer.
    for none in [
        json!({"content": null, "reasoning_content": "Maybe {\"a\":1}?"}),
        json!({"content": null, "tool_calls": [{"function": function}, {"function": function}]}),
    ] {
        answers(&message(none), "", stop());
    }
}
