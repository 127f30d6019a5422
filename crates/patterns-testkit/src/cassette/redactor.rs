//! Takes out of a text what must not be written into a file that is committed.

use std::fmt;
use std::sync::Arc;

use patterns_core::{Document, Message, ModelId, Part, Request};

/// Takes secrets and personal data out of every text before it is written into a cassette.
///
/// A call is found by what is left of it, so a replay needs the redactor of its recording. It can
/// also make equal what differs from run to run, such as a date. What it leaves behind must stay as
/// it is when redacted again: a replayed answer may be part of the next request.
///
/// ```
/// use patterns_testkit::Redactor;
///
/// let no_name = Redactor::new(|text| text.replace("Ada Lovelace", "<customer>"));
/// let made_up = Redactor::none_because("all tickets in these tests are made up");
/// ```
#[derive(Clone)]
pub struct Redactor(Kind);

#[derive(Clone)]
enum Kind {
    By(Arc<dyn Fn(&str) -> String + Send + Sync>),
    NoneBecause(Arc<str>),
}

impl Redactor {
    /// Makes a redactor that is given every text and returns what may be written of it.
    pub fn new(redact: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        Self(Kind::By(Arc::new(redact)))
    }

    /// Writes everything as it is. The reason is in the first line of the cassette, for whoever
    /// reviews it.
    pub fn none_because(reason: impl Into<Arc<str>>) -> Self {
        Self(Kind::NoneBecause(reason.into()))
    }

    /// Returns why nothing is redacted, if that is so.
    pub(super) fn reason(&self) -> Option<&str> {
        match &self.0 {
            Kind::By(_) => None,
            Kind::NoneBecause(reason) => Some(reason),
        }
    }

    pub(super) fn text(&self, text: &str) -> String {
        match &self.0 {
            Kind::By(redact) => redact(text),
            Kind::NoneBecause(_) => text.to_owned(),
        }
    }

    pub(super) fn model(&self, id: &ModelId) -> ModelId {
        ModelId {
            provider: self.text(&id.provider),
            model: self.text(&id.model),
            endpoint: id.endpoint.as_deref().map(|it| self.text(it)),
            extra: id.extra.as_deref().map(|it| self.text(it)),
        }
    }

    /// Returns the request with all its texts redacted. The schema stays: of it, only a digest is
    /// written.
    pub(super) fn request(&self, request: &Request) -> Request {
        let messages = request.messages.iter().map(|it| Message {
            role: it.role,
            parts: it.parts.iter().map(|part| self.part(part)).collect(),
        });
        Request {
            instructions: self.text(&request.instructions).into(),
            messages: messages.collect(),
            ..request.clone()
        }
    }

    fn part(&self, part: &Part) -> Part {
        match part {
            Part::Text(text) => Part::text(self.text(text)),
            Part::Document(it) => {
                let document = Document::new(self.text(&it.id), self.text(&it.text));
                Part::Document(Document {
                    attachment: it.attachment.clone(),
                    ..document
                })
            }
        }
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Redactor").field(&self.reason()).finish()
    }
}
