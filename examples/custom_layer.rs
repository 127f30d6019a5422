//! A layer of one's own: it counts the words that go to a model and come back.
//!
//! Notice that a layer is a plain struct around a model; it wraps the scripted stand-in here and
//! would wrap a provider just as well.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use patterns_core::{BoxFuture, Layer, Model, ModelError, ModelId, Request, Response};
use patterns_parallel::{AgentOptions, Panel, Plurality, RunOptions, Voting};
use patterns_testkit::ScriptedModel;

#[derive(Clone, Default)]
struct WordCount {
    sent: Arc<AtomicUsize>,
    received: Arc<AtomicUsize>,
}

struct Counted<M> {
    inner: M,
    count: WordCount,
}

impl<M: Model> Layer<M> for WordCount {
    type Model = Counted<M>;

    fn layer(&self, inner: M) -> Counted<M> {
        let count = self.clone();
        Counted { inner, count }
    }
}

impl<M: Model> Model for Counted<M> {
    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    fn generate<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(async move {
            let words = |text: &str| text.split_whitespace().count();
            let sent = request.messages.iter().map(|it| words(&it.to_text())).sum();
            self.count.sent.fetch_add(sent, Ordering::Relaxed);
            let response = self.inner.generate(request).await?;
            self.count
                .received
                .fetch_add(words(&response.text), Ordering::Relaxed);
            Ok(response)
        })
    }

    fn disown(&self, request: &Request) {
        self.inner.disown(request);
    }
}

const THREE: NonZeroUsize = NonZeroUsize::new(3).expect("it is not zero");

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let model = examples::model(ScriptedModel::new([
        r#"{"reasoning": "Half a day and some minutes.", "answer": "12", "confidence": 0.8}"#,
        r#"{"reasoning": "About twice a day.", "answer": "12", "confidence": 0.7}"#,
        r#"{"reasoning": "Once a day.", "answer": "24", "confidence": 0.3}"#,
    ]))?;
    let count = WordCount::default();
    let model = Arc::new(count.layer(model));
    let panel = Panel::of_model(model, &AgentOptions::default());
    let voting = Voting::new(panel, Plurality::new()).voters(THREE);
    let question = "About how many hours lie between two high tides?";
    let election = voting.run(question, &RunOptions::default()).await?.value?;

    println!("{question} {}", election.winning_answer.unwrap_or_default());
    let (sent, received) = (&count.sent, &count.received);
    println!("{sent:?} words sent, {received:?} words received");
    Ok(())
}
