//! Reads a configuration file: its keys, each with its line.

use patterns_core::system_reason;
use std::io;
use std::io::ErrorKind::{InvalidData, NotADirectory, NotFound};
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::entry::{Entry, flat};
use super::schema::Config;
use super::suggest::words;
use crate::error::{Error, ErrorKind};
use crate::key::read_at_most;
use crate::shared_store::is_address;

/// The most bytes that a configuration has.
const MOST: u64 = 1 << 20;

/// Reads a file, if it is there.
///
/// # Errors
///
/// Returns an error that names file, line and column.
pub(super) fn read(path: &Path) -> Result<Vec<Entry>, Error> {
    let name = path.display().to_string();
    let is_link = path.symlink_metadata().is_ok();
    let text = match readable(path).and_then(|()| read_at_most(path, MOST)) {
        Ok(text) => text,
        // A link that leads nowhere is a file for whoever made it.
        Err(error) if error.kind() == NotFound && is_link => {
            let message = format!("the configuration {name} is a link to a file that is not there");
            return Err(Error::new(ErrorKind::NoInput, message).help("mend the link, or remove it"));
        }
        // The home of a service is often /dev/null.
        Err(error) if matches!(error.kind(), NotFound | NotADirectory) => return Ok(Vec::new()),
        Err(error) => {
            let message = format!(
                "the configuration {name} cannot be read: {}",
                system_reason(&error)
            );
            return Err(match error.kind() {
                InvalidData => Error::new(ErrorKind::Config, message).help("save it as UTF-8"),
                _ => Error::new(ErrorKind::NoInput, message).help(
                    "check its permissions; HOME and XDG_CONFIG_HOME say where your own file is",
                ),
            });
        }
    };
    parse(&text, &name)
}

/// Refuses a pipe, of which nobody knows whether anything comes.
fn readable(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    if std::os::unix::fs::FileTypeExt::is_fifo(&path.metadata()?.file_type()) {
        return Err(io::Error::other("it is a pipe"));
    }
    path.metadata().map(|_| ())
}

/// Reads the text of a file.
fn parse(text: &str, name: &str) -> Result<Vec<Entry>, Error> {
    let wrong = |error: toml::de::Error| {
        let place = place(text, error.span().map_or(0, |span| span.start));
        let message = format!("{name}:{place}: {}", words(error.message()));
        Error::new(ErrorKind::Config, message)
            .help("`patterns config keys` lists every key with its meaning")
    };
    toml::from_str::<Config>(text).map_err(wrong)?;
    let table = toml::from_str(text).map_err(wrong)?;
    let spans = DeTable::parse(text).map_err(wrong)?;
    let line = |path: &[String]| {
        let start = start(spans.get_ref(), path).unwrap_or_default();
        let (line, _) = line_and_column(text, start);
        format!("{name}:{line}")
    };
    Ok(flat(table, &line))
}

/// Returns where a key begins.
fn start(table: &DeTable<'_>, path: &[String]) -> Option<usize> {
    let (first, rest) = path.split_first()?;
    let (key, value) = table.iter().find(|(key, _)| key.get_ref() == first)?;
    match value.get_ref() {
        DeValue::Table(inner) if !rest.is_empty() => start(inner, rest),
        _ => Some(key.span().start),
    }
}

fn place(text: &str, at: usize) -> String {
    let (line, column) = line_and_column(text, at);
    format!("{line}:{column}")
}

fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or_default();
    (before.matches('\n').count() + 1, line.chars().count() + 1)
}

/// Makes a path that is relative to its file one that is relative to the working directory.
pub(super) fn rebase(entry: &mut Entry, file: &Path) {
    let parts: Vec<&str> = entry.path.iter().map(String::as_str).collect();
    let is_path = matches!(
        parts[..],
        ["run", "store"] | ["providers", _, "key_file"] | ["restate", "key_file"]
    );
    let is_address = entry.value.as_str().is_some_and(is_address);
    let is_path = is_path && !is_address;
    if let (true, Some(folder), Some(path)) = (is_path, file.parent(), entry.value.as_str()) {
        entry.value = folder.join(path).display().to_string().into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_the_lines_on_which_they_stand() {
        let text = "# Mine.\n[run]\nhedge = true\n\n[models]\nfast = 'a:b'\n\
                    [providers.x]\nextra = { top_k = 3, deep = { on = true } }\n";
        let entries = parse(text, "f").unwrap();
        let shown = entries
            .iter()
            .map(|it| format!("{} = {}  {}", it.key(), it.value, it.place));
        insta::assert_snapshot!(shown.collect::<Vec<_>>().join("\n"), @r#"
        models.fast = "a:b"  f:6
        providers.x.extra.deep.on = true  f:8
        providers.x.extra.top_k = 3  f:8
        run.hedge = true  f:3
        "#);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_nowhere_and_a_pipe_are_errors_and_no_file_is_none() {
        let place = tempfile::tempdir().unwrap();
        let (link, none) = (place.path().join("link"), place.path().join("none"));
        assert!(read(&none).unwrap().is_empty());
        std::os::unix::fs::symlink(&none, &link).unwrap();
        let error = read(&link).unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("is a link to a file that is not there"),
            "{error}"
        );
        let pipe = place.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        let error = read(&pipe).unwrap_err();
        assert!(error.to_string().ends_with("it is a pipe"), "{error}");
    }

    #[test]
    fn a_file_that_is_no_utf8_is_said_to_be_so_with_what_to_do() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), b"# caf\xe9\n").unwrap();
        let error = read(file.path()).unwrap_err();
        assert!(
            error.to_string().ends_with("it is not UTF-8 text"),
            "{error}"
        );
        assert_eq!(error.kind(), ErrorKind::Config);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place_and_what_was_meant() {
        let table = [
            "[run]\nhegde = true",
            "[rnu]\nhedge = true",
            "[run]\nhedge = 'yes'",
            "[run]\n  timeout = '30'",
            "[run]\nconcurrency = 0",
            "[run]\nstream = 'sometimes'",
            "[run]\nmax_cost = 'cheap'",
            "[providers.x]\nkind = 'openia'",
            "[providers.x.prices.'m']\ninput = 1",
            "[run",
        ];
        let said = table.map(|text| parse(text, "f").unwrap_err().to_string());
        insta::assert_snapshot!(said.join("\n"), @r#"
        f:2:1: there is no key `hegde` here; did you mean `hedge`?
        f:1:2: there is no key `rnu` here
        f:2:9: expected true or false, not the text "yes"
        f:2:13: expected a number with a unit (ms, s, m, h, d), such as 30s or 2m
        f:2:15: expected auto or a whole number from 1 to 10000
        f:2:10: expected auto, always or never, not "sometimes"
        f:2:12: expected an amount of dollars such as 5 or 0.50
        f:2:8: expected openai, anthropic, gemini, azure, openrouter, ollama or compatible, not "openia"; did you mean `openai`?
        f:1:1: missing field `output`
        f:1:5: unclosed table, expected `]`
        "#);
    }

    #[test]
    fn paths_are_relative_to_their_file() {
        let file = Path::new("../patterns.toml");
        let mut entries = parse("[run]\nstore = 'a.db'\nmodel = 'a.db'", "f").unwrap();
        entries.iter_mut().for_each(|it| rebase(it, file));
        let values: Vec<_> = entries
            .iter()
            .map(|it| it.value.as_str().unwrap())
            .collect();
        assert_eq!(values, ["a.db", "../a.db"]);
    }
}
