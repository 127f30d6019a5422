//! Which spellings are one answer, and which are not.

use proptest::prelude::*;
use serde_json::json;

use super::*;

#[track_caller]
fn one(answers: &[&str]) {
    for answer in answers {
        assert_eq!(normalise(answer), normalise(answers[0]), "{answer:?}");
    }
}

#[track_caller]
fn different(answers: &[&str]) {
    for (n, answer) in answers.iter().enumerate() {
        for other in &answers[..n] {
            assert_ne!(normalise(answer), normalise(other), "{answer:?} {other:?}");
        }
    }
}

#[test]
fn spellings_of_one_answer_are_equal() {
    one(&[
        "Paris",
        " paris ",
        "PARIS.",
        "\"Paris\"",
        "`paris`",
        "**Paris**",
        "“Paris.”",
        "Ｐａｒｉｓ",
        "\"Paris\".",
        "‘Paris’",
    ]);
    one(&[
        "42",
        "42.0",
        "42.",
        "42.000000",
        "\"42\"",
        "４２",
        "$42$",
        "\\boxed{42}",
        "**42**",
    ]);
    one(&["1000", "1,000", "1,000.00", "1,000."]);
    one(&["1234.5", "1,234.5", "1.234,5"]);
    one(&["1234567", "1,234,567", "1.234.567,00"]);
    one(&["-5", "−5", "–5", "-5.0"]);
    one(&["0", "-0", "0.00", "-0.0"]);
    one(&["New   York\nCity", "new york\u{a0}city"]);
    one(&["café", "cafe\u{301}", "CAFÉ"]);
    one(&["STRASSE", "straße", "strasse", "STRAẞE"]);
    one(&["don't", "don’t"]);
    one(&[
        "co-op",
        "co-op\u{200b}",
        "\u{feff}co-op\u{200e}",
        "c\u{ad}o-op",
    ]);
    one(&["51/2", "51⁄2"]);
    one(&["2020-2024", "2020–2024", "2020‑2024", "2020‒2024"]);
    one(&["the \"big\" one", "the “big” one", "the „big“ one"]);
    one(&["*Paris*", "***Paris***", "Paris"]);
    one(&[
        "שלום",
        "\u{202b}שלום\u{202c}",
        "\u{2067}שלום\u{2069}",
        "\u{61c}שלום",
    ]);
    one(&[
        "10000",
        "10 000",
        "10\u{202f}000",
        "10'000",
        "10’000",
        "10,000",
    ]);
    one(&["1234567.5", "1 234 567,5", "1'234'567.5", "1 234 567.5"]);
    one(&["-1000", "−1 000"]);
}

#[test]
fn different_answers_stay_different() {
    different(&["$5", "€5", "£5", "5", "(5)", "+5", "5%", "5\"", "5'", "#5"]);
    different(&["10²", "102"]);
    different(&["می\u{200c}خواهم", "میخواهم"]);
    different(&["5½", "51/2"]);
    different(&["1.1", "1.10", "1.100", "1.01"]);
    different(&["7", "007", "0007"]);
    different(&["*", "**", "***", "?", "!", "-", "+", "...", "()", "_", "\""]);
    different(&["yes", "y", "true", "yes!", "yes?"]);
    different(&["no", "n", "N/A"]);
    different(&["C", "C++", "C#", "(C)", "[C]"]);
    different(&["__init__", "init", "_init_"]);
    different(&["3,5,7", "357", "3.5.7"]);
    different(&["1,000", "1.000"]);
    different(&["1,00", "100", "1,0"]);
    different(&["0,123", "123"]);
    different(&["1/2", "12", "1 2"]);
    different(&["100000000000000000001", "100000000000000000002"]);
    different(&["+4930", "4930"]);
    different(&["wait", "wait.."]);
    different(&["\"a\" or \"b\"", "a or b", "a\" or \"b"]);
    different(&["ısı", "isi"]);
    different(&["1.5", "15", "1,5"]);
    different(&["1 2", "12", "1 23", "1 2345"]);
    different(&["030 123", "30 123", "30123 456", "1 000'000", "1'00"]);
    different(&["yes—no", "yes-no", "2 * 3", "2 3", "2 * 3 *"]);
    different(&["1.234.567", "1,234,567"]);
}

#[test]
fn nothing_is_no_answer() {
    for answer in ["", "  ", "\n\u{a0}"] {
        assert_eq!(normalise(answer), None, "{answer:?}");
    }
}

proptest! {
    #[test]
    fn normalising_twice_changes_nothing(answer in ".{0,40}") {
        if let Some(once) = normalise(&answer) {
            prop_assert_eq!(normalise(&once), Some(once));
        }
    }

    #[test]
    fn case_and_outer_space_never_matter(answer in "[a-zA-Z0-9 ,.$*-]{0,20}") {
        let shouted = format!("  {} \n", answer.to_uppercase());
        prop_assert_eq!(normalise(&answer), normalise(&shouted));
    }

    #[test]
    fn an_answer_with_a_sign_is_an_answer(answer in "[^\\s\\p{Z}\\p{C}]{1,9}") {
        prop_assert!(normalise(&answer).is_some());
    }
}

#[test]
fn equal_numbers_are_written_alike_and_others_are_not() {
    let alike = [
        [json!(0), json!(-0.0)],
        [json!(42), json!(42.0)],
        [json!(10_000_000_000_000_000_u64), json!(1e16)],
    ];
    for [one, other] in alike {
        assert_eq!(canonical(&one), canonical(&other), "{one} {other}");
    }
    let different = [
        [
            json!(9_007_199_254_740_993_u64),
            json!(9_007_199_254_740_992.0),
        ],
        [json!(u64::MAX), json!(18_446_744_073_709_551_616.0)],
        [json!(0), json!(5e-324)],
    ];
    for [one, other] in different {
        assert_ne!(canonical(&one), canonical(&other), "{one} {other}");
    }
}
