//! Testing with mocks: a pattern runs on mocked agents, without any model.
//!
//! Notice that mocks are at the `Agent` seam, so a test speaks of sections and syntheses, never of
//! requests and JSON.

use std::sync::Arc;

use patterns_core::{AgentError, Answer, ModelError, ModelErrorKind};
use patterns_parallel::sectioning::{SectionTask, SynthesisTask};
use patterns_parallel::{RunOptions, Sectioning};
use patterns_testkit::{EventLog, MockAgent};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut writer = MockAgent::<SectionTask, String>::new();
    writer
        .expect_answer()
        .times(3)
        .returning(|task, _| match task.brief.title.as_str() {
            "Risks" => Err(AgentError::from(ModelError::new(ModelErrorKind::Refused))),
            name => Ok(Answer::new(format!("All about {name}."))),
        });
    let mut editor = MockAgent::<SynthesisTask<String>, String>::new();
    editor
        .expect_answer()
        .once()
        .withf(|task, _| task.missing() == ["Risks"])
        .returning(|task, _| {
            let sections = task.written().map(|(_, answer)| answer.as_str());
            Ok(Answer::new(Vec::from_iter(sections).join(" ")))
        });

    let log = Arc::new(EventLog::default());
    let options = RunOptions {
        events: log.clone(),
        ..RunOptions::default()
    };
    let sectioning = Sectioning::new(["History", "Risks", "Outlook"], writer, editor);
    let outcome = sectioning.run("Timber piles", &options).await?;

    assert_eq!(outcome.value?, "All about History. All about Outlook.");
    assert_eq!(outcome.counts.failed, 1);
    println!("{log}");
    Ok(())
}
