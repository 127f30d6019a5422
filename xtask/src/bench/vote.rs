//! What it costs to decide whether another voter is asked.

use std::hint::black_box;
use std::time::Instant;

use anyhow::Result;
use patterns_parallel::voting::{Stopper, StoppingRule, Tally};

use super::VoteArgs;

/// The rules, as they are written.
const RULES: [&str; 5] = ["fixed", "exact", "ahead-by:4", "adaptive", "plan"];

/// Makes a stopper of every rule and lets it decide after every vote of many elections.
pub(super) fn run(args: &VoteArgs) -> Result<()> {
    let VoteArgs { voters, elections } = *args;
    println!("elections of {voters} voters, least of 5 makings, mean of {elections} elections\n");
    println!("{:<20} {:>10} {:>14}", "rule", "table", "per decision");
    let tallies = tallies(voters);
    for name in RULES {
        let rule: StoppingRule = name.parse()?;
        let mut table = f64::MAX;
        let mut stopper = Stopper::new(rule, voters)?;
        for _ in 0..5 {
            let begun = Instant::now();
            stopper = Stopper::new(rule, voters)?;
            table = table.min(begun.elapsed().as_secs_f64());
        }
        let begun = Instant::now();
        for _ in 0..elections {
            for tally in &tallies {
                black_box(stopper.next(black_box(tally)));
            }
        }
        let decisions = elections as f64 * tallies.len() as f64;
        let each = begun.elapsed().as_secs_f64() / decisions;
        println!("{name:<20} {:>7.2} ms {:>11.3} µs", 1e3 * table, 1e6 * each);
    }
    Ok(())
}

/// Returns an election as it stands after each of its votes: two answers lead, others turn up.
fn tallies(voters: u64) -> Vec<Tally> {
    let mut tally = Tally::default();
    let mut tallies = Vec::new();
    for vote in 0..voters.saturating_sub(1) {
        let answer = match vote % 5 {
            0 | 2 => "a".to_owned(),
            1 | 3 => "b".to_owned(),
            _ => format!("c{}", vote % 7),
        };
        tally.count(Some(answer.as_str()));
        tallies.push(tally.clone());
    }
    tallies
}
