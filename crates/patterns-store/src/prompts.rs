//! What calls were asked: kept compressed, and what all calls of an agent are told only once.
//!
//! The thread that writes compresses, so that nobody who waits for an answer waits for that. A prompt is only
//! ever shown; nothing is answered from it, so it has no digest of its own.

use std::borrow::Cow;
use std::io;
use std::sync::Arc;

use patterns_core::{AnswerSchema, Document, Message, Part, Request, Sampling};
use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};
use zstd::bulk::{Compressor, Decompressor};

use crate::error::{StoreError, StoreErrorKind};

/// The fastest that zstd calls a level of compression.
const LEVEL: i32 = 1;

/// What is shorter is kept as it is: compressing it would cost more than all else of its row, for a few
/// bytes.
const WORTH_IT: usize = 512;

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
        let messages = match request.messages.iter().any(has_attachment) {
            true => Cow::Owned(request.messages.iter().map(without_bytes).collect()),
            false => Cow::Borrowed(&request.messages[..]),
        };
        let rest = RestRef {
            messages: &messages,
            sampling: request.sampling,
            sample: request.sample,
        };
        Self {
            instructions: Arc::clone(&request.instructions),
            schema: request.schema.clone(),
            // Texts and numbers always have a written form.
            rest: serde_json::to_vec(&rest).unwrap_or_default(),
        }
    }
}

fn has_attachment(message: &Message) -> bool {
    let mut parts = message.parts.iter();
    parts.any(|it| it.attachment().is_some())
}

/// Returns a message with the size and digest of each attachment in its place: pictures would make a store
/// many times as large, and their files are the user's.
fn without_bytes(message: &Message) -> Message {
    let parts = message.parts.iter().map(|part| match part {
        Part::Document(document) => Part::Document(match &document.attachment {
            None => document.clone(),
            Some(it) => Document {
                attachment: None,
                text: format!(
                    "[{}, {} bytes, BLAKE3 {}]\n{}",
                    it.media_type().name(),
                    it.bytes().len(),
                    blake3::Hash::from_bytes(*it.digest()).to_hex(),
                    document.text
                )
                .into(),
                ..document.clone()
            },
        }),
        part => part.clone(),
    });
    Message {
        role: message.role,
        parts: parts.collect(),
    }
}

/// What all calls of an agent are told.
#[derive(Serialize, Deserialize)]
struct Frame {
    instructions: Arc<str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    schema: Option<Arc<AnswerSchema>>,
}

/// What one call was asked within its frame.
#[derive(Deserialize)]
struct Rest {
    messages: Vec<Message>,
    #[serde(default)]
    sampling: Sampling,
    #[serde(default)]
    sample: u32,
}

#[derive(Serialize)]
struct RestRef<'a> {
    messages: &'a [Message],
    sampling: Sampling,
    sample: u32,
}

/// Writes prompts, and remembers which frames are written.
#[derive(Default)]
pub(crate) struct Prompts {
    compressor: Option<Compressor<'static>>,
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

    fn pack(&mut self, json: &[u8]) -> Result<Vec<u8>, StoreError> {
        if json.len() < WORTH_IT {
            return Ok(json.to_vec());
        }
        let compressor = match &mut self.compressor {
            Some(compressor) => compressor,
            none => none.insert(Compressor::new(LEVEL)?),
        };
        Ok(compressor.compress(json)?)
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
    let frame: Frame = read_json(&frame)?;
    let rest: Rest = read_json(&rest)?;
    Ok(Some(Request {
        instructions: frame.instructions,
        schema: frame.schema,
        messages: rest.messages,
        sampling: rest.sampling,
        sample: rest.sample,
        ..Request::default()
    }))
}

fn read_json<T: for<'de> Deserialize<'de>>(packed: &[u8]) -> Result<T, StoreError> {
    serde_json::from_slice(&unpack(packed)?).map_err(|error| {
        let detail = "a prompt is not what was written";
        StoreError::new(StoreErrorKind::Damaged, detail).with_source(error)
    })
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
