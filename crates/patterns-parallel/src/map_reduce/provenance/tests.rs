//! Checks by hand, and quotes against a slow way to find them.
use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use patterns_core::Document;

use super::check::{examine, statements_of};
use super::{Quote, StatementDraft, StatementList, Statements, Support, Unsupported, find_quote};
use crate::map_reduce::reduce_prompt::{ReduceItem, ReduceTask};
use crate::normalise::is_unseen;

fn statement(sources: &[&str], quote: Option<(&str, &str)>) -> StatementDraft {
    StatementDraft {
        text: "It is so.".to_owned(),
        sources: sources.iter().map(|it| (*it).to_owned()).collect(),
        quote: quote.map(|(source, text)| Quote {
            source: source.to_owned(),
            text: text.to_owned(),
        }),
    }
}

fn sources() -> BTreeMap<String, Arc<str>> {
    let text = |id: &str, text: &str| (id.to_owned(), Arc::from(text));
    BTreeMap::from([
        text("a", "The pier\nburnt down."),
        text("b", "It was rebuilt."),
    ])
}

#[test]
fn each_support_by_hand() {
    let foreign =
        |ids: &[&str]| Support::ForeignSource(ids.iter().map(|it| (*it).to_owned()).collect());
    let table = [
        (statement(&["a"], None), Support::Supported, None),
        (
            statement(&["b", "a"], Some(("a", "pier burnt"))),
            Support::Supported,
            Some(4..14),
        ),
        (statement(&[], None), Support::NoSource, None),
        (statement(&[], Some(("a", "pier"))), Support::NoSource, None),
        (
            statement(&["a", "c", "A"], Some(("a", "pier"))),
            foreign(&["c", "A"]),
            Some(4..8),
        ),
        (
            statement(&["a"], Some(("b", "It was rebuilt."))),
            Support::ForeignQuote("b".to_owned()),
            None,
        ),
        (
            statement(&["a"], Some(("a", "It was rebuilt."))),
            Support::QuoteNotFound,
            None,
        ),
        (
            statement(&["a"], Some(("a", "Pier"))),
            Support::QuoteNotFound,
            None,
        ),
        (
            statement(&["a"], Some(("a", " "))),
            Support::QuoteNotFound,
            None,
        ),
    ];
    for (statement, support, quoted) in table {
        let checked = examine(statement.clone(), &sources());
        let found = (checked.support, checked.quoted);
        assert_eq!(found, (support, quoted), "{statement:?}");
    }
}

#[test]
fn dropped_statements_are_counted() {
    let list = || StatementList {
        statements: vec![
            statement(&["a"], Some(("a", "pier"))),
            statement(&["a"], Some(("a", "Pier"))),
            statement(&[], None),
            statement(&["c", "a"], Some(("a", "down."))),
            statement(&["a"], Some(("b", "It"))),
        ],
    };
    let document = Document::new("a", "The pier\nburnt down.");
    let flagged = Statements::of_document(list(), &document, Unsupported::Flag);
    let counts = flagged.counts;
    assert_eq!((counts.unsupported(), counts.dropped), (4, 0));
    let dropped = Statements::of_document(list(), &document, Unsupported::Drop);
    let counts = dropped.counts;
    assert_eq!((dropped.statements.len(), counts.total()), (1, 5));
    assert_eq!((counts.supported, counts.dropped), (1, 4));
    assert_eq!((counts.quotes, counts.quotes_found), (4, 2));
    assert_eq!(dropped.flagged(), flagged.flagged());
}

#[test]
fn answers_are_told_in_the_order_of_the_documents() {
    let list = |foreign: &str| StatementList {
        statements: vec![statement(&[foreign], None)],
    };
    let mapped = |id: &str| ReduceItem::Mapped {
        id: id.to_owned(),
        answer: Statements::of_document(list("x"), &Document::new(id, "It."), Unsupported::Drop),
    };
    let combine = |items: Vec<_>, level| {
        let task = ReduceTask { items, level };
        let answer = Statements::of_combination(list("y"), &task, Unsupported::Drop);
        ReduceItem::reduced(task.ends(), answer)
    };
    let halves = [["a", "b"], ["c", "d"]].map(|ids| combine(ids.map(mapped).into(), 0));
    // One of one has its name.
    let whole = combine(vec![combine(halves.into(), 1)], 2);
    let flagged = statements_of(&whole).flagged();
    let names: Vec<String> = flagged.into_iter().map(|it| it.0).collect();
    assert_eq!(names.join(", "), "a, b, c, d, a … b, c … d, a … d, a … d");
}

#[test]
fn quotes_by_hand() {
    let table = [
        ("aab", "ab", Some(1..3)),
        ("aaab", "aab", Some(1..4)),
        ("ababac", "abac", Some(2..6)),
        ("aacacx", "aacx", None),
        ("one  two", "one two", Some(0..8)),
        ("one two", "one\n\n two ", Some(0..7)),
        ("  one", "one", Some(2..5)),
        ("é\u{a0}à la", "à", Some(4..6)),
        ("é\u{a0}à la", "é à", Some(0..6)),
        ("onetwo", "one two", None),
        ("", "x", None),
        ("x", "", None),
        ("a b  a b c", "a b c", Some(5..10)),
        ("“It’s”", "\"It's\"", Some(0..12)),
        ("in 2020–2024", "2020-2024", Some(3..14)),
        ("a caf\u{e9}.", "cafe\u{301}", Some(2..7)),
        ("a cafe\u{301}.", "caf\u{e9}", Some(2..8)),
        ("caf\u{e9}", "cafe", None),
        ("caf\u{e9} cafe", "cafe", Some(6..10)),
        ("\u{e9}\u{e9}e", "\u{e9}e", Some(2..5)),
        ("ex\u{ad}ample", "example", Some(0..9)),
        ("example", "exa\u{200b}mple", Some(0..7)),
        ("example", "\u{200b}", None),
        ("10 – 20", "10—20", None),
    ];
    for (text, quote, expected) in table {
        assert_eq!(find_quote(text, quote), expected, "{quote:?} in {text:?}");
    }
}

#[test]
fn hostile_texts_take_linear_time() {
    let (text, quote) = ("a".repeat(3_000_000), "a".repeat(30_000) + "b");
    assert_eq!(find_quote(&text, &quote), None);
    assert_eq!(find_quote(&" ".repeat(3_000_000), &quote), None);
    let (text, quote) = ("\u{e9}".repeat(1_000_000), "\u{e9}".repeat(30_000) + "e");
    assert_eq!(find_quote(&text, &quote), None);
}

/// The same, by trying each place.
fn slow(text: &str, quote: &str) -> bool {
    let fold = |it: &str| it.split_whitespace().collect::<Vec<_>>().join(" ");
    !fold(quote).is_empty() && fold(text).contains(&fold(quote))
}

proptest! {
    #[test]
    fn quotes_are_found_where_they_are(text in "[ab]{0,9}[ab\u{a0} \n]{0,30}", quote in "[ab]{0,3}[ab \n]{0,3}") {
        let found = find_quote(&text, &quote);
        prop_assert_eq!(found.is_some(), slow(&text, &quote));
        if let Some(range) = found {
            let fold = |it: &str| it.split_whitespace().collect::<Vec<_>>().join(" ");
            prop_assert_eq!(fold(&text[range]), fold(&quote));
        }
    }

    #[test]
    fn any_part_of_a_text_is_a_quote(text in any::<String>(), from in 0..40usize, count in 1..40usize) {
        let part: String = text.chars().skip(from).take(count).collect();
        let says = |it: char| !it.is_whitespace() && !is_unseen(it);
        prop_assert_eq!(find_quote(&text, &part).is_some(), part.contains(says));
    }
}
