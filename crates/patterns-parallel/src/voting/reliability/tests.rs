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
