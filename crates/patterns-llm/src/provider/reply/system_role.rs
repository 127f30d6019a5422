//! Tells whether a server refuses the system role, as templates of some models do. Then the
//! instructions become the beginning of what the user says.

use patterns_core::{ModelError, ModelErrorKind};

/// Words of chat templates (Gemma, older Mistral) and of the servers around them.
const WORDS: &[&str] = &[
    "system role",
    "role system",
    "role 'system'",
    "role \"system\"",
    "role: system",
    // OpenAI, of its first models that reason.
    "does not support 'system'",
    "system message",
    "system prompt",
    "system instruction",
    "developer instruction",
    "only user and assistant roles",
    "only user, assistant",
    "roles must alternate",
];

/// Returns whether `error` says so.
pub(crate) fn is_refused(error: &ModelError) -> bool {
    let is_refusal = matches!(
        error.kind(),
        ModelErrorKind::InvalidRequest | ModelErrorKind::Unavailable { .. }
    );
    is_refusal && error.detail().is_some_and(says_so)
}

fn says_so(detail: &str) -> bool {
    let detail = detail.to_lowercase();
    let too_long = ["too long", "too large", "tokens"];
    WORDS.iter().any(|it| detail.contains(it)) && !too_long.iter().any(|it| detail.contains(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(detail: &str, expected: bool) {
        let error = ModelError::new(ModelErrorKind::InvalidRequest).with_detail(detail);
        assert_eq!(is_refused(&error), expected, "{detail}");
    }

    #[test]
    fn servers_say_that_they_know_no_system_role() {
        check("System role not supported", true);
        check("Only user and assistant roles are supported!", true);
        check(
            "Conversation roles must alternate user/assistant/user",
            true,
        );
        check(
            "Unsupported value: 'messages[0].role' does not support 'system' with this model.",
            true,
        );
        check(
            "Developer instruction is not enabled for models/gemma-3",
            true,
        );
        check("The system prompt is too long", false);
        check("file system error", false);
    }
}
