//! Writes hostile text into HTML: as text, with what would hide or reorder it made visible.

use std::fmt::{self, Display, Formatter};

/// A text as HTML, to be written between tags or into a quoted attribute.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Text<'a>(pub(crate) &'a str);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for it in self.0.chars() {
            match it {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                _ if is_unseen(it) => write!(f, "[U+{:04X}]", u32::from(it))?,
                _ => write!(f, "{it}")?,
            }
        }
        Ok(())
    }
}

/// Returns whether a character commands, reorders or hides instead of being seen. The script of the
/// page has the same list.
pub(crate) fn is_unseen(it: char) -> bool {
    match it {
        '\n' | '\t' => false,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' => true,
        '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' => true,
        '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' => true,
        _ => it.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_text_and_what_hides_is_seen() {
        let table = [
            ("a < b & c", "a &lt; b &amp; c"),
            (
                "<img src=x onerror='alert(\"1\")'>",
                "&lt;img src=x onerror=&#39;alert(&quot;1&quot;)&#39;&gt;",
            ),
            ("two\nlines\tand more", "two\nlines\tand more"),
            ("a\u{202e}b", "a[U+202E]b"),
            ("\u{1b}[31m", "[U+001B][31m"),
            ("\u{e0041}", "[U+E0041]"),
            ("ünï👍🏽", "ünï👍🏽"),
        ];
        for (text, expected) in table {
            assert_eq!(Text(text).to_string(), expected, "{text:?}");
        }
    }
}
