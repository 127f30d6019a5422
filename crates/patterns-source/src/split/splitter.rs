//! Cuts text, Markdown and code where sentences, paragraphs, sections and definitions end.

use std::num::NonZeroU64;
use std::ops::Range;
use std::sync::Arc;

use patterns_core::{Chunk, Document, Split, TokenCounter, cut_in_two};
use text_splitter::{ChunkConfig, ChunkSizer, MarkdownSplitter, TextSplitter};

use super::code::blocks;
use super::headings::paths;
use super::overlap::{floor_boundary, reach_back};

/// The fewest bytes that are looked at together.
const WINDOW: usize = 1 << 19;

/// Extensions of programs.
const CODE: [&str; 32] = [
    "c", "cc", "cpp", "cs", "cxx", "dart", "ex", "exs", "go", "h", "hpp", "hs", "java", "jl", "js",
    "jsx", "kt", "lua", "ml", "php", "pl", "py", "r", "rb", "rs", "scala", "sh", "sql", "swift",
    "ts", "tsx", "zig",
];

/// Cuts documents into chunks of at most so many tokens, at the best boundaries there are.
///
/// A document that fits is not cut. Of one that is cut, the chunks are in order and leave out nothing
/// but white space between them; each is within the limit, unless a single character isn't. The
/// headings above a chunk of Markdown are its [context](Chunk::context) and don't count.
///
/// ```
/// use std::num::NonZeroU64;
/// use patterns_core::{Document, Split};
/// use patterns_source::Splitter;
///
/// let splitter = Splitter::new(NonZeroU64::new(8).unwrap());
/// let guide = Document::new("guide.md", "# Install\n\nRun the script.\n\nRestart the shell.");
/// let chunks = splitter.split(&guide);
/// assert_eq!(chunks[2].id(), "guide.md#3");
/// assert_eq!(&*chunks[2].text, "Restart the shell.");
/// assert_eq!(chunks[2].context().as_deref(), Some("Install"));
/// ```
#[derive(Clone, Debug)]
pub struct Splitter {
    max_tokens: u64,
    overlap: u64,
    counter: TokenCounter,
}

/// What a document is cut by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Boundary {
    /// Lines and blank lines, then sentences, words, characters.
    Text,
    /// Sections, then blocks, then as in text (`CommonMark`, with the extensions of GitHub).
    Markdown,
    /// What begins at the left margin after a blank line or the end of a block (functions, types, with
    /// the comments above them), then as in text. It goes by indentation, for any language that is
    /// laid out so.
    Code,
}

impl Boundary {
    /// Returns what a document of this name is cut by: Markdown or code if its extension says so.
    fn of_name(name: &str) -> Self {
        let extension = name.rsplit_once('.').map(|(_, it)| it.to_ascii_lowercase());
        match extension.as_deref() {
            Some("md" | "markdown" | "mdown" | "mkd" | "mdx") => Self::Markdown,
            Some(it) if CODE.contains(&it) => Self::Code,
            _ => Self::Text,
        }
    }
}

/// An overlap that is more than half of a chunk; chunks would mostly repeat each other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an overlap of {overlap} tokens is more than half of a chunk of {max_tokens}")]
pub struct SplitterError {
    overlap: u64,
    max_tokens: u64,
}

impl Splitter {
    /// Makes a splitter of chunks of at most so many tokens.
    pub fn new(max_tokens: NonZeroU64) -> Self {
        Self {
            max_tokens: max_tokens.get(),
            overlap: 0,
            counter: TokenCounter::default(),
        }
    }

    /// Repeats about so many tokens of each chunk at the beginning of the next; they count.
    ///
    /// # Errors
    ///
    /// Returns a [`SplitterError`] if it is more than half of a chunk.
    pub fn overlap(mut self, tokens: u64) -> Result<Self, SplitterError> {
        if tokens > self.max_tokens / 2 {
            return Err(SplitterError {
                overlap: tokens,
                max_tokens: self.max_tokens,
            });
        }
        self.overlap = tokens;
        Ok(self)
    }

    /// Sets who counts tokens.
    #[must_use]
    pub fn tokens(mut self, counter: TokenCounter) -> Self {
        self.counter = counter;
        self
    }

    /// Returns where the chunks are. Looking for boundaries takes time with the square of what is
    /// looked at, so a long text is looked at window by window.
    fn ranges(&self, text: &str, boundary: Boundary) -> Vec<Range<usize>> {
        let window = usize::try_from(self.max_tokens.saturating_mul(16)).unwrap_or(usize::MAX);
        let window = window.max(WINDOW);
        let mut ranges = Vec::new();
        let mut start = 0;
        while start < text.len() {
            let end = floor_boundary(text, start.saturating_add(window));
            let mut cut = self.cut(&text[start..end], start, boundary);
            let next = match cut.len() {
                // The last chunk may go on in the next window.
                2.. if end < text.len() => cut.pop().map_or(end, |last| last.start),
                _ => end,
            };
            ranges.append(&mut cut);
            start = next;
        }
        self.overlapping(text, ranges)
    }

    /// Returns where the chunks of a part of the text are that begins at `start`.
    fn cut(&self, part: &str, start: usize, boundary: Boundary) -> Vec<Range<usize>> {
        // What is repeated is in the limit too.
        let most = self.max_tokens - self.overlap;
        let config = ChunkConfig::new(usize::try_from(most).unwrap_or(usize::MAX));
        let config = config.with_sizer(Sizer(&self.counter));
        let mut ranges = Vec::new();
        let mut take = |(at, chunk): (usize, &str)| {
            self.shorten(chunk, start + at, most, &mut ranges);
        };
        match boundary {
            Boundary::Text => TextSplitter::new(config)
                .chunk_indices(part)
                .for_each(&mut take),
            Boundary::Markdown => MarkdownSplitter::new(config)
                .chunk_indices(part)
                .for_each(&mut take),
            Boundary::Code => {
                let splitter = TextSplitter::new(config);
                for block in blocks(part, |text| self.counter.count(text) <= most) {
                    let chunks = splitter.chunk_indices(&part[block.clone()]);
                    chunks.for_each(|(at, chunk)| take((block.start + at, chunk)));
                }
            }
        }
        ranges
    }

    /// Adds a chunk, in halves as long as it is too long: the splitting crate takes for granted that
    /// no text has more tokens than bytes.
    fn shorten(&self, chunk: &str, start: usize, most: u64, ranges: &mut Vec<Range<usize>>) {
        let is_long = self.counter.count(chunk) > most;
        match is_long.then(|| cut_in_two(chunk)).flatten() {
            None => ranges.push(start..start + chunk.len()),
            Some(halves) => {
                for half in halves {
                    self.shorten(&chunk[half.clone()], start + half.start, most, ranges);
                }
            }
        }
    }

    fn overlapping(&self, text: &str, ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
        if self.overlap == 0 {
            return ranges;
        }
        let limits = (self.overlap, self.max_tokens);
        let mut floor = 0;
        let wider = ranges.into_iter().enumerate().map(|(n, range)| {
            let from = match n {
                0 => range.start,
                _ => reach_back(text, floor, range.clone(), limits, &self.counter),
            };
            // A chunk that repeats all of the one before would make that one superfluous.
            floor = range.start + text[range.start..].chars().next().map_or(0, char::len_utf8);
            from..range.end
        });
        wider.collect()
    }
}

impl Split for Splitter {
    fn split(&self, document: &Document) -> Vec<Chunk> {
        if document.attachment.is_some() {
            return vec![Chunk::whole(document)];
        }
        let text = &document.text;
        if text.trim().is_empty() {
            return Vec::new();
        }
        // Counting takes time, and no tokenizer makes more than two tokens of a byte (few make more than one).
        if text.len() as u64 <= self.max_tokens / 2 || self.counter.count(text) <= self.max_tokens {
            return vec![Chunk::whole(document)];
        }
        let boundary = Boundary::of_name(&document.id);
        let ranges = self.ranges(text, boundary);
        let headings = match boundary {
            Boundary::Text | Boundary::Code => vec![Vec::new(); ranges.len()],
            Boundary::Markdown => paths(text, &[], ranges.iter().map(|it| it.start)),
        };
        let of = ranges.len() as u64;
        let chunks = (1..).zip(ranges).zip(headings);
        let chunks = chunks.map(|((number, range), headings)| Chunk {
            document: document.id.clone(),
            outer: document.context.clone(),
            number,
            of,
            halves: Vec::new(),
            text: Arc::from(&text[range.clone()]),
            range,
            headings,
            attachment: None,
            columns: document.columns.clone(),
        });
        chunks.collect()
    }

    fn halve(&self, chunk: &Chunk) -> Option<[Chunk; 2]> {
        let mut halves = chunk.halve()?;
        if Boundary::of_name(&chunk.document) == Boundary::Markdown {
            let places = halves.iter().map(|it| it.range.start - chunk.range.start);
            let found = paths(&chunk.text, &chunk.headings, places);
            for (half, headings) in halves.iter_mut().zip(found) {
                half.headings = headings;
            }
        }
        Some(halves)
    }
}

/// Counts for the splitting crate.
struct Sizer<'a>(&'a TokenCounter);

impl ChunkSizer for Sizer<'_> {
    fn size(&self, chunk: &str) -> usize {
        usize::try_from(self.0.count(chunk)).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests;
