//! Checks by hand, and quotes against a slow way to find them.
use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use patterns_core::Document;

use super::check::check;
use super::{Provenance, Quote, StatementDraft, StatementList, Support, Unsupported, find_quote};
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
        let list = StatementList {
            statements: vec![statement.clone()],
        };
        let checked = check(list, &sources());
        assert_eq!(
            (
                &checked.statements[0].support,
                &checked.statements[0].quoted
            ),
            (&support, &quoted),
            "{statement:?}"
        );
    }
}

#[test]
fn dropped_statements_are_counted() {
    let all = [
        statement(&["a"], Some(("a", "pier"))),
        statement(&["b"], Some(("b", "pier"))),
        statement(&[], None),
        statement(&["c", "a"], Some(("a", "down."))),
        statement(&["a"], Some(("b", "It"))),
    ];
    let list = StatementList {
        statements: all.into(),
    };
    let mut checked = check(list, &sources());
    let counts = checked.counts;
    assert_eq!((counts.unsupported(), counts.dropped), (4, 0));
    checked.drop_unsupported();
    let counts = checked.counts;
    assert_eq!((checked.statements.len(), counts.total()), (1, 5));
    assert_eq!((counts.supported, counts.dropped), (1, 4));
    assert_eq!((counts.quotes, counts.quotes_found), (4, 2));
}

/// Checks the answers to documents in this order, then combines them two by two.
fn checked(order: &[usize]) -> Provenance {
    const IDS: [&str; 4] = ["a", "b", "c", "d"];
    let record = Provenance::new(Unsupported::Drop);
    let list = |foreign: &str| StatementList {
        statements: vec![statement(&[foreign], None)],
    };
    let mapped = order.iter().map(|it| {
        let id = IDS[*it];
        let answer = record.map(list("x"), &Document::new(id, "It."));
        (id, answer)
    });
    let mut mapped: Vec<_> = mapped.collect();
    mapped.sort_by_key(|it| it.0);
    let item = |(id, answer): &(&str, _)| ReduceItem::Mapped {
        id: (*id).to_owned(),
        answer: Clone::clone(answer),
    };
    let combine = |items: Vec<_>, level| {
        let task = ReduceTask { items, level };
        let answer = record.reduce(list("y"), &task);
        let (first, last) = (task.items[0].first(), task.items.last().unwrap().last());
        ReduceItem::Reduced {
            first: first.to_owned(),
            last: last.to_owned(),
            answer,
        }
    };
    let groups = |from: usize| combine(mapped[from..from + 2].iter().map(item).collect(), 0);
    let halves = match order[0] < 2 {
        true => [groups(0), groups(2)],
        false => {
            let second = groups(2);
            [groups(0), second]
        }
    };
    let whole = combine(halves.into(), 1);
    // One of one has its name.
    combine(vec![whole], 2);
    record
}

#[test]
fn answers_are_told_in_the_order_of_the_documents_whichever_comes_first() {
    let first = checked(&[0, 1, 2, 3]);
    let names = |record: &Provenance| {
        let flagged = record.flagged();
        let names: Vec<String> = flagged.into_iter().map(|it| it.0).collect();
        names.join(", ")
    };
    assert_eq!(names(&first), "a, b, c, d, a … b, c … d, a … d, a … d");
    for order in [[3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2]] {
        let other = checked(&order);
        assert_eq!(other.answers(), first.answers(), "{order:?}");
        assert_eq!(other.flagged(), first.flagged(), "{order:?}");
    }
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
