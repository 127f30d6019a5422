//! Reads tables in Markdown.

/// Returns the first cells of the table below a heading, without its head and without backticks.
pub(super) fn first_column<'a>(text: &'a str, heading: &str) -> Vec<&'a str> {
    let section = text.lines().skip_while(|line| *line != heading).skip(1);
    let rows = section
        .take_while(|line| !line.starts_with('#'))
        .filter(|line| line.starts_with('|'));
    let cells = rows.filter_map(|row| row.split('|').nth(1));
    // The head of a table is two lines: the names of its columns, and dashes.
    cells
        .skip(2)
        .map(|cell| cell.trim().trim_matches('`'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_below_the_heading_is_read() {
        let text = "## A\n| x | y |\n|---|---|\n| no | 1 |\n\n## B\nText.\n\n| x | y |\n|---|---|\n\
                    | `one` | 1 |\n| two | `2` |\n\n## C\n| x |\n|---|\n| no |\n";
        assert_eq!(first_column(text, "## B"), ["one", "two"]);
        assert!(first_column(text, "## D").is_empty());
    }
}
