//! Who waits for the first token of a call.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

/// Who waits for the first token of a call, by the call's key. Layers above retries ask, the transport
/// tells.
#[derive(Debug, Default)]
pub(crate) struct FirstTokens(Mutex<HashMap<String, oneshot::Sender<()>>>);

/// A wait for a first token; nobody waits any more once it is dropped.
#[derive(Debug)]
pub(crate) struct Awaited {
    tokens: Arc<FirstTokens>,
    key: String,
    came: oneshot::Receiver<()>,
}

impl FirstTokens {
    /// Begins to wait for the first token of a call.
    pub(crate) fn expect(self: &Arc<Self>, key: String) -> Awaited {
        let (sender, came) = oneshot::channel();
        self.lock().insert(key.clone(), sender);
        Awaited {
            tokens: Arc::clone(self),
            key,
            came,
        }
    }

    /// Tells that the first token of a call came.
    pub(crate) fn came(&self, key: &str) {
        if let Some(sender) = self.lock().remove(key) {
            // Who waited may have gone.
            let _ = sender.send(());
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, oneshot::Sender<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Awaited {
    /// Waits for the first token; for ever, if none is told of.
    pub(crate) async fn came(&mut self) {
        if (&mut self.came).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Awaited {
    fn drop(&mut self) {
        self.tokens.lock().remove(&self.key);
    }
}
