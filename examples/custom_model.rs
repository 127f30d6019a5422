//! A model of one's own: anything that can answer a request takes part in every pattern.
//!
//! Notice that `Model` is one method and a name, and that a failed branch is data: the run goes on.

use futures_util::stream;
use patterns_core::{
    BoxFuture, Document, Model, ModelError, ModelErrorKind, ModelId, Part, Request, Response,
};
use patterns_parallel::{AgentOptions, MapReduce, RunOptions};

/// Summarises a text by its first sentence, and refuses to read what is marked as secret.
struct FirstSentence {
    id: ModelId,
}

impl Model for FirstSentence {
    fn id(&self) -> &ModelId {
        &self.id
    }

    fn generate<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(async move {
            let parts = request.messages.iter().flat_map(|message| &message.parts);
            let texts = parts.filter_map(|part| match part {
                Part::Document(document) => Some(document.text.as_ref()),
                Part::Text(_) => None,
            });
            let texts: Vec<&str> = texts.collect();
            if texts.iter().any(|text| text.starts_with("SECRET")) {
                return Err(ModelError::new(ModelErrorKind::Refused));
            }
            let first = texts
                .iter()
                .filter_map(|it| it.split_inclusive(". ").next());
            let summary = Vec::from_iter(first.map(str::trim_end)).join(" ");
            let answer = match request.schema.as_ref().map(|schema| schema.name()) {
                Some("reduction") => serde_json::json!({ "combined_summary": summary }),
                _ => serde_json::json!({ "summary": summary }),
            };
            Ok(Response::new("first-sentence", answer.to_string()))
        })
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let id = ModelId::new("first-sentence", "");
    let model = examples::model(FirstSentence { id })?;
    let documents = [
        Document::new("tides", "Tides rise and fall. They do so twice a day."),
        Document::new("vault", "SECRET. The code is 1234."),
        Document::new("moon", "The Moon pulls at the sea. So does the Sun."),
    ];
    let map_reduce = MapReduce::with_model(model, &AgentOptions::default());
    let outcome = map_reduce
        .run(stream::iter(documents), &RunOptions::default())
        .await?;
    for branch in &outcome.branches {
        match branch.error() {
            Some(error) => println!("{}: {}", branch.label, error.kind().name()),
            None => println!("{}: answered", branch.label),
        }
    }
    println!("{}", outcome.value?.combined_summary);
    Ok(())
}
