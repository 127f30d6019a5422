//! Reads the command line, and says which options were typed: a default value is not one, and gives way to
//! what is configured.
//!
//! clap waives what an option `requires` where that conflicts with something else that was given. So such an
//! option conflicts itself with all that its requirement conflicts with; a test here goes through all pairs.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, CommandFactory, Error, FromArgMatches};

use super::Cli;

/// The names of the options that were typed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Given(HashSet<String>);

impl Given {
    /// Returns whether an option was typed, by the name of its field.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// Returns the options that were typed.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Takes an option for one that was not typed.
    pub(crate) fn forget(&mut self, name: &str) {
        self.0.remove(name);
    }

    fn add(&mut self, matches: &ArgMatches) {
        for id in matches.ids() {
            if matches.value_source(id.as_str()) == Some(ValueSource::CommandLine) {
                self.0.insert(id.as_str().to_owned());
            }
        }
        if let Some((_, inner)) = matches.subcommand() {
            self.add(inner);
        }
    }
}

/// Reads a command line, the name of the program first.
///
/// # Errors
///
/// Returns an error if it is none.
pub(crate) fn parse(
    words: impl IntoIterator<Item = impl Into<OsString> + Clone>,
) -> Result<(Cli, Given), Error> {
    parse_by(&mut Cli::command(), words)
}

/// Reads words by a command line that may be used again: to build one takes longer than to read by it.
pub(crate) fn parse_by(
    command: &mut Command,
    words: impl IntoIterator<Item = impl Into<OsString> + Clone>,
) -> Result<(Cli, Given), Error> {
    let words: Vec<OsString> = words.into_iter().map(Into::into).collect();
    let matches = command
        .try_get_matches_from_mut(&words)
        .map_err(|error| match error.kind() {
            ErrorKind::InvalidUtf8 => not_utf8(error, &words),
            _ => error,
        })?;
    check_not_blank(command, &matches)?;
    let mut given = Given::default();
    given.add(&matches);
    Ok((Cli::from_arg_matches(&matches)?, given))
}

/// clap does not say which argument it is.
fn not_utf8(error: Error, words: &[OsString]) -> Error {
    let Some(word) = words.iter().find(|it| it.to_str().is_none()) else {
        return error;
    };
    let message = format!(
        "the argument {word:?} is not UTF-8, and what is typed is recorded as text\n\n  \
         tip: write it as UTF-8, or put it into a file\n"
    );
    Error::raw(ErrorKind::InvalidUtf8, message)
}

/// What may be blank, or is said to be so in words of its own.
const MAY_BE_BLANK: [&str; 8] = [
    "delimiter",
    "question",
    "topic",
    "options",
    "fields",
    "filter",
    "config",
    // They are read again, as options of the job's pattern.
    "more",
];

/// Refuses values that are empty or nothing but white space: of a name, a file, a model, an instruction.
fn check_not_blank(command: &Command, matches: &ArgMatches) -> Result<(), Error> {
    for argument in command.get_arguments() {
        let id = argument.get_id().as_str();
        let is_typed = matches.value_source(id) == Some(ValueSource::CommandLine);
        if is_typed && !MAY_BE_BLANK.contains(&id) && has_blank(argument, matches) {
            let mut error = Error::new(ErrorKind::InvalidValue).with_cmd(command);
            let name = ContextValue::String(argument.to_string());
            error.insert(ContextKind::InvalidArg, name);
            error.insert(
                ContextKind::InvalidValue,
                ContextValue::String(String::new()),
            );
            return Err(error);
        }
    }
    match matches.subcommand() {
        Some((name, inner)) => match command.find_subcommand(name) {
            Some(command) => check_not_blank(command, inner),
            None => Ok(()),
        },
        None => Ok(()),
    }
}

fn has_blank(argument: &Arg, matches: &ArgMatches) -> bool {
    let is_blank = |it: &OsStr| it.to_str().is_some_and(|it| it.trim().is_empty());
    let values = matches.get_raw(argument.get_id().as_str());
    argument.get_action().takes_values() && values.is_some_and(|mut it| it.any(is_blank))
}

#[cfg(test)]
mod tests {
    use super::super::Command;
    use super::*;

    fn refused(words: &[&str]) -> Option<ErrorKind> {
        parse([&["patterns"], words].concat())
            .err()
            .map(|it| it.kind())
    }

    #[test]
    fn an_option_that_needs_another_is_never_taken_without_it() {
        let needs = [
            ("map-reduce d", "--group-by=f", "--reduce=count"),
            ("map-reduce d", "--each=f", "--reduce=count"),
            (
                "map-reduce d",
                "--resolve-keys",
                "--group-by=f --reduce=count",
            ),
            ("map-reduce d", "--unsupported=drop", "--statements"),
            ("map-reduce d", "--glean=1", "--map-schema=a"),
            ("map-reduce d", "--chunk-overlap=1", "--chunk-tokens=9"),
            ("map-reduce d", "--yes", "--confirm-above=1"),
            ("vote q", "--by-field", "--schema=a"),
            ("vote q", "--field=a=median", "--schema=a"),
            ("vote q", "--answer-field=a", "--schema=a"),
        ];
        let mut all = Cli::command();
        for (base, option, needed) in needs {
            let base: Vec<&str> = base.split(' ').collect();
            let mut is_refused = |more: &[&str]| {
                let words = [&["patterns"], &base[..], more].concat();
                parse_by(&mut all, words).is_err()
            };
            assert!(is_refused(&[option]), "{option}");
            let needed: Vec<&str> = needed.split(' ').collect();
            assert!(!is_refused(&[&[option], &needed[..]].concat()), "{option}");
            let needed = needed[0].trim_start_matches('-').split('=').next();
            let command = Cli::command();
            let command = command.find_subcommand(base[0]).unwrap();
            let others = command.get_arguments().filter_map(Arg::get_long);
            for other in others.filter(|it| ![needed, Some("help")].contains(&Some(it))) {
                // One of these is a value that it takes.
                for value in [
                    "", "=x", "=1", "=csv", "=count", "=tree", "=auto", "=1s", "=median",
                ] {
                    let other = format!("--{other}{value}");
                    assert!(is_refused(&[option, &other]), "{option} {other}");
                }
            }
        }
    }

    #[test]
    fn no_value_is_blank() {
        for words in [
            ["vote", "q", "--instructions", " "],
            ["vote", "q", "--model", ""],
            ["vote", "q", "--schema", "\t"],
            ["map-reduce", "d", "--text-field", ""],
            ["map-reduce", "d", "--map-instructions", "\n"],
            ["map-reduce", "d", "-o", " "],
            ["map-reduce", "d", "--keep", ""],
            ["show", "1", "--store", " "],
        ] {
            assert_eq!(refused(&words), Some(ErrorKind::InvalidValue), "{words:?}");
        }
        assert_eq!(refused(&["map-reduce", " "]), Some(ErrorKind::InvalidValue));
        assert_eq!(refused(&["map-reduce", "d", "--delimiter", " "]), None);
        assert_eq!(refused(&["run", "j", "--delimiter", " "]), None);
        let said = parse(["patterns", "vote", "q", "--gold", ""]).unwrap_err();
        let said = said.to_string();
        assert!(said.contains("'--gold <NAME>'"), "{said}");
    }

    #[cfg(unix)]
    #[test]
    fn what_is_not_utf8_is_named() {
        use std::os::unix::ffi::OsStrExt;
        let word = OsStr::from_bytes(b"--option=\xff").to_owned();
        let words = ["patterns", "vote", "q"].map(OsString::from);
        let error = parse(words.into_iter().chain([word])).unwrap_err();
        let said = error.to_string();
        assert!(said.contains(r#""--option=\xFF" is not UTF-8"#), "{said}");
    }

    #[test]
    fn what_was_typed_is_told_from_defaults() {
        let words = [
            "patterns",
            "vote",
            "?",
            "--timeout",
            "5s",
            "-c",
            "run.hedge=true",
        ];
        let (cli, given) = parse(words).unwrap();
        assert!(given.has("timeout") && given.has("question"));
        assert!(!given.has("concurrency") && !given.has("max_calls"));
        assert!(matches!(cli.command, Command::Vote(it) if it.common.config == ["run.hedge=true"]));
    }
}
