//! The body of a request, per dialect and answer format.

use std::sync::Arc;

use patterns_core::{
    AnswerSchema, Attachment, Document, MediaType, Message, ModelErrorKind, Part, Request, Sampling,
};
use patterns_llm::{Streaming, connect};
use serde_json::{Value, json};

use crate::server::{Server, reply, says};

/// A request that uses everything.
pub(crate) fn request() -> Request {
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}},
        "required": ["city"], "additionalProperties": false});
    Request {
        instructions: "Be brief.".into(),
        messages: vec![
            Message::user([
                Part::text("Which city?"),
                Part::Document(Document::new("a", "Paris.")),
            ]),
            Message::assistant("{}"),
            Message::user([Part::text("Again.")]),
        ],
        schema: Some(Arc::new(AnswerSchema::new("capital", schema))),
        sampling: Sampling {
            temperature: Some(0.5),
            top_p: None,
            max_output_tokens: Some(100),
            seed: Some(40),
            effort: None,
        },
        sample: 2,
        ..Request::default()
    }
}

async fn body(name: &str, request: &Request, unsupported: usize) -> Value {
    let refusal = r#"{"error": {"message": "response_format is not supported"}}"#;
    let mut replies = vec![reply(400, "", refusal); unsupported];
    replies.push(says("{}"));
    let server = Server::start(replies).await;
    let model = connect(name)
        .unwrap()
        .base_url(&server.url)
        .api_key("k")
        .streaming(Streaming::Never)
        .build()
        .unwrap();
    model.generate(request).await.unwrap();
    server.sent().pop().unwrap().body
}

fn pretty(body: &Value) -> String {
    serde_json::to_string_pretty(body).unwrap()
}

#[tokio::test]
async fn openai_gets_a_strict_schema() {
    insta::assert_snapshot!(pretty(&body("openai:gpt-5-mini", &request(), 0).await), @r#"
    {
      "model": "gpt-5-mini",
      "messages": [
        {
          "role": "system",
          "content": "Be brief."
        },
        {
          "role": "user",
          "content": "Which city?\n\n<document-4deccd79 id=\"a\">\nParis.\n</document-4deccd79>"
        },
        {
          "role": "assistant",
          "content": "{}"
        },
        {
          "role": "user",
          "content": "Again."
        }
      ],
      "response_format": {
        "type": "json_schema",
        "json_schema": {
          "name": "capital",
          "strict": true,
          "schema": {
            "type": "object",
            "properties": {
              "city": {
                "type": "string"
              }
            },
            "required": [
              "city"
            ],
            "additionalProperties": false
          }
        }
      },
      "temperature": 0.5,
      "max_completion_tokens": 100,
      "seed": 42
    }
    "#);
}

#[tokio::test]
async fn weaker_formats_carry_the_schema_in_what_the_user_says() {
    let object = body("compatible:m", &request(), 2).await;
    insta::assert_snapshot!(pretty(&object), @r#"
    {
      "model": "m",
      "messages": [
        {
          "role": "system",
          "content": "Be brief."
        },
        {
          "role": "user",
          "content": "Answer with one JSON object that is valid against this JSON Schema, and with nothing before or after it:\n{\"type\":\"object\",\"properties\":{\"city\":{\"type\":\"string\"}},\"required\":[\"city\"],\"additionalProperties\":false}\n\nWhich city?\n\n<document-4deccd79 id=\"a\">\nParis.\n</document-4deccd79>"
        },
        {
          "role": "assistant",
          "content": "{}"
        },
        {
          "role": "user",
          "content": "Again."
        }
      ],
      "response_format": {
        "type": "json_object"
      },
      "temperature": 0.5,
      "max_tokens": 100,
      "seed": 42
    }
    "#);
    let prompt = body("compatible:m", &request(), 3).await;
    assert_eq!(prompt.get("response_format"), None);
    assert_eq!(prompt["messages"], object["messages"]);
}

/// Limits of texts go to servers that know them, and a schema in words before everything else.
#[tokio::test]
async fn own_servers_get_all_of_the_schema_and_its_shape_in_words() {
    let text = json!({"type": "string", "maxLength": 20, "description": "Its name."});
    let schema = json!({"type": "object", "properties": {"city": text},
        "required": ["city"], "additionalProperties": false});
    let request = Request {
        schema: Some(Arc::new(AnswerSchema::new("capital", schema))),
        ..request()
    };
    let own = body("compatible:m", &request, 0).await;
    let format = &own["response_format"]["json_schema"]["schema"];
    assert_eq!(format["properties"]["city"]["maxLength"], 20);
    insta::assert_snapshot!(own["messages"][1]["content"].as_str().unwrap(), @r#"
    Answer with one JSON object of this shape, and with nothing else:
    {
      "city": text (at most 20 characters) — Its name.
    }

    Which city?

    <document-4deccd79 id="a">
    Paris.
    </document-4deccd79>
    "#);
    let openai = body("openai:m", &request, 0).await;
    let format = &openai["response_format"]["json_schema"]["schema"];
    assert_eq!(format["properties"]["city"].get("maxLength"), None);
    let plain = body("compatible:m", &request, 1).await;
    let format = &plain["response_format"]["json_schema"]["schema"];
    assert_eq!(format["properties"]["city"].get("maxLength"), None);
    let object = body("compatible:m", &request, 2).await;
    let format = &object["response_format"];
    assert_eq!(format["type"], "json_object");
    assert_eq!(format["schema"]["properties"]["city"]["maxLength"], 20);
}

#[tokio::test]
async fn what_is_not_set_is_not_sent() {
    let request = Request {
        messages: vec![Message::user([Part::text("Hi.")])],
        ..Request::default()
    };
    let expected = json!({"model": "m", "messages": [{"role": "user", "content": "Hi."}]});
    assert_eq!(body("compatible:m", &request, 0).await, expected);
}

#[tokio::test]
async fn what_the_calls_of_a_fan_out_share_is_marked_for_anthropics_cache() {
    let message = json!({"content": [{"type": "text", "text": "Hi."}], "stop_reason": "end_turn"});
    let server = Server::start(vec![reply(200, "", &message.to_string())]).await;
    let connect = connect("anthropic:m").unwrap().base_url(&server.url);
    let model = connect.api_key("k").prime(true).build().unwrap();
    let shared = "word ".repeat(2_000);
    let asked = |end: &str| Request {
        messages: vec![Message::user([
            Part::text(shared.as_str()),
            Part::text(end),
        ])],
        ..Request::default()
    };
    let (one, other) = (asked("1"), asked("2"));
    let (first, second) = tokio::join!(model.generate(&one), model.generate(&other));
    assert!(first.is_ok() && second.is_ok());
    for sent in server.sent() {
        assert_eq!(sent.header("x-api-key"), Some("k"));
        assert_eq!(sent.header("anthropic-version"), Some("2023-06-01"));
        let blocks = sent.body["messages"][0]["content"].as_array().unwrap();
        let marks: Vec<bool> = blocks
            .iter()
            .map(|it| it["cache_control"].is_object())
            .collect();
        assert_eq!(marks, [true, false]);
    }
}

/// A picture and a PDF between words.
fn attached() -> Request {
    let attached = |id, media_type, bytes: &[u8]| {
        Part::Document(Document::attached(id, Attachment::new(media_type, bytes)))
    };
    Request {
        messages: vec![Message::user([
            Part::text("Look."),
            attached("a.png", MediaType::Png, b"png"),
            attached("b.pdf", MediaType::Pdf, b"pdf"),
            Part::text("What is it?"),
        ])],
        ..Request::default()
    }
}

#[tokio::test]
async fn pictures_and_files_make_a_message_of_pieces() {
    let body = body("openai:gpt-5-mini", &attached(), 0).await;
    insta::assert_snapshot!(body["messages"], @r#"[{"role":"user","content":[{"type":"text","text":"Look."},{"type":"text","text":"<document-bad7c9a3 id=\"a.png\">\n(attached: image/png)\n</document-bad7c9a3>"},{"type":"image_url","image_url":{"url":"data:image/png;base64,cG5n"}},{"type":"text","text":"<document-5515ee2b id=\"b.pdf\">\n(attached: application/pdf)\n</document-5515ee2b>"},{"type":"file","file":{"filename":"b.pdf","file_data":"data:application/pdf;base64,cGRm"}},{"type":"text","text":"What is it?"}]}]"#);
}

#[tokio::test]
async fn the_schema_in_words_comes_before_pictures() {
    let mut request = Request {
        schema: request().schema,
        ..attached()
    };
    // The PDF.
    request.messages[0].parts.remove(2);
    let body = body("compatible:m", &request, 0).await;
    let first = body["messages"][0]["content"][0]["text"].as_str().unwrap();
    assert!(
        first.starts_with("Answer with one JSON object of this shape"),
        "{first}"
    );
    assert_eq!(body["messages"][0]["content"][1]["text"], "Look.");
}

#[tokio::test]
async fn what_a_provider_has_no_way_to_be_sent_fails_without_being_sent() {
    for name in ["ollama:qwen3:8b", "compatible:m", "azure:gpt-5"] {
        let server = Server::start(vec![reply(404, "", "{}")]).await;
        let model = connect(name).unwrap().base_url(&server.url).api_key("k");
        let model = model.build().unwrap();
        let error = model.generate(&attached()).await.unwrap_err();
        assert_eq!(error.kind(), ModelErrorKind::InvalidRequest);
        let words = error.to_string();
        let expected = "cannot be sent a PDF without text (application/pdf)";
        assert!(words.contains(expected), "{words}");
        let chats = server.sent().into_iter();
        assert_eq!(chats.filter(|it| it.head.contains("/chat")).count(), 0);
    }
}
