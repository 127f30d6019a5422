//! The codes and types that say what to do whatever the status; sources: the error pages of OpenAI,
//! Anthropic, Google, Azure, OpenRouter, Groq, Moonshot, Zhipu, DashScope, SiliconFlow, LiteLLM and
//! llama.cpp.

use std::time::Duration;

use patterns_core::ModelErrorKind;

pub(super) fn kind_of_name(name: &str, retry_after: Option<Duration>) -> Option<ModelErrorKind> {
    Some(match name {
        "credit_balance_exhausted"
        | "organization_spend_limit_exceeded"
        | "project_spend_limit_exceeded"
        | "organization_usage_limit_exceeded"
        | "insufficient_quota"
        | "insufficient_credits"
        | "billing_hard_limit_reached"
        | "billing_not_active"
        | "billing_error"
        | "exceeded_current_quota_error"
        | "insufficient_balance"
        | "budget_exceeded"
        | "payment_required"
        | "Arrearage"
        | "AllocationQuota.FreeTierOnly"
        // Zhipu and SiliconFlow number them.
        | "1113"
        | "30001"
        | "enforced_spend_limit_reached" => ModelErrorKind::QuotaExhausted,
        // Bedrock's.
        "ThrottlingException"
        | "rate_limit_exceeded"
        | "rate_limit_error"
        | "rate_limited"
        | "slow_down"
        | "RESOURCE_EXHAUSTED" => ModelErrorKind::RateLimited { retry_after },
        // Groq checks the JSON itself and refuses a draw; the next one may be fine.
        "json_validate_failed" => ModelErrorKind::Unavailable { retry_after },
        "server_is_overloaded"
        // OpenAI's flex tier, when it has no room; nothing is billed.
        | "resource_unavailable"
        | "overloaded_error"
        | "engine_overloaded"
        | "service_unavailable_error"
        | "UNAVAILABLE" => ModelErrorKind::Overloaded { retry_after },
        "context_length_exceeded"
        | "exceed_context_size_error"
        | "request_too_large"
        | "string_above_max_length" => ModelErrorKind::ContextTooLong,
        "invalid_api_key"
        | "authentication_error"
        | "permission_error"
        | "account_deactivated"
        | "UNAUTHENTICATED"
        | "PERMISSION_DENIED"
        | "FAILED_PRECONDITION" => ModelErrorKind::Unauthorized,
        "model_not_found" | "model_not_supported" | "model_terms_required"
        | "invalid_model" | "model_decommissioned" | "not_found_error" | "DeploymentNotFound" | "NOT_FOUND"
        | "NotFoundError" => ModelErrorKind::UnknownModel,
        "content_filter"
        | "content_policy_violation"
        | "ResponsibleAIPolicyViolation"
        | "data_inspection_failed"
        | "invalid_prompt"
        | "moderation_blocked"
        // Zhipu numbers it.
        | "1301" => ModelErrorKind::Filtered,
        _ => return None,
    })
}
