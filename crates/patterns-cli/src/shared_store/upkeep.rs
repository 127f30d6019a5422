//! `patterns store` and `patterns doctor` on a shared store.

use std::path::Path;

use patterns_postgres::SharedStore;
use serde_json::json;

use super::present::refused;
use crate::args::StoreCommand;
use crate::error::{Error, ErrorKind};
use crate::store_words::{ended_well, import_from, say, stats, would_remove};
use crate::terminal::{JsonStdout, Terminal, check_stdout};

/// Does what is asked of a shared store.
///
/// # Errors
///
/// Returns an error if it cannot be used, or was not what was written.
pub(crate) async fn look_after(
    address: &Path,
    command: &StoreCommand,
    terminal: Terminal,
) -> Result<(), Error> {
    check_asked(command)?;
    let url = address.to_string_lossy();
    let store = match command {
        StoreCommand::Import { .. } | StoreCommand::Gc { dry_run: false, .. } => {
            SharedStore::open(&url).await
        }
        _ => SharedStore::open_to_read(&url).await,
    };
    let store = store.map_err(refused)?;
    let form = command.look().output;
    let value = match command {
        StoreCommand::Stats { .. } => {
            let mut value = stats(&store.stats().await.map_err(refused)?, form);
            if let Some(fields) = value.as_object_mut() {
                // It has none of them.
                fields.shift_remove("runs");
                fields.shift_remove("prompts");
            }
            value
        }
        StoreCommand::Verify { .. } => {
            return ended_well(store.verify().await.map_err(refused)?, form);
        }
        StoreCommand::Gc {
            older_than,
            dry_run: true,
            ..
        } => would_remove(&store.garbage(*older_than).await.map_err(refused)?),
        StoreCommand::Gc { older_than, .. } => {
            let removed = store.collect_garbage(*older_than).await;
            json!({"removed": removed.map_err(refused)?.calls()})
        }
        StoreCommand::Export { .. } => {
            check_stdout()?;
            let mut stdout = JsonStdout::default();
            let count = store.export(&mut stdout).await;
            stdout.error.map_or(Ok(()), Err)?;
            let count = count.map_err(refused)?;
            terminal.note(&format!("{count} records"));
            return Ok(());
        }
        StoreCommand::Import { file, .. } => {
            let imported = store.import(import_from(file)?).await;
            json!({"imported": imported.map_err(refused)?})
        }
    };
    say(form, &value)
}

/// Refuses what there is not in a shared store.
fn check_asked(command: &StoreCommand) -> Result<(), Error> {
    match command {
        StoreCommand::Gc { prompts: true, .. } | StoreCommand::Export { prompts: true, .. } => {
            let message = "--prompts: what was asked is not shared";
            Err(Error::new(ErrorKind::Usage, message)
                .help("it is in the store of whoever asked: --store FILE"))
        }
        _ => Ok(()),
    }
}

/// Looks whether a shared store can be used, and says what is in it.
///
/// # Errors
///
/// Returns an error if it cannot.
pub(crate) async fn check(url: &str) -> Result<String, Error> {
    let store = SharedStore::open_to_read(url).await.map_err(refused)?;
    let stats = store.stats().await.map_err(refused)?;
    let answers = stats.calls.get("answered").copied().unwrap_or_default();
    let megabytes = stats.bytes as f64 / 1e6;
    Ok(format!(
        "{answers} answers that are shared; {megabytes:.1} MB"
    ))
}
