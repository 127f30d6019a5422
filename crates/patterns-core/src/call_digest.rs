//! Makes the key of a call: digests what was asked of whom.

use crate::{Attachment, CallKey, Message, ModelId, Part, Request, Role, Sampling};

impl CallKey {
    /// Returns the key of `request` when `model` answers it.
    pub fn of(model: &ModelId, request: &Request) -> Self {
        // The context string names the version of this encoding; changing what is hashed, or
        // how, must change it too, or old records would answer new questions.
        const CONTEXT: &str = "patterns 2026-11-23 call key v1";
        let mut encoder = Encoder(Vec::with_capacity(USUAL));
        encoder.model(model);
        encoder.text(&request.instructions);
        encoder.number(request.messages.len() as u64);
        for message in &request.messages {
            encoder.message(message);
        }
        encoder.optional(request.schema.as_deref(), |encoder, schema| {
            encoder.0.extend(schema.digest());
        });
        encoder.sampling(request.sampling);
        encoder.number(request.sample.into());
        // What was added later stands at the end, and only where it is set: the other keys are what they
        // were.
        if let Some(effort) = request.sampling.effort {
            encoder.text(effort.name());
        }
        Self::from_bytes(blake3::derive_key(CONTEXT, &encoder.0))
    }
}

/// Bytes that most requests take at most. They are put together before they are digested, as there are many
/// small ones.
const USUAL: usize = 4096;

/// Writes requests so that different ones are different bytes: every text has its length before it, every
/// choice a number.
struct Encoder(Vec<u8>);

impl Encoder {
    fn model(&mut self, model: &ModelId) {
        // Not `model.to_string()`: names may contain `:` and `@`.
        let ModelId {
            provider,
            model,
            endpoint,
            extra,
        } = model;
        self.text(provider);
        self.text(model);
        // Without more that is sent the encoding is what it was before there was any: 0 or 1.
        self.number(u64::from(endpoint.is_some()) + 2 * u64::from(extra.is_some()));
        for text in [endpoint, extra].into_iter().flatten() {
            self.text(text);
        }
    }

    fn message(&mut self, Message { role, parts }: &Message) {
        self.number(match role {
            Role::User => 0,
            Role::Assistant => 1,
        });
        self.number(parts.len() as u64);
        for part in parts {
            match part {
                Part::Text(text) => {
                    self.number(0);
                    self.text(text);
                }
                Part::Document(document) => {
                    if let Some(attachment) = &document.attachment {
                        self.attachment(attachment);
                    }
                    // Without a context the encoding is what it was before there were any.
                    self.number(if document.context.is_some() { 2 } else { 1 });
                    self.text(&document.id);
                    self.text(&document.text);
                    if let Some(context) = &document.context {
                        self.text(context);
                    }
                }
            }
        }
    }

    /// What a text has before it, if it has an attachment, is a number that no text has.
    fn attachment(&mut self, attachment: &Attachment) {
        self.number(3);
        self.text(attachment.media_type().name());
        self.0.extend(attachment.digest());
    }

    fn sampling(&mut self, sampling: Sampling) {
        let Sampling {
            temperature,
            top_p,
            max_output_tokens,
            seed,
            // At the end.
            effort: _,
        } = sampling;
        let bits = |number: f32| u64::from(number.to_bits());
        self.optional(temperature.map(bits), Self::number);
        self.optional(top_p.map(bits), Self::number);
        self.optional(max_output_tokens.map(u64::from), Self::number);
        self.optional(seed.map(i64::cast_unsigned), Self::number);
    }

    fn optional<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.number(value.is_some().into());
        if let Some(value) = value {
            write(self, value);
        }
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.extend(text.as_bytes());
    }

    fn number(&mut self, number: u64) {
        self.0.extend(number.to_le_bytes());
    }
}
