//! How runs go: what was sent, answered and waited for, and what of it is kept.

use std::sync::Arc;
use std::time::Duration;

use patterns_core::{
    Agent, AgentErrorKind, Attachment, BoxFuture, BranchId, Budget, Caps, Contract, Document,
    Event, EventSink, Fix, Layer, MediaType, Model, ModelAgent, ModelError, ModelErrorKind, Money,
    Origin, RunId, Scope, StepRole, Usage, Waits,
};
use patterns_store::{
    Again, Answers, BranchEnding, CallEnding, CallRecord, Recorder, RunRecord, StoreLayer,
    StorePolicy,
};
use patterns_testkit::{Reply, ScriptedModel};

use super::*;

/// Answers with the words it is asked.
#[derive(Debug)]
struct Echo(ModelId);

impl Model for Echo {
    fn id(&self) -> &ModelId {
        &self.0
    }

    fn generate<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        let text = request.messages[0].to_text();
        Box::pin(async move { Ok(Response::new("echo-1", text)) })
    }
}

/// Asks for each of the words in a branch of its own, and says what came of the calls.
pub(super) async fn ask<const N: usize>(
    store: &Store,
    run: &RunRecord,
    words: [&str; N],
) -> Vec<String> {
    let recorder = Arc::new(Recorder::new(store, run).unwrap());
    let model = Echo(ModelId::new("openai", "m"));
    let model = layer(store, &recorder).layer(model);
    for (n, words) in words.into_iter().enumerate() {
        let origin = origin(n as u64);
        start(&recorder, n as u64, words);
        let request = Request {
            scope: origin.into(),
            ..request(words, 0)
        };
        model.generate(&request).await.unwrap();
        let usage = Usage::default();
        recorder.emit(Event::BranchAnswered { origin, usage });
    }
    store.flush().await.unwrap();
    let calls = store.calls_of(run.id).map(Result::unwrap);
    calls.map(|call| described(store, &call)).collect()
}

fn described(store: &Store, call: &CallRecord) -> String {
    let ending = serde_json::to_value(call.ending).unwrap();
    let answer = store.texts(call).unwrap().answer.unwrap_or_default();
    format!("{} {answer}", ending.as_str().unwrap())
}

pub(super) fn layer(store: &Store, recorder: &Arc<Recorder>) -> StoreLayer {
    StoreLayer::new(store.clone())
        .run(recorder.run())
        .recorder(Arc::clone(recorder))
}

pub(super) fn origin(branch: u64) -> Origin {
    Origin {
        run: RunId(1),
        branch: BranchId(branch),
    }
}

pub(super) fn start(recorder: &Recorder, branch: u64, label: &str) {
    recorder.emit(Event::BranchStarted {
        origin: origin(branch),
        role: StepRole::Section,
        label: label.to_owned(),
    });
}

pub(super) async fn begun(store: &Store, identity: u8) -> RunRecord {
    let run = store.begin_run([identity; 32], "job".to_owned(), Again::Same);
    run.await.unwrap()
}

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
struct City {
    #[expect(dead_code, reason = "it is decoded")]
    city: String,
}

#[tokio::test]
async fn the_calls_of_a_run_within_a_branch_are_those_of_that_branch() {
    let store = Store::in_memory().unwrap();
    let run = begun(&store, 1).await;
    let recorder = Arc::new(Recorder::new(&store, &run).unwrap());
    let model = layer(&store, &recorder).layer(Echo(ModelId::new("openai", "m")));
    let ask = async |branch: u64, words: &str| {
        let request = Request {
            scope: origin(branch).into(),
            ..request(words, 0)
        };
        model.generate(&request).await.unwrap();
    };
    let usage = Usage::default();
    let answered = |branch| Event::BranchAnswered {
        origin: origin(branch),
        usage,
    };
    // Two sections with two ballots each, all at once; of the last ballot, no end is told.
    let within = |section: u64, ballot| BranchId(section).first_within().0 + ballot;
    let ballots = [within(0, 0), within(0, 1), within(1, 0), within(1, 1)];
    for (branch, label) in [(0, "red"), (1, "blue")] {
        start(&recorder, branch, label);
    }
    for (branch, voter) in ballots.into_iter().zip(["a", "b", "a", "b"]) {
        start(&recorder, branch, voter);
    }
    for branch in ballots {
        ask(branch, &branch.to_string()).await;
    }
    for branch in [ballots[1], ballots[0], 0, ballots[2], 1] {
        recorder.emit(answered(branch));
    }
    store.flush().await.unwrap();
    let parts = |section| {
        let calls = store.calls_of_branch(1, 1, BranchId(section)).unwrap();
        let parts = calls.iter().map(|it| {
            let answer = store.answer(it).unwrap().unwrap();
            (it.part.clone().unwrap(), answer, it.nth)
        });
        parts.collect::<Vec<_>>()
    };
    let call = |voter: &str, branch: u64| (voter.to_owned(), branch.to_string(), 1);
    assert_eq!(parts(0), [call("b", ballots[1]), call("a", ballots[0])]);
    assert_eq!(parts(1), [call("a", ballots[2]), call("b", ballots[3])]);
    let labels = store.branches_of(1, 1).map(|it| it.unwrap().label);
    assert_eq!(labels.collect::<Vec<_>>(), ["red", "blue"]);
}

#[tokio::test]
async fn a_branch_has_its_prompt_its_answers_its_re_ask_and_what_was_mended() {
    let store = Store::in_memory().unwrap();
    let run = begun(&store, 1).await;
    let recorder = Arc::new(Recorder::new(&store, &run).unwrap());
    let fenced = "```json\n{\"city\": \"Paris\"}\n```";
    let dear = Response {
        usage: Usage {
            cost: Some(Money::from_picodollars(7)),
            ..Response::new("", "").usage
        },
        ..Response::new("", "{\"town\": \"Paris\"}")
    };
    let model = ScriptedModel::new([Reply::from(dear), fenced.into()]);
    let model = layer(&store, &recorder).layer(model);
    let contract = Contract::of::<City>().unwrap();
    let agent = ModelAgent::new(Arc::new(model), "Name the capital.", contract);
    let scope = Scope::new(RunId(1), recorder.clone(), Default::default());
    start(&recorder, 0, "France");
    let question = "France, \u{1b}[31mquoted".to_owned();
    let answer: Result<_, _> = agent.run(&question, scope.branch(BranchId(0))).await;
    let usage = answer.unwrap().usage;
    let origin = origin(0);
    recorder.emit(Event::BranchAnswered { origin, usage });
    store.flush().await.unwrap();

    let branch = store.branch(1, 1, BranchId(0)).unwrap().unwrap();
    assert_eq!((branch.role, &*branch.label), (StepRole::Section, "France"));
    assert_eq!(branch.ending, Some(BranchEnding::Answered));
    assert!(branch.began > 1_700_000_000_000_000, "microseconds");
    assert!(branch.ended >= Some(branch.began));
    let calls = store.calls_of_branch(1, 1, BranchId(0)).unwrap();
    let [first, second] = &calls[..] else {
        panic!("{calls:?}");
    };
    assert_eq!((first.nth, second.nth), (1, 2));
    assert!(first.will_reask && first.violations[0].message.contains("city"));
    assert!(!second.will_reask && second.violations.is_empty());
    assert_eq!(second.fixes, [Fix::CodeFence]);
    assert_eq!(first.cost.unwrap().picodollars(), 7);
    assert_eq!((first.usage.attempts, first.paid_by), (1, Some(1)));
    let texts = store.texts(first).unwrap();
    let asked = texts.request.unwrap();
    assert_eq!(&*asked.instructions, "Name the capital.");
    assert_eq!(asked.messages[0].to_text(), question);
    assert_eq!(asked.schema.unwrap().name(), "City");
    assert_eq!(texts.answer.unwrap(), "{\"town\": \"Paris\"}");
    let again = store.texts(second).unwrap();
    let asked = again.request.unwrap();
    assert_eq!(asked.messages.len(), 3, "the answer, and what was wrong");
    assert_eq!(again.answer.as_deref(), Some(fenced));
}

/// Behaves like the layers of a network model, for one call.
#[derive(Debug)]
struct Told(ModelId, Arc<Recorder>);
impl Model for Told {
    fn id(&self) -> &ModelId {
        &self.0
    }

    fn generate<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        let ms = Duration::from_millis;
        Box::pin(async move {
            let (origin, events) = (request.scope.origin(), &self.1);
            tokio::time::sleep(ms(30)).await;
            let (slot, rate, paused) = (ms(20), ms(10), ms(0));
            let waited = Waits { slot, rate, paused };
            events.emit(Event::AttemptSent { origin, waited });
            tokio::time::sleep(ms(5 + 100)).await;
            let error = Some("the provider failed to answer".to_owned());
            let took = ms(100);
            events.emit(Event::AttemptEnded {
                origin,
                took,
                error,
            });
            tokio::time::sleep(ms(500)).await;
            let waited = Waits::default();
            events.emit(Event::AttemptSent { origin, waited });
            tokio::time::sleep(ms(400)).await;
            let after = ms(400);
            events.emit(Event::CallHedged { origin, after });
            tokio::time::sleep(ms(50)).await;
            let after = ms(40);
            events.emit(Event::AnswerBegan { origin, after });
            let (took, error) = (ms(50), None);
            events.emit(Event::AttemptEnded {
                origin,
                took,
                error,
            });
            let mut response = Response::new("m", "done");
            response.usage.output_tokens = 7;
            Ok(response)
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_has_the_waits_and_the_times_of_its_attempts() {
    let ms = Duration::from_millis;
    let store = Store::in_memory().unwrap();
    let run = begun(&store, 1).await;
    let recorder = Arc::new(Recorder::new(&store, &run).unwrap());
    let (sink, at) = (Arc::clone(&recorder), origin(3));
    let model = layer(&store, &recorder).layer(Told(ModelId::new("openai", "m"), sink));
    start(&recorder, 3, "slow");
    let request = Request {
        scope: at.into(),
        ..request("slow", 0)
    };
    model.generate(&request).await.unwrap();
    recorder.close();
    store.flush().await.unwrap();
    let calls = store.calls_of_branch(1, 1, BranchId(3)).unwrap();
    let [call] = &calls[..] else {
        panic!("{calls:?}")
    };
    assert_eq!(call.took, ms(30 + 105 + 500 + 450));
    let [failed, slow, hedge] = &call.attempts[..] else {
        panic!("{call:?}");
    };
    assert_eq!((failed.asked, failed.sent), (ms(0), ms(35)));
    assert_eq!((failed.waited.slot, failed.waited.rate), (ms(20), ms(10)));
    assert_eq!(failed.took, Some(ms(100)));
    assert!(failed.error.as_deref().unwrap().contains("failed"));
    assert_eq!((slow.sent, slow.took), (ms(635), None), "it was dropped");
    assert!(hedge.is_hedge && hedge.error.is_none());
    assert_eq!((hedge.sent, hedge.took), (ms(1035), Some(ms(50))));
    assert_eq!(hedge.first_token, Some(ms(40)));
    let seen = store.experience().unwrap().answers;
    let of = ("section".to_owned(), "openai:m".to_owned());
    let answers = Answers {
        count: 1,
        took: ms(50),
        output_tokens: 7,
    };
    assert_eq!(seen, [(of, answers)].into());
}

#[tokio::test]
async fn each_session_is_kept_and_an_answer_that_was_found_leads_to_what_was_asked_for_it() {
    let place = Place::new();
    let store = place.open();
    let run = begun(&store, 1).await;
    assert_eq!(ask(&store, &run, ["a", "b"]).await.len(), 2);
    let again = begun(&store, 1).await;
    let calls = ask(&store, &again, ["b"]).await;
    assert_eq!(calls, ["answered a", "answered b", "found b"]);
    let other = begun(&store, 2).await;
    ask(&store, &other, ["a"]).await;
    drop(store);
    let store = Store::open_to_read(place.path()).unwrap();
    let found = store.calls_of(other.id).next().unwrap().unwrap();
    assert_eq!((found.ending, found.paid_by), (CallEnding::Found, Some(1)));
    assert_eq!((found.usage, found.cost), (Usage::default(), None));
    let texts = store.texts(&found).unwrap();
    assert_eq!(texts.request.unwrap().messages, request("a", 0).messages);
    assert_eq!(texts.model.as_deref(), Some("echo-1"));
    let labels = |session| -> Vec<String> {
        let branches = store.branches_of(run.id, session).map(Result::unwrap);
        branches.map(|it| it.label).collect()
    };
    assert_eq!(labels(1), ["a", "b"]);
    assert_eq!(labels(2), ["b"]);
    let answered = |session| store.branch_counts(run.id, session).unwrap()[0].answered;
    assert_eq!((answered(1), answered(2)), (2, 1));
    assert!(store.branch_counts(run.id, 3).unwrap().is_empty());
}

#[tokio::test]
async fn a_call_that_failed_is_kept_with_its_cause_and_what_was_asked() {
    let store = Store::in_memory().unwrap();
    let run = begun(&store, 1).await;
    let recorder = Arc::new(Recorder::new(&store, &run).unwrap());
    let error = ModelError::new(ModelErrorKind::Unavailable { retry_after: None })
        .with_status(502)
        .with_detail("bad gateway")
        .with_usage(Usage {
            calls: 1,
            attempts: 3,
            ..Usage::default()
        });
    let kinds = [ModelErrorKind::Refused, ModelErrorKind::NotSent];
    let script = [vec![error], kinds.map(ModelError::new).into()].concat();
    let model = layer(&store, &recorder).layer(ScriptedModel::new(script));
    for branch in 0..3 {
        start(&recorder, branch, "doomed");
        let request = Request {
            scope: origin(branch).into(),
            ..request(&format!("doomed {branch}"), 0)
        };
        model.generate(&request).await.unwrap_err();
        recorder.emit(Event::BranchFailed {
            origin: origin(branch),
            kind: AgentErrorKind::Model(ModelErrorKind::Refused),
            usage: Usage::default(),
        });
    }
    store.flush().await.unwrap();
    let calls: Vec<_> = store.calls_of(1).map(Result::unwrap).collect();
    let error = calls[0].error.as_ref().unwrap();
    assert_eq!((&*error.kind, error.status), ("unavailable", Some(502)));
    assert_eq!(error.detail.as_deref(), Some("bad gateway"));
    assert_eq!((calls[0].usage.attempts, calls[0].paid_by), (3, None));
    let asked = |n: usize| store.texts(&calls[n]).unwrap().request.unwrap();
    assert_eq!(asked(0).messages[0].to_text(), "doomed 0");
    // A refusal is paid for.
    assert_eq!(calls[1].paid_by, Some(1));
    assert_eq!(asked(1).messages[0].to_text(), "doomed 1");
    assert_eq!(store.texts(&calls[1]).unwrap().answer, None);
    // The run was ended before its turn came.
    let ended = (calls[2].ending, calls[2].error.as_ref());
    assert_eq!(ended, (CallEnding::Cancelled, None));
    let branch = store.branch(1, 1, BranchId(1)).unwrap().unwrap();
    assert_eq!(branch.ending, Some(BranchEnding::Failed));
    assert_eq!(branch.error.as_deref(), Some("refused"));
}

#[tokio::test]
async fn what_is_under_way_is_there_and_what_is_broken_off_is_cancelled() {
    let place = Place::new();
    let store = place.open();
    let run = begun(&store, 1).await;
    let lock = store.lock_path(&[1; 32]).unwrap();
    assert!(!store.is_running(1).unwrap());
    let turn = patterns_store::LockFile::try_take(&lock).unwrap().unwrap();
    assert!(store.is_running(1).unwrap());
    let recorder = Arc::new(Recorder::new(&store, &run).unwrap());
    start(&recorder, 0, "slow");
    let model = layer(&store, &recorder).layer(Never(ModelId::new("openai", "m")));
    let request = Request {
        scope: origin(0).into(),
        ..request("slow", 0)
    };
    let call = model.generate(&request);
    let dropped = tokio::time::timeout(Duration::ZERO, call).await;
    assert!(dropped.is_err());
    store.flush().await.unwrap();
    let other = Store::open_to_read(place.path()).unwrap();
    let branch = || other.branch(1, 1, BranchId(0)).unwrap().unwrap();
    assert_eq!((branch().ended, branch().ending), (None, None));
    recorder.close();
    store.end_run(1, false, "{}".to_owned()).await.unwrap();
    assert_eq!(branch().ending, Some(BranchEnding::Cancelled));
    let call = other.calls_of(1).next().unwrap().unwrap();
    assert_eq!(call.ending, CallEnding::Cancelled);
    assert!(!store.is_running(1).unwrap(), "it has an outcome");
    drop(turn);
    assert!(!lock.exists(), "looking has not kept it");
}

#[derive(Debug)]
struct Never(ModelId);

impl Model for Never {
    fn id(&self) -> &ModelId {
        &self.0
    }

    fn generate<'a>(&'a self, _: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(std::future::pending())
    }
}

#[tokio::test]
async fn without_prompts_nothing_that_was_asked_is_in_the_file() {
    let place = Place::new();
    let canary = "the canary of the question";
    for keeps in [false, true] {
        let store = place.open();
        let run = begun(&store, u8::from(keeps)).await;
        let recorder = Recorder::new(&store, &run).unwrap().prompts(keeps);
        let recorder = Arc::new(recorder);
        let model = layer(&store, &recorder)
            .policy(StorePolicy::Fresh)
            .layer(ScriptedModel::new(["yes"]));
        model.generate(&request(canary, 0)).await.unwrap();
        recorder.close();
        store.flush().await.unwrap();
        let call = store.calls_of(run.id).next().unwrap().unwrap();
        let texts = store.texts(&call).unwrap();
        assert_eq!(texts.request.is_some(), keeps);
        assert_eq!(texts.answer.as_deref(), Some("yes"));
        assert_eq!(store.stats().unwrap().prompts, u64::from(keeps));
        let mut lines = Vec::new();
        store.export(&mut lines, false).unwrap();
        assert!(!String::from_utf8(lines).unwrap().contains(canary));
    }
    let store = place.open();
    let mut lines = Vec::new();
    store.export(&mut lines, true).unwrap();
    assert!(String::from_utf8(lines.clone()).unwrap().contains(canary));
    let elsewhere = Store::in_memory().unwrap();
    assert_eq!(elsewhere.import(&lines[..]).await.unwrap(), 1);
    assert_eq!(elsewhere.stats().unwrap().prompts, 1);
    assert_eq!(store.remove_prompts().await.unwrap(), 1);
    let call = store.calls_of(2).next().unwrap().unwrap();
    let texts = store.texts(&call).unwrap();
    assert_eq!(
        (texts.request, texts.answer.as_deref()),
        (None, Some("yes"))
    );
}

#[tokio::test]
async fn what_all_calls_are_told_is_kept_once_and_made_anew_if_it_was_removed() {
    let place = Place::new();
    let store = place.open();
    let run = begun(&store, 1).await;
    let recorder = Arc::new(Recorder::new(&store, &run).unwrap());
    let model = layer(&store, &recorder).layer(Echo(ModelId::new("openai", "m")));
    let instructions: Arc<str> = "long instructions ".repeat(1_000).into();
    let asked = |words: &str| Request {
        instructions: Arc::clone(&instructions),
        ..request(words, 0)
    };
    for n in 0..50 {
        model.generate(&asked(&n.to_string())).await.unwrap();
    }
    let connection = rusqlite::Connection::open(place.path()).unwrap();
    let frames = || -> i64 {
        let count = "SELECT count(*) FROM frames";
        connection.query_row(count, [], |row| row.get(0)).unwrap()
    };
    assert_eq!(frames(), 1);
    // Another process cleans up while this one goes on.
    let other = place.open();
    other.collect_garbage(Some(Duration::ZERO)).await.unwrap();
    assert_eq!(frames(), 0);
    model.generate(&asked("later")).await.unwrap();
    recorder.close();
    store.flush().await.unwrap();
    let call = store.calls_of(1).last().unwrap().unwrap();
    let texts = store.texts(&call).unwrap();
    assert_eq!(texts.request.unwrap().instructions, instructions);
}

#[tokio::test]
async fn a_run_whose_answers_are_gone_never_shows_those_of_another() {
    let place = Place::new();
    let store = place.open();
    let old = begun(&store, 1).await;
    assert_eq!(ask(&store, &old, ["one"]).await, ["answered one"]);
    let connection = rusqlite::Connection::open(place.path()).unwrap();
    let age = "UPDATE calls SET at = at - 10000";
    connection.execute(age, []).unwrap();
    let hour = Some(Duration::from_secs(3_600));
    assert_eq!(store.collect_garbage(hour).await.unwrap().old, 1);
    let new = begun(&store, 2).await;
    assert_eq!(ask(&store, &new, ["another"]).await, ["answered another"]);
    let calls = store.calls_of_branch(old.id, 1, BranchId(0)).unwrap();
    assert_eq!(described(&store, &calls[0]), "answered ");
    assert_eq!(calls[0].paid_by, None);
}

#[tokio::test]
async fn a_record_that_cannot_be_written_costs_no_answer() {
    let place = Place::new();
    let store = place.open();
    let run = begun(&store, 1).await;
    let connection = rusqlite::Connection::open(place.path()).unwrap();
    let refuse = "CREATE TRIGGER no BEFORE INSERT ON run_calls \
        BEGIN SELECT RAISE(ABORT, 'not today'); END";
    connection.execute_batch(refuse).unwrap();
    assert_eq!(ask(&store, &run, ["one"]).await, [""; 0]);
    let why = store.unrecorded().unwrap().to_string();
    assert!(why.contains("not today"), "{why}");
    connection.execute_batch("DROP TRIGGER no").unwrap();
    // No half record follows, and answers are still kept.
    assert_eq!(ask(&store, &run, ["two"]).await, [""; 0]);
    assert_eq!(store.paid(run.id).unwrap()[0].1.calls, 2);
}

#[tokio::test]
async fn a_hundred_thousand_calls_are_read_in_order_and_in_pages() {
    let place = Place::new();
    let store = place.open();
    begun(&store, 1).await;
    let connection = rusqlite::Connection::open(place.path()).unwrap();
    connection
        .execute_batch(
            "INSERT INTO models (id, name) VALUES (1, 'm');
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
             INSERT INTO run_calls (run, number, session, branch, nth, model, began, took, ending,
             more) SELECT 1, i, 1, i / 2, 1, 1, i, 5, 0, '{}' FROM n;",
        )
        .unwrap();
    let mut last = 0;
    for call in store.calls_of(1) {
        let call = call.unwrap();
        assert_eq!(call.number, last + 1);
        last = call.number;
    }
    assert_eq!(last, 100_000);
    let run = begun(&store, 1).await;
    assert_eq!(ask(&store, &run, ["more"]).await.len(), 100_001);
}

#[tokio::test]
async fn what_came_of_a_run_is_kept() {
    let store = Store::in_memory().unwrap();
    begun(&store, 1).await;
    let result = format!("{{\"value\": \"{}\"}}", "x".repeat(100_000));
    store.keep_result(1, result.clone()).await.unwrap();
    assert_eq!(store.result(1).unwrap(), Some(result));
    assert_eq!(store.result(2).unwrap(), None);
    // A store does not stay open for what writes into it.
    let budget = Budget::new(Caps::default());
    store.keep_account(1, &budget);
}

#[tokio::test]
async fn a_picture_is_kept_by_its_size_and_digest_only() {
    let store = Store::in_memory().unwrap();
    let run = begun(&store, 1).await;
    let recorder = Arc::new(Recorder::new(&store, &run).unwrap());
    let model = layer(&store, &recorder).layer(ScriptedModel::new(["a harbour"]));
    let picture = Attachment::new(MediaType::Png, vec![7; 100_000]);
    let document = Document::attached("harbour.png", picture);
    let request = Request {
        messages: vec![Message::user([
            Part::text("What is it?"),
            Part::Document(document),
        ])],
        ..Request::default()
    };
    model.generate(&request).await.unwrap();
    recorder.close();
    store.flush().await.unwrap();
    let call = store.calls_of(1).next().unwrap().unwrap();
    let asked = store.texts(&call).unwrap().request.unwrap();
    let text = asked.messages[0].to_text();
    assert!(text.contains("[image/png, 100000 bytes, BLAKE3 "), "{text}");
    assert!(asked.messages[0].parts[1].attachment().is_none());
}
