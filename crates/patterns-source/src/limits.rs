//! How much is read at most.

/// How much is read at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one document: a file, a row, a record, the text of a PDF.
    pub document: u64,
    /// Bytes of a file that has to be in memory as a whole to be read (HTML, PDF, DOCX, mails, compressed
    /// Parquet), and of all that comes out of an archive.
    pub file: u64,
    /// Bytes of a picture, or of a PDF without text, which are sent as they are. No provider takes much
    /// more in one request.
    pub attachment: u64,
    /// How many times larger than its compressed form something may be, once it has more than
    /// [`document`](Self::document) bytes.
    pub ratio: u64,
}

impl Default for Limits {
    /// Documents of 32 MiB, files of 128 MiB, pictures of 20 MiB, 200 times what is compressed.
    fn default() -> Self {
        Self {
            document: 32 << 20,
            file: 128 << 20,
            attachment: 20 << 20,
            ratio: 200,
        }
    }
}
