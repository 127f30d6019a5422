//! Documents that are cut inside a run: nothing is lost, what is too long is asked about in parts.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::Arc;

use futures_util::{Stream, stream};
use patterns_core::{
    Agent, AgentError, Answer, BoxFuture, BranchEnd, Chunk, Covered, Document, ModelErrorKind,
    Outcome, Scope, Split, TokenCounter, Usage,
};
use patterns_parallel::map_reduce::{Combine, KeyedReduce, MapInput, ReduceItem, ReduceTask};
use patterns_parallel::{FailurePolicy, MapReduce, RunOptions};
use patterns_testkit::ScriptedAgent;
use serde_json::json;

use crate::support::{failure, logged};

/// Cuts after every so many bytes.
struct Every(usize);

impl Split for Every {
    fn split(&self, document: &Document) -> Vec<Chunk> {
        let text = &document.text;
        if text.len() <= self.0 && !text.is_empty() {
            return vec![Chunk::whole(document)];
        }
        let starts = (0..text.len()).step_by(self.0);
        let ranges: Vec<Range<usize>> = starts.map(|at| at..text.len().min(at + self.0)).collect();
        let of = ranges.len() as u64;
        (1..)
            .zip(ranges)
            .map(|(number, range)| Chunk {
                number,
                of,
                text: text[range.clone()].into(),
                range,
                ..Chunk::whole(document)
            })
            .collect()
    }
}

/// Says what it read, unless that is longer than so many bytes or has an `!`; each call costs a
/// token a byte.
struct Reader(usize);

impl Agent<Document, String> for Reader {
    fn run<'a>(
        &'a self,
        document: &'a Document,
        _: Scope,
    ) -> BoxFuture<'a, Result<Answer<String>, AgentError>> {
        let text = document.text.to_string();
        let usage = Usage {
            calls: 1,
            input_tokens: text.len() as u64,
            ..Usage::default()
        };
        let result = if text.len() > self.0 {
            Err(failure(ModelErrorKind::ContextTooLong).after(usage))
        } else if text.contains('!') {
            Err(failure(ModelErrorKind::Refused).after(usage))
        } else {
            let mut answer = Answer::new(text);
            answer.usage = usage;
            Ok(answer)
        };
        Box::pin(async { result })
    }
}

/// Combines answers into the names of all that they are about.
fn pattern(limit: usize) -> MapReduce<String, Vec<String>> {
    pattern_with(limit, |combine| combine)
}

/// As the above, with another way to combine.
fn pattern_with(
    limit: usize,
    adapt: impl FnOnce(Combine<String, Vec<String>>) -> Combine<String, Vec<String>>,
) -> MapReduce<String, Vec<String>> {
    let reduce = ScriptedAgent::new(|task: &ReduceTask<String, Vec<String>>| {
        let ids = task.items.iter().flat_map(|item| match item {
            ReduceItem::Mapped { id, .. } => vec![id.clone()],
            ReduceItem::Reduced { answer, .. } => answer.clone(),
        });
        Ok(ids.collect())
    });
    MapReduce::new(Reader(limit), adapt(Combine::by(reduce)))
}

fn documents(texts: &[&str]) -> impl Stream<Item = Document> + Send + use<> {
    let documents = texts.iter().zip('a'..);
    let documents = documents.map(|(text, name)| Document::new(name, *text));
    stream::iter(documents.collect::<Vec<_>>())
}

/// Returns how each branch ended.
fn ends<A>(outcome: &Outcome<A, String>) -> Vec<String> {
    let branches = outcome.branches.iter();
    let end = |end: &BranchEnd<String>| match end {
        BranchEnd::Answered(text) => text.clone(),
        BranchEnd::Failed(error) => error.kind().name().to_owned(),
        BranchEnd::Cancelled => "cancelled".to_owned(),
    };
    branches
        .map(|it| format!("{} {}", it.label, end(&it.end)))
        .collect()
}

fn gaps<A>(outcome: &Outcome<A, String>) -> Vec<(&str, Covered)> {
    let gaps = &outcome.coverage.as_ref().unwrap().gaps;
    gaps.iter().map(|it| (&*it.name, it.end)).collect()
}

#[tokio::test]
async fn each_chunk_is_a_branch_and_each_document_is_accounted_for() {
    let texts = ["one", "three four!", "", "!", "seven eight"];
    let pattern = pattern(99).split(Every(6));
    let (options, _) = logged(2);
    let outcome = pattern.run(documents(&texts), &options).await.unwrap();
    assert_eq!(
        ends(&outcome),
        [
            "a one",
            "b#1 three ",
            "b#2 refused",
            "d refused",
            "e#1 seven ",
            "e#2 eight"
        ]
    );
    assert_eq!(
        gaps(&outcome),
        [
            ("b#2", Covered::Failed),
            ("c", Covered::Skipped),
            ("d", Covered::Failed)
        ]
    );
    let coverage = outcome.coverage.unwrap();
    let counts = coverage.documents;
    assert_eq!((counts.mapped, counts.truncated), (2, 1));
    assert_eq!((counts.failed, counts.skipped), (1, 1));
    assert_eq!((coverage.chunks.mapped, coverage.chunks.total()), (4, 7));
    assert_eq!(outcome.value.unwrap(), ["a", "b#1", "e#1", "e#2"]);
}

#[tokio::test]
async fn what_is_too_long_is_asked_about_in_halves_and_both_are_combined() {
    let pattern = pattern(5).split(Every(8));
    let (options, log) = logged(1);
    let text = "aaa bbb ccc";
    let outcome = pattern.run(documents(&[text]), &options).await.unwrap();
    assert_eq!(ends(&outcome), ["a#1.1 aaa", "a#1.2 bbb", "a#2 ccc"]);
    let read = outcome.branches.iter().map(|it| it.usage.input_tokens);
    assert_eq!(
        read.collect::<Vec<_>>(),
        [8 + 3, 3, 3],
        "the first half pays for what was refused"
    );
    assert_eq!(outcome.usage.input_tokens, 17);
    assert_eq!(outcome.counts.started, 3, "two chunks and a reduce call");
    let coverage = outcome.coverage.unwrap();
    assert!(coverage.is_whole());
    assert_eq!((coverage.chunks.mapped, coverage.halved), (2, 1));
    assert_eq!(outcome.value.unwrap(), ["a#1.1", "a#1.2", "a#2"]);
    insta::assert_snapshot!(log.to_string(), @r#"
    run started: MapReduce
    [0] started: Map "a#1"
    [0] answered (calls 3, attempts 0, tokens 14 in 0 out)
    [1] started: Map "a#2"
    [1] answered (calls 1, attempts 0, tokens 3 in 0 out)
    [2] started: Reduce "a#1.1 … a#2"
    [2] answered
    run finished: 3 started = 3 answered + 0 failed + 0 cancelled (calls 4, attempts 0, tokens 17 in 0 out)
    "#);
}

#[tokio::test]
async fn what_is_too_long_is_cut_until_it_fits() {
    let pattern = pattern(3).split(Every(8));
    let options = RunOptions::default();
    let outcome = pattern
        .run(documents(&["eeffgghh"]), &options)
        .await
        .unwrap();
    assert_eq!(
        ends(&outcome),
        ["a#1.1.1 ee", "a#1.1.2 ff", "a#1.2.1 gg", "a#1.2.2 hh"]
    );
    assert_eq!(outcome.usage.input_tokens, 8 + 4 + 2 + 2 + 4 + 2 + 2);
    let coverage = outcome.coverage.unwrap();
    assert!(coverage.is_whole());
    assert_eq!((coverage.chunks.mapped, coverage.halved), (1, 1));
    assert_eq!(outcome.warnings, []);
}

#[tokio::test]
async fn a_document_that_nobody_asked_to_cut_is_cut_rather_than_lost_with_a_word() {
    let pattern = pattern(5);
    let texts = ["aaa bbb", "ccc", "!"];
    let outcome = pattern
        .run(documents(&texts), &RunOptions::default())
        .await
        .unwrap();
    assert_eq!(
        ends(&outcome),
        ["a#1.1 aaa", "a#1.2 bbb", "b ccc", "c refused"]
    );
    let warnings: Vec<_> = outcome.warnings.iter().map(|it| &*it.message).collect();
    let expected = "too long for the model as a whole, so asked about in parts: a";
    assert_eq!(warnings, [expected]);
    assert_eq!(outcome.value.unwrap(), ["a#1.1", "a#1.2", "b"]);
}

#[tokio::test]
async fn half_an_answer_is_none_and_what_cannot_be_cut_further_has_failed() {
    for (limit, text, end, spent) in [
        (5, "ccc ddd!", "refused", 8 + 3 + 4),
        (5, "!ccc ddd", "refused", 8 + 4),
        (0, "e", "context-too-long", 1),
    ] {
        let pattern = pattern(limit).split(Every(8));
        let options = RunOptions::default();
        let outcome = pattern.run(documents(&[text, ""]), &options).await.unwrap();
        assert_eq!(ends(&outcome), [format!("a {end}")]);
        assert_eq!(outcome.usage.input_tokens, spent, "{text}");
        let expected = [("a", Covered::Failed), ("b", Covered::Skipped)];
        assert_eq!(gaps(&outcome), expected);
        assert_eq!(outcome.coverage.unwrap().halved, 0);
    }
}

#[tokio::test]
async fn rows_and_tables_have_the_chunks_too() {
    let options = RunOptions::default();
    let texts = ["aaa bbb ccc", "!", "d"];
    let rows = MapReduce::rows(Reader(5)).split(Every(8));
    let outcome = rows.run(documents(&texts), &options).await.unwrap();
    let rows: Vec<_> = outcome.branches.iter().map(|it| &*it.label).collect();
    let coverage = outcome.coverage.unwrap();
    assert_eq!(rows, ["a#1.1", "a#1.2", "a#2", "b", "c"]);
    assert_eq!(
        (coverage.documents.mapped, coverage.documents.failed),
        (2, 1)
    );

    let keyed = KeyedReduce::new(["count".parse().unwrap()]);
    let table = MapReduce::new(Reader(5), keyed).split(Every(8));
    let outcome = table.run(documents(&texts), &options).await.unwrap();
    assert_eq!(outcome.coverage, Some(coverage));
    assert_eq!(outcome.value.unwrap().rows, [[json!(4)]]);
}

#[tokio::test]
async fn what_cannot_be_read_is_a_gap() {
    let inputs = [
        MapInput::from(Document::new("a", "aaa bbb ccc")),
        MapInput::Unreadable {
            id: "b".to_owned(),
            reason: Arc::new(std::io::Error::other("no permission")),
        },
    ];
    for splitter in [None, Some(Arc::new(Every(8)) as Arc<dyn Split>)] {
        let mut pattern = pattern(99);
        if let Some(splitter) = splitter {
            pattern = pattern.split(splitter);
        }
        let options = RunOptions::default();
        let outcome = pattern.run(stream::iter(inputs.clone()), &options).await;
        let outcome = outcome.unwrap();
        assert_eq!(gaps(&outcome), [("b", Covered::Failed)]);
        assert_eq!(outcome.counts.failed, 1);
    }
}

#[tokio::test]
async fn what_a_run_that_ends_early_has_begun_is_accounted_for() {
    let options = RunOptions {
        on_failure: FailurePolicy::FailFast,
        concurrency: const { NonZeroUsize::MIN },
        ..RunOptions::default()
    };
    let pattern = pattern(99).split(Every(4));
    let documents = documents(&["one", "two four!six", "not begun"]);
    let outcome = pattern.run(documents, &options).await.unwrap();
    assert!(outcome.value.is_err());
    assert_eq!(
        ends(&outcome),
        ["a one", "b#1 two ", "b#2 four", "b#3 refused"][..].to_vec()
    );
    let coverage = outcome.coverage.unwrap();
    assert_eq!(
        (coverage.documents.mapped, coverage.documents.truncated),
        (1, 1)
    );
}

#[tokio::test]
async fn a_document_that_cannot_be_cut_fails_whole() {
    let options = RunOptions::default();
    let pattern = pattern(3);
    let outcome = pattern.run(documents(&["漢字", "two"]), &options).await;
    assert_eq!(ends(&outcome.unwrap()), ["a#1.1 漢", "a#1.2 字", "b two"]);
    let pattern = self::pattern(3);
    let outcome = pattern.run(documents(&["😀", "two"]), &options).await;
    let outcome = outcome.unwrap();
    assert_eq!(ends(&outcome), ["a context-too-long", "b two"]);
    assert_eq!(gaps(&outcome), [("a", Covered::Failed)]);
}

#[tokio::test]
async fn what_fits_into_a_call_is_counted_by_the_counter_that_is_set() {
    let texts = ["some words"; 20];
    let combinations = async |pattern: MapReduce<String, Vec<String>>| {
        let options = RunOptions::default();
        let outcome = pattern.run(documents(&texts), &options).await;
        outcome.unwrap().steps.len()
    };
    let estimated = pattern_with(99, |it| it.tokens(500));
    assert_eq!(combinations(estimated).await, 1);
    let dear = TokenCounter::new(|text| 10 * text.len() as u64);
    let counted = pattern_with(99, |it| it.tokens(500).counted_by(dear));
    assert!(combinations(counted).await > 1);
}
