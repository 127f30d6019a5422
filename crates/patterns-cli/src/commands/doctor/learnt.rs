//! Says what the store has learnt of models: how much they read and write, how often they were asked again, and
//! what their servers could not do or held back.

use std::collections::BTreeMap;
use std::path::Path;

use patterns_core::{Event, Usage, grouped};
use patterns_store::{Experience, Store, StoreError};

use super::check::Check;
use crate::report::counted;

const LEARNT: &str = "learnt from earlier runs";

/// So many of the latest runs are looked at.
const RUNS: u32 = 20;

/// Says what is known of models; nothing, if there is no store that can be read.
pub(super) fn learnt(path: &Path) -> Vec<Check> {
    let store = Some(path).filter(|it| it.exists());
    let store = store.and_then(|it| Store::open_to_read(it).ok());
    let read = |store: Store| -> Result<Vec<Check>, StoreError> {
        let mut checks = used(&store.experience()?);
        checks.extend(noted(&store)?);
        Ok(checks)
    };
    // What is wrong with the store has been said.
    store.map(read).and_then(Result::ok).unwrap_or_default()
}

fn used(experience: &Experience) -> Vec<Check> {
    let models = experience.models.iter().filter(|it| it.1.calls > 0);
    let mut checks: Vec<Check> = models.map(|(name, usage)| of_model(name, *usage)).collect();
    checks.extend(experience.rates.iter().map(|(name, rate)| {
        let says = format!("calls waited for its rate: {} a minute", grouped(*rate));
        Check::good(LEARNT, name, says)
    }));
    if !checks.is_empty() {
        let percent = experience.reask_rate() * 100.0;
        let says = format!("{percent:.1} % of answers did not fit and were asked for again");
        checks.push(Check::good(LEARNT, "re-asks", says));
    }
    checks
}

fn of_model(name: &str, usage: Usage) -> Check {
    let each = |tokens: u64| tokens / usage.calls.max(1);
    let says = format!(
        "{}; one reads about {} tokens and writes about {}",
        counted(usage.calls, "call"),
        each(usage.input_tokens),
        each(usage.output_tokens)
    );
    Check::good(LEARNT, name, says)
}

/// Says once each what servers did not know, and how often calls were held back, with the latest run of it.
fn noted(store: &Store) -> Result<Vec<Check>, StoreError> {
    let mut formats: BTreeMap<(String, String), i64> = BTreeMap::new();
    let mut pauses: BTreeMap<String, (u64, i64, String)> = BTreeMap::new();
    for run in store.runs(RUNS)?.iter().rev() {
        for (_, note) in store.notes(run.id)? {
            match serde_json::from_str(&note) {
                Ok(Event::FormatSteppedDown {
                    model, from, to, ..
                }) => {
                    let says = format!("it does not know {from}; {to} was used");
                    formats.insert((model, says), run.id);
                }
                Ok(Event::CallsPaused { model, cause, .. }) => {
                    let pause = pauses.entry(model).or_default();
                    *pause = (pause.0 + 1, run.id, cause);
                }
                _ => {}
            }
        }
    }
    let formats = formats
        .into_iter()
        .map(|((model, says), run)| Check::good(LEARNT, model, format!("{says} (run {run})")));
    let pauses = pauses.into_iter().map(|(model, (times, run, cause))| {
        let says = format!("calls were held back {times} times, last in run {run}: {cause}");
        Check::good(LEARNT, model, says)
    });
    Ok(formats.chain(pauses).collect())
}
