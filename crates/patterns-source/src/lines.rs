//! Lines of any length, read into bounded memory.

use std::io::{self, BufRead};

/// A line, without what ends it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// Its bytes.
    Whole(Vec<u8>),
    /// It has more bytes than are read.
    TooLong,
}

/// Reads the lines of a text.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    reader: R,
    most: usize,
    /// What ends a line: a line feed, or in a file of an old Mac a carriage return.
    end: u8,
}

impl<R: BufRead> Lines<R> {
    pub(crate) fn new(reader: R, most: u64) -> Self {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let end = b'\n';
        Self { reader, most, end }
    }

    /// Returns how it begins, or goes on.
    pub(crate) fn peek(&mut self) -> io::Result<&[u8]> {
        self.reader.fill_buf()
    }

    /// Sets that carriage returns end lines.
    pub(crate) fn end_at_returns(&mut self) {
        self.end = b'\r';
    }

    pub(crate) fn reader_mut(&mut self) -> &mut R {
        &mut self.reader
    }

    /// Returns the next line; of one that is too long, the rest is passed over.
    pub(crate) fn next(&mut self) -> io::Result<Option<Line>> {
        let mut line = Vec::new();
        let (mut is_too_long, mut has_any) = (false, false);
        loop {
            let bytes = match self.reader.fill_buf() {
                Ok(bytes) => bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if bytes.is_empty() {
                break;
            }
            has_any = true;
            let end = memchr::memchr(self.end, bytes);
            let part = &bytes[..end.unwrap_or(bytes.len())];
            if line.len() + part.len() > self.most {
                is_too_long = true;
                line = Vec::new();
            }
            if !is_too_long {
                line.extend_from_slice(part);
            }
            let used = end.map_or(bytes.len(), |end| end + 1);
            self.reader.consume(used);
            if end.is_some() {
                break;
            }
        }
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(match (has_any, is_too_long) {
            (false, _) => None,
            (true, true) => Some(Line::TooLong),
            (true, false) => Some(Line::Whole(line)),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    #[test]
    fn lines_end_anywhere() {
        let text = b"one\r\n\ntwo and more\nlast";
        for buffer in [1, 2, 3, 100] {
            let mut lines = Lines::new(BufReader::with_capacity(buffer, &text[..]), 5);
            let mut all = Vec::new();
            while let Some(line) = lines.next().unwrap() {
                all.push(line);
            }
            let whole = |text: &str| Line::Whole(text.as_bytes().to_vec());
            assert_eq!(all, [whole("one"), whole(""), Line::TooLong, whole("last")]);
        }
    }
}
