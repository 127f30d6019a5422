//! Writes the tables of an HTML page as Markdown, each cell in its column.
//!
//! The converter's own tables lose what is not in the usual place: the heads of rows (`<th>1990<td>12`), the
//! second row of a head, and they move what follows a cell that spans rows or columns. So rows are laid out
//! here. What spans rows is said in each of them, as a reader sees it. A table that only sets up a page
//! (no heads, and blocks of text in it) is read as the text that it is.

use std::collections::BTreeMap;
use std::rc::Rc;

use htmd::element_handler::{HandlerResult, Handlers};
use htmd::{Element, Node};
use markup5ever_rcdom::NodeData;

/// A longer text is not said again in each row that it spans.
const MOST_REPEATED: usize = 200;

/// How many cells are filled in for those that span others, at first and for each cell that is there; a page
/// of a kilobyte may ask for millions. A table that asks for more is text, without columns to be wrong.
const MOST_FILLED: usize = 20_000;
const FILLED_PER_CELL: usize = 20;

/// No cell spans more columns.
const MOST_COLUMNS: usize = 100;

/// A cell longer than this makes a table without heads the layout of a page.
const MOST_IN_CELL: usize = 500;

/// The rows of a table under way.
struct Grid {
    rows: Vec<Vec<String>>,
    /// The same, each cell below the other. To make it anew would read all tables within it once more, and
    /// those within them twice, and so on.
    text: String,
    /// For a column, in how many more rows its cell goes on, and what it says.
    spans: BTreeMap<usize, (usize, String)>,
    left: usize,
    /// Whether cells were left out.
    is_cut: bool,
}

/// Returns a table as Markdown, or as text if it is no table of data.
#[expect(clippy::needless_pass_by_value, reason = "the shape of a handler")]
pub(super) fn table(handlers: &dyn Handlers, it: Element) -> Option<HandlerResult> {
    if !is_data(it.node) {
        let text = handlers.walk_children(it.node).content;
        return Some(format!("\n\n{}\n\n", text.trim_matches('\n')).into());
    }
    let mut grid = Grid {
        rows: Vec::new(),
        text: String::new(),
        spans: BTreeMap::new(),
        left: MOST_FILLED,
        is_cut: false,
    };
    let mut page = String::from("\n\n");
    for part in elements(it.node) {
        match name(&part) {
            "caption" => {
                let caption = handlers.handle(&part).map(|it| it.content);
                page.push_str(caption.unwrap_or_default().trim());
                page.push_str("\n\n");
            }
            "tr" => grid.add(handlers, &part),
            "thead" | "tbody" | "tfoot" => {
                let rows = elements(&part);
                rows.filter(|it| name(it) == "tr")
                    .for_each(|row| grid.add(handlers, &row));
                grid.spans.clear();
            }
            _ => {}
        }
    }
    let width = grid.rows.iter().map(Vec::len).max().unwrap_or(0);
    if width < 2 || grid.rows.len() < 2 || grid.is_cut {
        page.push_str(&grid.text);
        return Some(page.into());
    }
    let is_inner = ancestors(it.node).any(|it| name(&it) == "table" && is_data(&it));
    grid.write(&mut page, width, is_inner);
    Some(page.into())
}

impl Grid {
    fn add(&mut self, handlers: &dyn Handlers, row: &Rc<Node>) {
        let mut cells = Vec::new();
        for cell in elements(row).filter(|it| matches!(name(it), "td" | "th")) {
            self.left += FILLED_PER_CELL;
            self.fill(&mut cells);
            let text = handlers.handle(&cell).map(|it| it.content);
            let text = text.unwrap_or_default();
            self.text.push_str(text.trim_matches('\n'));
            self.text.push_str("\n\n");
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let columns = span(&cell, "colspan").clamp(1, MOST_COLUMNS);
            let rows = match span(&cell, "rowspan") {
                0 => usize::MAX,
                rows => rows,
            };
            for at in 0..columns {
                if at > 0 && !self.take("") {
                    break;
                }
                let text = if at == 0 { text.clone() } else { String::new() };
                if rows > 1 {
                    let again = if text.len() > MOST_REPEATED {
                        ""
                    } else {
                        &text
                    };
                    self.spans.insert(cells.len(), (rows - 1, again.to_owned()));
                }
                cells.push(text);
            }
        }
        while self
            .spans
            .keys()
            .next_back()
            .is_some_and(|it| *it >= cells.len())
            && self.take("")
        {
            self.fill(&mut cells);
            if self
                .spans
                .keys()
                .next_back()
                .is_some_and(|it| *it >= cells.len())
            {
                cells.push(String::new());
            }
        }
        if cells.iter().any(|it| !it.is_empty()) {
            self.rows.push(cells);
        }
    }

    /// Puts in what goes on from the row above, as long as the next column does.
    fn fill(&mut self, cells: &mut Vec<String>) {
        while let Some((_, text)) = self.spans.get(&cells.len()) {
            let text = text.clone();
            if !self.take(&text) {
                return;
            }
            let Some((rows, _)) = self.spans.get_mut(&cells.len()) else {
                return;
            };
            *rows -= 1;
            if *rows == 0 {
                self.spans.remove(&cells.len());
            }
            cells.push(text);
        }
    }

    /// Takes one more that says this, unless too much was filled in already.
    fn take(&mut self, text: &str) -> bool {
        self.left = self.left.saturating_sub(1 + text.len() / 16);
        self.is_cut |= self.left == 0;
        self.left > 0
    }

    /// Writes the rows; within a cell of another table there is one line for them.
    fn write(&self, page: &mut String, width: usize, is_inner: bool) {
        if is_inner {
            let rows: Vec<String> = self.rows.iter().map(|it| it.join(" · ")).collect();
            page.push_str(&rows.join("; "));
            page.push_str("\n\n");
            return;
        }
        for (at, row) in self.rows.iter().enumerate() {
            for cell in row {
                page.push_str("| ");
                page.push_str(&cell.replace('|', "\\|"));
                page.push(' ');
            }
            page.push_str("|\n");
            if at == 0 {
                page.pop();
                let free = "  |".repeat(width - row.len());
                page.push_str(&format!("{free}\n|{}\n", "---|".repeat(width)));
            }
        }
        page.push('\n');
    }
}

/// Returns whether a table holds data: it has heads, or short cells without blocks of text.
fn is_data(table: &Rc<Node>) -> bool {
    let mut open: Vec<Rc<Node>> = elements(table).collect();
    let (mut has_heads, mut has_blocks) = (false, false);
    while let Some(node) = open.pop() {
        match name(&node) {
            "th" | "thead" => has_heads = true,
            "table" => {
                // Its heads are its own.
                has_blocks = true;
                continue;
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "pre" | "blockquote" | "ul" | "ol" | "p" => {
                has_blocks = true;
            }
            "td" => has_blocks |= length(&node) > MOST_IN_CELL,
            _ => {}
        }
        if has_heads {
            return true;
        }
        open.extend(elements(&node));
    }
    !has_blocks
}

/// Returns how long the text of an element is, up to somewhat more than matters.
fn length(node: &Rc<Node>) -> usize {
    let (mut open, mut length) = (vec![Rc::clone(node)], 0);
    while let Some(node) = open.pop()
        && length <= MOST_IN_CELL
    {
        if let NodeData::Text { contents } = &node.data {
            length += contents.borrow().len();
        }
        open.extend(node.children.borrow().iter().map(Rc::clone));
    }
    length
}

fn span(cell: &Rc<Node>, name: &str) -> usize {
    let NodeData::Element { attrs, .. } = &cell.data else {
        return 1;
    };
    let attributes = attrs.borrow();
    let found = attributes.iter().find(|it| &*it.name.local == name);
    found
        .and_then(|it| it.value.trim().parse().ok())
        .unwrap_or(1)
}

/// Returns the elements in one.
pub(super) fn elements(node: &Rc<Node>) -> impl Iterator<Item = Rc<Node>> + use<> {
    let children = node.children.borrow().clone();
    let is_element = |it: &Rc<Node>| matches!(it.data, NodeData::Element { .. });
    children.into_iter().filter(is_element)
}

/// Returns the name of an element.
pub(super) fn name(node: &Rc<Node>) -> &str {
    match &node.data {
        NodeData::Element { name, .. } => &name.local,
        _ => "",
    }
}

fn ancestors(node: &Rc<Node>) -> impl Iterator<Item = Rc<Node>> + use<> {
    std::iter::successors(parent(node), parent)
}

/// Returns the node around another one.
pub(super) fn parent(node: &Rc<Node>) -> Option<Rc<Node>> {
    let parent = node.parent.take();
    let found = parent.as_ref().and_then(std::rc::Weak::upgrade);
    node.parent.set(parent);
    found
}
