//! Elections with spare ballots under way: decided after each ballot, the rest cancelled.

use patterns_core::{BranchEnd, Counts};
use patterns_parallel::RunOptions;
use patterns_parallel::voting::{Asking, StopReason, StoppingRule};
use proptest::prelude::*;

use super::timed;

/// Longer than any test waits.
const NEVER: u64 = 1_000_000_000;

fn ballots(answers: &[(&str, u64)]) -> Vec<(String, u64)> {
    let own = answers.iter().map(|(it, time)| ((*it).to_owned(), *time));
    own.collect()
}

#[tokio::test(start_paused = true)]
async fn what_is_under_way_is_cancelled_once_it_is_decided() {
    let mut votes = ballots(&[
        ("yes", 30),
        ("yes", 10),
        ("yes", 20),
        ("yes", 10),
        ("yes", 10),
    ]);
    votes.extend(vec![("no".to_owned(), NEVER); 35]);
    let (voting, agent) = timed(votes);
    let voting = voting
        .stop_by(StoppingRule::AheadBy(5))
        .asking(Asking::Streaming { spare: 3 });
    let outcome = voting.run("Well?", &RunOptions::default()).await.unwrap();
    let election = outcome.value.unwrap();
    assert_eq!(election.winning_answer.as_deref(), Some("yes"));
    assert_eq!(election.stop_reason, StopReason::AheadEnough);
    assert_eq!((election.ballots.len(), election.spare_ballots), (5, 3));
    let counts = Counts {
        started: 8,
        answered: 5,
        failed: 0,
        cancelled: 3,
    };
    assert_eq!(outcome.counts, counts);
    assert_eq!(agent.inputs().len(), 8);
    let ends = outcome.branches.iter().map(|it| &it.end);
    let cancelled = ends.filter(|it| matches!(it, BranchEnd::Cancelled)).count();
    assert_eq!((outcome.branches.len(), cancelled), (8, 3));
}

#[tokio::test(start_paused = true)]
async fn who_is_quick_does_not_decide() {
    // Who is quick is wrong here.
    let votes = ballots(&[
        ("right", 50),
        ("right", 40),
        ("wrong", 1),
        ("wrong", 2),
        ("right", 45),
    ]);
    let policy = StoppingRule::AheadBy(2);
    let (voting, _) = timed(votes);
    let voting = voting
        .stop_by(policy)
        .asking(Asking::Streaming { spare: 3 });
    let outcome = voting.run("Well?", &RunOptions::default()).await.unwrap();
    let election = outcome.value.unwrap();
    assert_eq!(election.winning_answer.as_deref(), Some("right"));
    let voters: Vec<&str> = election.ballots.iter().map(|it| &*it.voter).collect();
    assert_eq!(voters, ["voter 1", "voter 2"]);
    assert_eq!(election.spare_ballots, 3);
}

fn policies() -> impl Strategy<Value = StoppingRule> {
    prop::sample::select(vec![
        "fixed",
        "exact",
        "ahead-by:2",
        "ahead-by:3",
        "adaptive:0.9",
    ])
    .prop_map(|it| it.parse().unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whoever is quick, the ballots that are counted are those that waves would have asked for.
    #[test]
    fn streaming_counts_what_waves_count(
        votes in prop::collection::vec((prop::sample::select(vec!["a", "b", "c", "?"]), 1..50_u64), 1..24),
        spare in 0..5_u64,
        policy in policies(),
    ) {
        let votes = ballots(&votes);
        let held = |is_streaming: bool| {
            let (voting, agent) = timed(votes.clone());
            let voting = voting.stop_by(policy);
            let voting = if is_streaming { voting.asking(Asking::Streaming { spare }) } else { voting };
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build()
                .unwrap();
            let outcome = runtime.block_on(voting.run("Well?", &RunOptions::default())).unwrap();
            (outcome.value.ok(), outcome.counts, agent.inputs().len() as u64)
        };
        let (waves, _, _) = held(false);
        let (streamed, counts, asked) = held(true);
        prop_assert_eq!(counts.started, counts.answered + counts.failed + counts.cancelled);
        // Who is cancelled at once has never been asked.
        prop_assert!(asked <= counts.started);
        match (waves, streamed) {
            (Some(waves), Some(streamed)) => {
                prop_assert_eq!(&waves.ballots, &streamed.ballots);
                prop_assert_eq!(waves.winning_answer, streamed.winning_answer);
                prop_assert_eq!(waves.stop_reason, streamed.stop_reason);
                let counted = streamed.ballots.len() as u64;
                prop_assert_eq!(counts.started, counted + streamed.spare_ballots);
                prop_assert!(streamed.spare_ballots <= spare);
            }
            (waves, streamed) => prop_assert_eq!(waves, streamed),
        }
    }
}
