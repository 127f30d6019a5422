//! The agent that asks a model: instructions, a contract, and a bounded number of re-asks.

use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::{
    Agent, AgentError, Answer, BoxFuture, Contract, Event, EventSink, Message, Model, Origin,
    Prompt, Rejection, Request, Response, Sampling, Usage,
};

/// Model + instructions + contract: the real [`Agent`].
///
/// An answer that breaks the contract is sent back with exactly what is wrong, up to
/// [`max_reasks`](Self::max_reasks) times; every try is on the bill.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::sync::Arc;
/// use patterns_core::{Agent, Contract, ModelAgent, Origin};
/// use patterns_testkit::ScriptedModel;
///
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// struct Capital { city: String }
///
/// let model = Arc::new(ScriptedModel::new(["{\"town\": \"Paris\"}", "{\"city\": \"Paris\"}"]));
/// let agent = ModelAgent::new(model, "Name the capital.", Contract::of::<Capital>()?);
/// let answer = agent.run(&"France".to_owned(), Origin::default()).await?;
/// assert_eq!(answer.value.city, "Paris");
/// assert_eq!((answer.reasks, answer.usage.calls), (1, 2));
/// # Ok(()) }
/// ```
pub struct ModelAgent<I, O> {
    model: Arc<dyn Model>,
    instructions: Arc<str>,
    contract: Contract<O>,
    prompt: Arc<dyn Fn(&I) -> Prompt + Send + Sync>,
    sampling: Sampling,
    max_reasks: u32,
    events: Arc<dyn EventSink>,
}

impl<I, O> ModelAgent<I, O> {
    /// Makes an agent; an input is put to the model in the words of its `Into<Prompt>`.
    pub fn new(
        model: Arc<dyn Model>,
        instructions: impl Into<Arc<str>>,
        contract: Contract<O>,
    ) -> Self
    where
        Prompt: for<'a> From<&'a I>,
    {
        Self {
            model,
            instructions: instructions.into(),
            contract,
            prompt: Arc::new(|input| Prompt::from(input)),
            sampling: Sampling::default(),
            max_reasks: 2,
            events: Arc::new(()),
        }
    }

    /// Puts inputs to the model in other words.
    #[must_use]
    pub fn prompt(mut self, prompt: impl Fn(&I) -> Prompt + Send + Sync + 'static) -> Self {
        self.prompt = Arc::new(prompt);
        self
    }

    /// Sets how tokens are drawn.
    #[must_use]
    pub fn sampling(mut self, sampling: Sampling) -> Self {
        self.sampling = sampling;
        self
    }

    /// Sets how often a rejected answer is sent back before the step fails; 2 by default.
    #[must_use]
    pub fn max_reasks(mut self, max_reasks: u32) -> Self {
        self.max_reasks = max_reasks;
        self
    }

    /// Sets who is told about mended and rejected answers.
    #[must_use]
    pub fn events(mut self, events: Arc<dyn EventSink>) -> Self {
        self.events = events;
        self
    }

    fn request(&self, input: &I, origin: Origin) -> Request {
        let Prompt { parts, sample } = (self.prompt)(input);
        Request {
            instructions: Arc::clone(&self.instructions),
            messages: vec![Message::user(parts)],
            schema: Some(Arc::clone(self.contract.schema())),
            sampling: self.sampling,
            sample,
            origin,
        }
    }
}

impl<I: Sync, O: DeserializeOwned + Send> Agent<I, O> for ModelAgent<I, O> {
    fn run<'a>(
        &'a self,
        input: &'a I,
        origin: Origin,
    ) -> BoxFuture<'a, Result<Answer<O>, AgentError>> {
        Box::pin(self.ask(self.request(input, origin)))
    }
}

impl<I, O: DeserializeOwned> ModelAgent<I, O> {
    async fn ask(&self, mut request: Request) -> Result<Answer<O>, AgentError> {
        let (question, sample) = (request.messages.len(), request.sample);
        let mut usage = Usage::default();
        let mut reasks = 0;
        loop {
            let response = match self.model.generate(&request).await {
                Ok(response) => response,
                Err(error) => return Err(AgentError::model(error, usage)),
            };
            usage += response.usage;
            let rejection = match self.contract.decode(&response.text) {
                Ok(decoded) => {
                    self.report_fixes(&request, &decoded.fixes);
                    return Ok(Answer {
                        value: decoded.value,
                        usage,
                        model: response.model,
                        request_id: response.request_id,
                        fixes: decoded.fixes,
                        reasks,
                    });
                }
                Err(rejection) => rejection,
            };
            let will_reask = reasks < self.max_reasks;
            self.report_rejection(&request, &rejection, reasks + 1, will_reask);
            if !will_reask {
                // The answers to re-asks depend on it, and are not found without it.
                request.messages.truncate(question);
                request.sample = sample;
                self.model.disown(&request);
                return Err(AgentError::invalid_answer(rejection, response.text, usage));
            }
            reasks += 1;
            // Only the last bad answer is quoted: older ones would cost tokens and mislead.
            request.messages.truncate(question);
            push_reask(&mut request.messages, response, &rejection);
            // A model that repeats its mistake is asked the same again; that must be another draw.
            request.sample = sample.wrapping_add((reasks - 1) << 24);
        }
    }

    fn report_fixes(&self, request: &Request, fixes: &[crate::Fix]) {
        if !fixes.is_empty() {
            self.events.emit(Event::AnswerFixed {
                origin: request.origin,
                fixes: fixes.to_vec(),
            });
        }
    }

    fn report_rejection(
        &self,
        request: &Request,
        rejection: &Rejection,
        answer: u32,
        will_reask: bool,
    ) {
        self.events.emit(Event::AnswerRejected {
            origin: request.origin,
            answer,
            violations: rejection.violations.clone(),
            will_reask,
        });
    }
}

fn push_reask(messages: &mut Vec<Message>, response: Response, rejection: &Rejection) {
    // Some servers refuse an empty assistant turn.
    if !response.text.trim().is_empty() {
        messages.push(Message::assistant(response.text));
    }
    messages.push(Message::user([crate::Part::text(rejection.to_prompt())]));
}

impl<I, O> fmt::Debug for ModelAgent<I, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModelAgent")
            .field("model", self.model.id())
            .field("contract", &self.contract)
            .field("sampling", &self.sampling)
            .field("max_reasks", &self.max_reasks)
            .finish_non_exhaustive()
    }
}
