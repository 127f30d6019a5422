//! Voting rules that don't count votes, through the pattern.

use std::sync::Arc;

use patterns_core::ModelErrorKind;
use patterns_parallel::{
    BallotTask, Decision, Election, FieldRules, Question, Rule, RuleDetail, RunError, RunOptions,
    StoppingRule, Tolerance, Voter, Voting, VotingRule,
};
use patterns_testkit::ScriptedAgent;
use serde_json::json;

use crate::support::failure;

/// Voters who answer by sample; `""` fails.
fn voting(answers: &'static [&'static str]) -> Voting<String> {
    let agent = ScriptedAgent::new(|task: &BallotTask| match answers[task.sample as usize] {
        "" => Err(failure(ModelErrorKind::Refused)),
        answer => Ok(answer.to_owned()),
    });
    Voting::new(Arc::new(agent), |answer: &String| Some(answer.clone())).voters(answers.len())
}

async fn elect(voting: Voting<String>, options: &[&str]) -> Election {
    let question = Question::new("Well?").options(options.iter().copied());
    let outcome = voting.run(question, &RunOptions::default()).await;
    outcome.unwrap().value.unwrap()
}

fn account(it: &Election) -> (Option<&str>, u64, u64, u64) {
    let winner = it.winning_answer.as_deref();
    (winner, it.vote_count, it.total_votes, it.abstentions)
}

#[tokio::test]
async fn numbers_have_a_median() {
    let rule = VotingRule::Median(Tolerance::default());
    let it = elect(
        voting(&["$1,200", "1250", "many", "99999", "1250", ""]).rule(rule.clone()),
        &[],
    )
    .await;
    assert_eq!(account(&it), (Some("1250"), 2, 4, 2));
    assert!(matches!(it.detail, Some(RuleDetail::Numeric(_))));
    assert_eq!(it.ballots.len(), 6, "no rule of this kind ends early");
    let it = elect(voting(&["many", ""]).rule(rule.clone()), &[]).await;
    assert_eq!(
        (account(&it), it.decision),
        ((None, 0, 0, 2), Decision::QuorumMissed)
    );
    let it = elect(voting(&["1", "2", ""]).rule(rule).quorum(3), &[]).await;
    assert_eq!(
        (account(&it), it.decision),
        ((None, 0, 2, 1), Decision::QuorumMissed)
    );
}

/// Each voter answers with its own words and weighs so much.
fn weighted(voters: &'static [(&'static str, f64)]) -> Voting<String> {
    let voter = |(answer, weight): &(&'static str, f64)| {
        let answer = *answer;
        let agent = ScriptedAgent::new(move |_: &BallotTask| Ok(answer.to_owned()));
        Voter::new(Arc::new(agent)).weight(*weight)
    };
    Voting::of_voters(voters.iter().map(voter), |it: &String| Some(it.clone()))
}

#[tokio::test]
async fn weights_outvote_heads() {
    let heads = weighted(&[("no", 1.0), ("no", 1.0), ("yes", 3.0)]);
    let it = elect(heads, &[]).await;
    assert_eq!(account(&it), (Some("yes"), 1, 3, 0));
    assert!((it.share - 0.6).abs() < 1e-9);
    assert!(matches!(it.detail, Some(RuleDetail::Weighted(_))));
    // The least share is one of the weight.
    let heads = weighted(&[("no", 1.0), ("no", 1.0), ("yes", 3.0)]);
    let it = elect(heads.rule(Rule::Threshold(0.7)), &[]).await;
    assert_eq!(it.decision, Decision::ThresholdMissed);
    // A weight that is none counts nothing, and harms nobody.
    let odd = weighted(&[("no", f64::NAN), ("yes", 0.5)]);
    assert_eq!(elect(odd, &[]).await.winning_answer.as_deref(), Some("yes"));
    // Equal weights are none.
    let it = elect(weighted(&[("no", 2.0), ("no", 2.0), ("yes", 2.0)]), &[]).await;
    assert_eq!((it.ballots.len(), it.detail.is_none()), (2, true));
}

#[tokio::test]
async fn weights_that_nothing_counts_are_refused() {
    for voting in [
        weighted(&[("1", 1.0), ("2", 3.0)]).rule(VotingRule::Median(Tolerance::default())),
        weighted(&[("1", 1.0), ("2", 3.0)]).policy(StoppingRule::AheadBy(2)),
    ] {
        let result = voting.run("Well?", &RunOptions::default()).await;
        assert!(
            matches!(result, Err(RunError::InvalidSetup(_))),
            "{voting:?}"
        );
    }
}

#[tokio::test]
async fn objects_are_decided_field_by_field() {
    let schema = json!({
        "type": "object",
        "properties": {"vendor": {"type": "string"}, "total": {"type": "number"}},
        "required": ["vendor", "total"],
    });
    let ballots = &[
        r#"{"vendor": "ACME", "total": 120.5}"#,
        r#"{"vendor": "Acme.", "total": 1205}"#,
        "not an object",
        r#"{"vendor": "Apex", "total": 120.5}"#,
    ];
    let rules = FieldRules::parse(&schema, ["/vendor=majority"]).unwrap();
    let rule = VotingRule::Fields { schema, rules };
    let it = elect(voting(ballots).rule(rule), &[]).await;
    assert_eq!(
        it.winning_answer.as_deref(),
        Some(r#"{"vendor":"ACME","total":120.5}"#)
    );
    assert_eq!((it.total_votes, it.abstentions), (3, 1));
    let Some(RuleDetail::Fields(detail)) = &it.detail else {
        panic!("{it:?}")
    };
    assert_eq!(detail.fields.len(), 2);
}

#[tokio::test]
async fn what_cannot_be_stopped_early_is_an_error() {
    let median = |tolerance| VotingRule::Median(Tolerance::relative(tolerance));
    for (rule, policy, is_fine) in [
        (median(0.1), StoppingRule::Exact, true),
        (median(0.1), StoppingRule::Fixed, true),
        (median(0.1), StoppingRule::AheadBy(2), false),
        (median(1.1), StoppingRule::Exact, false),
    ] {
        let voting = voting(&["1", "2"]).rule(rule).policy(policy);
        let result = voting.run("Well?", &RunOptions::default()).await;
        let is_refused = matches!(result, Err(RunError::InvalidSetup(_)));
        assert_eq!(is_refused, !is_fine, "{voting:?}");
    }
}

#[tokio::test]
async fn a_result_says_how_sure_it_is() {
    let answers = &["a", "a", "a", "b", "a", "a", "a", "a", "a", "a", "a", "a"];
    let early = voting(answers).policy(StoppingRule::AheadBy(3));
    let it = elect(early, &[]).await;
    assert_eq!(account(&it), (Some("a"), 3, 3, 0));
    let interval = it.share_interval.unwrap();
    assert!(
        (0.43..0.45).contains(&interval.low) && interval.high == 1.0,
        "{interval:?}"
    );
    assert!((0.9..1.0).contains(&it.stability.unwrap()), "{it:?}");
    assert_eq!(elect(voting(answers), &[]).await.stability, Some(1.0));
}
