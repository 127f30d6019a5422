//! Ollama's chat, with its habit of cutting what does not fit into the context.

use hyper::body::Bytes;
use serde_json::{Map, Value, json};

use super::{Answer, Foreign, chat, list, message};
use crate::sse::pieces;
use crate::wire::Refusal;

/// The context that a request gets which asks for none.
const USUAL_CONTEXT: u64 = 4_096;

/// What every model here can read.
const MOST: u64 = 131_072;

pub(super) fn read(request: &Value) -> Result<(Value, Foreign), Refusal> {
    let messages: Vec<Value> = list(request, "messages")?
        .iter()
        .map(|it| message(it["role"].as_str().unwrap_or("user"), it["content"].clone()))
        .collect();
    let asked = request["options"]["num_ctx"].as_u64();
    let window = asked.unwrap_or(USUAL_CONTEXT).min(MOST);
    let said = messages.iter().map(|it| it["content"].to_string().len());
    let tokens = (said.sum::<usize>() as u64).div_ceil(4);
    if request["truncate"] == false && tokens > window {
        let words = "the input length exceeds the context length";
        return Err(Refusal::invalid(Some("num_ctx"), words));
    }
    let format = &request["format"];
    let form = Foreign {
        streams: request["stream"] != false,
        tool: None,
        window: Some(window),
    };
    let schema = format.is_object().then_some(format);
    let most = &request["options"]["num_predict"];
    let is_json = *format == "json";
    Ok((
        chat(&request["model"], messages, schema, is_json, most),
        form,
    ))
}

pub(super) fn write(answer: &Answer<'_>, form: &Foreign) -> Vec<Bytes> {
    let line = |content: &str, is_done: bool| {
        let mut line = Map::new();
        line.insert("model".to_owned(), answer.model.into());
        line.insert("created_at".to_owned(), "2023-11-14T22:13:20Z".into());
        line.insert("message".to_owned(), message("assistant", content));
        line.insert("done".to_owned(), is_done.into());
        line
    };
    // Local models have no words of their own for a refusal.
    let content = match answer.is_refused {
        true => "I'm sorry, I can't help with that.",
        false => answer.content,
    };
    let mut last = line(if form.streams { "" } else { content }, true);
    let reason = if answer.is_cut { "length" } else { "stop" };
    last.insert("done_reason".to_owned(), reason.into());
    let read = answer.input_tokens.min(form.window.unwrap_or(u64::MAX));
    last.insert("prompt_eval_count".to_owned(), read.into());
    last.insert("eval_count".to_owned(), answer.output_tokens.into());
    let streamed = match form.streams {
        true => pieces(content),
        false => Vec::new(),
    };
    let lines = streamed.into_iter().map(|it| line(it, false));
    let lines = lines.chain([last]);
    lines
        .map(|it| format!("{}\n", Value::Object(it)).into())
        .collect()
}

/// Returns what `/api/show` says of a model.
pub(crate) fn shown() -> Vec<u8> {
    let info = json!({"general.architecture": "simulator", "simulator.context_length": MOST});
    let shown = json!({"model_info": info, "parameters": "", "capabilities": ["completion"]});
    shown.to_string().into_bytes()
}
