//! Divides code into blocks of whole definitions, by its layout.

use std::ops::Range;

/// Returns blocks that begin where definitions do, as large as they fit, and cover the text. One that
/// does not fit by itself is a block all the same.
pub(super) fn blocks(text: &str, fits: impl Fn(&str) -> bool) -> Vec<Range<usize>> {
    let mut blocks = Vec::new();
    let (mut start, mut end) = (0, 0);
    for next in definitions(text).into_iter().chain([text.len()]) {
        if end > start && !fits(text[start..next].trim()) {
            blocks.push(start..end);
            start = end;
        }
        end = next;
    }
    blocks.push(start..end);
    blocks.retain(|it| !text[it.clone()].trim().is_empty());
    blocks
}

/// Returns where definitions begin, but for the first: at lines without indentation, after a blank
/// line or one that ends a block.
fn definitions(text: &str) -> Vec<usize> {
    let mut places = Vec::new();
    let (mut at, mut is_gap) = (0, false);
    for line in text.split_inclusive('\n') {
        let closes = line.starts_with(['}', ')', ']']) || line.trim_end() == "end";
        let is_indented = line.starts_with([' ', '\t']);
        if is_gap && at > 0 && !is_indented && !closes && !line.trim().is_empty() {
            places.push(at);
        }
        is_gap = closes || line.trim().is_empty();
        at += line.len();
    }
    places
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RUST: &str = "use a;\nuse b;\n\n/// Doc.\nfn one() {\n    x();\n\n    y();\n}\nfn two() {}\n\nstruct S {\n    a: u8,\n}\n";
    const PYTHON: &str =
        "import a\n\n@wrapped\ndef one():\n    x()\n\n    y()\n\ndef two():\n    z()\n";

    fn cut(text: &str, most: usize) -> Vec<&str> {
        let blocks = blocks(text, |it| it.len() <= most);
        blocks.into_iter().map(|it| text[it].trim()).collect()
    }

    #[test]
    fn definitions_stay_whole_with_what_is_above_them() {
        assert_eq!(
            cut(RUST, 1),
            [
                "use a;\nuse b;",
                "/// Doc.\nfn one() {\n    x();\n\n    y();\n}",
                "fn two() {}",
                "struct S {\n    a: u8,\n}"
            ]
        );
        assert_eq!(
            cut(PYTHON, 1),
            [
                "import a",
                "@wrapped\ndef one():\n    x()\n\n    y()",
                "def two():\n    z()"
            ]
        );
        // As many as fit go together.
        let first = "import a\n\n@wrapped\ndef one():\n    x()\n\n    y()";
        assert_eq!(cut(PYTHON, 60), [first, "def two():\n    z()"]);
        assert_eq!(cut(RUST, 1_000), [RUST.trim()]);
        assert!(cut(" \n\n", 5).is_empty());
    }

    proptest! {
        #[test]
        fn nothing_is_left_out(text in "([a-z}]{0,4}| {0,2}[a-z]{1,3}|)(\n([a-z}]{0,4}| {0,2}[a-z]{1,3}|)){0,20}", most in 1..30_usize) {
            let blocks = blocks(&text, |it| it.len() <= most);
            let mut last = 0;
            for block in blocks {
                prop_assert!(text[last..block.start].trim().is_empty());
                prop_assert!(block.start < block.end);
                last = block.end;
            }
            prop_assert!(text[last..].trim().is_empty());
        }
    }
}
