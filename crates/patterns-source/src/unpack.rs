//! Opens files, compressed or not, without letting them expand beyond all bounds.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::MultiGzDecoder;

use crate::Limits;
use crate::format::is_within_head;

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
/// its next line; what begins as a mail has a head, all of which is needed.
fn begun(mut reader: impl Read) -> io::Result<impl Read> {
    const ENOUGH: usize = 1 << 10;
    let mut beginning = vec![0; BEGINNING];
    let mut length = 0;
    let is_enough = |read: &[u8]| match read.contains(&b'\n') || read.len() >= ENOUGH {
        true => read.len() == BEGINNING || !is_within_head(read),
        false => false,
    };
    while !is_enough(&beginning[..length]) {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A pipe that is written in pieces.
    struct Pieces(&'static [&'static str]);

    impl Read for Pieces {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let Some((piece, rest)) = self.0.split_first() else {
                return Ok(0);
            };
            self.0 = rest;
            buffer[..piece.len()].copy_from_slice(piece.as_bytes());
            Ok(piece.len())
        }
    }

    #[test]
    fn of_a_pipe_the_first_line_is_awaited_and_of_a_mail_the_head() {
        let check = |pieces: &'static [&'static str], expected: usize| {
            let mut buffer = vec![0; BEGINNING];
            let read = begun(Pieces(pieces)).unwrap().read(&mut buffer).unwrap();
            assert_eq!(read, pieces[..expected].concat().len(), "{pieces:?}");
        };
        check(&["a ", "log\n", "more\n", "\n"], 2);
        check(&["Error: what\n", "more\n", "\n"], 1);
        check(&["From here on\n", "more\n", "\n"], 1);
        check(
            &["sub", "ject: x\r\n", "y: z\r", "\n\r", "\nText\n", "more\n"],
            5,
        );
        check(&["X-A: b\n", "C: d\n\nText\n", "more\n"], 2);
        check(
            &[
                "From a@b.org Tue Mar  3 10:00:00 2026\n",
                "To: x\n",
                "\n",
                "Text\n",
            ],
            3,
        );
        check(&["DATE: today\n", "and no end"], 2);
    }
}
