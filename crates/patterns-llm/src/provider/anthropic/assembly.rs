//! A streamed message as far as it has come.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::exchange::{ExchangeError, ExchangeErrorKind};
use crate::provider::reply::{is_error, read_json};
use crate::provider::stream::{Assembly, Blanks, Event, broken};

/// The most blocks that a message has.
const MOST_BLOCKS: u64 = 1_000;

/// A streamed message as far as it has come.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    message: Map<String, Value>,
    blocks: Vec<Block>,
    stop: Value,
    stop_details: Value,
    usage: Map<String, Value>,
    error: Option<Value>,
    is_done: bool,
    blanks: Blanks,
}

/// A block of it: its type, and what it holds.
#[derive(Debug, Default)]
struct Block {
    kind: String,
    text: String,
}

impl Assembly for Blocks {
    fn take(&mut self, event: &Event) -> Result<bool, ExchangeError> {
        let data = event.data.trim_ascii();
        if data.eq_ignore_ascii_case(b"[DONE]") {
            return Ok(false);
        }
        if !data.starts_with(b"{") {
            if event.name == "error" {
                let words = String::from_utf8_lossy(data).into_owned();
                self.error.get_or_insert(json!({"message": words}));
            }
            return Ok(event.name == "error");
        }
        let data = read_json(data)
            .map_err(|error| ExchangeError::new(ExchangeErrorKind::Garbled).with_source(error))?;
        self.add(data)?;
        Ok(true)
    }

    fn is_done(&self) -> bool {
        self.is_done
    }

    fn has_ended(&self) -> bool {
        self.is_done || self.stop.is_string()
    }

    fn has_begun(&self) -> bool {
        !self.blocks.is_empty()
    }

    fn len(&self) -> usize {
        self.blocks.iter().map(|it| it.text.len()).sum()
    }

    fn finish(&mut self) -> Result<Bytes, ExchangeError> {
        let this = std::mem::take(self);
        if let Some(error) = this.error {
            let body = json!({"type": "error", "error": error, "usage": this.usage});
            return Ok(body.to_string().into());
        }
        if !this.is_done && !this.stop.is_string() {
            return Err(broken());
        }
        let mut message = this.message;
        let content: Vec<Value> = this.blocks.into_iter().map(Block::whole).collect();
        message.insert("content".to_owned(), content.into());
        message.insert("stop_reason".to_owned(), this.stop);
        if !this.stop_details.is_null() {
            message.insert("stop_details".to_owned(), this.stop_details);
        }
        message.insert("usage".to_owned(), this.usage.into());
        Ok(Value::Object(message).to_string().into())
    }
}

impl Blocks {
    fn add(&mut self, mut data: Value) -> Result<(), ExchangeError> {
        if is_error(&data["error"]) {
            self.error.get_or_insert(data["error"].take());
            return Ok(());
        }
        let kind = data["type"].take();
        match kind.as_str().unwrap_or_default() {
            "message_start" => {
                self.bill(data["message"]["usage"].take());
                if let Value::Object(message) = data["message"].take() {
                    self.message = message;
                }
            }
            "content_block_start" => {
                let start = data["content_block"].take();
                let kind = start["type"].as_str().unwrap_or_default();
                let text = start["text"].as_str().unwrap_or_default();
                self.say(&data["index"], kind, text)?;
            }
            "content_block_delta" => self.add_delta(&data)?,
            "message_delta" => {
                if data["delta"]["stop_reason"].is_string() {
                    self.stop = data["delta"]["stop_reason"].take();
                }
                if data["delta"]["stop_details"].is_object() {
                    self.stop_details = data["delta"]["stop_details"].take();
                }
                self.bill(data["usage"].take());
            }
            "message_stop" => self.is_done = true,
            _ => {}
        }
        Ok(())
    }

    fn add_delta(&mut self, data: &Value) -> Result<(), ExchangeError> {
        let delta = &data["delta"];
        let named = |name: &str| delta[name].as_str().unwrap_or_default();
        match delta["type"].as_str().unwrap_or_default() {
            "text_delta" => self.say(&data["index"], "text", named("text")),
            "input_json_delta" => self.say(&data["index"], "tool_use", named("partial_json")),
            // Thoughts and signatures are no part of the answer.
            _ => {
                self.block(&data["index"]);
                Ok(())
            }
        }
    }

    fn say(&mut self, index: &Value, kind: &str, text: &str) -> Result<(), ExchangeError> {
        self.blanks.see(text)?;
        let block = self.block(index);
        if block.kind.is_empty() {
            kind.clone_into(&mut block.kind);
        }
        block.text += text;
        Ok(())
    }

    /// Returns the block of a number; one that no message has is the first.
    fn block(&mut self, index: &Value) -> &mut Block {
        let index = index.as_u64().filter(|it| *it < MOST_BLOCKS).unwrap_or(0);
        let index = usize::try_from(index).unwrap_or(0);
        if self.blocks.len() <= index {
            self.blocks.resize_with(index + 1, Block::default);
        }
        &mut self.blocks[index]
    }

    /// Takes what a bill says; the last word on each count holds.
    fn bill(&mut self, usage: Value) {
        if let Value::Object(usage) = usage {
            let told = usage.into_iter().filter(|(_, count)| !count.is_null());
            self.usage.extend(told);
        }
    }
}

impl Block {
    fn whole(self) -> Value {
        if self.kind == "tool_use" {
            // What is cut off is no JSON, and stays the text that it is.
            let input = serde_json::from_str(&self.text).unwrap_or(Value::String(self.text));
            return json!({"type": self.kind, "input": input});
        }
        json!({"type": self.kind, "text": self.text})
    }
}
