//! Which keys of a project's file decide where inputs and keys go, and whether its user has seen them.
//!
//! A file that comes with a clone must not send the user's key or documents elsewhere, run a command,
//! or write outside of its folder. So everything below `[providers]` and `[restate]`, the addresses of `[run]`, and a
//! store outside of the project or shared with others count in such a file only once they have been trusted, as they are:
//! what is remembered is a digest of the file's place and of these entries. So do `run.hedge`,
//! `run.fallback` and `vote.spare`, which pay for more than is needed. Which of the user's models is asked, and how, a project
//! may say; a line on stderr names the model and the file. It may also cap what is spent, but never above
//! the user's own caps (`loaded.rs`): of two, the smaller one holds, trusted or not.

use std::path::{Component, Path};

use super::entry::{Entry, written};
use crate::shared_store::is_address;

/// Returns whether an entry decides where inputs and keys go, what is written where, or what is paid for
/// twice.
pub(super) fn is_sensitive(entry: &Entry, folder: &Path) -> bool {
    let parts: Vec<&str> = entry.path.iter().map(String::as_str).collect();
    match parts[..] {
        ["providers" | "restate", ..]
        | [
            "run",
            "base_url" | "proxy" | "hedge" | "effort" | "tier" | "fallback",
        ]
        | ["vote", "spare"]
        | ["store", "shared"] => true,
        ["run", "store"] => match entry.value.as_str() {
            Some(path) => is_address(path) || leads_out(folder, &folder.join(path)),
            None => true,
        },
        _ => false,
    }
}

/// Returns whether a path leads out of a folder, by its words or by a link in it. A file that is not there
/// yet is where its folder is.
pub(crate) fn leads_out(folder: &Path, path: &Path) -> bool {
    let folder = match folder.as_os_str().is_empty() {
        true => Path::new("."),
        false => folder,
    };
    // A link whose end is not there is followed by whoever writes the file.
    let mut above = path.ancestors();
    let at = above.find(|it| it.symlink_metadata().is_ok());
    let rest = at.and_then(|it| path.strip_prefix(it).ok()).unwrap_or(path);
    let at = at.unwrap_or(Path::new("."));
    let is_plain = rest.components().all(|it| it != Component::ParentDir);
    match (folder.canonicalize(), at.canonicalize()) {
        (Ok(folder), Ok(at)) => !is_plain || !at.starts_with(folder),
        _ => true,
    }
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

    #[cfg(unix)]
    #[test]
    fn a_link_leads_out_and_a_new_folder_does_not() {
        let (place, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let link = |to: &Path, name| std::os::unix::fs::symlink(to, place.path().join(name));
        link(other.path(), "away").unwrap();
        link(&other.path().join("none"), "broken").unwrap();
        std::fs::create_dir(place.path().join("own")).unwrap();
        link(&place.path().join("own"), "near").unwrap();
        for (path, expected) in [
            ("s.db", false),
            ("new/deep/s.db", false),
            ("near/s.db", false),
            ("away/s.db", true),
            ("away", true),
            ("broken", true),
            ("own/../../s.db", true),
            ("new/../../s.db", true),
        ] {
            let there = place.path().join(path);
            assert_eq!(leads_out(place.path(), &there), expected, "{path}");
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
            ("run.hedge", "true", true),
            ("run.fallback", "a:b", true),
            ("vote.spare", "2", true),
            ("run.max_cost", "9", false),
            ("providers.openai.base_url", "http://h", true),
            ("providers.x.key_command", "sh -c x", true),
            ("providers.x.prices.m.input", "0", true),
            ("restate.url", "http://h", true),
            ("run.store", ".patterns/s.db", false),
            ("run.store", "./a/../../b", true),
            ("run.store", "/etc/x", true),
            ("run.store", "postgres://h/db", true),
            ("store.shared", "postgres://h/db", true),
        ] {
            assert_eq!(
                is_sensitive(&entry(key, value), Path::new("")),
                expected,
                "{key} {value}"
            );
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
