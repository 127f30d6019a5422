//! Makes spellings of one answer equal, so that no winner is decided by spelling.

use unicode_normalization::UnicodeNormalization;

/// Returns the form in which an answer is counted; `None` if it says nothing.
///
/// Compatibility forms are unified (NFKC), case is folded, white space is collapsed, outer quotes
/// and punctuation are dropped, plain numbers are brought to one form (`1,000.0` is `1000`, but
/// `3,5,7` stays a list), and yes/no words are unified with true/false.
///
/// ```
/// use patterns_parallel::normalise;
///
/// assert_eq!(normalise(" “Paris.” "), normalise("PARIS"));
/// assert_eq!(normalise("42.0"), normalise("42"));
/// assert_eq!(normalise("$1,000"), normalise("1000"));
/// assert_eq!(normalise("True"), normalise("yes."));
/// assert_ne!(normalise("3,5,7"), normalise("357"));
/// assert_eq!(normalise(" … "), None);
/// ```
pub fn normalise(answer: &str) -> Option<String> {
    let folded: String = answer.nfkc().flat_map(char::to_lowercase).collect();
    let words: Vec<&str> = folded.split_whitespace().collect();
    let text = words.join(" ");
    if let Some(number) = number(&text) {
        return Some(number);
    }
    let text = trim_outer(&text);
    if text.is_empty() {
        return None;
    }
    let text = number(text).unwrap_or_else(|| match text {
        "true" | "y" => "yes".to_owned(),
        "false" | "n" => "no".to_owned(),
        _ => text.to_owned(),
    });
    Some(text)
}

/// Drops quotes, brackets around the whole, and closing punctuation, as long as any is left.
fn trim_outer(text: &str) -> &str {
    const QUOTES: [char; 13] = [
        '"', '\'', '`', '*', '_', '“', '”', '‘', '’', '«', '»', '„', ' ',
    ];
    const CLOSING: [char; 8] = ['.', ',', ';', ':', '!', '?', '…', '。'];
    let mut text = text;
    loop {
        let mut next = text.trim_matches(QUOTES).trim_end_matches(CLOSING);
        for (open, close) in [('(', ')'), ('[', ']')] {
            if let Some(inner) = next
                .strip_prefix(open)
                .and_then(|it| it.strip_suffix(close))
                && !inner.contains([open, close])
            {
                next = inner;
            }
        }
        if next == text {
            return text;
        }
        text = next;
    }
}

/// Brings a plain decimal number to one form, without going through a float.
fn number(text: &str) -> Option<String> {
    let (sign, digits) = match text.strip_prefix(['-', '\u{2212}']) {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let digits = digits.strip_prefix(['$', '€', '£']).unwrap_or(digits);
    let digits = digits.strip_suffix('.').unwrap_or(digits);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = ungroup(whole)?;
    if !fraction.bytes().all(|it| it.is_ascii_digit()) {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let fraction = fraction.trim_end_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let is_zero = whole == "0" && fraction.is_empty();
    let sign = if is_zero { "" } else { sign };
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!("{sign}{whole}{point}{fraction}"))
}

/// Takes thousands commas out of the digits of a whole number: only in groups of three.
fn ungroup(whole: &str) -> Option<String> {
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let is_digits = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
    let is_grouped = whole.contains(',');
    if !is_digits(first) || (is_grouped && (first.len() > 3 || first.starts_with('0'))) {
        return None;
    }
    let is_valid = groups.all(|group| group.len() == 3 && is_digits(group));
    is_valid.then(|| whole.replace(',', ""))
}

#[cfg(test)]
mod tests;
