//! Says who is to answer where a job does not: the model that is configured, and its server.

use std::collections::HashSet;
use std::time::Duration;

use patterns_job::{Job, ModelRoles};
use patterns_llm::models_at;
use patterns_offline::OFFLINE_LABEL;

use crate::addresses::ollama_base_url;
use crate::config::{Aliases, Loaded, Providers};
use crate::error::{Error, ErrorKind};
use crate::key;
use crate::option_names::Names;

/// The model of OpenAI where none is named: the cheap one that keeps strict schemas.
const OPENAI_DEFAULT: &str = "openai:gpt-5-mini";

/// How long a local Ollama has to answer.
const PROBE: Duration = Duration::from_millis(300);

/// The model that has no provider.
const OFFLINE: &str = "offline";

/// Returns the name of a model's provider.
pub(crate) fn provider(name: &str) -> &str {
    name.split(':').next().unwrap_or_default().trim()
}

/// Returns the providers of a job that a server which is named for the whole job is of: those that have
/// none, neither a configured nor a usual one, since a key goes where it belongs. A provider that is
/// alone is asked there in place of its usual one: nothing else can be meant.
pub(crate) fn served<'a>(used: &[&'a str], providers: &Providers) -> Vec<&'a str> {
    let asked: HashSet<&str> = used.iter().copied().filter(|it| *it != OFFLINE).collect();
    let is_alone = asked.len() == 1;
    let free = asked.into_iter();
    let free = free.filter(|it| providers.base_url(it).is_none());
    let free = free.filter(|it| is_alone || !has_server(it, providers));
    free.collect()
}

/// Returns whether a provider has a server without being told of one.
fn has_server(provider: &str, providers: &Providers) -> bool {
    let named = providers.get(provider);
    if provider == OFFLINE || named.is_some_and(|it| !it.base_urls.is_empty()) {
        return true;
    }
    let kind = named.map_or(provider, |it| it.kind);
    let connect = patterns_llm::connect(&format!("{kind}:m"));
    connect.is_ok_and(|it| it.usual_base_url().is_some())
}

/// Returns the providers of a job's models.
pub(crate) fn used<'a>(models: &'a [String], aliases: &'a Aliases) -> Vec<&'a str> {
    let of = |name: &'a String| provider(aliases.model(name));
    models.iter().map(of).collect()
}

/// Fills in who is to answer; returns the places that say so.
///
/// # Errors
///
/// Returns an error if there is a server and no model to ask it for, or it is of none of the models.
pub(crate) fn fill_in(job: &mut Job, names: Names, loaded: &Loaded) -> Result<Vec<String>, Error> {
    let mut from = Vec::new();
    let is_configured = job.model().name.is_none();
    let place = match &job.model().name {
        // A clone may say that a name stands for another model than it usually does.
        Some(name) => loaded.project_alias(name),
        None => {
            job.model_mut().name = loaded.model();
            loaded.place(&["run", "model"]).map(str::to_owned)
        }
    };
    let models: Vec<String> = ModelRoles::of(job)
        .map(|it| it.all().cloned().collect())
        .unwrap_or_default();
    let name = job.model().name.as_ref();
    let is_asked = name.is_some_and(|it| models.contains(it));
    from.extend(place.filter(|_| is_asked));
    let (aliases, providers) = (loaded.aliases(), loaded.providers());
    let used = used(&models, &aliases);
    let is_meant = is_configured && is_asked && loaded.sets_server_of_model();
    let lacks = |it: &&str| !has_server(it, &providers);
    if job.model().base_url.is_none()
        && (is_meant || models.is_empty() || used.iter().any(lacks))
        && let Some(url) = loaded.base_url()
    {
        job.model_mut().base_url = Some(url);
        from.extend(loaded.place(&["run", "base_url"]).map(str::to_owned));
    }
    match (&job.model().base_url, models.is_empty()) {
        (Some(_), true) => Err(needs_model(job, names, from.last())),
        (Some(_), false) => check_server(job, names, &used, &providers).map(|()| from),
        (None, _) => Ok(from),
    }
}

fn needs_model(job: &Job, names: Names, place: Option<&String>) -> Error {
    let option = place.cloned();
    let option = option.unwrap_or_else(|| names.name(job, "model.base_url"));
    let model = names.name(job, "model.name");
    let message = format!("{option} needs {model}, to say what to ask the server for");
    let help = "set it to compatible:NAME, or set PATTERNS_MODEL";
    Error::new(ErrorKind::Usage, message).help(help)
}

/// Checks that a server that is named for the whole job is that of one of its models.
fn check_server(
    job: &Job,
    names: Names,
    used: &[&str],
    providers: &Providers,
) -> Result<(), Error> {
    if !served(used, providers).is_empty() {
        return Ok(());
    }
    let option = names.name(job, "model.base_url");
    let with_url = |it: &&str| Some(((*it).to_owned(), providers.base_url(it)?.to_owned()));
    let is_own = used.iter().all(|it| providers.base_url(it).is_some());
    let (name, message) = match used.iter().find_map(with_url) {
        Some((name, url)) if is_own => {
            let message = format!("{option} has no effect: {name} is at {url}");
            (name, message)
        }
        _ => {
            let mut asked = used.to_vec();
            asked.retain(|it| *it != OFFLINE);
            asked.dedup();
            let message = format!(
                "{option} is for one provider, and {} are asked",
                asked.join(" and ")
            );
            (asked.first().copied().unwrap_or("NAME").to_owned(), message)
        }
    };
    let help = format!("for one run, -c providers.{name}.base_url=URL says another one");
    Err(Error::new(ErrorKind::Usage, message).help(help))
}

/// Takes the best model that is there, and says why.
pub(crate) async fn choose(providers: &Providers) -> (String, String) {
    if providers
        .get("openai")
        .is_some_and(|it| !it.keys.is_empty())
    {
        return (
            OPENAI_DEFAULT.to_owned(),
            "its key is configured".to_owned(),
        );
    }
    if key::has_openai() {
        let why = format!("{} is set", key::OPENAI_VARIABLE);
        return (OPENAI_DEFAULT.to_owned(), why);
    }
    let found = models_at(&format!("{}/v1", ollama_base_url()), PROBE).await;
    let first = found.and_then(|models| models.into_iter().next());
    match first {
        Some(model) => (
            format!("ollama:{model}"),
            "a local Ollama has it".to_owned(),
        ),
        None => {
            let label = OFFLINE_LABEL.trim_start_matches("offline: ");
            let variable = key::OPENAI_VARIABLE;
            let why = format!("{label}; for a model set {variable} or pass --model");
            ("offline".to_owned(), why)
        }
    }
}
