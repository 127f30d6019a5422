//! Makes hostile text safe for a terminal: what it could be commanded with becomes visible.

use std::borrow::Cow;

/// Returns `text` with every control character shown instead of sent.
///
/// C0 and DEL become the pictures of Unicode (`␛`), C1 and the characters that reorder or hide
/// text become `\u{202e}`. Only line feed and tab stay; a carriage return before a line feed goes.
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|it| it == '\r' || is_hostile(it)) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    let mut rest = text.chars().peekable();
    while let Some(it) = rest.next() {
        match it {
            '\r' if rest.peek() == Some(&'\n') => {}
            '\u{7f}' => shown.push('␡'),
            ..' ' if is_hostile(it) => shown.push(picture(it)),
            _ if is_hostile(it) => shown.push_str(&format!("\\u{{{:x}}}", u32::from(it))),
            _ => shown.push(it),
        }
    }
    Cow::Owned(shown)
}

/// As [`escape`], and on one line.
pub(crate) fn escape_line(text: &str) -> String {
    escape(text).replace('\n', "␊").replace('\t', " ")
}

/// Returns JSON text with what [`escape`] would show as JSON escapes: the same value, safe to see.
pub(crate) fn escape_json(json: &str) -> Cow<'_, str> {
    // Nearly all there is. The loop has no branches, so many bytes are looked at at once.
    let is_plain = |it: u8| it.wrapping_sub(0x20) < 0x5f || it == b'\n';
    if json.bytes().fold(true, |plain, it| plain & is_plain(it)) {
        return Cow::Borrowed(json);
    }
    // JSON has no raw control character inside strings, so only the others are left to escape.
    if !json.chars().any(is_hostile) {
        return Cow::Borrowed(json);
    }
    let mut safe = String::with_capacity(json.len() + 16);
    let mut units = [0; 2];
    for it in json.chars() {
        if is_hostile(it) {
            for unit in it.encode_utf16(&mut units) {
                safe.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            safe.push(it);
        }
    }
    Cow::Owned(safe)
}

fn is_hostile(it: char) -> bool {
    match it {
        '\n' | '\t' => false,
        // Marks, embeddings, overrides and isolates of bidirectional text.
        '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' => true,
        '\u{2066}'..='\u{2069}' => true,
        // Line and paragraph separators, the byte order mark, and invisible tag characters.
        '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}' => true,
        _ => it.is_control(),
    }
}

/// Returns the picture of a C0 control character.
fn picture(it: char) -> char {
    char::from_u32(0x2400 + u32::from(it)).unwrap_or('\u{fffd}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hostile_characters_become_visible() {
        let table = [
            ("plain – ünïcode 👍🏽", "plain – ünïcode 👍🏽"),
            ("two\nlines\tand a tab", "two\nlines\tand a tab"),
            ("\u{1b}[31mred", "␛[31mred"),
            ("\u{1b}]52;c;aGk=\u{7}", "␛]52;c;aGk=␇"),
            ("over\rwritten", "over␍written"),
            ("dos\r\nline", "dos\nline"),
            ("\0 \u{7f}", "␀ ␡"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("user\u{202e}txt.exe", "user\\u{202e}txt.exe"),
            ("a\u{2066}b\u{2069}", "a\\u{2066}b\\u{2069}"),
            ("\u{feff}bom \u{2028}", "\\u{feff}bom \\u{2028}"),
        ];
        for (hostile, shown) in table {
            assert_eq!(escape(hostile), shown);
        }
        assert_eq!(escape_line("a\nb\tc"), "a␊b c");
    }

    proptest! {
        #[test]
        fn nothing_but_line_feeds_and_tabs_survives(text in any::<String>()) {
            let shown = escape(&text);
            prop_assert!(!shown.chars().any(is_hostile));
            prop_assert!(!shown.chars().any(|it| it.is_control() && it != '\n' && it != '\t'));
            let again = escape(&shown).into_owned();
            prop_assert_eq!(again, shown.into_owned());
        }

        #[test]
        fn escaped_json_is_the_same_value(text in any::<String>()) {
            let json = serde_json::to_string(&text).unwrap();
            let safe = escape_json(&json).into_owned();
            prop_assert!(!safe.chars().any(is_hostile));
            prop_assert_eq!(serde_json::from_str::<String>(&safe).unwrap(), text);
        }
    }
}
