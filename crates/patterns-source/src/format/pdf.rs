//! The text of PDF files, page by page: one that cannot be read is told, and the others are there.

use super::Reason;

#[cfg(not(feature = "pdf"))]
pub(crate) fn pdf(_: &[u8]) -> Result<(String, Vec<String>), Reason> {
    Err(super::unsupported("a PDF", "pdf"))
}

#[cfg(feature = "pdf")]
pub(crate) use reading::pdf;

#[cfg(feature = "pdf")]
mod reading {
    use std::borrow::Cow;
    use std::collections::HashSet;

    use pdf_extract::{Document, Object, ObjectId, output_doc_page};

    use super::Reason;
    use crate::UnreadableKind::{Broken, Empty};
    use crate::format::contained::contained;
    use crate::format::pdf_fields::filled_in;
    use crate::format::pdf_repair::{mend_fonts, rebuilt, trimmed};
    use crate::format::pdf_rewrite::rewrite;
    use crate::format::pdf_text::PdfText;

    /// How many gaps are told one by one.
    const MOST_TOLD: usize = 20;

    /// Returns the text of a PDF, and what is missing in it.
    pub(crate) fn pdf(bytes: &[u8]) -> Result<(String, Vec<String>), Reason> {
        let document = rewritten(bytes)?;
        let mut mended = None;
        let (mut text, mut missing, mut pictures) = (String::new(), Vec::new(), Vec::new());
        let mut first_error = None;
        for (number, id) in document.get_pages() {
            let mut read = page(&document, number);
            if read.is_err() {
                let mended = mended.get_or_insert_with(|| {
                    let mut document = document.clone();
                    mend_fonts(&mut document);
                    document
                });
                read = page(mended, number).or(read);
            }
            let fields = contained(|| Ok(filled_in(&document, id))).unwrap_or_default();
            if let (Ok(text), false) = (&mut read, fields.is_empty()) {
                *text = format!("{}\n\n{}", text.trim_end(), fields.join("\n"));
            }
            match read {
                Ok(it) if it.trim().is_empty() && is_damaged(&document, id) => missing.push(number),
                Ok(it) if it.trim().is_empty() && is_picture(&document, id) => {
                    pictures.push(number);
                }
                Ok(it) => {
                    let between = if text.is_empty() { "" } else { "\n\n" };
                    text = text + between + &it;
                }
                Err((_, reason)) => {
                    missing.push(number);
                    first_error.get_or_insert(reason);
                }
            }
        }
        let unknown = text.chars().filter(|it| is_unknown(*it)).count();
        let letters = text.chars().filter(|it| !it.is_whitespace()).count();
        if !text.trim().is_empty() && unknown * 2 <= letters {
            let mut notes = gaps(&missing, "could not be read");
            notes.extend(gaps(&pictures, "holds a picture and no text"));
            if unknown > 0 {
                let what = "letters have no meaning in its fonts; U+FFFD stands for them";
                notes.push(format!("{unknown} {what}"));
            }
            return Ok((text.replace(is_unknown, "\u{fffd}"), notes));
        }
        match first_error {
            Some(reason) => Err((Broken, reason)),
            None => {
                let reason = match unknown {
                    0 => "is a PDF without text; perhaps it holds pictures of pages",
                    _ => "is a PDF whose fonts do not say which letters they show",
                };
                Err((Empty, reason.to_owned()))
            }
        }
    }

    /// Returns whether a letter is none: the font of a page does not say what it looks like.
    fn is_unknown(letter: char) -> bool {
        letter == char::REPLACEMENT_CHARACTER || (letter.is_control() && !letter.is_whitespace())
    }

    /// Returns whether a page shows a picture.
    fn is_picture(document: &Document, page: ObjectId) -> bool {
        let images = contained(|| {
            let images = document.get_page_images(page);
            images
                .map(|it| !it.is_empty())
                .map_err(|error| (Broken, error.to_string()))
        });
        images.unwrap_or(false)
    }

    fn gaps(pages: &[u32], what: &str) -> Vec<String> {
        let told = pages.iter().take(MOST_TOLD);
        let mut notes: Vec<String> = told.map(|number| format!("page {number} {what}")).collect();
        if let Some(more) = pages.len().checked_sub(MOST_TOLD).filter(|it| *it > 0) {
            notes.push(format!("of {more} more pages each {what}"));
        }
        notes
    }

    /// Opens a PDF, with its text written in the ways that the reader knows.
    fn rewritten(bytes: &[u8]) -> Result<Document, Reason> {
        let mut document = open(bytes)?;
        cut_loops(&mut document);
        let result = contained(|| {
            rewrite(&mut document);
            Ok(())
        });
        if result.is_err() {
            // What was being changed is neither the one nor the other.
            document = open(bytes)?;
            cut_loops(&mut document);
        }
        Ok(document)
    }

    /// Opens a PDF; one that lacks what its pages show is looked through for its objects.
    fn open(bytes: &[u8]) -> Result<Document, Reason> {
        let first = match load(trimmed(bytes)) {
            Ok(document) if document.get_pages().is_empty() => {
                Err((Broken, "is a PDF without pages".to_owned()))
            }
            other => other,
        };
        if first.as_ref().is_ok_and(is_whole) {
            return first;
        }
        let again = rebuilt(&trimmed(bytes)).and_then(|it| load(Cow::Owned(it)).ok());
        let again = again.filter(|it| !it.get_pages().is_empty());
        match (again, &first) {
            (Some(again), Err(_)) => Ok(again),
            // The pages of a PDF that is attached are others.
            (Some(again), Ok(read))
                if is_whole(&again) && again.get_pages() == read.get_pages() =>
            {
                Ok(again)
            }
            _ => first,
        }
    }

    fn is_whole(document: &Document) -> bool {
        let mut pages = document.get_pages().into_values();
        !pages.any(|it| lacks_content(document, it))
    }

    /// Returns whether what a page shows is not there.
    fn lacks_content(document: &Document, page: ObjectId) -> bool {
        let named = document.get_dictionary(page);
        let named = named.and_then(|it| document.dereference(it.get(b"Contents")?));
        let contents = document.get_page_contents(page);
        let mut contents = contents.iter().map(|it| document.get_object(*it));
        // A stream whose end is not found is none.
        named.is_ok_and(|it| it.1.as_dict().is_ok())
            || contents.any(|it| it.and_then(Object::as_stream).is_err())
    }

    fn load(bytes: Cow<'_, [u8]>) -> Result<Document, Reason> {
        let broken = |error: &dyn std::fmt::Display| {
            let reason = format!("is no PDF that can be read: {}", first_line(error));
            (Broken, reason)
        };
        contained(|| {
            let mut document = Document::load_mem(&bytes).map_err(|it| broken(&it))?;
            if document.is_encrypted() {
                document.decrypt("").map_err(|it| broken(&it))?;
            }
            Ok(document)
        })
    }

    fn page(document: &Document, number: u32) -> Result<String, Reason> {
        contained(|| {
            let mut text = PdfText::default();
            let read = output_doc_page(document, &mut text, number);
            read.map(|()| text.into_text()).map_err(|error| {
                let reason = format!("is no PDF that can be read: {}", first_line(&error));
                (Broken, reason)
            })
        })
    }

    /// Returns whether what a page shows is missing or cannot be unpacked.
    fn is_damaged(document: &Document, page: ObjectId) -> bool {
        if lacks_content(document, page) {
            return true;
        }
        let contents = document.get_page_contents(page);
        let streams = contents
            .iter()
            .filter_map(|it| document.get_object(*it).ok());
        let mut streams = streams.filter_map(|it| it.as_stream().ok());
        let is_packed = |it: &pdf_extract::Stream| it.dict.has(b"Filter");
        streams.any(|it| {
            let unpacked = contained(|| {
                let unpacked = it.decompressed_content();
                unpacked.map_err(|error| (Broken, error.to_string()))
            });
            is_packed(it) && !it.content.is_empty() && unpacked.map_or(true, |it| it.is_empty())
        })
    }

    /// Cuts pages off that are below themselves: what they inherit is looked for without end.
    fn cut_loops(document: &mut Document) {
        let pages: Vec<ObjectId> = document.get_pages().into_values().collect();
        for page in pages {
            let (mut id, mut seen) = (page, HashSet::new());
            while seen.insert(id) {
                let parent = document.get_dictionary(id).and_then(|it| it.get(b"Parent"));
                let Ok(parent) = parent.and_then(Object::as_reference) else {
                    break;
                };
                if seen.contains(&parent) {
                    if let Ok(node) = document.get_dictionary_mut(id) {
                        node.remove(b"Parent");
                    }
                    break;
                }
                id = parent;
            }
        }
    }

    fn first_line(error: &dyn std::fmt::Display) -> String {
        let text = error.to_string();
        let line = text.lines().next().unwrap_or_default();
        line.chars().take(200).collect()
    }
}
