//! How far runs are, by their events.

use patterns_core::{AgentErrorKind, BranchId, Pattern, RunId, Spend, Usage};

use super::*;

fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

fn origin(branch: u64) -> Origin {
    let branch = BranchId(branch);
    Origin {
        branch,
        ..Origin::default()
    }
}

fn begin(state: &mut ProgressState, branch: u64, role: StepRole) {
    let label = String::new();
    let origin = origin(branch);
    state.take(
        &Event::BranchStarted {
            origin,
            role,
            label,
        },
        seconds(0),
    );
}

fn send(state: &mut ProgressState, branch: u64, now: Duration) {
    let (origin, waited) = (origin(branch), Waits::default());
    state.take(&Event::AttemptSent { origin, waited }, now);
}

fn under_way() -> ProgressState {
    let mut state = ProgressState::default();
    let (run, pattern, branches) = (RunId(1), Pattern::MapReduce, Some(100));
    state.take(
        &Event::RunStarted {
            run,
            pattern,
            branches,
        },
        seconds(0),
    );
    (0..30).for_each(|it| begin(&mut state, it, StepRole::Map));
    begin(&mut state, 90, StepRole::Reduce);
    let usage = Usage::default();
    for branch in 0..9 {
        let origin = origin(branch);
        state.take(
            &Event::BranchAnswered { origin, usage },
            seconds(1 + branch),
        );
    }
    let (origin, kind) = (origin(9), AgentErrorKind::InvalidAnswer);
    state.take(
        &Event::BranchFailed {
            origin,
            kind,
            usage,
        },
        seconds(10),
    );
    state
}

fn spent(calls: u64, dollars: &str) -> Option<Spent> {
    let cost = dollars.parse().ok();
    Some(Spent {
        committed: Spend {
            cost,
            ..Spend::ZERO
        },
        reserved: Spend {
            calls,
            ..Spend::ZERO
        },
        ..Spent::default()
    })
}

#[test]
fn what_is_done_in_flight_and_waiting_adds_up() {
    let at = under_way().at(seconds(11), spent(4, "0.20"));
    assert_eq!((at.done, at.total, at.failed), (10, Some(100), 1));
    // 20 documents and a combination are under way, 4 of them with the provider.
    assert_eq!((at.in_flight, at.waiting), (4, 17));
    assert_eq!(at.stages.len(), 2);
    // 9 in the 10 seconds since the first.
    assert_eq!((at.per_second, at.seconds_left), (Some(0.9), Some(100.0)));
    let dollars = |it: Option<Money>| it.map(|it| it.to_string());
    assert_eq!(dollars(at.cost).as_deref(), Some("$0.20"));
    assert_eq!(dollars(at.projected_cost).as_deref(), Some("$2.00"));
}

#[test]
fn what_the_store_has_and_earlier_sessions_paid_says_nothing_of_what_follows() {
    let mut state = ProgressState::default();
    let (run, pattern, branches) = (RunId(1), Pattern::MapReduce, Some(1_000));
    let started = Event::RunStarted {
        run,
        pattern,
        branches,
    };
    state.take(&started, seconds(0));
    state.set_before(spent(0, "0.40").unwrap());
    let usage = Usage::default();
    for branch in 0..420 {
        begin(&mut state, branch, StepRole::Map);
        let origin = origin(branch);
        if branch < 400 {
            state.take(&Event::AnswerReused { origin }, seconds(0));
        } else {
            send(&mut state, branch, seconds(0));
        }
        let now = seconds(branch.saturating_sub(399));
        state.take(&Event::BranchAnswered { origin, usage }, now);
    }
    let at = state.at(seconds(20), spent(4, "0.42"));
    assert_eq!((at.done, at.from_store), (420, 400));
    // 580 are left, at one a second and a tenth of a cent each.
    assert_eq!((at.per_second, at.seconds_left), (Some(1.0), Some(580.0)));
    assert_eq!(at.projected_cost, "1".parse().ok());
}

#[test]
fn combinations_that_the_store_has_are_no_work() {
    let mut state = ProgressState::default();
    let usage = Usage::default();
    for branch in 0..40 {
        begin(&mut state, branch, StepRole::Reduce);
        let origin = origin(branch);
        if branch < 30 {
            state.take(&Event::AnswerReused { origin }, seconds(0));
        } else {
            send(&mut state, branch, seconds(0));
        }
        let now = seconds(branch.saturating_sub(29));
        state.take(&Event::BranchAnswered { origin, usage }, now);
    }
    assert_eq!(state.at(seconds(10), None).per_second, Some(1.0));
}

#[test]
fn what_was_cancelled_is_not_done() {
    let mut state = under_way();
    let usage = Usage::default();
    for branch in 10..30 {
        let origin = origin(branch);
        state.take(&Event::BranchCancelled { origin, usage }, seconds(11));
    }
    let at = state.at(seconds(11), spent(1, "0.20"));
    assert_eq!(
        (at.done, at.failed, at.cancelled, at.waiting),
        (10, 1, 20, 0)
    );
    // 70 are left, and nothing of what was cancelled.
    assert_eq!((at.per_second, at.seconds_left), (Some(0.9), Some(77.78)));
    assert_eq!(at.projected_cost, "1.60".parse().ok());
    assert_eq!(at.stages[0].1.ended, 30);
}

#[test]
fn a_batch_is_as_far_as_its_questions_are() {
    let mut state = ProgressState::default();
    state.set_questions(0, 60, seconds(0));
    (0..30).for_each(|it| begin(&mut state, it, StepRole::Ballot));
    let usage = Usage::default();
    for branch in 0..12 {
        let origin = origin(branch);
        state.take(&Event::BranchAnswered { origin, usage }, seconds(8));
    }
    let at = state.at(seconds(8), spent(4, "0.20"));
    assert_eq!(
        (at.done, at.total, at.unit),
        (0, Some(60), Some("questions".into()))
    );
    assert_eq!((at.per_second, at.seconds_left), (Some(1.5), None));
    assert_eq!(at.projected_cost, None);
    state.set_questions(3, 60, seconds(9));
    let at = state.at(seconds(10), spent(4, "0.30"));
    // 57 of 60, at 3 in 10 seconds and ten cents each.
    assert_eq!((at.done, at.seconds_left), (3, Some(190.0)));
    assert_eq!(at.projected_cost, "6".parse().ok());
}

#[test]
fn a_batch_that_is_resumed_goes_by_all_that_was_paid_and_by_the_pace_of_this_session() {
    let mut state = ProgressState::default();
    state.set_before(spent(0, "5.65").unwrap());
    // What was decided before is there in no time.
    state.set_questions(0, 200, seconds(0));
    state.set_questions(113, 200, seconds(1));
    begin(&mut state, 1, StepRole::Ballot);
    send(&mut state, 1, seconds(1));
    let usage = Usage::default();
    for branch in 2..9 {
        begin(&mut state, branch, StepRole::Ballot);
        let origin = origin(branch);
        state.take(&Event::BranchAnswered { origin, usage }, seconds(3));
    }
    state.set_questions(120, 200, seconds(3));
    let at = state.at(seconds(3), spent(4, "6"));
    // 80 are left, at 7 in two seconds and five cents each.
    assert_eq!((at.done, at.seconds_left), (120, Some(22.86)));
    assert_eq!(at.projected_cost, "10".parse().ok());
}

#[test]
fn the_plan_says_how_far_it_is_where_nothing_else_does() {
    let mut state = under_way();
    let plan = |state: &mut ProgressState| {
        state.set_planned(109, "2.50".parse().ok());
        state.at(seconds(11), spent(4, "0.20"))
    };
    // It is known how many documents there are, and that counts more.
    assert_eq!(plan(&mut state).seconds_left, Some(100.0));
    state.total = None;
    let at = plan(&mut state);
    assert_eq!((at.total, at.seconds_left), (None, Some(121.11)));
    assert_eq!(at.projected_cost, "2.50".parse().ok());
    // What has cost more than was planned is not foreseen.
    assert_eq!(state.at(seconds(11), spent(4, "2.60")).projected_cost, None);
}

#[test]
fn a_plan_of_this_session_is_of_what_earlier_ones_left() {
    let sent = |calls, dollars| {
        let mut spent = spent(4, dollars).unwrap();
        spent.committed.calls = calls;
        spent
    };
    for (is_of_this_session, left, cost) in [(true, 109, "5.50"), (false, 9, "2.50")] {
        let mut state = under_way();
        state.total = None;
        let plan = |state: &mut ProgressState| state.set_planned(119, "2.50".parse().ok());
        if is_of_this_session {
            plan(&mut state);
        }
        state.set_before(sent(100, "3"));
        if !is_of_this_session {
            plan(&mut state);
        }
        let spent = if is_of_this_session { "3.2" } else { "2.2" };
        let at = state.at(seconds(11), Some(sent(110, spent)));
        assert_eq!(at.seconds_left, Some(rounded(f64::from(left) / 0.9)));
        assert_eq!(at.projected_cost, cost.parse().ok());
    }
}

#[test]
fn what_is_within_a_branch_is_counted_beside_what_is_not() {
    let mut state = under_way();
    let within = |n| origin(BranchId(11).first_within().0 + n);
    let (role, label) = (StepRole::Ballot, String::new());
    for n in 0..3 {
        let (origin, label) = (within(n), label.clone());
        state.take_within(&Event::BranchStarted {
            origin,
            role,
            label,
        });
    }
    let usage = Usage::default();
    let kind = AgentErrorKind::InvalidAnswer;
    let origin = within(0);
    state.take_within(&Event::BranchFailed {
        origin,
        kind,
        usage,
    });
    let origin = within(1);
    state.take_within(&Event::BranchAnswered { origin, usage });
    let at = state.at(seconds(11), None);
    assert_eq!((at.done, at.failed, at.total), (10, 1, Some(100)));
    let count = StageCount {
        begun: 3,
        ended: 2,
        failed: 1,
        cancelled: 0,
    };
    assert_eq!(at.within, [("ballot".to_owned(), count)]);
}

#[test]
fn a_pause_ends_with_its_time_or_an_answer() {
    let mut state = under_way();
    state.pause("the provider asks to wait".to_owned(), Some(seconds(20)));
    assert!(state.at(seconds(19), None).paused.is_some());
    assert_eq!(state.at(seconds(20), None).paused, None);
    state.pause("it is down".to_owned(), None);
    assert!(state.at(seconds(99), None).paused.is_some());
    let (origin, usage) = (origin(11), Usage::default());
    state.take(&Event::BranchAnswered { origin, usage }, seconds(100));
    assert_eq!(state.at(seconds(100), None).paused, None);
}

#[test]
fn attempts_that_fail_in_a_row_are_a_reason_until_one_is_answered() {
    let mut state = under_way();
    let failed = Event::AttemptFailed {
        origin: origin(11),
        attempt: 1,
        kind: ModelErrorKind::Timeout,
        retry_in: seconds(1),
    };
    let ended = |error| Event::AttemptEnded {
        origin: origin(12),
        took: seconds(120),
        error,
    };
    state.take(&ended(Some("the call timed out".to_owned())), seconds(130));
    state.take(&failed, seconds(130));
    assert_eq!(state.at(seconds(131), None).paused, None);
    state.take(&failed, seconds(140));
    assert_eq!(
        state.at(seconds(141), None).paused.as_deref(),
        Some(
            "no answer to the last 2 attempts: the call timed out (--timeout gives more time to each)"
        )
    );
    state.pause("it is down".to_owned(), Some(seconds(150)));
    let paused = |at| state.at(seconds(at), None).paused;
    assert_eq!(paused(149).as_deref(), Some("it is down"));
    assert!(paused(150).is_some_and(|it| it.contains("timed out")));
    state.take(&ended(None), seconds(151));
    assert_eq!(state.at(seconds(152), None).paused, None);
}

#[test]
fn nothing_is_foreseen_of_what_is_not_known() {
    let state = ProgressState::default();
    let at = state.at(seconds(5), None);
    assert_eq!(
        (at.total, at.per_second, at.seconds_left),
        (None, None, None)
    );
    assert_eq!((at.cost, at.projected_cost), (None, None));
}

#[test]
fn what_calls_wait_for_is_said_as_long_as_they_do() {
    let mut state = under_way();
    let mut sent = |at, slot, rate| {
        let waited = Waits {
            slot: Duration::from_millis(slot),
            rate: Duration::from_millis(rate),
            ..Waits::default()
        };
        let origin = origin(12);
        state.take(&Event::AttemptSent { origin, waited }, seconds(at));
        state.at(seconds(at + 1), spent(4, "0.2")).paused
    };
    assert_eq!(sent(12, 0, 900), None);
    assert_eq!(
        sent(13, 200, 3_240).as_deref(),
        Some("calls wait for the rate that the provider allows; the last one did for 3.2 s")
    );
    assert_eq!(
        sent(14, 5_000, 200).as_deref(),
        Some("calls wait for one in flight to end; the last one did for 5.0 s")
    );
    assert_eq!(state.at(seconds(99), spent(4, "0.2")).paused, None);
    // Where all are with the provider, nothing waits.
    assert_eq!(state.at(seconds(15), spent(21, "0.2")).paused, None);
}
