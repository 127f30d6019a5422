//! Names the Restate server that is configured, and says in the words of this command what is wrong with it.

use patterns_restate::{RestateError, RestateErrorKind, Seal, Server};
use secrecy::SecretString;

use crate::config::{KeySource, RestateKeys};
use crate::error::{Error, ErrorKind};
use crate::key;
use crate::terminal::Terminal;

/// Returns the server that is configured, if one is.
///
/// # Errors
///
/// Returns an error if its addresses or its token cannot be used.
pub(super) fn server(keys: &RestateKeys) -> Result<Option<Server>, Error> {
    let Some(url) = keys.url.as_deref().filter(|it| !it.trim().is_empty()) else {
        return Ok(None);
    };
    let mut server = Server::new(url).map_err(told)?;
    if let Some(admin) = &keys.admin {
        server = server.admin(admin).map_err(told)?;
    }
    match &keys.token_variable {
        Some(name) => server.token(token(name)?).map_err(told).map(Some),
        None => Ok(Some(server)),
    }
}

fn token(name: &str) -> Result<SecretString, Error> {
    let value = std::env::var(name).unwrap_or_default();
    let value = value.trim();
    let problem = match value {
        "" => "is not set",
        _ if !value.bytes().all(|it| it.is_ascii_graphic()) => "has characters that no token has",
        _ => return Ok(SecretString::from(value)),
    };
    let message = format!("there is no token for the Restate server: {name} {problem}");
    Err(Error::new(ErrorKind::Config, message)
        .help(format!("set {name}, or mend restate.token_variable")))
}

/// Returns what seals calls and jobs, if they are private.
///
/// # Errors
///
/// Returns an error if there is no key for it, or one that cannot be used.
pub(super) fn seal(keys: &RestateKeys, terminal: Terminal) -> Result<Option<Seal>, Error> {
    let sources = [
        keys.key_variable.clone().map(KeySource::Variable),
        keys.key_file.clone().map(KeySource::File),
        keys.key_command.clone().map(KeySource::Command),
    ];
    let mut sources = sources.into_iter().flatten();
    let wrong = |message: &str, help: &str| Err(Error::new(ErrorKind::Config, message).help(help));
    match (keys.private == Some(true), sources.next(), sources.next()) {
        (true, None, _) => wrong(
            "restate.private is set, and no key to encrypt with",
            "make one with `openssl rand -hex 32`, and say where it is: restate.key_variable, key_file or \
             key_command, alike for driver and workers",
        ),
        (_, Some(_), Some(_)) => wrong(
            "restate has more than one of key_variable, key_file and key_command",
            "leave one: it may have several keys, separated by commas",
        ),
        (false, Some(_), _) => wrong(
            "there is a key for private calls, and restate.private is not set, so that it has no effect",
            "set restate.private=true, or take the key out",
        ),
        (true, Some(source), None) => {
            let key = key::at(&source, "restate", "key for private calls", terminal)?;
            Seal::new(&key).map_err(told).map(Some)
        }
        (false, None, _) => Ok(None),
    }
}

/// Says an error in the words of this command.
pub(super) fn told(error: RestateError) -> Error {
    use RestateErrorKind as Kind;
    let (kind, help) = match error.kind() {
        Kind::InvalidAddress => (
            ErrorKind::Usage,
            "--on restate:http://HOST:8080, or restate.url and restate.admin",
        ),
        Kind::Exposed => (
            ErrorKind::Config,
            "give restate.url and restate.admin https addresses",
        ),
        Kind::Unreachable => (
            ErrorKind::Unavailable,
            "start it (docs/restate.md), or mend --on and restate.admin; --on here makes the calls here",
        ),
        Kind::Insecure => (
            ErrorKind::Unavailable,
            "SSL_CERT_FILE names the certificates of a private authority; mend the certificate of the server if its name \
             or its time is wrong",
        ),
        Kind::Unauthorized => (
            ErrorKind::Credentials,
            "restate.token_variable names the variable with the token",
        ),
        Kind::NoWorker => (
            ErrorKind::Unavailable,
            "start one: patterns worker --on restate:URL",
        ),
        Kind::NotRegistered => (
            ErrorKind::Unavailable,
            "--advertise names the address at which the server finds this worker; docs/restate.md",
        ),
        Kind::NotTaken => (
            ErrorKind::Unavailable,
            "a worker that takes whole runs is started with --jobs; all behind one address are to be alike",
        ),
        Kind::UnknownJob => (
            ErrorKind::NoInput,
            "--detach prints the id, and the server keeps what came of it for a week",
        ),
        Kind::Private => (
            ErrorKind::Config,
            "restate.private, and key_variable, key_file or key_command, alike for driver and workers: \
             `openssl rand -hex 32` makes a key",
        ),
        Kind::InvalidKey => (
            ErrorKind::Usage,
            "the server's log shows the key that it signs with",
        ),
        _ => (ErrorKind::Config, "see docs/restate.md"),
    };
    Error::new(kind, error.to_string())
        .help(help)
        .caused_by(error)
}
