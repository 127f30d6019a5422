//! Voting: ballots, abstentions, panels, batches.

use std::sync::Arc;
use std::time::Duration;

use futures_util::stream;
use patterns_core::{
    AggregateErrorKind, Answer, Contract, Model, ModelError, ModelErrorKind, Sampling,
};
use patterns_parallel::voting::{
    BallotTask, Decision, Election, Plurality, StopReason, StoppingRule, TieBreak, Vote, Voter,
};
use patterns_parallel::{AgentOptions, Panel, Question, RunError, RunOptions, Voting};
use patterns_testkit::{MockAgent, Reply, ScriptedAgent, ScriptedModel};
use serde_json::{Value, json};

use crate::support::{failure, hand_over, logged, nonzero, panel, rule};

/// Five samples of a model.
fn of_model(model: Arc<dyn Model>) -> Voting<Vote> {
    let panel = Panel::of_model(model, &AgentOptions::default());
    Voting::new(panel, Plurality::new())
}

/// A voter who answers by sample; `""` fails. The first are the slowest.
fn sampled(answers: &'static [&'static str]) -> Voting<String> {
    sampled_by("plurality", answers)
}

fn sampled_by(rule_text: &str, answers: &'static [&'static str]) -> Voting<String> {
    Voting::new(samples(answers), rule(rule_text))
        .voters(nonzero(answers.len()))
        .stop_by(StoppingRule::Fixed)
}

fn samples(answers: &'static [&'static str]) -> Panel<String> {
    let agent = ScriptedAgent::new(|task: &BallotTask| match answers[task.sample as usize] {
        "" => Err(failure(ModelErrorKind::Refused)),
        answer => Ok(answer.to_owned()),
    });
    let agent = agent.latency(|task| Duration::from_secs(100 - u64::from(task.sample)));
    panel(agent)
}

async fn check(
    voting: Voting<String>,
    winner: Option<&str>,
    decision: Decision,
    (votes, valid, abstained): (u64, u64, u64),
) {
    let outcome = voting.run("Well?", &RunOptions::default()).await.unwrap();
    let election = outcome.value.unwrap();
    assert_eq!(election.winning_answer.as_deref(), winner, "{election:?}");
    assert_eq!(election.decision, decision, "{election:?}");
    let counted = (
        election.vote_count,
        election.total_votes,
        election.abstentions,
    );
    assert_eq!(counted, (votes, valid, abstained), "{election:?}");
    assert_eq!(election.ballots.len(), outcome.branches.len());
}

#[tokio::test(start_paused = true)]
async fn elections_end_as_their_rules_say() {
    use Decision::{QuorumMissed, ThresholdMissed, Tied, Won, WonByTieBreak};
    check(sampled(&["Yes", "no", "yes."]), Some("Yes"), Won, (2, 3, 0)).await;
    check(
        sampled(&["1,000", "1000", "no"]),
        Some("1,000"),
        Won,
        (2, 3, 0),
    )
    .await;
    check(
        sampled(&["no", "yes"]),
        Some("no"),
        WonByTieBreak,
        (1, 2, 0),
    )
    .await;
    let strict = sampled(&["no", "yes"]).tie_break(TieBreak::NoConsensus);
    check(strict, None, Tied, (1, 2, 0)).await;
    let majority = sampled_by("majority", &["a", "b", "a", "c"]);
    check(majority, None, ThresholdMissed, (2, 4, 0)).await;
    let threshold = sampled_by("threshold:0.6667", &["a", "b", "a"]);
    check(threshold, Some("a"), Won, (2, 3, 0)).await;
    // Abstentions are outside the share but count against the quorum.
    check(
        sampled_by("majority", &["a", "", " "]),
        Some("a"),
        Won,
        (1, 1, 2),
    )
    .await;
    check(
        sampled(&["a", "", "a"]).quorum(3),
        None,
        QuorumMissed,
        (2, 2, 1),
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn every_ballot_is_kept_in_voter_order() {
    let voting = sampled(&["Yes.", "", "NO", "yes"]);
    let election = voting
        .run("Well?", &RunOptions::default())
        .await
        .unwrap()
        .value
        .unwrap();
    insta::assert_json_snapshot!(election, @r#"
    {
      "winning_answer": "Yes.",
      "decision": "won",
      "vote_count": 2,
      "total_votes": 3,
      "share": 0.6666666666666666,
      "share_interval": {
        "low": 0.2076596008020477,
        "high": 0.9385080552796037
      },
      "stability": 1.0,
      "counts": [
        {
          "answer": "Yes.",
          "votes": 2
        },
        {
          "answer": "NO",
          "votes": 1
        }
      ],
      "all_answers": [
        "Yes.",
        "NO",
        "yes"
      ],
      "abstentions": 1,
      "voters": 4,
      "waves": 1,
      "stop_reason": "all_votes_cast",
      "ballots": [
        {
          "voter": "voter 1",
          "answer": "Yes.",
          "normalised": "yes"
        },
        {
          "voter": "voter 2",
          "answer": null,
          "normalised": null
        },
        {
          "voter": "voter 3",
          "answer": "NO",
          "normalised": "no"
        },
        {
          "voter": "voter 4",
          "answer": "yes",
          "normalised": "yes"
        }
      ]
    }
    "#);
}

#[tokio::test(start_paused = true)]
async fn nobody_answering_is_no_election() {
    let outcome = sampled(&["", ""])
        .run("Well?", &RunOptions::default())
        .await
        .unwrap();
    let error = outcome.value.unwrap_err();
    assert_eq!(error.kind(), AggregateErrorKind::NothingAnswered);
    assert_eq!(outcome.counts.failed, 2);
}

#[tokio::test]
async fn a_panel_votes_in_turn_under_its_names() {
    let mut voters = Vec::new();
    for (name, ballots) in [("ada", 2), ("bob", 1)] {
        let mut agent = MockAgent::<BallotTask, String>::new();
        agent
            .expect_answer()
            .times(ballots)
            .returning(move |task, _| Ok(Answer::new(format!("{name} {}", task.sample))));
        voters.push(Voter::new(agent).named(name));
    }
    let voting = Voting::new(
        Panel::new(voters, |answer: &String| Some(answer.clone())),
        Plurality::new(),
    )
    .voters(nonzero(3));
    let outcome = voting.run("Who?", &RunOptions::default()).await.unwrap();
    let labels: Vec<_> = outcome
        .branches
        .iter()
        .map(|it| it.label.as_str())
        .collect();
    assert_eq!(labels, ["ada #1", "bob #1", "ada #2"]);
    assert_eq!(
        outcome.value.unwrap().all_answers,
        ["ada 0", "bob 0", "ada 1"]
    );
}

#[tokio::test]
async fn samples_at_temperature_zero_are_warned_about() {
    let vote = r#"{"reasoning": "So.", "answer": "yes", "confidence": 1}"#;
    let codes = async |temperature: f32, voters: usize, models: usize| {
        let agent = AgentOptions {
            sampling: Sampling {
                temperature: Some(temperature),
                ..Sampling::default()
            },
            ..AgentOptions::default()
        };
        let voter = |n: usize| {
            let model = ScriptedModel::by(move |_| vote);
            Voter::of_model(Arc::new(model), &agent).named(n.to_string())
        };
        let voting = Voting::new(
            Panel::new((0..models).map(voter), |it: &Vote| Some(it.answer.clone()))
                .warn_about_temperature(&agent),
            Plurality::new(),
        );
        let outcome = voting
            .voters(nonzero(voters))
            .run("Well?", &RunOptions::default())
            .await
            .unwrap();
        outcome
            .warnings
            .into_iter()
            .map(|it| it.code)
            .collect::<Vec<_>>()
    };
    assert_eq!(codes(0.0, 3, 1).await, ["temperature-zero"]);
    assert_eq!(codes(0.0, 3, 2).await, ["temperature-zero"]);
    assert!(codes(0.0, 1, 1).await.is_empty());
    assert!(codes(0.0, 3, 3).await.is_empty());
    assert!(codes(0.7, 3, 1).await.is_empty());
}

#[tokio::test]
async fn an_answer_outside_the_options_is_sent_back() {
    let vote = |answer: &str, confidence: f64| json!({"reasoning": "So.", "answer": answer, "confidence": confidence});
    // A confidence out of range costs no further call.
    let replies = [vote("maybe", 0.5), vote("yes", 95.0)];
    let model = Arc::new(ScriptedModel::new(replies));
    let options = ["yes".to_owned(), "no".to_owned()];
    let voting = of_model(model.clone());
    let question = Question::new("Well?").options(options);
    let outcome = voting
        .voters(nonzero(1))
        .run(question, &RunOptions::default())
        .await
        .unwrap();
    assert_eq!(
        outcome.value.unwrap().winning_answer.as_deref(),
        Some("yes")
    );
    assert_eq!(outcome.usage.calls, 2);
    let last_words = |n: usize| model.requests()[n].messages.last().unwrap().to_text();
    insta::assert_snapshot!(last_words(1), @r#"
    Your answer was not accepted:
    - /answer: "maybe" is not one of "yes" or "no"
    The answer must have this shape:
    {
      "reasoning": text — The steps that lead to the answer.
      "answer": "yes" or "no" — The answer alone, as short as it can be: no sentence, no unit, no explanation.
      "confidence": number (at least 0.0, at most 1.0) — How sure the answer is, from 0 (a guess) to 1 (certain).
    }
    Answer again with the corrected JSON object and nothing else.
    "#);
}

#[tokio::test]
async fn every_question_of_a_batch_is_held_to_its_own_options() {
    let vote = |answer: &str| json!({"reasoning": "So.", "answer": answer, "confidence": 0.5});
    let model = Arc::new(ScriptedModel::new(["B.", "x", "b", "anything"].map(vote)));
    let voting = of_model(model.clone()).voters(nonzero(1));
    let question = |options: &[&str]| Question::new("Well?").options(options.iter().copied());
    let questions = [&["A", "B"][..], &["a", "b"], &[]].map(|it| (it.join("/"), question(it)));
    let mut winners = Vec::new();
    let (options, _) = logged(1);
    let run = hand_over(voting.run_batch(stream::iter(questions), &options), |it| {
        winners.push(it.election.winning_answer.unwrap_or_default());
    });
    let outcome = run.await.unwrap();
    // The second one's first answer was none of its options, and was sent back.
    assert_eq!(winners, ["B", "b", "anything"]);
    assert_eq!(outcome.usage.calls, 4);
    let enums = model.requests().into_iter().map(|it| {
        let schema = it.schema.unwrap().schema().clone();
        schema["properties"]["answer"]["enum"].clone()
    });
    let expected = [
        json!(["A", "B"]),
        json!(["a", "b"]),
        json!(["a", "b"]),
        Value::Null,
    ];
    assert_eq!(enums.collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_ballot_with_a_number_takes_text_that_is_one() {
    let vote = |answer: Value| json!({"reasoning": "So.", "answer": answer, "confidence": 0.5});
    let model = ScriptedModel::new([
        vote(json!("about a thousand")),
        vote(json!("$1,200")),
        vote(json!(3.5)),
    ]);
    let voter = Voter::of_numbers(Arc::new(model), &AgentOptions::default());
    let panel = Panel::new([voter], |it: &Vote<f64>| Some(it.answer.to_string()));
    let voting = Voting::new(panel, Plurality::new());
    let voting = voting.voters(nonzero(2)).stop_by(StoppingRule::Fixed);
    let outcome = voting.run("How far?", &logged(1).0).await.unwrap();
    let election = outcome.value.unwrap();
    assert_eq!(election.all_answers, ["1200", "3.5"]);
    assert_eq!(outcome.usage.calls, 3);
}

#[tokio::test]
async fn a_ballot_of_the_users_own_is_counted_where_they_say() {
    let schema = json!({
        "type": "object",
        "properties": {"verdict": {"type": "string", "enum": ["safe", "unsafe"]}},
    });
    let contract = Contract::<Value>::from_schema(schema).unwrap();
    let replies = [
        r#"{"verdict": "unsafe"}"#,
        r#"{"verdict": null}"#,
        r#"{"verdict": "unsafe"}"#,
    ];
    let model = Arc::new(ScriptedModel::new(replies));
    let panel = Panel::of_ballots(
        model,
        contract,
        &AgentOptions::default(),
        |ballot: &Value| ballot["verdict"].as_str().map(str::to_owned),
    );
    let outcome = Voting::new(panel, Plurality::new())
        .voters(nonzero(3))
        .stop_by(StoppingRule::Fixed)
        .run("Text.", &RunOptions::default())
        .await
        .unwrap();
    let election = outcome.value.unwrap();
    assert_eq!(election.winning_answer.as_deref(), Some("unsafe"));
    assert_eq!((election.vote_count, election.abstentions), (2, 1));
}

#[tokio::test]
async fn the_options_of_a_question_bind_the_users_own_ballot_too() {
    let schema = json!({"type": "object", "properties": {"verdict": {"type": "string"}}});
    let contract = Contract::<Value>::from_schema(schema).unwrap();
    let model = Arc::new(ScriptedModel::new([
        r#"{"verdict": "perhaps"}"#,
        r#"{"verdict": "Safe."}"#,
    ]));
    let verdict = |ballot: &Value| ballot["verdict"].as_str().map(str::to_owned);
    let panel = Panel::of_ballots(model.clone(), contract, &AgentOptions::default(), verdict);
    let question = Question::new("Text.").options(["safe", "unsafe"]);
    let voting = Voting::new(panel, Plurality::new()).voters(nonzero(1));
    let outcome = voting.run(question, &RunOptions::default()).await.unwrap();
    let election = outcome.value.unwrap();
    assert_eq!(election.winning_answer.as_deref(), Some("safe"));
    let sent_back = model.requests()[1].messages.last().unwrap().to_text();
    assert!(
        sent_back.contains(r#"the answer "perhaps" is none of "safe", "unsafe""#),
        "{sent_back}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_batch_hands_over_elections_in_the_order_of_the_questions() {
    let agent = ScriptedAgent::new(|task: &BallotTask| {
        let text = task.question.text.as_str();
        match (text, task.sample) {
            ("torn", sample) => Ok(format!("{sample}")),
            ("half", 1) => Err(failure(ModelErrorKind::Refused)),
            _ => Ok(text.to_owned()),
        }
    });
    let agent = Arc::new(agent.latency(|task| match task.question.text.as_str() {
        "slow" => Duration::from_secs(10),
        _ => Duration::from_secs(1),
    }));
    let voting = Voting::new(panel(Arc::clone(&agent)), Plurality::new())
        .voters(nonzero(2))
        .tie_break(TieBreak::NoConsensus);
    let questions = ["slow", "torn", "half"].map(|text| (format!("{text}/1"), Question::new(text)));
    let (options, _) = logged(4);
    let mut seen = Vec::new();
    let outcome = hand_over(voting.run_batch(stream::iter(questions), &options), |it| {
        seen.push((it.id, it.election.winning_answer, it.election.abstentions));
    })
    .await
    .unwrap();
    let expected = [
        ("slow/1", Some("slow"), 0),
        ("torn/1", None, 0),
        ("half/1", Some("half"), 1),
    ];
    let expected = expected.map(|(id, won, out)| (id.to_owned(), won.map(str::to_owned), out));
    assert_eq!(seen, expected);
    let tally = outcome.value.unwrap();
    assert_eq!((tally.decided, tally.undecided), (2, 1));
    assert_eq!((outcome.counts.answered, outcome.counts.failed), (5, 1));
    assert_eq!(agent.peak_in_flight(), 4);
}

#[tokio::test]
async fn a_batch_that_is_stopped_hands_over_what_was_decided_and_has_no_tally() {
    let agent = ScriptedAgent::new(|task: &BallotTask| match task.question.text.as_str() {
        "2" => Err(failure(ModelErrorKind::QuotaExhausted)),
        text => Ok(text.to_owned()),
    });
    let voting = Voting::new(panel(agent), Plurality::new())
        .voters(nonzero(2))
        .stop_by(StoppingRule::Fixed);
    let questions = (0..10).map(|n| (format!("q{n}"), Question::new(n.to_string())));
    let (options, _) = logged(1);
    let mut decided = 0;
    let outcome = hand_over(voting.run_batch(stream::iter(questions), &options), |_| {
        decided += 1
    })
    .await
    .unwrap();
    assert_eq!(
        outcome.value.unwrap_err().kind(),
        AggregateErrorKind::Stopped
    );
    assert_eq!(
        (decided, outcome.counts.answered, outcome.counts.failed),
        (2, 4, 1)
    );
}

#[tokio::test]
async fn a_failed_voter_abstains() {
    let vote = r#"{"reasoning": "So.", "answer": "yes", "confidence": 1}"#;
    let model = ScriptedModel::new([
        Reply::from(vote),
        Reply::from(ModelError::new(ModelErrorKind::Timeout)),
        Reply::from(vote),
    ]);
    let voting = of_model(Arc::new(model));
    let outcome = voting
        .voters(nonzero(3))
        .stop_by(StoppingRule::Fixed)
        .run("Well?", &RunOptions::default())
        .await
        .unwrap();
    let election = outcome.value.unwrap();
    assert_eq!(
        (
            election.vote_count,
            election.total_votes,
            election.abstentions
        ),
        (2, 2, 1)
    );
    assert_eq!(outcome.usage.calls, 3);
}

/// Returns what `count` voters are asked of whom the first ones say these answers, in which order
/// they end, and what comes of it.
async fn polled(policy: &str, count: usize, answers: &'static [&'static str]) -> (Election, usize) {
    let agent = ScriptedAgent::new(move |task: &BallotTask| {
        Ok(answers[task.sample as usize % answers.len()].to_owned())
    });
    // The later a voter is asked, the sooner it answers.
    let agent = Arc::new(agent.latency(|task| Duration::from_secs(100 - u64::from(task.sample))));
    let voting = Voting::new(panel(Arc::clone(&agent)), Plurality::new());
    let voting = voting
        .voters(nonzero(count))
        .stop_by(policy.parse().unwrap());
    let outcome = voting.run("Well?", &RunOptions::default()).await.unwrap();
    (outcome.value.unwrap(), agent.inputs().len())
}

#[tokio::test(start_paused = true)]
async fn nobody_is_asked_whose_vote_cannot_matter() {
    let table = [
        ("fixed", 5, 1, StopReason::AllVotesCast),
        ("exact", 3, 1, StopReason::Decided),
        ("ahead-by:2", 2, 1, StopReason::AheadEnough),
        ("ahead-by:2", 2, 1, StopReason::AheadEnough),
    ];
    for (policy, asked, waves, reason) in table {
        let (election, calls) = polled(policy, 5, &["yes"]).await;
        assert_eq!((calls, election.waves), (asked, waves), "{policy}");
        assert_eq!(election.stop_reason, reason, "{policy}");
        assert_eq!((election.voters, election.ballots.len()), (5, asked));
        assert_eq!(election.winning_answer.as_deref(), Some("yes"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_lone_voter_is_asked_under_every_policy() {
    for policy in ["fixed", "exact", "ahead-by:3", "adaptive:0.6", "plan"] {
        let (election, calls) = polled(policy, 1, &["yes"]).await;
        assert_eq!((calls, election.vote_count), (1, 1), "{policy}");
    }
}

#[tokio::test(start_paused = true)]
async fn votes_are_counted_in_the_order_in_which_voters_were_asked() {
    // Three at first, and two more since they disagree. A tie goes to whoever was asked first.
    let (election, calls) = polled("exact", 5, &["a", "b", "c", "b", "a"]).await;
    assert_eq!((calls, election.waves), (5, 3));
    assert_eq!(election.winning_answer.as_deref(), Some("a"));
    assert_eq!(election.all_answers, ["a", "b", "c", "b", "a"]);
}

#[tokio::test(start_paused = true)]
async fn elections_of_a_batch_share_places_and_stop_on_their_own() {
    let agent = ScriptedAgent::new(|task: &BallotTask| {
        let is_torn = task.question.text == "torn" && task.sample % 2 == 1;
        Ok(if is_torn { "no" } else { "yes" }.to_owned())
    });
    let agent = Arc::new(agent.latency(|_| Duration::from_secs(1)));
    let voting = Voting::new(panel(Arc::clone(&agent)), Plurality::new());
    let voting = voting.voters(nonzero(40)).stop_by(StoppingRule::AheadBy(4));
    let questions = ["torn", "clear", "torn", "clear"].map(|it| (it.to_owned(), Question::new(it)));
    let (options, _) = logged(8);
    let mut seen = Vec::new();
    let outcome = hand_over(voting.run_batch(stream::iter(questions), &options), |it| {
        seen.push((it.id, it.branches.len()));
    })
    .await
    .unwrap();
    // With 20 to 19 the last voter could only make a tie, which goes to the first answer.
    let sizes = [("torn", 39), ("clear", 4), ("torn", 39), ("clear", 4)];
    assert_eq!(seen, sizes.map(|(id, size)| (id.to_owned(), size)));
    assert_eq!((outcome.counts.started, agent.inputs().len()), (86, 86));
}

#[tokio::test(start_paused = true)]
async fn where_every_sign_matters_answers_are_counted_as_they_are() {
    let winner = async |voting: Voting<String>| {
        let outcome = voting.run("Well?", &RunOptions::default()).await.unwrap();
        outcome.value.unwrap().winning_answer
    };
    let answers = &["'Ab'", "ab", "'Ab'", "AB", "Ab"];
    assert_eq!(winner(sampled(answers)).await.as_deref(), Some("'Ab'"));
    let answers = &["'Ab'", "ab", "ab", "AB", "Ab"];
    let verbatim = samples(answers).counted_as(|answer| Some(answer.to_owned()));
    let verbatim = Voting::new(verbatim, Plurality::new()).stop_by(StoppingRule::Fixed);
    assert_eq!(winner(verbatim).await.as_deref(), Some("ab"));
    // Of an open answer, signs alone are an answer too.
    let signs = sampled(&["*", "**", "**"]);
    assert_eq!(winner(signs).await.as_deref(), Some("**"));
}

#[tokio::test]
async fn what_cannot_be_run_is_refused_before_anything_is_asked() {
    let voting = || {
        let mut agent = MockAgent::<BallotTask, String>::new();
        agent.expect_answer().never();
        Voting::new(panel(agent), Plurality::new())
    };
    let refused = async |voting: Voting<String>, question: &str| {
        voting
            .run(question, &RunOptions::default())
            .await
            .unwrap_err()
    };
    assert_eq!(
        refused(voting(), " ").await,
        RunError::NoInput("the question is empty")
    );
    let twice = Question::new("Well?").options(["yes", "no", "yes "]);
    let error = voting().run(twice, &RunOptions::default()).await;
    let words = "\"yes \" is twice among the options";
    assert_eq!(error.unwrap_err(), RunError::Part(words.to_owned()));
    let nobody = Panel::new([], |answer: &String| Some(answer.clone()));
    for invalid in [
        Voting::new(nobody, Plurality::new()),
        voting().voters(nonzero(2)).quorum(3),
    ] {
        let error = refused(invalid, "Well?").await;
        assert!(matches!(error, RunError::InvalidSetup(_)), "{error}");
    }
    let blind = voting().voters(nonzero(500)).stop_by(StoppingRule::Plan);
    let error = refused(blind, "Well?").await;
    assert!(matches!(error, RunError::Part(_)), "{error}");
}
