//! A streamed candidate as far as it has come. A stream has no mark at its end: the last piece has the
//! reason why the answer ended, and the bill. But gateways that translate put both into every piece, so the
//! end is where the stream ends.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::exchange::{ExchangeError, ExchangeErrorKind};
use crate::provider::reply::{first_answer, is_error, read_json};
use crate::provider::stream::{Assembly, Blanks, Event, broken};

/// A streamed candidate as far as it has come.
#[derive(Debug, Default)]
pub(super) struct Candidate {
    text: String,
    id: Value,
    model: Value,
    finish_reason: Value,
    /// Whether more came behind such a reason.
    has_resumed: bool,
    finish_message: Value,
    ratings: Value,
    feedback: Value,
    usage: Value,
    error: Option<Value>,
    has_begun: bool,
    blanks: Blanks,
}

impl Assembly for Candidate {
    fn take(&mut self, event: &Event) -> Result<bool, ExchangeError> {
        let data = event.data.trim_ascii();
        if !data.starts_with(b"{") && !data.starts_with(b"[") {
            return Ok(false);
        }
        let mut piece = read_json(data)
            .map_err(|error| ExchangeError::new(ExchangeErrorKind::Garbled).with_source(error))?;
        if let Some(first) = piece.as_array_mut().and_then(|it| it.first_mut()) {
            piece = first.take();
        }
        if !piece.is_object() {
            return Ok(false);
        }
        self.add(piece)?;
        Ok(true)
    }

    fn is_done(&self) -> bool {
        false
    }

    fn has_ended(&self) -> bool {
        (self.finish_reason.is_string() && !self.has_resumed) || self.is_blocked()
    }

    fn has_begun(&self) -> bool {
        self.has_begun
    }

    fn len(&self) -> usize {
        self.text.len()
    }

    fn finish(&mut self) -> Result<Bytes, ExchangeError> {
        let this = std::mem::take(self);
        if let Some(error) = this.error {
            let body = json!({"error": error, "usageMetadata": this.usage});
            return Ok(body.to_string().into());
        }
        if !this.finish_reason.is_string() && !this.is_blocked() {
            return Err(broken());
        }
        let mut body = json!({
            "responseId": this.id, "modelVersion": this.model, "usageMetadata": this.usage,
        });
        if this.finish_reason.is_string() {
            body["candidates"] = json!([{
                "content": {"role": "model", "parts": [{"text": this.text}]},
                "finishReason": this.finish_reason, "finishMessage": this.finish_message,
                "safetyRatings": this.ratings,
            }]);
        } else {
            body["promptFeedback"] = this.feedback;
        }
        Ok(body.to_string().into())
    }
}

impl Candidate {
    fn is_blocked(&self) -> bool {
        self.feedback["blockReason"].is_string()
    }

    fn add(&mut self, mut piece: Value) -> Result<(), ExchangeError> {
        if is_error(&piece["error"]) {
            self.error.get_or_insert(piece["error"].take());
            return Ok(());
        }
        let candidates = &mut piece["candidates"];
        let first = first_answer(candidates);
        let candidate = first.and_then(|(place, _)| candidates.get_mut(place));
        let mut candidate = candidate.map(Value::take).unwrap_or_default();
        for part in candidate["content"]["parts"]
            .as_array()
            .into_iter()
            .flatten()
        {
            self.has_begun = true;
            if part["thought"] != true {
                let text = part["text"].as_str().unwrap_or_default();
                self.blanks.see(text)?;
                self.has_resumed |= !text.is_empty() && self.finish_reason.is_string();
                self.text += text;
            }
        }
        // The last word on each of these holds.
        for (kept, told) in [
            (&mut self.finish_reason, candidate["finishReason"].take()),
            (&mut self.finish_message, candidate["finishMessage"].take()),
            (&mut self.ratings, candidate["safetyRatings"].take()),
            (&mut self.id, piece["responseId"].take()),
            (&mut self.model, piece["modelVersion"].take()),
            (&mut self.feedback, piece["promptFeedback"].take()),
            (&mut self.usage, piece["usageMetadata"].take()),
        ] {
            if !told.is_null() {
                *kept = told;
            }
        }
        Ok(())
    }
}
