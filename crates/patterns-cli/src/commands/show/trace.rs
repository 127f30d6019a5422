//! `patterns show RUN --trace`: a statement, unfolded down to the documents.

use std::collections::{BTreeMap, BTreeSet};

use patterns_job::{Statement, Unfolded};
use patterns_store::Store;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::args::LookFormat;
use crate::error::{Error, ErrorKind};
use crate::report::{Page, statement_page};
use crate::store::refused;
use crate::terminal::{Style, Terminal, write_shown};

/// What the result of a run with statements was made of.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Trace {
    /// The statements of the result.
    pub(crate) statements: Vec<Statement>,
    /// All answers on the way to it.
    pub(crate) answers: Vec<Unfolded>,
}

pub(super) fn unfold_statement(
    store: &Store,
    run: i64,
    statement: &str,
    format: LookFormat,
    terminal: Terminal,
) -> Result<(), Error> {
    let kept = store.trace(run).map_err(refused)?;
    let trace: Option<Trace> = kept.and_then(|it| serde_json::from_str(&it).ok());
    let Some(trace) = trace else {
        let message = format!("run {run} has no statements to trace");
        let help =
            "they are kept by `patterns map-reduce --statements`, when it has come to its end";
        return Err(Error::new(ErrorKind::NoInput, message).help(help));
    };
    let (number, found) = trace.find(statement)?;
    let steps = found.unfold(&trace.answers);
    let text = match format {
        LookFormat::Json => {
            let value = json!({"number": number, "statement": found, "answers": steps});
            format!("{value}\n")
        }
        LookFormat::Human => {
            let mut page = Page::new(terminal.stdout_paint(), &[]);
            statement_page(&mut page, found);
            tree(&mut page, &steps);
            page.finish()
        }
    };
    write_shown(format, &text)
}

impl Trace {
    /// Finds a statement of the result by its number, or by words of which no other one has all.
    fn find(&self, wanted: &str) -> Result<(usize, &Statement), Error> {
        let numbered = || (1..).zip(&self.statements);
        let by_number = wanted.trim().parse::<usize>();
        let words = wanted.trim().to_lowercase();
        let found: Vec<_> = match by_number {
            Ok(number) => numbered().filter(|(n, _)| *n == number).collect(),
            Err(_) => numbered()
                .filter(|(_, it)| it.text.to_lowercase().contains(&words))
                .collect(),
        };
        let [one] = found.as_slice() else {
            return Err(self.ambiguous(wanted, &found));
        };
        Ok(*one)
    }

    fn ambiguous(&self, wanted: &str, found: &[(usize, &Statement)]) -> Error {
        const SHOWN: usize = 10;
        let line = |(number, it): (usize, &Statement)| format!("{number}: {}", it.text);
        let (message, candidates): (_, Vec<_>) = if found.is_empty() {
            let all = (1..).zip(&self.statements);
            let message = format!("the result has no statement {wanted:?}");
            (message, all.map(line).collect())
        } else {
            let message = format!("{} statements have the words {wanted:?}", found.len());
            (message, found.iter().copied().map(line).collect())
        };
        let shown: Vec<String> = candidates.into_iter().take(SHOWN).collect();
        let help = "give the number of a statement, or words that only one has";
        Error::new(ErrorKind::NoInput, message)
            .details(shown)
            .help(help)
    }
}

/// Adds the answers, each below the one that it went into.
fn tree(page: &mut Page, steps: &[Unfolded]) {
    let by_name: BTreeMap<&str, &Unfolded> = steps.iter().map(|it| (&*it.name, it)).collect();
    let parts: BTreeSet<&str> = steps
        .iter()
        .flat_map(|it| &it.parts)
        .map(|it| &**it)
        .collect();
    let roots = steps.iter().filter(|it| !parts.contains(&*it.name));
    // A result that was made by one call of one answer has the name of that.
    let mut open: Vec<(usize, &Unfolded)> = roots.rev().map(|it| (0, it)).collect();
    let mut seen = BTreeSet::new();
    while let Some((depth, answer)) = open.pop() {
        if !seen.insert((&answer.name, answer.parts.is_empty())) {
            continue;
        }
        let indent = "  ".repeat(depth);
        page.gap();
        page.line(Style::Bold, &format!("{indent}{}", answer.name));
        for it in &answer.statements {
            page.paragraph(&format!("{indent}- {}", it.text.replace('\n', " ")));
            if let (true, Some(quote)) = (answer.parts.is_empty(), &it.quote) {
                let place = it.quoted.as_ref().map_or_else(
                    || "not found".to_owned(),
                    |at| format!("bytes {} to {}", at.start, at.end),
                );
                let line = format!("{indent}  “{}” ({place})", quote.text);
                page.line(Style::Dim, &line);
            }
        }
        let below = answer.parts.iter().rev();
        let below = below.filter_map(|it| by_name.get(&**it));
        open.extend(below.map(|it| (depth + 1, *it)));
    }
}
