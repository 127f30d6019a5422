//! A streamed chat as far as it has come: lines of JSON, the last of which says that it is done.

use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::exchange::{ExchangeError, ExchangeErrorKind};
use crate::provider::reply::{is_error, read_json};
use crate::provider::stream::{Assembly, Blanks, Event, broken};

/// A streamed chat as far as it has come.
#[derive(Debug, Default)]
pub(super) struct Lines {
    content: String,
    /// The last line, with the bill.
    last: Option<Map<String, Value>>,
    error: Option<Value>,
    has_begun: bool,
    blanks: Blanks,
}

impl Assembly for Lines {
    fn is_of_lines(&self) -> bool {
        true
    }

    fn take(&mut self, event: &Event) -> Result<bool, ExchangeError> {
        let data = event.data.trim_ascii();
        if !data.starts_with(b"{") {
            return Ok(false);
        }
        let mut line = read_json(data)
            .map_err(|error| ExchangeError::new(ExchangeErrorKind::Garbled).with_source(error))?;
        if is_error(&line["error"]) {
            self.error.get_or_insert(line["error"].take());
            return Ok(true);
        }
        let message = &line["message"];
        let content = message["content"].as_str().unwrap_or_default();
        let thought = message["thinking"].as_str().unwrap_or_default();
        self.has_begun |= !content.is_empty() || !thought.is_empty();
        self.blanks.see(content)?;
        self.content += content;
        if line["done"] == true
            && let Value::Object(line) = line
        {
            self.last = Some(line);
        }
        Ok(true)
    }

    fn has_ended(&self) -> bool {
        self.last.is_some()
    }

    fn has_begun(&self) -> bool {
        self.has_begun
    }

    fn len(&self) -> usize {
        self.content.len()
    }

    fn finish(&mut self) -> Result<Bytes, ExchangeError> {
        let this = std::mem::take(self);
        if let Some(error) = this.error {
            return Ok(json!({ "error": error }).to_string().into());
        }
        let mut body = this.last.ok_or_else(broken)?;
        let message = json!({"role": "assistant", "content": this.content});
        body.insert("message".to_owned(), message);
        Ok(Value::Object(body).to_string().into())
    }
}
