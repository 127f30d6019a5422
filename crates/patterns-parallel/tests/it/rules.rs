//! Voting rules that don't count votes, through the pattern.

use futures_util::stream;
use patterns_core::ModelErrorKind;
use patterns_parallel::voting::{
    BallotTask, Decision, Election, Fields, Median, Rule, StopReason, StoppingRule, Voter,
};
use patterns_parallel::{Panel, Plurality, Question, RunError, RunOptions, Voting};
use patterns_testkit::ScriptedAgent;
use serde_json::json;

use crate::support::{failure, hand_over, logged, nonzero, panel};

/// Samples of a voter who answers by sample; `""` fails.
fn by<R: Rule>(rule: R, answers: &'static [&'static str]) -> Voting<String, R> {
    let agent = ScriptedAgent::new(|task: &BallotTask| match answers[task.sample as usize] {
        "" => Err(failure(ModelErrorKind::Refused)),
        answer => Ok(answer.to_owned()),
    });
    Voting::new(panel(agent), rule).voters(nonzero(answers.len()))
}

fn voting(answers: &'static [&'static str]) -> Voting<String> {
    by(Plurality::new(), answers)
}

async fn elect<R: Rule>(voting: Voting<String, R>, options: &[&str]) -> Election<R::Winner> {
    let question = Question::new("Well?").options(options.iter().copied());
    let outcome = voting.run(question, &RunOptions::default()).await;
    outcome.unwrap().value.unwrap()
}

fn account<W: Clone>(it: &Election<W>) -> (Option<W>, u64, u64, u64) {
    let winner = it.winning_answer.clone();
    (winner, it.vote_count, it.total_votes, it.abstentions)
}

#[tokio::test]
async fn numbers_have_a_median() {
    let median = Median::default;
    let answers = &["$1,200", "1250", "many", "99999", "1250", ""];
    let it = elect(by(median(), answers), &[]).await;
    assert_eq!(account(&it), (Some(1250.0), 2, 4, 2));
    assert!(it.detail.is_some());
    assert_eq!(it.ballots.len(), 6, "no rule of this kind ends early");
    let it = elect(by(median(), &["many", ""]), &[]).await;
    assert_eq!(
        (account(&it), it.decision),
        ((None, 0, 0, 2), Decision::QuorumMissed)
    );
    let it = elect(by(median(), &["1", "2", ""]).quorum(3), &[]).await;
    assert_eq!(
        (account(&it), it.decision),
        ((None, 0, 2, 1), Decision::QuorumMissed)
    );
}

#[tokio::test]
async fn the_stronger_voter_of_a_median_gives_a_number_or_nothing() {
    let escalated = async |answer: &'static str| {
        let strong = ScriptedAgent::new(move |_: &BallotTask| Ok(answer.to_owned()));
        let voting = Voting::new(panel(many()), "median".parse::<Median>().unwrap())
            .voters(nonzero(2))
            .escalate_to(Voter::new(strong));
        let outcome = voting.run("Well?", &RunOptions::default()).await.unwrap();
        let it = outcome.value.unwrap();
        (it.winning_answer, it.decision)
    };
    let found = escalated("about $1,200").await;
    assert_eq!(found, (None, Decision::QuorumMissed));
    assert_eq!(
        escalated("$1,200").await,
        (Some(1200.0), Decision::Escalated)
    );
}

/// A voter without a number.
fn many() -> ScriptedAgent<BallotTask, String> {
    ScriptedAgent::new(|_: &BallotTask| Ok("many".to_owned()))
}

/// Each voter answers with its own words and weighs so much.
fn weighted<R: Rule>(rule: R, voters: &'static [(&'static str, f64)]) -> Voting<String, R> {
    let voter = |(answer, weight): &(&'static str, f64)| {
        let answer = *answer;
        let agent = ScriptedAgent::new(move |_: &BallotTask| Ok(answer.to_owned()));
        Voter::new(agent).weight(*weight)
    };
    let panel = Panel::new(voters.iter().map(voter), |it: &String| Some(it.clone()));
    Voting::new(panel, rule)
}

#[tokio::test]
async fn weights_outvote_heads() {
    let heads = &[("no", 1.0), ("no", 1.0), ("yes", 3.0)];
    let it = elect(weighted(Plurality::new(), heads), &[]).await;
    assert_eq!(account(&it), (Some("yes".to_owned()), 1, 3, 0));
    assert!((it.share - 0.6).abs() < 1e-9);
    assert!(it.detail.is_some());
    // The least share is one of the weight.
    let it = elect(
        weighted("threshold:0.7".parse::<Plurality>().unwrap(), heads),
        &[],
    )
    .await;
    assert_eq!(it.decision, Decision::ThresholdMissed);
    // A weight that is none counts nothing, and harms nobody.
    let odd = weighted(Plurality::new(), &[("no", f64::NAN), ("yes", 0.5)]);
    assert_eq!(elect(odd, &[]).await.winning_answer.as_deref(), Some("yes"));
    // Equal weights are none.
    let equal = weighted(Plurality::new(), &[("no", 2.0), ("no", 2.0), ("yes", 2.0)]);
    let it = elect(equal, &[]).await;
    assert_eq!((it.ballots.len(), it.detail.is_none()), (2, true));
}

#[tokio::test]
async fn weights_that_nothing_counts_are_refused() {
    let voters = &[("1", 1.0), ("2", 3.0)];
    let options = RunOptions::default();
    let median = weighted(Median::default(), voters);
    let result = median.run("Well?", &options).await;
    assert!(matches!(result, Err(RunError::InvalidSetup(_))));
    let early = weighted(Plurality::new(), voters).stop_by(StoppingRule::AheadBy(2));
    let result = early.run("Well?", &options).await;
    assert!(matches!(result, Err(RunError::InvalidSetup(_))));
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
    let fields = Fields::parse(schema, ["/vendor=majority"]).unwrap();
    let it = elect(by(fields, ballots), &[]).await;
    assert_eq!(
        it.winning_answer,
        Some(json!({"vendor": "ACME", "total": 120.5}))
    );
    assert_eq!((it.total_votes, it.abstentions), (3, 1));
    assert_eq!(it.fields().len(), 2);
}

#[tokio::test]
async fn what_cannot_be_stopped_early_is_an_error() {
    for (stopping, is_fine) in [
        (StoppingRule::Exact, true),
        (StoppingRule::Fixed, true),
        (StoppingRule::AheadBy(2), false),
    ] {
        let median: Median = "median:10%".parse().unwrap();
        let voting = by(median, &["1", "2"]).stop_by(stopping);
        let result = voting.run("Well?", &RunOptions::default()).await;
        let is_refused = matches!(result, Err(RunError::InvalidSetup(_)));
        assert_eq!(is_refused, !is_fine, "{voting:?}");
    }
}

#[tokio::test]
async fn a_result_says_how_sure_it_is() {
    let answers = &["a", "a", "a", "b", "a", "a", "a", "a", "a", "a", "a", "a"];
    let early = voting(answers).stop_by(StoppingRule::AheadBy(3));
    let it = elect(early, &[]).await;
    assert_eq!(account(&it), (Some("a".to_owned()), 3, 3, 0));
    let interval = it.share_interval.unwrap();
    assert!(
        (0.43..0.45).contains(&interval.low) && interval.high == 1.0,
        "{interval:?}"
    );
    assert!((0.9..1.0).contains(&it.stability.unwrap()), "{it:?}");
    assert_eq!(elect(voting(answers), &[]).await.stability, Some(1.0));
}

#[tokio::test]
async fn with_options_the_option_itself_is_counted_and_nothing_else() {
    let counts = async |answers: &'static [&'static str], options: &[&str]| {
        let it = elect(voting(answers).stop_by(StoppingRule::Fixed), options).await;
        let counts = it
            .counts
            .iter()
            .map(|it| format!("{} {}", it.answer, it.votes));
        (counts.collect::<Vec<_>>().join(", "), it.abstentions)
    };
    let versions = counts(&["1.1", "1.10", "2.0"], &["1.1", "1.10", "2.0"]).await;
    assert_eq!(versions, ("1.1 1, 1.10 1, 2.0 1".to_owned(), 0));
    let signs = counts(&["?", "+", "?"], &["+", "-", "?"]).await;
    assert_eq!(signs, ("? 2, + 1".to_owned(), 0));
    let stars = counts(&["***", "*", "***"], &["*", "**", "***"]).await;
    assert_eq!(stars, ("*** 2, * 1".to_owned(), 0));
    // Another spelling is the option that it names, if only one can be meant.
    let loose = counts(&["YES", " yes.", "No", "NO"], &["Yes", "No", "no"]).await;
    assert_eq!(loose, ("Yes 2, No 1".to_owned(), 1));
    let other = counts(&["maybe", "yes"], &["yes", "no"]).await;
    assert_eq!(other, ("yes 1".to_owned(), 1));
}

#[tokio::test]
async fn a_question_whose_budget_is_used_up_is_decided_by_the_ballots_that_are_in() {
    let spend = async |calls: u32| {
        let agent = ScriptedAgent::new(move |task: &BallotTask| match task.sample {
            sample if sample < calls => Ok("a".to_owned()),
            _ => Err(failure(ModelErrorKind::BudgetExhausted)),
        });
        let voting = Voting::new(panel(agent), Plurality::new()).voters(nonzero(5));
        let voting = voting.stop_by(StoppingRule::Fixed);
        let outcome = voting.run("Well?", &RunOptions::default()).await;
        outcome.unwrap().value
    };
    let it = spend(2).await.unwrap();
    assert_eq!(account(&it), (Some("a".to_owned()), 2, 2, 0));
    assert_eq!((it.stop_reason, it.voters), (StopReason::CallsSpent, 5));
    assert!(spend(0).await.is_err(), "no ballot is no result");
}

#[tokio::test]
async fn a_batch_whose_budget_is_used_up_hands_over_what_is_in() {
    let agent = ScriptedAgent::new(|task: &BallotTask| match task.question.text.as_str() {
        "first" => Ok("1".to_owned()),
        _ => Err(failure(ModelErrorKind::BudgetExhausted)),
    });
    let voting = Voting::new(panel(agent), Median::default()).voters(nonzero(2));
    let questions = ["first", "second"].map(|it| (it.to_owned(), Question::new(it)));
    let mut seen = Vec::new();
    let (options, _) = logged(1);
    let run = hand_over(voting.run_batch(stream::iter(questions), &options), |it| {
        seen.push((it.election.decision, it.election.ballots.len()));
    });
    let tally = run.await.unwrap().value.unwrap();
    assert_eq!(seen, [(Decision::Won, 2), (Decision::NotAsked, 0)]);
    assert_eq!((tally.decided, tally.unasked, tally.cut_short), (1, 1, 0));
}
