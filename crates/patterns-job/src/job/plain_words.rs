//! Puts what serde says of a wrong value into plain words: it names the types of Rust, and whoever writes a
//! job or a configuration need not know them.

/// What serde expects, and what that is to whoever writes it.
const EXPECTED: [(&str, &str); 19] = [
    ("a nonzero u8", "a whole number from 1 to 255"),
    ("a nonzero u16", "a whole number from 1 to 65535"),
    ("a nonzero u32", "a whole number from 1 to 4294967295"),
    ("a nonzero u64", "a whole number from 1"),
    ("a nonzero usize", "a whole number from 1"),
    ("u8", "a whole number from 0 to 255"),
    ("u16", "a whole number from 0 to 65535"),
    ("u32", "a whole number from 0 to 4294967295"),
    ("u64", "a whole number from 0"),
    ("usize", "a whole number from 0"),
    ("i64", "a whole number"),
    ("f32", "a number"),
    ("f64", "a number"),
    ("a boolean", "true or false"),
    ("a string", "a text"),
    ("a sequence", "a list such as [\"a\", \"b\"]"),
    ("a map", "a table"),
    ("a character", "one character"),
    ("path string", "a path"),
];

/// Rewrites "invalid type: string "1", expected a nonzero u16"; other messages stay as they are.
///
/// ```
/// use patterns_job::plain_words;
///
/// let said = plain_words("invalid value: integer `0`, expected a nonzero u16");
/// assert_eq!(said, "expected a whole number from 1 to 65535, not 0");
/// ```
pub fn plain_words(message: &str) -> String {
    let message = message.trim();
    // An enum that is written as a table with one key.
    if message.starts_with("wanted exactly 1 element") {
        return "expected one key here, which says the way, and no second one".to_owned();
    }
    let rest = message
        .strip_prefix("invalid type: ")
        .or_else(|| message.strip_prefix("invalid value: "));
    let Some((found, expected)) = rest.and_then(|it| it.rsplit_once(", expected ")) else {
        return message.to_owned();
    };
    let known = EXPECTED.iter().find(|it| it.0 == expected);
    let expected = match known {
        Some((_, plain)) => plain,
        None if expected.starts_with("struct ") => "a table",
        None => expected,
    };
    format!("expected {expected}, not {}", plain_value(found))
}

/// Returns what is there in place of what is expected.
fn plain_value(found: &str) -> String {
    let quoted = |of: &str| found.strip_prefix(of)?.strip_suffix('`');
    let number = quoted("integer `").or_else(|| quoted("floating point `"));
    match (number.or_else(|| quoted("boolean `")), found) {
        (Some(value), _) => value.to_owned(),
        (_, "sequence") => "a list".to_owned(),
        (_, "map") => "a table".to_owned(),
        _ => found.replacen("string ", "the text ", 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_type_of_rust_is_named() {
        for (message, expected) in [
            (
                "invalid type: string \"1\", expected a nonzero u16",
                "expected a whole number from 1 to 65535, not the text \"1\"",
            ),
            (
                "invalid value: integer `-1`, expected u32\n",
                "expected a whole number from 0 to 4294967295, not -1",
            ),
            (
                "invalid type: floating point `1.5`, expected a nonzero usize",
                "expected a whole number from 1, not 1.5",
            ),
            (
                "invalid type: string \"a, expected b\", expected a boolean",
                "expected true or false, not the text \"a, expected b\"",
            ),
            (
                "invalid type: map, expected a sequence",
                "expected a list such as [\"a\", \"b\"], not a table",
            ),
            (
                "invalid type: sequence, expected struct ModelPart",
                "expected a table, not a list",
            ),
            (
                "wanted exactly 1 element, found 0 elements",
                "expected one key here, which says the way, and no second one",
            ),
            ("duplicate key", "duplicate key"),
        ] {
            assert_eq!(plain_words(message), expected);
        }
    }
}
