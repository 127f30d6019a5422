//! Writes the items of an ordered list with the numbers that a reader sees: `(b)` is referred to by its letter.

use std::rc::Rc;

use htmd::element_handler::{HandlerResult, Handlers};
use htmd::{Element, Node};
use markup5ever_rcdom::NodeData;

use super::table::{elements, name, parent};
use crate::format::numerals::{letters, roman};

/// Returns an ordered list.
#[expect(clippy::needless_pass_by_value, reason = "the shape of a handler")]
pub(super) fn ordered(handlers: &dyn Handlers, it: Element) -> Option<HandlerResult> {
    let number = |node, name| attribute(node, name).and_then(|it| it.trim().parse::<i32>().ok());
    let is_item = |it: &Rc<Node>| name(it) == "li";
    let step = match attribute(it.node, "reversed") {
        Some(_) => -1,
        None => 1,
    };
    let first = || match step {
        1 => Some(1),
        _ => i32::try_from(elements(it.node).filter(is_item).count()).ok(),
    };
    let mut next = number(it.node, "start").or_else(first).unwrap_or(1);
    let kind = attribute(it.node, "type").unwrap_or_default();
    let mut list = String::new();
    for part in it.node.children.borrow().iter() {
        let Some(said) = handlers.handle(part) else {
            continue;
        };
        let said = said.content;
        let said = said.trim_matches('\n');
        if is_item(part) {
            let at = number(part, "value").unwrap_or(next);
            next = at.saturating_add(step);
            let label = format!("\n{}.  ", label(at, &kind));
            let indent = " ".repeat(label.len() - 1);
            list += &label;
            let lines = said.lines().map(|line| match line.trim().is_empty() {
                true => String::new(),
                false => format!("{indent}{line}"),
            });
            let lines: Vec<String> = lines.collect();
            list += lines.join("\n").trim_start();
        } else if !said.trim().is_empty() {
            list.push('\n');
            list += said;
        }
    }
    let is_within = parent(it.node).is_some_and(|it| is_item(&it));
    let around = if is_within { "\n" } else { "\n\n" };
    let list = list.trim_matches('\n');
    (!list.is_empty()).then(|| format!("{around}{list}{around}").into())
}

fn attribute(node: &Rc<Node>, wanted: &str) -> Option<String> {
    let NodeData::Element { attrs, .. } = &node.data else {
        return None;
    };
    let attrs = attrs.borrow();
    let found = attrs.iter().find(|it| &*it.name.local == wanted)?;
    Some(found.value.to_string())
}

/// Returns what stands before an item.
fn label(number: i32, kind: &str) -> String {
    match (kind, u32::try_from(number)) {
        ("a", Ok(it @ 1..=26)) => letters(it).to_lowercase(),
        ("A", Ok(it @ 1..=26)) => letters(it),
        ("i", Ok(it @ 1..=3999)) => roman(it).to_lowercase(),
        ("I", Ok(it @ 1..=3999)) => roman(it),
        _ => number.to_string(),
    }
}
