//! Textbook elections and properties of voting by rankings.

use proptest::prelude::*;

use super::*;
use crate::voting::rule::{Decision, TieBreak};

/// Reads lines such as `5 A C B`: five ballots alike.
fn ballots(lines: &str) -> Vec<Vec<String>> {
    let line = |line: &str| {
        let mut words = line.split_whitespace().map(str::to_owned);
        let count: usize = words.next()?.parse().ok()?;
        Some(vec![words.collect::<Vec<_>>(); count])
    };
    lines.split('/').filter_map(line).flatten().collect()
}

fn elect(lines: &str, rule: RankedRule) -> RankedElection {
    Rankings::open(&ballots(lines))
        .elect(rule, TieBreak::FirstSeen)
        .unwrap()
}

#[track_caller]
fn check(lines: &str, rule: RankedRule, expected: &str) {
    let election = elect(lines, rule);
    let place = |it: &RankedOption| format!("{} {} {}", it.rank, it.option, it.score);
    let places: Vec<String> = election.ranking.iter().map(place).collect();
    let found = format!("{:?}: {}", election.decision, places.join(", "));
    assert_eq!(found, expected, "{rule:?}");
    let leader = election.ranking.first().map(|it| it.option.clone());
    assert_eq!(
        election.winner,
        leader.filter(|_| election.decision.is_won())
    );
}

/// The example of Schulze 2011 and of Wikipedia, "Schulze method", 45 voters: E > A > C > B > D.
const SCHULZE: &str = "5 A C B E D/5 A D E C B/8 B E D A C/3 C A B E D/7 C A E B D/2 C B A D E/\
                       7 D C E B A/8 E B A D C";

/// Wikipedia, "Instant-runoff voting" and others: the capital of Tennessee, 100 voters.
const TENNESSEE: &str = "42 Memphis Nashville Chattanooga Knoxville/\
                         26 Nashville Chattanooga Knoxville Memphis/\
                         15 Chattanooga Knoxville Nashville Memphis/\
                         17 Knoxville Chattanooga Nashville Memphis";

#[test]
fn textbook_elections_come_out_as_in_the_textbook() {
    use RankedRule::*;
    check(SCHULZE, Schulze, "Won: 1 E 4, 2 A 3, 3 C 2, 4 B 1, 5 D 0");
    let borda = "Won: 1 Nashville 194, 2 Chattanooga 173, 3 Memphis 126, 4 Knoxville 107";
    check(TENNESSEE, Borda, borda);
    let irv = "Won: 1 Knoxville 58, 2 Memphis 42, 3 Nashville 26, 4 Chattanooga 15";
    check(TENNESSEE, Irv, irv);
    let plurality = "Won: 1 Memphis 42, 2 Nashville 26, 3 Knoxville 17, 4 Chattanooga 15";
    check(TENNESSEE, Approval(1), plurality);
    let schulze = "Won: 1 Nashville 3, 2 Chattanooga 2, 3 Knoxville 1, 4 Memphis 0";
    check(TENNESSEE, Schulze, schulze);
    let condorcet = elect(TENNESSEE, Irv).condorcet_winner;
    assert_eq!(condorcet.as_deref(), Some("Nashville"));
    assert_eq!(elect(SCHULZE, Schulze).condorcet_winner, None);
}

#[test]
fn rules_count_partial_ballots() {
    use RankedRule::*;
    // Two ballots of the three options; the third ballot leaves two of them to share one point.
    check("2 a b c/1 c", Borda, "Won: 1 a 4.5, 2 b 2.5, 3 c 2");
    check("1 a/1 b", Borda, "WonByTieBreak: 1 a 1, 1 b 1");
    check(
        "1 a b c/1 b a",
        Mrr,
        "WonByTieBreak: 1 a 0.75, 1 b 0.75, 3 c 0.16666666666666666",
    );
    check(
        "1 a b c/2 c b a/1 b",
        Approval(2),
        "Won: 1 b 4, 2 c 2, 3 a 1",
    );
    // The ballots of c are exhausted: a wins with less than half of all.
    check("4 a/3 b/2 c", Irv, "Won: 1 a 4, 2 b 3, 3 c 2");
    check("3 a/2 b/2 c b", Irv, "Won: 1 b 4, 2 a 3, 3 c 2");
    check("2 a a b/1 b", Schulze, "Won: 1 a 1, 2 b 0");
    check("1", Schulze, "QuorumMissed: ");
}

#[test]
fn ties_are_broken_as_documented() {
    use RankedRule::*;
    // A cycle of three with equal links: all are unbeaten, and Borda's rule ties, too.
    let cycle = "1 a b c/1 b c a/1 c a b";
    check(cycle, Schulze, "WonByTieBreak: 1 a 0, 1 b 0, 1 c 0");
    assert_eq!(elect(cycle, Schulze).decided_by, Borda);
    // b and a are unbeaten; b has more points, as c is only once above it.
    check("1 a b c/1 b c a", Schulze, "Won: 1 b 1, 2 a 0, 3 c 0");
    check("1 a/1 b", Irv, "WonByTieBreak: 1 a 1, 2 b 1");
    // c and d are hopeless together: which goes first makes no difference.
    check(
        "5 a/4 b/1 c b/1 d b",
        Irv,
        "Won: 1 b 6, 2 a 5, 3 c 1, 4 d 1",
    );
    // Whoever has more than half has won, whatever becomes of the others.
    check("7 a/2 d/1 b/1 c", Irv, "Won: 1 a 7, 2 d 2, 3 b 1, 4 c 1");
    // Of c and b the one with fewer points goes.
    check("3 a b/2 c b/2 b", Irv, "Won: 1 b 4, 2 a 3, 3 c 2");
    let listed = Rankings::among(&["b", "a"], &ballots("1 a/1 b")).unwrap();
    let election = listed.elect(Borda, TieBreak::FirstSeen).unwrap();
    assert_eq!(election.winner.as_deref(), Some("a"));
    let rankings = Rankings::open(&ballots("1 a/1 b"));
    let election = rankings.elect(Borda, TieBreak::NoConsensus).unwrap();
    assert_eq!((election.winner, election.decision), (None, Decision::Tied));
    assert_eq!(
        rankings.elect(Approval(0), TieBreak::FirstSeen),
        Err(RankedRuleError::NothingApproved)
    );
}

#[test]
fn options_are_told_apart_and_unknown_ones_named() {
    let options = ["Tea", "Coffee", "Milk"];
    let ballots = [
        vec!["coffee.", "beer", "COFFEE"],
        vec!["tea", "coffee"],
        vec![" "],
    ];
    let rankings = Rankings::among(&options, &ballots).unwrap();
    let election = rankings
        .elect(RankedRule::Borda, TieBreak::FirstSeen)
        .unwrap();
    let names: Vec<&str> = election
        .ranking
        .iter()
        .map(|it| it.option.as_str())
        .collect();
    assert_eq!(names, ["Coffee", "Tea", "Milk"]);
    let found = (
        election.total_votes,
        election.abstentions,
        election.unknown_options,
    );
    assert_eq!(found, (2, 1, 2));
    let error = Rankings::strictly_among(&options, &ballots).unwrap_err();
    assert_eq!(
        error.to_string(),
        "ballot 1 ranks \"beer\", which is no option"
    );
    let error = Rankings::among(&["a", "A."], &ballots).unwrap_err();
    assert!(matches!(error, RankingError::UnclearOption(option) if option == "A."));
    assert!(Rankings::strictly_among(&options, &[vec!["milk"]]).is_ok());
}

fn rankings() -> impl Strategy<Value = Vec<Vec<String>>> {
    let ballot = Just(["a", "b", "c", "d", "e"].map(str::to_owned).to_vec()).prop_shuffle();
    let ballot = (ballot, 0..6_usize).prop_map(|(mut ballot, length)| {
        ballot.truncate(length);
        ballot
    });
    prop::collection::vec(ballot, 1..9)
}

fn rules() -> impl Strategy<Value = RankedRule> {
    use RankedRule::*;
    prop::sample::select(vec![Schulze, Borda, Irv, Approval(1), Approval(2), Mrr])
}

proptest! {
    #[test]
    fn who_beats_each_other_wins_by_schulze(ballots in rankings()) {
        let election = Rankings::open(&ballots).elect(RankedRule::Schulze, TieBreak::NoConsensus).unwrap();
        if let Some(winner) = election.condorcet_winner {
            prop_assert_eq!(election.winner, Some(winner));
            prop_assert_eq!(election.decided_by, RankedRule::Schulze);
        }
    }

    #[test]
    fn the_order_of_ballots_matters_in_ties_only(
        (ballots, shuffled) in rankings().prop_flat_map(|it| (Just(it.clone()), Just(it).prop_shuffle())),
        rule in rules(),
    ) {
        let options = ["a", "b", "c", "d", "e"];
        let elect = |ballots| {
            let rankings = Rankings::among(&options, ballots).unwrap();
            rankings.elect(rule, TieBreak::NoConsensus).unwrap()
        };
        let (one, other) = (elect(&ballots), elect(&shuffled));
        prop_assert_eq!(one.winner, other.winner);
        prop_assert_eq!(one.decision, other.decision);
    }

    #[test]
    fn what_all_prefer_wins(mut ballots in rankings(), rule in rules()) {
        for ballot in &mut ballots {
            ballot.insert(0, "x".to_owned());
        }
        let election = Rankings::open(&ballots).elect(rule, TieBreak::FirstSeen).unwrap();
        prop_assert_eq!(election.winner.as_deref(), Some("x"));
    }

    #[test]
    fn every_option_has_a_place(ballots in rankings(), rule in rules()) {
        let election = Rankings::open(&ballots).elect(rule, TieBreak::FirstSeen).unwrap();
        let mut names: Vec<_> = election.ranking.iter().map(|it| it.option.clone()).collect();
        names.sort();
        let mut expected: Vec<_> = ballots.concat();
        expected.sort();
        expected.dedup();
        prop_assert_eq!(names, expected);
        prop_assert!(election.ranking.is_sorted_by_key(|it| it.rank));
        prop_assert_eq!(election.total_votes + election.abstentions, ballots.len() as u64);
    }
}
