//! What somebody else's job would do with the user's key and files, and whether its user agrees.
//!
//! A recorded run of a store that was made elsewhere is asked about as a whole (`commands/resume.rs`). The
//! file of a job is asked about if it says where the user's key goes or what is written: a server or a
//! proxy that is neither on this machine nor one of the user's own, and files outside of the job's folder
//! that are written. What was typed or configured is the user's own. What a job reads is no reason to ask by
//! itself: it goes to the user's own server, and to the user. What it may spend is bounded by the user's own
//! caps, of which the smaller one holds (`config/fill.rs`).

use std::path::{Path, PathBuf};

use patterns_job::Job;

use crate::addresses::is_own_server;
use crate::config::{Loaded, leads_out};
use crate::error::{Error, ErrorKind};
use crate::launch::Around;
use crate::proxy::without_login;
use crate::shared_store::{is_address, without_password};
use crate::target::is_stdout;
use crate::terminal::{Terminal, confirm, is_stdin_terminal};

/// Returns what a job sends, reads and writes beyond its directory.
pub(crate) fn stakes(job: &Job, directory: &Path) -> Vec<String> {
    let outside = |path: &PathBuf| {
        let is_below = !path.is_absolute() || path.starts_with(directory);
        !is_below || path.components().any(|it| it.as_os_str() == "..")
    };
    let mut lines = Vec::new();
    for input in job.inputs().into_iter().filter(outside) {
        lines.push(format!(
            "it reads, outside that directory: {}",
            input.display()
        ));
    }
    if let Some(url) = &job.model().base_url {
        let url = without_login(url);
        lines.push(format!("it sends your inputs and your API key to: {url}"));
    }
    if let Some(proxy) = &job.model().proxy {
        let proxy = without_login(proxy);
        lines.push(format!("it sends all of it through: {proxy}"));
    }
    let mut file = |what: &str, path: &Option<PathBuf>| {
        if let Some(path) = path {
            lines.push(format!("{what}: {}", path.display()));
        }
    };
    file("it writes", &job.output().file);
    file("it writes", &job.output().events);
    lines
}

/// Returns all of a job in one line, without the log-ins of its addresses.
pub(crate) fn in_a_line(job: &Job) -> String {
    let mut job = job.clone();
    let model = job.model_mut();
    for url in [&mut model.base_url, &mut model.proxy]
        .into_iter()
        .flatten()
    {
        *url = without_login(url);
    }
    serde_json::Value::from(&job).to_string()
}

/// Returns what the job of a file does that is asked about; the paths of the job begin in the working
/// directory, and it is in `folder`.
pub(crate) fn of_file(job: &Job, folder: &Path, around: &Around, loaded: &Loaded) -> Vec<String> {
    let mut lines = Vec::new();
    let model = job.model();
    let is_typed = |id: &str| around.given.has(id);
    let foreign = |url: &&String| !is_own_server(url, loaded);
    if let Some(url) = model.base_url.as_ref().filter(foreign)
        && !is_typed("base_url")
    {
        lines.push(format!(
            "it sends your inputs and your API key to: {}",
            without_login(url)
        ));
    }
    let is_mine = |it: &&String| loaded.proxy().as_ref() == Some(*it);
    let proxy = model.proxy.as_ref().filter(foreign);
    if let Some(proxy) = proxy.filter(|it| !is_mine(it)) {
        lines.push(format!(
            "it sends all of it through: {}",
            without_login(proxy)
        ));
    }
    let shared = job.store();
    let shared = shared
        .shared
        .as_deref()
        .or(shared.file.as_deref().and_then(Path::to_str));
    if let Some(url) = shared.filter(|it| is_address(it) && !is_typed("store")) {
        lines.push(format!("it shares answers with: {}", without_password(url)));
    }
    for (id, path) in [
        ("output_file", &job.output().file),
        ("events", &job.output().events),
        ("store", &job.store().file),
    ] {
        if let Some(path) = path
            && !is_typed(id)
            && !is_stdout(path)
            && !is_address(path)
            && leads_out(folder, path)
        {
            lines.push(format!("it writes, outside its folder: {}", path.display()));
        }
    }
    lines
}

/// Asks whether to go on with what these lines say.
///
/// # Errors
///
/// Returns an error if the user does not want to, or cannot be asked.
pub(crate) fn ask(what: &str, lines: Vec<String>, terminal: Terminal) -> Result<(), Error> {
    if is_stdin_terminal() && terminal.is_watched() {
        terminal.labelled_note("warning", what);
        for line in &lines {
            terminal.note(&format!("  {line}"));
        }
        if confirm("go on with it? [y/N] ") {
            return Ok(());
        }
        return Err(Error::new(ErrorKind::Usage, "the run is left as it is"));
    }
    Err(
        Error::new(ErrorKind::Usage, format!("{what}, and nobody can be asked"))
            .details(lines)
            .help("if you trust all of it, add --trust; it is then remembered"),
    )
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::Cli;
    use crate::compile::compiled;

    #[test]
    fn what_a_record_would_do_is_named() {
        let words = "patterns map-reduce notes /etc/passwd ../x sub/y --model compatible:m --base-url \
            http://evil/v1 -o out --events ev";
        let cli = Cli::try_parse_from(words.split_whitespace()).unwrap();
        let (mut job, _) = compiled(&cli.command).unwrap().unwrap();
        job.model_mut().proxy = Some("http://me:secret@evil:1".to_owned());
        assert_eq!(
            stakes(&job, Path::new("/home")),
            [
                "it reads, outside that directory: /etc/passwd",
                "it reads, outside that directory: ../x",
                "it sends your inputs and your API key to: http://evil/v1",
                "it sends all of it through: http://[hidden]@evil:1",
                "it writes: out",
                "it writes: ev",
            ]
        );
        let line = in_a_line(&job);
        assert!(line.contains("[hidden]@evil:1") && !line.contains("secret"));
    }
}
