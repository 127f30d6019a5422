//! What calls were asked: kept compressed, and what all calls of an agent are told only once.
//!
//! The thread that writes compresses, so that nobody who waits for an answer waits for that. A prompt is only
//! ever shown; nothing is answered from it, so it has no digest of its own.
//!
//! Texts stand as they are behind the JSON that says whose they are: to escape them costs as much as all else
//! that the thread of the run does for the store. Older versions have written them into the JSON.

use std::borrow::Cow;
use std::io;
use std::sync::Arc;

use patterns_core::{AnswerSchema, Document, Message, Part, Request, Sampling};
use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};
use zstd::bulk::{Compressor, Decompressor};

use crate::error::{StoreError, StoreErrorKind};
use crate::record::model_number;

/// The fastest that zstd calls a level of compression.
const LEVEL: i32 = 1;

/// What is shorter than a page of the database is kept as it is: compressing it would cost more than all else
/// that is written of its call, and save half a page.
const WORTH_IT: usize = 4096;

/// How compressed texts begin, and JSON never does.
const MAGIC: [u8; 4] = zstd::zstd_safe::MAGICNUMBER.to_le_bytes();

/// The most that a text may be when it is unpacked; what is larger was not written here.
const MOST_BYTES: usize = 1 << 30;

/// So many frames are remembered: more than a run has agents.
const FRAMES: usize = 16;

/// What is kept of a request: one piece of memory beside what all calls of its agent share.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    instructions: Arc<str>,
    schema: Option<Arc<AnswerSchema>>,
    /// The rest of it, as JSON.
    rest: Vec<u8>,
}

impl Asked {
    pub(crate) fn of(request: &Request) -> Self {
        let mut texts = Vec::new();
        let parts = request.messages.iter().map(|message| Message {
            role: message.role,
            parts: message
                .parts
                .iter()
                .map(|it| bare(it, &mut texts))
                .collect(),
        });
        let rest = Rest {
            messages: parts.collect(),
            sampling: request.sampling,
            sample: request.sample,
            texts: texts.iter().map(|it| it.len()).collect(),
        };
        let length: usize = rest.texts.iter().sum();
        let mut written = Vec::with_capacity(length + 512);
        // Texts and numbers always have a written form.
        let _ = serde_json::to_writer(&mut written, &rest);
        texts
            .iter()
            .for_each(|it| written.extend_from_slice(it.as_bytes()));
        Self {
            instructions: Arc::clone(&request.instructions),
            schema: request.schema.clone(),
            rest: written,
        }
    }
}

/// Returns a part without its text, which is added to the others. Of an attachment, the size and digest are
/// its text: pictures would make a store many times as large, and their files are the user's.
fn bare(part: &Part, texts: &mut Vec<Arc<str>>) -> Part {
    let document = match part {
        Part::Text(text) => {
            texts.push(Arc::clone(text));
            return Part::Text(Arc::default());
        }
        Part::Document(document) => document,
    };
    texts.push(match &document.attachment {
        None => Arc::clone(&document.text),
        Some(it) => format!(
            "[{}, {} bytes, BLAKE3 {}]\n{}",
            it.media_type().name(),
            it.bytes().len(),
            blake3::Hash::from_bytes(*it.digest()).to_hex(),
            document.text
        )
        .into(),
    });
    Part::Document(Document {
        id: document.id.clone(),
        text: Arc::default(),
        context: document.context.clone(),
        attachment: None,
        columns: None,
    })
}

/// What all calls of an agent are told.
#[derive(Serialize, Deserialize)]
struct Frame {
    instructions: Arc<str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    schema: Option<Arc<AnswerSchema>>,
}

/// What one call was asked within its frame.
#[derive(Serialize, Deserialize)]
struct Rest {
    messages: Vec<Message>,
    #[serde(default)]
    sampling: Sampling,
    #[serde(default)]
    sample: u32,
    /// How many bytes the text of each part has; the texts follow. None, if they are in the parts.
    #[serde(default)]
    texts: Vec<usize>,
}

impl Rest {
    /// Reads it, and the texts behind it.
    fn read(packed: &[u8]) -> Result<Self, StoreError> {
        let bytes = unpack(packed)?;
        let mut json = serde_json::Deserializer::from_slice(&bytes).into_iter::<Self>();
        let mut rest = json
            .next()
            .transpose()
            .map_err(|it| damaged().with_source(it))?;
        let (Some(it), end) = (&mut rest, json.byte_offset()) else {
            return Err(damaged());
        };
        it.take_texts(&bytes[end..]).ok_or_else(damaged)?;
        rest.ok_or_else(damaged)
    }

    fn take_texts(&mut self, mut behind: &[u8]) -> Option<()> {
        let parts = self.messages.iter_mut().flat_map(|it| &mut it.parts);
        for (part, length) in parts.zip(&self.texts) {
            let (text, rest) = behind.split_at_checked(*length)?;
            let text = Arc::from(std::str::from_utf8(text).ok()?);
            match part {
                Part::Text(it) => *it = text,
                Part::Document(it) => it.text = text,
            }
            behind = rest;
        }
        behind.is_empty().then_some(())
    }
}

fn damaged() -> StoreError {
    StoreError::new(StoreErrorKind::Damaged, "a prompt is not what was written")
}

/// Writes prompts, and remembers which frames and models are written.
#[derive(Default)]
pub(crate) struct Prompts {
    compressor: Option<Compressor<'static>>,
    /// Models by their numbers: whatever is removed, their names stay.
    models: Vec<(Arc<str>, i64)>,
    frames: Vec<(Arc<str>, Option<Arc<AnswerSchema>>, FrameRow)>,
}

/// Where a frame is. Its number alone would not do: another process may have cleaned up, and given the number
/// to another frame.
#[derive(Clone, Copy)]
struct FrameRow {
    id: i64,
    digest: blake3::Hash,
}

impl Prompts {
    /// Returns the number of a model.
    pub(crate) fn model(
        &mut self,
        connection: &Connection,
        name: &Arc<str>,
    ) -> rusqlite::Result<i64> {
        if let Some((_, number)) = self.models.iter().find(|it| it.0 == *name) {
            return Ok(*number);
        }
        let number = model_number(connection, name)?;
        if self.models.len() == FRAMES {
            self.models.remove(0);
        }
        self.models.push((Arc::clone(name), number));
        Ok(number)
    }

    /// Writes what was asked and returns its number.
    pub(crate) fn keep(
        &mut self,
        connection: &Connection,
        asked: &Asked,
    ) -> Result<i64, StoreError> {
        let text = self.pack(&asked.rest)?;
        let insert = "INSERT INTO prompts (frame, text) SELECT id, ?3 FROM frames \
            WHERE id = ?1 AND digest = ?2";
        let mut insert = connection.prepare_cached(insert)?;
        let mut write = |it: FrameRow| insert.execute((it.id, it.digest.as_bytes(), &text));
        if write(self.frame(connection, asked)?)? == 0 {
            // Another process has cleaned up meanwhile.
            self.frames.clear();
            write(self.frame(connection, asked)?)?;
        }
        Ok(connection.last_insert_rowid())
    }

    fn frame(&mut self, connection: &Connection, asked: &Asked) -> Result<FrameRow, StoreError> {
        let is_same = |schema: &Option<Arc<AnswerSchema>>| match (schema, &asked.schema) {
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            (one, other) => one.is_none() && other.is_none(),
        };
        let mut frames = self.frames.iter();
        let known = frames.find(|it| Arc::ptr_eq(&it.0, &asked.instructions) && is_same(&it.1));
        if let Some((.., row)) = known {
            return Ok(*row);
        }
        let frame = Frame {
            instructions: Arc::clone(&asked.instructions),
            schema: asked.schema.clone(),
        };
        let frame = serde_json::to_vec(&frame).unwrap_or_default();
        let digest = blake3::hash(&frame);
        let select = "SELECT id FROM frames WHERE digest = ?1";
        let select = connection.query_row(select, [digest.as_bytes()], |row| row.get(0));
        let id = match select.optional()? {
            Some(id) => id,
            None => {
                let insert = "INSERT INTO frames (digest, text) VALUES (?1, ?2)";
                connection.execute(insert, (digest.as_bytes(), self.pack(&frame)?))?;
                connection.last_insert_rowid()
            }
        };
        if self.frames.len() == FRAMES {
            self.frames.remove(0);
        }
        let row = FrameRow { id, digest };
        let frame = (Arc::clone(&asked.instructions), asked.schema.clone(), row);
        self.frames.push(frame);
        Ok(row)
    }

    fn pack<'a>(&mut self, text: &'a [u8]) -> Result<Cow<'a, [u8]>, StoreError> {
        if text.len() < WORTH_IT {
            return Ok(text.into());
        }
        let compressor = match &mut self.compressor {
            Some(compressor) => compressor,
            none => none.insert(Compressor::new(LEVEL)?),
        };
        Ok(compressor.compress(text)?.into())
    }
}

/// Reads a prompt, if it is there.
pub(crate) fn read(connection: &Connection, prompt: i64) -> Result<Option<Request>, StoreError> {
    let select = "SELECT frames.text, prompts.text FROM prompts JOIN frames \
        ON frames.id = prompts.frame WHERE prompts.id = ?1";
    let mut select = connection.prepare_cached(select)?;
    let row = select.query_row([prompt], |row| {
        Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Vec<u8>>(1)?))
    });
    let Some((frame, rest)) = row.optional()? else {
        return Ok(None);
    };
    let frame = serde_json::from_slice(&unpack(&frame)?);
    let frame: Frame = frame.map_err(|error| damaged().with_source(error))?;
    let rest = Rest::read(&rest)?;
    Ok(Some(Request {
        instructions: frame.instructions,
        schema: frame.schema,
        messages: rest.messages,
        sampling: rest.sampling,
        sample: rest.sample,
        ..Request::default()
    }))
}

/// Compresses a text.
pub(crate) fn pack(text: &[u8]) -> Result<Vec<u8>, StoreError> {
    Ok(Compressor::new(LEVEL)?.compress(text)?)
}

/// Returns what was compressed.
pub(crate) fn unpack(packed: &[u8]) -> Result<Vec<u8>, StoreError> {
    let damaged = |error: io::Error| {
        let detail = "a compressed text is not what was written";
        StoreError::new(StoreErrorKind::Damaged, detail).with_source(error)
    };
    if !packed.starts_with(&MAGIC) {
        return Ok(packed.to_vec());
    }
    let most = Decompressor::upper_bound(packed).unwrap_or(MOST_BYTES);
    let mut decompressor = Decompressor::new().map_err(damaged)?;
    decompressor
        .decompress(packed, most.min(MOST_BYTES))
        .map_err(damaged)
}

/// Removes what was asked in calls that are gone; all of it, if `all`.
pub(crate) fn clean_up(connection: &Connection, all: bool) -> Result<(), StoreError> {
    if all {
        connection.execute_batch(
            "UPDATE calls SET prompt = NULL WHERE prompt IS NOT NULL; \
             UPDATE run_calls SET prompt = NULL WHERE prompt IS NOT NULL;",
        )?;
    }
    connection.execute_batch(
        "DELETE FROM prompts WHERE id NOT IN (SELECT prompt FROM calls WHERE prompt IS NOT NULL \
         UNION ALL SELECT prompt FROM run_calls WHERE prompt IS NOT NULL); \
         DELETE FROM frames WHERE id NOT IN (SELECT frame FROM prompts);",
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::in_memory;

    fn request(text: &str) -> Request {
        let document = Document::new("a \"b\"", text).context("§ 1");
        Request {
            instructions: "Say \"why\".".into(),
            messages: vec![
                Message::user([
                    Part::text("\u{0} {\"texts\": [1]}"),
                    Part::Document(document),
                ]),
                Message::assistant(""),
                Message::user([Part::text("éü\n")]),
            ],
            sample: 3,
            ..Request::default()
        }
    }

    fn stored(connection: &Connection, request: &Request) -> (i64, Vec<u8>) {
        let mut prompts = Prompts::default();
        let number = prompts.keep(connection, &Asked::of(request)).unwrap();
        let select = "SELECT text FROM prompts WHERE id = ?1";
        let text = connection.query_row(select, [number], |row| row.get(0));
        (number, text.unwrap())
    }

    #[test]
    fn what_was_asked_is_read_as_it_was() {
        let connection = in_memory().unwrap();
        for text in ["", "short", &"long, with \"quotes\" in it\n".repeat(1_000)] {
            let asked = request(text);
            let (number, written) = stored(&connection, &asked);
            assert_eq!(read(&connection, number).unwrap(), Some(asked));
            let is_long = text.len() > WORTH_IT;
            assert_eq!(written.starts_with(&MAGIC), is_long, "{} bytes", text.len());
            assert!(written.len() < WORTH_IT, "{} bytes", written.len());
        }
    }

    #[test]
    fn what_older_versions_have_written_is_read() {
        let connection = in_memory().unwrap();
        let asked = request("text");
        let (number, _) = stored(&connection, &asked);
        let older = serde_json::json!({
            "messages": asked.messages, "sampling": asked.sampling, "sample": asked.sample,
        });
        let older = serde_json::to_vec(&older).unwrap();
        let pack = |text: &[u8]| super::pack(text).unwrap();
        for written in [pack(&older), older] {
            let update = "UPDATE prompts SET text = ?2 WHERE id = ?1";
            connection.execute(update, (number, written)).unwrap();
            assert_eq!(read(&connection, number).unwrap(), Some(asked.clone()));
        }
    }

    #[test]
    fn what_is_cut_short_or_longer_is_damaged() {
        let connection = in_memory().unwrap();
        let (number, written) = stored(&connection, &request("text"));
        let longer = [&written[..], b"x"].concat();
        let lengths = [0, 1, written.len() / 2, written.len() - 1];
        let cut = lengths.map(|it| written[..it].to_vec());
        for damaged in cut.into_iter().chain([longer]) {
            let update = "UPDATE prompts SET text = ?2 WHERE id = ?1";
            connection.execute(update, (number, &damaged)).unwrap();
            let error = read(&connection, number).unwrap_err();
            assert_eq!(error.kind(), StoreErrorKind::Damaged);
        }
    }
}
