//! `patterns store`: looks after a store.

use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::Path;

use patterns_store::{Durability, Store};
use serde_json::{Value, json};

use crate::args::{LookFormat, StoreCommand};
use crate::error::{Error, ErrorKind, reason};
use crate::record::refused;
use crate::terminal::{Terminal, stdout, write_stdout};

pub(super) async fn run(command: &StoreCommand, terminal: Terminal) -> Result<(), Error> {
    let look = command.look();
    if !matches!(command, StoreCommand::Import { .. }) {
        must_exist(&look.store)?;
    }
    let store = Store::open(&look.store, Durability::Power).map_err(refused)?;
    let value = match command {
        StoreCommand::Stats { .. } => {
            let stats = store.stats().map_err(refused)?;
            let mut value = json!({"runs": stats.runs});
            for (status, count) in &stats.calls {
                value[format!("calls_{status}")] = json!(count);
            }
            value["attempts"] = json!(stats.attempts);
            value["tokens"] = json!(stats.tokens);
            value["bytes"] = json!(stats.bytes);
            value
        }
        StoreCommand::Verify { .. } => return verify(&store, look.output),
        StoreCommand::Gc { older_than, .. } => {
            let removed = store.collect_garbage(*older_than).await;
            json!({"removed": removed.map_err(refused)?})
        }
        StoreCommand::Export { .. } => {
            let count = store.export(BufWriter::new(stdout())).map_err(refused)?;
            terminal.note(&format!("{count} records"));
            return Ok(());
        }
        StoreCommand::Import { file, .. } => json!({"imported": import(&store, file).await?}),
    };
    say(look.output, &value)
}

fn verify(store: &Store, format: LookFormat) -> Result<(), Error> {
    let health = store.verify().map_err(refused)?;
    say(
        format,
        &json!({"good": health.good, "damaged": health.damage.len()}),
    )?;
    if health.is_good() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::BadData, "the store is damaged")
        .details(health.damage)
        .help("`patterns store export` up to the damage, or go back to a copy of the file"))
}

async fn import(store: &Store, file: &Path) -> Result<u64, Error> {
    let imported = if file == Path::new("-") {
        store.import(BufReader::new(std::io::stdin())).await
    } else {
        let opened = File::open(file).map_err(|error| {
            let message = format!("cannot read {}: {}", file.display(), reason(&error));
            Error::new(ErrorKind::NoInput, message)
        })?;
        store.import(BufReader::new(opened)).await
    };
    imported.map_err(refused)
}

fn say(format: LookFormat, value: &Value) -> Result<(), Error> {
    let text = match (format, value.as_object()) {
        (LookFormat::Human, Some(fields)) => {
            let lines = fields.iter().map(|(name, value)| {
                let name = name.replace('_', " ");
                format!("{name}: {value}\n")
            });
            lines.collect()
        }
        _ => format!("{value}\n"),
    };
    write_stdout(text.as_bytes())
}

/// Looks whether there is a store, since looking into it must not make one.
///
/// # Errors
///
/// Returns an error if there is none.
pub(super) fn must_exist(path: &Path) -> Result<(), Error> {
    if path.exists() {
        return Ok(());
    }
    let message = format!("there is no store at {}", path.display());
    Err(Error::new(ErrorKind::NoInput, message)
        .help("runs make one where they are begun; --store names another file"))
}
