//! A folder to read from, and what was read in few words.

use std::io::Write;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use patterns_source::Source;
use tempfile::TempDir;

/// A folder with files in it.
pub(crate) struct Folder(pub(crate) TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn with(name: &str, bytes: &[u8]) -> Self {
        let folder = Self::new();
        folder.write(name, bytes);
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// Reads what is in the folder.
    pub(crate) fn read(&self) -> String {
        self.show(&Source::new([self.0.path()]))
    }

    /// Reads a source, and shows one line for each document: its name, and its text or the reason.
    pub(crate) fn show(&self, source: &Source) -> String {
        let folder = format!("{}/", self.0.path().display());
        let mut shown = String::new();
        for item in source.open().unwrap() {
            let line = match item {
                Ok(it) => format!("{} = {:?}", it.document.id, &*it.document.text),
                Err(error) => format!("{:?} {error}", error.kind()),
            };
            shown += &line.replace(&folder, "");
            shown.push('\n');
        }
        shown
    }
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}
