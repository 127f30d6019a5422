//! One request to a model, as plain data.

use std::fmt::{self, Write as _};
use std::str::FromStr;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{AnswerSchema, Attachment, Columns, Scope};

/// Asks a model for one answer.
///
/// Plain data: it can be stored, compared and sent elsewhere. Everything in it except
/// [`scope`](Self::scope) may change the answer and is part of its [`CallKey`](crate::CallKey).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The standing instructions (the "system prompt"); equal for all requests of an agent.
    pub instructions: Arc<str>,
    /// The conversation, oldest first; ends with what the model should answer.
    pub messages: Vec<Message>,
    /// The shape that the answer must have, if it is not free text.
    pub schema: Option<Arc<AnswerSchema>>,
    /// How tokens are drawn.
    pub sampling: Sampling,
    /// Which independent draw this is. Voter 1 and voter 2 send the same words but are different
    /// samples, so they never share a recorded answer.
    pub sample: u32,
    /// What the request belongs to. Not part of its identity.
    #[serde(skip)]
    pub scope: Scope,
}

/// One turn of a conversation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said, in order.
    pub parts: Vec<Part>,
}

impl Message {
    /// Makes a turn of the user.
    pub fn user(parts: impl Into<Vec<Part>>) -> Self {
        Self {
            role: Role::User,
            parts: parts.into(),
        }
    }

    /// Makes a turn of the model.
    pub fn assistant(text: impl Into<Arc<str>>) -> Self {
        Self {
            role: Role::Assistant,
            parts: vec![Part::Text(text.into())],
        }
    }

    /// Renders the turn as the text that is sent, documents fenced.
    pub fn to_text(&self) -> String {
        let length = |part: &Part| match part {
            Part::Text(text) => text.len(),
            Part::Document(it) => it.text.len() + it.id.len(),
        };
        // What is around them in most.
        let room = self.parts.iter().map(|it| length(it) + 100).sum();
        let mut text = String::with_capacity(room);
        for (n, part) in self.parts.iter().enumerate() {
            let gap = if n == 0 { "" } else { "\n\n" };
            // Writing to a string never fails.
            let _ = write!(text, "{gap}{part}");
        }
        text
    }
}

/// The speaker of a [`Message`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The person or program that asks.
    User,
    /// The model.
    Assistant,
}

/// A piece of a message: words of ours, or somebody else's document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Words of the asking program.
    Text(Arc<str>),
    /// Material to work on. It is fenced when rendered, since it may contain anything.
    Document(Document),
}

impl Part {
    /// Returns the picture or file that belongs to it, if any does.
    pub fn attachment(&self) -> Option<&Attachment> {
        match self {
            Self::Text(_) => None,
            Self::Document(document) => document.attachment.as_ref(),
        }
    }

    /// Makes a text part.
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Self::Text(text.into())
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Document(document) => document.fmt(f),
        }
    }
}

/// A piece of source material with a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Names the document within its run; given by us, never by a model.
    pub id: String,
    /// The whole text; empty, if it is a picture or a file.
    pub text: Arc<str>,
    /// Where in a larger whole it stands, such as the headings above it: sent with the text, but no
    /// part of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<Arc<str>>,
    /// What it is, if it is no text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attachment: Option<Attachment>,
    /// Columns of the row that it is, if some are to come back with what is answered about it: no part of
    /// what is sent.
    #[serde(skip)]
    pub columns: Option<Columns>,
}

impl Document {
    /// Makes a document.
    pub fn new(id: impl Into<String>, text: impl Into<Arc<str>>) -> Self {
        Self {
            id: id.into(),
            text: text.into(),
            context: None,
            attachment: None,
            columns: None,
        }
    }

    /// Makes a document that is no text, but a picture or a file.
    pub fn attached(id: impl Into<String>, attachment: Attachment) -> Self {
        Self {
            attachment: Some(attachment),
            ..Self::new(id, "")
        }
    }

    /// Says where in a larger whole the text stands.
    #[must_use]
    pub fn context(mut self, context: impl Into<Arc<str>>) -> Self {
        self.context = Some(context.into());
        self
    }

    /// Counts the words (runs of characters between white space).
    pub fn word_count(&self) -> u64 {
        if !self.text.is_ascii() {
            return self.text.split_whitespace().count() as u64;
        }
        // From tab to carriage return, as Unicode has it.
        let is_blank = |it: u8| it == b' ' || it.wrapping_sub(b'\t') < 5;
        let bytes = self.text.as_bytes();
        let first = bytes.first().is_some_and(|it| !is_blank(*it));
        // Pieces whose count fits a byte, so that sixteen bytes are looked at at once.
        let next = bytes.get(1..).unwrap_or_default().chunks(128);
        let pieces = bytes.chunks(128).zip(next).map(|(before, piece)| {
            let pairs = before.iter().zip(piece);
            let begins = |(before, it): (&u8, &u8)| u8::from(is_blank(*before) & !is_blank(*it));
            u64::from(pairs.map(begins).sum::<u8>())
        });
        u64::from(first) + pieces.sum::<u64>()
    }
}

/// Writes the document between two fences that its text cannot forge: they carry a digest of it,
/// longer if the text contains even that. Of what is no text it is said that it is attached; providers
/// are sent it behind that.
impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let follows = self.attachment.as_ref().map(|it| {
            (
                blake3::Hash::from_bytes(*it.digest()),
                format!("(attached: {})", it.media_type()),
            )
        });
        let (digest, text) = match &follows {
            Some((digest, words)) => (digest.to_hex(), words.as_str()),
            None => (blake3::hash(self.text.as_bytes()).to_hex(), &*self.text),
        };
        // Eight digits can be hit by trying; what was hit is in the text, and no longer used.
        let mut lengths = [8, 16, 32].into_iter().map(|it| &digest.as_str()[..it]);
        let fence = lengths.find(|it| !text.contains(it));
        let fence = fence.unwrap_or(&digest);
        let text = text.trim_end_matches('\n');
        write!(f, "<document-{fence} id={}", quoted(&self.id)?)?;
        if let Some(context) = &self.context {
            write!(f, " context={}", quoted(context)?)?;
        }
        write!(f, ">\n{text}\n</document-{fence}>")
    }
}

/// Quotes an attribute. With its angle brackets escaped, none can close the tag or look like another
/// one.
fn quoted(text: &str) -> Result<String, fmt::Error> {
    let json = serde_json::to_string(text).map_err(|_| fmt::Error)?;
    Ok(match json.contains(['<', '>']) {
        true => json.replace('<', "\\u003c").replace('>', "\\u003e"),
        false => json,
    })
}

/// How tokens are drawn; what is `None` is left to the provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sampling {
    /// Randomness, 0 (least) to 2.
    pub temperature: Option<f32>,
    /// Share of the probability mass to draw from, 0 to 1.
    pub top_p: Option<f32>,
    /// Upper bound of the answer's length in tokens, hidden reasoning included.
    pub max_output_tokens: Option<u32>,
    /// Seed of the draw. Adapters send it plus the sample number, so samples stay different.
    pub seed: Option<i64>,
    /// How long the model is to think before it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effort: Option<Effort>,
}

/// How long a model is to think before it answers, in one vocabulary for all providers. A model that does
/// not know one is asked with the nearest that it knows, or as it is used to, and that is said.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Effort {
    /// Not at all.
    None,
    /// As little as it can.
    Minimal,
    /// Little.
    Low,
    /// As long as most do by themselves.
    Medium,
    /// Long.
    High,
    /// As long as it can.
    Max,
}

impl Effort {
    /// All of them, in rising order.
    pub const ALL: [Self; 6] = [
        Self::None,
        Self::Minimal,
        Self::Low,
        Self::Medium,
        Self::High,
        Self::Max,
    ];

    /// Returns the word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Max => "max",
        }
    }
}

impl fmt::Display for Effort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Effort {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|it| it.name() == text);
        found.ok_or_else(|| "expected none, minimal, low, medium, high or max".to_owned())
    }
}
