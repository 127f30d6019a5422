//! Bounds of what sections decide while they are written.

use std::num::NonZeroU16;
use std::sync::Arc;

use super::*;
use crate::job::{GrowPart, SectionJob};
use crate::models::Models;
use crate::setup::{Settings, Setup};

fn draft(schema: &str) -> &'static str {
    let answers = [
        (
            "is_step_by_step",
            r#"{"points": ["A"], "is_step_by_step": true}"#,
        ),
        (
            "depends_on",
            r#"{"sections": [{"id": "s", "title": "T", "brief": "B", "words": 90, "depends_on": []}]}"#,
        ),
        (
            "further_sections",
            r#"{"content": "C.", "key_points": [], "further_sections": []}"#,
        ),
        ("key_points", r#"{"content": "C.", "key_points": []}"#),
    ];
    let found = answers.iter().find(|it| schema.contains(it.0));
    found.map_or(r#"{"summary": "S."}"#, |it| it.1)
}

#[tokio::test]
async fn what_sections_may_decide_is_between_its_bounds() {
    let job = SectionJob {
        plan: NonZeroU16::new(4),
        gate: true,
        grow: Some(GrowPart {
            max_sections: NonZeroU16::new(6),
            max_depth: None,
        }),
        consistency: true,
        ..SectionJob::new("Tides")
    };
    let job = Job::Section(Box::new(job));
    let with = PlanSetup {
        setup: Setup {
            models: Models::new("offline", Arc::new(patterns_offline::Offline::new())),
            settings: Settings::of(&job, 1),
            events: Arc::new(()),
            drain: tokio_util::sync::CancellationToken::new(),
        },
        store: None,
        draft: Arc::new(|schema: &str, n| Some(draft(schema).replace("C.", &format!("C{n}.")))),
        requests_per_minute: None,
        tokens_per_minute: None,
    };
    let plan = job.plan(&with, &Reader::new()).await.unwrap();
    let calls = plan.stages.iter().map(|it| {
        let calls = it.calls;
        (it.stage.as_str(), calls.low, calls.likely, calls.high)
    });
    let mut calls: Vec<_> = calls.collect();
    calls.sort_unstable();
    assert_eq!(
        calls,
        [
            ("outline", 1, 2, 2),
            ("review", 0, 1, 2),
            ("rewrite", 0, 0, 12),
            ("section", 1, 4, 6),
            ("synthesis", 0, 1, 1),
        ],
        "{:?}",
        plan.warnings
    );
    let not_known = "sections may ask for further ones: ";
    let said = plan.warnings.iter().any(|it| it.starts_with(not_known));
    assert!(said, "{:?}", plan.warnings);
}
