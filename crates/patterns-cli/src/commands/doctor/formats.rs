//! Finds out by small calls which answer formats a server enforces: the question asks for plain words, so
//! whoever answers in the shape of the schema was made to.

use std::sync::Arc;

use patterns_core::{
    AnswerFormat, AnswerSchema, Message, Model, ModelError, ModelErrorKind, Money, Part, Request,
    Response, Sampling, Usage,
};
use patterns_llm::RetryPolicy;
use serde_json::{Value, json};

use super::check::Check;
use crate::connect::prepare;
use crate::error::{Error, ErrorKind};
use crate::launch::Launch;
use crate::wanted::choose;

const FORMATS: &str = "answer formats";

/// The formats that are asked for, strongest first. One is the same as another for this schema.
const ASKED: [AnswerFormat; 5] = [
    AnswerFormat::JsonSchema,
    AnswerFormat::JsonObjectSchema,
    AnswerFormat::Tool,
    AnswerFormat::JsonObject,
    AnswerFormat::Prompt,
];

/// Room for an answer of a few words, and for what some models think before it.
const ROOM: u32 = 2_000;

/// Asks the model which is meant once for each format that its provider may know.
pub(super) async fn formats(launch: &Launch) -> Vec<Check> {
    let name = match &launch.job.model().name {
        Some(name) => launch.aliases.model(name).to_owned(),
        None => choose(&launch.providers).await.0,
    };
    if name == "offline" {
        let says = "there is no model to probe; name one with --model";
        return vec![Check::absent(FORMATS, name, says)];
    }
    let mut bill = Bill::default();
    let mut checks = Vec::new();
    for format in ASKED {
        match model(launch, &name, format) {
            Ok(Some(model)) => {
                let answer = model.generate(&request()).await;
                bill.add(launch, &*model, &answer);
                checks.push(judged(format, &answer));
                if answer.is_err_and(|it| it.kind().is_fatal()) {
                    break;
                }
            }
            // Servers of its kind are never asked for that.
            Ok(None) => {}
            Err(error) => return vec![Check::bad(FORMATS, name, &error)],
        }
    }
    checks.push(Check::good(FORMATS, "what that cost", bill.words()));
    checks
}

/// Connects the model with one format; `None` if servers of its kind are never asked for it.
fn model(
    launch: &Launch,
    name: &str,
    format: AnswerFormat,
) -> Result<Option<Arc<dyn Model>>, Error> {
    use patterns_llm::ConnectErrorKind;
    let prepared = prepare(launch, &launch.settings(), name)?;
    let Some(connect) = prepared.connections.into_iter().next() else {
        return Ok(None);
    };
    match connect
        .answer_format(format)
        .retry(RetryPolicy::never())
        .build()
    {
        Ok(model) => Ok(Some(model)),
        Err(error) if error.kind() == ConnectErrorKind::UnknownFormat => Ok(None),
        Err(error) => Err(Error::new(ErrorKind::Config, error.to_string())),
    }
}

fn request() -> Request {
    let schema = json!({
        "type": "object",
        "properties": {
            "colour": {"type": "string", "enum": ["red", "green"]},
            "count": {"type": "integer"},
        },
        "required": ["colour", "count"],
        "additionalProperties": false,
    });
    Request {
        instructions: "You reply in plain words, with the word hello.".into(),
        messages: vec![Message::user(vec![Part::text(
            "Say hello, in one word. Do not write JSON.",
        )])],
        schema: Some(Arc::new(AnswerSchema::new("probe", schema))),
        sampling: Sampling {
            max_output_tokens: Some(ROOM),
            ..Sampling::default()
        },
        ..Request::default()
    }
}

fn judged(format: AnswerFormat, answer: &Result<Response, ModelError>) -> Check {
    let name = format.to_string();
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return refused(name, error),
    };
    let value: Option<Value> = serde_json::from_str(answer.text.trim()).ok();
    let has_shape = value.as_ref().is_some_and(has_shape);
    let is_object = value.is_some_and(|it| it.is_object());
    let is_enforced = match format {
        AnswerFormat::Prompt => return Check::good(FORMATS, name, "the model answers"),
        AnswerFormat::JsonObject => is_object,
        _ => has_shape,
    };
    match is_enforced {
        true => Check::good(FORMATS, name, "enforced"),
        false if is_object => {
            unenforced(name, "taken, but only JSON is enforced, and not the schema")
        }
        false => unenforced(name, "taken, but not enforced"),
    }
}

fn has_shape(value: &Value) -> bool {
    let fields = value.as_object().map_or(0, serde_json::Map::len);
    let is_colour = ["red", "green"].contains(&value["colour"].as_str().unwrap_or_default());
    fields == 2 && is_colour && value["count"].is_i64()
}

fn unenforced(name: String, says: &str) -> Check {
    let then = "nothing: answers are checked here and asked for again, which costs calls";
    Check::warning(FORMATS, name, says, then)
}

fn refused(name: String, error: &ModelError) -> Check {
    let kind = match error.kind() {
        ModelErrorKind::UnsupportedFormat | ModelErrorKind::InvalidRequest => {
            return Check::absent(
                FORMATS,
                name,
                "not known to the server; a weaker one is used",
            );
        }
        ModelErrorKind::Truncated => {
            let says = format!("not known: {ROOM} tokens were no room for the answer");
            return unenforced(name, &says);
        }
        ModelErrorKind::Unauthorized | ModelErrorKind::QuotaExhausted => ErrorKind::Credentials,
        ModelErrorKind::UnknownModel => ErrorKind::Model,
        ModelErrorKind::RateLimited { .. } | ModelErrorKind::Timeout => ErrorKind::TryLater,
        _ => ErrorKind::Unavailable,
    };
    let detail = error
        .detail()
        .map_or_else(String::new, |it| format!(": {it}"));
    let error = Error::new(kind, format!("{error}{detail}"));
    Check::bad(FORMATS, name, &error).then(
        "see what the server says; `patterns doctor` without --probe says whether it is reached",
    )
}

/// What the calls have cost.
#[derive(Debug, Default)]
struct Bill {
    usage: Usage,
    /// Nothing, once a price was not known.
    cost: Option<Money>,
    has_unpriced: bool,
}

impl Bill {
    fn add(&mut self, launch: &Launch, model: &dyn Model, answer: &Result<Response, ModelError>) {
        let usage = match answer {
            Ok(answer) => answer.usage,
            Err(error) => error.usage(),
        };
        self.usage += usage;
        let price = launch.settings().prices.find(model.id());
        let known = usage.cost.or(usage.billed);
        match known.or_else(|| price.map(|it| it.of(usage))) {
            Some(cost) => self.cost = Some(self.cost.unwrap_or_default() + cost),
            None => self.has_unpriced = true,
        }
    }

    fn words(&self) -> String {
        let Usage {
            attempts,
            input_tokens,
            output_tokens,
            ..
        } = self.usage;
        let cost = match self.cost {
            Some(cost) if !self.has_unpriced => cost.to_string(),
            _ => "its price is not known".to_owned(),
        };
        format!("{attempts} calls, {input_tokens} tokens read and {output_tokens} written; {cost}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(format: AnswerFormat, answer: Result<&str, ModelErrorKind>, expected: &str) {
        let answer = answer.map(|text| Response::new("m", text));
        let check = judged(format, &answer.map_err(ModelError::new));
        assert_eq!(check.line(), format!("  {expected}"));
    }

    #[test]
    fn only_who_answers_against_the_question_was_made_to() {
        let kept = r#"{"colour": "red", "count": 1}"#;
        check(
            AnswerFormat::JsonSchema,
            Ok(kept),
            "✓ json_schema: enforced",
        );
        check(
            AnswerFormat::JsonSchema,
            Ok("Hello."),
            "! json_schema: taken, but not enforced",
        );
        check(
            AnswerFormat::JsonSchema,
            Ok(r#"{"greeting": "hello"}"#),
            "! json_schema: taken, but only JSON is enforced, and not the schema",
        );
        let object = r#"{"greeting": "hello"}"#;
        check(
            AnswerFormat::JsonObject,
            Ok(object),
            "✓ json_object: enforced",
        );
        check(
            AnswerFormat::JsonObject,
            Ok("Hello."),
            "! json_object: taken, but not enforced",
        );
        check(
            AnswerFormat::Prompt,
            Ok("hello"),
            "✓ schema in the prompt: the model answers",
        );
        check(
            AnswerFormat::Tool,
            Err(ModelErrorKind::UnsupportedFormat),
            "· a forced tool: not known to the server; a weaker one is used",
        );
    }
}
