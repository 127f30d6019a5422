//! Finds the models that a job asks for, or those that are there.

use std::collections::HashMap;
use std::num::{NonZeroU64, NonZeroUsize};
use std::sync::Arc;

use patterns_core::{Budget, Model};
use patterns_job::{ModelRoles, Models, Settings};
use patterns_llm::{Connect, HedgePolicy, Pace, connect_all};
use patterns_offline::{OFFLINE_LABEL, Offline};
use secrecy::SecretString;

use crate::addresses::{self, ollama_base_url};
use crate::config::NamedProvider;
use crate::descriptors;
use crate::error::{Error, ErrorKind};
use crate::key;
use crate::launch::Launch;
use crate::named_model::{named_model, refused_of};
use crate::proxy;
use crate::restate::Driver;
use crate::shared_store::Shared;
use crate::terminal::Terminal;
use crate::wanted::{choose, provider, served, used};

/// The models of a run.
pub(crate) struct Connected {
    /// The models, by their names in the job.
    pub(crate) models: Models,
    /// Their full names.
    pub(crate) names: Vec<String>,
    /// Who has workers make the calls, if they are not made here.
    pub(crate) driver: Option<Driver>,
    /// The store that is shared with others, if one is.
    pub(crate) shared: Option<Shared>,
    /// What all of them may spend, and have spent.
    pub(crate) budget: Budget,
    /// What the user should know of the choice, if they didn't make it.
    pub(crate) choice: Option<String>,
    /// What everything that these models answer must be labelled with.
    pub(crate) notice: Option<&'static str>,
}

impl Connected {
    /// Tells workers what nobody needs any more, if there are any, and others what is of no use.
    pub(crate) async fn settle(&self, terminal: Terminal) {
        if let Some(shared) = &self.shared {
            shared.settle(terminal).await;
        }
        if let Some(driver) = &self.driver {
            driver.settle(terminal).await;
        }
    }
}

/// Connects all models of a job without a key: they are asked for their names only.
///
/// # Errors
///
/// As [`connect`], but for keys.
pub(crate) async fn to_plan(
    launch: &Launch,
    roles: &ModelRoles,
    settings: &Settings,
) -> Result<Connected, Error> {
    connect_with(launch, roles, settings, true).await
}

/// The connections to a provider, one for each of its servers or keys, and the proxies on the way.
pub(crate) struct Prepared {
    pub(crate) connections: Vec<Connect>,
    pub(crate) ways: Vec<String>,
}

/// Prepares the connections to a model, whether the job asks it or not; nothing is sent.
///
/// # Errors
///
/// As [`connect`].
pub(crate) fn prepare(launch: &Launch, settings: &Settings, name: &str) -> Result<Prepared, Error> {
    let own: Vec<String> = launch.job.model().name.iter().cloned().collect();
    let mut connecting = Connecting::new(launch, settings, &own, false);
    let connections = connecting.prepare(launch.aliases.model(name))?;
    Ok(Prepared {
        connections,
        ways: connecting.said,
    })
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
) -> Result<Connected, Error> {
    connect_with(launch, roles, settings, false).await
}

async fn connect_with(
    launch: &Launch,
    roles: &ModelRoles,
    settings: &Settings,
    is_plan: bool,
) -> Result<Connected, Error> {
    let mut said: Vec<String> = Vec::new();
    let names = match roles.names.is_empty() {
        true => {
            let (name, why) = choose(&launch.providers).await;
            said.push(why);
            vec![name]
        }
        false => roles.all().cloned().collect(),
    };
    let driver = match is_plan {
        true => None,
        false => Driver::connect(launch, settings).await?,
    };
    let budget = Budget::new(settings.caps);
    // Keys are with the workers, and nowhere else.
    let needs_no_key = is_plan || driver.is_some();
    let mut connecting = Connecting::new(launch, settings, &names, needs_no_key);
    connecting.from.clone_from(&launch.from);
    connecting.said = said;
    let mut models: Option<Models> = None;
    for role in &names {
        let name = launch.aliases.model(role);
        let model = connecting.here_or_there(name, &budget, driver.as_ref())?;
        let connected = match models {
            None => Models::new(role, model),
            Some(models) => models.and(role, model),
        };
        let named = launch.providers.get(provider(name));
        models = Some(match named.and_then(|it| it.context_window) {
            Some(tokens) => connected.reading(role, tokens),
            None => connected,
        });
    }
    let models = models.ok_or_else(|| Error::new(ErrorKind::Bug, "there is no model"))?;
    let models = models.falling_back(&roles.fallback);
    let Connecting { from, mut said, .. } = connecting;
    if !from.is_empty() {
        said.insert(0, format!("from {}", from.join(" and ")));
    }
    said.extend(driver.as_ref().map(Driver::words));
    let is_offline = models.only_quote();
    let names: Vec<String> = models.iter().map(|model| model.id().to_string()).collect();
    let choice = format!("model: {} ({})", names.join(", "), said.join("; "));
    Ok(Connected {
        names,
        models,
        driver,
        shared: None,
        budget,
        choice: (!said.is_empty()).then_some(choice),
        notice: is_offline.then_some(OFFLINE_LABEL),
    })
}

/// The offline model needs nobody to make its calls.
fn no_driver() -> Error {
    let message = "the offline model is here: no worker makes its calls";
    Error::new(ErrorKind::Usage, message)
        .help("name a model with --model, or leave it here: --on here")
}

/// What the models of one job share while they are connected.
struct Connecting<'a> {
    launch: &'a Launch,
    settings: &'a Settings,
    environment: proxy::Environment,
    /// The providers that the server of the job is of.
    served: Vec<&'a str>,
    /// The keys that were found, by provider: a command that prints one runs once.
    keys: HashMap<String, Vec<Option<SecretString>>>,
    /// Whether nothing is sent from here.
    needs_no_key: bool,
    /// Where that was set which was not typed.
    from: Vec<String>,
    /// What is said of the choice.
    said: Vec<String>,
}

impl<'a> Connecting<'a> {
    fn new(
        launch: &'a Launch,
        settings: &'a Settings,
        names: &'a [String],
        needs_no_key: bool,
    ) -> Self {
        let used = used(names, &launch.aliases);
        Self {
            launch,
            settings,
            environment: proxy::Environment::read(),
            served: served(&used, &launch.providers),
            keys: HashMap::new(),
            needs_no_key,
            from: Vec::new(),
            said: Vec::new(),
        }
    }

    /// Connects to a model here, or to the workers that know it.
    fn here_or_there(
        &mut self,
        name: &str,
        budget: &Budget,
        driver: Option<&Driver>,
    ) -> Result<Arc<dyn Model>, Error> {
        match (offline(name)?, driver) {
            (Some(_), Some(_)) => Err(no_driver()),
            (Some(model), None) => Ok(model),
            (None, None) => self.model(name, budget),
            (None, Some(driver)) => {
                let known = self.model(name, budget)?;
                Ok(driver.model(known.id(), name, self.settings, budget))
            }
        }
    }

    /// Connects to a model, whose servers and keys work as one.
    fn model(&mut self, name: &str, budget: &Budget) -> Result<Arc<dyn Model>, Error> {
        let connections = self.prepare(name)?.into_iter();
        let connections = connections.map(|it| it.budget(budget.clone()));
        connect_all(connections.collect()).map_err(|error| refused_of(name, error, self.launch))
    }

    /// Prepares the connections to a model: one for each server or key of its provider.
    fn prepare(&mut self, name: &str) -> Result<Vec<Connect>, Error> {
        let settings = self.settings;
        let provider = provider(name);
        let named = self.launch.providers.get(provider);
        let kind = named.map_or(provider, |it| it.kind);
        let mut connect = named_model(name, self.launch)?
            .timeout(settings.timeout())
            .prime(settings.part.prime)
            .streaming(settings.part.stream)
            .tier(settings.tier)
            .pace(pace(kind, named, settings))
            .seed(settings.run.0)
            .prices(settings.prices.clone());
        if settings.part.hedge {
            connect = connect.hedge(HedgePolicy::default());
        }
        if let Some(named) = named {
            connect = connect
                .headers(named.headers.clone())
                .extra(named.extra.clone());
            connect = match named.context_window {
                Some(tokens) => connect.context_window(tokens),
                None => connect,
            };
            connect = match &named.api_version {
                Some(version) => connect.api_version(version),
                None => connect,
            };
        }
        let (servers, keys) = (self.servers(provider), self.keys(provider)?);
        // One server or key is for all of the other.
        let count = servers.len().max(keys.len());
        let pairs = servers.iter().cycle().zip(keys.iter().cycle()).take(count);
        pairs
            .map(|(server, key)| {
                let connect = self.reach(connect.clone(), server.as_deref(), kind)?;
                Ok(match key {
                    Some(key) => connect.api_key(key.clone()),
                    None => connect,
                })
            })
            .collect()
    }

    /// Returns the keys of a provider; one that is none, if it has none.
    fn keys(&mut self, provider: &str) -> Result<Vec<Option<SecretString>>, Error> {
        if self.needs_no_key {
            return Ok(vec![Some("no-key".into())]);
        }
        if let Some(keys) = self.keys.get(provider) {
            return Ok(keys.clone());
        }
        let named = self.launch.providers.get(provider);
        let find = |source| key::find(provider, source, self.launch.terminal);
        let keys = match named.map(|it| it.keys.as_slice()) {
            None | Some([]) => vec![find(None)?],
            Some(sources) => {
                let keys = sources.iter().map(|it| find(Some(it)));
                keys.collect::<Result<_, _>>()?
            }
        };
        self.keys.insert(provider.to_owned(), keys.clone());
        Ok(keys)
    }

    /// Returns the servers of a provider; one that is none, if it is the usual one. Its own come first: a
    /// key that is configured with them is sent nowhere else.
    fn servers(&mut self, provider: &str) -> Vec<Option<String>> {
        let own = self.launch.providers.get(provider);
        let own = own.map_or(&[][..], |it| it.base_urls.as_slice());
        if !own.is_empty() {
            return own.iter().cloned().map(Some).collect();
        }
        vec![self.server(provider)]
    }

    /// Returns the server of a provider that has none of its own, if it is not the usual one.
    fn server(&mut self, provider: &str) -> Option<String> {
        let of_job = self.launch.job.model().base_url.as_deref();
        let of_job = of_job.filter(|_| self.served.contains(&provider));
        if let Some(url) = of_job {
            return Some(url.to_owned());
        }
        let (name, url) = addresses::of_provider(provider)?;
        if !self.from.iter().any(|it| it == name) {
            self.from.push(name.to_owned());
        }
        Some(url)
    }

    /// Says where a provider is and which way leads there; adds to what is `said` of it.
    fn reach(
        &mut self,
        mut connect: Connect,
        server: Option<&str>,
        kind: &str,
    ) -> Result<Connect, Error> {
        // The usual Ollama is on this machine, where no proxy leads.
        let is_near = kind == "ollama" && server.is_none();
        if let Some(url) = server {
            connect = connect.base_url(url);
        } else if is_near {
            connect = connect.base_url(ollama_base_url());
        }
        Ok(match &self.launch.job.model().proxy {
            Some(url) => connect.proxies(proxy::given(url)?),
            None if is_near => connect,
            None => {
                let server = server.or(connect.usual_base_url()).unwrap_or_default();
                let says = self.environment.says(server);
                self.said.extend(says.filter(|it| !self.said.contains(it)));
                connect.proxies(self.environment.proxies())
            }
        })
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

fn pace(kind: &str, named: Option<&NamedProvider>, settings: &Settings) -> Pace {
    let given = settings.part.concurrency;
    // Ollama works on a few calls at once and queues the others, whose time runs on.
    let most = if kind == "ollama" {
        4
    } else {
        Settings::AUTO_CONCURRENCY.get()
    };
    let requests = named.and_then(|it| it.requests_per_minute);
    let tokens = named.and_then(|it| it.tokens_per_minute);
    let rate = |it: Option<NonZeroU64>| it.map(|it| it.get() as f64);
    Pace {
        max_in_flight: given
            .map_or(most, NonZeroUsize::get)
            .min(descriptors::connections().unwrap_or(usize::MAX)),
        starts_slowly: given.is_none(),
        requests_per_minute: rate(requests),
        tokens_per_minute: rate(tokens),
        ..Pace::default()
    }
}
