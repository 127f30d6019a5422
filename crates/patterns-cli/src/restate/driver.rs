//! Has the workers of a Restate server make the calls of a run.
//!
//! The models are named here as they are for calls that are made here, without a key, so that an answer is
//! recorded under the same name wherever the call was made. A worker that knows another model by that name
//! refuses the call: what is configured has to be so on both sides. Of the layers around a model the budget
//! and the sharing of equal calls stay here, with the store; all others are the worker's.

use std::sync::Arc;
use std::time::Duration;

use patterns_core::{Budget, Layer, Model, ModelId};
use patterns_job::{Settings, StoreMode};
use patterns_llm::{BudgetLayer, SingleFlightLayer};
use patterns_restate::{Admin, Durable};
use serde_json::json;
use tokio::task::JoinHandle;

use super::name;
use super::server::{seal, server, told};
use crate::error::Error;
use crate::launch::Launch;
use crate::terminal::Terminal;
use crate::wanted::provider;

/// How long it may take at the end of a run to tell the server what nobody needs any more.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// A run whose calls are made by workers.
#[derive(Debug)]
pub(crate) struct Driver {
    durable: Durable,
    has_lanes: bool,
    url: String,
    /// Tells the server what nobody needs any more.
    telling: JoinHandle<()>,
}

impl Driver {
    /// Connects to the server, if calls are to be made by its workers.
    ///
    /// # Errors
    ///
    /// Returns an error if it is not there, has no worker, or does not let us in.
    pub(crate) async fn connect(
        launch: &Launch,
        settings: &Settings,
    ) -> Result<Option<Self>, Error> {
        let (keys, mode) = (&launch.restate, launch.job.store().mode);
        let Some(server) = server(keys)? else {
            return Ok(None);
        };
        let concurrency = settings.part.concurrency;
        let mut driver = patterns_restate::Driver::named(name())
            .fresh(mode == StoreMode::Fresh)
            .private(seal(keys, launch.terminal)?)
            .at_once(concurrency.unwrap_or(Settings::AUTO_CONCURRENCY));
        let here = Durable::connect(server.clone(), driver.clone()).map_err(told)?;
        here.check().await.map_err(told)?;
        let admin = Admin::connect(server.clone()).map_err(told)?;
        let has_lanes = match keys.lanes {
            Some(has_lanes) => has_lanes,
            // Not guessed: the same call in and out of a lane would be two.
            None => admin.has_lanes().await.map_err(told)?,
        };
        if has_lanes {
            // Whoever set `restate.lanes` may be where the server is not looked after.
            driver = match admin.limits().await {
                Err(error) if keys.lanes.is_none() => return Err(told(error)),
                limits => driver.limits(limits.unwrap_or_default()),
            };
        }
        let durable = Durable::connect(server, driver).map_err(told)?;
        let teller = durable.clone();
        Ok(Some(Self {
            durable,
            has_lanes,
            url: keys.url.clone().unwrap_or_default(),
            telling: tokio::spawn(async move { teller.keep_telling().await }),
        }))
    }

    /// Returns the model that a worker finds by the same name.
    pub(crate) fn model(
        &self,
        id: &ModelId,
        name: &str,
        settings: &Settings,
        budget: &Budget,
    ) -> Arc<dyn Model> {
        let part = &settings.part;
        let how = json!({
            "run": {
                "timeout": part.timeout,
                "hedge": part.hedge,
                "prime": part.prime,
                "stream": part.stream,
            },
            "model": {"tier": settings.tier},
        });
        let mut model = self.durable.model(id.clone(), name).settings(how);
        if self.has_lanes {
            model = model.lane(provider(name));
        }
        // A worker that is refused flex pays the usual price, and does not say so: this never counts too little.
        let price = settings.prices.find(id);
        let capped = BudgetLayer::new(budget.clone(), price).layer(model);
        Arc::new(SingleFlightLayer.layer(capped))
    }

    /// Says where calls are made.
    pub(crate) fn words(&self) -> String {
        format!("calls are made by the workers of {}", self.url)
    }

    /// Waits until the server is told what nobody needs any more, and says what it could not be told.
    pub(crate) async fn settle(&self, terminal: Terminal) {
        if let Some((count, why)) = self.durable.settled(LAST_WORDS).await {
            terminal.labelled_note(
                "warning",
                &format!(
                    "the Restate server could not be told of {count} calls that nobody needs any more ({why}): \
                     they may still be made, once, and paid for; restate.admin says where it is told"
                ),
            );
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.telling.abort();
    }
}
