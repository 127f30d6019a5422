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

    /// Looks how lines end: in a file of an old Mac they do with carriage returns, and there is no line feed,
    /// but between quotes where those matter.
    pub(crate) fn find_ends(&mut self, has_quotes: bool) -> io::Result<()> {
        let (mut is_quoted, mut has_returns) = (false, false);
        let bytes = self.reader.fill_buf()?;
        for (at, byte) in bytes.iter().enumerate() {
            match byte {
                b'"' if has_quotes => is_quoted = !is_quoted,
                b'\n' if !is_quoted => return Ok(()),
                b'\r' if !is_quoted => has_returns |= at + 1 < bytes.len(),
                _ => {}
            }
        }
        if has_returns {
            self.end = b'\r';
        }
        Ok(())
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
        // Some programs end lines with two returns before the feed.
        while line.last() == Some(&b'\r') {
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
