//! The only door to standard output and standard error.

use std::env;
use std::io::{self, IsTerminal, Write};

use clap::ValueEnum;

use crate::error::Error;
use crate::escape::escape;

/// When colours are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set or TERM is "dumb"
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// Where the command talks to its user.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terminal {
    is_quiet: bool,
    color: ColorChoice,
}

/// How a word looks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Style {
    Bold,
    Dim,
    Red,
    Yellow,
}

impl Terminal {
    pub(crate) fn new(is_quiet: bool, color: ColorChoice) -> Self {
        Self { is_quiet, color }
    }

    /// Returns whether somebody watches standard error.
    pub(crate) fn is_watched(self) -> bool {
        !self.is_quiet && io::stderr().is_terminal() && !is_dumb()
    }

    /// Returns how data on standard output may look.
    pub(crate) fn stdout_paint(self) -> Paint {
        Paint(self.has_color(io::stdout().is_terminal()))
    }

    fn stderr_paint(self) -> Paint {
        Paint(self.has_color(io::stderr().is_terminal()))
    }

    fn has_color(self, is_terminal: bool) -> bool {
        match self.color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                let is_refused = env::var_os("NO_COLOR").is_some_and(|it| !it.is_empty());
                is_terminal && !is_refused && !is_dumb()
            }
        }
    }

    /// Says a line on standard error, unless the user wants quiet.
    pub(crate) fn note(self, line: &str) {
        if !self.is_quiet {
            self.say(None, line);
        }
    }

    /// Says a line on standard error that begins with a label, unless the user wants quiet.
    pub(crate) fn labelled_note(self, label: &str, line: &str) {
        if !self.is_quiet {
            self.say(Some((label, Style::Yellow)), line);
        }
    }

    /// Says an error.
    pub(crate) fn error(self, error: &Error) {
        let Some(text) = error.render() else { return };
        let text = text.trim_end();
        match text.split_once(": ") {
            Some((label, rest)) => self.say(Some((label, Style::Red)), rest),
            None => self.say(None, text),
        }
    }

    /// Nothing can be done about a standard error that cannot be written to, so that is ignored.
    fn say(self, label: Option<(&str, Style)>, text: &str) {
        let mut line = String::new();
        if let Some((label, style)) = label {
            line.push_str(&self.stderr_paint().apply(style, &escape(label)));
            line.push_str(": ");
        }
        line.push_str(&escape(text));
        line.push('\n');
        let _ = io::stderr().lock().write_all(line.as_bytes());
    }
}

/// Returns standard output, for data that comes piece by piece.
pub(crate) fn stdout() -> impl io::Write {
    io::stdout().lock()
}

/// Writes data to standard output as it is.
///
/// # Errors
///
/// Returns an error if it cannot be written; see [`Error::writing`].
pub(crate) fn write_stdout(data: &[u8]) -> Result<(), Error> {
    let mut stdout = io::stdout().lock();
    stdout
        .write_all(data)
        .and_then(|()| stdout.flush())
        .map_err(|error| Error::writing("to standard output", error))
}

/// Returns whether standard output is read by a person.
pub(crate) fn is_stdout_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Returns whether standard input is a person.
pub(crate) fn is_stdin_terminal() -> bool {
    io::stdin().is_terminal()
}

/// Asks a question on standard error, and returns whether the answer is yes.
pub(crate) fn confirm(question: &str) -> bool {
    let mut stderr = io::stderr().lock();
    let asked = stderr
        .write_all(question.as_bytes())
        .and_then(|()| stderr.flush());
    let mut answer = String::new();
    let is_read = asked
        .and_then(|()| io::stdin().read_line(&mut answer))
        .is_ok();
    let answer = answer.trim().to_lowercase();
    is_read && (answer == "y" || answer == "yes")
}

fn is_dumb() -> bool {
    env::var_os("TERM").is_some_and(|it| it == "dumb")
}

/// Whether words may have colours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint(bool);

impl Paint {
    /// Returns the look of text in a file.
    pub(crate) fn plain() -> Self {
        Self(false)
    }

    /// Returns escaped `text` in a style.
    pub(crate) fn apply(self, style: Style, text: &str) -> String {
        if !self.0 {
            return text.to_owned();
        }
        let code = match style {
            Style::Bold => 1,
            Style::Dim => 2,
            Style::Red => 31,
            Style::Yellow => 33,
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}
