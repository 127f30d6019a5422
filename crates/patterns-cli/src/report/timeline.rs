//! When each step of a sectioning run began and ended, read from events as they come: a store or a test
//! has no use for it, so it is in no outcome.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use patterns_core::{BranchId, Event, StepRole};
use patterns_parallel::sectioning::SectionBrief;
use serde::Serialize;

/// The steps of a sectioning run.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    begun: Option<Instant>,
    steps: BTreeMap<BranchId, Step>,
}

#[derive(Debug)]
struct Step {
    role: StepRole,
    label: String,
    begun: Instant,
    ended: Option<Instant>,
}

impl Step {
    fn took(&self) -> Duration {
        self.ended.map_or(Duration::ZERO, |it| it - self.begun)
    }
}

/// How long a piece took, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct SectionTimes {
    /// Until the first section was there.
    pub(crate) first: f64,
    /// Until all of it was.
    pub(crate) whole: f64,
    /// What cannot be faster, whatever runs at the same time: each step waits for those before it.
    pub(crate) longest_chain: f64,
    /// All steps, one after the other.
    pub(crate) sum: f64,
}

impl Timeline {
    /// Takes one event.
    pub(super) fn add(&mut self, event: &Event) {
        let now = Instant::now();
        match event {
            Event::RunStarted { .. } => self.begun = Some(now),
            Event::BranchStarted {
                origin,
                role,
                label,
            } if is_of_a_piece(*role) => {
                let step = Step {
                    role: *role,
                    label: label.clone(),
                    begun: now,
                    ended: None,
                };
                self.steps.insert(origin.branch, step);
            }
            Event::BranchAnswered { origin, .. }
            | Event::BranchFailed { origin, .. }
            | Event::BranchCancelled { origin, .. } => {
                if let Some(step) = self.steps.get_mut(&origin.branch) {
                    step.ended = Some(now);
                }
            }
            _ => {}
        }
    }

    /// Measures the run, whose sections build on each other like this.
    pub(super) fn times<'a>(&self, briefs: impl Iterator<Item = &'a SectionBrief>) -> SectionTimes {
        let is_section = |it: &&Step| it.role == StepRole::Section;
        let took = |title: &str| {
            let mut sections = self.steps.values().filter(is_section);
            let found = sections.find(|it| it.label == title);
            found.map_or(Duration::ZERO, Step::took)
        };
        let sections: Vec<(&SectionBrief, Duration)> =
            briefs.map(|it| (it, took(&it.title))).collect();
        let since = |it: Option<Instant>| match (self.begun, it) {
            (Some(begun), Some(it)) => it - begun,
            _ => Duration::ZERO,
        };
        let ends = self.steps.values().filter(is_section);
        let first = ends.filter_map(|it| it.ended).min();
        let last = self.steps.values().filter_map(|it| it.ended).max();
        let chain = longest_chain(&sections) + self.around();
        let sum: Duration = self.steps.values().map(Step::took).sum();
        SectionTimes {
            first: seconds(since(first)),
            whole: seconds(since(last)),
            longest_chain: seconds(chain),
            sum: seconds(sum),
        }
    }

    /// Returns how long the steps around the sections took, where those that write again are at work at
    /// the same time.
    fn around(&self) -> Duration {
        let (mut all, mut longest) = (Duration::ZERO, Duration::ZERO);
        for step in self.steps.values() {
            match step.role {
                StepRole::Section => {}
                StepRole::Rewrite => longest = longest.max(step.took()),
                _ => {
                    all += longest + step.took();
                    longest = Duration::ZERO;
                }
            }
        }
        all + longest
    }
}

fn is_of_a_piece(role: StepRole) -> bool {
    match role {
        StepRole::Outline
        | StepRole::Section
        | StepRole::Review
        | StepRole::Rewrite
        | StepRole::Synthesis => true,
        StepRole::Ballot | StepRole::Judge | StepRole::Map | StepRole::Reduce => false,
    }
}

/// Returns a time in seconds, to the millisecond.
pub(super) fn seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 1_000.0).round() / 1_000.0
}

/// Returns how long the longest chain of sections took that build on each other: the least time in which
/// all of them can be written.
fn longest_chain(sections: &[(&SectionBrief, Duration)]) -> Duration {
    let mut ends: BTreeMap<&str, Duration> = BTreeMap::new();
    // What builds on each other has no circle, so every round finds the end of one more.
    for _ in sections {
        for (brief, took) in sections {
            let inputs = brief.depends_on.iter();
            let begun = inputs.filter_map(|it| ends.get(it.as_str()).copied()).max();
            ends.insert(&brief.id, begun.unwrap_or_default() + *took);
        }
    }
    ends.into_values().max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_waits_for_those_before_it() {
        let begun = Instant::now();
        let at = |seconds: u64| begun + Duration::from_secs(seconds);
        let mut timeline = Timeline {
            begun: Some(begun),
            ..Timeline::default()
        };
        for (id, role, label, from, to) in [
            (0, StepRole::Outline, "outline", 0, 2),
            (1, StepRole::Section, "a", 2, 5),
            (2, StepRole::Section, "b", 2, 3),
            (3, StepRole::Section, "c", 5, 9),
            (4, StepRole::Review, "review", 9, 10),
            (5, StepRole::Rewrite, "a (again)", 10, 12),
            (6, StepRole::Rewrite, "b (again)", 10, 11),
            (7, StepRole::Synthesis, "synthesis", 12, 13),
        ] {
            let step = Step {
                role,
                label: label.to_owned(),
                begun: at(from),
                ended: Some(at(to)),
            };
            timeline.steps.insert(BranchId(id), step);
        }
        let brief = |id: &str, after: &[&str]| SectionBrief {
            id: id.to_owned(),
            ..SectionBrief::named(id).after(after.iter().copied())
        };
        let briefs = [brief("a", &[]), brief("b", &[]), brief("c", &["a"])];
        let expected = SectionTimes {
            first: 3.0,
            whole: 13.0,
            longest_chain: 13.0,
            sum: 15.0,
        };
        assert_eq!(timeline.times(briefs.iter()), expected);
    }

    #[test]
    fn the_longest_chain_goes_through_what_is_built_on() {
        let brief = |id: &str, after: &[&str]| SectionBrief {
            id: id.to_owned(),
            ..SectionBrief::named(id).after(after.iter().copied())
        };
        let briefs = [
            (brief("d", &["b", "c"]), 1),
            (brief("a", &[]), 2),
            (brief("b", &["a"]), 3),
            (brief("c", &[]), 4),
        ];
        let sections: Vec<_> = briefs
            .iter()
            .map(|(brief, seconds)| (brief, Duration::from_secs(*seconds)))
            .collect();
        assert_eq!(longest_chain(&sections), Duration::from_secs(6));
    }
}
