//! The model behind a server: asks, has replies classified, remembers what the server does not know.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use patterns_core::{
    AnswerFormat, BoxFuture, CallKey, Event, MediaType, Model, ModelError, ModelErrorKind, ModelId,
    Part, Request, Response,
};
use secrecy::SecretString;

use super::beside::Beside;
use super::dialect::{Dialect, Put, Unwritable, Written};
use super::refused::{LeftOut, Refused, Sent, refused};
use super::reply::{Rate, Rates, Redactor, classify, refuses_system_role};
use super::told::{Told, warn};
use super::transport::{Reply, Server};
use super::truncated::is_truncated;
use crate::layer::{Beginnings, Ladder};
use crate::pace::{Pool, RateLimits};
use crate::tier::Tier;

/// Everything an adapter is made of.
pub(crate) struct Setup {
    pub(crate) id: ModelId,
    pub(crate) key: Option<SecretString>,
    /// What is sent with every request beside ours.
    pub(crate) beside: Beside,
    /// What may be attached to a message.
    pub(crate) takes: &'static [MediaType],
    pub(crate) dialect: Arc<dyn Dialect>,
    pub(crate) server: Server,
    /// Whether the server is not the provider's own.
    pub(crate) is_own: bool,
    pub(crate) tier: Tier,
    pub(crate) rates: Rates,
    pub(crate) pool: Arc<Pool>,
    /// Which answer formats the server knows, and whether it is to stream.
    pub(crate) ladder: Arc<Ladder>,
    /// What the user has been told of the model.
    pub(crate) told: Arc<Told>,
    /// Which beginnings of requests are shared.
    pub(crate) beginnings: Arc<Beginnings>,
}

/// A model of a server.
pub(crate) struct Adapter {
    setup: Setup,
    redactor: Redactor,
    /// How many answers in a row had none of the names that their schemas require.
    shapeless: AtomicU32,
    /// Whether the flex tier was refused, or not given: to this key, another one may have it.
    is_standard: AtomicBool,
}

impl Adapter {
    pub(crate) fn new(setup: Setup) -> Self {
        Self {
            redactor: Redactor::new(setup.key.clone().unwrap_or_default())
                .and(&setup.beside.secrets),
            setup,
            shapeless: AtomicU32::default(),
            is_standard: AtomicBool::default(),
        }
    }

    /// Asks once. A server that doesn't know the format or refuses a parameter is remembered, for whoever asks again.
    async fn call(&self, request: &Request) -> Result<Response, ModelError> {
        let ladder = &self.setup.ladder;
        let model = &self.setup.id.model;
        self.setup.dialect.prepare(&self.setup.server, model).await;
        let (written, from) = self.written(request)?;
        self.setup
            .told
            .untold(&self.setup.id, request, written.untold);
        let has_system = !request.instructions.is_empty() && !ladder.folds_system();
        let timed = ladder.timed();
        let (result, refused) = self.attempt(request, &written).await;
        drop(timed);
        if let Some(refused) = refused {
            let spent = result.map_or_else(|error| error.usage(), |response| response.usage);
            self.learn(request, &written, refused);
            // Asked again without, as in a weaker format.
            return Err(ModelError::new(ModelErrorKind::UnsupportedFormat).with_usage(spent));
        }
        let error = match result {
            Ok(response) => {
                let of = (&self.setup.id, request);
                self.setup
                    .told
                    .answering(of, &response.model, &self.redactor);
                self.check_shape(request, from, &response.text);
                return Ok(response);
            }
            Err(error) => without_format(error, request, from),
        };
        let again = |usage| ModelError::new(ModelErrorKind::UnsupportedFormat).with_usage(usage);
        if has_system && refuses_system_role(&error) {
            ladder.fold_system();
            return Err(again(error.usage()));
        }
        // A size of the context that the user has set is not learnt to be too small: it stays.
        let is_set = self.setup.beside.num_ctx().is_some();
        if !is_set && self.setup.dialect.learn(&error, &written) {
            ladder.changed();
            return Err(again(error.usage()));
        }
        if error.kind() == ModelErrorKind::UnsupportedFormat
            && let Some(to) = ladder.step_down(request, from)
        {
            self.stepped_down(request, from, to);
        }
        Err(error)
    }

    /// Writes a request down as the server is known to take it, in the strongest format that has a form
    /// for its schema.
    fn written(&self, request: &Request) -> Result<(Written, AnswerFormat), ModelError> {
        self.check_attached(request)?;
        let ladder = &self.setup.ladder;
        loop {
            let format = ladder.format(request);
            let (refusals, effort) = self.effort(request);
            let is_standard = self.is_standard.load(Ordering::Relaxed);
            let is_flex = self.setup.tier == Tier::Flex && !is_standard;
            let put = Put {
                model: &self.setup.id.model,
                format,
                left_out: LeftOut(ladder.left_out()),
                effort,
                is_flex,
                folds_system: ladder.folds_system(),
                streams: ladder.streams(),
                shared: self.setup.beginnings.shared(request),
                is_own: self.setup.is_own,
            };
            match self.setup.dialect.write(request, &put) {
                Ok(mut written) => {
                    written.effort = effort.and(Some(refusals));
                    written.is_flex = is_flex;
                    written.body = self.setup.beside.added_to(written.body);
                    let window = written.window.take();
                    written.window = window.map(|it| self.setup.beside.num_ctx().unwrap_or(it));
                    return Ok((written, format));
                }
                Err(Unwritable::Request(error)) => return Err(error),
                Err(Unwritable::Schema(why)) => {
                    let to = ladder.lower(request, format).ok_or_else(|| {
                        ModelError::new(ModelErrorKind::InvalidRequest).with_cause(why.clone())
                    })?;
                    let id = &self.setup.id;
                    let message = format!(
                        "{id} cannot be held to the answer schema ({why}); answers are only checked here"
                    );
                    warn(request, "schema-not-enforced", message);
                    self.stepped_down(request, format, to);
                }
            }
        }
    }

    /// Refuses what the provider has no way to be sent.
    fn check_attached(&self, request: &Request) -> Result<(), ModelError> {
        let parts = request.messages.iter().flat_map(|it| &it.parts);
        let mut attached = parts.filter_map(Part::attachment);
        let not_taken = attached.find(|it| !self.setup.takes.contains(&it.media_type()));
        not_taken.map_or(Ok(()), |it| {
            let media_type = it.media_type();
            let (id, words) = (&self.setup.id, media_type.words());
            let cause = format!(
                "{id} cannot be sent a {words} ({media_type}): use another model, or convert it"
            );
            Err(ModelError::new(ModelErrorKind::InvalidRequest).with_cause(cause))
        })
    }

    /// Returns how the effort of a request is put, after so many refusals of it.
    fn effort(&self, request: &Request) -> (u8, Option<&'static str>) {
        let Some(effort) = request.sampling.effort else {
            return (0, None);
        };
        let refusals = self.setup.ladder.refusals_of(effort);
        let model = &self.setup.id.model;
        let ways = self.setup.dialect.efforts(model, effort);
        (refusals, ways.get(usize::from(refusals)).copied())
    }

    /// Remembers whether an answer has the shape that was asked for. A server of one's own that ignores
    /// the format does so every time; a provider's model strays once in a while, and only two such
    /// answers in a row are a sign.
    fn check_shape(&self, request: &Request, format: AnswerFormat, text: &str) {
        if !ignores_format(request, format, text) {
            self.shapeless.store(0, Ordering::Relaxed);
            return self.setup.ladder.answered(request, format);
        }
        let before = self.shapeless.fetch_add(1, Ordering::Relaxed);
        if self.setup.is_own || before > 0 {
            self.say_more(request, format);
        }
    }

    /// Steps down to a format in which the model itself is told of the schema.
    fn say_more(&self, request: &Request, from: AnswerFormat) {
        let mut at = from;
        while let Some(to) = self.setup.ladder.step_down(request, at) {
            at = to;
            if at >= AnswerFormat::Tool {
                break;
            }
        }
        if at != from {
            let id = &self.setup.id;
            let message = format!(
                "{id} answers without any of the names that were asked for, as if it ignored {from}: \
                 it is shown the schema in words from now on ({at})"
            );
            warn(request, "format-ignored", message);
        }
    }

    fn stepped_down(&self, request: &Request, from: AnswerFormat, to: AnswerFormat) {
        request.scope.emit(Event::FormatSteppedDown {
            origin: request.scope.origin(),
            model: self.setup.id.to_string(),
            from,
            to,
        });
    }

    /// Remembers what the server refuses, and says so once.
    fn learn(&self, request: &Request, written: &Written, refused: Refused) {
        match refused {
            Refused::Named(name) => self.leave_out(request, name),
            Refused::Effort => self.lower_effort(request, written.effort.unwrap_or_default()),
            Refused::Flex => self.fall_to_standard(request, "does not take the flex tier"),
        }
    }

    fn lower_effort(&self, request: &Request, before: u8) {
        let Some(effort) = request.sampling.effort else {
            return;
        };
        if !self.setup.ladder.refuse(effort, before) {
            return;
        }
        let id = &self.setup.id;
        let ways = self.setup.dialect.efforts(&id.model, effort);
        let mut ways = ways.iter().skip(before.into());
        let (sent, instead) = (ways.next().unwrap_or(&""), ways.next());
        let instead = match instead {
            Some(instead) => format!("it is asked with `{instead}`"),
            None => "it thinks as it does by itself".to_owned(),
        };
        let message = format!("{id} does not take the effort {effort} (as `{sent}`): {instead}");
        warn(request, "parameter-refused", message);
    }

    fn fall_to_standard(&self, request: &Request, why: &str) {
        if !self.is_standard.swap(true, Ordering::Relaxed) {
            self.setup.ladder.changed();
            let id = &self.setup.id;
            let message =
                format!("{id} {why}: it is asked at the standard one, at the standard price");
            warn(request, "parameter-refused", message);
        }
    }

    /// Remembers that the server refuses a parameter, and says so once.
    fn leave_out(&self, request: &Request, name: &str) {
        let left_out = LeftOut(self.setup.ladder.left_out());
        let (is_news, instead) = match left_out.instead_of(name) {
            None => (
                self.setup.ladder.stop_streaming(),
                "answers come whole".to_owned(),
            ),
            Some((parameter, instead)) => (self.setup.ladder.leave_out(parameter as u8), instead),
        };
        if is_news {
            let message = format!("{} does not take `{name}`: {instead}", self.setup.id);
            warn(request, "parameter-refused", message);
        }
    }

    /// Sends a request; returns what came of it, and which parameter the server refused.
    async fn attempt(
        &self,
        request: &Request,
        written: &Written,
    ) -> (Result<Response, ModelError>, Option<Refused>) {
        let made = || CallKey::of(&self.setup.id, request);
        let key = request.scope.call().unwrap_or_else(made).to_string();
        let sent = self.setup.dialect.send(&self.setup.server, key, written);
        match sent.await {
            Ok(reply) => {
                if let Some(after) = reply.began {
                    let origin = request.scope.origin();
                    request.scope.emit(Event::AnswerBegan { origin, after });
                }
                self.read(request, written, &reply)
            }
            Err(error) => (Err(error), None),
        }
    }

    fn read(
        &self,
        request: &Request,
        written: &Written,
        reply: &Reply,
    ) -> (Result<Response, ModelError>, Option<Refused>) {
        if let Some(limits) = RateLimits::from_headers(&reply.headers) {
            self.setup.pool.learn(&limits);
        }
        let has_worked = self.setup.pool.state().served > 0;
        let mut rate = Rate::default();
        let read = |body: &[u8]| {
            let completion = self.setup.dialect.read(body)?;
            rate = completion.rate;
            Some(completion)
        };
        let asked = &self.setup.id.model;
        let result = classify(reply, asked, read, &self.redactor, has_worked);
        let billed = |usage| {
            let of = (&self.setup.id, request);
            let at = (rate, written.is_flex);
            self.setup.told.billed(of, usage, at, self.setup.rates)
        };
        match result {
            Ok(mut response) => {
                response.usage = billed(response.usage);
                if written.is_flex && rate.tier == Some(Tier::Standard) {
                    self.fall_to_standard(request, "has not answered at the flex tier");
                }
                let short = is_truncated(request, response.usage, written.window);
                (short.map_or(Ok(response), Err), None)
            }
            Err(error) => {
                // A server that speaks of streams unasked is asked for none later.
                let stream = self.setup.ladder.may_stream().then_some("stream");
                let named: Vec<_> = written.parameters.iter().copied().chain(stream).collect();
                let sent = Sent {
                    names: &named,
                    effort: written.effort.is_some(),
                    flex: written.is_flex,
                };
                let refused = refused(error.kind(), &reply.body, sent);
                let usage = error.usage();
                let error = error.with_usage(billed(usage));
                let url = format!("{}{}", self.setup.server.base_url, written.path);
                let place = reply.place(&url, &self.redactor).into_iter();
                (Err(place.fold(error, ModelError::with_cause)), refused)
            }
        }
    }
}

/// Returns whether an answer has none of the names that its schema requires, though the server was asked
/// to hold its model to it: then it ignores the format, and a weaker one says more in words.
fn ignores_format(request: &Request, format: AnswerFormat, text: &str) -> bool {
    let is_enforced = format < AnswerFormat::JsonObject;
    let schema = request.schema.as_deref().filter(|_| is_enforced);
    let required = schema.and_then(|it| it.schema()["required"].as_array());
    required.is_some_and(|names| {
        let mut names = names.iter().peekable();
        names.peek().is_some() && !names.any(|name| text.contains(&name.to_string()))
    })
}

/// Takes a complaint about the format of an answer for one about the request, where none was asked for:
/// of some requests Google says no more than that an argument is invalid.
fn without_format(error: ModelError, request: &Request, format: AnswerFormat) -> ModelError {
    let is_asked_for = request.schema.is_some() && format != AnswerFormat::Prompt;
    match error.kind() {
        ModelErrorKind::UnsupportedFormat if !is_asked_for => {
            error.with_kind(ModelErrorKind::InvalidRequest)
        }
        _ => error,
    }
}

impl Model for Adapter {
    fn id(&self) -> &ModelId {
        &self.setup.id
    }

    fn generate<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(self.call(request))
    }
}

impl fmt::Debug for Adapter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Adapter")
            .field("id", &self.setup.id)
            .field("dialect", &self.setup.dialect)
            .finish_non_exhaustive()
    }
}
