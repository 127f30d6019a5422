//! Reads the address of a database: where it is, who asks, and whether the way there is safe.
//!
//! It is read as `psql` reads it, with `PGPASSWORD`, `~/.pgpass` and the other usual variables for what it does
//! not say. One thing differs: to another machine the connection is encrypted and its certificate checked,
//! unless `sslmode` says otherwise, because what travels are documents and answers.

use std::fs::File;
use std::io;
use std::net::IpAddr;
use std::str::FromStr;

use patterns_core::system_reason;
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::error::{SharedError, SharedErrorKind};

/// The address of a database.
#[derive(Clone)]
pub(crate) struct Address {
    pub(crate) options: PgConnectOptions,
    /// Without a password.
    pub(crate) shown: String,
}

impl Address {
    /// Reads it.
    pub(crate) fn read(url: &str) -> Result<Self, SharedError> {
        let shown = shown(url);
        let options = PgConnectOptions::from_str(url).map_err(|error| {
            let words = format!("{shown}: it is no address of a Postgres database: {error}");
            SharedError::new(SharedErrorKind::InvalidAddress, words)
        })?;
        if let Some((name, file, error)) = unreadable(url) {
            let why = system_reason(&error);
            let words = format!(
                "{shown}: no safe connection can be made: the file {file} of {name} cannot be read: {why}"
            );
            return Err(SharedError::new(SharedErrorKind::Insecure, words));
        }
        let options = options
            .application_name("patterns")
            .disable_statement_logging();
        let is_said = options.get_ssl_mode() as u8 != PgSslMode::Prefer as u8 || says_mode(url);
        let options = match is_said || is_near(options.get_host(), options.get_socket().is_some()) {
            true => options,
            false => options.ssl_mode(PgSslMode::VerifyFull),
        };
        Ok(Self { options, shown })
    }
}

fn says_mode(url: &str) -> bool {
    let query = url.split_once('?').map_or("", |it| it.1);
    let mut names = query.split('&').filter_map(|it| it.split('=').next());
    names.any(|it| it == "sslmode" || it == "ssl-mode")
}

/// What an address names certificates and keys by.
const FILES: [&str; 7] = [
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
];

/// Returns the first certificate or key of an address that is a file and cannot be read: later it would look as if
/// the server were not there.
fn unreadable(url: &str) -> Option<(&str, &str, io::Error)> {
    let query = url.split_once('?').map_or("", |it| it.1);
    let mut parts = query.split('&').filter_map(|it| it.split_once('='));
    parts.find_map(|(name, file)| {
        let is_file = FILES.contains(&name);
        // One that is written out has no name, and one with signs that stand for others is read by its reader.
        let is_plain = is_file && !file.contains('%') && !file.starts_with("-----BEGIN");
        let error = is_plain.then(|| File::open(file).err()).flatten()?;
        Some((name, file, error))
    })
}

/// Returns whether a server is on this machine.
fn is_near(host: &str, has_socket: bool) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse::<IpAddr>();
    has_socket
        || host.starts_with('/')
        || host.eq_ignore_ascii_case("localhost")
        || address.is_ok_and(|it| it.is_loopback())
}

/// Returns an address as it may be shown: without a password, and without what follows `?`.
fn shown(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = url.split_once("://") else {
        return "postgres://…".to_owned();
    };
    match rest.rsplit_once('@') {
        Some((login, host)) => {
            let user = login.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}@{host}")
        }
        None => format!("{scheme}://{rest}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_shown() {
        for (url, expected) in [
            ("postgres://me:canary@h:5432/db", "postgres://me@h:5432/db"),
            ("postgres://me@h/db", "postgres://me@h/db"),
            ("postgres://h/db", "postgres://h/db"),
            ("postgresql://me:ca@nary@h/db", "postgresql://me@h/db"),
            ("postgres://h/db?password=canary", "postgres://h/db"),
            ("postgres://me:canary@/db?host=/run", "postgres://me@/db"),
            ("canary", "postgres://…"),
        ] {
            assert_eq!(shown(url), expected);
        }
    }

    #[test]
    fn the_way_to_another_machine_is_safe_unless_somebody_says_otherwise() {
        for (url, expected) in [
            ("postgres://me@127.0.0.1/db", "Prefer"),
            ("postgres://me@[::1]/db", "Prefer"),
            ("postgres://me@localhost/db", "Prefer"),
            ("postgres://me@%2Frun%2Fpostgresql/db", "Prefer"),
            ("postgres://me@db.internal/db", "VerifyFull"),
            ("postgres://me@localhost.evil/db", "VerifyFull"),
            ("postgres://me@db/db?sslmode=disable", "Disable"),
            ("postgres://me@db/db?sslmode=prefer", "Prefer"),
            ("postgres://me@db/db?sslmode=require", "Require"),
        ] {
            let options = Address::read(url).unwrap().options;
            assert_eq!(format!("{:?}", options.get_ssl_mode()), expected, "{url}");
        }
    }

    #[test]
    fn a_certificate_that_cannot_be_read_is_named_and_not_the_server() {
        let url = "postgres://me:canary@127.0.0.1/db?sslmode=verify-full&sslrootcert=/none.pem";
        let error = Address::read(url).err().unwrap();
        assert_eq!(error.kind(), SharedErrorKind::Insecure);
        let words = "postgres://me@127.0.0.1/db: no safe connection can be made: the file /none.pem of sslrootcert cannot be read: ";
        assert!(error.to_string().starts_with(words), "{error}");
        for name in FILES {
            let url = format!("postgres://me@127.0.0.1/db?{name}=/none.pem");
            let error = Address::read(&url).err().unwrap();
            assert_eq!(error.kind(), SharedErrorKind::Insecure, "{name}");
        }
        let own = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let url = format!("postgres://me@127.0.0.1/db?sslrootcert={own}");
        assert!(Address::read(&url).is_ok());
    }

    #[test]
    fn what_is_no_address_is_refused_without_its_password() {
        for url in [
            "postgres://me:canary@h:port/db",
            "postgres://me:canary@h/db?sslmode=perhaps",
        ] {
            let error = Address::read(url).err().unwrap();
            assert_eq!(error.kind(), SharedErrorKind::InvalidAddress);
            assert!(!error.to_string().contains("canary"), "{error}");
        }
    }
}
