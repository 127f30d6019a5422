//! What is said of shares, by what was right.

use super::*;

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
    let table = reliability(&elections, bins(5));
    let found: Vec<_> = table
        .bins
        .iter()
        .map(|it| (it.elections, it.correct))
        .collect();
    assert_eq!(found, [(1, 0), (0, 0), (2, 1), (1, 1), (2, 2)]);
    assert!((table.expected_calibration_error.unwrap() - 0.4 / 6.0).abs() < 1e-9);
    // 0.07 times 100 is a hair more than 7.
    let seven = [(0.07, true)];
    assert_eq!(reliability(&seven, bins(100)).bins[6].elections, 1);
    assert_eq!(reliability(&[], bins(3)).expected_calibration_error, None);
}

fn bins(number: usize) -> NonZeroUsize {
    NonZeroUsize::new(number).unwrap()
}
