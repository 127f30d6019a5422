//! Finds the models that a job asks for, or those that are there.

use std::env;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use patterns_core::{Budget, EventSink, Model};
use patterns_job::{Job, ModelRoles, Models, Settings};
use patterns_llm::{
    Connect, ConnectError, ConnectErrorKind, HedgePolicy, OLLAMA_BASE_URL, Pace, models_at,
};
use patterns_offline::{OFFLINE_LABEL, Offline};
use tokio_util::sync::CancellationToken;

use crate::descriptors;
use crate::error::{Error, ErrorKind};
use crate::key;
use crate::launch::{Launch, variable};
use crate::option_names::Names;
use crate::proxy;

/// The model of OpenAI where none is named: the cheap one that keeps strict schemas.
const OPENAI_DEFAULT: &str = "openai:gpt-5-mini";

/// The variable with the model.
const MODEL_VARIABLE: &str = "PATTERNS_MODEL";

/// The variable with the store.
const STORE_VARIABLE: &str = "PATTERNS_STORE";

/// The variable with the address of the provider.
const BASE_URL_VARIABLE: &str = "PATTERNS_BASE_URL";

/// The variables with the addresses of providers, or of what stands in for them, as their own clients
/// read them.
const URL_VARIABLES: [(&str, &str); 3] = [
    ("openai", "OPENAI_BASE_URL"),
    ("anthropic", "ANTHROPIC_BASE_URL"),
    ("gemini", "GOOGLE_GEMINI_BASE_URL"),
];

/// How long a local Ollama has to answer.
const PROBE: Duration = Duration::from_millis(300);

/// The models of a run.
pub(crate) struct Connected {
    /// The models.
    pub(crate) models: Models,
    /// Their full names.
    pub(crate) names: Vec<String>,
    /// What all of them may spend, and have spent.
    pub(crate) budget: Budget,
    /// What the user should know of the choice, if they didn't make it.
    pub(crate) choice: Option<String>,
    /// What everything that these models answer must be labelled with.
    pub(crate) notice: Option<&'static str>,
}

/// Takes from the environment who is to answer, and where answers are recorded, where a job does not
/// say so. Returns the variables that say who answers.
///
/// # Errors
///
/// Returns an error if there is a server and no model to ask it for.
pub(crate) fn fill_in(job: &mut Job, names: Names) -> Result<Vec<&'static str>, Error> {
    if job.store().file.is_none() {
        job.store_mut().file = variable(STORE_VARIABLE).map(PathBuf::from);
    }
    let mut from = Vec::new();
    let named = |job: &Job| ModelRoles::of(job).map(|it| it.names).unwrap_or_default();
    if job.model().name.is_none() {
        job.model_mut().name = standing_model();
        if job
            .model()
            .name
            .as_ref()
            .is_some_and(|it| named(job).contains(it))
        {
            from.push(MODEL_VARIABLE);
        }
    }
    let models = named(job);
    let is_far = models.iter().any(|name| provider(name) != "offline");
    let is_given = job.model().base_url.is_some();
    if !is_given && (is_far || models.is_empty()) {
        job.model_mut().base_url = variable(BASE_URL_VARIABLE);
    }
    if !is_given && job.model().base_url.is_some() {
        from.push(BASE_URL_VARIABLE);
    }
    if job.model().base_url.is_some() && models.is_empty() {
        let option = from.last().map(|it| (*it).to_owned());
        let option = option.unwrap_or_else(|| names.name(job, "model.base_url"));
        let model = names.name(job, "model.name");
        let message = format!("{option} needs {model}, to say what to ask the server for");
        let help = format!("set it to compatible:NAME, or set {MODEL_VARIABLE}");
        return Err(Error::new(ErrorKind::Usage, message).help(help));
    }
    Ok(from)
}

/// Returns the model that the environment names for every run.
pub(crate) fn standing_model() -> Option<String> {
    variable(MODEL_VARIABLE)
}

fn provider(name: &str) -> &str {
    name.split(':').next().unwrap_or_default().trim()
}

/// Returns the server of a provider, if it is not the usual one.
fn server(provider: &str, base_url: Option<&str>, from: &mut Vec<&'static str>) -> Option<String> {
    if base_url.is_some() {
        return base_url.map(str::to_owned);
    }
    let (_, name) = URL_VARIABLES.iter().find(|(it, _)| *it == provider)?;
    let url = variable(name)?;
    if !from.contains(name) {
        from.push(name);
    }
    Some(url)
}

/// Connects all models of a job.
///
/// # Errors
///
/// Returns an error if a name, a key or an address is missing or wrong.
pub(crate) async fn connect(
    launch: &Launch,
    roles: &ModelRoles,
    settings: &Settings,
    events: Arc<dyn EventSink>,
    drain: CancellationToken,
) -> Result<Connected, Error> {
    let environment = proxy::Environment::read();
    let mut said: Vec<String> = Vec::new();
    let access = launch.job.model();
    let names = match roles.names.is_empty() {
        true => {
            let (name, why) = choose().await;
            said.push(why);
            vec![name]
        }
        false => roles.names.clone(),
    };
    let mut from = launch.from.clone();
    let budget = Budget::new(settings.caps);
    let mut models: Option<Models> = None;
    let mut add = |name: &String, model| {
        models = Some(match models.take() {
            None => Models::new(name, model),
            Some(models) => models.and(name, model),
        });
    };
    for name in &names {
        if let Some(model) = offline(name)? {
            add(name, model);
            continue;
        }
        let server = server(provider(name), access.base_url.as_deref(), &mut from);
        let connect = prepare(name, settings, access.key_file.as_deref())?;
        let connect = reach(
            connect,
            server,
            provider(name),
            access.proxy.as_deref(),
            &environment,
            &mut said,
        )?
        .events(Arc::clone(&events))
        .budget(budget.clone())
        .drain(drain.clone());
        add(name, connect.build().map_err(refused)?);
    }
    let Some(models) = models else {
        return Err(Error::new(ErrorKind::Bug, "there is no model"));
    };
    if !from.is_empty() {
        said.insert(0, format!("from {}", from.join(" and ")));
    }
    let is_offline = models.only_quote();
    let names: Vec<String> = models.iter().map(|model| model.id().to_string()).collect();
    let choice = format!("model: {} ({})", names.join(", "), said.join("; "));
    Ok(Connected {
        names,
        models,
        budget,
        choice: (!said.is_empty()).then_some(choice),
        notice: is_offline.then_some(OFFLINE_LABEL),
    })
}

/// Takes the best model that is there, and says why.
async fn choose() -> (String, String) {
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

/// Makes the offline model, if that is what is named: it has no server, no key and no price.
fn offline(name: &str) -> Result<Option<Arc<dyn Model>>, Error> {
    match name.split_once(':') {
        None if name.trim() == "offline" => Ok(Some(Arc::new(Offline::new()))),
        Some((provider, _)) if provider.trim() == "offline" => {
            let message = "`offline` has no models to choose from";
            Err(Error::new(ErrorKind::Usage, message).help("leave out what follows it"))
        }
        _ => Ok(None),
    }
}

/// Says where a provider is and which way leads there; adds to what is `said` of it.
fn reach(
    mut connect: Connect,
    server: Option<String>,
    provider: &str,
    given: Option<&str>,
    environment: &proxy::Environment,
    said: &mut Vec<String>,
) -> Result<Connect, Error> {
    // The usual Ollama is on this machine, where no proxy leads.
    let is_near = provider == "ollama" && server.is_none();
    if let Some(url) = &server {
        connect = connect.base_url(url);
    } else if is_near {
        connect = connect.base_url(ollama_base_url());
    }
    Ok(match given {
        Some(url) => connect.proxies(proxy::given(url)?),
        None if is_near => connect,
        None => {
            let server = server.as_deref().or(connect.usual_base_url());
            let server = server.unwrap_or_default();
            said.extend(environment.says(server).filter(|it| !said.contains(it)));
            connect.proxies(environment.proxies())
        }
    })
}

fn prepare(name: &str, settings: &Settings, key_file: Option<&Path>) -> Result<Connect, Error> {
    let provider = provider(name);
    let mut connect = patterns_llm::connect(name)
        .map_err(refused)?
        .timeout(settings.timeout())
        .prime(settings.part.prime)
        .streaming(settings.stream().into())
        .pace(pace(provider, settings))
        .seed(settings.run.0)
        .prices(settings.prices.clone());
    if settings.part.hedge {
        connect = connect.hedge(HedgePolicy::default());
    }
    if let Some(key) = key::find(provider, key_file)? {
        connect = connect.api_key(key);
    }
    Ok(connect)
}

fn pace(provider: &str, settings: &Settings) -> Pace {
    let given = settings.part.concurrency;
    // Ollama works on a few calls at once and queues the others, whose time runs on.
    let most = if provider == "ollama" {
        4
    } else {
        Settings::AUTO_CONCURRENCY.get()
    };
    Pace {
        max_in_flight: given
            .map_or(most, NonZeroUsize::get)
            .min(descriptors::connections().unwrap_or(usize::MAX)),
        starts_slowly: given.is_none(),
        requests_per_minute: settings.part.requests_per_minute.map(|it| it.get() as f64),
        tokens_per_minute: settings.part.tokens_per_minute.map(|it| it.get() as f64),
        ..Pace::default()
    }
}

/// Returns where Ollama listens: its own variable may say another host or port.
fn ollama_base_url() -> String {
    let host = env::var("OLLAMA_HOST").unwrap_or_default();
    base_url_of(host.trim())
}

fn base_url_of(host: &str) -> String {
    if host.is_empty() {
        return OLLAMA_BASE_URL.to_owned();
    }
    let (scheme, rest) = host.split_once("://").unwrap_or(("http", host));
    let rest = rest.trim_end_matches('/');
    // A server that listens everywhere is asked here.
    let rest = rest.replacen("0.0.0.0", "127.0.0.1", 1);
    let has_port = rest.rsplit(']').next().is_some_and(|it| it.contains(':'));
    let port = if has_port { "" } else { ":11434" };
    format!("{scheme}://{rest}{port}")
}

fn refused(error: ConnectError) -> Error {
    let kind = match error.kind() {
        ConnectErrorKind::UnknownProvider | ConnectErrorKind::MissingModel => ErrorKind::Usage,
        _ => ErrorKind::Config,
    };
    let help = match error.kind() {
        ConnectErrorKind::MissingBaseUrl => "pass --base-url, such as http://localhost:8000/v1",
        ConnectErrorKind::InvalidBaseUrl => {
            "mend --base-url, PATTERNS_BASE_URL or the provider's own variable: http://localhost:8000/v1 is one"
        }
        ConnectErrorKind::InvalidProxy => "mend --proxy, or HTTP_PROXY, HTTPS_PROXY or ALL_PROXY",
        ConnectErrorKind::UnknownPrice => {
            "pass --prices FILE with its price, or cap --max-tokens or --max-calls instead of --max-cost"
        }
        ConnectErrorKind::MissingKey | ConnectErrorKind::InvalidKey => "check the API key",
        _ => "name a model as openai:NAME, anthropic:NAME, ollama:NAME, compatible:NAME or offline",
    };
    Error::new(kind, error.to_string()).help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ollamas_own_variable_is_understood() {
        for (host, url) in [
            ("", OLLAMA_BASE_URL),
            ("127.0.0.1:11434", "http://127.0.0.1:11434"),
            ("0.0.0.0", "http://127.0.0.1:11434"),
            ("https://box.local:8443/", "https://box.local:8443"),
            ("[::1]", "http://[::1]:11434"),
            ("[::1]:9", "http://[::1]:9"),
        ] {
            assert_eq!(base_url_of(host), url, "{host}");
        }
    }
}
