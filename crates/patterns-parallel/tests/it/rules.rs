//! Voting rules that don't count votes, through the pattern.

use std::sync::Arc;

use patterns_core::ModelErrorKind;
use patterns_parallel::{
    BallotTask, Decision, Election, FieldRules, NumericRule, Question, RankedRule, RuleDetail,
    RunError, RunOptions, StoppingRule, Voting, VotingRule,
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
    let rule = NumericRule::Median;
    let it = elect(
        voting(&["$1,200", "1250", "many", "99999", "1250", ""]).rule(rule),
        &[],
    )
    .await;
    assert_eq!(account(&it), (Some("1250"), 2, 4, 2));
    assert!(matches!(it.detail, Some(RuleDetail::Numeric(_))));
    assert_eq!(it.ballots.len(), 6, "no rule of this kind ends early");
    let it = elect(voting(&["many", ""]).rule(rule), &[]).await;
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

#[tokio::test]
async fn rankings_elect_whom_all_can_live_with() {
    let ballots = &[
        "a > b > c",
        "c > b > a",
        r#"["B", "a", "c"]"#,
        "c>b>a",
        "a > b",
    ];
    let it = elect(voting(ballots).rule(RankedRule::Schulze), &["a", "b", "c"]).await;
    assert_eq!(account(&it), (Some("b"), 1, 5, 0));
    let it = elect(voting(ballots).rule(RankedRule::Approval(1)), &["a", "c"]).await;
    let Some(RuleDetail::Ranked(detail)) = &it.detail else {
        panic!("{it:?}")
    };
    assert_eq!(detail.unknown_options, 5);
}

#[tokio::test]
async fn weights_outvote_heads() {
    let heads = voting(&["no", "no", "yes"]);
    let it = elect(
        heads.weighted_by(|it| if it == "yes" { 3.0 } else { 1.0 }),
        &[],
    )
    .await;
    assert_eq!(account(&it), (Some("yes"), 1, 3, 0));
    assert!((it.share - 0.6).abs() < 1e-9);
    // A weight that is none counts nothing, and harms nobody.
    let odd = voting(&["no", "yes", "no"]);
    let it = elect(
        odd.weighted_by(|it| if it == "no" { f64::NAN } else { 0.5 }),
        &[],
    )
    .await;
    assert_eq!(it.winning_answer.as_deref(), Some("yes"));
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
    for (rule, policy, is_fine) in [
        (NumericRule::Mean, StoppingRule::Exact, true),
        (NumericRule::Mean, StoppingRule::Fixed, true),
        (NumericRule::Mean, StoppingRule::AheadBy(2), false),
        (NumericRule::TrimmedMean(0.7), StoppingRule::Exact, false),
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
