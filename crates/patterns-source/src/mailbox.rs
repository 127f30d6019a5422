//! Divides a mailbox (mbox, RFC 4155) into its mails.
//!
//! A mail begins with a line `From …` with a day and a time in it, at the top or below a blank line. A line of a
//! text that begins alike has a `>` before it, which is taken off.

use crate::format::is_begin;
use crate::lines::{Line, Lines};
use crate::unpack::{Bytes, Input};
use crate::{Unreadable, UnreadableKind};

/// The mails of a mailbox.
pub(crate) struct Mailbox {
    name: String,
    lines: Lines<Bytes>,
    most: usize,
    /// The number of the line that was read last.
    line: u64,
    /// The first line of the mail under way, and its bytes; `None` if they are too many.
    open: Option<(u64, Option<Vec<u8>>)>,
    is_over: bool,
}

impl Mailbox {
    pub(crate) fn new(name: String, input: Input, most: u64) -> Self {
        Self {
            name,
            lines: Lines::new(input.bytes, most),
            most: usize::try_from(most).unwrap_or(usize::MAX),
            line: 0,
            open: None,
            is_over: false,
        }
    }

    /// Ends the mail under way.
    fn end(&mut self) -> Option<Result<(u64, Vec<u8>), Unreadable>> {
        let (line, bytes) = self.open.take()?;
        Some(bytes.map(|it| (line, it)).ok_or_else(|| {
            let place = format!("{}:{line}", self.name);
            let reason = format!("the mail has more than {} bytes", self.most);
            Unreadable::new(UnreadableKind::TooLarge, place, reason)
        }))
    }

    fn add(&mut self, line: Option<&[u8]>) {
        let most = self.most;
        if self.open.is_none() && line.is_some_and(<[u8]>::is_empty) {
            return;
        }
        let (_, bytes) = self.open.get_or_insert((self.line, Some(Vec::new())));
        *bytes = match (bytes.take(), line) {
            (Some(mut bytes), Some(line)) if bytes.len() + line.len() < most => {
                let quoted = line.iter().take_while(|it| **it == b'>').count();
                let is_quoted = quoted > 0 && line[quoted..].starts_with(b"From ");
                bytes.extend_from_slice(&line[usize::from(is_quoted)..]);
                bytes.push(b'\n');
                Some(bytes)
            }
            _ => None,
        };
    }
}

impl Iterator for Mailbox {
    /// The first line of a mail, and its bytes.
    type Item = Result<(u64, Vec<u8>), Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut is_below_blank = self.line == 0;
        while !self.is_over {
            self.line += 1;
            let line = match self.lines.next() {
                Ok(None) => {
                    self.is_over = true;
                    break;
                }
                Ok(Some(Line::Whole(bytes))) => Some(bytes),
                Ok(Some(Line::TooLong)) => None,
                Err(error) => {
                    self.is_over = true;
                    self.open = None;
                    let place = format!("{}:{}", self.name, self.line);
                    return Some(Err(Unreadable::io(place, &error)));
                }
            };
            let begins = is_below_blank && line.as_deref().is_some_and(is_begin);
            is_below_blank = line.as_ref().is_some_and(Vec::is_empty);
            let ended = if begins { self.end() } else { None };
            self.add(line.as_deref());
            if ended.is_some() {
                return ended;
            }
        }
        self.end()
    }
}
