//! Notices that no worker takes calls, which nothing says of itself: the server keeps what it was given, tries
//! the workers again and again, and whoever waits for an answer hears nothing.
//!
//! So where calls have been waited for in vain for some seconds, the server is asked how they stand: some run,
//! or all are held back. It is asked where it is looked after, and a driver that may not ask there waits
//! without this word.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::admin::rows;
use crate::ingress::Ingress;

/// How long the server may take to say how calls stand.
const PATIENCE: Duration = Duration::from_secs(5);

/// The longest words of a failure that are kept.
const WORDS: usize = 200;

/// Whether workers take calls.
#[derive(Debug)]
pub(crate) struct Idle {
    /// Calls that are waited for.
    open: AtomicUsize,
    /// Calls that have ended.
    ended: AtomicU64,
    /// Why no worker takes calls, while none does.
    why: watch::Sender<Option<String>>,
    is_told: AtomicBool,
}

impl Default for Idle {
    fn default() -> Self {
        Self {
            open: AtomicUsize::new(0),
            ended: AtomicU64::new(0),
            why: watch::Sender::new(None),
            is_told: AtomicBool::new(false),
        }
    }
}

impl Idle {
    /// Says that a call is waited for, until this is dropped.
    pub(crate) fn waiting(&self) -> Open<'_> {
        self.open.fetch_add(1, Ordering::Relaxed);
        Open(self)
    }

    /// Looks for ever, each time after so much silence.
    pub(crate) async fn keep_looking(&self, ingress: &Ingress, silence: Duration) {
        let mut before = 0;
        loop {
            sleep(silence).await;
            let ended = self.ended.load(Ordering::Relaxed);
            let is_silent = ended == before && self.open.load(Ordering::Relaxed) > 0;
            before = ended;
            let why = match is_silent {
                true => timeout(PATIENCE, nobody(ingress)).await.ok().flatten(),
                false => None,
            };
            if why.is_none() {
                self.is_told.store(false, Ordering::Relaxed);
            }
            self.why.send_replace(why);
        }
    }

    /// Waits until no worker takes calls and nobody was told of it; returns why.
    pub(crate) async fn nobody_works(&self) -> String {
        let mut why = self.why.subscribe();
        loop {
            let now = why.borrow_and_update().clone();
            match now {
                Some(now) if !self.is_told.swap(true, Ordering::Relaxed) => return now,
                _ if why.changed().await.is_err() => return std::future::pending().await,
                _ => {}
            }
        }
    }
}

/// A call that is waited for.
#[derive(Debug)]
pub(crate) struct Open<'a>(&'a Idle);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
        self.0.ended.fetch_add(1, Ordering::Relaxed);
    }
}

/// How many calls stand alike.
#[derive(Debug, Deserialize)]
struct Row {
    status: String,
    #[serde(default)]
    why: Option<String>,
}

/// Asks the server whether all calls are held back; returns why, if they are.
async fn nobody(ingress: &Ingress) -> Option<String> {
    let question = "SELECT status, max(last_failure) AS why FROM sys_invocation WHERE \
         target_service_name = 'Model' AND status IN ('running', 'ready', 'backing-off') GROUP BY status";
    held_back(&rows(ingress, question).await.ok()?)
}

/// Returns why calls are held back, if none of them runs. Between two tries they are ready, and nobody says why.
fn held_back(rows: &[Row]) -> Option<String> {
    if rows.is_empty() || rows.iter().any(|it| it.status == "running") {
        return None;
    }
    let said = rows.iter().find_map(|it| it.why.as_deref());
    let said = said.unwrap_or_default();
    let line = said.lines().next().unwrap_or_default().trim();
    let line: String = line.chars().take(WORDS).collect();
    Some(match line.is_empty() {
        true => "no worker takes calls".to_owned(),
        false => format!("no worker takes calls: {line}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_worker_takes_calls_where_all_are_held_back() {
        let row = |status: &str, why: Option<&str>| Row {
            status: status.to_owned(),
            why: why.map(str::to_owned),
        };
        let refused = row("backing-off", Some("refused\nat 0: somewhere"));
        assert_eq!(
            held_back(&[refused]).as_deref(),
            Some("no worker takes calls: refused")
        );
        let silent = held_back(&[row("backing-off", None)]);
        assert_eq!(silent.as_deref(), Some("no worker takes calls"));
        let between = held_back(&[row("ready", None)]);
        assert_eq!(between.as_deref(), Some("no worker takes calls"));
        let both = [row("backing-off", Some("refused")), row("running", None)];
        assert_eq!(held_back(&both), None);
        assert_eq!(held_back(&[row("running", None)]), None);
        assert_eq!(held_back(&[]), None);
    }
}
