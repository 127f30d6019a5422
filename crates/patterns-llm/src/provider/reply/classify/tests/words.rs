//! Failures of which only words tell what they are.

use super::*;

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn what_only_words_tell_is_told_by_stems() {
    let table: [(u16, &str, ModelErrorKind); 25] = [
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
    for code in ["data_inspection_failed", "invalid_prompt", "1301"] {
        fails(400, &[], openai("", code, "No."), Filtered, Some(code));
    }
}
