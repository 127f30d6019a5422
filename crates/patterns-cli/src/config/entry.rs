//! One key with its value, and where it was set.

use std::fmt::Write as _;

use toml::{Table, Value};

use super::schema::Config;
use crate::proxy::without_login;
use crate::shared_store::without_password;

/// One key with its value, and where it was set.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    /// The parts of the key, such as `run` and `hedge`.
    pub(crate) path: Vec<String>,
    /// What it is set to; never a table.
    pub(crate) value: Value,
    /// Where: `patterns.toml:3`, `PATTERNS_MODEL` or `-c`.
    pub(crate) place: String,
}

/// What is shown instead of what may be secret.
const HIDDEN: &str = "[hidden]";

impl Entry {
    /// Returns the key as it is written, quoted where TOML wants it.
    pub(crate) fn key(&self) -> String {
        let parts = self.path.iter().map(|part| {
            let is_bare = |it: u8| it.is_ascii_alphanumeric() || b"-_".contains(&it);
            match !part.is_empty() && part.bytes().all(is_bare) {
                true => part.clone(),
                false => Value::String(part.clone()).to_string(),
            }
        });
        parts.collect::<Vec<_>>().join(".")
    }

    /// Returns the value as it is shown: headers may carry keys, and so may the arguments of a command
    /// that prints one, fields of a request that are called so, and URLs.
    pub(crate) fn shown(&self) -> String {
        match self.path.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["providers", _, "headers", _] => HIDDEN.to_owned(),
            ["providers", _, "extra", .., name] if is_secret(name) => HIDDEN.to_owned(),
            ["run", "store"] | ["store", "shared"] => {
                let place = self.value.as_str().unwrap_or_default();
                Value::String(without_password(place)).to_string()
            }
            ["run", "base_url" | "proxy"] | ["providers", _, "base_url"] => {
                let url = self.value.as_str().unwrap_or_default();
                Value::String(without_login(url)).to_string()
            }
            ["providers", _, "base_urls"] => {
                let urls = self.value.as_array().into_iter().flatten();
                let urls = urls.map(|it| without_login(it.as_str().unwrap_or_default()).into());
                Value::Array(urls.collect()).to_string()
            }
            ["providers", _, "key_command"] | ["restate", "key_command"] => {
                let command = self.value.as_str().unwrap_or_default();
                let program = command.split_whitespace().next().unwrap_or_default();
                format!("{:?} {HIDDEN}", program)
            }
            _ => self.value.to_string(),
        }
    }

    /// Checks the entry by itself.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with its key or its value, in the words of the schema.
    pub(super) fn check(&self) -> Result<(), toml::de::Error> {
        let table = nested([self]);
        table.try_into::<Config>().map(drop)
    }

    /// Returns whether only one of two can hold: where one key begins with the other, or both say where
    /// the key of one provider, or of private bodies, is. An empty table takes the place of nothing: a
    /// `[run]` without keys would undo the user's own caps.
    pub(super) fn excludes(&self, other: &Self) -> bool {
        let is_empty = self.value.as_table().is_some_and(Table::is_empty);
        let begins_it = !is_empty && other.path.starts_with(&self.path);
        let is_same = begins_it || self.path.starts_with(&other.path);
        is_same || self.key_of().is_some_and(|it| other.key_of() == Some(it))
    }

    /// Returns whose key this says the place of.
    fn key_of(&self) -> Option<&str> {
        match &self.path[..] {
            [providers, name, key] if providers == "providers" && key.starts_with("key_") => {
                Some(name)
            }
            // No provider is named so: a name of one has no blank.
            [restate, key] if restate == "restate" && key.starts_with("key_") => Some("of restate"),
            _ => None,
        }
    }
}

/// Returns whether a field is called as what is secret is.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let parts = ["key", "token", "secret", "password", "auth", "credential"];
    // A number of tokens is none.
    parts.iter().any(|it| name.contains(it)) && !name.contains("tokens")
}

/// Puts entries into tables. Of two that exclude each other, only one may be there.
pub(super) fn nested<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Table {
    let mut root = Table::new();
    for entry in entries {
        insert(&mut root, &entry.path, &entry.value);
    }
    root
}

fn insert(table: &mut Table, path: &[String], value: &Value) {
    match path {
        [] => {}
        [last] => {
            table.insert(last.clone(), value.clone());
        }
        [first, rest @ ..] => {
            let inner = table.entry(first.clone());
            if let Value::Table(inner) = inner.or_insert_with(|| Table::new().into()) {
                insert(inner, rest, value);
            }
        }
    }
}

/// Takes tables apart. An empty one is an entry, too: it may say that something is there.
pub(super) fn flat(table: Table, place: &dyn Fn(&[String]) -> String) -> Vec<Entry> {
    fn add(
        path: &mut Vec<String>,
        value: Value,
        place: &dyn Fn(&[String]) -> String,
        to: &mut Vec<Entry>,
    ) {
        match value {
            Value::Table(table) if !table.is_empty() => {
                for (key, value) in table {
                    path.push(key);
                    add(path, value, place, to);
                    path.pop();
                }
            }
            value => to.push(Entry {
                path: path.clone(),
                value,
                place: place(path),
            }),
        }
    }
    let mut entries = Vec::new();
    for (key, value) in table {
        add(&mut vec![key], value, place, &mut entries);
    }
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    entries
}

/// Writes entries down, one a line, whole; for comparing, not for showing.
pub(super) fn written<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> String {
    let mut text = String::new();
    for entry in entries {
        let _ = writeln!(text, "{} = {}", entry.key(), entry.value);
    }
    text
}
