//! What is done to regular expressions, so that they mean the same here and where they are sent.

/// Escapes what JavaScript takes literally and other engines refuse: a brace that begins no
/// repetition, and a hyphen behind a class such as `\w` within brackets.
pub(super) fn portable(pattern: &str) -> String {
    let mut portable = String::with_capacity(pattern.len());
    let mut in_class = false;
    let mut after_shorthand = false;
    let mut rest = pattern.char_indices();
    while let Some((at, it)) = rest.next() {
        let was_shorthand = std::mem::take(&mut after_shorthand);
        match it {
            '\\' => {
                portable.push(it);
                let Some((_, escaped)) = rest.next() else {
                    break;
                };
                portable.push(escaped);
                after_shorthand = in_class && "wWdDsS".contains(escaped);
                let after = &pattern[at + 1 + escaped.len_utf8()..];
                if "pPxuk".contains(escaped) && after.starts_with('{') {
                    portable.extend(rest.next().map(|(_, it)| it));
                }
                continue;
            }
            '[' => in_class = true,
            ']' => in_class = false,
            '-' if was_shorthand && !pattern[at + 1..].starts_with(']') => portable.push('\\'),
            '{' if !in_class && (at == 0 || !repeats(&pattern[at + 1..])) => portable.push('\\'),
            _ => {}
        }
        portable.push(it);
    }
    portable
}

/// Returns whether `text` goes on like `{2,3}` behind its brace.
fn repeats(text: &str) -> bool {
    let Some((inside, _)) = text.split_once('}') else {
        return false;
    };
    inside.starts_with(|it: char| it.is_ascii_digit())
        && inside.chars().all(|it| it.is_ascii_digit() || it == ',')
}

/// Returns whether `pattern` looks around or back, which only a backtracking engine can: none that
/// decodes by a grammar does.
pub(super) fn looks_around(pattern: &str) -> bool {
    let mut before = None;
    let refers_back = pattern.chars().any(|it| {
        let is_escaped = before == Some('\\');
        before = (!(is_escaped && it == '\\')).then_some(it);
        is_escaped && (matches!(it, '1'..='9') || it == 'k')
    });
    let around = ["(?=", "(?!", "(?<=", "(?<!"];
    refers_back || around.iter().any(|it| pattern.contains(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, expected: &str) {
        assert_eq!(portable(pattern), expected, "{pattern}");
    }

    #[test]
    fn only_what_other_engines_refuse_is_escaped() {
        check(r"^[\w-.]+$", r"^[\w\-.]+$");
        check(r"^{{\w+}}$", r"^\{\{\w+}}$");
        check(r"{x}", r"\{x}");
        for unchanged in [
            r"^[a-z-]{2,3}$",
            r"^[\w-]+$",
            r"a{2}b{3,}",
            r"\p{Lu}[{]\x{41}",
            r"^\{a\}$",
            r"[a\-z]\\",
            "\\",
            "ü{1}",
        ] {
            check(unchanged, unchanged);
        }
    }

    #[test]
    fn what_looks_around_or_back_is_known() {
        for pattern in ["^(?!x).*$", "(?<=a)b", r"(a)\1", r"(?<n>a)\k<n>"] {
            assert!(looks_around(pattern), "{pattern}");
        }
        for pattern in ["^(?:a)b$", r"\\1", r"(?<n>a)", r"\d"] {
            assert!(!looks_around(pattern), "{pattern}");
        }
    }
}
