//! Which answers are given out again, and who pays.

use patterns_core::{
    Agent, Contract, Layer, Model, ModelAgent, ModelError, ModelErrorKind, RunId, Scope, Usage,
};
use patterns_store::{StoreLayer, StorePolicy};
use patterns_testkit::ScriptedModel;

use super::*;

async fn texts(model: &impl Model, requests: &[Request]) -> Vec<Option<String>> {
    let mut texts = Vec::new();
    for request in requests {
        texts.push(model.generate(request).await.ok().map(|it| it.text));
    }
    texts
}

fn some(texts: &[&str]) -> Vec<Option<String>> {
    texts.iter().map(|it| Some((*it).to_owned())).collect()
}

#[tokio::test]
async fn equal_calls_are_paid_for_once_and_other_samples_are_not_equal() {
    let model =
        StoreLayer::new(Store::in_memory().unwrap()).layer(ScriptedModel::new(["1", "2", "3"]));
    let mut elsewhere = request("a", 0);
    elsewhere.scope = Scope::new(RunId(7), Arc::new(()), Default::default());
    let requests = [request("a", 0), request("a", 1), elsewhere, request("b", 0)];
    assert_eq!(texts(&model, &requests).await, some(&["1", "2", "1", "3"]));
}

#[tokio::test]
async fn a_found_answer_costs_nothing_and_its_bill_is_kept() {
    let store = Store::in_memory().unwrap();
    let model = StoreLayer::new(store.clone())
        .run(3)
        .layer(ScriptedModel::new(["1"]));
    let paid = model.generate(&request("a", 0)).await.unwrap().usage;
    let found = model.generate(&request("a", 0)).await.unwrap().usage;
    assert_eq!((paid.attempts, found.attempts), (1, 0));
    assert_eq!((found.calls, found.total_tokens()), (1, 0));
    let bills = store.paid(3).unwrap();
    assert_eq!(bills.iter().map(|it| it.1).sum::<Usage>(), paid);
    assert_eq!(store.paid(4).unwrap(), []);
}

#[tokio::test]
async fn clones_and_models_share_one_store() {
    let store = Store::in_memory().unwrap();
    let first = StoreLayer::new(store.clone()).layer(ScriptedModel::new(["1"]));
    let second = StoreLayer::new(store).layer(ScriptedModel::new(["2"]));
    let one = [request("a", 0)];
    assert_eq!(texts(&first, &one).await, some(&["1"]));
    assert_eq!(texts(&second, &one).await, some(&["1"]));
}

#[tokio::test]
async fn a_refusal_is_kept_for_its_cost_and_asked_again() {
    for (kind, status) in [
        (ModelErrorKind::Refused, "refused"),
        (ModelErrorKind::Filtered, "filtered"),
        (ModelErrorKind::Truncated, "truncated"),
    ] {
        let store = Store::in_memory().unwrap();
        let usage = Usage {
            calls: 1,
            attempts: 1,
            output_tokens: 9,
            ..Usage::default()
        };
        let error = ModelError::new(kind).with_usage(usage);
        let script: [Result<Response, ModelError>; 2] = [Err(error), Ok(Response::new("m", "2"))];
        let model = StoreLayer::new(store.clone()).layer(ScriptedModel::new(script));
        let twice = [request("a", 0), request("a", 0)];
        assert_eq!(texts(&model, &twice).await, [None, Some("2".to_owned())]);
        let stats = store.stats().unwrap();
        assert_eq!((stats.calls[status], stats.calls["answered"]), (1, 1));
        assert_eq!(stats.usage.total_tokens(), 9);
    }
}

#[tokio::test]
async fn trouble_leaves_no_record() {
    let store = Store::in_memory().unwrap();
    let script: [Result<Response, ModelError>; 1] = [Err(ModelError::new(ModelErrorKind::Timeout))];
    let model = StoreLayer::new(store.clone()).layer(ScriptedModel::new(script));
    assert_eq!(texts(&model, &[request("a", 0)]).await, [None]);
    assert!(
        store
            .stats()
            .unwrap()
            .calls
            .values()
            .all(|count| *count == 0)
    );
}

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
struct City {
    city: String,
}

fn agent(store: &Store, script: &[&str]) -> ModelAgent<String, City> {
    let model = StoreLayer::new(store.clone()).layer(ScriptedModel::new(script.to_vec()));
    ModelAgent::new(Arc::new(model), "Name it.", Contract::of().unwrap()).max_reasks(1)
}

#[tokio::test]
async fn a_mended_answer_is_replayed_with_its_mending() {
    let store = Store::in_memory().unwrap();
    let script = [r#"{"town": "Paris"}"#, r#"{"city": "Paris"}"#];
    for (script, attempts) in [(&script[..], 2), (&[], 0)] {
        let agent = agent(&store, script);
        let answer = agent
            .run(&"France".to_owned(), Scope::default())
            .await
            .unwrap();
        assert_eq!((answer.value.city.as_str(), answer.reasks), ("Paris", 1));
        assert_eq!(answer.usage.attempts, attempts);
    }
}

#[tokio::test]
async fn an_answer_that_was_of_no_use_is_asked_for_again() {
    let store = Store::in_memory().unwrap();
    let nowhere = [r#"{"town": "Paris"}"#, r#"{"village": "Paris"}"#];
    let input = "France".to_owned();
    let failed = agent(&store, &nowhere).run(&input, Scope::default()).await;
    assert!(failed.is_err());
    store.flush().await.unwrap();
    let again = agent(&store, &[r#"{"city": "Paris"}"#]);
    let answer = again.run(&input, Scope::default()).await.unwrap();
    assert_eq!((answer.reasks, answer.usage.attempts), (0, 1));
    assert_eq!(store.stats().unwrap().calls["disowned"], 1);
}

#[tokio::test]
async fn fresh_asks_again_and_the_new_answer_stays() {
    let store = Store::in_memory().unwrap();
    let one = [request("a", 0)];
    let layer = StoreLayer::new(store.clone());
    assert_eq!(
        texts(&layer.layer(ScriptedModel::new(["1"])), &one).await,
        some(&["1"])
    );
    let fresh = layer.clone().policy(StorePolicy::Fresh);
    assert_eq!(
        texts(&fresh.layer(ScriptedModel::new(["2"])), &one).await,
        some(&["2"])
    );
    let none: [&str; 0] = [];
    assert_eq!(
        texts(&layer.layer(ScriptedModel::new(none)), &one).await,
        some(&["2"])
    );
    assert_eq!(store.stats().unwrap().calls["superseded"], 1);
}

#[tokio::test]
async fn read_only_makes_no_call() {
    let store = Store::in_memory().unwrap();
    let layer = StoreLayer::new(store);
    let model = layer.layer(ScriptedModel::new(["1"]));
    model.generate(&request("a", 0)).await.unwrap();
    let model = layer
        .policy(StorePolicy::ReadOnly)
        .layer(ScriptedModel::new(["2"]));
    assert_eq!(model.generate(&request("a", 0)).await.unwrap().text, "1");
    let error = model.generate(&request("b", 0)).await.unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::NotInStore);
}

#[tokio::test]
async fn what_another_process_records_is_found_too() {
    let place = Place::new();
    let (one, other) = (place.open(), place.open());
    let first = StoreLayer::new(one).layer(ScriptedModel::new(["1"]));
    let script: Vec<String> = (0..300).map(|n| format!("other {n}")).collect();
    let second = StoreLayer::new(other).layer(ScriptedModel::new(script));
    second.generate(&request("b", 0)).await.unwrap();
    first.generate(&request("a", 0)).await.unwrap();
    // After some calls that are found nowhere, the second looks what is new.
    for sample in 1..=256 {
        second.generate(&request("b", sample)).await.unwrap();
    }
    assert_eq!(second.generate(&request("a", 0)).await.unwrap().text, "1");
}
