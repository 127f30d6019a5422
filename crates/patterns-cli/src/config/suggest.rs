//! Puts what is wrong with a key or a value into words, with the key that was probably meant.

use patterns_core::nearest;
use patterns_job::plain_words;

/// Puts an error of the schema into words.
pub(super) fn words(message: &str) -> String {
    let message = message.trim().replace('\n', " ");
    let (field, variant) = ("unknown field ", "unknown variant ");
    match (message.strip_prefix(field), message.strip_prefix(variant)) {
        (Some(rest), _) => unknown(rest),
        (_, Some(rest)) => unknown_value(rest),
        _ => plain_words(&message),
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

/// Rewrites "`NEVER`, expected one of `auto`, `always`, `never`".
fn unknown_value(rest: &str) -> String {
    let mut names = rest.split('`').skip(1).step_by(2);
    let name = names.next().unwrap_or_default();
    let known: Vec<&str> = names.collect();
    let meant = nearest(name, known.iter().copied());
    let meant = meant.map_or_else(String::new, |it| format!("; did you mean `{it}`?"));
    let known = match known.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => "nothing".to_owned(),
    };
    format!("expected {known}, not {name:?}{meant}")
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
            (
                "unknown variant `NEVER`, expected one of `auto`, `always`, `never`",
                "expected auto, always or never, not \"NEVER\"; did you mean `never`?",
            ),
            (
                "invalid value: integer `0`, expected a nonzero u64",
                "expected a whole number from 1, not 0",
            ),
        ] {
            assert_eq!(words(message), expected);
        }
    }
}
