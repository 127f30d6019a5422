//! Keeps keys out of a provider's words, and those words short.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};

const MARK: &str = "[key]";

/// Longest excerpt of a provider's words, in characters.
pub(crate) const MAX_DETAIL: usize = 200;

/// A key shorter than this is a placeholder such as `x`, and hiding it would only mangle words.
const MIN_KEY: usize = 4;

/// The same in answers, which are about anything.
const MIN_KEY_OF_ANSWERS: usize = 12;

/// Replaces the connection's keys, and whatever else looks like one, by a mark.
#[derive(Default)]
pub(crate) struct Redactor {
    /// Each form of each key, with the length of the key.
    forms: Vec<(usize, SecretString)>,
}

impl Redactor {
    pub(crate) fn new(key: SecretString) -> Self {
        Self::default().and(&[key])
    }

    /// Hides more keys.
    pub(crate) fn and(mut self, more: &[SecretString]) -> Self {
        for key in more.iter().map(ExposeSecret::expose_secret) {
            let forms = forms(key).into_iter();
            self.forms.extend(forms.map(|it| (key.len(), it.into())));
        }
        self
    }

    /// Returns at most `max` characters of `text`, without keys. Keys go before the cut, which
    /// would otherwise leave the beginning of one.
    pub(crate) fn excerpt(&self, text: &str, max: usize) -> String {
        let text = hide_foreign_keys(&self.hide(text.trim().to_owned(), MIN_KEY));
        match text.char_indices().nth(max) {
            Some(_) => text.chars().take(max - 1).chain(['…']).collect(),
            None => text,
        }
    }

    /// Returns an answer, or a name in a reply that is one, without the key. Only the key itself is
    /// hidden, as it is or encoded, and no placeholder: what else looks like a key may be what the
    /// answer is about.
    pub(crate) fn answer(&self, text: String) -> String {
        self.hide(text, MIN_KEY_OF_ANSWERS)
    }

    fn hide(&self, mut text: String, shortest: usize) -> String {
        for (_, form) in self.forms.iter().filter(|(length, _)| *length >= shortest) {
            text = hide_form(text, form.expose_secret());
        }
        text
    }
}

/// Returns a key as it may be quoted: as it is, in base64, and with signs as `%2B`. Letters are
/// compared without their case.
fn forms(key: &str) -> Vec<String> {
    let is_plain = |it: u8| it.is_ascii_alphanumeric() || b"-._~".contains(&it);
    let percent = key.bytes().map(|it| match is_plain(it) {
        true => char::from(it).to_string(),
        false => format!("%{it:02X}"),
    });
    let mut forms = vec![key.to_owned(), percent.collect()];
    if key.len() >= MIN_KEY_OF_ANSWERS {
        forms.extend([STANDARD_NO_PAD.encode(key), URL_SAFE_NO_PAD.encode(key)]);
    }
    forms.dedup();
    forms
}

/// Replaces what is written like `form`, but for the case of its letters.
fn hide_form(text: String, form: &str) -> String {
    let mut hidden = String::new();
    let mut rest = &*text;
    // A key is ASCII, so both ends of a match are ends of characters.
    while let Some(at) = find_form(rest.as_bytes(), form.as_bytes()) {
        hidden.push_str(&rest[..at]);
        hidden.push_str(MARK);
        rest = &rest[at + form.len()..];
    }
    match hidden.is_empty() {
        true => text,
        false => hidden + rest,
    }
}

fn find_form(text: &[u8], form: &[u8]) -> Option<usize> {
    let first = form.first()?.to_ascii_lowercase();
    let is_form = |it: &[u8]| it[0].to_ascii_lowercase() == first && it.eq_ignore_ascii_case(form);
    text.windows(form.len()).position(is_form)
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
    fn other_forms_of_the_key_are_hidden_too() {
        check("bad key CANARY-0123456789.", "bad key [key].");
        check("Y2FuYXJ5LTAxMjM0NTY3ODk=", "[key]=");
        let redactor = Redactor::new("sign+and/slash=12".into());
        assert_eq!(
            redactor.excerpt("?key=sign%2band%2Fslash%3D12&x", 99),
            "?key=[key]&x"
        );
    }

    #[test]
    fn an_answer_loses_the_key_and_nothing_else() {
        let redactor = Redactor::new("canary-0123456789".into());
        let answer = |text: &str| redactor.answer(text.to_owned());
        assert_eq!(answer("it is canary-0123456789"), "it is [key]");
        assert_eq!(
            answer(" sk-proj-abc_123****, ä "),
            " sk-proj-abc_123****, ä "
        );
        let placeholder = Redactor::new("placeholder".into());
        assert_eq!(
            placeholder.answer("a placeholder".to_owned()),
            "a placeholder"
        );
    }

    #[test]
    fn no_key_hides_nothing() {
        assert_eq!(Redactor::new("".into()).excerpt("words", 200), "words");
    }
}
