//! The identity of a call: pinned, complete, and blind to where the call comes from.

use std::sync::Arc;

use patterns_core::{
    AnswerSchema, Attachment, BranchId, CallKey, Document, Effort, MediaType, Message, ModelId,
    Origin, Part, Request, RunId, Sampling, Scope,
};
use serde_json::json;

fn model() -> ModelId {
    ModelId::new("openai", "gpt-5-mini").at("http://localhost:1")
}

fn request() -> Request {
    let document = Document::new("a.md", "Grüße\n<b>");
    Request {
        instructions: "Be brief.".into(),
        messages: vec![
            Message::user([Part::text("Summarise."), Part::Document(document)]),
            Message::assistant("{}"),
        ],
        schema: Some(Arc::new(AnswerSchema::new(
            "Summary",
            json!({"type": "object", "properties": {"b": {}, "a": {}}}),
        ))),
        sampling: Sampling {
            temperature: Some(0.7),
            top_p: None,
            max_output_tokens: Some(100),
            seed: Some(-1),
            effort: None,
        },
        sample: 3,
        scope: Scope::default(),
    }
}

fn key(change: impl FnOnce(&mut Request)) -> CallKey {
    let mut request = request();
    change(&mut request);
    CallKey::of(&model(), &request)
}

/// Recorded answers are found by these digits. Whoever has to change them must change the context
/// string of the key with them.
#[test]
fn the_key_of_a_request_is_pinned() {
    insta::assert_snapshot!(key(|_| ()), @"60f069123910420bd0851ac8c08dc6da95fd0f51afba71c2a18cb724fc0c2434");
    let empty = CallKey::of(&ModelId::new("offline", ""), &Request::default());
    insta::assert_snapshot!(empty, @"ad77c52301451c3d55982d48f61fa6379bbc8e079270bb9b40ba7c5f7071d48f");
}

#[test]
fn whatever_may_change_the_answer_changes_the_key() {
    let schema = |name: &str, schema| Some(Arc::new(AnswerSchema::new(name, schema)));
    let first_schema = request().schema.unwrap().schema().clone();
    let reordered = json!({"type": "object", "properties": {"a": {}, "b": {}}});
    let document = |id, text| {
        vec![
            Part::text("Summarise."),
            Part::Document(Document::new(id, text)),
        ]
    };
    let keys = [
        key(|_| ()),
        key(|it| it.instructions = "Be brief. ".into()),
        key(|it| it.messages.truncate(1)),
        key(|it| it.messages.swap(0, 1)),
        key(|it| it.messages[1] = Message::user([Part::text("{}")])),
        key(|it| it.messages[1] = Message::assistant("{} ")),
        key(|it| it.messages[0].parts.truncate(1)),
        key(|it| it.messages[0].parts = document("b.md", "Grüße\n<b>")),
        key(|it| it.messages[0].parts = document("a.md", "Grüße\n<c>")),
        key(|it| {
            let document = Document::new("a.md", "Grüße\n<b>").context("Guide");
            it.messages[0].parts[1] = Part::Document(document);
        }),
        key(|it| it.messages[0].parts[1] = attached(MediaType::Png, b"1")),
        key(|it| it.messages[0].parts[1] = attached(MediaType::Png, b"2")),
        key(|it| it.messages[0].parts[1] = attached(MediaType::Jpeg, b"1")),
        key(|it| it.schema = None),
        key(|it| it.schema = schema("Other", first_schema.clone())),
        key(|it| it.schema = schema("Summary", reordered)),
        key(|it| it.sampling.temperature = Some(0.8)),
        key(|it| it.sampling.temperature = None),
        key(|it| it.sampling.top_p = Some(0.7)),
        key(|it| it.sampling.max_output_tokens = Some(101)),
        key(|it| it.sampling.seed = Some(1)),
        key(|it| it.sample = 4),
        CallKey::of(&ModelId::new("openai", "gpt-5-mini"), &request()),
        CallKey::of(
            &ModelId::new("openai", "gpt-5-mini@http://localhost:1"),
            &request(),
        ),
        CallKey::of(
            &ModelId::new("openai", "gpt-5").at("http://localhost:1"),
            &request(),
        ),
        CallKey::of(
            &ModelId::new("other", "gpt-5-mini").at("http://localhost:1"),
            &request(),
        ),
    ];
    for (n, one) in keys.iter().enumerate() {
        for (m, other) in keys.iter().enumerate().skip(n + 1) {
            assert_ne!(one, other, "{n} and {m}");
        }
    }
}

fn attached(media_type: MediaType, bytes: &[u8]) -> Part {
    let attachment = Attachment::new(media_type, bytes);
    Part::Document(Document::attached("a.md", attachment))
}

#[test]
fn what_is_sent_beside_the_request_changes_the_key() {
    let of = |model: ModelId| CallKey::of(&model, &request());
    let keys = [
        of(model()),
        of(model().with_extra(r#"{"reasoning_effort":"low"}"#)),
        of(model().with_extra(r#"{"reasoning_effort":"high"}"#)),
        of(ModelId::new("openai", "gpt-5-mini").with_extra("http://localhost:1")),
        of(ModelId::new("openai", "gpt-5-mini")),
    ];
    let distinct: std::collections::HashSet<_> = keys.iter().collect();
    assert_eq!(distinct.len(), keys.len());
}

/// Fields are hashed with their lengths, so that no text can slide from one into the next.
#[test]
fn neighbouring_fields_cannot_be_confused() {
    let named = |provider, model| CallKey::of(&ModelId::new(provider, model), &request());
    assert_ne!(named("ab", "c"), named("a", "bc"));
    assert_ne!(named("a:b", "c"), named("a", "b:c"));
}

#[test]
fn where_a_call_comes_from_is_not_its_identity() {
    let origin = Origin {
        run: RunId(7),
        branch: BranchId(9),
    };
    assert_eq!(key(|it| it.scope = origin.into()), key(|_| ()));
}

#[test]
fn a_stored_request_has_the_same_key() {
    let text = serde_json::to_string(&request()).unwrap();
    let read: Request = serde_json::from_str(&text).unwrap();
    assert_eq!(read, request());
    assert_eq!(CallKey::of(&model(), &read), key(|_| ()));
}

#[test]
fn keys_are_written_and_read_in_hexadecimal() {
    let key = key(|_| ());
    assert_eq!(key.to_string().parse::<CallKey>().unwrap(), key);
    assert!("abc".parse::<CallKey>().is_err());
    assert_eq!(format!("{key:?}"), format!("CallKey({key})"));
}

/// The pinned keys above have none.
#[test]
fn an_effort_is_a_part_of_the_key_where_there_is_one() {
    let efforts = [None].into_iter().chain(Effort::ALL.map(Some));
    let keys = efforts.map(|effort| key(|it| it.sampling.effort = effort));
    let keys: std::collections::HashSet<CallKey> = keys.collect();
    assert_eq!(keys.len(), 1 + Effort::ALL.len());
}
