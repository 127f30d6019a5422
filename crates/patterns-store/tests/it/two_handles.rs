//! Two handles to one file, as two processes have them, and what must not be lost or mixed up between them.

use std::time::Duration;

use patterns_core::{BranchId, Event, EventSink, Layer, Model, Origin, RunId, StepRole, Usage};
use patterns_store::{Again, Recorder, StoreLayer};
use patterns_testkit::ScriptedModel;

use super::*;

/// A run of one handle, whose model answers with the next of a script.
struct Running {
    store: Store,
    recorder: Arc<Recorder>,
    model: Box<dyn Model>,
    run: i64,
}

impl Running {
    async fn begin<const N: usize>(store: &Store, identity: u8, script: [&str; N]) -> Self {
        let run = store.begin_run([identity; 32], "job".to_owned(), Again::Same);
        let run = run.await.unwrap();
        let recorder = Arc::new(Recorder::new(store, &run).unwrap());
        let layer = StoreLayer::new(store.clone()).run(run.id);
        let layer = layer.recorder(Arc::clone(&recorder));
        Self {
            store: store.clone(),
            recorder,
            model: Box::new(layer.layer(ScriptedModel::new(script))),
            run: run.id,
        }
    }

    /// Asks in a branch of its own, whose record waits for the next commit.
    async fn ask(&self, branch: u64, instructions: &Arc<str>, words: &str) {
        let origin = Origin {
            run: RunId(1),
            branch: BranchId(branch),
        };
        self.recorder.emit(Event::BranchStarted {
            origin,
            role: StepRole::Section,
            label: words.to_owned(),
        });
        let request = Request {
            instructions: Arc::clone(instructions),
            scope: origin.into(),
            ..request(words, 0)
        };
        self.model.generate(&request).await.unwrap();
        let usage = Usage::default();
        self.recorder.emit(Event::BranchAnswered { origin, usage });
    }

    /// Returns what each call was told and asked, and its answer.
    async fn said(&self) -> Vec<String> {
        self.store.flush().await.unwrap();
        let calls = self.store.calls_of(self.run).map(Result::unwrap);
        let said = calls.map(|call| {
            let texts = self.store.texts(&call).unwrap();
            let asked = texts.request.map_or_else(String::new, |it| {
                format!("{}: {}", it.instructions, it.messages[0].to_text())
            });
            format!("{asked} -> {}", texts.answer.unwrap_or_default())
        });
        said.collect()
    }
}

#[tokio::test]
async fn what_was_asked_is_never_shown_with_the_instructions_of_another_process() {
    let place = Place::new();
    let (mine, other) = (place.open(), place.open());
    let running = Running::begin(&mine, 1, ["1", "2"]).await;
    let instructions: Arc<str> = Arc::from("Be brief.");
    running.ask(0, &instructions, "a").await;
    mine.flush().await.unwrap();
    // Its number is free again, and the other one takes it.
    other.remove_prompts().await.unwrap();
    let others = Running::begin(&other, 2, ["3"]).await;
    others.ask(0, &Arc::from("Be thorough."), "c").await;
    assert_eq!(others.said().await, ["Be thorough.: c -> 3"]);
    running.ask(1, &instructions, "b").await;
    assert_eq!(running.said().await, [" -> 1", "Be brief.: b -> 2"]);
}

#[tokio::test]
async fn a_call_that_is_gone_is_never_shown_with_the_answer_of_another_process() {
    let place = Place::new();
    let (mine, other) = (place.open(), place.open());
    let running = Running::begin(&mine, 1, ["1"]).await;
    running.ask(0, &Arc::from("Be brief."), "a").await;
    // The record of the call still waits; its row is removed, and its number given to another.
    other.collect_garbage(Some(Duration::ZERO)).await.unwrap();
    other.record(&record("b", "2", 2)).await.unwrap();
    assert_eq!(running.said().await, [" -> "]);
}

#[tokio::test]
async fn an_answer_that_cannot_be_disowned_costs_no_other_one() {
    let place = Place::new();
    let store = place.open();
    store.record(&record("a", "1", 0)).await.unwrap();
    let connection = rusqlite::Connection::open(place.path()).unwrap();
    let refuse = "CREATE TRIGGER no BEFORE UPDATE ON calls \
        BEGIN SELECT RAISE(ABORT, 'not today'); END";
    connection.execute_batch(refuse).unwrap();
    store.disown(&key("a"));
    for words in ["b", "c"] {
        store.record(&record(words, "2", 0)).await.unwrap();
    }
    assert_eq!(text(&store, "a").as_deref(), Some("1"));
    assert_eq!(text(&store, "c").as_deref(), Some("2"));
    let why = store.unrecorded().unwrap().to_string();
    assert!(why.contains("not today"), "{why}");
    connection.execute_batch("DROP TRIGGER no").unwrap();
    store.disown(&key("a"));
    store.flush().await.unwrap();
    assert_eq!(text(&store, "a"), None, "what comes later is written again");
}
