//! Which options were typed: a default value is not one, and gives way to what is configured.

use std::collections::HashSet;
use std::ffi::OsString;

use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory, Error, FromArgMatches};

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
    let matches = Cli::command().try_get_matches_from(words)?;
    let mut given = Given::default();
    given.add(&matches);
    Ok((Cli::from_arg_matches(&matches)?, given))
}

#[cfg(test)]
mod tests {
    use super::super::Command;
    use super::*;

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
