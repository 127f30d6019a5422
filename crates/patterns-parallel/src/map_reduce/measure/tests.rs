//! Measures of small examples by hand, and their ranges.
use patterns_core::Document;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::SupportCounts;

#[test]
fn entropies_by_hand() {
    let table: [(&[u64], Option<f64>); 6] = [
        (&[], None),
        (&[5], None),
        (&[0, 0], None),
        (&[7, 0, 0], Some(0.0)),
        (&[1, 1], Some(1.0)),
        (&[2, 1, 1, 0], Some(0.75)),
    ];
    for (citations, expected) in table {
        assert_eq!(position_entropy(citations), expected, "{citations:?}");
    }
}

#[test]
fn facts_by_hand() {
    let table = [
        ("No facts here.", "", None),
        ("It was 3.5 km.", "3.5", Some(1.0)),
        ("It was 3.5 km.", "35", Some(0.0)),
        ("12,000 boats", "12000 ships", Some(1.0)),
        ("Seen 1, 2, 3.", "3 2 1", Some(1.0)),
        ("Then Ann's boat sank.", "Ann", Some(1.0)),
        ("Sank. Then nothing.", "", None),
        ("We met Ann, Bob and Ann.", "Bob", Some(0.5)),
        ("Über ÉCOLE: Straße 7", "ÉCOLE 7", Some(1.0)),
    ];
    for (text, source, expected) in table {
        assert_eq!(fact_fidelity(text, [source]), expected, "{text}");
    }
}

#[test]
fn repetitions_by_hand() {
    assert_eq!(repeated_statements([]), None);
    assert_eq!(repeated_five_grams("one two three four"), None);
    assert_eq!(repeated_five_grams("one two three four five"), Some(0.0));
    assert_eq!(order_sensitivity("", "…"), 0.0);
    assert_eq!(order_sensitivity("a b", "b a"), 0.0);
    assert_eq!(order_sensitivity("a b c", "d e f"), 1.0);
}

#[test]
fn all_measures_of_a_result() {
    let documents = [
        Document::new("a", "Ann has 3 boats in the old harbour."),
        Document::new("b", "Bob has none."),
    ];
    let measures = Measures::of(&documents, &json!({"texts": ["of Ann", "and 4"], "n": 7}));
    assert_eq!(measures.fact_fidelity, Some(0.5));
    assert_eq!(measures.compression, Some(4.0 / 17.0));
    assert_eq!(measures.input_coverage, None);
    let counts = SupportCounts {
        supported: 3,
        no_source: 1,
        quotes: 2,
        quotes_found: 1,
        ..SupportCounts::default()
    };
    assert_eq!(
        (statement_support(&counts), quote_exactness(&counts)),
        (Some(0.75), Some(0.5))
    );
}

proptest! {
    #[test]
    fn all_measures_are_shares(one in any::<String>(), other in "[a-cA-C0-9 .,]{0,60}", citations in prop::collection::vec(0..9u64, 0..9)) {
        let shares = [
            fact_fidelity(&one, [&*other]), fact_fidelity(&other, [&*one]),
            repeated_five_grams(&other), repeated_statements([&*one, &*other]),
            position_entropy(&citations), Some(order_sensitivity(&one, &other)),
        ];
        for share in shares.into_iter().flatten() {
            prop_assert!((0.0..=1.0).contains(&share), "{share}");
        }
        prop_assert_eq!(order_sensitivity(&other, &other), 0.0);
        prop_assert!(fact_fidelity(&other, [&*other]).is_none_or(|it| it == 1.0));
    }
}
