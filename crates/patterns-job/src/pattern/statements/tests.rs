//! Checks by hand, and quotes against a slow way to find them.
use std::collections::BTreeMap;
use std::sync::Arc;

use patterns_core::Document;
use patterns_parallel::map_reduce::{ReduceItem, ReduceTask};

use super::check::{examine, statements_of};
use super::{Quote, StatementDraft, StatementList, Statements, Support, Unsupported};

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
        ReduceItem::Reduced {
            first: task.items[0].first().to_owned(),
            last: task.items[task.items.len() - 1].last().to_owned(),
            answer,
        }
    };
    let halves = [["a", "b"], ["c", "d"]].map(|ids| combine(ids.map(mapped).into(), 0));
    // One of one has its name.
    let whole = combine(vec![combine(halves.into(), 1)], 2);
    let flagged = statements_of(&whole).flagged();
    let names: Vec<String> = flagged.into_iter().map(|it| it.0).collect();
    assert_eq!(names.join(", "), "a, b, c, d, a … b, c … d, a … d, a … d");
}
