//! Opens files, compressed or not, without letting them expand beyond all bounds.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::MultiGzDecoder;

use crate::Limits;

/// The bytes of a file, unpacked.
pub(crate) type Bytes = Box<dyn BufRead + Send>;

/// How much is looked at to tell what a file is.
pub(crate) const BEGINNING: usize = 64 << 10;

/// Something to read, and how it begins.
pub(crate) struct Input {
    pub(crate) bytes: Bytes,
    /// Whether it is compressed.
    pub(crate) is_packed: bool,
}

/// Opens a file.
pub(crate) fn open(path: &Path, limits: Limits) -> io::Result<Input> {
    unpack(File::open(path)?, limits)
}

/// Opens standard input.
pub(crate) fn stdin(limits: Limits) -> io::Result<Input> {
    unpack(io::stdin(), limits)
}

fn unpack(packed: impl Read + Send + 'static, limits: Limits) -> io::Result<Input> {
    let mut packed = BufReader::with_capacity(BEGINNING, begun(packed)?);
    let is_packed = packed.fill_buf()?.starts_with(&[0x1f, 0x8b, 8]);
    if !is_packed {
        let bytes = Box::new(packed);
        return Ok(Input { bytes, is_packed });
    }
    let read = Arc::new(AtomicU64::new(0));
    let packed = Counted {
        reader: packed,
        count: Arc::clone(&read),
    };
    let unpacked = Bounded {
        reader: MultiGzDecoder::new(packed),
        packed: read,
        count: 0,
        limits,
    };
    let bytes = Box::new(BufReader::with_capacity(BEGINNING, unpacked));
    Ok(Input { bytes, is_packed })
}

/// Reads so much of a file that it can be told what it is. A pipe may come in any small pieces, and may wait for
/// its next line.
fn begun(mut reader: impl Read) -> io::Result<impl Read> {
    const ENOUGH: usize = 1 << 10;
    let mut beginning = vec![0; BEGINNING];
    let mut length = 0;
    while length < ENOUGH && !beginning[..length].contains(&b'\n') {
        match reader.read(&mut beginning[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    beginning.truncate(length);
    Ok(io::Cursor::new(beginning).chain(reader))
}

impl Input {
    /// Returns how it begins.
    pub(crate) fn beginning(&mut self) -> io::Result<&[u8]> {
        self.bytes.fill_buf()
    }

    /// Reads all of it; `None` if that is more than `most` bytes.
    pub(crate) fn whole(self, most: u64) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = Vec::new();
        self.bytes
            .take(most.saturating_add(1))
            .read_to_end(&mut bytes)?;
        Ok((bytes.len() as u64 <= most).then_some(bytes))
    }
}

/// Counts what is read.
struct Counted<R> {
    reader: R,
    count: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.count.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Stops at what is too large for what it was packed into.
struct Bounded<R> {
    reader: R,
    packed: Arc<AtomicU64>,
    count: u64,
    limits: Limits,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.count += read as u64;
        let most = self
            .packed
            .load(Ordering::Relaxed)
            .saturating_mul(self.limits.ratio);
        if self.count > self.limits.document && self.count > most {
            let reason = format!("expands to more than {} times its size", self.limits.ratio);
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, reason));
        }
        Ok(read)
    }
}
