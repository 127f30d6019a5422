//! Failures of which only words tell what they are.

use super::*;

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn what_only_words_tell_is_told_by_stems() {
    let table: [(u16, &str, ModelErrorKind); 29] = [
        (400, "Model Not Exist", UnknownModel),
        (
            400,
            "Model `m` not found. Available models: a, b",
            UnknownModel,
        ),
        (400, "The model m has been decommissioned", UnknownModel),
        (422, "model m is not available", UnknownModel),
        (400, "The requested model is not supported", UnknownModel),
        (
            400,
            "API key expired. Please renew the API key.",
            Unauthorized,
        ),
        (500, "No api key passed in.", Unauthorized),
        (400, "No connected db.", Unauthorized),
        (400, "Content Exists Risk", Filtered),
        (400, "Output blocked by content filtering policy", Filtered),
        (
            400,
            "Failed to generate JSON. Please adjust your prompt.",
            DOWN,
        ),
        (
            400,
            "The model has crashed without additional information. (Exit code: null)",
            DOWN,
        ),
        (400, "Model unloaded.", DOWN),
        // Portkey's status of its own.
        (
            446,
            "The guardrail checks defined in the config failed",
            Filtered,
        ),
        (400, "Schema is too large", UnsupportedFormat),
        (
            400,
            "Schemas contains too many parameters with union types (18 parameters with type arrays or anyOf), limit: 16",
            UnsupportedFormat,
        ),
        // xAI's of one document, though with the status of a bad key (inspect_ai#2267, llmgateway#1785).
        (
            403,
            "Content violates usage guidelines. Team: t, API key ID: k, Model: grok-4, Failed check: SAFETY_CHECK_TYPE_BIO",
            Filtered,
        ),
        // Ollama's, of its cloud (hermes-agent#68832).
        (
            429,
            "you (me) have reached your weekly usage limit, upgrade for higher limits",
            QuotaExhausted,
        ),
        (
            429,
            "you've reached your hourly usage limit, please wait or upgrade",
            SPEED,
        ),
        (
            400,
            "the prompt is longer than the context length currently available to the model; shorten the prompt",
            ContextTooLong,
        ),
        (
            429,
            "Rate limit exceeded: free-models-per-day",
            QuotaExhausted,
        ),
        (
            400,
            "The provided model identifier is invalid.",
            UnknownModel,
        ),
        (
            400,
            "Invocation of model ID m with on-demand throughput isn’t supported.",
            UnknownModel,
        ),
        (400, "No such model: @cf/m", UnknownModel),
        (400, "the max input characters is 20000", ContextTooLong),
        // What a model lacks is not the model.
        (
            400,
            "'temperature' does not support 0.2 with this model",
            InvalidRequest,
        ),
        (
            400,
            "`temperature` is deprecated for this model.",
            InvalidRequest,
        ),
        (
            400,
            "This model does not support the effort parameter.",
            InvalidRequest,
        ),
        (400, "Flex is not available for this model.", InvalidRequest),
    ];
    for (status, words, kind) in table {
        fails(status, &[], json!({"error": words}), kind, None);
    }
    for code in ["model_not_supported", "model_terms_required"] {
        fails(400, &[], openai("", code, "No."), UnknownModel, Some(code));
    }
    let throttled =
        json!({"__type": "ThrottlingException", "message": "Too many tokens, please wait"});
    fails(400, &[], throttled, SPEED, Some("ThrottlingException"));
    for code in ["data_inspection_failed", "invalid_prompt", "1301"] {
        fails(400, &[], openai("", code, "No."), Filtered, Some(code));
    }
}

#[test]
fn what_went_wrong_is_found_in_whatever_stands_around_it() {
    let inner = json!({"message": "prompt is too long", "code": 7});
    for body in [
        json!({"error": inner}),
        json!([{"error": inner}]),
        json!({"error": [inner]}),
        json!({"error": {"error": inner}}),
        json!({"errors": [inner], "success": false, "messages": []}),
        json!({"detail": inner}),
        json!({"msg": "prompt is too long", "code": 7}),
        json!({"error_msg": "prompt is too long", "error_code": 7}),
        json!({"error_message": "prompt is too long", "code": 7, "error": {}}),
        json!({"error": true, "message": "prompt is too long", "code": 7}),
        json!({"error": "Bad Request", "message": "prompt is too long", "code": 7}),
        json!({"error": {"error": "Bad Request", "message": "prompt is too long", "code": 7}}),
        json!({"detail": {"error": "x", "message": "prompt is too long", "code": 7}}),
    ] {
        let error = fails(400, &[], &body, ContextTooLong, Some("7"));
        assert_eq!(error.detail(), Some("prompt is too long"), "{body}");
        let error = fails(200, &[], &body, ContextTooLong, Some("7"));
        assert_eq!(error.detail(), Some("prompt is too long"), "{body}");
    }
    // What is filled with a word for nothing, beside an answer, is no error.
    for blank in [json!("null"), json!({"code": 0, "message": "success"})] {
        let choices = json!([{"message": {"content": "Hi."}, "finish_reason": "stop"}]);
        let body = json!({"error": blank, "choices": choices});
        assert_eq!(read(200, &[], body.to_string()).unwrap().text, "Hi.");
    }
}
