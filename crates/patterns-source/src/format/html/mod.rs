//! HTML as Markdown.

#[cfg(feature = "html")]
mod inline;
#[cfg(feature = "html")]
mod list;
#[cfg(feature = "html")]
mod table;

use super::Reason;

#[cfg(not(feature = "html"))]
pub(crate) fn html(_: &str) -> Result<String, Reason> {
    Err(super::unsupported("HTML", "html"))
}

#[cfg(feature = "html")]
pub(crate) use reading::html;

#[cfg(feature = "html")]
mod reading {
    use std::rc::Rc;

    use htmd::{HtmlToMarkdown, Node};
    use markup5ever_rcdom::NodeData;

    use super::Reason;
    use super::inline::{MATHS, formula, lowered, part, quoted, raised, struck};
    use super::list::ordered;
    use super::table::table;
    use crate::UnreadableKind::{Broken, TooLarge};

    /// How deep elements may be nested: the converter descends into them, and nobody writes so deep.
    const DEPTH: usize = 500;

    /// Returns an HTML text as Markdown, without what no reader sees, and with its title.
    pub(crate) fn html(text: &str) -> Result<String, Reason> {
        let too_deep = || {
            let reason = format!("has elements nested more than {DEPTH} deep");
            (TooLarge, reason)
        };
        // The parser itself takes long for a page that opens elements without end.
        if depth(text) > DEPTH {
            return Err(too_deep());
        }
        let converter = HtmlToMarkdown::builder()
            .skip_tags(vec![
                "script", "style", "noscript", "template", "svg", "iframe", "head",
            ])
            .add_handler(vec!["table"], table)
            .add_handler(vec!["ol"], ordered)
            .add_handler(vec!["sup"], raised)
            .add_handler(vec!["sub"], lowered)
            .add_handler(vec!["del", "s", "strike"], struck)
            .add_handler(vec!["q"], quoted)
            .add_handler(vec!["math"], formula)
            .add_handler(MATHS.to_vec(), part)
            .build();
        let tree = converter.html_to_tree(text);
        let tree = tree.map_err(|error| (Broken, error.to_string()))?;
        let title = prune(&tree).ok_or_else(too_deep)?;
        let markdown = converter.tree_to_markdown(&tree);
        let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
        // Many a page begins with its title as a heading.
        let heading = |line: &str| line.trim_start_matches('#').trim().to_owned();
        let is_said = |it: &str| markdown.lines().take(10).any(|line| heading(line) == it);
        if title.is_empty() || is_said(&title) || markdown.trim().is_empty() {
            return Ok(markdown);
        }
        Ok(format!("{title}\n\n{markdown}"))
    }

    /// Takes out what no reader sees and pictures that are written out, and returns the title; `None`
    /// if elements are nested too deep.
    fn prune(tree: &Rc<Node>) -> Option<String> {
        let mut title = String::new();
        let mut open = vec![(Rc::clone(tree), 0)];
        while let Some((node, depth)) = open.pop() {
            if depth > DEPTH {
                return None;
            }
            if title.is_empty() && name(&node) == Some("title") {
                title = text(&node);
            }
            drop_data(&node);
            let mut children = node.children.borrow_mut();
            // A drawing has a title of its own.
            children.retain(|it| !is_hidden(it) && name(it) != Some("svg"));
            open.extend(children.iter().map(|it| (Rc::clone(it), depth + 1)));
        }
        Some(title)
    }

    fn name(node: &Node) -> Option<&str> {
        match &node.data {
            NodeData::Element { name, .. } => Some(&name.local),
            _ => None,
        }
    }

    fn text(node: &Node) -> String {
        let children = node.children.borrow();
        let texts = children.iter().filter_map(|it| match &it.data {
            NodeData::Text { contents } => Some(contents.borrow().to_string()),
            _ => None,
        });
        texts.collect()
    }

    /// Returns whether a browser does not show an element.
    fn is_hidden(node: &Node) -> bool {
        let NodeData::Element { attrs, .. } = &node.data else {
            return false;
        };
        let attributes = attrs.borrow();
        attributes.iter().any(|it| match &*it.name.local {
            "hidden" => !it.value.eq_ignore_ascii_case("until-found"),
            "style" => {
                let style: String = it.value.chars().filter(|it| !it.is_whitespace()).collect();
                let style = style.to_ascii_lowercase();
                ["display:none", "visibility:hidden", "visibility:collapse"]
                    .iter()
                    .any(|it| style.contains(it))
            }
            _ => false,
        })
    }

    /// Drops addresses that are the thing itself: a picture in base64 is thousands of tokens of nothing.
    fn drop_data(node: &Node) {
        let NodeData::Element { name, attrs, .. } = &node.data else {
            return;
        };
        let is_picture = &*name.local == "img";
        for attribute in attrs.borrow_mut().iter_mut() {
            let is_data = {
                let start = attribute.value.trim_start().as_bytes();
                start.len() >= 5 && start[..5].eq_ignore_ascii_case(b"data:")
            };
            if is_data && matches!(&*attribute.name.local, "src" | "href") {
                attribute.value = if is_picture { "picture" } else { "#" }.into();
            }
        }
    }

    /// Returns how deep elements are nested at most, or more: tags that nobody closes count.
    fn depth(text: &str) -> usize {
        let (mut depth, mut most) = (0_usize, 0);
        let mut rest = text;
        while let Some(at) = rest.find('<') {
            rest = &rest[at + 1..];
            match rest.as_bytes().first() {
                Some(b'/') => depth = depth.saturating_sub(1),
                Some(letter) if letter.is_ascii_alphabetic() => {
                    let end = rest
                        .find(|it: char| !it.is_ascii_alphanumeric())
                        .unwrap_or(rest.len());
                    if !is_open_ended(&rest[..end]) {
                        depth += 1;
                        most = most.max(depth);
                    }
                }
                _ => {}
            }
        }
        most
    }

    /// Returns whether an element holds nothing, or is closed by the next of its kind.
    fn is_open_ended(name: &str) -> bool {
        const NAMES: [&str; 24] = [
            "area", "base", "br", "col", "dd", "dt", "embed", "hr", "img", "input", "li", "link",
            "meta", "option", "p", "param", "source", "tbody", "td", "th", "thead", "tr", "track",
            "wbr",
        ];
        NAMES.iter().any(|it| name.eq_ignore_ascii_case(it))
    }
}
