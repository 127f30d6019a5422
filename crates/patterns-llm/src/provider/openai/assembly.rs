//! A streamed answer as far as it has come: takes the data of one event after the other, and makes the
//! body that would have come whole.

use bytes::Bytes;
use serde_json::{Value, json};

use super::answer::{finish_reason, text_of, usage_of};
use crate::exchange::{ExchangeError, ExchangeErrorKind};
use crate::provider::reply::{filtered, first_answer, is_error, read_json};
use crate::provider::stream::{Assembly, Blanks, Event, broken};

/// A streamed answer as far as it has come.
#[derive(Debug, Default)]
pub(crate) struct Chunks {
    id: Value,
    model: Value,
    service_tier: Value,
    /// The number of the answer that is kept, of servers that send several.
    number: Option<u64>,
    content: String,
    refusal: String,
    /// What the model thought; the answer of servers that mistake one for the other.
    reasoning: String,
    /// The arguments of the one call of a tool, in which some gateways have models answer.
    arguments: Option<String>,
    has_other_calls: bool,
    finish_reason: Option<String>,
    /// Whether more came behind such a reason, which then says nothing of the end.
    has_resumed: bool,
    /// What Azure's content filter has found, if it holds anything back.
    filter: Value,
    usage: Value,
    error: Option<Value>,
    is_done: bool,
    has_choices: bool,
    /// Whether a token or a thought has come.
    has_begun: bool,
    blanks: Blanks,
}

impl Assembly for Chunks {
    fn is_done(&self) -> bool {
        self.is_done
    }

    fn has_ended(&self) -> bool {
        self.is_done || (self.finish_reason.is_some() && !self.has_resumed)
    }

    fn has_begun(&self) -> bool {
        self.has_begun
    }

    fn len(&self) -> usize {
        let arguments = self.arguments.as_ref().map_or(0, String::len);
        self.content.len() + self.refusal.len() + self.reasoning.len() + arguments
    }

    fn take(&mut self, event: &Event) -> Result<bool, ExchangeError> {
        let data = event.data.trim_ascii();
        // Proxies that make events of events write it twice.
        let data = data.strip_prefix(b"data:").unwrap_or(data).trim_ascii();
        if data.eq_ignore_ascii_case(b"[DONE]") {
            self.is_done = true;
            return Ok(true);
        }
        if event.name == "error" && !data.starts_with(b"{") {
            let words = String::from_utf8_lossy(data).into_owned();
            self.error.get_or_insert(json!({"message": words}));
            return Ok(true);
        }
        if !data.starts_with(b"{") && !data.starts_with(b"[") {
            return Ok(false);
        }
        let mut chunk = read_json(data)
            .map_err(|error| ExchangeError::new(ExchangeErrorKind::Garbled).with_source(error))?;
        // Google lists what it has to say.
        if let Some(first) = chunk.as_array_mut().and_then(|it| it.first_mut()) {
            chunk = first.take();
        }
        if event.name == "error" && chunk.get("error").is_none() && chunk.get("choices").is_none() {
            chunk = json!({"error": chunk});
        }
        match chunk.is_object() {
            true => self.add(chunk),
            false => Ok(false),
        }
    }

    fn finish(&mut self) -> Result<Bytes, ExchangeError> {
        let this = std::mem::take(self);
        if let Some(error) = this.error {
            let body = json!({"error": error, "usage": this.usage});
            return Ok(body.to_string().into());
        }
        if !this.is_done && this.finish_reason.is_none() {
            return Err(broken());
        }
        let mut message = json!({
            "content": this.content,
            "refusal": Some(this.refusal).filter(|it| !it.is_empty()),
        });
        if !this.reasoning.is_empty() {
            message["reasoning_content"] = this.reasoning.into();
        }
        if let Some(arguments) = this.arguments.filter(|_| !this.has_other_calls) {
            message["tool_calls"] = json!([{"function": {"arguments": arguments}}]);
        }
        let mut choice = json!({"message": message, "finish_reason": this.finish_reason});
        if !this.filter.is_null() {
            choice["content_filter_results"] = this.filter;
        }
        let choices: &[Value] = match this.has_choices {
            true => &[choice],
            false => &[],
        };
        let mut body = json!({
            "id": this.id, "model": this.model, "choices": choices, "usage": this.usage,
        });
        if !this.service_tier.is_null() {
            body["service_tier"] = this.service_tier;
        }
        Ok(body.to_string().into())
    }
}

impl Chunks {
    fn add(&mut self, mut chunk: Value) -> Result<bool, ExchangeError> {
        if self.error.is_none() && is_error(&chunk["error"]) {
            self.error = Some(chunk["error"].take());
        }
        if self.error.is_none() && chunk["object"] == "error" {
            self.error = Some(chunk);
            return Ok(true);
        }
        if let Some(usage) = usage_of(&chunk) {
            self.usage = usage.clone();
        }
        for (kept, name) in [
            (&mut self.id, "id"),
            (&mut self.model, "model"),
            (&mut self.service_tier, "service_tier"),
        ] {
            if kept.is_null() {
                *kept = chunk[name].take();
            }
        }
        let choices = &mut chunk["choices"];
        let first = first_answer(choices);
        let Some((choice, number)) = first.and_then(|(place, number)| {
            let choice = choices.get_mut(place)?;
            Some((choice.take(), number))
        }) else {
            return Ok(chunk.get("choices").is_some());
        };
        self.has_choices = true;
        if !self.is_kept(number) {
            return Ok(true);
        }
        if self.error.is_none() && is_error(&choice["error"]) {
            self.error = Some(choice["error"].clone());
        }
        let notes = choice.get("content_filter_results");
        if let Some(notes) = notes.filter(|it| filtered(it).is_some()) {
            self.filter = notes.clone();
        }
        let part = |name: &str| choice.get(name).filter(|it| it.is_object());
        match (part("delta"), part("message")) {
            (Some(delta), _) => self.add_delta(delta)?,
            // A choice that came whole, within a stream.
            (None, Some(message)) if self.content.is_empty() => self.add_delta(message)?,
            (None, Some(_)) => {}
            (None, None) => self.add_content(choice["text"].as_str().unwrap_or_default())?,
        }
        // The last one counts: some servers send an empty one with every piece.
        if let Some(reason) = finish_reason(&choice) {
            self.finish_reason = Some(reason.to_owned());
        }
        Ok(true)
    }

    /// Returns whether the answer of this number is kept: that of the smallest one is, and what there is of
    /// another goes.
    fn is_kept(&mut self, number: u64) -> bool {
        let kept = *self.number.get_or_insert(number);
        if number < kept {
            self.number = Some(number);
            self.content.clear();
            self.refusal.clear();
            self.reasoning.clear();
            self.arguments = None;
            self.has_other_calls = false;
            self.finish_reason = None;
        }
        number <= kept
    }

    fn add_delta(&mut self, delta: &Value) -> Result<(), ExchangeError> {
        let (content, refusal) = text_of(&delta["content"]);
        self.refusal += &refusal;
        self.refusal += delta["refusal"].as_str().unwrap_or_default();
        for name in ["reasoning_content", "reasoning"] {
            self.has_begun |= !delta[name].is_null();
            if let Some(thought) = delta[name].as_str() {
                self.reasoning += thought;
                break;
            }
        }
        self.add_call(&delta["function_call"]);
        for call in delta["tool_calls"].as_array().into_iter().flatten() {
            match call["index"].as_u64() {
                None | Some(0) => self.add_call(&call["function"]),
                Some(_) => self.has_other_calls = true,
            }
        }
        self.add_content(&content)
    }

    fn add_call(&mut self, function: &Value) {
        match &function["arguments"] {
            Value::String(arguments) => {
                *self.arguments.get_or_insert_default() += arguments;
                self.has_begun |= !arguments.is_empty();
            }
            whole @ Value::Object(_) => {
                self.arguments = Some(whole.to_string());
                self.has_begun = true;
            }
            _ => {}
        }
    }

    fn add_content(&mut self, content: &str) -> Result<(), ExchangeError> {
        self.has_begun |= !content.is_empty() || !self.refusal.is_empty();
        self.has_resumed |= !content.is_empty() && self.finish_reason.is_some();
        self.blanks.see(content)?;
        self.content += content;
        Ok(())
    }
}
