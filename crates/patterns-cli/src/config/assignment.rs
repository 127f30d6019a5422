//! Reads what is set outside of files: `-c KEY=VALUE` and variables of the environment.

use std::ffi::OsString;
use std::path::Path;

use patterns_core::nearest;
use toml::{Table, Value};

use super::entry::{Entry, flat, nested};
use super::keys;
use super::sensitive::is_sensitive;
use super::suggest::words;
use crate::error::{Error, ErrorKind};

/// Variables that begin like keys and are none.
const OTHERS: [&str; 3] = ["PATTERNS_LOG", "PATTERNS_API_KEY", TYPED_ELSEWHERE];

/// By it a worker tells the run of a job that was handed over what was typed for it.
pub(crate) const TYPED_ELSEWHERE: &str = "PATTERNS_TYPED_ELSEWHERE";

/// Reads the argument of `-c`.
///
/// # Errors
///
/// Returns an error that names it.
pub(super) fn argument(text: &str) -> Result<Vec<Entry>, Error> {
    let wrong = |why: &str| {
        // Headers may carry keys.
        let shown = match text.contains("headers") {
            true => text.split('=').next().unwrap_or_default(),
            false => text,
        };
        let shown = shown.replace('\n', "\\n");
        Error::new(ErrorKind::Usage, format!("-c {shown}: {why}"))
            .help("`patterns config keys` lists every key with its meaning")
    };
    let (key, value) = text
        .split_once('=')
        .ok_or_else(|| wrong("expected KEY=VALUE, such as run.hedge=true"))?;
    let path = path(key).ok_or_else(|| wrong("the part before = is no key, such as run.hedge"))?;
    let entry = entry(&path, value, "-c").map_err(|why| wrong(&why))?;
    let entries = flat(nested([&entry]), &|_| "-c".to_owned());
    match entries
        .iter()
        .any(|it| it.path.get(2).is_some_and(|it| it == "headers"))
    {
        true => Err(wrong(
            "headers may carry keys, and what is typed is recorded: use a file",
        )),
        false => Ok(entries),
    }
}

/// Returns what an argument of `-c` sets that decides where inputs and keys go, as it may be shown.
pub(crate) fn decides_where(text: &str) -> Vec<String> {
    let entries = argument(text).unwrap_or_default().into_iter();
    let sensitive = entries.filter(|it| is_sensitive(it, Path::new("")));
    sensitive
        .map(|it| format!("{}={}", it.key(), it.shown()))
        .collect()
}

/// Returns an argument of `-c` as it may be shown: as it was typed, if nothing of it may be secret.
pub(crate) fn as_shown(text: &str) -> String {
    let hidden = || format!("{}=[hidden]", text.split('=').next().unwrap_or_default());
    let Ok(entries) = argument(text) else {
        // One of another version: nobody knows what it sets.
        return hidden();
    };
    if entries.iter().all(|it| it.shown() == it.value.to_string()) {
        return text.to_owned();
    }
    let entries = entries
        .iter()
        .map(|it| format!("{}={}", it.key(), it.shown()));
    entries.collect::<Vec<_>>().join(", ")
}

/// Returns the variables that may be ours as texts.
///
/// # Errors
///
/// Returns an error that names one whose value is no text: it would be left out without a word.
pub(super) fn readable(
    all: impl Iterator<Item = (OsString, OsString)>,
) -> Result<Vec<(String, String)>, Error> {
    let named = all.filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
    let ours = named.filter(|(name, _)| name.starts_with("PATTERNS_"));
    let texts = ours.map(|(name, value)| match value.into_string() {
        Ok(value) => Ok((name, value)),
        Err(_) => Err(
            Error::new(ErrorKind::Config, format!("{name} is not UTF-8 text"))
                .help("set it to UTF-8, or leave it out"),
        ),
    });
    texts.collect()
}

/// Reads the variables of the environment. An empty one is none.
///
/// # Errors
///
/// Returns an error that names the variable.
pub(super) fn variables(
    all: impl Iterator<Item = (String, String)>,
) -> Result<(Vec<Entry>, Vec<String>), Error> {
    let known = keys::variables();
    let (mut entries, mut unknown) = (Vec::new(), Vec::new());
    let all = all.filter(|(name, value)| name.starts_with("PATTERNS_") && !value.trim().is_empty());
    for (name, value) in all {
        match known.iter().find(|(known, _)| *known == name) {
            Some((_, path)) => entries.push(entry(path, &value, &name).map_err(|why| {
                Error::new(ErrorKind::Config, format!("{name}={value:?}: {why}"))
                    .help("`patterns config keys` lists every key with its meaning")
            })?),
            None if OTHERS.contains(&&*name) => {}
            None => unknown.push(name),
        }
    }
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    unknown.sort();
    Ok((entries, unknown))
}

/// Says that a variable sets nothing.
pub(super) fn unknown_variable(name: &str) -> String {
    if ["PATTERNS_PROVIDERS_", "PATTERNS_MODELS_"]
        .iter()
        .any(|it| name.starts_with(it))
    {
        return format!("{name} sets nothing: [providers] and [models] are set in a file");
    }
    let known = keys::variables();
    let meant = nearest(name, known.iter().map(|(known, _)| &**known));
    let meant = meant.map_or_else(String::new, |it| format!("; did you mean {it}?"));
    format!("{name} sets nothing{meant}")
}

/// Reads a value: TOML if it is TOML of the right type, else the bare text.
fn entry(path: &[String], text: &str, place: &str) -> Result<Entry, String> {
    let with = |value| Entry {
        path: path.to_vec(),
        value,
        place: place.to_owned(),
    };
    let bare = with(Value::String(text.to_owned()));
    let Ok(value) = text.trim().parse::<Value>() else {
        return bare
            .check()
            .map(|()| bare)
            .map_err(|it| words(it.message()));
    };
    let read = with(value);
    match (read.check(), bare.check()) {
        (Ok(()), _) => Ok(read),
        (Err(_), Ok(())) => Ok(bare),
        (Err(error), Err(_)) => Err(words(error.message())),
    }
}

/// Takes a dotted key apart, quoted parts included.
fn path(key: &str) -> Option<Vec<String>> {
    let table: Table = toml::from_str(&format!("{key} = 0")).ok()?;
    let entries = flat(table, &|_| String::new());
    match <[Entry; 1]>::try_from(entries) {
        Ok([entry]) => Some(entry.path),
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_is_a_key_and_a_value_with_or_without_quotes() {
        for (text, key, value) in [
            ("run.hedge=true", "run.hedge", "true"),
            ("run.model=openai:gpt-5", "run.model", "\"openai:gpt-5\""),
            ("run.model='x'", "run.model", "\"x\""),
            ("run.timeout=30s", "run.timeout", "\"30s\""),
            ("run.store=1", "run.store", "\"1\""),
            (
                "run.base_url=http://h/v1?a=b",
                "run.base_url",
                "\"http://h/v1?a=b\"",
            ),
            (
                "providers.x.prices.\"m-*\"={output=2,input=1}",
                "providers.x.prices.\"m-*\".input",
                "1",
            ),
        ] {
            let entry = &argument(text).unwrap()[0];
            assert_eq!((&*entry.key(), &*entry.value.to_string()), (key, value));
        }
    }

    #[test]
    fn an_argument_is_shown_without_what_may_be_secret() {
        for (text, expected) in [
            ("run.timeout=30s", "run.timeout=30s"),
            ("run.base_url=http://h/v1", "run.base_url=http://h/v1"),
            (
                "run.proxy=http://me:canary@h:1",
                "run.proxy=\"http://[hidden]@h:1\"",
            ),
            (
                "providers.x.extra.api_key=canary",
                "providers.x.extra.api_key=[hidden]",
            ),
            (
                "providers.x.key_command=\"pass canary\"",
                "providers.x.key_command=\"pass\" [hidden]",
            ),
            (
                "providers.x.headers.x-key=canary",
                "providers.x.headers.x-key=[hidden]",
            ),
            ("of.another.version=canary", "of.another.version=[hidden]"),
        ] {
            assert_eq!(as_shown(text), expected);
        }
    }

    #[test]
    fn what_is_wrong_with_an_argument_is_said() {
        let table = [
            "run.hedge",
            "=true",
            "run.hegde=true",
            "run.hedge=yes",
            "run.timeout=30",
            "a\nb=1",
            "run={ hegde = true }",
            "providers.x.headers.x-key=canary",
            "providers.x={headers={x-key='canary'}}",
        ];
        let said = table.map(|text| argument(text).unwrap_err().to_string());
        insta::assert_snapshot!(said.join("\n"), @r#"
        -c run.hedge: expected KEY=VALUE, such as run.hedge=true
        -c =true: the part before = is no key, such as run.hedge
        -c run.hegde=true: there is no key `hegde` here; did you mean `hedge`?
        -c run.hedge=yes: expected true or false, not the text "yes"
        -c run.timeout=30: expected a number with a unit (ms, s, m, h, d), such as 30s or 2m
        -c a\nb=1: the part before = is no key, such as run.hedge
        -c run={ hegde = true }: there is no key `hegde` here; did you mean `hedge`?
        -c providers.x.headers.x-key: headers may carry keys, and what is typed is recorded: use a file
        -c providers.x: headers may carry keys, and what is typed is recorded: use a file
        "#);
    }

    #[cfg(unix)]
    #[test]
    fn a_variable_that_is_no_text_is_named_if_it_is_one_of_ours() {
        use std::os::unix::ffi::OsStrExt;
        let of = |name: &str| {
            let value = std::ffi::OsStr::from_bytes(b"\xff").to_owned();
            readable([(OsString::from(name), value)].into_iter())
        };
        assert_eq!(of("OTHER").unwrap(), []);
        let error = of("PATTERNS_MODEL").unwrap_err();
        assert_eq!(error.to_string(), "PATTERNS_MODEL is not UTF-8 text");
    }

    #[test]
    fn variables_are_keys_in_capitals_and_unknown_ones_are_named() {
        let set = [
            ("PATTERNS_TIMEOUT", "30s"),
            ("PATTERNS_VOTE_SPARE", "2"),
            ("PATTERNS_MAP_REDUCE_FAN_IN", "5"),
            ("PATTERNS_MODEL", " "),
            ("PATTERNS_LOG", "debug"),
            ("PATTERNS_MAX_COSTS", "5"),
            ("OTHER", "1"),
        ];
        let set = set.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let (entries, unknown) = variables(set.into_iter()).unwrap();
        let keys: Vec<_> = entries.iter().map(Entry::key).collect();
        assert_eq!(keys, ["map_reduce.fan_in", "run.timeout", "vote.spare"]);
        assert_eq!(unknown, ["PATTERNS_MAX_COSTS"]);
        assert_eq!(
            unknown_variable("PATTERNS_MAX_COSTS"),
            "PATTERNS_MAX_COSTS sets nothing; did you mean PATTERNS_MAX_COST?"
        );
        assert_eq!(
            unknown_variable("PATTERNS_PROVIDERS_X_BASE_URL"),
            "PATTERNS_PROVIDERS_X_BASE_URL sets nothing: [providers] and [models] are set in a file"
        );
        let set = [("PATTERNS_TIMEOUT".to_owned(), "soon".to_owned())];
        let error = variables(set.into_iter()).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("PATTERNS_TIMEOUT=\"soon\": expected")
        );
    }
}
