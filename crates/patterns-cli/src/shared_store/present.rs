//! Shares the answers of runs with other processes.

use std::convert::Infallible;
use std::sync::Arc;

use patterns_core::Layer;
#[cfg(feature = "restate")]
use patterns_core::{CallKey, Model, Response};
use patterns_job::{Models, StoreMode};
use patterns_postgres::{SharedError, SharedErrorKind, SharedLayer, SharedStore};
use patterns_store::StorePolicy;
use secrecy::ExposeSecret;
use tokio::task::JoinSet;

use super::address::SharedAddress;
use crate::error::{Error, ErrorKind};
use crate::terminal::Terminal;

/// A store that is shared, and how it is used.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    store: SharedStore,
    policy: StorePolicy,
    /// Ends with this.
    _giving_back: Arc<JoinSet<Infallible>>,
}

impl Shared {
    /// Opens the store that a run shares, if it shares one.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be used.
    pub(crate) async fn open(
        address: Option<&SharedAddress>,
        mode: StoreMode,
    ) -> Result<Option<Self>, Error> {
        let policy = match mode {
            StoreMode::Use => StorePolicy::Use,
            StoreMode::Fresh => StorePolicy::Fresh,
            StoreMode::ReadOnly => StorePolicy::ReadOnly,
            StoreMode::None => return Ok(None),
        };
        match address {
            Some(address) => Self::at(address, policy).await.map(Some),
            None => Ok(None),
        }
    }

    /// Opens a store.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be used.
    pub(crate) async fn at(address: &SharedAddress, policy: StorePolicy) -> Result<Self, Error> {
        let url = address.0.expose_secret();
        let store = match policy {
            StorePolicy::ReadOnly => SharedStore::open_to_read(url).await,
            StorePolicy::Use | StorePolicy::Fresh => SharedStore::open(url).await,
        };
        let store = store.map_err(refused)?;
        let giver = store.clone();
        let mut giving_back = JoinSet::new();
        giving_back.spawn(async move { giver.keep_giving_back().await });
        Ok(Self {
            store,
            policy,
            _giving_back: Arc::new(giving_back),
        })
    }

    /// Puts it in front of models, whose calls a payer pays for. Workers that make calls look into it, too.
    pub(crate) fn in_front_of(&self, models: Models, payer: i64, has_driver: bool) -> Models {
        let layer = SharedLayer::new(self.store.clone())
            .policy(self.policy)
            .payer(payer);
        let layer = match has_driver {
            true => layer.without_leases(),
            false => layer,
        };
        models.each_as(|model| Arc::new(layer.layer(Arc::clone(model))))
    }

    /// Puts it in front of a model, for one call.
    #[cfg(feature = "restate")]
    pub(crate) fn before(
        &self,
        model: Arc<dyn Model>,
        policy: StorePolicy,
        payer: i64,
    ) -> Arc<dyn Model> {
        let layer = SharedLayer::new(self.store.clone());
        Arc::new(layer.policy(policy).payer(payer).layer(model))
    }

    /// Returns the answer that a payer has paid for, if that is the one that is given out.
    #[cfg(feature = "restate")]
    pub(crate) async fn paid_for_by(&self, key: &CallKey, payer: i64) -> Option<Response> {
        // What cannot be read is told by the layer.
        let record = self.store.find(key).await.ok().flatten()?;
        (record.run == payer).then_some(record.response)
    }

    /// Tells the others what is of no use, and says what they were not told.
    pub(crate) async fn settle(&self, terminal: Terminal) {
        if let Some((count, error)) = self.store.settle().await {
            let words = format!(
                "paid answers that are not shared: {count} ({error}). They are kept in the store here: \
                 `patterns store export | patterns store import - --store {}` hands them on",
                self.store.shown()
            );
            terminal.labelled_note("warning", &words);
        }
    }
}

/// Says what is wrong with a shared store.
pub(super) fn refused(error: SharedError) -> Error {
    use SharedErrorKind as Kind;
    let (kind, help) = match error.kind() {
        Kind::InvalidAddress => (
            ErrorKind::Usage,
            "postgres://USER@HOST:PORT/DATABASE, and ?sslmode=disable, prefer, require or verify-full",
        ),
        Kind::Unreachable => (
            ErrorKind::Unavailable,
            "start it, or mend host and port; --store FILE goes without it",
        ),
        Kind::Insecure => (
            ErrorKind::Unavailable,
            "sslrootcert=FILE in the address names who signs; sslmode=require takes any certificate, \
             sslmode=disable goes without one",
        ),
        Kind::Unauthorized => (
            ErrorKind::Credentials,
            "check user and password: PGPASSWORD, ~/.pgpass or the address has it",
        ),
        Kind::NoDatabase => (ErrorKind::Config, "make it: createdb NAME"),
        Kind::NotAStore => (
            ErrorKind::BadData,
            "use the version that made it, or another database; one run without --read-only makes the tables",
        ),
        Kind::ReadOnly => (
            ErrorKind::Config,
            "GRANT SELECT, INSERT, UPDATE, or name the primary server; --read-only only reads",
        ),
        Kind::Forbidden => (
            ErrorKind::Config,
            "let its owner GRANT it: SELECT to read, INSERT and UPDATE to write, CREATE on the schema for \
             the first run, which makes the tables",
        ),
        Kind::Full => (ErrorKind::Io, "make room; what was recorded is kept"),
        Kind::Damaged => (
            ErrorKind::BadData,
            "`patterns store verify --store ADDRESS` says what is damaged; delete those rows, or restore a copy",
        ),
        Kind::File => (ErrorKind::Io, "check where they come from or go to"),
        Kind::InvalidRecord => (ErrorKind::BadData, "mend or remove that line"),
        _ => (ErrorKind::Unavailable, "see what the database says"),
    };
    Error::new(kind, error.to_string())
        .help(help)
        .caused_by(error)
}
