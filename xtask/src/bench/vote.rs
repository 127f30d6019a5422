//! What it costs to decide whether another voter is asked.

use std::hint::black_box;
use std::time::Instant;

use anyhow::Result;
use patterns_core::{AgentError, Answer, agent_fn};
use patterns_parallel::voting::{Ballot, BallotTask, StoppingRule, Voter};
use patterns_parallel::{Panel, Plurality, Voting};

use super::VoteArgs;

/// The rules, as they are written.
const RULES: [&str; 5] = ["fixed", "exact", "ahead-by:4", "adaptive", "plan"];

/// Makes every rule ready for an election, and goes through one that is over, vote by vote.
pub(super) fn run(args: &VoteArgs) -> Result<()> {
    let VoteArgs { voters, elections } = *args;
    println!("elections of {voters} voters, least of {elections}\n");
    println!("{:<20} {:>10} {:>14}", "rule", "table", "and all votes");
    let ballots = ballots(voters.get());
    for name in RULES {
        let rule: StoppingRule = name.parse()?;
        let nobody =
            agent_fn(async |_: BallotTask| Ok::<_, AgentError>(Answer::new(String::new())));
        let panel = Panel::new([Voter::new(nobody)], |it: &String| Some(it.clone()));
        let voting = Voting::new(panel, Plurality::new()).voters(voters);
        let voting = voting.stop_by(rule);
        let least = |ballots: &[Ballot]| -> Result<f64> {
            let mut least = f64::MAX;
            for _ in 0..elections {
                let begun = Instant::now();
                black_box(voting.standings(black_box(ballots))?);
                least = least.min(begun.elapsed().as_secs_f64());
            }
            Ok(1e3 * least)
        };
        let (table, all) = (least(&[])?, least(&ballots)?);
        println!("{name:<20} {table:>7.2} ms {all:>11.2} ms");
    }
    Ok(())
}

/// Returns the ballots of an election in which two answers lead and others turn up.
fn ballots(voters: usize) -> Vec<Ballot> {
    let votes = (0..voters).map(|vote| match vote % 5 {
        0 | 2 => "a".to_owned(),
        1 | 3 => "b".to_owned(),
        _ => format!("c{}", vote % 7),
    });
    let ballot = |answer: String| Ballot::new("a voter", Some(answer.clone()), Some(answer));
    votes.map(ballot).collect()
}
