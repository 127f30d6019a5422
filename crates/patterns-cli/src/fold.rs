//! Breaks the lines of a page between words, so that a narrow terminal does not break them within.
//!
//! What goes on is indented below what it belongs to. What somebody may copy stays in one piece: words, what
//! stands between backticks, and a whole line that is a command. Colours take no columns.

use unicode_width::UnicodeWidthStr;

/// How much further a line that goes on is indented.
const FURTHER: usize = 2;

/// Returns a page whose lines have so many columns at most, as far as they have words to break between.
pub(crate) fn fold(page: &str, columns: usize) -> String {
    let mut folded = String::with_capacity(page.len() + page.len() / 8);
    for line in page.split_inclusive('\n') {
        match width(line.trim_end()) <= columns || is_command(line) {
            true => folded.push_str(line),
            false => fold_line(line, columns, &mut folded),
        }
    }
    folded
}

fn fold_line(line: &str, columns: usize, folded: &mut String) {
    let text = line.trim_start_matches(' ');
    let indent = line.len() - text.len();
    // The values of a row stand below each other.
    let label = text
        .find("  ")
        .filter(|it| text[..*it].chars().all(char::is_alphabetic));
    let value = label.map(|it| it + text[it..].len() - text[it..].trim_start_matches(' ').len());
    let hang = indent + value.unwrap_or(FURTHER);
    let hang = if hang * 2 > columns { FURTHER } else { hang };
    folded.push_str(&line[..indent]);
    let (mut at, mut is_first) = (indent, true);
    for word in words(text) {
        let taken = width(word.trim_end());
        if !is_first && at + taken > columns {
            folded.truncate(folded.trim_end_matches(' ').len());
            folded.push('\n');
            folded.push_str(&" ".repeat(hang));
            at = hang;
        }
        folded.push_str(word);
        at += width(word);
        is_first = false;
    }
}

/// Cuts a line into words, each with the spaces behind it; what is between backticks is one, and a share in per cent.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let mut rest = line;
    std::iter::from_fn(move || {
        let mut is_quoted = false;
        let mut was_space = false;
        let end = rest.char_indices().find_map(|(at, it)| {
            is_quoted ^= it == '`';
            // A number goes with its sign.
            let is_next = was_space && !matches!(it, ' ' | '%');
            was_space = it == ' ' && !is_quoted;
            is_next.then_some(at)
        });
        let (word, behind) = rest.split_at(end.unwrap_or(rest.len()));
        rest = behind;
        (!word.is_empty()).then_some(word)
    })
}

/// Returns whether a line is what somebody types.
fn is_command(line: &str) -> bool {
    let text = uncoloured(line);
    let text = text.trim_start();
    text.strip_prefix("typed ")
        .unwrap_or(text)
        .trim_start()
        .starts_with("patterns ")
}

fn width(text: &str) -> usize {
    uncoloured(text).trim_end_matches('\n').width()
}

/// Leaves out what sets colours: all that is between an escape and an `m`.
fn uncoloured(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |mut all, part| {
        all.push_str(part.split_once('m').map_or(part, |it| it.1));
        all
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words_and_go_on_below_what_they_belong_to() {
        for (columns, page, folded) in [
            (80, "short\n\nlines\n", "short\n\nlines\n"),
            (12, "one two three four\n", "one two\n  three four\n"),
            (
                20,
                "  cost      $1.23 (at most $4)\n",
                "  cost      $1.23\n  (at most $4)\n",
            ),
            (
                25,
                "  cost      $1.23 (at most $4)\n",
                "  cost      $1.23 (at\n            most $4)\n",
            ),
            // A word has as many columns as it has, and what is quoted is one.
            (8, "a-long-word-indeed b\n", "a-long-word-indeed\n  b\n"),
            (
                18,
                "to go on, `patterns resume 1` it is",
                "to go on,\n  `patterns resume 1`\n  it is",
            ),
            (
                10,
                "  typed     patterns vote Why\n",
                "  typed     patterns vote Why\n",
            ),
            (
                10,
                "\u{1b}[2m      patterns runs\u{1b}[0m\n",
                "\u{1b}[2m      patterns runs\u{1b}[0m\n",
            ),
            (11, "the rate 75 %, so\n", "the rate\n  75 %, so\n"),
            // Colours take no room, letters of two columns take two.
            (
                7,
                "\u{1b}[1mone two\u{1b}[0m\n",
                "\u{1b}[1mone two\u{1b}[0m\n",
            ),
            (7, "港湾 潮汐\n", "港湾\n  潮汐\n"),
        ] {
            assert_eq!(fold(page, columns), folded, "{page:?} in {columns}");
        }
    }

    #[test]
    fn nothing_but_spaces_is_lost() {
        let page = "  a `b c` d\u{1b}[1m e  f\u{1b}[0m\n\n ggg hhh`\n";
        let letters = |text: &str| text.split([' ', '\n']).collect::<String>();
        for columns in 0..20 {
            assert_eq!(letters(&fold(page, columns)), letters(page), "{columns}");
        }
    }
}
