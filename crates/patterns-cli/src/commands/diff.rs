//! `patterns diff`: the answers and the costs of two runs, branch by branch.
//!
//! Branches are the same if they are called the same and are for the same, in whatever order they began. Their
//! answers are compared as JSON where they are JSON, so that white space and the order of fields are no
//! difference; rejected answers are left out.

use std::collections::BTreeMap;

use patterns_core::{BranchId, Money};
use patterns_store::{BranchEnding, CallEnding, CallRecord, RunRecord, Store};
use serde_json::{Value, json};

use super::show::{cost, find, state};
use crate::args::{DiffArgs, LookFormat};
use crate::error::{Error, ErrorKind};
use crate::report::Page;
use crate::store::{open_to_read, refused};
use crate::terminal::{Style, Terminal, write_shown};

/// What a branch is known by: what it is for, its name, and which of that name it is.
type Name = (&'static str, String, u32);

/// What became of a branch.
#[derive(Clone, Debug, PartialEq)]
struct Came {
    branch: BranchId,
    ending: Option<BranchEnding>,
    /// A digest of its answers; `None` if one has been removed from the store, so that nobody knows.
    answers: Option<[u8; 32]>,
    cost: Option<Money>,
}

/// A digest of the answers of a branch, in whatever order they came: those of a vote within a section come as
/// they come.
#[derive(Default)]
struct Digest([u8; 32]);

impl Digest {
    fn add(&mut self, call: &CallRecord, answer: &str) {
        let mut hasher = blake3::Hasher::new();
        for part in [call.part.as_deref().unwrap_or_default(), answer] {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.update(&call.nth.to_le_bytes());
        let added = hasher.finalize();
        let added = self.0.iter_mut().zip(added.as_bytes());
        added.for_each(|(sum, it)| *sum = sum.wrapping_add(*it));
    }
}

impl Came {
    /// Returns whether the same is known to have come of another.
    fn is_same(&self, other: &Self) -> bool {
        self.ending == other.ending && self.answers.is_some() && self.answers == other.answers
    }
}

/// How two runs differ.
#[derive(Debug, Default)]
struct Differences {
    same: u64,
    changed: Vec<(Name, BranchId, BranchId)>,
    only_before: Vec<(Name, BranchId)>,
    only_after: Vec<(Name, BranchId)>,
}

pub(super) fn run(args: &DiffArgs, terminal: Terminal) -> Result<(), Error> {
    let store = open_to_read(&args.look.store)?;
    let (before, after) = (find(&store, args.before)?, find(&store, args.after)?);
    if before.id == after.id {
        let message = format!("run {} is compared with itself", before.id);
        return Err(Error::new(ErrorKind::Usage, message)
            .help("name two runs; `patterns runs` lists those there are"));
    }
    let (of_before, of_after) = (read(&store, &before)?, read(&store, &after)?);
    let differences = compare(&of_before, &of_after);
    let text = match args.look.output {
        LookFormat::Json => {
            let value = differences.json(&store, &before, &after, args.limit)?;
            format!("{value}\n")
        }
        LookFormat::Human => {
            let mut page = Page::new(terminal.stdout_paint(), &[]);
            differences.describe(&mut page, &store, (&before, &after), args.limit)?;
            page.finish()
        }
    };
    write_shown(args.look.output, &text)
}

/// Reads what became of the branches of a run.
fn read(store: &Store, run: &RunRecord) -> Result<BTreeMap<Name, Came>, Error> {
    let mut answers: BTreeMap<BranchId, (Digest, Option<Money>, bool)> = BTreeMap::new();
    for call in store.calls_of(run.id) {
        let call = call.map_err(refused)?;
        if call.session != run.sessions {
            continue;
        }
        let (digest, cost, is_gone) = answers.entry(call.branch).or_default();
        if let Some(answer) = accepted(store, &call)? {
            digest.add(&call, &answer);
        } else if is_accepted(&call) {
            *is_gone = true;
        }
        if let Some(more) = call.cost {
            *cost = Some(cost.unwrap_or_default() + more);
        }
    }
    let mut came = BTreeMap::new();
    for branch in store.branches_of(run.id, run.sessions) {
        let branch = branch.map_err(refused)?;
        let (digest, cost, is_gone) = answers.remove(&branch.branch).unwrap_or_default();
        let mut name = (branch.role.name(), branch.label, 1);
        while came.contains_key(&name) {
            name.2 += 1;
        }
        let it = Came {
            branch: branch.branch,
            ending: branch.ending,
            answers: (!is_gone).then_some(digest.0),
            cost,
        };
        came.insert(name, it);
    }
    Ok(came)
}

/// Returns the answer of a call in one spelling, unless it was rejected.
fn accepted(store: &Store, call: &CallRecord) -> Result<Option<String>, Error> {
    if !is_accepted(call) {
        return Ok(None);
    }
    let answer = store.answer(call).map_err(refused)?;
    Ok(answer.map(|it| in_one_spelling(&it)))
}

fn is_accepted(call: &CallRecord) -> bool {
    let is_answer = matches!(call.ending, CallEnding::Answered | CallEnding::Found);
    is_answer && call.violations.is_empty()
}

fn in_one_spelling(answer: &str) -> String {
    match serde_json::from_str::<Value>(answer) {
        Ok(mut value) => {
            value.sort_all_objects();
            value.to_string()
        }
        Err(_) => answer.trim().to_owned(),
    }
}

fn compare(before: &BTreeMap<Name, Came>, after: &BTreeMap<Name, Came>) -> Differences {
    let mut differences = Differences::default();
    for (name, it) in before {
        match after.get(name) {
            None => differences.only_before.push((name.clone(), it.branch)),
            Some(other) if it.is_same(other) => {
                differences.same += 1;
            }
            Some(other) => {
                let changed = (name.clone(), it.branch, other.branch);
                differences.changed.push(changed);
            }
        }
    }
    let new = after.iter().filter(|(name, _)| !before.contains_key(*name));
    differences.only_after = new.map(|(name, it)| (name.clone(), it.branch)).collect();
    // As they began, not by their names.
    differences.changed.sort_by_key(|it| it.1);
    differences.only_before.sort_by_key(|it| it.1);
    differences.only_after.sort_by_key(|it| it.1);
    differences
}

/// Names a branch.
fn called((role, label, nth): &Name) -> String {
    match nth {
        1 => format!("{role} {label:?}"),
        nth => format!("{role} {label:?} ({nth})"),
    }
}

/// Returns the accepted answers of a branch, one after the other.
fn answers(store: &Store, run: &RunRecord, branch: BranchId) -> Result<Vec<String>, Error> {
    let calls = store.calls_of_branch(run.id, run.sessions, branch);
    let mut calls = calls.map_err(refused)?;
    calls.sort_by(|one, other| (&one.part, one.nth).cmp(&(&other.part, other.nth)));
    let answers = calls.iter().map(|call| accepted(store, call));
    Ok(answers
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .flatten()
        .collect())
}

impl Differences {
    fn describe(
        &self,
        page: &mut Page,
        store: &Store,
        (before, after): (&RunRecord, &RunRecord),
        limit: usize,
    ) -> Result<(), Error> {
        for run in [before, after] {
            let cost = cost(run).map_or_else(String::new, |it| format!(" · {it}"));
            let line = format!("run {}: {}{cost}", run.id, state(store, run));
            page.line(Style::Bold, &line);
        }
        page.paragraph(&format!(
            "branches: {} the same, {} changed, {} only in run {}, {} only in run {}",
            self.same,
            self.changed.len(),
            self.only_before.len(),
            before.id,
            self.only_after.len(),
            after.id
        ));
        for (name, one, other) in self.changed.iter().take(limit) {
            page.gap();
            page.line(Style::Bold, &called(name));
            for (sign, run, branch) in [("-", before, one), ("+", after, other)] {
                let answers = answers(store, run, *branch)?;
                if answers.is_empty() {
                    page.paragraph(&format!("{sign} (no answer is in the store)"));
                }
                for answer in answers {
                    page.paragraph(&format!("{sign} {}", excerpt(&answer)));
                }
            }
        }
        more(page, self.changed.len(), limit);
        for (run, only) in [(before, &self.only_before), (after, &self.only_after)] {
            if !only.is_empty() {
                page.gap();
                page.line(Style::Bold, &format!("only in run {}:", run.id));
            }
            for (name, _) in only.iter().take(limit) {
                page.paragraph(&format!("  {}", called(name)));
            }
            more(page, only.len(), limit);
        }
        Ok(())
    }

    fn json(
        &self,
        store: &Store,
        before: &RunRecord,
        after: &RunRecord,
        limit: usize,
    ) -> Result<Value, Error> {
        let changed = self.changed.iter().take(limit).map(|(name, one, other)| {
            Ok(json!({
                "role": name.0,
                "label": name.1,
                "branches": [one, other],
                "before": answers(store, before, *one)?,
                "after": answers(store, after, *other)?,
            }))
        });
        let only = |list: &[(Name, BranchId)]| -> Vec<Value> {
            let names = list.iter().take(limit);
            names
                .map(|(name, branch)| json!({"role": name.0, "label": name.1, "branch": branch}))
                .collect()
        };
        Ok(json!({
            "runs": [before.id, after.id],
            "costs": [before.account, after.account],
            "same": self.same,
            "changed": self.changed.len(),
            "only_before": self.only_before.len(),
            "only_after": self.only_after.len(),
            "changes": changed.collect::<Result<Vec<_>, Error>>()?,
            "before": only(&self.only_before),
            "after": only(&self.only_after),
        }))
    }
}

fn more(page: &mut Page, all: usize, limit: usize) {
    if all > limit {
        let line = format!("and {} more (--limit)", all - limit);
        page.line(Style::Dim, &line);
    }
}

/// Returns the beginning of a long answer.
fn excerpt(answer: &str) -> String {
    const MOST: usize = 500;
    match answer.char_indices().nth(MOST) {
        None => answer.to_owned(),
        Some((end, _)) => format!("{}…", &answer[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_whose_answers_are_gone_are_not_called_the_same() {
        let came = |answers| Came {
            branch: BranchId(0),
            ending: Some(BranchEnding::Answered),
            answers,
            cost: None,
        };
        for (one, other, is_same) in [
            (Some([1; 32]), Some([1; 32]), true),
            (Some([1; 32]), Some([2; 32]), false),
            (Some([1; 32]), None, false),
            (None, None, false),
        ] {
            assert_eq!(came(one).is_same(&came(other)), is_same);
        }
    }

    #[test]
    fn answers_that_mean_the_same_are_no_difference() {
        for (one, other, is_same) in [
            (r#"{"a": 1, "b": 2}"#, r#"{"b":2,"a":1}"#, true),
            ("yes\n", "yes", true),
            (r#"{"a": 1}"#, r#"{"a": 2}"#, false),
            ("yes", "no", false),
        ] {
            assert_eq!(
                in_one_spelling(one) == in_one_spelling(other),
                is_same,
                "{one}"
            );
        }
    }
}
