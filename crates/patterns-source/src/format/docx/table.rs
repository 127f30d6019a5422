//! Lays out a table of a DOCX, each cell in its column.
//!
//! A cell that spans columns has empty ones after it, and what spans rows is said in each of them: a value
//! that moved one column to the left would be a wrong one.

/// A longer text is not said again in each row that it spans.
const MOST_REPEATED: usize = 200;

/// Word has no more columns.
const MOST_COLUMNS: usize = 63;

/// A table under way.
#[derive(Default)]
pub(super) struct Table {
    rows: Vec<Vec<Cell>>,
    /// Whether the row under way was taken out, which somebody has yet to accept.
    is_gone: bool,
    cell: Cell,
}

#[derive(Default)]
struct Cell {
    text: String,
    /// How many columns it has beyond the first one.
    more: usize,
    /// Whether the one above it goes on here.
    goes_on: bool,
}

impl Table {
    pub(super) fn begin_row(&mut self) {
        self.rows.push(Vec::new());
        self.is_gone = false;
    }

    /// Leaves columns free before the first cell.
    pub(super) fn skip(&mut self, columns: usize) {
        let free = (0..columns.min(MOST_COLUMNS)).map(|_| Cell::default());
        self.row().extend(free);
    }

    pub(super) fn take_out_row(&mut self) {
        self.is_gone = true;
    }

    pub(super) fn span(&mut self, columns: usize) {
        self.cell.more = columns.clamp(1, MOST_COLUMNS) - 1;
    }

    pub(super) fn go_on(&mut self) {
        self.cell.goes_on = true;
    }

    pub(super) fn push(&mut self, text: &str) {
        self.cell.text.push_str(text);
        self.cell.text.push(' ');
    }

    pub(super) fn end_cell(&mut self) {
        let mut cell = std::mem::take(&mut self.cell);
        cell.text = cell.text.trim().to_owned();
        self.row().push(cell);
    }

    pub(super) fn end_row(&mut self) {
        if std::mem::take(&mut self.is_gone) {
            self.rows.pop();
        }
    }

    fn row(&mut self) -> &mut Vec<Cell> {
        if self.rows.is_empty() {
            self.rows.push(Vec::new());
        }
        let last = self.rows.len() - 1;
        &mut self.rows[last]
    }

    /// Returns the table as a part of what a cell of another one says.
    pub(super) fn in_a_line(&self) -> String {
        let rows = self.rows.iter().map(|row| {
            let texts: Vec<&str> = row.iter().map(|it| it.text.as_str()).collect();
            texts.join(" · ")
        });
        rows.collect::<Vec<_>>().join("; ")
    }

    /// Returns the table as Markdown.
    pub(super) fn markdown(&self) -> String {
        let rows = self.laid_out();
        let width = rows.iter().map(Vec::len).max().unwrap_or(0);
        let mut text = String::new();
        for (at, row) in rows.iter().enumerate() {
            let free = vec![""; width - row.len()];
            let cells = row.iter().map(|it| it.replace('|', "\\|"));
            let cells: Vec<String> = cells.chain(free.into_iter().map(str::to_owned)).collect();
            text.push_str(&format!("| {} |\n", cells.join(" | ")));
            if at == 0 {
                text.push_str(&format!("|{}\n", "---|".repeat(width)));
            }
        }
        text
    }

    /// Returns what each row says in each column.
    fn laid_out(&self) -> Vec<Vec<&str>> {
        let mut rows: Vec<Vec<&str>> = Vec::new();
        for row in &self.rows {
            let mut cells: Vec<&str> = Vec::new();
            for cell in row {
                let above = rows.last().and_then(|it| it.get(cells.len()));
                let text = match above {
                    Some(above) if cell.goes_on && cell.text.is_empty() => above,
                    _ => cell.text.as_str(),
                };
                let is_again = cell.goes_on && text.len() > MOST_REPEATED;
                cells.push(if is_again { "" } else { text });
                cells.extend(std::iter::repeat_n("", cell.more));
            }
            rows.push(cells);
        }
        rows
    }
}
