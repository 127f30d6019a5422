//! Tables of paragraphs and where their sentences end.

use proptest::prelude::*;

use super::*;

/// `|` marks the boundaries.
fn check(marked: &str) {
    let expected: Vec<&str> = marked.split('|').map(str::trim).collect();
    let text = marked.replace('|', "");
    let found: Vec<&str> = sentences(&text).into_iter().map(|at| &text[at]).collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn ends_of_sentences() {
    for marked in [
        "One. |Two! |Three? |Four.",
        "Really?! |Yes.",
        "No end",
        "He left... |The door closed.",
        "He left… |The door closed.",
        "He said \"Stop.\" |Then he left.",
        "He said “Stop.” |Then he left.",
        "(It is over.) |We go.",
        "It ended in 1990. |The rest is history.",
        "It ended in 1990.[3] |The rest is history.",
        "It uses Python 3.12. |Older versions fail.",
        "See https://example.org/a.html. |Then come back.",
        "Open foo.py. |Run it.",
        "He came at 5 p.m. |He left at six.",
        "They live in the U.S. |The house is white.",
        "We sell nuts, bolts, etc. |The shop is open.",
        "That is module M. |If it fails, retry.",
        "Is it? |\"It is,\" she said.",
        "Wait! |(He did.) |Then?",
        "First line.\nSecond line.".replace('\n', "\n|").as_str(),
        "She works at Acme Inc. |They pay well.",
        "It costs $3.50. |That is much.",
        "It is so. |§ 5 says why.",
        "The answer is No. |He said it twice.",
    ] {
        check(marked);
    }
}

#[test]
fn stops_that_end_nothing() {
    for text in [
        "Dr. Smith and Mrs. Jones met Prof. Lee.",
        "Use a list, e.g. Python's or a tuple, i.e. Pairs.",
        "John F. Kennedy and J. R. R. Tolkien never met.",
        "The U.S. Government said so.",
        "See Fig. 3 and Sec. 4.2 and No. 5 on p. 7, vol. 2.",
        "See Fig. C and Eq. B2 for more.",
        "It is 3.14 or 2.72 and v1.2.3 at most.",
        "Run foo.py or example.org for more.",
        "Roe v. Wade and Kramer vs. Kramer.",
        "Smith et al. Proposed it.",
        "Well... maybe not.",
        "Yahoo! is a company.",
        "\"Why?\" he asked.",
        "\"Stop!\" she said.",
        "He holds a Ph.D. Degree.",
        "1. The first item.",
        "Born on Jan. 5 and on Sept. 11.",
        "Use .NET or Node.js here.",
        "At approx. 5 km it fell; cf. Smith.",
        "Martin Luther King Jr. Day is a holiday.",
        "It is (see e.g. Knuth) old.",
        "The file ...and so on.",
        "Ask the Gov. Brown campaign.",
    ] {
        check(text);
    }
}

#[test]
fn scripts_without_spaces() {
    check("今日は晴れです。|明日は雨でしょう。|本当？|はい！");
    check("他说：「你好。」|然后走了。");
    check("यह एक वाक्य है। |यह दूसरा है।");
    check("هل هذا صحيح؟ |نعم.");
}

#[test]
fn nothing_but_space_has_no_sentence() {
    assert!(sentences("").is_empty());
    assert!(sentences(" \n\t ").is_empty());
    check("...");
    check("?!");
}

proptest! {
    #[test]
    fn sentences_cover_all_words_in_order(text in "[a-zA-Z.!?…。\"')\\[\\]0-9 \n]{0,200}") {
        let found: Vec<&str> = sentences(&text).into_iter().map(|at| &text[at]).collect();
        let words: Vec<&str> = found.iter().flat_map(|it| it.split_whitespace()).collect();
        prop_assert_eq!(words.concat(), text.split_whitespace().collect::<String>());
    }

    #[test]
    fn no_text_panics(text in any::<String>()) {
        sentences(&text);
    }
}
