//! `patterns report`: a recorded run as one HTML page.
//!
//! Without a name the page is `run-N.html`. That name was not typed, so it takes the place of nothing but an
//! older page: another file of that name is left alone.

mod content;

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use patterns_report::{PageError, recorded_calls, write_page};

use super::show::find;
use crate::args::ReportArgs;
use crate::error::{Error, ErrorKind};
use crate::output::Output;
use crate::store::{open_to_read, refused};
use crate::target::resolve;
use crate::terminal::Terminal;
use crate::written::check_not_store;
use content::content;

/// So much is written at once.
const BUFFER: usize = 1 << 16;
/// What every page has near its beginning.
const MARK: &[u8] = b"<meta name=\"generator\" content=\"patterns report\">";

pub(super) fn run(args: &ReportArgs, terminal: Terminal) -> Result<(), Error> {
    let store = open_to_read(&args.store)?;
    let run = find(&store, args.run)?;
    let path = match &args.output_file {
        Some(path) => path.clone(),
        None => unnamed(run.id)?,
    };
    check_not_store(
        &path.display().to_string(),
        &resolve(&path),
        &resolve(&args.store),
    )?;
    let mut output = Output::open(Some(&path))?;
    output.make_private();
    let calls = recorded_calls(&store, &run).map_err(refused)?;
    let report = content(&store, &run, calls.totals(), args.no_prompts)?;
    let calls = calls.map(|call| {
        call.map(|mut it| {
            it.prompt = it.prompt.filter(|_| !args.no_prompts);
            it
        })
    });
    let mut sink = Sink {
        output,
        error: None,
        bytes: 0,
    };
    let mut buffered = BufWriter::with_capacity(BUFFER, &mut sink);
    let written = write_page(&mut buffered, &report, calls);
    let written = written.and_then(|()| Ok(buffered.flush()?));
    drop(buffered);
    if let Err(error) = written {
        return Err(sink.failed(error));
    }
    let size = megabytes(sink.bytes);
    sink.output.finish()?;
    if path != Path::new("-") {
        let path = path.display();
        terminal.note(&format!(
            "run {}: {path} ({size}); open it in a browser",
            run.id
        ));
    }
    Ok(())
}

/// Returns the name of a page that the user gave none.
fn unnamed(run: i64) -> Result<PathBuf, Error> {
    let path = PathBuf::from(format!("run-{run}.html"));
    if path.exists() && !is_page(&path) {
        let message = format!("{} is there and is no report", path.display());
        return Err(Error::new(ErrorKind::CannotCreate, message)
            .help("name another file: patterns report -o FILE"));
    }
    Ok(path)
}

/// Returns whether a file is a page of ours.
fn is_page(path: &Path) -> bool {
    if !fs::metadata(path).is_ok_and(|it| it.is_file()) {
        return false;
    }
    let mut start = Vec::new();
    let read = File::open(path).and_then(|it| it.take(4_096).read_to_end(&mut start));
    read.is_ok() && start.windows(MARK.len()).any(|it| it == MARK)
}

/// Where the page goes, and what went wrong with that.
struct Sink {
    output: Output,
    error: Option<Error>,
    bytes: u64,
}

impl Sink {
    fn failed(self, error: PageError) -> Error {
        if let Some(error) = self.error {
            return error;
        }
        Error::new(ErrorKind::BadData, error.to_string())
            .help("`patterns store verify` says what is damaged")
            .caused_by(error)
    }
}

impl Write for Sink {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.bytes += piece.len() as u64;
        self.output.write(piece).map_err(|error| {
            let told = io::Error::other(error.to_string());
            self.error = Some(error);
            told
        })?;
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn megabytes(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{} kB", bytes.div_ceil(1_000)),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_said_in_round_numbers() {
        for (bytes, expected) in [(1, "1 kB"), (245_191, "246 kB"), (27_207_682, "27.2 MB")] {
            assert_eq!(megabytes(bytes), expected);
        }
    }

    #[test]
    fn only_a_page_is_taken_for_one() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("it.html");
        assert!(!is_page(&path) && !is_page(place.path()));
        fs::write(&path, "<!doctype html><title>mine</title>").unwrap();
        assert!(!is_page(&path));
        let mut page = Vec::new();
        let none = std::iter::empty::<Result<_, io::Error>>();
        write_page(&mut page, &patterns_report::Report::default(), none).unwrap();
        fs::write(&path, page).unwrap();
        assert!(is_page(&path));
    }
}
