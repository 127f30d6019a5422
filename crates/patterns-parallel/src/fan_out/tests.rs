//! The driver, run on machines that are made up: every branch that begins ends once, whatever happens.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use patterns_core::{Counts, ModelError, Steering};
use patterns_testkit::EventLog;
use proptest::prelude::*;

use super::*;
use crate::FailurePolicy;

/// One branch of a made-up machine.
#[derive(Clone, Debug)]
struct Item {
    seconds: u64,
    result: Result<(), ModelErrorKind>,
    role: StepRole,
    /// The branches under way that nobody needs once this has ended, by how far behind they began.
    needless: Vec<usize>,
    /// Whether it is due only when something before it has ended.
    waits: bool,
}

/// Hands out its items in order and remembers everything.
struct Script {
    items: Vec<Item>,
    next: usize,
    open: BTreeSet<BranchId>,
    needless: BTreeSet<BranchId>,
    ends: BTreeMap<BranchId, &'static str>,
    counts: Counts,
    has_news: bool,
}

impl Machine for Script {
    type Work = Item;
    type Done = ();
    type Purpose = BranchId;

    fn due(&mut self, id: BranchId, _: &mut Context<'_>) -> Poll<Option<Due<Item, BranchId>>> {
        let Some(item) = self.items.get(self.next).cloned() else {
            return Poll::Ready(None);
        };
        if item.waits && !self.has_news && !self.open.is_empty() {
            return Poll::Pending;
        }
        assert_eq!(id.0 as usize, self.next, "numbers are given in order");
        self.has_news = false;
        self.next += 1;
        self.open.insert(id);
        Poll::Ready(Some(Due {
            role: item.role,
            label: id.0.to_string(),
            purpose: id,
            work: item,
        }))
    }

    fn ended(&mut self, purpose: BranchId, branch: Branch<()>) -> Vec<BranchId> {
        assert_eq!(purpose, branch.id, "what it is for comes back with it");
        assert!(self.open.remove(&branch.id), "it ends once, and had begun");
        self.has_news = true;
        self.counts.add(&branch.end);
        let end = match branch.end {
            BranchEnd::Answered(()) => "answered",
            BranchEnd::Failed(_) => "failed",
            BranchEnd::Cancelled => "cancelled",
        };
        if self.needless.contains(&branch.id) {
            assert_eq!(end, "cancelled", "nobody waits for what is needless");
        }
        self.ends.insert(branch.id, end);
        let item = &self.items[branch.id.0 as usize];
        let needless = item.needless.iter().map(|n| branch.id.0 + *n as u64);
        let needless: Vec<BranchId> = needless.map(BranchId).collect();
        let open = needless.iter().filter(|id| self.open.contains(id));
        self.needless.extend(open.copied());
        needless
    }

    fn total(&self) -> Option<u64> {
        let is_branch = |it: &&Item| !is_step(it.role);
        Some(self.items.iter().filter(is_branch).count() as u64)
    }
}

fn script(items: Vec<Item>) -> Script {
    Script {
        items,
        next: 0,
        open: BTreeSet::new(),
        needless: BTreeSet::new(),
        ends: BTreeMap::new(),
        counts: Counts::default(),
        has_news: false,
    }
}

/// How a run of a script went.
struct Ran {
    script: Script,
    stop: Option<Stop>,
    peak: usize,
    log: Arc<EventLog>,
}

/// Runs a script in simulated time; it is drained after so many branches.
fn run(items: Vec<Item>, bound: usize, on_failure: FailurePolicy, drain_after: usize) -> Ran {
    let log = Arc::new(EventLog::default());
    let options = RunOptions {
        concurrency: NonZeroUsize::new(bound).unwrap(),
        on_failure,
        events: log.clone(),
        ..RunOptions::default()
    };
    let script = script(items);
    let (in_flight, peak) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let (in_flight, peak) = (&in_flight, &peak);
    let mut fan_out = FanOut::new(script, &options, |item: Item, _origin| {
        Box::pin(async move {
            let _place = Place::take(in_flight, peak);
            tokio::time::sleep(Duration::from_secs(item.seconds)).await;
            item.result
                .map(Answer::new)
                .map_err(|kind| ModelError::new(kind).into())
        })
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    let mut ended = 0;
    runtime.unwrap().block_on(async {
        while fan_out.next().await.is_some() {
            ended += 1;
            let (begun, ends) = (fan_out.machine.next, fan_out.machine.ends.len());
            assert!(begun <= ends + bound, "{begun} begun, {ends} ended");
            if ended == drain_after {
                options.drain.cancel();
            }
        }
    });
    let (script, stop) = (fan_out.machine, fan_out.stop);
    Ran {
        script,
        stop,
        peak: peak.load(Ordering::Relaxed),
        log,
    }
}

/// A place in flight, as long as it is not dropped.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(in_flight: &'a AtomicUsize, peak: &AtomicUsize) -> Self {
        let now = in_flight.fetch_add(1, Ordering::Relaxed) + 1;
        peak.fetch_max(now, Ordering::Relaxed);
        Self(in_flight)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn item() -> impl Strategy<Value = Item> {
    let result = prop_oneof![
        8 => Just(Ok(())),
        2 => Just(Err(ModelErrorKind::Refused)),
        1 => Just(Err(ModelErrorKind::NotSent)),
        1 => Just(Err(ModelErrorKind::Unauthorized)),
    ];
    let role = prop_oneof![4 => Just(StepRole::Map), 1 => Just(StepRole::Reduce)];
    let needless = prop::collection::vec(0..6_usize, 0..3);
    let waits = any::<bool>();
    (0..5_u64, result, role, needless, waits).prop_map(
        |(seconds, result, role, needless, waits)| Item {
            seconds,
            result,
            role,
            needless,
            waits,
        },
    )
}

fn policy() -> impl Strategy<Value = FailurePolicy> {
    prop_oneof![
        3 => Just(FailurePolicy::KeepGoing),
        1 => Just(FailurePolicy::FailFast),
        1 => (0.0..1.0).prop_map(FailurePolicy::AtMost),
    ]
}

proptest! {
    #[test]
    fn every_branch_ends_once_in_whatever_order_branches_end(
        items in prop::collection::vec(item(), 0..40),
        bound in 1..6_usize,
        on_failure in policy(),
        drain_after in 0..80_usize,
    ) {
        let all = items.len();
        let ran = run(items, bound, on_failure, drain_after);
        let counts = ran.script.counts;
        prop_assert_eq!(counts.started as usize, ran.script.next);
        prop_assert_eq!(counts.started, counts.answered + counts.failed + counts.cancelled);
        prop_assert!(ran.script.open.is_empty());
        prop_assert!(ran.peak <= bound);
        // Without trouble, nothing is left undone.
        if ran.stop.is_none() {
            prop_assert_eq!(ran.script.next, all);
        }
        let told = |is: fn(&Event) -> bool| ran.log.events().iter().filter(|it| is(it)).count() as u64;
        let started = told(|it| matches!(it, Event::BranchStarted { .. }));
        let answered = told(|it| matches!(it, Event::BranchAnswered { .. }));
        let failed = told(|it| matches!(it, Event::BranchFailed { .. }));
        let cancelled = told(|it| matches!(it, Event::BranchCancelled { .. }));
        prop_assert_eq!(
            (started, answered, failed, cancelled),
            (counts.started, counts.answered, counts.failed, counts.cancelled)
        );
    }
}

fn plain(seconds: u64) -> Item {
    Item {
        seconds,
        result: Ok(()),
        role: StepRole::Map,
        needless: Vec::new(),
        waits: false,
    }
}

#[test]
fn what_nobody_needs_is_cancelled_and_its_place_is_free() {
    let first = Item {
        needless: vec![1, 2],
        ..plain(1)
    };
    let items = vec![first, plain(9), plain(9), plain(1)];
    let ran = run(items, 3, FailurePolicy::KeepGoing, 0);
    let ends: Vec<&str> = ran.script.ends.into_values().collect();
    assert_eq!(ends, ["answered", "cancelled", "cancelled", "answered"]);
    assert_eq!(ran.stop, None);
}

#[test]
fn a_step_that_fails_counts_for_no_share_of_failures() {
    let step = Item {
        role: StepRole::Reduce,
        result: Err(ModelErrorKind::Refused),
        ..plain(1)
    };
    let items = vec![step, plain(2), plain(3)];
    let ran = run(items.clone(), 1, FailurePolicy::AtMost(0.0), 0);
    assert_eq!((ran.stop, ran.script.counts.started), (None, 3));
    let ran = run(items, 1, FailurePolicy::FailFast, 0);
    assert_eq!(
        (ran.stop, ran.script.counts.started),
        (Some(Stop::Policy), 1)
    );
}

/// Runs five branches of ten seconds each while somebody steers; returns at which second each began.
fn steered(bound: usize, steer: impl AsyncFnOnce(Steering)) -> Vec<u64> {
    let options = RunOptions {
        concurrency: NonZeroUsize::new(bound).unwrap(),
        ..RunOptions::default()
    };
    let script = script((0..5).map(|_| plain(10)).collect());
    let began = std::sync::Mutex::new(Vec::new());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    runtime.unwrap().block_on(async {
        let start = tokio::time::Instant::now();
        let fan_out = FanOut::new(script, &options, |item: Item, _| {
            began.lock().unwrap().push(start.elapsed().as_secs());
            Box::pin(async move {
                tokio::time::sleep(Duration::from_secs(item.seconds)).await;
                Ok(Answer::new(()))
            })
        });
        let ended = fan_out.count();
        let (ended, ()) = tokio::join!(ended, steer(options.steering.clone()));
        assert_eq!(ended, 5);
    });
    began.into_inner().unwrap()
}

async fn after(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

#[test]
fn a_run_that_is_paused_begins_nothing_until_it_goes_on() {
    let began = steered(2, async |steering| {
        after(5).await;
        steering.pause();
        // What was in flight has long ended, and nothing else wakes the run.
        after(60).await;
        steering.go_on();
    });
    assert_eq!(began, [0, 0, 65, 65, 75]);
}

#[test]
fn another_bound_holds_at_once() {
    let most = |it| NonZeroUsize::new(it).unwrap();
    let began = steered(1, async |steering| {
        after(5).await;
        steering.set_concurrency(most(3));
        after(1).await;
        steering.set_concurrency(most(1));
    });
    assert_eq!(began, [0, 5, 5, 15, 25]);
}
