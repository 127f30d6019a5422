//! `patterns store`: looks after a store.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use patterns_store::{Durability, Stats, Store};
use serde_json::{Value, json};

use crate::args::{LookFormat, StoreCommand};
use crate::error::{Error, ErrorKind, reason};
use crate::store::{open_to_read, refused};
use crate::terminal::{JsonStdout, Terminal, check_stdout, write_json};

pub(super) async fn run(command: &StoreCommand, terminal: Terminal) -> Result<(), Error> {
    let look = command.look();
    let store = match command {
        StoreCommand::Import { .. } => {
            Store::open(&look.store, Durability::Power).map_err(refused)?
        }
        StoreCommand::Gc { dry_run: false, .. } => {
            open_to_read(&look.store)?;
            Store::open(&look.store, Durability::Power).map_err(refused)?
        }
        _ => open_to_read(&look.store)?,
    };
    let value = match command {
        StoreCommand::Stats { .. } => stats(&store.stats().map_err(refused)?, look.output),
        StoreCommand::Verify { .. } => return verify(&store, look.output),
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
        } => {
            let garbage = store.garbage(*older_than).map_err(refused)?;
            json!({
                "would_remove": garbage.calls(),
                "of_no_use": garbage.unusable,
                "older": garbage.old,
            })
        }
        StoreCommand::Gc { older_than, .. } => {
            let removed = store.collect_garbage(*older_than).await;
            json!({"removed": removed.map_err(refused)?.calls()})
        }
        StoreCommand::Export { prompts, .. } => {
            check_stdout()?;
            let count = store
                .export(JsonStdout::default(), *prompts)
                .map_err(refused)?;
            terminal.note(&format!("{count} records"));
            return Ok(());
        }
        StoreCommand::Import { file, .. } => json!({"imported": import(&store, file).await?}),
    };
    say(look.output, &value)
}

/// Returns what is in a store: names for machines, or words for people.
fn stats(stats: &Stats, format: LookFormat) -> Value {
    let is_json = format == LookFormat::Json;
    let mut value = json!({"runs": stats.runs});
    for (status, count) in &stats.calls {
        let name = match *status {
            name if is_json => format!("calls_{name}"),
            "answered" => "answers that are given out again".to_owned(),
            "disowned" => "answers that were of no use".to_owned(),
            "superseded" => "answers with a later one in their place".to_owned(),
            other => format!("calls {other}"),
        };
        if is_json || *count > 0 {
            value[name] = json!(count);
        }
    }
    let usage = stats.usage;
    if is_json {
        value["prompts"] = json!(stats.prompts);
    } else if stats.prompts > 0 {
        value["calls whose words are kept"] = json!(stats.prompts);
    }
    value["attempts"] = json!(usage.attempts);
    if is_json {
        value["tokens"] = json!(usage.total_tokens());
        value["usage"] = json!(usage);
        value["bytes"] = json!(stats.bytes);
    } else {
        value["tokens read"] = json!(usage.input_tokens);
        value["tokens written"] = json!(usage.output_tokens);
        value["size"] = json!(format!("{:.1} MB", stats.bytes as f64 / 1e6));
    }
    value
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
                let value = value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned);
                format!("{name}: {value}\n")
            });
            lines.collect()
        }
        _ => format!("{value}\n"),
    };
    write_json(&text)
}
