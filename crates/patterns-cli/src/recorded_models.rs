//! Puts stores in front of the models of a run: its own, and behind that the one that it shares with others.

use std::sync::Arc;

use patterns_job::{Models, StoreMode};
use patterns_store::{Recorder, Store};

use crate::connect::Connected;
use crate::error::Error;
use crate::launch::Launch;
use crate::shared_store::Shared;
use crate::store::refused;

/// Opens the store that a run shares with others, if it shares one. A run that costs nothing shares nothing.
///
/// # Errors
///
/// Returns an error if it cannot be used.
pub(crate) async fn open_shared(launch: &Launch, is_paid: bool) -> Result<Option<Shared>, Error> {
    let (address, mode) = (launch.shared.as_ref(), launch.job.store().mode);
    if is_paid {
        return Shared::open(address, mode).await;
    }
    if address.is_some() && mode != StoreMode::None {
        let text = "the offline model costs nothing, and shares nothing";
        launch.terminal.note(text);
    }
    Ok(None)
}

/// Returns the models of a run, by its number and its recorder, behind its stores. Where no call is made, the
/// shared store comes first: the own one says what is missing.
///
/// # Errors
///
/// Returns an error if the store cannot be read.
pub(crate) fn recorded_models(
    connected: &Connected,
    store: &Store,
    mode: StoreMode,
    (run, recorder): (i64, Option<&Arc<Recorder>>),
) -> Result<Models, Error> {
    let models = connected.models.clone();
    let own = |models: Models| models.recorded_in(store, mode, recorder);
    let Some(shared) = &connected.shared else {
        return Ok(own(models));
    };
    let (payer, has_driver) = (payer(store, run)?, connected.driver.is_some());
    let before = |models| shared.in_front_of(models, payer, has_driver);
    Ok(match mode {
        StoreMode::ReadOnly => before(own(models)),
        _ => own(before(models)),
    })
}

/// Names a run among all that share a store.
fn payer(store: &Store, run: i64) -> Result<i64, Error> {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&store.id().map_err(refused)?);
    hasher.update(&run.to_le_bytes());
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    Ok(i64::from_le_bytes(bytes))
}
