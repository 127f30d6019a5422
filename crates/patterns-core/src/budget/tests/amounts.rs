//! Amounts of money, read and written.

use proptest::prelude::*;

use crate::{Money, MoneyError};

#[test]
fn amounts_are_read() {
    let table = [
        ("5", Ok(5_000_000_000_000)),
        ("$0.50", Ok(500_000_000_000)),
        (" 2.5 ", Ok(2_500_000_000_000)),
        ("0", Ok(0)),
        ("0.000000000001", Ok(1)),
        ("0.0000000000010", Ok(1)),
        ("0.0000000000001", Err(MoneyError::TooFine)),
        ("18446744.073709551615", Ok(u64::MAX)),
        ("18446744.073709551616", Err(MoneyError::TooLarge)),
        ("99999999999999999999999", Err(MoneyError::TooLarge)),
        ("", Err(MoneyError::NotANumber)),
        ("$", Err(MoneyError::NotANumber)),
        ("-1", Err(MoneyError::NotANumber)),
        ("+1", Err(MoneyError::NotANumber)),
        (".5", Err(MoneyError::NotANumber)),
        ("5.", Err(MoneyError::NotANumber)),
        ("1e3", Err(MoneyError::NotANumber)),
        ("1,000", Err(MoneyError::NotANumber)),
        ("NaN", Err(MoneyError::NotANumber)),
    ];
    for (text, expected) in table {
        let read = text.parse().map(Money::picodollars);
        assert_eq!(read, expected, "{text}");
    }
}

#[test]
fn amounts_are_written_for_people() {
    let table = [
        ("0", "$0.00"),
        ("3.1", "$3.10"),
        ("12", "$12.00"),
        ("1234.567", "$1234.57"),
        ("0.5", "$0.50"),
        ("0.0123456", "$0.0123"),
        ("0.99996", "$1.00"),
        ("0.0001", "$0.0001"),
        ("0.001", "$0.001"),
        ("0.00012", "$0.00012"),
        ("0.0000121", "$0.000012"),
        ("0.000000000001", "$0.000000000001"),
        ("18446744.073709551615", "$18446744.07"),
    ];
    for (amount, expected) in table {
        let amount: Money = amount.parse().unwrap();
        assert_eq!(amount.to_string(), expected);
    }
}

#[test]
fn amounts_are_read_from_json_numbers_too() {
    let table = [
        ("0.075", Some(75_000_000_000)),
        ("\"0.075\"", Some(75_000_000_000)),
        ("10", Some(10_000_000_000_000)),
        ("1e-7", Some(100_000)),
        ("-1", None),
        ("null", None),
    ];
    for (json, expected) in table {
        let read: Option<Money> = serde_json::from_str(json).ok();
        assert_eq!(read.map(Money::picodollars), expected, "{json}");
    }
    let exact = Money::from_picodollars(u64::MAX);
    let json = serde_json::to_string(&exact).unwrap();
    assert_eq!(json, "\"18446744.073709551615\"");
}

proptest! {
    #[test]
    fn every_amount_survives_being_written_and_read(picos: u64, small in 0_u64..10_000_000) {
        for picos in [picos, small] {
            let amount = Money::from_picodollars(picos);
            let json = serde_json::to_string(&amount).unwrap();
            prop_assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), amount);
            // What people read is an amount too, at most a twentieth off.
            let shown: Money = amount.to_string().parse().unwrap();
            let off = shown.picodollars().abs_diff(picos);
            prop_assert!(u128::from(off) * 20 <= u128::from(picos), "{} {}", shown, picos);
        }
    }
}
