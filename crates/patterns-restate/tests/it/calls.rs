//! What is sent, under which key, and which answers are taken.

use std::num::NonZeroUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::join_all;
use patterns_core::{CallKey, Model, ModelError, ModelErrorKind, ModelId, Request};
use patterns_restate::{Driver, Durable};
use serde_json::json;

use crate::scripted::{Act, Scripted, answered, failed, model, request};

fn key() -> String {
    CallKey::of(&ModelId::new("compatible", "m"), &request()).to_string()
}

#[tokio::test]
async fn a_call_travels_as_plain_data_under_its_key() {
    let server = Scripted::start(|_| answered("me", "yes")).await;
    let model = model(&server.durable()).settings(json!({"timeout": "2m"}));
    let response = model.generate(&request()).await.unwrap();
    assert_eq!(response.text, "yes");
    assert_eq!(
        server.lines(&key()),
        "POST /restate/call/Model/generate KEY"
    );
    let seen = &server.seen()[0];
    let call = seen.call();
    assert_eq!(call.check().unwrap().to_string(), key());
    assert_eq!(call.request, request());
    assert_eq!((&*call.model, &*call.asker), ("sim:m", "me"));
    assert_eq!(call.settings, json!({"timeout": "2m"}));
    assert_eq!(seen.token, None);
}

#[tokio::test]
async fn a_lane_is_a_scope_of_the_server() {
    let server = Scripted::start(|_| answered("me", "yes")).await;
    let model = model(&server.durable()).lane("open/ai");
    model.generate(&request()).await.unwrap();
    let line = "POST /restate/scope/open%2Fai/call/Model/generate KEY";
    assert_eq!(server.lines(&key()), line);
}

#[tokio::test]
async fn a_token_is_sent_and_never_shown() {
    let server = Scripted::start(|_| answered("me", "yes")).await;
    let with_token = server.server().token("canary").unwrap();
    let durable = Durable::connect(with_token, Driver::named("me")).unwrap();
    model(&durable).generate(&request()).await.unwrap();
    assert_eq!(server.seen()[0].token.as_deref(), Some("Bearer canary"));
    assert!(!format!("{durable:?}").contains("canary"));
}

#[tokio::test]
async fn an_answer_that_somebody_else_got_is_taken_unless_it_was_of_no_use() {
    for (is_disowned, expected) in [(false, "theirs"), (true, "mine")] {
        let server = Scripted::start(move |seen| match &*seen.line {
            "POST /restate/lookup" => Act::Ended(200, json!({"invocationId": "inv"})),
            "GET /restate/output/inv" if is_disowned => Act::Ended(200, json!(null)),
            "GET /restate/output/inv" => Act::Own(404, json!({"message": "not found"})),
            _ if seen.key.as_ref().unwrap().ends_with("-1") => answered("me", "mine"),
            _ => answered("you", "theirs"),
        })
        .await;
        let response = model(&server.durable()).generate(&request()).await.unwrap();
        assert_eq!(response.text, expected);
        let lookup = &server.seen()[1].body;
        let (handler, of) = (&lookup["handler"], &lookup["idempotencyKey"]);
        assert_eq!((handler, of), (&json!("disown"), &json!(key())));
    }
}

#[tokio::test]
async fn an_answer_of_no_use_is_said_so_and_asked_for_anew() {
    let server = Scripted::start(|_| answered("me", "nonsense")).await;
    let durable = server.durable();
    let model = model(&durable);
    tokio::select! {
        () = durable.keep_telling() => {}
        _ = async {
            model.generate(&request()).await.unwrap();
            model.disown(&request());
            assert_eq!(durable.settled(Duration::from_secs(9)).await, None);
            model.generate(&request()).await.unwrap();
        } => {}
    }
    insta::assert_snapshot!(server.lines(&key()), @r"
    POST /restate/call/Model/generate KEY
    POST /restate/send/Model/disown KEY
    POST /restate/call/Model/generate KEY-1
    ");
}

#[tokio::test]
async fn a_failure_of_an_earlier_run_is_asked_for_anew() {
    let refused = ModelError::new(ModelErrorKind::Refused);
    let server = Scripted::start(move |seen| match seen.call().generation {
        0 | 1 => failed("somebody, earlier", &refused),
        _ => answered("me", "now"),
    })
    .await;
    let response = model(&server.durable()).generate(&request()).await.unwrap();
    assert_eq!(response.text, "now");
    insta::assert_snapshot!(server.lines(&key()), @r"
    POST /restate/call/Model/generate KEY
    POST /restate/call/Model/generate KEY-1
    POST /restate/call/Model/generate KEY-2
    ");
}

#[tokio::test]
async fn a_failure_of_this_run_is_told_once_and_then_asked_for_anew() {
    let refused = ModelError::new(ModelErrorKind::Refused).with_cause("no");
    let server = Scripted::start(move |seen| match seen.call().generation {
        0 => failed("me", &refused),
        _ => answered("me", "now"),
    })
    .await;
    let model = model(&server.durable());
    let error = model.generate(&request()).await.unwrap_err();
    assert_eq!(error.to_string(), "the model refused to answer: no");
    assert_eq!(model.generate(&request()).await.unwrap().text, "now");
}

#[tokio::test]
async fn a_fresh_run_is_given_no_answer_of_another_one() {
    let server = Scripted::start(|_| answered("me", "new")).await;
    let driver = Driver::named("me").fresh(true);
    let durable = Durable::connect(server.server(), driver).unwrap();
    model(&durable).generate(&request()).await.unwrap();
    let line = "POST /restate/call/Model/generate KEY-me-0";
    assert_eq!(server.lines(&key()), line);
    assert!(server.seen()[0].call().is_fresh);
}

#[tokio::test]
async fn many_calls_at_once_have_several_connections() {
    let server = Scripted::start(|_| answered("me", "yes")).await;
    let driver = Driver::named("me").at_once(NonZeroUsize::new(450).unwrap());
    let durable = Durable::connect(server.server(), driver).unwrap();
    let model = model(&durable);
    let requests: Vec<Request> = (0..450)
        .map(|sample| Request {
            sample,
            ..request()
        })
        .collect();
    let answers = join_all(requests.iter().map(|it| model.generate(it))).await;
    assert!(answers.iter().all(Result::is_ok));
    assert!(server.connections.load(Ordering::Relaxed) >= 3);
}
