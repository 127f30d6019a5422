//! A chunk of a document: its name, its place, and the text that is sent; and the seams for those who cut
//! documents and choose of them, `Split` and `Select`.

mod cut_in_two;

use std::ops::Range;
use std::sync::Arc;

pub use self::cut_in_two::cut_in_two;
use crate::{Attachment, Columns, Document};

/// How often a chunk is halved: what a 64th of it is still too long for cannot be helped.
const MOST_HALVINGS: usize = 6;

/// A part of a document, or all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// The document.
    pub document: String,
    /// Where the document stands, if anything is known of it.
    pub outer: Option<Arc<str>>,
    /// Which part it is, from 1.
    pub number: u64,
    /// How many parts the document has.
    pub of: u64,
    /// Which half of the part it is, 1 or 2, and which half of that half, as often as it had to be halved.
    pub halves: Vec<u8>,
    /// Where it is in the document, in bytes.
    pub range: Range<usize>,
    /// The document's text in that range.
    pub text: Arc<str>,
    /// The headings above it, outermost first.
    pub headings: Vec<Heading>,
    /// What the document is, if it is no text: a picture is not cut.
    pub attachment: Option<Attachment>,
    /// The columns of the document that come back with what is answered.
    pub columns: Option<Columns>,
}

/// A heading of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heading {
    /// Its level, from 1 for the highest.
    pub level: u8,
    /// Its words, at most 80 characters of them.
    pub title: String,
}

impl Chunk {
    /// Makes the one chunk of a document that needs no cutting.
    pub fn whole(document: &Document) -> Self {
        Self {
            document: document.id.clone(),
            outer: document.context.clone(),
            number: 1,
            of: 1,
            halves: Vec::new(),
            range: 0..document.text.len(),
            text: Arc::clone(&document.text),
            headings: Vec::new(),
            attachment: document.attachment.clone(),
            columns: document.columns.clone(),
        }
    }

    /// Names the chunk: `guide.md#3`, or `guide.md#3.1` for its first half and `guide.md#3.1.2` for
    /// the second half of that. What is a whole document
    /// keeps its name, unless that looks like the name of a chunk: then it is its `#1`.
    ///
    /// So no two chunks of differently named documents have one name, and a name depends on nothing
    /// but the document.
    pub fn id(&self) -> String {
        let Self {
            document, number, ..
        } = self;
        if self.halves.is_empty() && self.of == 1 && !looks_like_a_chunk(document) {
            return document.clone();
        }
        let mut id = format!("{document}#{number}");
        for half in &self.halves {
            id += &format!(".{half}");
        }
        id
    }

    /// Returns where the chunk stands: the headings above it, behind what is known of the document.
    pub fn context(&self) -> Option<String> {
        let titles = self.headings.iter().map(|it| it.title.as_str());
        let path: Vec<&str> = self.outer.as_deref().into_iter().chain(titles).collect();
        (!path.is_empty()).then(|| path.join(" › "))
    }

    /// Makes the document that an agent is asked about.
    ///
    /// How many chunks there are is not in it: one more at the end would change what is asked about
    /// all the others.
    pub fn to_document(&self) -> Document {
        let document = Document {
            attachment: self.attachment.clone(),
            columns: self.columns.clone(),
            ..Document::new(self.id(), Arc::clone(&self.text))
        };
        match self.context() {
            Some(context) => document.context(context),
            None => document,
        }
    }

    /// Cuts the chunk in two, near its middle and where a paragraph, a line, a sentence or at least a
    /// word ends; `None` if it has been halved six times, or is a single character.
    ///
    /// The halves have all of it but white space between them.
    pub fn halve(&self) -> Option<[Self; 2]> {
        if self.halves.len() >= MOST_HALVINGS {
            return None;
        }
        let [first, second] = cut_in_two(&self.text)?;
        Some([self.half_at(1, first)?, self.half_at(2, second)?])
    }

    fn half_at(&self, half: u8, part: Range<usize>) -> Option<Self> {
        let text = Arc::from(self.text.get(part.clone())?);
        let start = self.range.start;
        let mut halves = self.halves.clone();
        halves.push(half);
        Some(Self {
            halves,
            range: start + part.start..start + part.end,
            text,
            ..self.clone()
        })
    }
}

/// Cuts documents into chunks.
///
/// The `Splitter` of `patterns-source` does it for text, Markdown and code. Others may know where pages
/// or speakers end.
pub trait Split: Send + Sync {
    /// Returns the chunks of a document, in order; none if there is nothing in it, and
    /// [the whole](Chunk::whole) if it needs no cutting. What is in no chunk is asked of nobody.
    fn split(&self, document: &Document) -> Vec<Chunk>;

    /// Cuts a chunk in two that a model calls too long; `None` if that cannot be.
    fn halve(&self, chunk: &Chunk) -> Option<[Chunk; 2]> {
        chunk.halve()
    }
}

impl<S: Split + ?Sized> Split for Arc<S> {
    fn split(&self, document: &Document) -> Vec<Chunk> {
        (**self).split(document)
    }

    fn halve(&self, chunk: &Chunk) -> Option<[Chunk; 2]> {
        (**self).halve(chunk)
    }
}

/// Selects the passages of long material that concern a section.
///
/// The `Passages` of `patterns-source` does it by the words that they share. Others may search an index.
pub trait Select: Send + Sync {
    /// Returns the passages that concern the first of these queries that any concerns, in the order of the
    /// documents.
    fn select(&self, queries: &[&str]) -> Vec<Document>;

    /// Says how much there is, and how much of it a section gets.
    fn describe(&self) -> String;

    /// Returns the names of the documents.
    fn documents(&self) -> Vec<String>;

    /// Returns the document that a passage is of.
    fn document_of(&self, passage: &str) -> Option<String>;
}

/// Returns whether a name ends as those of chunks do: in `#` and a number, maybe with halves.
fn looks_like_a_chunk(name: &str) -> bool {
    let Some((_, number)) = name.rsplit_once('#') else {
        return false;
    };
    let mut number = number;
    while let Some(whole) = number
        .strip_suffix(".1")
        .or_else(|| number.strip_suffix(".2"))
    {
        number = whole;
    }
    !number.is_empty() && number.bytes().all(|it| it.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn chunk(document: &str, number: u64, of: u64, halves: &[u8]) -> Chunk {
        Chunk {
            number,
            of,
            halves: halves.to_vec(),
            ..Chunk::whole(&Document::new(document, "Some text."))
        }
    }

    #[test]
    fn names_say_what_part_of_which_document() {
        assert_eq!(chunk("a.md", 1, 1, &[]).id(), "a.md");
        assert_eq!(chunk("a.md", 3, 4, &[]).id(), "a.md#3");
        assert_eq!(chunk("a.md", 3, 4, &[1]).id(), "a.md#3.1");
        assert_eq!(chunk("a.md", 1, 1, &[2]).id(), "a.md#1.2");
        let twice = [2, 1];
        assert_eq!(chunk("a.md", 1, 1, &twice).id(), "a.md#1.2.1");
        assert_eq!(chunk("a.md#3", 1, 1, &[]).id(), "a.md#3#1");
        assert_eq!(chunk("a.md#3.1.2", 1, 1, &[]).id(), "a.md#3.1.2#1");
        assert_eq!(chunk("C#", 1, 1, &[]).id(), "C#");
        assert_eq!(chunk("issue #12 again", 1, 1, &[]).id(), "issue #12 again");
    }

    #[test]
    fn the_context_is_the_path_to_it() {
        let mut chunk = chunk("a.md", 2, 3, &[]);
        assert_eq!(chunk.to_document().context, None);
        let heading = |level, title: &str| Heading {
            level,
            title: title.to_owned(),
        };
        chunk.headings = vec![heading(1, "Guide"), heading(3, "Install")];
        assert_eq!(chunk.context().as_deref(), Some("Guide › Install"));
        chunk.outer = Some("The manual".into());
        let document = chunk.to_document();
        assert_eq!(
            document.context.as_deref(),
            Some("The manual › Guide › Install")
        );
        assert_eq!((&*document.id, &*document.text), ("a.md#2", "Some text."));
    }

    #[test]
    fn a_chunk_is_halved_six_times() {
        let whole = chunk("a.md", 1, 1, &[]);
        let [first, second] = whole.halve().unwrap();
        assert_eq!((&*first.text, &*second.text), ("Some", "text."));
        assert_eq!((first.range, second.range.clone()), (0..4, 5..10));
        assert_eq!(second.halve().unwrap()[1].id(), "a.md#1.2.2");
        let mut chunk = Chunk::whole(&Document::new("a.md", "x".repeat(1_000)));
        for _ in 0..MOST_HALVINGS {
            [chunk, _] = chunk.halve().unwrap();
        }
        assert_eq!((chunk.text.len(), chunk.halve()), (15, None));
    }

    proptest! {
        #[test]
        fn no_two_chunks_have_one_name(
            parts in prop::collection::vec(("[a#1.2]{0,6}", 1u64..4, 0usize..3), 0..40),
        ) {
            // A document is either whole or cut; its halves are there only without the chunk.
            let mut chunks = HashSet::new();
            for (document, number, kind) in parts {
                let (number, of) = if document.len() % 2 == 0 { (1, 1) } else { (number, 3) };
                let halves: &[u8] =
                    [&[][..], &[1][..], &[2, 1][..]][kind];
                chunks.insert((document, number, of, halves));
            }
            let ids: HashSet<String> = chunks
                .iter()
                .map(|(document, number, of, halves)| chunk(document, *number, *of, halves).id())
                .collect();
            prop_assert_eq!(ids.len(), chunks.len());
        }
    }
}
