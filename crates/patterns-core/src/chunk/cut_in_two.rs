//! Finds the best place near the middle of a text to cut it in two.

use std::cmp::Reverse;
use std::ops::Range;

/// What ends where a text can be cut, the best last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Character,
    Word,
    Sentence,
    Line,
    Paragraph,
}

/// Returns the two parts of a text, without the white space around them; `None` if it has less than
/// two characters. The cut is in the middle half, at the best end there, nearest to the middle.
pub fn cut_in_two(text: &str) -> Option<[Range<usize>; 2]> {
    let start = text.len() - text.trim_start().len();
    let body = text.trim();
    let cut = start + best_cut(body)?;
    let first = &text[start..cut];
    let second = &text[cut..start + body.len()];
    Some([
        start..start + first.trim_end().len(),
        start + body.len() - second.trim_start().len()..start + body.len(),
    ])
}

fn best_cut(text: &str) -> Option<usize> {
    let quarter = text.len() / 4;
    let places = places(text).map(|(at, end)| {
        let is_central = (quarter..=text.len() - quarter).contains(&at);
        let distance = at.abs_diff(text.len() / 2);
        (is_central, end, Reverse(distance), at)
    });
    places.max().map(|(.., at)| at)
}

/// Returns every place where a text can be cut, and what ends there. One pass, however much white
/// space there is.
fn places(text: &str) -> impl Iterator<Item = (usize, End)> {
    let (mut last, mut is_space, mut lines) = (' ', false, 0u32);
    text.char_indices().filter_map(move |(at, next)| {
        let end = match lines {
            _ if !is_space && matches!(last, '。' | '！' | '？') => End::Sentence,
            _ if !is_space => End::Character,
            0 if matches!(last, '.' | '!' | '?' | '…' | '。' | '！' | '？') => End::Sentence,
            0 => End::Word,
            1 => End::Line,
            _ => End::Paragraph,
        };
        if next.is_whitespace() {
            is_space = true;
            lines = lines.saturating_add(u32::from(next == '\n'));
        } else {
            (last, is_space, lines) = (next, false, 0);
        }
        (at > 0).then_some((at, end))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, first: &str, second: &str) {
        let [a, b] = cut_in_two(text).unwrap();
        assert_eq!((&text[a], &text[b]), (first, second));
    }

    #[test]
    fn the_cut_is_where_the_most_ends() {
        check(
            "one. two\nthree\n\nfour five",
            "one. two\nthree",
            "four five",
        );
        check("one. two\nthree. four", "one. two", "three. four");
        check("one two. three four", "one two.", "three four");
        check("one two three four", "one two", "three four");
        check("一二。三四五", "一二。", "三四五");
        check("abcdef", "abc", "def");
        check("ab\r\n\r\ncd", "ab", "cd");
        check("  a \n\n\n b  ", "a", "b");
        check("😀a", "😀", "a");
        // A paragraph that ends outside of the middle half doesn't count.
        check("a\n\nb c d e f g h", "a\n\nb c d", "e f g h");
    }

    #[test]
    fn a_single_character_stays_whole() {
        for text in ["", " ", "x", " 😀\n"] {
            assert_eq!(cut_in_two(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn nothing_but_white_space_is_lost(text in "[a .\n😀é]{0,80}|\\PC{0,40}") {
            let Some([a, b]) = cut_in_two(&text) else {
                prop_assert!(text.trim().chars().count() < 2);
                return Ok(());
            };
            prop_assert!(a.end <= b.start);
            prop_assert!(text[..a.start].trim().is_empty());
            prop_assert!(text[a.end..b.start].trim().is_empty());
            prop_assert!(text[b.end..].trim().is_empty());
            prop_assert!(!text[a].is_empty() && !text[b].is_empty());
        }
    }
}
