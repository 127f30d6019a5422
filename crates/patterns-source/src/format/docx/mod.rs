//! The text of DOCX files: paragraphs, headings and tables as Markdown, notes, headers and footers.

#[cfg(feature = "docx")]
mod attribute;
#[cfg(feature = "docx")]
mod mark;
#[cfg(feature = "docx")]
mod numbering;
#[cfg(feature = "docx")]
mod page;
#[cfg(feature = "docx")]
mod paragraph;
#[cfg(feature = "docx")]
mod styles;
#[cfg(feature = "docx")]
mod symbol;
#[cfg(feature = "docx")]
mod table;

use super::Reason;
use crate::Limits;

#[cfg(not(feature = "docx"))]
pub(crate) fn docx(_: Vec<u8>, _: Limits) -> Result<(String, Vec<String>), Reason> {
    Err(super::unsupported("a DOCX", "docx"))
}

#[cfg(feature = "docx")]
pub(crate) use reading::docx;

#[cfg(feature = "docx")]
mod reading {
    use std::io::{Cursor, Read};

    use quick_xml::Reader;
    use quick_xml::events::Event;
    use zip::ZipArchive;

    use super::attribute::attribute;
    use super::numbering::Numbering;
    use super::page::text;
    use super::styles::Styles;
    use super::{Limits, Reason};
    use crate::UnreadableKind::{Broken, Empty, TooLarge};
    use crate::decode::{declared, decode};

    /// Where the text is if nothing says where.
    const BODY: &str = "word/document.xml";

    /// The archive. What is read is unpacked in memory, nothing to the disk.
    struct Archive {
        zip: ZipArchive<Cursor<Vec<u8>>>,
        /// How much may still come out of it.
        left: u64,
        most: u64,
    }

    /// More headers or footers than this are nothing that anybody wrote.
    const MOST_BESIDE: usize = 1000;

    /// Returns the text of a DOCX, and what of it was not read.
    pub(crate) fn docx(bytes: Vec<u8>, limits: Limits) -> Result<(String, Vec<String>), Reason> {
        let packed = (bytes.len() as u64).saturating_mul(limits.ratio);
        let most = limits.file.min(packed.max(limits.document));
        let zip = ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken(&error))?;
        let left = most;
        let mut archive = Archive { zip, left, most };
        let body = archive.body()?;
        let folder = body.rsplit_once('/').map_or("", |(folder, _)| folder);
        let part = |name: &str| match folder {
            "" => name.to_owned(),
            folder => format!("{folder}/{name}"),
        };
        let styles = archive.part(&part("styles.xml"))?.unwrap_or_default();
        let numbering = archive.part(&part("numbering.xml"))?.unwrap_or_default();
        // The text is there without them.
        let numbering = Numbering::read(&numbering);
        let has_numbers = numbering.is_ok();
        let styles = Styles::read(&styles, numbering.unwrap_or_default());
        let styles = styles.map_err(|error| broken(&error))?;
        let Some(xml) = archive.part(&body)? else {
            return Err(broken(&format!("there is no {body} in it")));
        };
        let mut page = archive.beside(&part("header"), &styles)?;
        page += &text(&xml, &styles).map_err(|error| broken(&error))?;
        for notes in ["footnotes.xml", "endnotes.xml"] {
            if let Some(xml) = archive.part(&part(notes))? {
                page += &text(&xml, &styles).map_err(|error| broken(&error))?;
            }
        }
        page += &archive.beside(&part("footer"), &styles)?;
        if page.trim().is_empty() {
            return Err((Empty, "is a DOCX without text".to_owned()));
        }
        let mut unread = archive.unread(folder);
        let comments = archive.part(&part("comments.xml"))?;
        if comments.is_some_and(|it| it.contains(":comment ")) {
            unread.insert(0, "comments");
        }
        if xml.contains(":altChunk") {
            unread.push("files that are put into it");
        }
        if !has_numbers {
            unread.push("the numbers of lists, which are damaged");
        }
        let note = format!("not read of it: {}", unread.join(", "));
        let notes = (!unread.is_empty()).then_some(note);
        Ok((page, notes.into_iter().collect()))
    }

    fn broken(error: &dyn std::fmt::Display) -> Reason {
        (Broken, format!("is no DOCX that can be read: {error}"))
    }

    impl Archive {
        /// Returns a part as text, if there is one of this name.
        fn part(&mut self, name: &str) -> Result<Option<String>, Reason> {
            // Names of parts are the same in any case.
            let named = self.zip.file_names().flatten();
            let named = named.filter(|it| it.eq_ignore_ascii_case(name));
            let named = named.map(std::borrow::Cow::into_owned).next();
            let Some(name) = named else {
                return Ok(None);
            };
            let part = self.zip.by_name(&name).map_err(|error| broken(&error))?;
            let mut xml = Vec::new();
            part.take(self.left + 1)
                .read_to_end(&mut xml)
                .map_err(|error| broken(&error))?;
            let Some(left) = self.left.checked_sub(xml.len() as u64) else {
                let reason = format!("expands to more than {} bytes", self.most);
                return Err((TooLarge, reason));
            };
            self.left = left;
            let text = decode(&xml, None, declared(&xml, false));
            Ok(Some(text.map_err(|reason| (Broken, reason))?.text))
        }

        /// Returns the name of the part with the text: Word Online calls it `document2.xml`.
        fn body(&mut self) -> Result<String, Reason> {
            let Some(xml) = self.part("_rels/.rels")? else {
                return Ok(BODY.to_owned());
            };
            let mut reader = Reader::from_str(&xml);
            loop {
                match reader.read_event().map_err(|error| broken(&error))? {
                    Event::Start(tag) | Event::Empty(tag) => {
                        let is_body = attribute(&tag, "Type")
                            .is_some_and(|it| it.ends_with("/relationships/officeDocument"));
                        if let Some(target) = attribute(&tag, "Target").filter(|_| is_body) {
                            return Ok(target.trim_start_matches(['.', '/']).to_owned());
                        }
                    }
                    Event::Eof => return Ok(BODY.to_owned()),
                    _ => {}
                }
            }
        }

        /// Returns what parts beside the text say that is not read.
        fn unread(&self, folder: &str) -> Vec<&'static str> {
            let has = |start: &str| {
                let start = format!("{folder}/{start}").to_ascii_lowercase();
                let start = start.trim_start_matches('/');
                let mut names = self.zip.file_names().flatten();
                names.any(|it| it.to_ascii_lowercase().starts_with(start))
            };
            let kinds = [("charts/", "charts"), ("diagrams/", "diagrams (SmartArt)")];
            let there = kinds.into_iter().filter(|(start, _)| has(start));
            there.map(|(_, what)| what).collect()
        }

        /// Returns the texts of the headers or footers, each of them once.
        fn beside(&mut self, start: &str, styles: &Styles) -> Result<String, Reason> {
            let names = self.zip.file_names().flatten();
            let names = names.map(std::borrow::Cow::into_owned);
            let starts = |it: &str| {
                it.get(..start.len())
                    .is_some_and(|it| it.eq_ignore_ascii_case(start))
            };
            let is_such = |it: &String| starts(it) && it.ends_with(".xml");
            let mut names: Vec<String> = names.filter(is_such).collect();
            names.sort();
            let mut texts: Vec<String> = Vec::new();
            for name in names.iter().take(MOST_BESIDE) {
                if let Some(xml) = self.part(name)? {
                    let found = text(&xml, styles).map_err(|error| broken(&error))?;
                    if !texts.contains(&found) {
                        texts.push(found);
                    }
                }
            }
            Ok(texts.concat())
        }
    }
}
