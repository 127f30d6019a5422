//! The branches of runs, counted.

use patterns_core::{AgentErrorKind, Event, EventSink, StepRole, Usage};
use patterns_store::Recorder;

use super::how_runs_go::{begun, origin};
use super::*;

#[tokio::test]
async fn the_branches_of_a_session_are_counted_by_what_they_are_for_and_how_they_ended() {
    let store = Store::in_memory().unwrap();
    let run = begun(&store, 1).await;
    let recorder = Recorder::new(&store, &run).unwrap();
    let usage = Usage::default();
    for branch in 0..10 {
        let role = match branch {
            0 | 9 => StepRole::Synthesis,
            _ => StepRole::Section,
        };
        let (origin, label) = (origin(branch), "a".to_owned());
        recorder.emit(Event::BranchStarted {
            origin,
            role,
            label,
        });
        match branch {
            0..=3 => recorder.emit(Event::BranchAnswered { origin, usage }),
            4 | 5 => recorder.emit(Event::BranchFailed {
                origin,
                kind: AgentErrorKind::Code,
                usage,
            }),
            6 => recorder.emit(Event::BranchCancelled { origin, usage }),
            _ => {}
        }
    }
    store.flush().await.unwrap();
    let counts = store.branch_counts(run.id, 1).unwrap();
    let counted: Vec<_> = counts
        .iter()
        .map(|it| (it.role, it.begun, it.answered, it.failed, it.cancelled))
        .collect();
    let (synthesis, section) = (StepRole::Synthesis, StepRole::Section);
    assert_eq!(counted, [(synthesis, 2, 1, 0, 0), (section, 8, 3, 2, 1)]);
}
