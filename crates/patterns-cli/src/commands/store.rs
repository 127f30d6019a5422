//! `patterns store`: looks after a store.

use patterns_store::Durability;
use serde_json::json;

use crate::args::{Given, LookFormat, StoreCommand};
use crate::error::{Error, ErrorKind};
use crate::shared_store::{is_address, look_after};
use crate::store::{open_to_read, open_to_write, refused};
use crate::store_words::{ended_well, import_from, say, stats, would_remove};
use crate::terminal::{JsonStdout, Terminal, check_stdout};

pub(super) async fn run(
    command: &StoreCommand,
    given: &Given,
    terminal: Terminal,
) -> Result<(), Error> {
    let look = command.look();
    let is_text = given.has("output") && look.output == LookFormat::Human;
    if is_text && matches!(command, StoreCommand::Export { .. }) {
        let message = "--output human: what is exported is JSON, a record a line";
        return Err(Error::new(ErrorKind::Usage, message).help("leave it out"));
    }
    if is_address(&look.store) {
        return look_after(&look.store, command, terminal).await;
    }
    let store = match command {
        StoreCommand::Import { .. } => open_to_write(&look.store, Durability::Power, terminal)?,
        StoreCommand::Gc { dry_run: false, .. } => {
            open_to_read(&look.store)?;
            open_to_write(&look.store, Durability::Power, terminal)?
        }
        _ => open_to_read(&look.store)?,
    };
    let value = match command {
        StoreCommand::Stats { .. } => stats(&store.stats().map_err(refused)?, look.output),
        StoreCommand::Verify { .. } => {
            return ended_well(store.verify().map_err(refused)?, look.output);
        }
        StoreCommand::Gc {
            prompts: true,
            dry_run,
            ..
        } => match dry_run {
            true => json!({"would_remove": store.stats().map_err(refused)?.prompts}),
            false => json!({"removed": store.remove_prompts().await.map_err(refused)?}),
        },
        StoreCommand::Gc {
            older_than,
            dry_run: true,
            ..
        } => would_remove(&store.garbage(*older_than).map_err(refused)?),
        StoreCommand::Gc { older_than, .. } => {
            let removed = store.collect_garbage(*older_than).await;
            json!({"removed": removed.map_err(refused)?.calls()})
        }
        StoreCommand::Export { prompts, .. } => {
            check_stdout()?;
            let mut stdout = JsonStdout::default();
            let count = store.export(&mut stdout, *prompts);
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
    say(look.output, &value)
}
