//! Which numbers and names of a text are missed in the documents, and which are not.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn seen(source: &str) -> SeenWords {
    let mut seen = SeenWords::default();
    seen.add_name("report-7.txt");
    seen.add(&Document::new("d", source));
    seen
}

/// Checks which words of a text are said to be in no document.
fn check(text: &str, source: &str, expected: &[&str]) {
    let mut unseen = Vec::new();
    seen(source).look_up(&json!([{ "x": text }]), &mut HashSet::new(), &mut unseen);
    assert_eq!(unseen, expected, "{text}");
}

#[test]
fn what_is_in_no_document_is_named() {
    let plain = "in the old harbour of the town there were some ships, and one of them sank";
    check("No facts here.", "", &[]);
    check("It was 3.5 km.", "3.5", &[]);
    check("It was 3.5km and 20km.", "3.5 km", &["20"]);
    check("It was 3.5 km.", "35", &["3.5"]);
    check("12,000 boats", "12000 ships", &[]);
    check("Seen 1, 2, 3, 3.", "2 1", &["3"]);
    check("At 3,5 km.", "35 km", &["3,5"]);
    check("At 100.5 km.", "Row 5 100.5 km", &[]);
    check("At 100,5 km.", "Row 5 100,5 km", &[]);
    check("10 000 and 10,000 and 10’000", "10\u{202f}000 ships", &[]);
    check("On 5 3.", "2024-03-05", &[]);
    check("On 2024-03-05.", "5 3 2024", &[]);
    check("There are 2.", "page 02", &["2"]);
    check("1. It sank.\n2) It burnt.\n- 3 boats", plain, &["3"]);
    check("Then Ann's boat sank. Nothing else.", plain, &["Ann"]);
    check(
        "We met Ann, Bob and Ann.",
        &format!("{plain} Bob"),
        &["Ann"],
    );
    check(
        "Of ÉCOLE and the Harbour, by Straße 7",
        &format!("{plain} école"),
        &["Straße"],
    );
    check("See Report-7 of I.", plain, &[]);
    check("2024年に", "2024", &[]);
    check("By 8 % and 9 %", "by Eight per cent, seventy-nine", &[]);
    check("By 8 % and 9 %", "weight nineties", &["8", "9"]);
    check(
        "25 boats, 40 more, 45 in all",
        "twenty-five, forty of",
        &["45"],
    );
    check("3 May 2024", "on 2024-05-03", &[]);
    check("On 2024-05-03", "3 May 2024", &[]);
    check("3 June 2024", &format!("{plain} on 2024-05-03"), &["June"]);
    check(
        "5 ships and 3 more",
        "it may sink; they march on",
        &["5", "3"],
    );
    check("20 m², x₂, note¹", "20 m", &[]);
}

#[test]
fn where_capitals_say_nothing_only_numbers_are_looked_up() {
    let german = "der alte Hafen der Stadt hat drei Schiffe und einen Kran";
    check("ein Boot und 4 Schiffe", german, &["4"]);
}

#[test]
fn of_a_result_in_another_language_only_numbers_are_looked_up() {
    let english = "in the old harbour of the town there were some ships, and one of them sank";
    let german = "Im alten Hafen der Stadt lagen einige Schiffe, von denen eines vor dem Kran im Sturm sank, als 400 \
                  Kisten von der Mole kamen.";
    assert_eq!(seen(english).unseen(&german), ["400"]);
    let named = "In the old harbour of the town there were some ships, and one of them, that of Ann, sank there.";
    assert_eq!(seen(english).unseen(&named), ["Ann"]);
    let many = "in the old town there were Ann Smith, Bob Jones, Carl Webb, and of them some ships, one of the harbour";
    let names = ["Ann", "Smith", "Bob", "Jones", "Carl", "Webb"];
    assert_eq!(seen(english).unseen(&many), names);
}

#[test]
fn a_warning_names_the_first_and_counts_the_rest() {
    let numbers: Vec<String> = (100..113).map(|it| it.to_string()).collect();
    let warning = seen("").warning(&numbers).unwrap();
    assert_eq!(
        (&*warning.code, &*warning.message),
        (
            "not-in-documents",
            "the result has numbers or names that are in no document: 100, 101, 102, 103, 104, \
             105, 106, 107, 108, 109 and 3 more (what was added up or translated is among them)"
        )
    );
    assert_eq!(seen("").warning(&json!({"n": 7, "text": "none"})), None);
}

#[test]
fn a_full_memory_says_so() {
    let mut full = seen("");
    full.set = WORDS as u64 * 49;
    let warning = full.warning(&"7").unwrap();
    assert_eq!(warning.code, "not-looked-up");
}

#[test]
fn many_words_leave_room_to_see_that_others_are_missing() {
    let mut seen = SeenWords::default();
    let words: Vec<String> = (0..100_000).map(|it| it.to_string()).collect();
    seen.add(&Document::new("d", words.join(" ")));
    let other: Vec<String> = (200_000..201_000).map(|it| it.to_string()).collect();
    let (mut known, mut unseen) = (HashSet::new(), Vec::new());
    seen.look_up(&json!(words), &mut known, &mut unseen);
    assert_eq!(unseen, [""; 0]);
    seen.look_up(&json!(other), &mut known, &mut unseen);
    assert!(unseen.len() > 995, "{}", unseen.len());
}

proptest! {
    #[test]
    fn what_is_in_a_document_is_never_warned_of(text in any::<String>(), more in "[a-cA-C0-9 .,]{0,60}") {
        for text in [text, more] {
            prop_assert_eq!(seen(&text).warning(&text), None);
        }
    }
}

#[test]
fn numbers_are_read_in_each_way_in_which_they_are_written() {
    let table: [(&str, &[&str]); 19] = [
        ("7", &["7"]),
        ("05", &["05", "5"]),
        ("0", &["0"]),
        ("1,000", &["1", "1,000", "1000"]),
        ("1.500", &["1.5", "1.500", "1500"]),
        ("1 000", &["1 000", "1+0", "1000"]),
        ("1\u{202f}000", &["1+0", "1000", "1\u{202f}000"]),
        ("3,50", &["3,50", "3.5"]),
        ("3.0", &["3", "3.0"]),
        ("0.5", &["0.5"]),
        ("1.234,50", &["1.234,50", "1234.5"]),
        ("1,234,567", &["1+234+567", "1,234,567", "1234567"]),
        ("1.234.567", &["1.234.567", "1234567"]),
        ("1'234.5", &["1'234.5", "1234.5"]),
        ("1,2,3", &["1+2+3", "1,2,3"]),
        ("1.2.3", &["1.2.3"]),
        ("05.01.2024", &["05.01.2024", "5+1+2024"]),
        ("0,123", &["0,123", "0.123"]),
        ("5 100.5", &["5 100.5", "5+5+5+5+100.5+100.5", "5100.5"]),
    ];
    for (text, expected) in table {
        let readings = number_readings(text);
        let mut readings: Vec<String> = readings.iter().map(|it| it.join("+")).collect();
        readings.sort();
        readings.dedup();
        assert_eq!(readings, expected, "{text}");
    }
}
