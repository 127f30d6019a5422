//! Says what a user should know of a plan before: what will not fit, what has no price, what ends the run early.

use std::collections::BTreeMap;

use patterns_core::{Caps, Money};
use patterns_parallel::map_reduce::Topology;

use super::stage_tally::{StageName, Stages};
use super::written_plan::{Figure, PlanTotal, Stage};
use crate::job::{Job, MapReduceJob, Reduce};
use crate::setup::PlanSetup;

/// Says which calls do not fit into what their model reads at once.
pub(super) fn too_long(stages: &Stages, with: &PlanSetup) -> Vec<String> {
    let windows = with.setup.models.windows();
    let too_long = stages.iter().filter_map(|(StageName { stage, model, .. }, tally)| {
        let window = *windows.get(model)?;
        (tally.longest > window).then(|| {
            format!(
                "the longest call of {stage} reads about {} tokens, and {model} takes {window}: it is \
                 asked about in parts, or fails; `source.chunk_tokens` cuts documents before",
                tally.longest
            )
        })
    });
    too_long.collect()
}

/// Fewer tokens than these fit into every model that is in use.
const FITS_ALL: u64 = 4_096;

/// Says of which long calls nobody knows whether they fit.
pub(super) fn without_window(stages: &Stages, with: &PlanSetup) -> Vec<String> {
    let windows = with.setup.models.windows();
    let mut longest: BTreeMap<&str, u64> = BTreeMap::new();
    for (name, tally) in stages {
        let is_unknown = name.model != "offline" && !windows.contains_key(&name.model);
        if is_unknown && tally.longest > FITS_ALL {
            let known = longest.entry(&name.model).or_default();
            *known = tally.longest.max(*known);
        }
    }
    let say = |(model, tokens): (&str, u64)| {
        format!(
            "the longest call reads about {tokens} tokens, and how many {model} takes is not known; \
             `context_window` of its provider says it"
        )
    };
    longest.into_iter().map(say).collect()
}

/// Says what of a job cannot be known before, and of the sections that are jobs of their own.
pub(super) fn not_known(job: &Job) -> Vec<String> {
    let mut warnings = not_known_of_one(job);
    if let Job::Section(job) = job {
        for section in &job.sections {
            let own = section.job.as_deref().map(not_known_of_one);
            let named = own.into_iter().flatten();
            warnings.extend(named.map(|it| format!("section {:?}: {it}", section.title)));
        }
    }
    warnings
}

fn not_known_of_one(job: &Job) -> Vec<String> {
    let is_unordered = |job: &MapReduceJob| match &job.reduce {
        Reduce::Agent(it) => it.topology == Topology::Unordered,
        Reduce::Statements(it) => it.topology == Topology::Unordered,
        Reduce::None | Reduce::Code(_) => false,
    };
    let says = match job {
        Job::MapReduce(job) => vec![
            (
                is_unordered(job),
                "answers are combined as they come, so how many calls combine them may differ by a few from run to run",
            ),
            (
                job.map.glean.is_some(),
                "how often it is asked again what was missed depends on the answers: at least nothing was, at most \
                 something each time",
            ),
            (
                matches!(&job.reduce, Reduce::Code(it) if it.resolve_keys),
                "how many pairs of keys are compared depends on the answers: at least none, and at most as many as \
                 are ever asked about",
            ),
        ],
        Job::Section(job) => vec![
            (
                job.grow.is_some(),
                "sections may ask for further ones: what is likely is that none does, and at most that there are as \
                 many as there may be",
            ),
            (
                job.consistency,
                "what does not go together is written again: what is likely is that all does, and at most that \
                 nothing does, twice",
            ),
            (
                job.gate,
                "the topic may not divide, and is then written in one call: what is likely is that it does",
            ),
        ],
        Job::Vote(_) => Vec::new(),
    };
    let says = says.into_iter().filter(|it| it.0);
    says.map(|it| it.1.to_owned()).collect()
}

/// Says what models that are asked instead of others may add.
pub(super) fn not_asked(stages: &Stages, with: &PlanSetup) -> Option<String> {
    let names: Vec<String> = with.setup.models.fallbacks().collect();
    let calls: u64 = stages.values().map(|it| it.calls).sum();
    (!names.is_empty() && calls > 0).then(|| {
        format!(
            "what {} is asked instead is not in the plan: nothing, if all answers keep their schema, and for \
             each of the {calls} calls one more and its re-asks at most",
            names.join(" or ")
        )
    })
}

pub(super) fn without_price(stages: &[Stage]) -> Vec<String> {
    let mut names: Vec<&str> = stages
        .iter()
        .filter(|it| it.cost.is_none() && it.model != "offline")
        .map(|it| &*it.model)
        .collect();
    names.dedup();
    let say = |name: &&str| format!("the price of {name} is not known, so neither is the cost");
    names.iter().map(say).collect()
}

/// Says which caps will probably end the run, or may.
pub(super) fn over_caps(total: &PlanTotal, caps: Caps) -> Vec<String> {
    let tokens = |of: fn(Figure<u64>) -> u64| of(total.read).saturating_add(of(total.written));
    let cost = total
        .cost
        .map(|it| (it.likely.picodollars(), it.high.picodollars()));
    let caps = [
        (
            "spend.max_calls",
            caps.max_calls,
            Some((total.calls.likely, total.calls.high)),
        ),
        (
            "spend.max_tokens",
            caps.max_tokens,
            Some((tokens(|it| it.likely), tokens(|it| it.high))),
        ),
        (
            "spend.max_cost",
            caps.max_cost.map(Money::picodollars),
            cost,
        ),
    ];
    let over = caps.into_iter().filter_map(|(key, most, of)| {
        let (most, (likely, high)) = most.zip(of)?;
        let word = match (likely > most, high > most) {
            (true, _) => "will probably end",
            (false, true) => "may end",
            (false, false) => return None,
        };
        Some(format!("`{key}` {word} the run before its time"))
    });
    over.collect()
}
