//! From a call that was handed out to its answer: the model by its name, as a run here would find it, and this
//! worker's own records before it.
//!
//! A call that was answered just before the server died is handed out again. Its answer is found here, and it
//! comes back with its bill, since whoever asked has not seen that yet: it is told from an answer that an
//! earlier run has paid for by who is recorded as the payer.

use std::collections::HashMap;
use std::num::{NonZeroU64, NonZeroUsize};
use std::sync::{Arc, Mutex, PoisonError};

use patterns_core::{
    CallKey, Layer, Model, ModelError, ModelErrorKind, Response, RunId, Scope as CallScope,
};
use patterns_job::{Job, JobFormat, ModelRoles};
use patterns_restate::Call;
use patterns_store::{CallStatus, Store, StoreLayer, StorePolicy};
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use tokio_util::sync::CancellationToken;

use crate::config::Scope;
use crate::connect::connect;
use crate::error::{Error, ErrorKind};
use crate::launch::{Around, Launch};
use crate::option_names::Names;
use crate::shared_store::Shared;
use crate::terminal::Terminal;

/// Where a model is, once it is connected to.
type Place = Arc<OnceCell<Arc<dyn Model>>>;

/// Answers calls.
pub(super) struct Answers {
    /// What `-c` said.
    pub(super) set: Vec<String>,
    /// Among how many workers limits are shared.
    pub(super) workers: NonZeroU64,
    pub(super) store: Store,
    /// The one that it shares with other workers, if it does.
    pub(super) shared: Option<Shared>,
    pub(super) terminal: Terminal,
    pub(super) drain: CancellationToken,
    /// The models that were asked before, by their names and how they are asked.
    pub(super) models: Mutex<HashMap<String, Place>>,
}

impl Answers {
    /// Answers a call.
    ///
    /// # Errors
    ///
    /// Returns an error if it has no answer.
    pub(super) async fn answer(&self, call: Call) -> Result<Response, ModelError> {
        let key = call.check()?;
        let model = self.model(&call.model, &call.settings).await?;
        if *model.id() != call.id {
            return Err(another(&call, &model));
        }
        let payer = payer(&call);
        let policy = match call.is_fresh || call.generation > 0 {
            true => StorePolicy::Fresh,
            false => StorePolicy::Use,
        };
        if let Some(response) = self.paid_for_by(&key, payer, policy).await {
            return Ok(response);
        }
        let model = match &self.shared {
            Some(shared) => shared.before(model, policy, payer),
            None => model,
        };
        let layer = StoreLayer::new(self.store.clone())
            .policy(policy)
            .run(payer);
        let mut request = call.request;
        request.scope = CallScope::new(RunId::default(), Arc::new(()), self.drain.clone());
        layer.layer(model).generate(&request).await
    }

    /// Returns the answer that the same driver has paid for and not seen.
    async fn paid_for_by(
        &self,
        key: &CallKey,
        payer: i64,
        policy: StorePolicy,
    ) -> Option<Response> {
        // What cannot be read is told by the layer.
        let own = self.store.find(key).ok().flatten();
        let own = own.filter(|it| it.run == payer && it.status == CallStatus::Answered);
        match (own, &self.shared) {
            (Some(record), _) => Some(record.response),
            // Else its layer looks for it.
            (None, Some(shared)) if policy == StorePolicy::Fresh => {
                shared.paid_for_by(key, payer).await
            }
            (None, _) => None,
        }
    }

    /// Finds a model, which is connected to once. Who wants another one does not wait for that; but a
    /// `key_command` holds up all of the worker, whose calls are made by one thread.
    async fn model(&self, name: &str, settings: &Value) -> Result<Arc<dyn Model>, ModelError> {
        let key = format!("{name}\n{settings}");
        let place = {
            let mut models = self.models.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(models.entry(key).or_default())
        };
        let made = place.get_or_try_init(|| Box::pin(self.make(name, settings)));
        made.await.cloned().map_err(|error| {
            let kind = match error.kind() {
                ErrorKind::Config | ErrorKind::Credentials => ModelErrorKind::Unauthorized,
                _ => ModelErrorKind::UnknownModel,
            };
            ModelError::new(kind).with_cause(format!("at the worker: {error}"))
        })
    }

    /// Connects to a model as a run would that is typed here.
    async fn make(&self, name: &str, settings: &Value) -> Result<Arc<dyn Model>, Error> {
        let job = job(name, settings)?;
        let around = Around {
            set: self.set.clone(),
            ..Around::default()
        };
        let mut launch = Launch::new(job, Names::Keys, around, Scope::Everything, self.terminal)?;
        // A worker makes calls itself.
        launch.restate.url = None;
        launch.providers = launch.providers.shared_by(self.workers);
        let roles = ModelRoles::of(&launch.job).map_err(|error| launch.told(error))?;
        let mut settings = launch.settings();
        // What may be spent is the driver's to say.
        settings.caps = patterns_core::Caps::default();
        let workers = usize::try_from(self.workers.get()).unwrap_or(usize::MAX);
        let part = |all: NonZeroUsize| NonZeroUsize::new(all.get() / workers);
        let concurrency = settings.part.concurrency;
        settings.part.concurrency = concurrency.map(|it| part(it).unwrap_or(NonZeroUsize::MIN));
        let connected = connect(&launch, &roles, &settings).await?;
        Ok(Arc::clone(connected.models.first()))
    }
}

/// Makes a job that asks a model in the way that a driver wants it.
fn job(name: &str, settings: &Value) -> Result<Job, Error> {
    let mut job = json!({
        "pattern": "vote",
        "question": "(of a driver)",
        "options": ["yes", "no"],
        "model": {"name": name},
    });
    let refused = |why: String| {
        let message = format!("the driver wants it asked in another way: {why}");
        Error::new(ErrorKind::BadData, message)
    };
    for (part, keys) in settings.as_object().into_iter().flatten() {
        for (key, value) in keys.as_object().into_iter().flatten() {
            if !DRIVERS.contains(&(part, key)) {
                return Err(refused(format!(
                    "`{part}.{key}` is the worker's own to say"
                )));
            }
            if !value.is_null() {
                job[part][key] = value.clone();
            }
        }
    }
    Job::read(&job.to_string(), JobFormat::Json).map_err(|error| refused(error.to_string()))
}

/// What a driver may say of how a model is asked. An address is not in it: whoever reaches the server could
/// have this worker's keys sent there.
const DRIVERS: [(&str, &str); 5] = [
    ("run", "timeout"),
    ("run", "hedge"),
    ("run", "prime"),
    ("run", "stream"),
    ("model", "tier"),
];

/// Names a driver in the records of this worker, and how often it has asked: what it has given up is not what
/// it asks for now. The names are below zero, where no run of this store is.
fn payer(call: &Call) -> i64 {
    let digest = blake3::hash(format!("{} {}", call.asker, call.generation).as_bytes());
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&digest.as_bytes()[..8]);
    -1 - i64::from_le_bytes(bytes).saturating_abs() / 2
}

fn another(call: &Call, model: &Arc<dyn Model>) -> ModelError {
    let extra = |it: &Option<String>| {
        it.clone()
            .map_or_else(String::new, |it| format!(" with {it}"))
    };
    let (asked, known) = (&call.id, model.id());
    let (ours, theirs) = (extra(&known.extra), extra(&asked.extra));
    ModelError::new(ModelErrorKind::UnknownModel).with_cause(format!(
        "`{}` is {known}{ours} for the worker, and {asked}{theirs} for the driver: configure it alike",
        call.model
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_driver_says_how_a_model_is_asked_and_never_where() {
        let asked = json!({"run": {"timeout": "2m", "hedge": null}, "model": {"tier": "flex"}});
        assert!(job("openai:m", &asked).is_ok());
        assert!(job("openai:m", &Value::Null).is_ok());
        for (part, key) in [
            ("model", "base_url"),
            ("model", "proxy"),
            ("model", "name"),
            ("run", "concurrency"),
            ("spend", "max_cost"),
        ] {
            let error = job("openai:m", &json!({part: {key: "http://h"}})).unwrap_err();
            let words = format!("`{part}.{key}` is the worker's own to say");
            assert!(error.to_string().contains(&words), "{error}");
        }
    }
}
