//! What to type instead, where clap alone would guess wrong or say nothing.

use clap::Error;
use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Options that others have, and what does their work here.
const ELSEWHERE: [(&str, &str); 8] = [
    (
        "--verbose",
        "PATTERNS_LOG=debug writes a log, --events FILE what happens, --explain a vote step by step",
    ),
    (
        "--debug",
        "PATTERNS_LOG=debug writes a log to standard error",
    ),
    (
        "--prompt",
        "--instructions says what to do; map-reduce has --map-instructions and --reduce-instructions",
    ),
    (
        "--system",
        "--instructions says what to do, on top of the pattern's own words",
    ),
    (
        "--format",
        "--output is the form of the result, -o its file",
    ),
    ("--out", "-o FILE writes the result to a file"),
    (
        "--api-key",
        "set OPENAI_API_KEY, or say where the key is with providers.NAME.key_file or key_command",
    ),
    (
        "--dry-run",
        "--read-only makes no call and names what it would need one for",
    ),
];

/// What is set by a key.
const KEYS: [(&str, &str); 12] = [
    ("--hedge", "run.hedge=true"),
    ("--prime", "run.prime=true"),
    ("--proxy", "run.proxy=URL"),
    ("--durability", "run.durability=process"),
    ("--key-file", "providers.openai.key_file=FILE"),
    (
        "--prices",
        "'providers.openai.prices.\"MODEL\"={input=1,output=2}'",
    ),
    (
        "--requests-per-minute",
        "providers.openai.requests_per_minute=N",
    ),
    (
        "--tokens-per-minute",
        "providers.openai.tokens_per_minute=N",
    ),
    ("--spare", "vote.spare=N"),
    ("--fan-in", "map_reduce.fan_in=N"),
    ("--reduce-tokens", "map_reduce.reduce_tokens=N"),
    ("--max-document-size", "map_reduce.max_document_size=SIZE"),
];

/// Adds what to type instead to an error of the command line.
pub(crate) fn hinted(mut error: Error) -> Error {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(" "),
        _ => String::new(),
    };
    let (argument, value) = (
        text(ContextKind::InvalidArg),
        text(ContextKind::InvalidValue),
    );
    let other = text(ContextKind::PriorArg);
    let usage = error.get(ContextKind::Usage).map(ToString::to_string);
    let is_first = error.kind() == ErrorKind::UnknownArgument
        && error.get(ContextKind::SuggestedArg).is_none()
        && usage.is_some_and(|it| it.contains("[OPTION]..."));
    let last = is_first.then(|| format!("options of the run come last, as in `latest {argument}`"));
    if let Some(hint) = hint(error.kind(), &argument, &value, &other).or(last) {
        for guess in [ContextKind::SuggestedArg, ContextKind::SuggestedValue] {
            let _ = error.remove(guess);
        }
        let hint = ContextValue::StyledStrs(vec![StyledStr::from(hint)]);
        let _ = error.insert(ContextKind::Suggested, hint);
    }
    error
}

fn hint(kind: ErrorKind, argument: &str, value: &str, other: &str) -> Option<String> {
    match kind {
        ErrorKind::InvalidValue if argument.starts_with("--output ") && is_file(value) => Some(
            format!("-o {value} names the file; --output is the form of what is in it"),
        ),
        ErrorKind::ArgumentConflict if names(argument, other, "--schema", "--no-reduce") => {
            Some("--map-schema is the schema of the answer to each document".to_owned())
        }
        ErrorKind::UnknownArgument => {
            let known = ELSEWHERE.iter().find(|it| it.0 == argument);
            known.map(|it| it.1.to_owned()).or_else(|| by_key(argument))
        }
        _ => None,
    }
}

/// Says by which key an option is set that others have as one, or that once was one.
fn by_key(argument: &str) -> Option<String> {
    let (_, key) = KEYS.into_iter().find(|it| it.0 == argument)?;
    Some(format!(
        "-c {key} sets it for one run, patterns.toml for all; `patterns config keys` says more"
    ))
}

fn is_file(value: &str) -> bool {
    value.contains(['.', '/'])
}

fn names(one: &str, other: &str, first: &str, second: &str) -> bool {
    let begins = |text: &str, name: &str| text.split(' ').any(|it| it == name);
    (begins(one, first) && begins(other, second)) || (begins(one, second) && begins(other, first))
}
