//! The extractive model as a [`Model`].

use patterns_core::{
    BoxFuture, Model, ModelError, ModelErrorKind, ModelId, Request, Response, Usage,
};

use super::fill::Quoter;
use super::plan::{Obstacle, Plan, plan};
use super::source::{Source, documents};

/// What the offline model calls itself wherever its answers are shown.
pub const OFFLINE_LABEL: &str = "offline: key sentences, no LLM";

/// How to get a model; the end of every error that asks for one.
const HOW: &str = "to get a model, set OPENAI_API_KEY or start Ollama, and choose one with --model";

/// Answers by quoting the best sentences of the documents in the request; there is no language
/// model in it, and it needs no network.
///
/// It fills fields whose name asks for a summary, key points or keywords, lists of citations (`source`
/// and `quote`) with what it has quoted, and fields that can take one value only. Anything that needs judgement is
/// [`NeedsModel`](patterns_core::ModelErrorKind::NeedsModel): it never invents. Equal requests get
/// equal answers, whatever their sampling.
///
/// The sentences are ranked by TextRank (Mihalcea and Tarau 2004) with a preference for the
/// beginning, for abstracts, and for what the request asks about. Of very long material at most
/// 400 sentences are compared: from each document the first ones, and an even sample of the rest.
#[derive(Clone, Debug)]
pub struct Offline {
    id: ModelId,
}

impl Offline {
    /// Makes the model.
    pub fn new() -> Self {
        Self {
            id: ModelId::new("offline", ""),
        }
    }
}

impl Default for Offline {
    fn default() -> Self {
        Self::new()
    }
}

impl Model for Offline {
    fn id(&self) -> &ModelId {
        &self.id
    }

    fn generate<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(async move {
            let text = answer(request).map_err(|error| error.with_usage(one_call()))?;
            Ok(Response {
                usage: one_call(),
                ..Response::new(OFFLINE_LABEL, text)
            })
        })
    }
}

fn one_call() -> Usage {
    Usage {
        calls: 1,
        attempts: 1,
        ..Usage::default()
    }
}

fn answer(request: &Request) -> Result<String, ModelError> {
    let schema = request.schema.as_ref();
    let plan = schema
        .map(|it| plan(it.schema()))
        .transpose()
        .map_err(|it| needs_model(&it))?;
    if plan.as_ref().is_none_or(Plan::quotes) {
        demand_documents(request)?;
    }
    let source = Source::read(request);
    if source.sentences.is_empty() && plan.as_ref().is_none_or(Plan::quotes) {
        return Err(empty());
    }
    let documents = documents(request);
    let mut quoter = Quoter::new(&source, &documents);
    match plan {
        None => Ok(quoter.summary(usize::MAX)),
        Some(plan) => {
            let answer = quoter.fill(&plan).map_err(|it| needs_model(&it))?;
            Ok(answer.to_string())
        }
    }
}

fn demand_documents(request: &Request) -> Result<(), ModelError> {
    let documents = documents(request);
    if documents.is_empty() {
        let detail =
            format!("the offline model only quotes, and the request has no document; {HOW}");
        return Err(ModelError::new(ModelErrorKind::NeedsModel).with_detail(detail));
    }
    if let Some(attached) = documents.iter().find_map(|it| it.attachment.as_ref()) {
        let words = attached.media_type().words();
        let detail = format!("the offline model only quotes, and cannot look at a {words}; {HOW}");
        return Err(ModelError::new(ModelErrorKind::InvalidRequest).with_detail(detail));
    }
    if documents.iter().all(|it| it.text.trim().is_empty()) {
        return Err(empty());
    }
    Ok(())
}

fn empty() -> ModelError {
    let detail = "the documents contain no text to quote";
    ModelError::new(ModelErrorKind::InvalidRequest).with_detail(detail)
}

fn needs_model(obstacle: &Obstacle) -> ModelError {
    let Obstacle { pointer, reason } = obstacle;
    let field = if pointer.is_empty() {
        "the answer"
    } else {
        pointer
    };
    let detail = format!("the offline model only quotes; {field} {reason}: {HOW}");
    ModelError::new(ModelErrorKind::NeedsModel).with_detail(detail)
}
