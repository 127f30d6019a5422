//! The address of a shared store: told from the name of a file, and kept apart from its password, which is
//! written down nowhere.
//!
//! So who goes on with a run has to have the password again: from the configuration that has the same address,
//! or from where `psql` finds it (`PGPASSWORD`, `~/.pgpass`).

use std::fmt;
use std::path::{Path, PathBuf};

use patterns_job::Job;
use secrecy::SecretString;

const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];

/// Returns whether this is the address of a database, and not a file.
pub(crate) fn is_address(place: impl AsRef<Path>) -> bool {
    let place = place.as_ref().to_string_lossy();
    let place = place.to_ascii_lowercase();
    SCHEMES.iter().any(|it| place.starts_with(it))
}

/// Returns a text without the passwords of addresses of databases in it.
pub(crate) fn without_password(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let begins = SCHEMES
        .iter()
        .filter_map(|it| Some(lower.find(it)? + it.len()));
    let Some(begin) = begins.min() else {
        return text.to_owned();
    };
    let (before, rest) = text.split_at(begin);
    let (place, query) = match rest.split_once('?') {
        Some((place, query)) => (place, Some(query)),
        None => (rest, None),
    };
    let place = match place.rsplit_once('@') {
        Some((login, host)) => {
            let user = login.split(':').next().unwrap_or_default();
            format!("{user}@{host}")
        }
        None => place.to_owned(),
    };
    let query = query.map(|it| {
        let kept = it.split('&').filter(|it| !is_password(it));
        kept.collect::<Vec<_>>().join("&")
    });
    match query.filter(|it| !it.is_empty()) {
        Some(query) => format!("{before}{place}?{query}"),
        None => format!("{before}{place}"),
    }
}

fn is_password(parameter: &str) -> bool {
    let name = parameter.split('=').next().unwrap_or_default();
    ["password", "sslpassword"].contains(&&*name.to_ascii_lowercase())
}

/// The address of a shared store, with what lets this user in.
#[derive(Clone)]
pub(crate) struct SharedAddress(
    #[cfg_attr(
        not(any(feature = "postgres", test)),
        expect(dead_code, reason = "only Postgres is told it")
    )]
    pub(crate) SecretString,
);

impl SharedAddress {
    /// Takes the address of a job, which has it without a password from then on. Where it has none, and the
    /// configured one is the same address, that of the configuration is taken.
    pub(crate) fn take(job: &mut Job, configured: Option<String>) -> Option<Self> {
        let part = job.store_mut();
        if let Some(file) = part.file.take_if(|it| is_address(&*it)) {
            part.shared = Some(text(file));
        }
        let whole = part.shared.take()?;
        let whole = whole.trim().to_owned();
        let shown = without_password(&whole);
        let same = configured.filter(|it| whole == shown && without_password(it) == shown);
        part.shared = (!shown.is_empty()).then_some(shown);
        part.shared.as_ref()?;
        Some(Self(same.unwrap_or(whole).into()))
    }
}

fn text(path: PathBuf) -> String {
    path.to_string_lossy().into_owned()
}

impl fmt::Debug for SharedAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedAddress")
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn an_address_is_no_file() {
        for (place, expected) in [
            ("postgres://h/db", true),
            ("PostgreSQL://h/db", true),
            ("postgres", false),
            ("./postgres:/x.db", false),
            (".patterns/store.db", false),
        ] {
            assert_eq!(is_address(place), expected, "{place}");
        }
    }

    #[test]
    fn no_password_is_left_in_a_text() {
        for (text, expected) in [
            ("postgres://me:canary@h/db", "postgres://me@h/db"),
            (
                "--store=postgres://me:canary@h/db",
                "--store=postgres://me@h/db",
            ),
            (
                "run.store='postgresql://me:can@ary@h/db'",
                "run.store='postgresql://me@h/db'",
            ),
            (
                "postgres://h/db?password=canary&sslmode=require",
                "postgres://h/db?sslmode=require",
            ),
            ("postgres://h/db?sslpassword=canary", "postgres://h/db"),
            ("postgres://me@h/db", "postgres://me@h/db"),
            ("a question", "a question"),
        ] {
            assert_eq!(without_password(text), expected);
        }
    }

    fn taken(
        file: Option<&str>,
        shared: Option<&str>,
        configured: Option<&str>,
    ) -> (Job, Option<String>) {
        let mut job = Job::Vote(Box::default());
        job.store_mut().file = file.map(PathBuf::from);
        job.store_mut().shared = shared.map(str::to_owned);
        let address = SharedAddress::take(&mut job, configured.map(str::to_owned));
        (job, address.map(|it| it.0.expose_secret().to_owned()))
    }

    #[test]
    fn a_job_keeps_the_address_and_not_the_password() {
        let whole = "postgres://me:canary@h/db";
        let bare = "postgres://me@h/db";
        for (file, shared, configured, expected) in [
            (Some(whole), None, None, Some(whole)),
            (Some("s.db"), Some(whole), None, Some(whole)),
            (None, Some(bare), Some(whole), Some(whole)),
            (
                None,
                Some(bare),
                Some("postgres://me:canary@other/db"),
                Some(bare),
            ),
            (None, Some(bare), None, Some(bare)),
            (Some("s.db"), None, Some(whole), None),
            (None, Some(" "), None, None),
        ] {
            let (job, address) = taken(file, shared, configured);
            assert_eq!(address.as_deref(), expected);
            let kept = expected.map(|_| bare.to_owned());
            assert_eq!(job.store().shared, kept);
            let is_file = file.filter(|it| !is_address(it));
            assert_eq!(job.store().file, is_file.map(PathBuf::from));
        }
    }
}
