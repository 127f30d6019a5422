//! What stands in a line of an HTML page and means something else if its marks are lost: `10<sup>6</sup>` is
//! not 106, a price that is struck out is no price, and a fraction is not two digits side by side.

use std::rc::Rc;

use htmd::element_handler::{HandlerResult, Handlers};
use htmd::{Element, Node};
use markup5ever_rcdom::NodeData;

use super::table::{elements, name};

/// The elements of formulas that set parts higher, lower or over others.
pub(super) const MATHS: [&str; 8] = [
    "msup",
    "msub",
    "msubsup",
    "munder",
    "mover",
    "munderover",
    "mfrac",
    "msqrt",
];

#[expect(clippy::needless_pass_by_value, reason = "the shape of a handler")]
pub(super) fn raised(handlers: &dyn Handlers, it: Element) -> Option<HandlerResult> {
    let text = handlers.walk_children(it.node).content;
    Some(apart('^', &text).into())
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of a handler")]
pub(super) fn lowered(handlers: &dyn Handlers, it: Element) -> Option<HandlerResult> {
    let text = handlers.walk_children(it.node).content;
    Some(apart('_', &text).into())
}

/// Returns text that does not hold any more as such.
#[expect(clippy::needless_pass_by_value, reason = "the shape of a handler")]
pub(super) fn struck(handlers: &dyn Handlers, it: Element) -> Option<HandlerResult> {
    let text = handlers.walk_children(it.node).content;
    let inner = text.trim();
    if inner.is_empty() || inner.contains('\n') {
        return Some(text.into());
    }
    let start = &text[..text.len() - text.trim_start().len()];
    let end = &text[text.trim_end().len()..];
    Some(format!("{start}~~{inner}~~{end}").into())
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of a handler")]
pub(super) fn quoted(handlers: &dyn Handlers, it: Element) -> Option<HandlerResult> {
    let text = handlers.walk_children(it.node).content;
    Some(format!("“{}”", text.trim()).into())
}

/// Returns a formula: as it was written in TeX if that is told, else its parts.
#[expect(clippy::needless_pass_by_value, reason = "the shape of a handler")]
pub(super) fn formula(handlers: &dyn Handlers, it: Element) -> Option<HandlerResult> {
    let told = annotation(it.node).or_else(|| {
        let told = it.attrs.iter().find(|it| &*it.name.local == "alttext");
        told.map(|it| it.value.to_string())
    });
    let told = told.filter(|it| !it.trim().is_empty());
    Some(match told {
        Some(told) => format!(" {} ", told.trim()).into(),
        None => handlers.walk_children(it.node),
    })
}

/// Returns a part of a formula that is made of parts.
#[expect(clippy::needless_pass_by_value, reason = "the shape of a handler")]
pub(super) fn part(handlers: &dyn Handlers, it: Element) -> Option<HandlerResult> {
    let parts = elements(it.node).map(|it| {
        let part = handlers.handle(&it).map(|it| it.content);
        part.unwrap_or_default().trim().to_owned()
    });
    let parts: Vec<String> = parts.collect();
    let text = match (name(it.node), parts.as_slice()) {
        ("msup" | "mover", [base, raised]) => format!("{base}{}", apart('^', raised)),
        ("msub" | "munder", [base, lowered]) => format!("{base}{}", apart('_', lowered)),
        ("msubsup" | "munderover", [base, lowered, raised]) => {
            format!("{base}{}{}", apart('_', lowered), apart('^', raised))
        }
        ("mfrac", [over, under]) => format!("{}/{}", whole(over), whole(under)),
        ("msqrt", parts) => format!("√{}", whole(&parts.concat())),
        _ => parts.concat(),
    };
    Some(text.into())
}

/// Keeps what is set higher or lower apart from what it stands at: `10^6` is not `106`.
fn apart(mark: char, text: &str) -> String {
    match text.trim() {
        "" => String::new(),
        it => format!("{mark}{}", whole(it)),
    }
}

/// Puts what has several parts in parentheses.
fn whole(text: &str) -> String {
    match text.chars().all(char::is_alphanumeric) {
        true => text.to_owned(),
        false => format!("({text})"),
    }
}

/// Returns what a formula is in TeX.
fn annotation(formula: &Rc<Node>) -> Option<String> {
    let mut open: Vec<Rc<Node>> = elements(formula).collect();
    while let Some(node) = open.pop() {
        let NodeData::Element { attrs, .. } = &node.data else {
            continue;
        };
        let is_tex = |it: &str| it.to_ascii_lowercase().contains("tex");
        let is_such =
            name(&node) == "annotation" && attrs.borrow().iter().any(|it| is_tex(&it.value));
        if is_such {
            let children = node.children.borrow();
            let texts = children.iter().filter_map(|it| match &it.data {
                NodeData::Text { contents } => Some(contents.borrow().to_string()),
                _ => None,
            });
            return Some(texts.collect());
        }
        open.extend(elements(&node));
    }
    None
}
