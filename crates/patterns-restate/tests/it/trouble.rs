//! A driver whose server or connection goes away, and calls that nobody needs any more.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use patterns_core::{
    CallKey, Event, EventSink, Model, ModelError, ModelErrorKind, ModelId, Request, RunId, Scope,
};
use patterns_restate::{Driver, Durable, RestateErrorKind, Seal, Server};
use patterns_testkit::EventLog;
use serde_json::json;
use tokio::sync::Notify;

use crate::scripted::{Act, Scripted, answered, failed, model, request};

fn key() -> String {
    CallKey::of(&ModelId::new("compatible", "m"), &request()).to_string()
}

/// An address at which nothing answers.
async fn nowhere() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[tokio::test]
async fn a_lost_connection_attaches_again_under_the_same_key() {
    let count = AtomicUsize::new(0);
    let server = Scripted::start(move |_| match count.fetch_add(1, Ordering::Relaxed) {
        0 => Act::Lose,
        1 => Act::Own(503, json!({"message": "no leader"})),
        _ => answered("me", "yes"),
    })
    .await;
    let log = Arc::new(EventLog::default());
    let sink: Arc<dyn EventSink> = log.clone();
    let mut asked = request();
    asked.scope = Scope::new(RunId(1), sink, tokio_util::sync::CancellationToken::new());
    let response = model(&server.durable()).generate(&asked).await.unwrap();
    assert_eq!(response.text, "yes");
    insta::assert_snapshot!(server.lines(&key()), @r"
    POST /restate/call/Model/generate KEY
    POST /restate/call/Model/generate KEY
    POST /restate/call/Model/generate KEY
    ");
    let events = log.events();
    let paused = events
        .iter()
        .filter(|it| matches!(it, Event::CallsPaused { .. }));
    assert_eq!(paused.count(), 1, "an outage is told once: {events:?}");
}

#[tokio::test]
async fn a_server_that_is_away_is_given_up_for_all_calls_together() {
    let server = Server::new(&nowhere().await).unwrap();
    let driver = Driver::named("me").patience(Duration::ZERO);
    let durable = Durable::connect(server, driver).unwrap();
    let error = model(&durable).generate(&request()).await.unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::Unreachable);
    assert!(!error.is_transient());
    let words = error.to_string();
    assert!(
        words.contains("away for 0 s (connection refused at 127.0.0.1:"),
        "{words}"
    );
    // What never got there needs no cancelling.
    assert_eq!(durable.settled(Duration::ZERO).await, None);
}

#[tokio::test]
async fn a_call_that_is_dropped_is_cancelled() {
    let server = Scripted::start(|seen| match &*seen.line {
        "POST /restate/lookup" => Act::Ended(200, json!({"invocationId": "inv"})),
        "PATCH /invocations/inv/cancel" => Act::Ended(202, json!(null)),
        _ => Act::Hang,
    })
    .await;
    let durable = server.durable();
    let model = model(&durable).lane("llm");
    let asked = request();
    tokio::select! {
        _ = model.generate(&asked) => {}
        () = server.has_seen(1) => {}
    }
    tokio::select! {
        () = durable.keep_telling() => {}
        untold = durable.settled(Duration::from_secs(9)) => assert_eq!(untold, None),
    }
    insta::assert_snapshot!(server.lines(&key()), @r"
    POST /restate/scope/llm/call/Model/generate KEY
    POST /restate/lookup
    PATCH /invocations/inv/cancel
    ");
    assert_eq!(server.seen()[1].body["scope"], "llm");
}

#[tokio::test]
async fn what_cannot_be_cancelled_is_counted_and_said() {
    let server = Scripted::start(|seen| match &*seen.line {
        "POST /restate/lookup" => Act::Ended(200, json!({"invocationId": "inv"})),
        "PATCH /invocations/inv/cancel" => Act::Own(403, json!({"message": "not yours"})),
        _ => Act::Hang,
    })
    .await;
    let durable = server.durable();
    let (model, asked) = (model(&durable), request());
    tokio::select! {
        _ = model.generate(&asked) => {}
        () = server.has_seen(1) => {}
    }
    tokio::select! {
        () = durable.keep_telling() => {}
        untold = durable.settled(Duration::from_secs(9)) => {
            assert_eq!(untold, Some((1, "not yours".to_owned())));
        }
    }
}

#[tokio::test]
async fn an_invocation_that_others_cancelled_is_asked_for_anew_but_not_for_ever() {
    for (cancelled, expected) in [(1, Ok("yes")), (99, Err(3))] {
        let server = Scripted::start(move |seen| match seen.call().generation {
            it if it < cancelled => Act::Ended(409, json!({"message": "cancelled"})),
            _ => answered("me", "yes"),
        })
        .await;
        let result = model(&server.durable()).generate(&request()).await;
        match expected {
            Ok(text) => assert_eq!(result.unwrap().text, text),
            Err(tries) => {
                assert_eq!(result.unwrap_err().detail(), Some("cancelled"));
                assert_eq!(server.seen().len(), tries);
            }
        }
    }
}

/// Each may have been paid for: a server that nobody has to trust can have a worker carry it out and give
/// something else.
#[tokio::test]
async fn what_is_private_and_answered_openly_is_asked_for_anew_but_not_for_ever() {
    for is_refusal in [false, true] {
        let server = Scripted::start(move |_| match is_refusal {
            false => answered("you", "yes"),
            true => failed("you", &ModelError::new(ModelErrorKind::AllRejected)),
        })
        .await;
        let seal = Seal::new(&"1".repeat(64).into()).unwrap();
        let driver = Driver::named("me").private(Some(seal));
        let durable = Durable::connect(server.server(), driver).unwrap();
        let model = model(&durable);
        model.generate(&request()).await.unwrap_err();
        assert_eq!(server.seen().len(), 10);
    }
}

#[tokio::test]
async fn a_server_that_has_no_worker_yet_is_waited_for_like_one_that_is_away() {
    let count = AtomicUsize::new(0);
    let server = Scripted::start(move |_| match count.fetch_add(1, Ordering::Relaxed) {
        0 => Act::Own(404, json!({"message": "service 'Model' not found"})),
        _ => answered("me", "yes"),
    })
    .await;
    let response = model(&server.durable()).generate(&request()).await;
    assert_eq!(response.unwrap().text, "yes");
    let server = Scripted::start(|_| Act::Own(404, json!({"message": "not found"}))).await;
    let driver = Driver::named("me").patience(Duration::ZERO);
    let durable = Durable::connect(server.server(), driver).unwrap();
    let error = model(&durable).generate(&request()).await.unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::Unreachable);
    let words = error.to_string();
    assert!(
        words.contains("no worker is registered at 127.0.0.1:"),
        "{words}"
    );
}

#[tokio::test]
async fn a_server_is_looked_at_before_anything_is_asked() {
    let table = [
        (200, json!({"services": ["Model"]}), None),
        (
            200,
            json!({"services": ["Other"]}),
            Some(RestateErrorKind::NoWorker),
        ),
        (
            401,
            json!({"message": "who?"}),
            Some(RestateErrorKind::Unauthorized),
        ),
        (200, json!("hello"), Some(RestateErrorKind::Unreachable)),
        (500, json!(null), Some(RestateErrorKind::Unreachable)),
    ];
    for (status, body, expected) in table {
        let server = Scripted::start(move |_| Act::Ended(status, body.clone())).await;
        let found = server.durable().check().await.err().map(|it| it.kind());
        assert_eq!(found, expected, "{status}");
    }
    let server = Server::new(&nowhere().await).unwrap();
    let durable = Durable::connect(server, Driver::named("me")).unwrap();
    let error = durable.check().await.unwrap_err();
    assert_eq!(error.kind(), RestateErrorKind::Unreachable);
    let words = error.to_string();
    assert!(
        words.starts_with("no Restate server answers: connection refused at 127"),
        "{words}"
    );
}

/// Holds the causes of pauses.
#[derive(Default)]
struct Pauses {
    causes: Mutex<Vec<String>>,
    more: Notify,
}

impl EventSink for Pauses {
    fn emit(&self, event: Event) {
        if let Event::CallsPaused { cause, .. } = event {
            self.causes.lock().unwrap().push(cause);
            self.more.notify_one();
        }
    }
}

#[tokio::test]
async fn that_no_worker_takes_calls_is_told_once_for_all_that_wait() {
    let held_back =
        json!({"rows": [{"status": "backing-off", "why": "connection refused\n  at 0"}]});
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let server = Scripted::start(move |seen| match &*seen.line {
        "POST /query" => {
            count.fetch_add(1, Ordering::Relaxed);
            Act::Ended(200, held_back.clone())
        }
        _ => Act::Hang,
    })
    .await;
    let driver = Driver::named("me").silence(Duration::from_millis(1));
    let durable = Durable::connect(server.server(), driver).unwrap();
    let model = model(&durable);
    let pauses = Arc::new(Pauses::default());
    let sink: Arc<dyn EventSink> = pauses.clone();
    let [one, other] = [0, 1].map(|sample| {
        let token = tokio_util::sync::CancellationToken::new();
        let scope = Scope::new(RunId(1), Arc::clone(&sink), token);
        Request {
            sample,
            scope,
            ..request()
        }
    });
    tokio::select! {
        () = durable.keep_telling() => {}
        _ = model.generate(&one) => {}
        _ = model.generate(&other) => {}
        () = async {
            pauses.more.notified().await;
            // It goes on to be so.
            let before = asked.load(Ordering::Relaxed);
            while asked.load(Ordering::Relaxed) < before + 3 {
                server.more.notified().await;
            }
        } => {}
    }
    let causes = pauses.causes.lock().unwrap();
    assert_eq!(*causes, ["no worker takes calls: connection refused"]);
}

#[tokio::test]
async fn a_lane_is_asked_for_no_more_than_it_lets_through() {
    let server = Scripted::start(|_| Act::Hang).await;
    let limits = [("llm".to_owned(), 16)].into();
    let driver = Driver::named("me").limits(limits);
    let durable = Durable::connect(server.server(), driver).unwrap();
    let (limited, free) = (model(&durable).lane("llm"), model(&durable).lane("other"));
    let requests: Vec<Request> = (0..40)
        .map(|sample| Request {
            sample,
            ..request()
        })
        .collect();
    let of = |lane: &str| {
        let seen = server.seen();
        seen.iter()
            .filter(|it| it.line.contains(&format!("/scope/{lane}/")))
            .count()
    };
    tokio::select! {
        _ = join_all(requests.iter().map(|it| limited.generate(it))) => {}
        // A lane without a limit is asked for all that is wanted, and that is known to be later.
        _ = join_all(requests.iter().map(|it| free.generate(it))) => {}
        () = server.has_seen(16 + 40) => {}
    }
    assert_eq!((of("llm"), of("other")), (16, 40));
}
