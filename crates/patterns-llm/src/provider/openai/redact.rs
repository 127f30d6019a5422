//! Keeps keys out of a provider's words, and those words short.

use secrecy::{ExposeSecret, SecretString};

const MARK: &str = "[key]";

/// Longest excerpt of a provider's words, in characters.
pub(super) const MAX_DETAIL: usize = 200;

/// A key shorter than this is a placeholder such as `x`, and hiding it would only mangle words.
const MIN_KEY: usize = 4;

/// Replaces the connection's key, and whatever else looks like one, by a mark.
pub(super) struct Redactor {
    key: SecretString,
}

impl Redactor {
    pub(super) fn new(key: SecretString) -> Self {
        Self { key }
    }

    /// Returns at most `max` characters of `text`, without keys. Keys go before the cut, which
    /// would otherwise leave the beginning of one.
    pub(super) fn excerpt(&self, text: &str, max: usize) -> String {
        let key = self.key.expose_secret();
        let text = text.trim();
        let text = if key.len() >= MIN_KEY && text.contains(key) {
            hide_foreign_keys(&text.replace(key, MARK))
        } else {
            hide_foreign_keys(text)
        };
        match text.char_indices().nth(max) {
            Some(_) => text.chars().take(max - 1).chain(['…']).collect(),
            None => text,
        }
    }
}

/// Hides words that begin like a key of OpenAI, Anthropic or OpenRouter: a gateway may quote its own.
fn hide_foreign_keys(text: &str) -> String {
    let mut hidden = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("sk-") {
        let (before, from) = rest.split_at(start);
        let is_of_key = |it: char| it.is_ascii_alphanumeric() || matches!(it, '-' | '_' | '*');
        let end = from.find(|it| !is_of_key(it)).unwrap_or(from.len());
        let is_word_start = !before.ends_with(|it: char| it.is_alphanumeric());
        hidden.push_str(before);
        let is_key = is_word_start && end >= 8;
        hidden.push_str(if is_key { MARK } else { &from[..end] });
        rest = &from[end..];
    }
    hidden.push_str(rest);
    hidden
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let redactor = Redactor::new("canary-0123456789".into());
        assert_eq!(redactor.excerpt(text, 40), expected, "{text}");
    }

    #[test]
    fn keys_are_hidden_before_the_cut() {
        check("  plain  ", "plain");
        check("bad key canary-0123456789.", "bad key [key].");
        check(
            "Bearer sk-proj-abc_123**** is wrong",
            "Bearer [key] is wrong",
        );
        check(
            "the task-force asks risk-free",
            "the task-force asks risk-free",
        );
        check(
            "0123456789 0123456789 012345678 canary-0123456789",
            "0123456789 0123456789 012345678 [key]",
        );
        check(
            "0123456789 0123456789 0123456789 0123456789",
            "0123456789 0123456789 0123456789 012345…",
        );
        check("ä".repeat(41).as_str(), &format!("{}…", "ä".repeat(39)));
    }

    #[test]
    fn no_key_hides_nothing() {
        assert_eq!(Redactor::new("".into()).excerpt("words", 200), "words");
    }
}
