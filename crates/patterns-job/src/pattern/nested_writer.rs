//! Writes the sections that are jobs of their own: a vote on the section, or a map-reduce over documents
//! of its own.
//!
//! Such a run is the work of one branch. Its calls go through the same models, and so through the same
//! budget and the same store; what they used is the branch's. Its own branches are numbered within that branch,
//! so that nobody takes them for branches of the whole run.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use patterns_core::{Agent, AgentError, Answer, BoxFuture, Part, Prompt, Scope};
use patterns_parallel::sectioning::{Citation, Section, SectionTask};
use serde_json::Value;

use crate::input::Reader;
use crate::job::{Job, SectionSpec};
use crate::job_error::{JobError, JobErrorKind};
use crate::job_run::JobOutcome;
use crate::setup::Setup;
use crate::work::Work;

type SectionWriter = Arc<dyn Agent<SectionTask, Section>>;

/// Writes sections, some of them by jobs of their own.
pub(super) struct NestedWriter {
    usual: SectionWriter,
    /// The jobs, by the ids of their sections.
    jobs: BTreeMap<String, SectionSpec>,
    setup: Setup,
    reader: Reader,
}

impl NestedWriter {
    pub(super) fn new(
        usual: SectionWriter,
        jobs: BTreeMap<String, SectionSpec>,
        (setup, reader): (Setup, Reader),
    ) -> Self {
        Self {
            usual,
            jobs,
            setup,
            reader,
        }
    }

    async fn write(
        &self,
        spec: &SectionSpec,
        task: &SectionTask,
        scope: Scope,
    ) -> Result<Answer<Section>, AgentError> {
        let outcome = Box::pin(self.run(spec, task, scope.clone())).await;
        let outcome = outcome.map_err(|error| AgentError::code(error.in_a_line()))?;
        let gaps = gaps(&outcome);
        let usage = outcome.usage;
        let value = match outcome.value {
            Ok(value) => value,
            Err(failed) => {
                let cause = failed.agent_error().cloned();
                let error = cause.unwrap_or_else(|| AgentError::code(failed));
                return Err(error.with_usage(usage));
            }
        };
        let section = section(&value, task);
        let told = self.setup.agent_options(None).instructions;
        let section = section.map(|it| match has_own_material(spec) {
            // What a map-reduce says that is in no document, it says itself.
            true => it,
            false => it.looked_through(task, told.as_deref()),
        });
        let section = section.ok_or_else(|| {
            let message = "the job of the section has no result: its voters came to no consensus";
            AgentError::code(JobError::new(JobErrorKind::Empty, message)).with_usage(usage)
        })?;
        Ok(Answer {
            usage,
            ..Answer::new(Section { gaps, ..section })
        })
    }

    async fn run(
        &self,
        spec: &SectionSpec,
        task: &SectionTask,
        scope: Scope,
    ) -> Result<JobOutcome, JobError> {
        let setup = self.setup_of(spec, scope);
        let ask = format!("Topic: {}\n\n{}", task.topic, task.ask());
        let mut work = Work::read(spec.nested(&ask), &self.reader)?;
        if let Work::Vote(vote) = &mut work
            && vote.context.is_empty()
        {
            let parts = Prompt::from(task).parts;
            let documents = parts.into_iter().filter_map(|it| match it {
                Part::Document(document) => Some(document),
                Part::Text(_) => None,
            });
            vote.context.extend(documents);
        }
        let (outcome, _) = work.run(&setup, &self.reader, true).await?;
        Ok(outcome)
    }

    /// Returns what such a run is run with: its own model first, if it names one.
    fn setup_of(&self, spec: &SectionSpec, scope: Scope) -> Setup {
        let mut setup = self.setup.clone();
        let name = spec
            .job
            .as_deref()
            .and_then(|it| it.model().name.as_deref());
        if let Some(name) = name {
            setup.models = setup.models.led_by(name);
        }
        setup.settings.within = Some(scope.origin().branch);
        setup.events = Arc::new(scope);
        setup
    }
}

/// Returns whether the job of a section reads other material than the other sections are given.
fn has_own_material(spec: &SectionSpec) -> bool {
    !matches!(spec.job.as_deref(), Some(Job::Vote(it)) if it.context.is_empty())
}

/// Says what a section was made without, if its job lacks anything.
fn gaps(outcome: &JobOutcome) -> Option<String> {
    let counts = outcome.counts;
    let mut gaps = Vec::new();
    if let Some(coverage) = outcome.coverage.as_ref().filter(|it| !it.is_whole()) {
        let (mapped, total) = (coverage.documents.mapped, coverage.documents.total());
        gaps.push(format!("{mapped} of {total} documents read whole"));
    } else if counts.failed > 0 {
        // A vote cancels what it needs no more; that is no gap.
        let (failed, started) = (counts.failed, counts.started);
        gaps.push(format!("{failed} of its {started} branches failed"));
    }
    (!gaps.is_empty()).then(|| gaps.join("; "))
}

impl Agent<SectionTask, Section> for NestedWriter {
    fn run<'a>(
        &'a self,
        task: &'a SectionTask,
        scope: Scope,
    ) -> BoxFuture<'a, Result<Answer<Section>, AgentError>> {
        match self.jobs.get(&task.brief.id) {
            // Written again, its job would be asked the same, and would not see what is wrong with the text.
            Some(spec) if !task.is_again() => Box::pin(self.write(spec, task, scope)),
            // What it found in its own documents, whoever writes it again was not given.
            Some(spec) if has_own_material(spec) => Box::pin(async move {
                let mut answer = self.usual.run(task, scope).await?;
                answer.value.unseen.clear();
                Ok(answer)
            }),
            Some(_) | None => self.usual.run(task, scope),
        }
    }
}

impl fmt::Debug for NestedWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<&String> = self.jobs.keys().collect();
        f.debug_struct("NestedWriter")
            .field("jobs", &ids)
            .finish_non_exhaustive()
    }
}

/// Makes a section of what a vote or a map-reduce came to; nothing if there is no winner.
fn section(value: &Value, task: &SectionTask) -> Option<Section> {
    if let Some(statements) = value.get("statements").and_then(Value::as_array) {
        return Some(of_statements(statements, task));
    }
    if let Some(table) = value.get("columns").and_then(Value::as_array) {
        let rows = value.get("rows").and_then(Value::as_array);
        let text = of_table(table, rows.map_or(&[][..], Vec::as_slice));
        return Some(Section::of_text(text, task));
    }
    let winner = match value.get("winning_answer") {
        Some(Value::Null) => return None,
        Some(winner) => winner,
        None => value,
    };
    Some(Section::of_text(text(winner), task))
}

/// Returns a text as it is, or the one text in an object; all else as JSON.
fn text(value: &Value) -> String {
    let texts = value
        .as_object()
        .map(|it| it.values().filter_map(Value::as_str));
    let only = texts.and_then(|mut it| it.next().filter(|_| it.next().is_none()));
    match value.as_str().or(only) {
        Some(text) => text.to_owned(),
        None => {
            let json = serde_json::to_string_pretty(value).unwrap_or_default();
            format!("```json\n{json}\n```")
        }
    }
}

/// Writes statements with what they cite, which has been looked up already.
fn of_statements(statements: &[Value], task: &SectionTask) -> Section {
    let words = |it: &Value| it.as_str().unwrap_or_default().to_owned();
    let (mut lines, mut citations) = (Vec::new(), Vec::new());
    for it in statements {
        let mark = match it.get("quote") {
            Some(quote) if !quote.is_null() => {
                citations.push(Citation {
                    source: words(&quote["source"]),
                    quote: words(&quote["text"]),
                    holds: !it["quoted"].is_null(),
                });
                format!(" [{}]", citations.len())
            }
            _ => String::new(),
        };
        lines.push(format!("- {}{mark}", words(&it["text"]).replace('\n', " ")));
    }
    let key_points = statements.iter().map(|it| words(&it["text"])).collect();
    Section {
        citations,
        key_points,
        ..Section::of_text(lines.join("\n"), task)
    }
}

fn of_table(columns: &[Value], rows: &[Value]) -> String {
    let cell = |it: &Value| {
        let text = it.as_str().map_or_else(|| it.to_string(), str::to_owned);
        text.replace('|', "\\|").replace('\n', " ")
    };
    let line = |cells: &[Value]| {
        let cells: Vec<String> = cells.iter().map(cell).collect();
        format!("| {} |", cells.join(" | "))
    };
    let rule = format!("|{}", " --- |".repeat(columns.len()));
    let rows = rows.iter().filter_map(Value::as_array);
    let rows = rows.map(|it| line(it));
    let all: Vec<String> = [line(columns), rule].into_iter().chain(rows).collect();
    all.join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn results_are_texts() {
        assert_eq!(text(&json!("It is so.")), "It is so.");
        assert_eq!(
            text(&json!({"combined_summary": "All.", "total_documents": 2})),
            "All."
        );
        assert_eq!(text(&json!([1])), "```json\n[\n  1\n]\n```");
        let table = of_table(&[json!("host"), json!("count")], &[json!(["a|b", 2])]);
        assert_eq!(table, "| host | count |\n| --- | --- |\n| a\\|b | 2 |");
    }
}
