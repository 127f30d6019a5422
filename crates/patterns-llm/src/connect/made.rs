//! Makes a connection: the adapter and what its layers share.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use patterns_core::{Model, ModelId};
use secrecy::ExposeSecret;

use super::{Connect, checked};
use crate::connect_error::{ConnectError, ConnectErrorKind};
use crate::first_tokens::FirstTokens;
use crate::http::{ClientSetup, HttpClient};
use crate::layer::{Beginnings, BudgetLayer, Ladder, RetryPolicy, Stack};
use crate::pace::{Pool, PoolKey};
use crate::provider::{Adapter, Beside, Route, Server, Setup, Told, Transport};

/// A model without its layers.
pub(super) struct Made {
    pub(super) base_url: String,
    adapter: Arc<Adapter>,
    first_tokens: Arc<FirstTokens>,
    beginnings: Arc<Beginnings>,
    pub(super) pool: Arc<Pool>,
    ladder: Arc<Ladder>,
    told: Arc<Told>,
    budget: BudgetLayer,
    connect: Connect,
}

impl Made {
    /// Puts the layers around it.
    pub(super) fn stack(&self, retry: RetryPolicy) -> Arc<dyn Model> {
        let connect = &self.connect;
        let stack = Stack {
            window: connect.context_window,
            is_priming: connect.is_priming,
            first_tokens: Arc::clone(&self.first_tokens),
            beginnings: Arc::clone(&self.beginnings),
            retry,
            hedge: connect.hedge,
            pool: Arc::clone(&self.pool),
            ladder: Arc::clone(&self.ladder),
            budget: self.budget.clone(),
            timeout: connect.timeout,
            seed: connect.seed,
        };
        stack.around(Arc::clone(&self.adapter))
    }
}

impl Connect {
    /// Makes everything but the layers. What is found out of a model at a server holds for another key of it,
    /// too.
    pub(super) fn made(self, known: &[Made]) -> Result<Made, ConnectError> {
        let base_url = checked::base_url(&self)?;
        let key = checked::key(&self)?;
        let provider = self.provider;
        let beside = Beside::new(&self.headers, self.extra.clone(), provider.key_goes)?;
        let client = self.http_client(&base_url)?;
        let id = beside.named(ModelId::new(provider.name, self.model.clone()));
        let is_usual = provider.usual_base_url == Some(base_url.as_str());
        let id = if is_usual { id } else { id.at(&base_url) };
        let is_own = !is_usual || provider.is_local;
        let pool = Pool::shared(self.pool_key(&base_url), self.pace, self.seed);
        let (first_tokens, beginnings) = (Arc::default(), Arc::default());
        let (budget, place) = (checked::budgeted(&self, &id)?, checked::place(&self)?);
        let streams = self.streaming.of_server(is_own, self.is_priming);
        let server = Server {
            transport: Transport {
                route: self.route(client.clone()),
                assembly: provider.assembly,
                first_tokens: Arc::clone(&first_tokens),
            },
            headers: beside.among(provider.headers(key.as_ref())?),
            base_url: base_url.clone(),
            client: client.client,
        };
        let dialect = (provider.dialect)(&server, &place);
        let formats = checked::formats(&self, dialect.formats())?;
        let is_same =
            |it: &&Made| it.adapter.id() == &id && it.connect.answer_format == self.answer_format;
        let known = known.iter().find(is_same);
        let ladder = match known {
            Some(known) => Arc::clone(&known.ladder),
            None => Arc::new(Ladder::new(formats, streams)),
        };
        let told = known.map_or_else(Arc::default, |it| Arc::clone(&it.told));
        let rates = checked::rates(&self, &id);
        let adapter = Arc::new(Adapter::new(Setup {
            id,
            key,
            beside,
            takes: provider.takes,
            dialect,
            server,
            is_own,
            tier: self.tier,
            rates,
            pool: Arc::clone(&pool),
            ladder: Arc::clone(&ladder),
            told: Arc::clone(&told),
            beginnings: Arc::clone(&beginnings),
        }));
        Ok(Made {
            base_url,
            adapter,
            first_tokens,
            beginnings,
            pool,
            ladder,
            told,
            budget,
            connect: self,
        })
    }

    pub(super) fn http_client(&self, base_url: &str) -> Result<HttpClient, ConnectError> {
        let proxy = self.proxies.to(base_url)?;
        let setup = ClientSetup {
            connect_timeout: self.connect_timeout,
            is_secure: base_url.starts_with("https:") || proxy.as_ref().is_some_and(|it| it.is_tls),
            proxy,
        };
        HttpClient::new(&setup, self.first_byte, self.idle).map_err(|error| {
            ConnectError::new(ConnectErrorKind::Client, error.to_string()).with_source(error)
        })
    }

    fn route(&self, client: HttpClient) -> Route {
        match &self.exchange {
            Some(exchange) => Route::Custom(Arc::clone(exchange)),
            None => Route::Network(client),
        }
    }

    fn pool_key(&self, base_url: &str) -> PoolKey {
        let mut hasher = DefaultHasher::new();
        let key = self.key.as_ref().map_or("", |key| key.expose_secret());
        (self.provider.name, base_url, &self.model, key).hash(&mut hasher);
        // Numbers of a pace have no `Hash`, being floats.
        format!("{:?}", self.pace).hash(&mut hasher);
        PoolKey(hasher.finish())
    }
}
