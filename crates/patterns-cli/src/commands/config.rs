//! `patterns config`: what is set, what can be, and where.

use crate::args::ConfigCommand;
use crate::config::{Entry, Loaded, Project, project_file, reference, schema_json, user_file};
use crate::error::{Error, ErrorKind};
use crate::escape::escape;
use crate::terminal::{Terminal, write_stdout};
use crate::trust;
use patterns_core::system_reason;

pub(super) fn run(command: &ConfigCommand, terminal: Terminal) -> Result<(), Error> {
    match command {
        ConfigCommand::Show { set } => show(set, terminal),
        ConfigCommand::Keys => write_stdout(reference().as_bytes()),
        ConfigCommand::Path => path(),
        ConfigCommand::Trust => trust(terminal),
        ConfigCommand::Schema => write_stdout(schema_json().as_bytes()),
    }
}

/// Shows what holds, each with its place; then what does not, and why.
fn show(set: &[String], terminal: Terminal) -> Result<(), Error> {
    let loaded = Loaded::load(set)?;
    let lines: Vec<String> = loaded.entries.iter().map(line).collect();
    if lines.is_empty() && loaded.untrusted.is_empty() {
        terminal.note("nothing is set; `patterns config keys` lists what can be");
    }
    for warning in loaded.warnings() {
        terminal.labelled_note("warning", &warning);
    }
    for entry in &loaded.untrusted {
        terminal.note(&format!(
            "not trusted, so it does not hold: {}",
            line(entry)
        ));
    }
    write_lines(&lines)
}

fn line(entry: &Entry) -> String {
    format!("{} = {}  # {}", entry.key(), entry.shown(), entry.place)
}

/// Writes lines as they are, however wide, so that what they have is copied in one piece.
fn write_lines(lines: &[String]) -> Result<(), Error> {
    let lines = lines.iter().map(|line| format!("{}\n", escape(line)));
    write_stdout(lines.collect::<String>().as_bytes())
}

fn path() -> Result<(), Error> {
    let named = |what: &str, path: Option<std::path::PathBuf>| match path {
        Some(path) if path.is_file() => format!("{what}: {}", path.display()),
        Some(path) => format!("{what}: {} (not there)", path.display()),
        None => format!("{what}: none"),
    };
    let lines = [named("user", user_file()), named("project", project_file())];
    write_lines(&lines)
}

/// Remembers what the project's file says of where inputs and keys go, and shows it.
fn trust(terminal: Terminal) -> Result<(), Error> {
    let Some(project) = Project::read()? else {
        let message = "there is no patterns.toml here, nor in the folders above";
        return Err(Error::new(ErrorKind::NoInput, message).help("your own file needs no trust"));
    };
    let file = project.file.display();
    if project.sensitive.is_empty() {
        terminal.note(&format!(
            "{file} says nothing about where inputs and keys go"
        ));
        return Ok(());
    }
    trust::remember_project(&project.digest()).map_err(|error| {
        let message = format!("the trust cannot be remembered: {}", system_reason(&error));
        Error::new(ErrorKind::CannotCreate, message)
            .help("set XDG_STATE_HOME or HOME to a folder that can be written to")
    })?;
    terminal.note(&format!("{file} is trusted, as it is now, with:"));
    for entry in &project.sensitive {
        terminal.note(&format!("  {} = {}", entry.key(), entry.value));
    }
    Ok(())
}
