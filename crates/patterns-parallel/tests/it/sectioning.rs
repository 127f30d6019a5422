//! Sectioning: outline, sections in order, synthesis, failures named.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use patterns_core::{AggregateErrorKind, Answer, ModelError, ModelErrorKind, StepRole};
use patterns_parallel::sectioning::{Outline, OutlineTask, Plan, SectionTask, SynthesisTask};
use patterns_parallel::{AgentOptions, RunError, RunOptions, Sectioning};
use patterns_testkit::{MockAgent, Reply, ScriptedAgent, ScriptedModel};

use crate::support::{failure, logged};

const TWO: NonZeroUsize = NonZeroUsize::new(2).expect("2 is not zero");

/// Writers that take the less time the later their section is, so that they finish in reverse.
fn writer() -> Arc<ScriptedAgent<SectionTask, String>> {
    let agent = ScriptedAgent::new(|task: &SectionTask| match task.brief.title.as_str() {
        "Risks" => Err(failure(ModelErrorKind::Refused)),
        name => Ok(format!("All about {name}.")),
    });
    Arc::new(agent.latency(|task| Duration::from_secs(10 - task.index as u64)))
}

fn editor() -> Arc<ScriptedAgent<SynthesisTask<String>, String>> {
    Arc::new(ScriptedAgent::new(|task: &SynthesisTask<String>| {
        let sections: Vec<&str> = task.written().map(|it| it.1.as_str()).collect();
        Ok(format!(
            "{} Missing: {:?}.",
            sections.join(" "),
            task.missing()
        ))
    }))
}

#[tokio::test(start_paused = true)]
async fn a_failed_section_is_named_and_the_others_are_merged_in_outline_order() {
    let sectioning = Sectioning::new(["History", "Risks", "Outlook"], writer(), editor());
    let (options, log) = logged(16);
    let outcome = sectioning.run("Piles", &options).await.unwrap();
    assert_eq!(
        outcome.value.unwrap(),
        "All about History. All about Outlook. Missing: [\"Risks\"]."
    );
    let labels: Vec<&str> = outcome
        .branches
        .iter()
        .map(|it| it.label.as_str())
        .collect();
    assert_eq!(labels, ["History", "Risks", "Outlook"]);
    insta::assert_snapshot!(log, @r#"
    run started: Sectioning, 3 branches
    [0] started: Section "History"
    [1] started: Section "Risks"
    [2] started: Section "Outlook"
    [2] answered
    [1] failed: refused
    [0] answered
    [3] started: Synthesis "synthesis"
    [3] answered
    run finished: 4 started = 3 answered + 1 failed + 0 cancelled
    "#);
}

#[tokio::test]
async fn a_run_on_a_model_tells_of_repairs_and_counts_every_call() {
    let model = Arc::new(ScriptedModel::new([
        Reply::from("```json\n{\"content\": \"Old.\", \"key_points\": [\"old\"],}\n```"),
        Reply::from(ModelError::new(ModelErrorKind::Filtered)),
        Reply::from(r#"{"content": "New."}"#),
        Reply::from(r#"{"content": "New.", "key_points": ["new", "old"]}"#),
        Reply::from(r#"{"summary": "Old and new."}"#),
    ]));
    let (options, log) = logged(1);
    let agents = AgentOptions::default();
    let plan = ["Past", "Secret", "Present"];
    let sectioning = Sectioning::with_model(plan, model, &agents);
    let outcome = sectioning.run("Time", &options).await.unwrap();
    let synthesis = outcome.value.unwrap();
    assert_eq!(synthesis.all_key_points, ["old", "new"]);
    assert_eq!(synthesis.section_count, 2);
    assert_eq!(outcome.usage.calls, 5);
    let names: Vec<_> = outcome
        .branches
        .iter()
        .filter_map(|it| it.value())
        .collect();
    assert_eq!(names[1].section_name, "Present");
    insta::assert_snapshot!(log, @r#"
    run started: Sectioning, 3 branches
    [0] started: Section "Past"
    [0] fixed: [CodeFence, TrailingComma]
    [0] answered (calls 1, attempts 1)
    [1] started: Section "Secret"
    [1] failed: filtered (calls 1, attempts 1)
    [2] started: Section "Present"
    [2] answer 1 rejected: "key_points" is a required property; ask again
    [2] answered (calls 2, attempts 2)
    [3] started: Synthesis "synthesis"
    [3] answered (calls 1, attempts 1)
    run finished: 4 started = 3 answered + 1 failed + 0 cancelled (calls 5, attempts 5)
    "#);
}

#[tokio::test(start_paused = true)]
async fn a_planned_outline_is_never_longer_than_asked_for() {
    let mut planner = MockAgent::<OutlineTask, Outline>::new();
    planner
        .expect_answer()
        .once()
        .withf(|task, _| &*task.topic == "Topic" && task.sections == 2)
        .returning(|_, _| Ok(Answer::new(Outline::new(["A", "B", "C"]))));
    let sectioning = Sectioning::new(Plan::by(planner, TWO), writer(), editor());
    let outcome = sectioning
        .run("Topic", &RunOptions::default())
        .await
        .unwrap();
    assert_eq!(outcome.branches.len(), 2);
    assert_eq!(outcome.warnings[0].code, "outline-shortened");
    let roles: Vec<StepRole> = outcome.steps.iter().map(|it| it.role).collect();
    assert_eq!(roles, [StepRole::Outline, StepRole::Synthesis]);
    assert_eq!(outcome.counts.answered, 4);
}

#[tokio::test]
async fn as_many_sections_are_planned_as_are_asked_for() {
    let outline = |names: &[&str]| {
        let sections = names
            .iter()
            .map(|it| {
                serde_json::json!({"id": "", "title": it, "brief": "", "words": 0, "depends_on": []})
            });
        serde_json::json!({"sections": sections.collect::<Vec<_>>()}).to_string()
    };
    let section = r#"{"content": "Text.", "key_points": []}"#;
    for wrong in [&["A"][..], &[], &["A", "B", "C"], &["A", "a"], &["A", " "]] {
        let model = Arc::new(ScriptedModel::new([
            outline(wrong),
            outline(&["A", "B"]),
            section.to_owned(),
            section.to_owned(),
            r#"{"summary": "All."}"#.to_owned(),
        ]));
        let agents = AgentOptions::default();
        let plan = Plan::with_model(model.clone(), TWO, &agents);
        let sectioning = Sectioning::with_model(plan, model.clone(), &agents);
        let run = sectioning.run("Topic", &RunOptions::default()).await;
        let outcome = run.unwrap();
        assert_eq!(outcome.value.unwrap().section_count, 2, "{wrong:?}");
        assert!(outcome.warnings.is_empty(), "{wrong:?}");
        assert_eq!(model.requests().len(), 5, "{wrong:?} is asked for again");
    }
}

#[tokio::test]
async fn without_an_outline_nothing_is_written() {
    let mut planner = MockAgent::<OutlineTask, Outline>::new();
    planner
        .expect_answer()
        .returning(|_, _| Err(failure(ModelErrorKind::Truncated)));
    let mut section = MockAgent::<SectionTask, String>::new();
    section.expect_answer().never();
    let sectioning = Sectioning::new(Plan::by(planner, TWO), section, editor());
    let outcome = sectioning
        .run("Topic", &RunOptions::default())
        .await
        .unwrap();
    let error = outcome.value.unwrap_err();
    assert_eq!(error.kind(), AggregateErrorKind::StepFailed);
    assert_eq!(error.to_string(), "a step that the result needs has failed");
    assert_eq!((outcome.counts.started, outcome.counts.failed), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_failed_synthesis_keeps_the_sections() {
    let mut editor = MockAgent::<SynthesisTask<String>, String>::new();
    editor
        .expect_answer()
        .returning(|_, _| Err(failure(ModelErrorKind::ContextTooLong)));
    let sectioning = Sectioning::new(["A", "B"], writer(), editor);
    let outcome = sectioning
        .run("Topic", &RunOptions::default())
        .await
        .unwrap();
    assert_eq!(
        outcome.value.unwrap_err().kind(),
        AggregateErrorKind::StepFailed
    );
    assert!(
        outcome
            .branches
            .iter()
            .all(|branch| branch.value().is_some())
    );
}

#[tokio::test]
async fn what_cannot_be_run_is_refused_before_anything_is_asked() {
    let check = async |topic: &str, sections: &[&str], expected: RunError| {
        let (mut section, mut synthesis) = (MockAgent::new(), MockAgent::new());
        section.expect_answer().never();
        synthesis.expect_answer().never();
        let plan = sections.to_vec();
        let sectioning = Sectioning::<String, String>::new(plan, section, synthesis);
        let error = sectioning
            .run(topic, &RunOptions::default())
            .await
            .unwrap_err();
        assert_eq!(error, expected);
    };
    check(" ", &["A"], RunError::NoInput("the topic is empty")).await;
    check("T", &[], RunError::NoInput("no section is given")).await;
    for (sections, wrong) in [
        (&["A", "B", " a"][..], "two sections have the title \"a\""),
        (&["A", ""], "section 2 has no title"),
    ] {
        let wrong = RunError::Part(format!("the outline is not right: {wrong}"));
        check("T", sections, wrong).await;
    }
}
