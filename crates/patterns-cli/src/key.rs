//! Finds API keys. They go from here into a header and nowhere else.

use patterns_core::system_reason;
use std::env;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use secrecy::SecretString;

use crate::config::KeySource;
use crate::error::{Error, ErrorKind};
use crate::terminal::Terminal;

/// The variable with the key of OpenAI.
pub(crate) const OPENAI_VARIABLE: &str = "OPENAI_API_KEY";
/// The variable with the key of an OpenAI-compatible server.
pub(crate) const COMPATIBLE_VARIABLE: &str = "PATTERNS_API_KEY";

/// So long a command that prints a key may take without a word: it may ask its user for something, where
/// nobody sees it.
const PATIENCE: Duration = Duration::from_secs(5);

/// The most bytes that a key file may have.
const MOST: u64 = 64 << 10;

/// Returns the key for a provider: from where the configuration says it is, else from its variable.
///
/// # Errors
///
/// Returns an error if a needed key is missing, or one is not usable.
pub(crate) fn find(
    provider: &str,
    source: Option<&KeySource>,
    terminal: Terminal,
) -> Result<Option<SecretString>, Error> {
    if let Some(source) = source {
        return at(
            source,
            &format!("providers.{provider}"),
            "API key",
            terminal,
        )
        .map(Some);
    }
    let variables = variables(provider);
    let set = variables
        .iter()
        .find_map(|name| Some((name, env::var_os(name)?)));
    match (set, variables) {
        (Some((name, value)), _) => from_variable(name, &value).map(Some),
        (None, [] | [COMPATIBLE_VARIABLE]) => Ok(None),
        (None, [name, ..]) => {
            let help = format!(
                "set {name}, or say where the key is: providers.{provider}.key_file or key_command in \
                 your configuration (`patterns config path`)"
            );
            needed(name, "API key", help).map(Some)
        }
    }
}

/// Returns the key that a section of the configuration says where it is.
///
/// # Errors
///
/// Returns an error if it is not there, or is not usable.
pub(crate) fn at(
    source: &KeySource,
    section: &str,
    what: &str,
    terminal: Terminal,
) -> Result<SecretString, Error> {
    match source {
        KeySource::File(path) => from_file(section, path),
        KeySource::Command(command) => from_command(section, command, terminal),
        KeySource::Variable(name) => {
            let help = format!("set {name}, or mend {section}.key_variable");
            needed(name, what, help)
        }
    }
}

fn needed(name: &str, what: &str, help: String) -> Result<SecretString, Error> {
    match env::var_os(name) {
        Some(value) => from_variable(name, &value),
        None => {
            let message = format!("there is no {what}: {name} is not set");
            Err(Error::new(ErrorKind::Config, message).help(help))
        }
    }
}

fn from_file(section: &str, path: &Path) -> Result<SecretString, Error> {
    let name = path.display().to_string();
    let text = read_at_most(path, MOST).map_err(|error| {
        let message = format!(
            "the key file {name} cannot be read: {}",
            system_reason(&error)
        );
        Error::new(ErrorKind::NoInput, message).help(format!("check {section}.key_file"))
    })?;
    usable(&text, &format!("the key file {name}"))
}

/// Runs a command that prints a key. It may ask its user on the terminal; nothing of what it prints is
/// shown. It runs in the user's home directory: where `patterns` was typed may be a clone, whose files are
/// not to be found by it, and the key is the same wherever it is asked for.
fn from_command(section: &str, command: &str, terminal: Terminal) -> Result<SecretString, Error> {
    let place = format!("{section}.key_command");
    let failed = |why: &str| {
        Error::new(ErrorKind::Config, format!("{place} {why}"))
            .help("it is a program and its arguments, without a shell, that prints the key alone")
    };
    let words = shlex::split(command).unwrap_or_default();
    let (program, arguments) = words.split_first().ok_or_else(|| failed("is no command"))?;
    let cannot_start = |error: &io::Error| failed(&format!("cannot run: {}", system_reason(error)));
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(
            env::home_dir()
                .filter(|it| it.is_dir())
                .unwrap_or("/".into()),
        )
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| cannot_start(&error).caused_by(error))?;
    let stdout = child.stdout.take();
    let (printed, read) = mpsc::channel();
    thread::spawn(move || printed.send(stdout.map_or(Ok(String::new()), read_printed)));
    let waiting = format!("waiting for {place}: {program} has not ended yet");
    let say = || terminal.note(&waiting);
    let text = awaited(&read, PATIENCE, say).unwrap_or(Ok(String::new()));
    let status = child.wait().map_err(|error| cannot_start(&error))?;
    if text.as_ref().is_ok_and(|it| it.len() as u64 == MOST) {
        return Err(failed("prints without an end"));
    }
    if !status.success() {
        return Err(failed(&format!("failed: {status}")));
    }
    let text = text.map_err(|error| {
        failed(&format!(
            "printed what is no key: {}",
            system_reason(&error)
        ))
    })?;
    usable(&text, &format!("what {place} printed"))
}

fn read_printed(stdout: impl Read) -> io::Result<String> {
    let mut text = String::new();
    stdout.take(MOST).read_to_string(&mut text)?;
    Ok(text)
}

/// Waits for something, and says so if it does not come for a while.
fn awaited<T>(from: &Receiver<T>, patience: Duration, say: impl FnOnce()) -> Option<T> {
    from.recv_timeout(patience).ok().or_else(|| {
        say();
        from.recv().ok()
    })
}

/// Returns the variables with the key of a provider, as its own clients read them.
pub(crate) fn variables(provider: &str) -> &'static [&'static str] {
    match provider {
        "openai" => &[OPENAI_VARIABLE],
        "anthropic" => &["ANTHROPIC_API_KEY"],
        "gemini" => &["GEMINI_API_KEY", "GOOGLE_API_KEY"],
        "azure" => &["AZURE_OPENAI_API_KEY"],
        "openrouter" => &["OPENROUTER_API_KEY"],
        "compatible" => &[COMPATIBLE_VARIABLE],
        _ => &[],
    }
}

/// Returns whether OpenAI's key is in the environment, usable or not.
pub(crate) fn has_openai() -> bool {
    env::var_os(OPENAI_VARIABLE).is_some_and(|it| !it.is_empty())
}

fn from_variable(name: &str, value: &std::ffi::OsStr) -> Result<SecretString, Error> {
    usable(value.to_str().unwrap_or("\u{fffd}"), name)
}

/// Reads a small file as text. It may be a pipe, as of `<(…)`, or a device that has no end.
///
/// # Errors
///
/// Returns an error if it cannot be read, is no text, or has more than so many bytes.
pub(crate) fn read_at_most(path: &Path, most: u64) -> io::Result<String> {
    let mut text = String::new();
    let mut file = File::open(path)?.take(most + 1);
    file.read_to_string(&mut text)
        .map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => io::Error::new(error.kind(), "it is not UTF-8 text"),
            _ => error,
        })?;
    if text.len() as u64 > most {
        let message = format!("it has more than {most} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(text)
}

/// Returns whether a text names a variable and then its value, as the lines of `.env` files do.
fn is_assignment(text: &str) -> bool {
    let text = text.strip_prefix("export ").unwrap_or(text);
    text.split_once('=').is_some_and(|(name, value)| {
        let is_name = |it: u8| it.is_ascii_uppercase() || it.is_ascii_digit() || it == b'_';
        // Keys of some kinds end in the equals signs of base64.
        name.contains('_') && name.bytes().all(is_name) && !value.trim_matches('=').is_empty()
    })
}

/// Checks a key without ever saying what it is.
fn usable(text: &str, place: &str) -> Result<SecretString, Error> {
    let key = text.trim();
    let problem = if key.is_empty() {
        "is empty"
    } else if is_assignment(key) {
        "sets a variable, as a line of a .env file does"
    } else if key.contains(['\n', '\r']) {
        "has more than one line"
    } else if key.starts_with(['"', '\'']) {
        "begins with a quotation mark"
    } else if !key.bytes().all(|it| it.is_ascii_graphic()) {
        "has characters that no key has (blanks, control or non-ASCII characters)"
    } else {
        return Ok(SecretString::from(key));
    };
    Err(Error::new(ErrorKind::Config, format!("{place} {problem}"))
        .help("put the key there, alone"))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn what_takes_long_is_said_to_do_so_and_waited_for() {
        let (sender, receiver) = mpsc::channel();
        let say = || sender.send("key").unwrap();
        assert_eq!(awaited(&receiver, Duration::ZERO, say), Some("key"));
        sender.send("key").unwrap();
        let say = || panic!("it is there");
        assert_eq!(awaited(&receiver, PATIENCE, say), Some("key"));
    }

    #[cfg(unix)]
    #[test]
    fn a_command_that_prints_without_an_end_is_refused() {
        let terminal = Terminal::new(true, crate::terminal::ColorChoice::Never);
        let error = from_command("providers.x", "cat /dev/zero", terminal).unwrap_err();
        assert_eq!(
            error.message(),
            "providers.x.key_command prints without an end"
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_file_without_end_is_refused() {
        let error = read_at_most(Path::new("/dev/zero"), 1 << 10).unwrap_err();
        assert_eq!(error.to_string(), "it has more than 1024 bytes");
    }

    #[test]
    fn keys_are_trimmed_and_checked_but_never_shown() {
        assert_eq!(
            usable(" sk-canary\n", "X").unwrap().expose_secret(),
            "sk-canary"
        );
        let table = [
            ("", "X is empty"),
            (" \n", "X is empty"),
            ("sk-canary\nsk-canary", "X has more than one line"),
            ("\"sk-canary\"", "X begins with a quotation mark"),
            (
                "OPENAI_API_KEY=sk-canary",
                "X sets a variable, as a line of a .env file does",
            ),
            (
                "export MY_KEY=\"sk-canary\"\nOTHER=1",
                "X sets a variable, as a line of a .env file does",
            ),
        ];
        for (text, message) in table {
            assert_eq!(usable(text, "X").unwrap_err().message(), message);
        }
        for key in ["c2stY2FuYXJ5==", "A_B_C==", "sk-a_b=c", "abc="] {
            assert_eq!(usable(key, "X").unwrap().expose_secret(), key);
        }
        for text in ["sk canary", "sk-cänary", "sk-\u{7}canary"] {
            let error = usable(text, "X").unwrap_err();
            assert!(!format!("{error:?}").contains("anary"), "{error:?}");
        }
    }
}
