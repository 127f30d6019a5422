//! `cargo xtask models`: what is known of the models of well-known providers, out of the data that the
//! Python package `litellm` carries along (MIT licence, © 2023 Berri AI), to
//! `crates/patterns-llm/src/known_models.txt`.
//!
//! The package is downloaded from the registry that `pip` is set up with; nothing of it is run. One line
//! a model keeps the file small, its changes readable, and its reading at run time a search for a line.

mod line;

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::cargo::{output, root};
use crate::kept_folder::in_folder;
use crate::real::pip;
use line::line;

/// The package.
const PACKAGE: &str = "litellm";

/// The data in it.
const DATA: &str = "litellm/model_prices_and_context_window_backup.json";

/// The file that is made, below the root.
const FILE: &str = "crates/patterns-llm/src/known_models.txt";

/// Where the data comes from.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Version of the package; the newest, if it isn't said
    #[arg(long)]
    version: Option<String>,
}

/// Makes the file anew.
pub(crate) fn run(args: &Args) -> Result<()> {
    let mut all = Value::Null;
    let mut version = String::new();
    in_folder("models", |folder| {
        let wanted = args.version.as_ref();
        let wanted = wanted.map_or(PACKAGE.to_owned(), |it| format!("{PACKAGE}=={it}"));
        version = pip::unpacked(folder, &wanted)?;
        let text = fs::read_to_string(folder.join(DATA));
        let text = text.with_context(|| format!("{wanted} has no {DATA} any more"))?;
        all = serde_json::from_str(&text)?;
        Ok(())
    })?;
    let today = output(Command::new("date").arg("+%F"))?;
    let lines = lines(&all);
    println!("{} models of {PACKAGE} {version} in {FILE}", lines.len());
    let text = format!("{}{}\n", head(&version, today.trim()), lines.join("\n"));
    Ok(fs::write(root().join(FILE), text)?)
}

fn head(version: &str, today: &str) -> String {
    format!(
        "# Models of well-known providers, as of {today}. Made by `cargo xtask models`; not to be edited.\n\
         # From {DATA} of {PACKAGE} {version}, MIT licence,\n\
         # Copyright (c) 2023 Berri AI; its rows name the pages of the providers as their sources:\n\
         # developers.openai.com/api/docs/pricing, platform.claude.com/docs/en/about-claude/pricing,\n\
         # ai.google.dev/gemini-api/docs/pricing, prices.azure.com.\n\
         # Dollars per million tokens: read / read from the cache / written into the cache / written;\n\
         # `long` and what begins with it: of calls that read more tokens than the number before the colon.\n"
    )
}

/// Returns a line for each model that can be asked here, in the order of their names. One that differs
/// from another only by the date in its name is left out: it is found under the other's.
fn lines(all: &Value) -> Vec<String> {
    let rows = all.as_object().into_iter().flatten();
    let lines = rows.filter_map(|(name, row)| Some((ours(name, row)?, line(row))));
    let lines: BTreeMap<String, String> = lines.collect();
    let is_dated = |(name, facts): &(&String, &String)| {
        let is_digits = |it: &str| it.bytes().all(|it| it.is_ascii_digit() || it == b'-');
        let ends = name.match_indices('-').map(|(at, _)| name.split_at(at));
        let mut ends = ends.filter(|(_, date)| date.len() > 8 && is_digits(date));
        ends.any(|(base, _)| lines.get(base) == Some(*facts))
    };
    let kept = lines.iter().filter(|it| !is_dated(it));
    kept.map(|(name, facts)| format!("{name} {facts}"))
        .collect()
}

/// Returns the name that a model has here, if it is one for chats of a provider that is spoken to.
fn ours(name: &str, row: &Value) -> Option<String> {
    let provider = row["litellm_provider"].as_str()?;
    let own = name.strip_prefix(&format!("{provider}/")).unwrap_or(name);
    let is_known = ["openai", "anthropic", "gemini", "azure"].contains(&provider);
    let is_chat = matches!(row["mode"].as_str(), Some("chat" | "responses"));
    let lists = |key: &str, what: &str| match row[key].as_array() {
        Some(list) => list.iter().any(|it| it.as_str() == Some(what)),
        None => row["mode"] == "chat",
    };
    // Prices of sound are other ones, and so are those of models that go and search.
    let is_other = [
        "audio",
        "tts",
        "search",
        "deep-research",
        "lyria",
        "robotics",
    ];
    let is_plain = !own.contains(['/', ':']) && !is_other.iter().any(|it| own.contains(it));
    let has_window = row["max_input_tokens"].as_u64().is_some_and(|it| it > 0);
    let is_ours = is_known
        && is_chat
        && is_plain
        && has_window
        && lists("supported_endpoints", "/v1/chat/completions")
        && (row["supported_output_modalities"].is_null()
            || lists("supported_output_modalities", "text"));
    is_ours.then(|| format!("{provider}:{own}"))
}

#[cfg(test)]
mod tests;
