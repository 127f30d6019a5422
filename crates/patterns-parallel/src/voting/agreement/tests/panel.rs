//! What votes say about voters, and shares about answers.

use super::super::*;
use super::table;

#[test]
fn voters_are_ranked_without_labels() {
    // Two stand against two about the last question: those with the better record are believed.
    let table = table(&[
        "a b c d e f g h",
        "a b c d e f g x",
        "a x c x e x g x",
        "a b c d e f g h",
        "a b y d y f y y",
    ]);
    let estimate = table.dawid_skene();
    let order: Vec<usize> = estimate.voters.iter().map(|it| it.voter).collect();
    assert_eq!(order, [0, 3, 1, 2, 4]);
    assert!(estimate.has_converged);
    let last = estimate.answers[7].clone().unwrap();
    assert_eq!(last.answer, "h");
    assert!(last.probability > 0.9);
    assert_eq!(estimate.voters[0].votes, 8);
    assert!(
        (estimate.voters[0].accuracy - 0.9).abs() < 1e-2,
        "{estimate:?}"
    );
}

#[test]
fn the_better_voters_can_outvote_the_more() {
    // Three of five say x to the last question, but they often disagree elsewhere.
    let table = table(&[
        "a b c d e f g",
        "a b c d e f g",
        "a x c x e q x",
        "z b z d q f x",
        "a z y d e z x",
    ]);
    let estimate = table.dawid_skene();
    assert_eq!(estimate.answers[6].as_ref().unwrap().answer, "g");
}

#[test]
fn what_cannot_be_told_is_not_made_up() {
    let estimate = table(&["a", "b"]).dawid_skene();
    let likely = estimate.answers[0].clone().unwrap();
    assert_eq!((likely.answer.as_str(), likely.probability), ("a", 0.5));
    // The third voter seems worse than a coin, but of the fourth nothing is known.
    let estimate = table(&["a b c", "a b c", "x y z", ". . ."]).dawid_skene();
    let order: Vec<usize> = estimate.voters.iter().map(|it| it.voter).collect();
    assert_eq!(order, [0, 1, 2, 3]);
    assert!(estimate.voters[2].accuracy < estimate.voters[3].accuracy);
    assert_eq!(table(&["."]).dawid_skene().answers, [None]);
}

#[test]
fn shares_are_held_against_what_is_right() {
    let elections = [
        (0.6, true),
        (0.6, false),
        (0.8, true),
        (1.0, true),
        (1.0, true),
        (0.0, false),
    ];
    let table = reliability(&elections, 5).unwrap();
    let found: Vec<_> = table
        .bins
        .iter()
        .map(|it| (it.elections, it.correct))
        .collect();
    assert_eq!(found, [(1, 0), (0, 0), (2, 1), (1, 1), (2, 2)]);
    assert!((table.expected_calibration_error.unwrap() - 0.4 / 6.0).abs() < 1e-9);
    // 0.07 times 100 is a hair more than 7.
    assert_eq!(
        reliability(&[(0.07, true)], 100).unwrap().bins[6].elections,
        1
    );
    assert_eq!(reliability(&elections, 0), Err(ReliabilityError::NoBins));
    let error = reliability(&[(0.5, true), (f64::NAN, true)], 5).unwrap_err();
    assert_eq!(
        error.to_string(),
        "election 2 has the share NaN, not one from 0 to 1"
    );
    assert_eq!(
        reliability(&[], 3).unwrap().expected_calibration_error,
        None
    );
}
