//! The agent that asks a model: instructions, a contract, and a bounded number of re-asks.

use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::fallback;
use crate::never_valid::NeverValid;
use crate::{
    Agent, AgentError, Answer, BoxFuture, Contract, ContractError, Event, Message, Model, Prompt,
    Rejection, Request, Sampling, Scope, Usage,
};

/// Model + instructions + contract: the real [`Agent`].
///
/// An answer that breaks the contract is sent back with exactly what is wrong, up to
/// [`max_reasks`](Self::max_reasks) times; every try is on the bill. If ten steps end without an answer
/// that keeps the contract, all for the same reason, and none with one, that error
/// [is fatal](crate::AgentErrorKind::NeverValid): others would fail likewise.
///
/// Where a model gives no answer that keeps the contract, its [fallback](Model::fallback) is asked the same:
/// after its re-asks, where it refuses or its provider withholds the answer, and where the question or the
/// answer is too long for it. Trouble of its provider is no reason: that is waited for.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::sync::Arc;
/// use patterns_core::{Agent, ModelAgent, Scope};
/// use patterns_testkit::ScriptedModel;
///
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// struct Capital { city: String }
///
/// let model = Arc::new(ScriptedModel::new(["{\"town\": \"Paris\"}", "{\"city\": \"Paris\"}"]));
/// let agent: ModelAgent<&str, Capital> = ModelAgent::of(model, "Name the capital.")?;
/// let answer = agent.run(&"France", Scope::default()).await?;
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
    never_valid: NeverValid,
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
            never_valid: NeverValid::default(),
        }
    }

    /// Puts inputs to the model in other words.
    #[must_use]
    pub fn prompt(mut self, prompt: impl Fn(&I) -> Prompt + Send + Sync + 'static) -> Self {
        self.prompt = Arc::new(prompt);
        self
    }

    /// Makes an agent whose answers are of a type, as its schema says.
    ///
    /// # Errors
    ///
    /// As [`Contract::of`].
    pub fn of(
        model: Arc<dyn Model>,
        instructions: impl Into<Arc<str>>,
    ) -> Result<Self, ContractError>
    where
        O: DeserializeOwned + JsonSchema,
        Prompt: for<'a> From<&'a I>,
    {
        Ok(Self::new(model, instructions, Contract::of::<O>()?))
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

    fn request(&self, input: &I, scope: Scope) -> Request {
        let Prompt { parts, sample } = (self.prompt)(input);
        Request {
            instructions: Arc::clone(&self.instructions),
            messages: vec![Message::user(parts)],
            schema: Some(Arc::clone(self.contract.schema())),
            sampling: self.sampling,
            sample,
            scope,
        }
    }
}

impl<I: Sync, O: DeserializeOwned + Send> Agent<I, O> for ModelAgent<I, O> {
    fn run<'a>(
        &'a self,
        input: &'a I,
        scope: Scope,
    ) -> BoxFuture<'a, Result<Answer<O>, AgentError>> {
        Box::pin(self.ask(self.request(input, scope)))
    }
}

impl<I, O: DeserializeOwned> ModelAgent<I, O> {
    /// Asks the model, and where it gives no answer of use, those that are asked instead.
    async fn ask(&self, mut request: Request) -> Result<Answer<O>, AgentError> {
        let mut error = match self.ask_one(&self.model, &mut request).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        // Only once nobody has answered: what was rejected is found in the store again, and leads to the
        // answer of the fallback for nothing.
        let mut to_disown = Vec::new();
        let (mut model, mut last) = (&self.model, error.kind());
        loop {
            if fallback::is_invalid(last) {
                to_disown.push(model);
            }
            let next = model.fallback().filter(|_| fallback::is_due(last));
            let Some(next) = next else { break };
            let ended = self.ask_one(next, &mut request).await;
            fallback::report(&request.scope, next.id(), ended.as_ref().err());
            match ended {
                Ok(mut answer) => {
                    answer.usage += error.usage();
                    return Ok(answer);
                }
                Err(other) => {
                    (model, last) = (next, other.kind());
                    error = fallback::error_of_both(error, other);
                }
            }
        }
        // Where the run had no more to spend or was ended, the next session goes on from here.
        if !fallback::is_of_the_run(error.kind()) {
            for model in to_disown {
                model.disown(&request);
            }
        }
        let is_invalid = fallback::is_invalid(error.kind());
        let is_all = is_invalid && self.never_valid.rejected(error.violations());
        Err(if is_all { error.never_valid() } else { error })
    }

    /// Asks one model, and sends what it answers back while that breaks the contract. The request is left as
    /// it was.
    async fn ask_one(
        &self,
        model: &Arc<dyn Model>,
        request: &mut Request,
    ) -> Result<Answer<O>, AgentError> {
        let (question, sample) = (request.messages.len(), request.sample);
        let ended = self.ask_until(model, request, sample).await;
        request.messages.truncate(question);
        // The answers to re-asks depend on it, and are not found without it.
        request.sample = sample;
        ended
    }

    async fn ask_until(
        &self,
        model: &Arc<dyn Model>,
        request: &mut Request,
        sample: u32,
    ) -> Result<Answer<O>, AgentError> {
        let question = request.messages.len();
        let mut usage = Usage::default();
        let mut reasks = 0;
        let mut last = Rejected::default();
        loop {
            let response = match model.generate(request).await {
                Ok(response) => response,
                Err(error) => return Err(AgentError::model(error, usage)),
            };
            usage += response.usage;
            let rejection = match self.contract.decode(&response.text) {
                Ok(decoded) => {
                    self.never_valid.answered();
                    self.report_fixes(request, &decoded.fixes);
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
            last = last.then(response.text);
            let will_reask = reasks < self.max_reasks && last.times < MAX_EQUAL;
            self.report_rejection(request, &rejection, reasks + 1, will_reask);
            // Only the last bad answer is quoted: older ones would cost tokens and mislead.
            request.messages.truncate(question);
            if !will_reask {
                return Err(AgentError::invalid_answer(rejection, last.text, usage));
            }
            reasks += 1;
            self.push_reask(&mut request.messages, &last, &rejection);
            // A model that repeats its mistake is asked the same again; that must be another draw.
            request.sample = sample.wrapping_add((reasks - 1) << 24);
        }
    }

    /// Asks again. A model that has given the same answer twice is not shown it a second time: it
    /// would only copy it.
    fn push_reask(&self, messages: &mut Vec<Message>, last: &Rejected, rejection: &Rejection) {
        let mut words = rejection.to_prompt(self.contract.schema().shape());
        // Some servers refuse an empty assistant turn.
        if last.times == 1 && !last.text.trim().is_empty() {
            messages.push(Message::assistant(quoted(&last.text)));
        } else if last.times > 1 {
            words.push_str(" The same answer as before will not be accepted either.");
        }
        messages.push(Message::user([crate::Part::text(words)]));
    }

    fn report_fixes(&self, request: &Request, fixes: &[crate::Fix]) {
        if !fixes.is_empty() {
            request.scope.emit(Event::AnswerFixed {
                origin: request.scope.origin(),
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
        request.scope.emit(Event::AnswerRejected {
            origin: request.scope.origin(),
            answer,
            violations: rejection.violations.clone(),
            will_reask,
        });
    }
}

/// Equal answers to one question after which it is not put again.
const MAX_EQUAL: u32 = 3;

/// A rejected answer, and how often it has come in a row.
#[derive(Default)]
struct Rejected {
    text: String,
    times: u32,
}

impl Rejected {
    fn then(self, text: String) -> Self {
        let times = if self.text == text { self.times + 1 } else { 1 };
        Self { text, times }
    }
}

/// The most bytes of a rejected answer that are sent back.
const MAX_QUOTED: usize = 16_000;

/// Returns the beginning of an answer, and a word about what is left out.
fn quoted(text: &str) -> String {
    if text.len() <= MAX_QUOTED {
        return text.to_owned();
    }
    let is_boundary = |at: &usize| text.is_char_boundary(*at);
    let end = (0..=MAX_QUOTED).rev().find(is_boundary).unwrap_or(0);
    format!("{}… [shortened; {} bytes in all]", &text[..end], text.len())
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
