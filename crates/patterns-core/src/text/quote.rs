//! Finds a quote in a document.

use std::collections::VecDeque;
use std::ops::Range;

use unicode_normalization::char::decompose_canonical;

use super::normalise::{is_unseen, plain};
use super::seen_words::is_separator;

/// Returns where a quote is in a text, in bytes; the first place of several.
///
/// What models write otherwise without a word being another does not count: runs of white space are one
/// space, and none is needed around the quote; the shapes of quotation marks and hyphens, wide forms,
/// how an accent is encoded, marks that nobody sees; and quotation marks, an ellipsis or a point around the quote
/// where the text goes on. All else, case included, must be the same sign by sign, and numbers whole: `it cost 1` is no
/// quote of `it cost 1,500`. A quote without a word is nowhere. The time is linear in both.
pub fn find_quote(text: &str, quote: &str) -> Option<Range<usize>> {
    let sought: String = folded(quote).map(|it| it.1).collect();
    let sought = sought.trim();
    let place = |it: &str| find(text, &it.chars().collect::<Vec<_>>());
    let is_around = |it: char| it == ' ' || matches!(it, '.' | '…' | '"' | '\'');
    place(sought).or_else(|| match sought.trim_matches(is_around) {
        shorter if shorter == sought => None,
        shorter => place(shorter),
    })
}

/// Returns where these signs are in a text.
fn find(text: &str, sought: &[char]) -> Option<Range<usize>> {
    if sought.is_empty() {
        return None;
    }
    let borders = borders(sought);
    let mut signs = folded(text).peekable();
    // Where the last signs begin, as many as are sought.
    let mut begins = VecDeque::with_capacity(sought.len());
    let mut matched = 0;
    while let Some((place, it)) = signs.next() {
        while matched > 0 && sought.get(matched) != Some(&it) {
            matched = borders[matched - 1];
        }
        matched += usize::from(sought.get(matched) == Some(&it));
        if begins.len() == sought.len() {
            begins.pop_front();
        }
        begins.push_back(place.start);
        if matched < sought.len() {
            continue;
        }
        // `cafe` is no quote of `café`, though its accent is a sign of its own here.
        let is_cut = signs.peek().is_some_and(|next| next.0 == place);
        let found = begins[0]..place.end;
        if !is_cut && !cuts_number(text, &found) {
            return Some(found);
        }
    }
    None
}

/// Returns whether a part of a text begins or ends within a number. `2024.3` and `1,2,3` may be a note and a list, so
/// a point or comma is of the number only where a fraction begins with it behind less than four digits, or a group of
/// three digits.
fn cuts_number(text: &str, part: &Range<usize>) -> bool {
    [part.start, part.end].into_iter().any(|border| {
        let (before, after) = text.split_at(border);
        let digit = |it: char| plain(it).is_ascii_digit();
        // Where the border is beside a sign of grouping, the digits are beyond it.
        let (whole, sign, rest) = match (before.chars().next_back(), after.chars().next()) {
            (Some(one), Some(next)) if digit(one) && digit(next) => return true,
            (Some(sign), Some(next)) if is_separator(sign) && digit(next) => {
                (&before[..before.len() - sign.len_utf8()], sign, after)
            }
            (Some(one), Some(sign)) if digit(one) && is_separator(sign) => {
                (before, sign, &after[sign.len_utf8()..])
            }
            _ => return false,
        };
        let digits = whole
            .chars()
            .rev()
            .take(5)
            .take_while(|it| digit(*it))
            .count();
        let follow = rest.chars().take(5).take_while(|it| digit(*it)).count();
        let is_group = (1..=3).contains(&digits) && follow == 3;
        is_group || (sign == '.' && (1..=3).contains(&digits) && follow > 0)
    })
}

/// Returns, for each beginning of what is sought, how much of its end is a beginning, too: so far a match goes on
/// when the next sign is another (Knuth, Morris and Pratt).
fn borders(sought: &[char]) -> Vec<usize> {
    let mut borders = vec![0; sought.len()];
    for n in 1..sought.len() {
        let mut border = borders[n - 1];
        while border > 0 && sought[border] != sought[n] {
            border = borders[border - 1];
        }
        borders[n] = border + usize::from(sought[border] == sought[n]);
    }
    borders
}

/// Returns the signs of a text as they are compared, each with the bytes that it stands for.
fn folded(text: &str) -> impl Iterator<Item = (Range<usize>, char)> {
    let mut is_after_space = false;
    let seen = text.char_indices().filter(|it| !is_unseen(it.1));
    let plain = seen.filter_map(move |(at, it)| {
        let is_space = it.is_whitespace();
        let is_repeated = is_space && is_after_space;
        is_after_space = is_space;
        let sign = if is_space { ' ' } else { plain(it) };
        (!is_repeated).then_some((at..at + it.len_utf8(), sign))
    });
    plain.flat_map(|(place, it)| {
        let mut parts = Vec::with_capacity(1);
        decompose_canonical(it, |part| parts.push(part));
        parts.into_iter().map(move |part| (place.clone(), part))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quotes_by_hand() {
        let table = [
            ("aab", "ab", Some(1..3)),
            ("aaab", "aab", Some(1..4)),
            ("ababac", "abac", Some(2..6)),
            ("aacacx", "aacx", None),
            ("one  two", "one two", Some(0..8)),
            ("one two", "one\n\n two ", Some(0..7)),
            ("  one", "one", Some(2..5)),
            ("é\u{a0}à la", "à", Some(4..6)),
            ("é\u{a0}à la", "é à", Some(0..6)),
            ("onetwo", "one two", None),
            ("", "x", None),
            ("x", "", None),
            ("a b  a b c", "a b c", Some(5..10)),
            ("“It’s”", "\"It's\"", Some(0..12)),
            ("in 2020–2024", "2020-2024", Some(3..14)),
            ("a caf\u{e9}.", "cafe\u{301}", Some(2..7)),
            ("a cafe\u{301}.", "caf\u{e9}", Some(2..8)),
            ("caf\u{e9}", "cafe", None),
            ("caf\u{e9} cafe", "cafe", Some(6..10)),
            ("\u{e9}\u{e9}e", "\u{e9}e", Some(2..5)),
            ("ex\u{ad}ample", "example", Some(0..9)),
            ("example", "exa\u{200b}mple", Some(0..7)),
            ("example", "\u{200b}", None),
            ("10 – 20", "10—20", None),
            ("it cost 1,500 or 1", "it cost 1", None),
            ("or 1,500 pay 1", "1", Some(13..14)),
            ("or 21,500 pay", "500 pay", None),
            ("or 2.5 pay", "5 pay", None),
            ("in 2024, or 2025", "in 2024,", Some(0..8)),
            ("in 2024.", "in 2024", Some(0..7)),
            ("it sank, they say", "it sank.", Some(0..7)),
            ("it sank. They say", "it sank.", Some(0..8)),
            ("it sank, they say", "it sank ...", Some(0..7)),
            ("it sank, they say", "it sank…", Some(0..7)),
            ("it sank, they say", "it sank?", None),
            ("it sank, they say", "“…sank, they”", Some(3..13)),
            ("it sank", "\"it sank.\"", Some(0..7)),
            ("or 1.5 m", ".5 m", None),
            ("it cost 1.5 million", "it cost 1.", None),
            ("it cost 2,500 crowns", "it cost 2,", None),
            ("it cost 2,500 crowns", ",500 crowns", None),
            ("it was 3 500 in all", "it was 3", None),
            ("or 4'500", "or 4", None),
            (
                "\u{4fa1}\u{683c}\u{ff11}\u{ff15}\u{ff10}\u{ff10}",
                "\u{4fa1}\u{683c}\u{ff11}\u{ff15}",
                None,
            ),
            ("it sank in 2024.3 They", "it sank in 2024", Some(0..15)),
            ("the items 1,2,3 are", "the items 1", Some(0..11)),
            ("on page 7,8", "on page 7", Some(0..9)),
            ("of 7 500 m", "of 7 500 m", Some(0..10)),
            ("or 1.5 m", "...5 m", None),
            ("it sank", "...", None),
        ];
        for (text, quote, expected) in table {
            assert_eq!(find_quote(text, quote), expected, "{quote:?} in {text:?}");
        }
    }

    #[test]
    fn hostile_texts_take_linear_time() {
        let (text, quote) = ("a".repeat(3_000_000), "a".repeat(30_000) + "b");
        assert_eq!(find_quote(&text, &quote), None);
        assert_eq!(find_quote(&" ".repeat(3_000_000), &quote), None);
        let (text, quote) = ("\u{e9}".repeat(1_000_000), "\u{e9}".repeat(30_000) + "e");
        assert_eq!(find_quote(&text, &quote), None);
    }

    /// The same, by trying each place.
    fn slow(text: &str, quote: &str) -> bool {
        let fold = |it: &str| it.split_whitespace().collect::<Vec<_>>().join(" ");
        !fold(quote).is_empty() && fold(text).contains(&fold(quote))
    }

    proptest! {
        #[test]
        fn quotes_are_found_where_they_are(text in "[ab]{0,9}[ab\u{a0} \n]{0,30}", quote in "[ab]{0,3}[ab \n]{0,3}") {
            let found = find_quote(&text, &quote);
            prop_assert_eq!(found.is_some(), slow(&text, &quote));
            if let Some(range) = found {
                let fold = |it: &str| it.split_whitespace().collect::<Vec<_>>().join(" ");
                prop_assert_eq!(fold(&text[range]), fold(&quote));
            }
        }

        #[test]
        fn any_part_of_a_text_is_a_quote(text in any::<String>(), from in 0..40usize, count in 1..40usize) {
            let part: String = text.chars().skip(from).take(count).collect();
            let says = |it: char| !it.is_whitespace() && !is_unseen(it);
            let start: usize = text.chars().take(from).map(char::len_utf8).sum();
            if part.contains(says) && !cuts_number(&text, &(start..start + part.len())) {
                prop_assert!(find_quote(&text, &part).is_some());
            }
            prop_assert!(part.contains(says) || find_quote(&text, &part).is_none());
        }
    }
}
