//! Folds the spellings of one answer, open or of JSON, so that no winner is decided by spelling.
//!
//! Only what cannot change the meaning is folded: case, white space, composed and wide forms of
//! characters, the shapes of quotes and hyphens, marks that nobody sees, quotes and emphasis around the
//! whole, the full stop behind it, and the thousands separators of a number. Everything else counts.
//! A sign may be the answer (`?`, `*` and `**` are three), `$5` is not `€5`, `10²` is not `102`, `(5)`
//! may be less than nothing, and `y` is a letter.
//!
//! Numbers keep their digits: `1.10` and `1.1` may be versions, and `007` is not 7. So `0.50` and
//! `0.5` are two answers; where numbers are meant, the median compares them as numbers. Only a
//! fraction of nothing but zeros goes (`42.0` is `42`), unless it may be a group of thousands
//! (`1.000`). Which commas and points group thousands is known where they come in threes and a
//! fraction has the other sign (`1.234,50`); alone, a comma groups (`1,000` is a thousand), and so do
//! spaces and apostrophes (`1 000`, `1'000`).
//!
//! Dates, articles and synonyms are left to options, or to a judge.

use serde_json::{Number, Value};
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// Returns the form in which an open answer is counted; `None` if it says nothing.
pub fn normalise(answer: &str) -> Option<String> {
    let seen = answer.chars().filter(|it| !is_unseen(*it));
    let plain = seen.map(plain).nfc();
    let folded: String = plain.flat_map(fold_case).nfc().collect();
    let words: Vec<&str> = folded.split_whitespace().collect();
    let text = words.join(" ");
    let inner = unwrap(&text);
    let counted = number(inner).unwrap_or_else(|| inner.to_owned());
    (!counted.is_empty()).then_some(counted)
}

/// Returns whether nobody sees a mark: of the layout of a text, its direction and its beginning. Joiners
/// are none of them: they make one emoji of several, and other words in Persian.
pub(super) fn is_unseen(it: char) -> bool {
    matches!(
        it,
        '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2060}' | '\u{feff}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
    )
}

/// Returns the plain form of a character that is only written differently.
pub(super) fn plain(it: char) -> char {
    match it {
        // Full-width forms are ASCII at a fixed distance.
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(it as u32 - 0xFEE0).unwrap_or(it),
        // `2020–2024` is `2020-2024`; only a dash between clauses (`—`) is another sign.
        '\u{2010}'..='\u{2013}' | '\u{2212}' => '-',
        '\u{2044}' => '/',
        '\u{2018}'..='\u{201B}' => '\'',
        '\u{201C}'..='\u{201F}' => '"',
        _ => it,
    }
}

/// Folds case in full: `ß` becomes `ss`, which is how it is written in capitals.
fn fold_case(it: char) -> impl Iterator<Item = char> {
    // A dotless i is another letter, though its capital is the same.
    let is_kept = it == '\u{131}';
    let folded = it.to_lowercase().flat_map(char::to_uppercase);
    let folded = folded.flat_map(char::to_lowercase);
    let kept = is_kept.then_some(it);
    kept.into_iter().chain(folded.filter(move |_| !is_kept))
}

/// What is put around an answer as a whole without being part of it.
const AROUND: [(&str, &str); 9] = [
    ("\"", "\""),
    ("'", "'"),
    ("`", "`"),
    ("«", "»"),
    ("»", "«"),
    ("**", "**"),
    ("*", "*"),
    ("$", "$"),
    ("\\boxed{", "}"),
];

/// Takes quotes and emphasis from around the whole, and the full stop from its end. What has neither
/// letter nor digit stays: then the signs are the answer.
fn unwrap(text: &str) -> &str {
    let says_something = |it: &str| it.contains(char::is_alphanumeric);
    let mut text = text;
    loop {
        let stop = text.strip_suffix(['.', '。']).map(str::trim_end);
        let stop = stop.filter(|it| !it.ends_with('.'));
        let marked = AROUND.iter().filter_map(|it| within(text, *it));
        let mut inner = stop.into_iter().chain(marked);
        match inner.find(|it| says_something(it)) {
            Some(inner) => text = inner,
            None => return text,
        }
    }
}

/// Returns what is between two marks, if they are around the whole and nowhere else.
fn within<'a>(text: &'a str, (open, close): (&str, &str)) -> Option<&'a str> {
    let inner = text.strip_prefix(open)?.strip_suffix(close)?;
    let is_whole = !inner.contains(open) && !inner.contains(close);
    is_whole.then_some(inner.trim())
}

/// Takes the thousands separators out of a number, and a fraction of zeros; `None` for all else.
pub(super) fn number(text: &str) -> Option<String> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text),
    };
    let (separator, point) = separators(digits);
    let (whole, fraction) = match point.and_then(|it| digits.split_once(it)) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits, None),
    };
    let whole = ungroup(whole, separator)?;
    if fraction.is_some_and(|it| !is_digits(it)) {
        return None;
    }
    let fraction = fraction.unwrap_or_default();
    let may_be_a_group = fraction.len() == 3 && whole.len() <= 3 && !whole.starts_with('0');
    let is_nothing = fraction.bytes().all(|it| it == b'0') && !may_be_a_group;
    let fraction = if is_nothing { "" } else { fraction };
    let point = if fraction.is_empty() { "" } else { "." };
    let is_zero = fraction.is_empty() && whole.bytes().all(|it| it == b'0');
    let sign = if is_zero { "" } else { sign };
    Some(format!("{sign}{whole}{point}{fraction}"))
}

/// Reads an answer as a finite number, whose thousands separators are those of answers that are counted.
///
/// A currency or a percent sign is a unit, not arithmetic: `42 %` is 42, not 0.42. Infinities, NaN,
/// and whatever has further words are no numbers.
///
/// ```
/// use patterns_core::text::read_number;
///
/// assert_eq!(read_number("$1,200"), Some(1200.0));
/// assert_eq!(read_number("42 %"), Some(42.0));
/// assert_eq!(read_number("3,5,7"), None);
/// assert_eq!(read_number("inf"), None);
/// ```
pub fn read_number(answer: &str) -> Option<f64> {
    const UNITS: [char; 6] = ['%', '$', '€', '£', '¥', ' '];
    let text = normalise(answer)?;
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1.0, digits),
        None => (1.0, text.as_str()),
    };
    let digits = normalise(digits.trim_matches(UNITS))?;
    let number: f64 = digits.parse().ok()?;
    number.is_finite().then_some(sign * number)
}

/// Returns what groups the thousands of a number, and what begins its fraction.
fn separators(digits: &str) -> (char, Option<char>) {
    match (digits.rfind('.'), digits.rfind(',')) {
        (Some(point), Some(comma)) if point < comma => ('.', Some(',')),
        (Some(_), Some(_)) => (',', Some('.')),
        (point, comma) => match digits.find([' ', '\'']) {
            // Where these group, a comma does not.
            Some(at) => {
                let comma = comma.map(|_| ',');
                let separator = if digits[at..].starts_with(' ') {
                    ' '
                } else {
                    '\''
                };
                (separator, point.map(|_| '.').or(comma))
            }
            None => (',', point.map(|_| '.')),
        },
    }
}

/// Takes separators out of the digits of a whole number: only from between groups of three.
fn ungroup(whole: &str, separator: char) -> Option<String> {
    let mut groups = whole.split(separator);
    let first = groups.next()?;
    let is_grouped = whole.contains(separator);
    if !is_digits(first) || (is_grouped && (first.len() > 3 || first.starts_with('0'))) {
        return None;
    }
    let is_valid = groups.all(|group| group.len() == 3 && is_digits(group));
    is_valid.then(|| whole.replace(separator, ""))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit())
}

/// Returns the form in which a value is counted: strings normalised, `42.0` as `42`, the names of
/// an object in order and without those that are null.
///
/// A string that says nothing is a value as any other: for a field that is an answer.
pub fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write(value, &|it| normalise(it).unwrap_or_default(), &mut text);
    text
}

/// Returns the form of a value in which every sign counts, but for how a letter with an accent is encoded
/// (NFC), the order of an object's members, and how a number is written.
pub fn exact(value: &Value) -> String {
    let mut text = String::new();
    write(value, &str::to_owned, &mut text);
    match is_nfc(&text) {
        true => text,
        false => text.nfc().collect(),
    }
}

fn write(value: &Value, spell: &dyn Fn(&str) -> String, text: &mut String) {
    match value {
        Value::Null | Value::Bool(_) => text.push_str(&value.to_string()),
        Value::Number(number) => text.push_str(&plain_number(number)),
        Value::String(string) => {
            text.push_str(&Value::String(spell(string)).to_string());
        }
        Value::Array(items) => {
            text.push('[');
            for item in items {
                write(item, spell, text);
                text.push(',');
            }
            text.push(']');
        }
        Value::Object(map) => {
            let mut members: Vec<_> = map.iter().filter(|(_, value)| !value.is_null()).collect();
            members.sort_by_key(|(name, _)| *name);
            text.push('{');
            for (name, value) in members {
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                write(value, spell, text);
                text.push(',');
            }
            text.push('}');
        }
    }
}

/// Writes a number so that equal ones are written alike, whatever they were: a float as the shortest
/// decimal that is read as it, without an exponent, as integers are.
fn plain_number(number: &Number) -> String {
    match number.as_f64() {
        // Negative zero is zero.
        Some(float) if number.is_f64() => (float + 0.0).to_string(),
        _ => number.to_string(),
    }
}

#[cfg(test)]
mod tests;
