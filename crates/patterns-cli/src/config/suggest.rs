//! Puts what is wrong with a key or a value into words, with the key that was probably meant.

use patterns_core::nearest;

/// Puts an error of the schema into words.
pub(super) fn words(message: &str) -> String {
    let message = message.trim().replace('\n', " ");
    match message.strip_prefix("unknown field ") {
        Some(rest) => unknown(rest),
        None => message,
    }
}

/// Rewrites "`hegde`, expected one of `hedge`, `prime`".
fn unknown(rest: &str) -> String {
    let mut names = rest.split('`').skip(1).step_by(2);
    let name = names.next().unwrap_or_default();
    match nearest(name, names) {
        Some(known) => format!("there is no key `{name}` here; did you mean `{known}`?"),
        None => format!("there is no key `{name}` here"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_is_not_there_is_named_with_the_one_that_was_meant() {
        for (message, expected) in [
            (
                "unknown field `hegde`, expected one of `model`, `hedge`, `prime`",
                "there is no key `hegde` here; did you mean `hedge`?",
            ),
            (
                "unknown field `zzz`, expected `fan_in` or `reduce_tokens`\n",
                "there is no key `zzz` here",
            ),
            ("invalid type: integer", "invalid type: integer"),
        ] {
            assert_eq!(words(message), expected);
        }
    }
}
