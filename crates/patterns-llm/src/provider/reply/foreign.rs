//! Tells whether a reply comes from another model than the one that was asked.

/// Returns whether `answering` names another model than `asked`. Servers add dates, folders, file
/// endings and the name of who made a model, so what is the same but for these is the same, and so is
/// what no server would call a model. A name for whichever is the newest or the fittest is that of no model.
pub(crate) fn is_foreign(asked: &str, answering: &str) -> bool {
    if asked == answering {
        return false;
    }
    let (asked, answering) = (core(asked), core(answering));
    if ["latest", "auto"].iter().any(|it| asked.ends_with(it)) {
        return false;
    }
    let is_alike = asked.contains(&answering) || answering.contains(&asked);
    !asked.is_empty() && !answering.is_empty() && !is_alike
}

/// Returns the letters and digits of a model's own name.
fn core(name: &str) -> String {
    let name = name.to_lowercase();
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name = name.strip_suffix(".gguf").unwrap_or(name);
    let name = name.strip_suffix(":latest").unwrap_or(name);
    name.chars().filter(char::is_ascii_alphanumeric).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(asked: &str, answering: &str, expected: bool) {
        assert_eq!(
            is_foreign(asked, answering),
            expected,
            "{asked} {answering}"
        );
    }

    #[test]
    fn another_model_is_told_from_another_name() {
        check("gpt-5-mini", "gpt-5-mini-2025-08-07", false);
        check("openai/gpt-5-mini", "gpt-5-mini", false);
        check("qwen3", "/models/Qwen3-8B-Q4_K_M.gguf", false);
        check("llama3:latest", "llama3", false);
        check("m", "", false);
        check("gemini-flash-latest", "gemini-3-flash-preview", false);
        check("openrouter/auto", "google/gemini-2.5-flash", false);
        check("gpt-5-mini", "gpt-4o-mini", true);
        check("claude-sonnet-4", "gpt-5", true);
    }
}
