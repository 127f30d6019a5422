//! The calls of a recorded run, session by session.

use std::sync::Arc;

use patterns_core::{
    AgentErrorKind, BoxFuture, BranchId, Event, EventSink, Layer, Message, Model, ModelError,
    ModelErrorKind, ModelId, Origin, Part, Request, Response, RunId, StepRole, Usage,
};
use patterns_report::{Call, CallEnd, recorded_calls};
use patterns_store::{Again, Recorder, RunRecord, Store, StoreLayer};

/// Answers with the words it is asked, unless they are bad.
#[derive(Debug)]
struct Echo(ModelId);

impl Model for Echo {
    fn id(&self) -> &ModelId {
        &self.0
    }

    fn generate<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        let text = request.messages[0].to_text();
        Box::pin(async move {
            match &*text {
                "bad" => Err(ModelError::new(ModelErrorKind::Refused)),
                _ => Ok(Response::new("echo-1", text)),
            }
        })
    }
}

/// Asks for each of the words in a branch of the same name; those that are unread have no call.
async fn session(store: &Store, words: &[(&str, &str)]) -> RunRecord {
    let run = store.begin_run([1; 32], "job".to_owned(), Again::Same);
    let run = run.await.unwrap();
    let recorder = Arc::new(Recorder::new(store, &run).unwrap());
    let layer = StoreLayer::new(store.clone()).run(recorder.run());
    let layer = layer.recorder(Arc::clone(&recorder));
    let model = layer.layer(Echo(ModelId::new("openai", "m")));
    for (n, (label, text)) in (0..).zip(words) {
        let origin = Origin {
            run: RunId(1),
            branch: BranchId(n),
        };
        recorder.emit(Event::BranchStarted {
            origin,
            role: StepRole::Map,
            label: (*label).to_owned(),
        });
        let usage = Usage::default();
        let request = Request {
            messages: vec![Message::user([Part::text(*text)])],
            scope: origin.into(),
            ..Request::default()
        };
        let failed = |kind| Event::BranchFailed {
            origin,
            kind,
            usage,
        };
        match *text {
            "unread" => recorder.emit(failed(AgentErrorKind::UnreadableInput)),
            "open" => {}
            _ => match model.generate(&request).await {
                Ok(_) => recorder.emit(Event::BranchAnswered { origin, usage }),
                Err(error) => recorder.emit(failed(AgentErrorKind::Model(error.kind()))),
            },
        }
    }
    store.flush().await.unwrap();
    run
}

/// Returns the calls, each on a line: branch, name, end, and answer or cause.
fn lines(store: &Store, run: &RunRecord) -> Vec<String> {
    let calls = recorded_calls(store, run).unwrap();
    let line = |it: Call| {
        let said = it.answer.or(it.cause).unwrap_or_default();
        format!("{} {}: {} {said}", it.branch, it.label, it.end.word())
    };
    calls.map(|it| line(it.unwrap())).collect()
}

#[tokio::test]
async fn a_branch_without_a_call_is_there_too() {
    let store = Store::in_memory().unwrap();
    let words = [("a", "one"), ("b", "bad"), ("c", "unread"), ("d", "open")];
    let run = session(&store, &words).await;
    let shown = lines(&store, &run);
    assert_eq!(shown[0], "0 a: answered one");
    assert!(
        shown[1].starts_with("1 b: failed ") && shown[1].contains("refused"),
        "{shown:?}"
    );
    assert_eq!(
        shown[2..],
        ["2 c: failed unreadable input", "3 d: not ended "]
    );
}

#[tokio::test]
async fn what_an_earlier_session_has_paid_for_is_shown_once_and_where_it_was_paid() {
    let store = Store::in_memory().unwrap();
    session(&store, &[("a", "one"), ("b", "open")]).await;
    // The branches are others now, and `a` is found.
    let run = session(&store, &[("b", "two"), ("a", "one")]).await;
    let shown = lines(&store, &run);
    assert_eq!(shown, ["1 a: answered one", "0 b: answered two"]);
    let calls: Vec<Call> = recorded_calls(&store, &run)
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let (first, second) = (calls[0].timing.unwrap(), calls[1].timing.unwrap());
    // Each is counted from the beginning of its session, of which the store knows the whole milliseconds.
    assert!(
        first.end() < second.begin + 1.0,
        "one session after the other: {first:?} {second:?}"
    );
    assert_eq!(calls[1].prompt.as_deref(), Some("── user ──\ntwo"));
    assert_eq!((calls[1].end, calls[1].number), (CallEnd::Answered, 1));
}
