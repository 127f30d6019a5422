//! Which spellings are one answer, and which are not.

use proptest::prelude::*;

use super::*;

fn check(answer: &str, expected: &str) {
    assert_eq!(normalise(answer).as_deref(), Some(expected), "{answer:?}");
}

#[test]
fn spellings_of_one_answer_are_equal() {
    for answer in [
        "Paris",
        " paris ",
        "PARIS.",
        "\"Paris\"",
        "`paris`",
        "**Paris**",
        "“Paris.”",
        "Ｐａｒｉｓ",
    ] {
        check(answer, "paris");
    }
    for answer in [
        "42", "42.0", "42.", "+42", "042", "$42", "42.000", "\"42\"", "(42)", "４２",
    ] {
        check(answer, "42");
    }
    for answer in ["1000", "1,000", "$1,000.00", "1,000."] {
        check(answer, "1000");
    }
    for answer in ["yes", "Yes.", "TRUE", "true", "y", "YES!"] {
        check(answer, "yes");
    }
    for answer in ["no", "No.", "False", "n"] {
        check(answer, "no");
    }
    for answer in ["(B)", "B.", "b", "[B]"] {
        check(answer, "b");
    }
    check("New   York\nCity", "new york city");
    check("-0.0", "0");
    check("-0.50", "-0.5");
    check("\u{2212}3", "-3");
    check(".5", ".5");
    check("Straße", "straße");
}

#[test]
fn different_answers_stay_different() {
    check("3,5,7", "3,5,7");
    check("1,00", "1,00");
    check("0,123", "0,123");
    check("1.5", "1.5");
    check("15", "15");
    check("1/2", "1/2");
    check("50%", "50%");
    check("50", "50");
    check("f(x)", "f(x)");
    check("(a) or (b)", "(a) or (b)");
    check("9007199254740993", "9007199254740993");
    check("no one", "no one");
}

#[test]
fn nothing_is_no_answer() {
    for answer in ["", "  ", "...", "\"\"", "…", "()", "**"] {
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
    fn case_and_outer_space_never_matter(answer in "[a-zA-Z0-9 ,.$-]{0,20}") {
        let shouted = format!("  {} \n", answer.to_uppercase());
        prop_assert_eq!(normalise(&answer), normalise(&shouted));
    }
}
