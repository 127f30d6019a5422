//! Nothing is cut away or dropped silently: every word of every document is in an answer or in a
//! gap that is named, whatever is too long, fails or ends the run.

use std::collections::{BTreeMap, BTreeSet};
use std::num::{NonZeroU64, NonZeroUsize};
use std::sync::Arc;

use futures_util::stream;
use patterns_core::{
    Agent, AgentError, Branch, Coverage, Document, ModelError, ModelErrorKind, Split,
};
use patterns_parallel::map_reduce::{Combine, ReduceItem, ReduceTask, Topology};
use patterns_parallel::{FailurePolicy, MapReduce, RunOptions};
use patterns_source::Splitter;
use patterns_testkit::ScriptedAgent;
use proptest::prelude::*;

fn failure(kind: ModelErrorKind) -> AgentError {
    AgentError::from(ModelError::new(kind))
}

/// What a run is like.
#[derive(Clone, Debug)]
struct Scene {
    texts: Vec<String>,
    max_tokens: u64,
    /// The bytes that the model takes.
    limit: usize,
    /// One in so many texts is refused.
    refused: usize,
    policy: FailurePolicy,
    concurrency: usize,
    topology: Topology,
}

fn scenes() -> impl Strategy<Value = Scene> {
    let text = "([a-z]{1,9}[ .,]{1,2}|\n{1,3}|#{1,3} [A-Z][a-z]{2}\n|é|漢){0,40}";
    let policy = prop_oneof![
        3 => Just(FailurePolicy::KeepGoing),
        1 => Just(FailurePolicy::FailFast),
        1 => (0.0..1.0).prop_map(FailurePolicy::AtMost),
    ];
    let topology = prop_oneof![Just(Topology::Tree), Just(Topology::Refine)];
    let texts = prop::collection::vec(text, 1..6);
    let model = (4u64..40, 4usize..200, 2usize..12);
    (texts, model, policy, 1usize..5, topology).prop_map(|it| {
        let (texts, (max_tokens, limit, refused), policy, concurrency, topology) = it;
        Scene {
            texts,
            max_tokens,
            limit,
            refused,
            policy,
            concurrency,
            topology,
        }
    })
}

/// What a run said of its documents.
struct Account {
    /// The texts that were answered, by their names.
    answered: BTreeMap<String, String>,
    coverage: Coverage,
    /// What was combined, if there was a result.
    combined: Option<Vec<String>>,
}

impl Scene {
    fn documents(&self) -> Vec<Document> {
        let texts = self.texts.iter().enumerate();
        texts
            .map(|(n, text)| Document::new(format!("{n}.md"), text.as_str()))
            .collect()
    }

    fn splitter(&self) -> Arc<dyn Split> {
        let most = NonZeroU64::new(self.max_tokens).unwrap();
        Arc::new(Splitter::new(most))
    }

    fn options(&self) -> RunOptions {
        RunOptions {
            on_failure: self.policy,
            concurrency: NonZeroUsize::new(self.concurrency).unwrap(),
            ..RunOptions::default()
        }
    }

    fn agent(&self) -> Arc<dyn Agent<Document, String>> {
        let (limit, refused) = (self.limit, self.refused);
        Arc::new(ScriptedAgent::new(move |it: &Document| {
            let letters: usize = it.text.bytes().map(usize::from).sum();
            if it.text.len() > limit {
                Err(failure(ModelErrorKind::ContextTooLong))
            } else if letters.is_multiple_of(refused) {
                Err(failure(ModelErrorKind::Refused))
            } else {
                Ok(it.text.to_string())
            }
        }))
    }

    async fn map_reduce(&self) -> Account {
        let reduce = ScriptedAgent::new(|task: &ReduceTask<String, Vec<String>>| {
            let ids = task.items.iter().flat_map(|item| match item {
                ReduceItem::Mapped { id, .. } => vec![id.clone()],
                ReduceItem::Reduced { answer, .. } => answer.clone(),
            });
            Ok(ids.collect())
        });
        let combine = Combine::by(reduce).topology(self.topology).tokens(400);
        let pattern = MapReduce::new(self.agent(), combine).split(self.splitter());
        let documents = stream::iter(self.documents());
        let outcome = pattern.run(documents, &self.options()).await.unwrap();
        Account {
            answered: answered(&outcome.branches),
            coverage: outcome.coverage.unwrap(),
            combined: outcome.value.ok(),
        }
    }

    async fn rows(&self) -> Account {
        let pattern = MapReduce::rows(self.agent()).split(self.splitter());
        let options = self.options();
        let mut run = pattern.run(stream::iter(self.documents()), &options);
        let mut rows = Vec::new();
        while let Some(row) = run.next().await {
            rows.push(row);
        }
        let coverage = run.await.unwrap().coverage.unwrap();
        Account {
            answered: answered(&rows),
            coverage,
            combined: None,
        }
    }

    /// Checks an account, word by word.
    fn check(&self, account: &Account) {
        let Account {
            answered,
            coverage,
            combined,
        } = account;
        let documents = self.documents();
        let counts = coverage.documents;
        assert_eq!(counts.total() as usize, documents.len());
        let begun = (counts.total() - counts.not_begun) as usize;
        assert!(begun <= documents.len());
        assert!(begun == documents.len() || self.policy != FailurePolicy::KeepGoing);
        let gaps: BTreeSet<&str> = coverage.gaps.iter().map(|it| &*it.name).collect();
        assert_eq!(gaps.len(), coverage.gaps.len(), "each gap is named once");
        let splitter = self.splitter();
        let (mut chunks, mut mapped, mut used, mut halved) = (0, 0, 0, 0);
        for document in &documents[..begun] {
            let mut words = String::new();
            let parts = splitter.split(document);
            if parts.is_empty() {
                assert!(gaps.contains(&*document.id), "nothing is in {document:?}");
                chunks += 1;
            }
            for chunk in &parts {
                let id = chunk.id();
                let prefix = chunk.halve().map(|[first, _]| first.id());
                let prefix = prefix.map(|it| it.trim_end_matches('1').to_owned());
                let is_part = |it: &&String| prefix.as_ref().is_some_and(|of| it.starts_with(of));
                let parts: Vec<String> = answered.keys().filter(is_part).cloned().collect();
                let names = if answered.contains_key(&id) {
                    vec![id.clone()]
                } else {
                    parts
                };
                let texts: Vec<&String> = names.iter().filter_map(|it| answered.get(it)).collect();
                chunks += 1;
                match texts.is_empty() {
                    true => words += &chunk.text,
                    false => {
                        mapped += 1;
                        halved += u64::from(texts.len() > 1);
                        used += names.len();
                        texts.iter().for_each(|it| words += it);
                    }
                }
                assert_eq!(texts.is_empty(), gaps.contains(&*id), "{id}");
            }
            assert_eq!(letters(&words), letters(&document.text));
        }
        assert_eq!(used, answered.len(), "every answer is about a chunk");
        assert_eq!(coverage.chunks.total(), chunks);
        assert_eq!(coverage.chunks.mapped, mapped);
        assert_eq!(coverage.halved, halved);
        if let Some(combined) = combined {
            let combined: BTreeSet<&String> = combined.iter().collect();
            assert_eq!(combined, answered.keys().collect());
        }
    }
}

fn answered(rows: &[Branch<String>]) -> BTreeMap<String, String> {
    let rows = rows.iter();
    rows.filter_map(|it| Some((it.label.clone(), it.value()?.clone())))
        .collect()
}

fn letters(text: &str) -> String {
    text.split_whitespace().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_word_is_in_an_answer_or_in_a_gap(scene in scenes()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            for account in [scene.map_reduce().await, scene.rows().await] {
                // What is beyond the gaps that are named cannot be looked up.
                prop_assume!(account.coverage.more_gaps == 0);
                scene.check(&account);
            }
            Ok(())
        })?;
    }
}
