//! Map-reduce: one call or a tree, in document order, nothing lost on the way.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use patterns_core::{
    Agent, AgentError, AgentErrorKind, AggregateErrorKind, Answer, BoxFuture, Contract, Document,
    ModelError, ModelErrorKind, Scope, StepRole, Usage,
};
use patterns_parallel::map_reduce::{
    Combine, ReduceItem, ReduceTask, Topology, document_agent, reduce_agent, summary_agent,
};
use patterns_parallel::{AgentOptions, MapReduce, RunError, RunOptions};
use patterns_testkit::{MockAgent, ScriptedAgent, ScriptedModel};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{failure, logged};

/// What a combination covers, and how it was made.
type Covered = Vec<String>;

type Combiner = ScriptedAgent<ReduceTask<String, Covered>, Covered>;

fn documents(count: usize) -> impl futures_util::Stream<Item = Document> + Send {
    stream::iter(0..count).map(|n| Document::new(format!("{n:03}"), "some words"))
}

/// Maps a document to its id and combines ids by joining them, later documents being faster.
fn pattern() -> (MapReduce<String, Covered>, Arc<Combiner>) {
    pattern_with(|combine| combine)
}

/// As the above, with another way to combine.
fn pattern_with(
    adapt: impl FnOnce(Combine<String, Covered>) -> Combine<String, Covered>,
) -> (MapReduce<String, Covered>, Arc<Combiner>) {
    let map = ScriptedAgent::new(|document: &Document| match document.id.as_str() {
        id if id.ends_with('7') => Err(failure(ModelErrorKind::Filtered)),
        id => Ok(id.to_owned()),
    });
    let map = map.latency(|it| Duration::from_secs(1_000 - it.id.parse::<u64>().unwrap()));
    let reduce = Arc::new(ScriptedAgent::new(|task: &ReduceTask<String, Covered>| {
        Ok(task.items.iter().flat_map(covered).collect())
    }));
    let combine = adapt(Combine::by(Arc::clone(&reduce)));
    (MapReduce::new(map, combine), reduce)
}

fn covered(item: &ReduceItem<String, Covered>) -> Covered {
    match item {
        ReduceItem::Mapped { answer, .. } => vec![answer.clone()],
        ReduceItem::Reduced { answer, .. } => answer.clone(),
    }
}

#[tokio::test(start_paused = true)]
async fn what_fits_is_combined_in_one_call() {
    let (pattern, reduce) = pattern();
    let outcome = pattern
        .run(documents(10), &RunOptions::default())
        .await
        .unwrap();
    let ids = [
        "000", "001", "002", "003", "004", "005", "006", "008", "009",
    ];
    assert_eq!(outcome.value.unwrap(), ids);
    assert_eq!((outcome.counts.answered, outcome.counts.failed), (10, 1));
    assert_eq!(outcome.steps.len(), 1);
    assert_eq!(
        (outcome.steps[0].role, outcome.steps[0].label.as_str()),
        (StepRole::Reduce, "000 … 009")
    );
    assert_eq!(reduce.inputs()[0].level, 0);
}

#[tokio::test(start_paused = true)]
async fn what_does_not_fit_is_combined_in_a_tree() {
    let (pattern, reduce) = pattern_with(|it| it.tokens(100));
    let (options, _) = logged(8);
    let outcome = pattern.run(documents(20), &options).await.unwrap();
    let all = outcome.value.unwrap();
    assert_eq!(all.len(), 18, "18 of 20 documents were mapped");
    assert!(all.is_sorted());
    let calls: Vec<String> = reduce
        .inputs()
        .iter()
        .map(|task| {
            format!(
                "level {}: {} of {}",
                task.level,
                task.items.len(),
                task.name()
            )
        })
        .collect();
    insta::assert_snapshot!(calls.join("\n"), @r"
    level 0: 4 of 000 … 003
    level 0: 2 of 004 … 005
    level 0: 4 of 008 … 011
    level 0: 3 of 012 … 014
    level 0: 4 of 015 … 019
    level 1: 3 of 000 … 006
    level 1: 3 of 008 … 019
    level 2: 2 of 000 … 019
    ");
}

proptest! {
    #[test]
    fn every_mapped_document_is_in_the_combination_once(
        count in 1usize..60, budget in 60u64..400,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let (pattern, _) = pattern_with(|it| it.tokens(budget));
        let options = RunOptions::default();
        let run = pattern.run(documents(count), &options);
        let outcome = runtime.block_on(run).unwrap();
        let mapped: Vec<String> = outcome.branches.iter().filter_map(|it| it.value().cloned()).collect();
        match outcome.value {
            Ok(covered) => prop_assert_eq!(covered, mapped),
            Err(error) => prop_assert_eq!(error.kind(), AggregateErrorKind::DoesNotFit),
        }
    }
}

#[tokio::test]
async fn answers_too_large_to_meet_end_the_run_with_their_branches_kept() {
    let map = ScriptedAgent::new(|_: &Document| Ok("x".repeat(10_000)));
    let mut reduce = MockAgent::<ReduceTask<String, Covered>, Covered>::new();
    reduce.expect_answer().never();
    let pattern = MapReduce::new(map, Combine::by(reduce).tokens(1_000));
    let outcome = pattern
        .run(documents(3), &RunOptions::default())
        .await
        .unwrap();
    assert_eq!(
        outcome.value.unwrap_err().kind(),
        AggregateErrorKind::DoesNotFit
    );
    assert_eq!(
        outcome
            .branches
            .iter()
            .filter(|it| it.value().is_some())
            .count(),
        3
    );
}

#[tokio::test]
async fn a_failed_combination_keeps_the_branches_and_says_why() {
    let map = ScriptedAgent::new(|document: &Document| Ok(document.id.clone()));
    let mut reduce = MockAgent::<ReduceTask<String, Covered>, Covered>::new();
    reduce
        .expect_answer()
        .once()
        .returning(|_, _| Err(failure(ModelErrorKind::Truncated)));
    let pattern = MapReduce::new(map, Combine::by(reduce));
    let outcome = pattern
        .run(documents(3), &RunOptions::default())
        .await
        .unwrap();
    let error = outcome.value.unwrap_err();
    assert_eq!(error.kind(), AggregateErrorKind::StepFailed);
    assert_eq!(error.agent_error().unwrap().kind().name(), "truncated");
    assert_eq!((outcome.counts.answered, outcome.counts.failed), (3, 1));
}

#[tokio::test]
async fn totals_are_computed_over_all_levels() {
    let model = ScriptedModel::by(
        |request| match request.schema.as_deref().map(|it| it.name()) {
            Some("document_summary") => json!({"summary": "Words."}),
            _ => json!({"combined_summary": "More words."}),
        },
    );
    let (model, agent) = (Arc::new(model), AgentOptions::default());
    let map = summary_agent(model.clone(), &agent);
    let combine = Combine::summaries(model, &agent).tokens(120);
    let pattern = MapReduce::new(map, combine);
    let outcome = pattern
        .run(documents(30), &RunOptions::default())
        .await
        .unwrap();
    assert!(outcome.steps.len() > 1, "one call would prove nothing");
    let reduction = outcome.value.unwrap();
    assert_eq!((reduction.total_documents, reduction.total_words), (30, 60));
    assert_eq!(outcome.branches[7].value().unwrap().doc_id, "007");
}

#[tokio::test]
async fn types_of_the_users_own_go_all_the_way() {
    let record = |title: &str| {
        let properties = json!({"total": {"type": "number"}});
        json!({"title": title, "type": "object", "properties": properties, "required": ["total"]})
    };
    let map = Contract::<Value>::from_schema(record("invoice")).unwrap();
    let reduce = Contract::<Value>::from_schema(record("invoices")).unwrap();
    let model = Arc::new(ScriptedModel::by(|request| {
        match request.schema.as_deref().map(|it| it.name()) {
            Some("invoice") => json!({"total": 2.5}),
            _ => json!({"total": 5.0}),
        }
    }));
    let agent = AgentOptions::default();
    let map = document_agent(model.clone(), map, &agent);
    let reduce = reduce_agent::<Value, _>(model.clone(), reduce, &agent);
    let pattern = MapReduce::new(map, Combine::by(reduce));
    let outcome = pattern
        .run(documents(2), &RunOptions::default())
        .await
        .unwrap();
    assert_eq!(outcome.value.unwrap(), json!({"total": 5.0}));
    let last = model.requests().pop().unwrap().messages[0].to_text();
    assert_eq!(last.matches(r#"{"total":2.5}"#).count(), 2, "{last}");
}

#[tokio::test(start_paused = true)]
async fn rows_come_in_input_order_while_the_run_goes_on() {
    let contract = Contract::<Value>::from_schema(
        json!({"type": "object", "properties": {"ok": {"type": "boolean"}}}),
    );
    let model = Arc::new(ScriptedModel::by(|_| json!({})).latency(Duration::from_secs(1)));
    let agent = document_agent(model, contract.unwrap(), &AgentOptions::default());
    let pattern = MapReduce::<Value, ()>::rows(agent);
    let (options, _) = logged(4);
    let mut rows = Vec::new();
    let mut run = pattern.run(documents(100), &options);
    while let Some(row) = run.next().await {
        rows.push(row.label);
    }
    let outcome = run.await.unwrap();
    assert!(outcome.value.is_ok() && outcome.branches.is_empty());
    assert_eq!(outcome.counts.answered, 100);
    assert_eq!(rows.len(), 100);
    assert!(rows.is_sorted());
}

#[tokio::test]
async fn no_document_is_an_error_before_anything_is_asked() {
    let (pattern, _) = pattern();
    let error = pattern
        .run(documents(0), &RunOptions::default())
        .await
        .unwrap_err();
    assert_eq!(error, RunError::NoInput("there is no document"));
}

#[tokio::test(start_paused = true)]
async fn each_topology_combines_everything_in_its_own_way() {
    let course = async |topology| {
        let (pattern, reduce) = pattern_with(|it| it.topology(topology).fan_in(3));
        let outcome = pattern.run(documents(12), &RunOptions::default()).await;
        let mut covered = outcome.unwrap().value.unwrap();
        let calls = reduce.inputs();
        let calls = calls.iter().map(|it| (it.items.len(), it.level));
        covered.sort();
        assert_eq!(covered.len(), 11);
        calls
            .map(|(size, level)| format!("{size}@{level}"))
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(course(Topology::Refine).await, "3@0 3@1 3@2 3@3 3@4");
    insta::assert_snapshot!(course(Topology::Tree).await, @"2@0 2@0 5@0 5@1");
    insta::assert_snapshot!(course(Topology::Unordered).await, @"3@0 3@0 3@1 5@2");
}

/// Combines names, but no more than so many items at once; the refusal says how many there were.
struct Narrow {
    most: usize,
    asked: Mutex<Vec<(usize, usize)>>,
}

impl Agent<ReduceTask<String, Covered>, Covered> for Narrow {
    fn run<'a>(
        &'a self,
        task: &'a ReduceTask<String, Covered>,
        _: Scope,
    ) -> BoxFuture<'a, Result<Answer<Covered>, AgentError>> {
        let count = task.items.len();
        self.asked.lock().unwrap().push((count, task.level));
        let used = Usage {
            input_tokens: count as u64,
            ..Usage::default()
        };
        let result = if count > self.most {
            let error = ModelError::new(ModelErrorKind::ContextTooLong)
                .with_usage(used)
                .with_detail(format!("{}00 tokens, {}00 fit", count, self.most));
            Err(AgentError::from(error))
        } else {
            let mut answer = Answer::new(task.items.iter().flat_map(covered).collect());
            answer.usage = used;
            Ok(answer)
        };
        Box::pin(async move { result })
    }
}

#[tokio::test]
async fn a_combination_that_is_too_long_is_made_in_parts_and_loses_nothing() {
    for (most, expected) in [
        (4, Some(vec![(10, 0), (3, 0), (3, 0), (4, 0), (3, 1)])),
        (2, None),
        (64, Some(vec![(10, 0)])),
    ] {
        let map = ScriptedAgent::new(|it: &Document| Ok(it.id.clone()));
        let reduce = Arc::new(Narrow {
            most,
            asked: Mutex::default(),
        });
        let pattern: MapReduce<String, Covered> =
            MapReduce::new(map, Combine::by(Arc::clone(&reduce)));
        let outcome = pattern
            .run(documents(10), &RunOptions::default())
            .await
            .unwrap();
        assert_eq!(outcome.counts.failed, 0);
        let asked = reduce.asked.lock().unwrap().clone();
        let used: u64 = asked.iter().map(|it| it.0 as u64).sum();
        assert_eq!(
            outcome.usage.input_tokens, used,
            "refused calls are billed, too"
        );
        assert_eq!(outcome.steps.len(), 1, "it is one branch");
        assert_eq!(outcome.value.unwrap().len(), 10);
        if let Some(expected) = expected {
            assert_eq!(asked, expected);
        }
    }
}

#[tokio::test]
async fn a_combination_of_two_that_is_too_long_fails() {
    let map = ScriptedAgent::new(|it: &Document| Ok(it.text.to_string()));
    let reduce = Narrow {
        most: 1,
        asked: Mutex::default(),
    };
    let pattern = MapReduce::new(map, Combine::by(reduce));
    let outcome = pattern
        .run(documents(3), &RunOptions::default())
        .await
        .unwrap();
    let error = outcome.value.unwrap_err();
    assert_eq!(error.kind(), AggregateErrorKind::StepFailed);
    let kind = error.agent_error().map(AgentError::kind);
    assert_eq!(
        kind,
        Some(AgentErrorKind::Model(ModelErrorKind::ContextTooLong))
    );
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_alone_needs_no_combination() {
    for (count, calls) in [(1, 0), (2, 1)] {
        for topology in [Topology::Tree, Topology::Refine, Topology::Unordered] {
            let (pattern, reduce) =
                pattern_with(|it| it.topology(topology).alone(|it| vec![it.clone()]));
            let outcome = pattern.run(documents(count), &RunOptions::default()).await;
            assert_eq!(outcome.unwrap().value.unwrap().len(), count, "{topology:?}");
            assert_eq!(reduce.inputs().len(), calls, "{topology:?}");
        }
    }
}

#[tokio::test]
async fn what_a_combination_has_that_no_document_has_is_warned_of() {
    let map = ScriptedAgent::new(|it: &Document| Ok(it.text.to_string()));
    let reduce = ScriptedAgent::new(|_: &ReduceTask<String, String>| {
        Ok("there are 2 words, some say 1,630, by Whitby".to_owned())
    });
    let pattern = MapReduce::new(map, Combine::by(reduce));
    let (options, log) = logged(1);
    let outcome = pattern.run(documents(3), &options).await.unwrap();
    let codes: Vec<_> = outcome.warnings.iter().map(|it| &*it.code).collect();
    assert_eq!(codes, ["not-in-documents"]);
    let message = &outcome.warnings[0].message;
    assert!(
        message.contains("no document: 2, 1,630, Whitby ("),
        "{message}"
    );
    assert!(
        log.to_string().contains("1,630"),
        "it is told as an event, too"
    );
}

#[tokio::test]
async fn what_was_not_begun_is_counted() {
    let map = ScriptedAgent::new(|it: &Document| match it.id.as_str() {
        "004" => Err(failure(ModelErrorKind::Unauthorized)),
        id => Ok(id.to_owned()),
    });
    let pattern = MapReduce::<String, ()>::rows(map);
    let (options, _) = logged(1);
    let outcome = pattern.run(documents(50), &options).await.unwrap();
    let coverage = outcome.coverage.unwrap();
    let counts = coverage.documents;
    assert_eq!((counts.mapped, counts.failed), (4, 1));
    assert_eq!((counts.not_begun, coverage.more_not_begun), (45, false));
    let numbers = stream::iter((0..50).filter(|it| *it < 99));
    let unknown = numbers.map(|n| Document::new(format!("{n:03}"), "some words"));
    let outcome = pattern.run(unknown, &options).await.unwrap();
    let coverage = outcome.coverage.unwrap();
    assert_eq!(
        (coverage.documents.not_begun, coverage.more_not_begun),
        (0, true)
    );
}
