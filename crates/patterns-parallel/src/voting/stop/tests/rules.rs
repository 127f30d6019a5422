//! What each rule does in chosen situations, how rules are written, and what is refused.

use super::super::{Foresight, Step, StopReason, Stopper, StoppingRule, Tally};
use super::{or_decided, stopper, tally};

/// Checks steps written as `votes: wave` or `votes: reason to stop`.
fn check(rule: &str, max_votes: u64, steps: &str) {
    let stopper = stopper(rule, max_votes);
    for step in steps.split(", ") {
        let (votes, expected) = step.split_once(": ").expect("votes and a step");
        let found = match stopper.next(&tally(votes)) {
            Step::Ask(wave) => wave.to_string(),
            Step::Stop(reason) => format!("{reason:?}"),
        };
        assert_eq!(found, expected, "{rule} of {max_votes} after {votes:?}");
    }
}

#[test]
fn each_rule_stops_where_its_formula_says() {
    check("fixed", 5, ": 5, aaa: 2, aaab-: AllVotesCast");
    check("exact", 5, ": 3, abbb: Decided, a---: Decided");
    check("exact", 5, "----: 1, -----: AllVotesCast");
    // With 4 voters, 2 to 0 is enough for the answer that was seen first.
    check("exact", 4, ": 2, aa: Decided, abb: 1");
    check("ahead-by:3", 9, "ab: 3, abaaa: AheadEnough");
    check("ahead-by:3", 4, "aab: 1");
    // The published boundary: 4 to 0, 6 to 1, 8 to 2.
    check("adaptive:0.95", 40, ": 4, aaaa: Confident, aaabaa: 1");
    check(
        "adaptive:0.95",
        40,
        "aaabaaa: Confident, aabbaaaaa: 1, aabbaaaaaa: Confident",
    );
}

#[test]
fn plans_read_like_the_published_rule_of_thumb() {
    check("plan", 40, ": 4, aaaa: PlanStop, aaba: 3, aabb: 8");
    let wave = |lambda, max_votes, votes| {
        let plan = Foresight::at_price(max_votes, lambda).unwrap();
        plan.wave(&tally(votes))
    };
    assert_eq!(wave(150.0, 40, ""), Some(3));
    assert_eq!(wave(1000.0, 40, ""), Some(5));
    check("plan", 4, "abcd: AllVotesCast");
    // However little an error costs, there must be an answer.
    assert_eq!(
        ["", "-", "a"].map(|votes| wave(0.5, 9, votes)),
        [Some(1), Some(1), Some(0)]
    );
}

#[test]
fn a_decided_vote_can_end_under_every_rule() {
    for rule in ["fixed", "ahead-by:9", "adaptive:0.999", "plan"] {
        let stopper = or_decided(stopper(rule, 10));
        let step = stopper.next(&tally("aaabaaa"));
        assert_eq!(step, Step::Stop(StopReason::Decided), "{rule}");
    }
    let ahead = or_decided(stopper("ahead-by:9", 10));
    assert_eq!(ahead.next(&tally("a")), Step::Ask(4));
}

#[test]
fn an_election_that_is_decided_is_over_but_under_fixed() {
    let next = |rule: &str| {
        let stopper = Stopper::new(rule.parse().unwrap(), 10).unwrap();
        stopper.next(&tally("aaabaaa"))
    };
    for rule in ["exact", "ahead-by:9", "adaptive:0.999", "plan"] {
        assert_eq!(next(rule), Step::Stop(StopReason::Decided), "{rule}");
    }
    assert_eq!(next("fixed"), Step::Ask(3));
}

fn check_text(text: &str, rule: StoppingRule, printed: &str) {
    let found: StoppingRule = text.parse().expect("a rule");
    assert_eq!(found, rule, "{text}");
    assert_eq!(found.to_string(), printed, "{text}");
    assert_eq!(printed.parse(), Ok(rule), "{printed}");
}

#[test]
fn rules_are_written_as_name_and_value() {
    use StoppingRule::{Adaptive, AheadBy, Exact, Fixed, Plan};
    check_text("fixed", Fixed, "fixed");
    check_text(" exact ", Exact, "exact");
    check_text("ahead-by:3", AheadBy(3), "ahead-by:3");
    check_text("adaptive", Adaptive(0.95), "adaptive:0.95");
    check_text("adaptive: 0.9", Adaptive(0.9), "adaptive:0.9");
    check_text("plan", Plan, "plan");
    assert_eq!(StoppingRule::default(), Exact);
}

fn check_error(text: &str, expected: &str) {
    let error = text.parse::<StoppingRule>().expect_err(text);
    assert_eq!(error.to_string(), expected, "{text}");
}

#[test]
fn errors_name_what_is_wrong() {
    check_error(
        "exakt",
        "there is no stopping rule \"exakt\"; did you mean \"exact\"?",
    );
    check_error(
        "ahead-by",
        "the stopping rule ahead-by needs a value, as in ahead-by:3",
    );
    let invalid = |rule: &str, value: &str, expected: &str| {
        let error =
            format!("{value:?} is no value of the stopping rule {rule}, which takes {expected}");
        check_error(&format!("{rule}:{value}"), &error);
    };
    invalid("exact", "5", "none");
    invalid("ahead-by", "x", "a whole number, 1 or more");
    invalid("ahead-by", "0", "a whole number, 1 or more");
    invalid("ahead-by", "-1", "a whole number, 1 or more");
    invalid("adaptive", "0.5", "a number between 0.5 and 1");
    invalid("adaptive", "NaN", "a number between 0.5 and 1");
    invalid("adaptive", "1", "a number between 0.5 and 1");
    invalid("adaptive", "", "a number between 0.5 and 1");
    invalid("plan", "0.02", "none");
}

#[test]
fn what_cannot_be_applied_is_refused() {
    let check = |rule: StoppingRule, max_votes, expected: &str| {
        let error = Stopper::new(rule, max_votes).expect_err(expected);
        assert_eq!(error.to_string(), expected);
    };
    check(StoppingRule::Exact, 0, "a vote needs at least one voter");
    check(
        StoppingRule::AheadBy(0),
        5,
        "\"0\" is no value of the stopping rule ahead-by, which takes a whole number, 1 or more",
    );
    check(
        StoppingRule::Plan,
        101,
        "the stopping rule plan works for at most 100 votes, not for 101",
    );
    check(
        StoppingRule::Adaptive(0.9),
        u64::MAX,
        "the stopping rule adaptive works for at most 1000000 votes, not for 18446744073709551615",
    );
    let long = Stopper::new(StoppingRule::Exact, u64::MAX).expect("it needs no table");
    assert_eq!(long.next(&Tally::default()), Step::Ask(1 << 63));
}

#[test]
fn reasons_are_written_in_snake_case() {
    let json = serde_json::to_string(&StopReason::PlanStop).expect("it is a string");
    assert_eq!(json, "\"plan_stop\"");
}
