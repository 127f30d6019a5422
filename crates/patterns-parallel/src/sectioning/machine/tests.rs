//! Tests what is due when, whichever sections fail and however long they take.

mod review;

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::task::Waker;

use patterns_core::{AgentError, AggregateErrorKind, BranchEnd, ModelError, ModelErrorKind, Usage};
use patterns_testkit::{MockAgent, ScriptedModel};
use proptest::prelude::*;

use super::*;
use crate::AgentOptions;
use crate::sectioning::review::Issue;
use crate::sectioning::{Growth, Plan, Section, SectionBrief};

type Pattern = Sectioning<String, String>;

/// A piece under way, and what its branches are for.
struct Piece<'a> {
    machine: SectioningMachine<'a, String, String>,
    purposes: BTreeMap<u64, Option<usize>>,
}

impl<'a> Piece<'a> {
    fn new(
        topic: &str,
        pattern: &'a Pattern,
        given: Option<Outline>,
        options: &'a RunOptions,
    ) -> Self {
        Self {
            machine: SectioningMachine::new(topic.into(), pattern, given, options),
            purposes: BTreeMap::new(),
        }
    }

    fn outcome(self, stop: Option<Stop>) -> Outcome<String, String> {
        self.machine.outcome(stop)
    }

    fn next_row(&mut self) -> Option<Branch<String>> {
        self.machine.next_row()
    }
}

fn pattern(plan: impl Into<Plan>) -> Pattern {
    let section = MockAgent::<SectionTask, String>::new();
    let synthesis = MockAgent::<SynthesisTask<String>, String>::new();
    Sectioning::new(plan, section, synthesis)
}

/// A model that nobody asks here.
fn silent() -> Arc<ScriptedModel> {
    Arc::new(ScriptedModel::new(Vec::<String>::new()))
}

fn planner() -> Plan {
    let planner = MockAgent::<OutlineTask, Outline>::new();
    Plan::by(
        planner,
        const { NonZeroUsize::new(2).expect("2 is not zero") },
    )
}

fn begin<'a>(pattern: &'a Pattern, options: &'a RunOptions) -> Piece<'a> {
    let given = match &pattern.plan {
        Plan::Given(outline) => Some(outline.clone().checked().unwrap()),
        Plan::Ask { .. } => None,
    };
    Piece::new("Tides", pattern, given, options)
}

/// Returns what is due, or how it stands if nothing is.
fn next_work<'a>(
    piece: &mut Piece<'a>,
    id: u64,
) -> Result<Due<Work<'a, String, String>, Option<usize>>, &'static str> {
    let mut cx = Context::from_waker(Waker::noop());
    match piece.machine.due(BranchId(id), &mut cx) {
        Poll::Ready(Some(due)) => {
            piece.purposes.insert(id, due.purpose);
            Ok(due)
        }
        Poll::Ready(None) => Err("over"),
        Poll::Pending => Err("pending"),
    }
}

/// Returns the label of what is due, or how it stands if nothing is.
fn next(piece: &mut Piece<'_>, id: u64) -> String {
    match next_work(piece, id) {
        Ok(due) => match due.work {
            Work::Synthesis(_, task) => {
                let written: Vec<&str> = task.written().map(|it| it.1.as_str()).collect();
                format!("synthesis of {written:?} without {:?}", task.missing())
            }
            Work::Review(_, task) => {
                let read: Vec<&str> = task.sections.iter().map(|it| &*it.id).collect();
                format!("review of {read:?}")
            }
            _ => due.label,
        },
        Err(state) => state.to_owned(),
    }
}

/// Returns the section that is due, and what it is called.
fn next_section(piece: &mut Piece<'_>, id: u64) -> (String, Box<SectionTask>) {
    let Ok(Due {
        work: Work::Section(_, task),
        label,
        ..
    }) = next_work(piece, id)
    else {
        panic!("no section is due");
    };
    (label, task)
}

fn end(piece: &mut Piece<'_>, id: u64, role: StepRole, end: BranchEnd<Done<String, String>>) {
    let branch = Branch {
        id: BranchId(id),
        role,
        label: format!("branch {id}"),
        usage: Usage::default(),
        end,
        columns: None,
    };
    let purpose = piece.purposes.remove(&id).expect("it has begun");
    let needless = piece.machine.ended(purpose, branch);
    assert!(needless.is_empty());
}

fn written(text: &str) -> BranchEnd<Done<String, String>> {
    BranchEnd::Answered(Done::Section(text.to_owned()))
}

fn failed<D>() -> BranchEnd<D> {
    BranchEnd::Failed(AgentError::from(ModelError::new(ModelErrorKind::Refused)))
}

#[test]
fn the_synthesis_is_due_once_all_sections_have_ended() {
    let (pattern, options) = (pattern(["a", "b", "c"]), RunOptions::default());
    let mut it = begin(&pattern, &options);
    let begun = [0, 1, 2, 3].map(|id| next(&mut it, id));
    assert_eq!(begun, ["a", "b", "c", "pending"]);
    end(&mut it, 2, StepRole::Section, written("third"));
    end(&mut it, 1, StepRole::Section, failed());
    assert_eq!(next(&mut it, 9), "pending");
    end(&mut it, 0, StepRole::Section, written("first"));
    assert_eq!(
        next(&mut it, 3),
        r#"synthesis of ["first", "third"] without ["b"]"#
    );
    assert_eq!(next(&mut it, 9), "pending");
    let whole = BranchEnd::Answered(Done::Synthesis("whole".to_owned()));
    end(&mut it, 3, StepRole::Synthesis, whole);
    assert_eq!(next(&mut it, 9), "over");
    let rows = std::iter::from_fn(|| it.next_row());
    assert_eq!(rows.map(|it| it.id.0).collect::<Vec<_>>(), [0, 1, 2]);
    let outcome = it.outcome(None);
    assert_eq!(outcome.value.unwrap(), "whole");
    assert_eq!((outcome.counts.started, outcome.counts.failed), (4, 1));
}

#[test]
fn no_more_sections_are_written_than_were_asked_for() {
    let (pattern, options) = (pattern(planner()), RunOptions::default());
    let mut it = begin(&pattern, &options);
    assert_eq!([0, 1].map(|id| next(&mut it, id)), ["outline", "pending"]);
    let b = SectionBrief::named("b").after(["c"]);
    let outline = Outline::new(["a".into(), b, SectionBrief::named("c")]);
    let planned = BranchEnd::Answered(Done::Outline(outline));
    end(&mut it, 0, StepRole::Outline, planned);
    assert_eq!(it.machine.total(), Some(2));
    assert_eq!([1, 2, 3].map(|id| next(&mut it, id)), ["a", "b", "pending"]);
    assert_eq!(it.outcome(None).warnings[0].code, "outline-shortened");
}

#[test]
fn an_outline_that_is_not_right_is_not_written() {
    let (pattern, options) = (pattern(planner()), RunOptions::default());
    let mut it = begin(&pattern, &options);
    assert_eq!(next(&mut it, 0), "outline");
    let outline = Outline::new([SectionBrief::named("a").after(["a"])]);
    let planned = BranchEnd::Answered(Done::Outline(outline));
    end(&mut it, 0, StepRole::Outline, planned);
    assert_eq!(next(&mut it, 1), "over");
    let error = it.outcome(None).value.unwrap_err();
    assert_eq!(error.kind(), AggregateErrorKind::StepFailed);
}

#[test]
fn why_there_is_no_synthesis_is_said() {
    use AggregateErrorKind::{Drained, NothingAnswered, StepFailed, TooManyFailures};
    let (pattern, options) = (pattern(["a"]), RunOptions::default());
    let begin = || {
        let mut it = begin(&pattern, &options);
        assert_eq!(next(&mut it, 0), "a");
        it
    };
    let kind = |it: Piece<'_>, stop| it.outcome(stop).value.unwrap_err().kind();
    let mut it = begin();
    end(&mut it, 0, StepRole::Section, failed());
    assert_eq!(next(&mut it, 9), "over");
    assert_eq!(kind(it, None), NothingAnswered);
    let mut it = begin();
    end(&mut it, 0, StepRole::Section, failed());
    assert_eq!(kind(it, Some(Stop::Policy)), TooManyFailures);
    assert_eq!(kind(begin(), Some(Stop::Drained)), Drained);
    let mut it = begin();
    end(&mut it, 0, StepRole::Section, written("first"));
    next(&mut it, 1);
    end(&mut it, 1, StepRole::Synthesis, failed());
    assert_eq!(next(&mut it, 9), "over");
    assert_eq!(kind(it, None), StepFailed);
}

/// Reads an answer whose words are further sections.
fn asking(text: &String) -> Section {
    Section {
        further_sections: text.split_whitespace().map(SectionBrief::named).collect(),
        ..Section::of_json(format!("{text:?}"))
    }
}

#[test]
fn an_outline_grows_within_its_bounds_below_the_section_that_asks() {
    let mut pattern = pattern(["a", "b"]);
    let growth = Growth {
        max_sections: 5,
        max_depth: 1,
    };
    pattern.growth = Some(growth);
    pattern.read = asking;
    let options = RunOptions::default();
    let mut it = begin(&pattern, &options);
    assert_eq!([0, 1].map(|id| next(&mut it, id)), ["a", "b"]);
    end(&mut it, 1, StepRole::Section, written("b1 A b2"));
    assert!(it.next_row().is_none(), "a comes first");
    assert_eq!([2, 3].map(|id| next(&mut it, id)), ["b1", "b2"]);
    end(&mut it, 0, StepRole::Section, written("a1 a2"));
    let (label, task) = next_section(&mut it, 4);
    assert_eq!((label.as_str(), task.parent.as_deref()), ("a1", Some("a")));
    assert_eq!((task.brief.id.as_str(), task.may_grow), ("a.1", false));
    assert_eq!(task.inputs[0].summary.as_deref(), Some("\"a1 a2\""));
    for id in [3, 2, 4] {
        end(&mut it, id, StepRole::Section, written("deeper"));
    }
    assert_eq!(
        next(&mut it, 5),
        r#"synthesis of ["a1 a2", "deeper", "b1 A b2", "deeper", "deeper"] without []"#
    );
    let rows = std::iter::from_fn(|| it.next_row());
    assert_eq!(rows.map(|it| it.id.0).collect::<Vec<_>>(), [0, 4, 1, 2, 3]);
    let told = it.outcome(None).warnings.into_iter();
    let told: Vec<String> = told.map(|it| it.message).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    1 of 2 sections that "a" asked for are not written: there are 5 at most, to a depth of 1
    1 of 1 sections that "b2" asked for are not written: there are 5 at most, to a depth of 1
    1 of 1 sections that "b1" asked for are not written: there are 5 at most, to a depth of 1
    1 of 1 sections that "a1" asked for are not written: there are 5 at most, to a depth of 1
    "#);
}

#[test]
fn sections_that_a_section_asks_for_have_ids_of_their_own() {
    let mut pattern = pattern(["a", "b"]);
    pattern.growth = Some(Growth::default());
    pattern.read = asking;
    let given = Outline::new(["a", "b"].map(SectionBrief::named));
    let mut given = given.checked().unwrap();
    given.sections[1].id = "a.1".to_owned();
    let options = RunOptions::default();
    let mut it = Piece::new("Tides", &pattern, Some(given), &options);
    next(&mut it, 0);
    end(&mut it, 0, StepRole::Section, written("c d"));
    let dag = &it.machine.dag;
    let ids = dag.order().iter().map(|n| dag.node(*n).brief.id.as_str());
    assert_eq!(ids.collect::<Vec<_>>(), ["a", "a.2", "a.3", "a.1"]);
    let left = it.outcome(Some(Stop::Drained)).warnings;
    assert_eq!(left[0].message, r#"not begun: "c", "d", "b""#);
}

#[test]
fn what_does_not_divide_is_one_section() {
    let verdict = |points: usize| {
        BranchEnd::Answered(Done::Gate(Verdict {
            points: (0..points).map(|n| format!("point {n}")).collect(),
            is_step_by_step: false,
        }))
    };
    let pattern = pattern(planner())
        .gated(silent(), &AgentOptions::default())
        .alone(|it| format!("whole: {it}"));
    let options = RunOptions::default();
    let mut it = begin(&pattern, &options);
    assert_eq!([0, 1].map(|id| next(&mut it, id)), ["gate", "pending"]);
    end(&mut it, 0, StepRole::Outline, verdict(3));
    assert_eq!(next(&mut it, 1), "outline");

    let mut it = begin(&pattern, &options);
    next(&mut it, 0);
    end(&mut it, 0, StepRole::Outline, verdict(2));
    assert_eq!([1, 2].map(|id| next(&mut it, id)), ["Tides", "pending"]);
    end(&mut it, 1, StepRole::Section, written("all of it"));
    assert_eq!(next(&mut it, 2), "over");
    let outcome = it.outcome(None);
    assert_eq!(outcome.value.unwrap(), "whole: all of it");
    assert_eq!(
        outcome.warnings[0].message,
        "the topic is written in a single call: it has fewer than 3 independent points (2)"
    );

    let given = None;
    let mut it = Piece::new("Prove it", &pattern, given, &options);
    assert_eq!(next(&mut it, 0), "Prove it", "without a call");
}

/// Sections with what they build on, in an order that is not that of the building.
fn outlines() -> impl Strategy<Value = Outline> {
    let links = prop::collection::vec(
        prop::collection::vec(any::<prop::sample::Index>(), 0..3),
        1..13,
    );
    links.prop_flat_map(|links| {
        let places: Vec<usize> = (0..links.len()).collect();
        Just(places).prop_shuffle().prop_map(move |places| {
            let mut sections = vec![SectionBrief::default(); places.len()];
            for (n, drawn) in links.iter().enumerate() {
                let earlier = drawn.iter().filter(|_| n > 0);
                let inputs = earlier.map(|it| format!("s{}", places[it.index(n.max(1))]));
                let title = format!("s{}", places[n]);
                sections[places[n]] = SectionBrief::named(title).after(inputs);
            }
            Outline::new(sections)
        })
    })
}

proptest! {
    /// However long each section takes, and whichever fail.
    #[test]
    fn no_section_before_its_inputs_each_once_and_failures_are_told(
        outline in outlines(),
        picks in prop::collection::vec((any::<prop::sample::Index>(), prop::bool::weighted(0.2)), 12),
        places in 1_usize..5,
    ) {
        let outline = outline.checked().unwrap();
        let (pattern, options) = (pattern(outline.clone()), RunOptions::default());
        let mut it = begin(&pattern, &options);
        let (mut running, mut begun) = (Vec::new(), Vec::new());
        let (mut good, mut bad) = (BTreeSet::new(), BTreeSet::new());
        let mut picks = picks.into_iter();
        loop {
            let mut last = None;
            while running.len() < places {
                match next_work(&mut it, begun.len() as u64) {
                    Ok(Due { work: Work::Section(_, task), .. }) => {
                        for input in &task.inputs {
                            let has_failed = bad.contains(&input.title);
                            prop_assert!(has_failed || good.contains(&input.title));
                            prop_assert_eq!(input.summary.is_none(), has_failed);
                        }
                        prop_assert_eq!(task.inputs.len(), task.brief.depends_on.len());
                        running.push((begun.len(), task.brief.title.clone()));
                        begun.push(task.brief.title.clone());
                    }
                    other => {
                        last = Some(other.is_ok());
                        break;
                    }
                }
            }
            let Some((pick, fails)) = (!running.is_empty()).then(|| picks.next()).flatten() else {
                // All failed, or a synthesis is due.
                prop_assert_eq!(last, Some(!good.is_empty()));
                break;
            };
            let (id, title) = running.remove(pick.index(running.len()));
            let how = if fails { failed() } else { written("text") };
            end(&mut it, id as u64, StepRole::Section, how);
            if fails { bad.insert(title) } else { good.insert(title) };
        }
        let once: BTreeSet<&String> = begun.iter().collect();
        prop_assert_eq!(begun.len(), outline.sections.len());
        prop_assert_eq!(once.len(), outline.sections.len());
        let told = it.outcome(None).warnings.into_iter();
        let told: BTreeSet<String> = told.map(|it| it.message).collect();
        for section in &outline.sections {
            let inputs = section.depends_on.iter();
            let misses = inputs.filter(|it| bad.contains(*it)).count();
            let start = format!("{:?} was written without", section.title);
            prop_assert_eq!(told.iter().any(|it| it.starts_with(&start)), misses > 0);
        }
    }
}
