//! The only door to standard output and standard error.

use std::env;
use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, OnceLock, PoisonError};

use clap::ValueEnum;
use indicatif::ProgressBar;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::args::LookFormat;
use crate::closed_stdout::is_stdout_closed;
use crate::error::{Error, ErrorKind};
use crate::escape::{escape, escape_json};
use crate::fold::fold;

/// The line that says how far a run is. Whatever else is written goes above it, so there is one.
static PROGRESS: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// When colours are used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set or TERM is "dumb"
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// How it is shown how far a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ProgressChoice {
    /// In lines that change on a terminal, in plain ones elsewhere and where TERM is "dumb"
    #[default]
    Auto,
    /// A line every few seconds
    Plain,
    /// A JSON object a second
    Json,
    /// Not at all
    None,
}

/// What is shown of how far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProgressShown {
    Nothing,
    Line,
    Plain,
    Json,
}

/// Where the command talks to its user.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terminal {
    is_quiet: bool,
    color: ColorChoice,
    progress: ProgressChoice,
    has_plots: bool,
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
        Self {
            is_quiet,
            color,
            progress: ProgressChoice::Auto,
            has_plots: false,
        }
    }

    /// Sets how it is shown how far a run is.
    pub(crate) fn progress(mut self, progress: ProgressChoice) -> Self {
        self.progress = progress;
        self
    }

    /// Sets whether pictures of how a run went are drawn at its end, where somebody watches.
    pub(crate) fn plots(mut self, has_plots: bool) -> Self {
        self.has_plots = has_plots;
        self
    }

    /// Returns whether such pictures are drawn.
    pub(crate) fn shows_plots(self) -> bool {
        self.has_plots && self.is_watched()
    }

    /// Returns what is shown of how far a run is.
    pub(crate) fn progress_shown(self) -> ProgressShown {
        match self.progress {
            _ if self.is_quiet => ProgressShown::Nothing,
            ProgressChoice::None => ProgressShown::Nothing,
            ProgressChoice::Plain => ProgressShown::Plain,
            ProgressChoice::Json => ProgressShown::Json,
            ProgressChoice::Auto if self.is_watched() => ProgressShown::Line,
            ProgressChoice::Auto => ProgressShown::Plain,
        }
    }

    /// Returns whether somebody watches standard error.
    pub(crate) fn is_watched(self) -> bool {
        !self.is_quiet && io::stderr().is_terminal() && !is_dumb()
    }

    /// Returns how data on standard output may look.
    pub(crate) fn stdout_paint(self) -> Paint {
        Paint {
            has_color: self.has_color(io::stdout().is_terminal()),
            columns: stdout_width(),
        }
    }

    fn stderr_paint(self) -> Paint {
        Paint {
            has_color: self.has_color(io::stderr().is_terminal()),
            columns: None,
        }
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
        if let Some((width, _)) = terminal_size::terminal_size_of(io::stderr()) {
            line = fold(&line, usize::from(width.0));
        }
        let _ = above_progress(|| io::stderr().lock().write_all(line.as_bytes()));
    }
}

/// Returns how many columns standard error has; 80 where that is not known.
pub(crate) fn stderr_width() -> usize {
    let size = terminal_size::terminal_size_of(io::stderr());
    size.map_or(80, |(width, _)| usize::from(width.0).max(1))
}

/// Returns how many columns standard output has, if it is a terminal.
pub(crate) fn stdout_width() -> Option<usize> {
    let size = terminal_size::terminal_size_of(io::stdout());
    size.map(|(width, _)| usize::from(width.0).max(1))
}

/// Shows the line that says how far a run is, or takes it away.
pub(crate) fn set_progress(bar: Option<ProgressBar>) {
    *PROGRESS.lock().unwrap_or_else(PoisonError::into_inner) = bar;
}

fn above_progress<T>(write: impl FnOnce() -> T) -> T {
    let bar = PROGRESS
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    match bar {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

/// Standard error as a log has it: escaped, and without colours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Log;

impl Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        above_progress(|| io::stderr().lock().write_all(escape(&text).as_bytes()))?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Standard output for JSON that comes in lines; what a terminal would obey is escaped within it.
#[derive(Debug, Default)]
pub(crate) struct JsonStdout {
    line: Vec<u8>,
    /// Why it could not be written, which is no fault of what was read.
    pub(crate) error: Option<Error>,
}

impl Write for JsonStdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.line.extend_from_slice(bytes);
        if let Some(end) = self.line.iter().rposition(|it| *it == b'\n') {
            let lines: Vec<u8> = self.line.drain(..=end).collect();
            let lines = escape_json(&String::from_utf8_lossy(&lines)).into_owned();
            self.error = write_stdout(lines.as_bytes()).err();
        }
        match self.error {
            None => Ok(bytes.len()),
            Some(_) => Err(io::ErrorKind::Other.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes a page for people to standard output; a terminal gets lines that fit it.
///
/// # Errors
///
/// As [`write_stdout`].
pub(crate) fn write_page(page: &str) -> Result<(), Error> {
    match stdout_width() {
        Some(width) => write_stdout(fold(page, width).as_bytes()),
        None => write_stdout(page.as_bytes()),
    }
}

/// Writes what was asked for to standard output, as a page or as JSON.
///
/// # Errors
///
/// As [`write_stdout`].
pub(crate) fn write_shown(form: LookFormat, text: &str) -> Result<(), Error> {
    match form {
        LookFormat::Human => write_page(text),
        LookFormat::Json => write_json(text),
    }
}

/// Writes JSON to standard output, with what a terminal would obey escaped within it.
///
/// # Errors
///
/// As [`write_stdout`].
pub(crate) fn write_json(json: &str) -> Result<(), Error> {
    write_stdout(escape_json(json).as_bytes())
}

/// Writes data to standard output as it is.
///
/// # Errors
///
/// Returns an error if it cannot be written; see [`Error::writing`].
pub(crate) fn write_stdout(data: &[u8]) -> Result<(), Error> {
    if data.is_empty() {
        return Ok(());
    }
    check_stdout()?;
    let write = || {
        let mut stdout = io::stdout().lock();
        stdout.write_all(data).and_then(|()| stdout.flush())
    };
    let written = match is_stdout_terminal() {
        true => above_progress(write),
        false => write(),
    };
    written.map_err(|error| Error::writing("to standard output", error))
}

/// Finds a standard output that is closed, where the system can tell.
///
/// # Errors
///
/// Returns an error that says so.
pub(crate) fn check_stdout() -> Result<(), Error> {
    static IS_CLOSED: OnceLock<bool> = OnceLock::new();
    if !IS_CLOSED.get_or_init(is_stdout_closed) {
        return Ok(());
    }
    let message = "cannot write to standard output: it is closed";
    Err(Error::new(ErrorKind::Io, message).help("name a file with -o, or discard it: > /dev/null"))
}

/// Returns whether standard output is read by a person.
pub(crate) fn is_stdout_terminal() -> bool {
    static IS_TERMINAL: OnceLock<bool> = OnceLock::new();
    *IS_TERMINAL.get_or_init(|| io::stdout().is_terminal())
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
    let read = asked.and_then(|()| io::stdin().read_line(&mut answer));
    if !answer.ends_with('\n') {
        // The input has ended, and what follows is no answer.
        let _ = stderr.write_all(b"\n");
    }
    let answer = answer.trim().to_lowercase();
    read.is_ok() && (answer == "y" || answer == "yes")
}

fn is_dumb() -> bool {
    env::var_os("TERM").is_some_and(|it| it == "dumb")
}

/// Whether words may have colours, and in how many columns a terminal shows them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint {
    has_color: bool,
    columns: Option<usize>,
}

impl Paint {
    /// Returns the look of text in a file.
    pub(crate) fn plain() -> Self {
        Self {
            has_color: false,
            columns: None,
        }
    }

    #[cfg(test)]
    pub(crate) fn with_columns(self, columns: usize) -> Self {
        let columns = Some(columns);
        Self { columns, ..self }
    }

    /// Returns the columns of the terminal that shows it, if one does.
    pub(crate) fn columns(self) -> Option<usize> {
        self.columns
    }

    /// Returns escaped `text` in a style.
    pub(crate) fn apply(self, style: Style, text: &str) -> String {
        if !self.has_color {
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
