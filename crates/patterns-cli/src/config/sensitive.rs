//! Which keys of a project's file decide where inputs and keys go, and whether its user has seen them.
//!
//! A file that comes with a clone must not send the user's key or documents elsewhere, run a command,
//! or write outside of its folder. So everything below `[providers]`, the addresses of `[run]`, and a
//! store outside of the project count in such a file only once they have been trusted, as they are:
//! what is remembered is a digest of the file's place and of these entries. Which of the user's models
//! is asked, and how, a project may say; a line on stderr names the model and the file.

use std::path::{Component, Path};

use super::entry::{Entry, written};

/// Returns whether an entry decides where inputs and keys go, or what is written where.
pub(super) fn is_sensitive(entry: &Entry) -> bool {
    let parts: Vec<&str> = entry.path.iter().map(String::as_str).collect();
    match parts[..] {
        ["providers", ..] | ["run", "base_url" | "proxy"] => true,
        ["run", "store"] => entry.value.as_str().is_none_or(leads_out),
        _ => false,
    }
}

fn leads_out(path: &str) -> bool {
    let is_below = |it: Component<'_>| matches!(it, Component::Normal(_) | Component::CurDir);
    !Path::new(path).components().all(is_below)
}

/// Returns what is remembered of the sensitive entries of a file that has been trusted.
pub(super) fn digest<'a>(file: &Path, entries: impl IntoIterator<Item = &'a Entry>) -> String {
    let mut hasher = blake3::Hasher::new_derive_key("patterns 2026-11-27 trusted project v1");
    hasher.update(file.as_os_str().as_encoded_bytes());
    hasher.update(b"\n");
    hasher.update(written(entries).as_bytes());
    hasher.finalize().to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(key: &str, value: &str) -> Entry {
        Entry {
            path: key.split('.').map(str::to_owned).collect(),
            value: value.into(),
            place: String::new(),
        }
    }

    #[test]
    fn what_sends_or_writes_elsewhere_is_sensitive() {
        for (key, value, expected) in [
            ("run.model", "openai:gpt-5", false),
            ("run.timeout", "1s", false),
            ("models.fast", "a:b", false),
            ("run.base_url", "http://h", true),
            ("run.proxy", "h:1", true),
            ("providers.openai.base_url", "http://h", true),
            ("providers.x.key_command", "sh -c x", true),
            ("providers.x.prices.m.input", "0", true),
            ("run.store", ".patterns/s.db", false),
            ("run.store", "./a/../../b", true),
            ("run.store", "/etc/x", true),
        ] {
            assert_eq!(is_sensitive(&entry(key, value)), expected, "{key} {value}");
        }
    }

    #[test]
    fn trust_is_in_one_file_with_one_content() {
        let one = [entry("run.base_url", "http://a")];
        let other = [entry("run.base_url", "http://b")];
        let here = digest(Path::new("/a"), &one);
        assert_eq!(here, digest(Path::new("/a"), &one));
        assert_ne!(here, digest(Path::new("/b"), &one));
        assert_ne!(here, digest(Path::new("/a"), &other));
    }
}
