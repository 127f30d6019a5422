//! Tests of recording and replaying, through the public face.
#![cfg(feature = "cassette")]
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail a test")]

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

use insta::assert_snapshot;
use patterns_core::{
    AnswerSchema, Document, Layer, Message, Model, ModelError, ModelErrorKind, ModelId, Part,
    Request, Usage,
};
use patterns_testkit::{
    CassetteErrorKind, MissingCall, RecordLayer, Redactor, Replay, Reply, ScriptedModel,
};
use proptest::prelude::*;

/// A folder with a cassette in it.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("new/tape.jsonl")
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.path()).unwrap()
    }

    fn write(&self, text: &str) {
        std::fs::create_dir_all(self.path().parent().unwrap()).unwrap();
        std::fs::write(self.path(), text).unwrap();
    }
}

fn plain() -> Redactor {
    Redactor::none_because("made up")
}

fn request(words: &str, sample: u32) -> Request {
    Request {
        instructions: "Be brief.".into(),
        messages: vec![Message::user([
            Part::text(Arc::from(words)),
            Part::Document(Document::new("d-1", "Its text.")),
        ])],
        schema: Some(Arc::new(AnswerSchema::new(
            "Reply",
            serde_json::json!({"type": "string"}),
        ))),
        sample,
        ..Request::default()
    }
}

/// Asks a model that repeats the first words of its questions, and records it.
async fn record(redactor: Redactor, requests: &[Request]) -> (Place, RecordLayer) {
    let place = Place::new();
    let layer = RecordLayer::new(redactor);
    let model = layer.layer(ScriptedModel::by(|it: &Request| {
        let text = it.messages[0].to_text();
        format!("{} #{}", text.lines().next().unwrap_or_default(), it.sample)
    }));
    for request in requests {
        model.generate(request).await.unwrap();
    }
    layer.save(place.path()).unwrap();
    (place, layer)
}

#[tokio::test]
async fn a_cassette_is_readable() {
    let (place, _) = record(plain(), &[request("Hello?", 0)]).await;
    assert_snapshot!(place.text(), @r##"
{"cassette":1,"not_redacted_because":"made up"}
{"model":{"provider":"scripted","model":"","endpoint":null},"request":{"instructions":"Be brief.","messages":[{"role":"user","parts":[{"text":"Hello?"},{"document":{"id":"d-1","text":"Its text."}}]}],"schema":{"name":"Reply","digest":"be1794ffc421d7c72d4c5092da4afc100af6e625693215aae50d8bd73f21e900"},"sampling":{"temperature":null,"top_p":null,"max_output_tokens":null,"seed":null},"sample":0},"key":"069004f8016aa0bc07a1225dcef64d813c9d2831d4c8d67e7f2e773e5252682f","usage":{"calls":1,"attempts":1,"input_tokens":0,"cached_input_tokens":0,"output_tokens":0,"reasoning_tokens":0},"result":{"answered":{"text":"Hello? #0","finish":"stop","model":"scripted"}}}
"##);
}

#[tokio::test]
async fn errors_are_replayed_with_their_bill_and_without_words_of_the_provider() {
    let place = Place::new();
    let layer = RecordLayer::new(plain());
    let usage = Usage {
        calls: 1,
        attempts: 2,
        input_tokens: 7,
        ..Usage::default()
    };
    let refused = ModelError::new(ModelErrorKind::Refused)
        .with_status(200)
        .with_code("policy")
        .with_detail("sk-secret of org-secret")
        .with_request_id("req-secret")
        .with_usage(usage);
    let cancelled = ModelError::new(ModelErrorKind::NotSent);
    let model = layer.layer(ScriptedModel::new([
        Reply::from(refused),
        Reply::from(cancelled),
    ]));
    assert!(model.generate(&request("a", 0)).await.is_err());
    assert!(model.generate(&request("b", 0)).await.is_err());
    assert_eq!(layer.save(place.path()).unwrap(), 1);
    assert!(!place.text().contains("secret"), "{}", place.text());
    let replay = Replay::open(place.path(), plain()).unwrap();
    let error = replay.generate(&request("a", 0)).await.unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::Refused);
    assert_eq!((error.status(), error.code()), (Some(200), Some("policy")));
    assert_eq!(error.usage(), usage);
}

#[tokio::test]
async fn an_answer_takes_the_place_of_an_error_and_keeps_it() {
    let place = Place::new();
    let layer = RecordLayer::new(plain());
    let busy = || Reply::from(ModelError::new(ModelErrorKind::Timeout));
    let script = [busy(), Reply::from("well"), busy()];
    let model = layer.layer(ScriptedModel::new(script));
    for _ in 0..3 {
        let _ = model.generate(&request("a", 0)).await;
    }
    assert_eq!(layer.save(place.path()).unwrap(), 1);
    let replay = Replay::open(place.path(), plain()).unwrap();
    assert_eq!(
        replay.generate(&request("a", 0)).await.unwrap().text,
        "well"
    );
}

#[tokio::test]
async fn no_text_escapes_the_redactor() {
    let redactor = || Redactor::new(|text| text.replace("SECRET", "<it>"));
    let mut asked = request("SECRET", 0);
    asked.instructions = "Keep SECRET.".into();
    asked.messages.push(Message::assistant("SECRET"));
    asked
        .messages
        .push(Message::user([Part::Document(Document::new(
            "SECRET.txt",
            "SECRET",
        ))]));
    let (place, _) = record(redactor(), &[asked.clone()]).await;
    assert!(!place.text().contains("SECRET"), "{}", place.text());
    let replay = Replay::open(place.path(), redactor()).unwrap();
    assert_eq!(replay.generate(&asked).await.unwrap().text, "<it> #0");
}

#[tokio::test]
async fn calls_that_redaction_makes_equal_are_an_error() {
    let redactor = Redactor::new(|text| text.replace(['1', '2'], "0"));
    let place = Place::new();
    let layer = RecordLayer::new(redactor);
    let model = layer.layer(ScriptedModel::new(["a", "b"]));
    model.generate(&request("no. 1", 0)).await.unwrap();
    model.generate(&request("no. 2", 0)).await.unwrap();
    let error = layer.save(place.path()).unwrap_err();
    assert_eq!(error.kind(), CassetteErrorKind::Ambiguous);
    assert!(!place.path().exists());
}

#[tokio::test]
async fn unused_lines_are_named() {
    let asked = [request("a", 0), request("b", 0), request("c", 0)];
    let (place, _) = record(plain(), &asked).await;
    let replay = Replay::open(place.path(), plain()).unwrap();
    assert_eq!(replay.unused(), [2, 3, 4]);
    replay.generate(&asked[1]).await.unwrap();
    assert_eq!(replay.unused(), [2, 4]);
}

#[tokio::test]
async fn a_missing_call_says_what_differs_from_the_nearest() {
    let (place, _) = record(plain(), &[request("one", 0), request("another", 0)]).await;
    let replay = Replay::open(place.path(), plain()).unwrap();
    let schema = AnswerSchema::new("Reply", serde_json::json!({"type": "number"}));
    let with = |change: &dyn Fn(&mut Request)| {
        let mut asked = request("one", 0);
        change(&mut asked);
        asked
    };
    let cases = [
        with(&|it| it.instructions = "Be thorough.".into()),
        with(&|it| it.messages = request("once more", 0).messages),
        with(&|it| it.schema = Some(Arc::new(schema.clone()))),
        with(&|it| it.sampling.seed = Some(7)),
        with(&|it| it.sample = 3),
        with(&|it| {
            it.sample = 3;
            it.instructions = "Be brief!".into();
        }),
    ];
    let mut said = Vec::new();
    for asked in &cases {
        let error = replay.generate(asked).await.unwrap_err();
        assert_eq!(error.kind(), ModelErrorKind::NotInStore);
        let missing = error.source().unwrap().downcast_ref::<MissingCall>();
        let missing = missing.unwrap();
        assert_eq!(error.detail(), Some(missing.to_string().as_str()));
        let differences = missing.differences.iter();
        let differences =
            differences.map(|it| format!("{}: {:?} now {:?}", it.part, it.recorded, it.asked));
        said.push(format!(
            "line {}: {}",
            missing.nearest.unwrap(),
            differences.collect::<Vec<_>>().join(", ")
        ));
    }
    let other = replay.for_model(ModelId::new("openai", "m"));
    let error = other.generate(&request("one", 0)).await.unwrap_err();
    said.push(
        error
            .detail()
            .unwrap()
            .rsplit_once("; ")
            .unwrap()
            .1
            .to_owned(),
    );
    assert_snapshot!(said.join("\n"), @r#"
line 3: instructions: "Be brief." now "Be thorough."
line 3: messages: "user: one\nuser: document \"d-1\": Its text." now "user: once more\nuser: document \"d-1\": Its text."
line 3: schema: "Reply be1794ffc421d7c72d4c5092da4afc100af6e625693215aa…" now "Reply a7c0c0974f294de40d623f0f037ab461e21726b3982c48f0…"
line 3: sampling: "…ns\":null,\"seed\":null}" now "…ns\":null,\"seed\":7}"
line 3: sample: "0" now "3"
line 3: instructions: "Be brief." now "Be brief!", sample: "0" now "3"
line 3 is nearest and differs in model (recorded "scripted", asked "openai:m")
"#);
}

#[test]
fn damage_is_named_by_its_line() {
    let place = Place::new();
    let call = r#"{"model":{"provider":"p","model":"m","endpoint":null},"request":{"instructions":"","messages":[],"schema":null,"sampling":{},"sample":0},"key":"KEY","usage":{"calls":1,"attempts":1,"input_tokens":0,"cached_input_tokens":0,"output_tokens":0,"reasoning_tokens":0},"result":{"answered":{"text":"","finish":"stop","model":""}}}"#;
    let call = call.replace("KEY", &"0".repeat(64));
    let head = r#"{"cassette":1}"#;
    let deep = "[".repeat(100_000);
    let cases = [
        (String::new(), 1),
        ("{\"cassette\":2}".to_owned(), 1),
        (format!("{head}\n<<<<<<< HEAD\n"), 2),
        (format!("{head}\n{call}\n{}", &call[..99]), 3),
        (format!("{head}\n{call}\n{call}\n"), 3),
        (format!("{head}\n{call}\n\n"), 3),
        (format!("{head}\n{}", call.replace("000", "xyz")), 2),
        (
            format!("{head}\n{}", call.replace("\"key\"", "\"more\":1,\"key\"")),
            2,
        ),
        (format!("{head}\n{deep}"), 2),
    ];
    for (text, line) in cases {
        place.write(&text);
        let error = Replay::open(place.path(), plain()).unwrap_err();
        let end = text.len().min(300);
        assert_eq!(
            error.kind(),
            CassetteErrorKind::Damaged { line },
            "{error}: {}",
            &text[..end]
        );
        assert!(
            error.to_string().contains(&format!("line {line}: ")),
            "{error}"
        );
    }
    place.write(&format!("{head}\n{call}\n"));
    assert_eq!(Replay::open(place.path(), plain()).unwrap().unused(), [2]);
    let absent = Replay::open(place.0.path().join("absent"), plain()).unwrap_err();
    assert_eq!(absent.kind(), CassetteErrorKind::Io);
}

proptest! {
    #[test]
    fn the_order_of_arrival_leaves_no_trace(
        order in Just((0..12).collect::<Vec<u32>>()).prop_shuffle()
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let of = |n: u32| request(&format!("question {}", n / 4), n % 4);
        let sorted: Vec<Request> = (0..12).map(of).collect();
        let shuffled: Vec<Request> = order.iter().map(|&n| of(n)).collect();
        let (one, _) = runtime.block_on(record(plain(), &sorted));
        let (other, _) = runtime.block_on(record(plain(), &shuffled));
        prop_assert_eq!(one.text(), other.text());
    }
}
