//! Finds the lines of a document that are no prose: code, tables, directives, field lists.

/// Returns, for each line, whether to leave it out.
pub(super) fn skipped(lines: &[&str]) -> Vec<bool> {
    let mut skip = vec![false; lines.len()];
    fences(lines, &mut skip);
    elements(lines, &mut skip);
    simple_tables(lines, &mut skip);
    for (n, line) in lines.iter().enumerate() {
        skip[n] |= is_table_row(line.trim());
    }
    explicit_markup(lines, &mut skip);
    indented_code(lines, &mut skip);
    skip
}

/// Fenced code of CommonMark. A fence that is never closed hides nothing but itself.
fn fences(lines: &[&str], skip: &mut [bool]) {
    // Where looking for the end has failed once, it fails again; this keeps the search linear.
    let mut hopeless = [usize::MAX; 2];
    let mut n = 0;
    while n < lines.len() {
        let Some((mark, length, _)) = fence(lines[n]) else {
            n += 1;
            continue;
        };
        let which = usize::from(mark == '~');
        let closes = |line: &&str| {
            fence(line).is_some_and(|(m, l, info)| m == mark && l >= length && info.is_empty())
        };
        skip[n] = true;
        if length < hopeless[which] {
            match lines[n + 1..].iter().position(closes) {
                Some(end) => {
                    skip[n..=n + 1 + end].fill(true);
                    n += end + 1;
                }
                None => hopeless[which] = length,
            }
        }
        n += 1;
    }
}

/// Reads a fence: its mark, its length, and what stands behind it.
fn fence(line: &str) -> Option<(char, usize, &str)> {
    let line = line.trim();
    let mark = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let info = line.trim_start_matches(mark);
    let length = line.len() - info.len();
    (length >= 3 && !info.contains('`')).then_some((mark, length, info))
}

/// HTML elements and comments whose content is not read.
fn elements(lines: &[&str], skip: &mut [bool]) {
    const ELEMENTS: [(&str, &str); 4] = [
        ("<script", "</script"),
        ("<style", "</style"),
        ("<pre", "</pre"),
        ("<!--", "-->"),
    ];
    for (open, close) in ELEMENTS {
        // Backwards, so that each line knows whether the element it opens is closed below.
        let Some(last) = lines.iter().rposition(|line| line.contains(close)) else {
            continue;
        };
        let mut inside = false;
        for (n, line) in lines[..=last].iter().enumerate() {
            inside |= line.trim_start().starts_with(open);
            skip[n] |= inside;
            inside &= !line.contains(close);
        }
    }
}

/// Simple tables of reStructuredText, between borders such as `=====  ====`.
fn simple_tables(lines: &[&str], skip: &mut [bool]) {
    let is_border = |line: &str| {
        let mut columns = line.split_whitespace();
        columns.clone().count() >= 2
            && columns.all(|it| it.len() >= 2 && it.bytes().all(|b| b == b'='))
    };
    let mut n = 0;
    while n < lines.len() {
        if is_border(lines[n]) {
            let window = &lines[n..lines.len().min(n + 200)];
            let is_end = |k: &usize| {
                *k > 0
                    && is_border(window[*k])
                    && window.get(k + 1).is_none_or(|it| it.trim().is_empty())
            };
            let end = (0..window.len()).find(is_end).unwrap_or(0);
            skip[n..=n + end].fill(true);
            n += end;
        }
        n += 1;
    }
}

/// Rows of Markdown tables and of grid tables.
fn is_table_row(line: &str) -> bool {
    let bars = line.bytes().filter(|b| *b == b'|').count();
    let is_row = line.starts_with('|') && bars >= 2 && (line.ends_with('|') || bars >= 3);
    let is_loose = bars >= 2 && line.matches(" | ").count() >= 2;
    let is_delimiter =
        bars >= 1 && line.bytes().all(|b| b"|-: +=".contains(&b)) && line.contains("--");
    let is_grid = line.starts_with("+-") && line.bytes().all(|b| b"+-= ".contains(&b));
    is_row || is_loose || is_delimiter || is_grid
}

/// Directives, comments, footnotes and link targets (`.. something`), `[1]: url`, and field lists,
/// each with the lines that are indented under it.
fn explicit_markup(lines: &[&str], skip: &mut [bool]) {
    let mut under = None;
    for (n, line) in lines.iter().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let depth = indent(line);
        if under.is_some_and(|markup| depth > markup) {
            skip[n] = true;
            continue;
        }
        under = None;
        let text = line.trim_start();
        if text == ".." || text.starts_with(".. ") || is_field(text) {
            skip[n] = true;
            under = Some(depth);
        } else if is_reference(text) || text.starts_with("__ http") {
            skip[n] = true;
        }
    }
}

/// `:Author: name`, but not `:pep:`8``.
fn is_field(text: &str) -> bool {
    let Some((name, rest)) = text.strip_prefix(':').and_then(|it| it.split_once(':')) else {
        return false;
    };
    let is_name =
        (1..=40).contains(&name.len()) && !name.starts_with([' ', '/']) && !name.contains('`');
    is_name && (rest.is_empty() || rest.starts_with(' '))
}

/// `[label]: https://…` and `[^1]: …`, the link definitions and footnotes of Markdown, and the
/// numbered references `[1] https://…` at the end of a plain text.
fn is_reference(text: &str) -> bool {
    let Some((label, rest)) = text.strip_prefix('[').and_then(|it| it.split_once(']')) else {
        return false;
    };
    let target = rest.trim_start();
    let is_definition = rest.starts_with(": ") && (label.starts_with('^') || rest.contains("://"));
    is_definition || target.starts_with("http://") || target.starts_with("https://")
}

fn indent(line: &str) -> usize {
    line.chars()
        .take_while(|c| c.is_whitespace())
        .map(|c| if c == '\t' { 4 } else { 1 })
        .sum()
}

/// Literal blocks: what is indented after a line that ends in `::`, and blocks indented by four or
/// more that do not read like prose. (Whole texts and quotations are indented as well.)
fn indented_code(lines: &[&str], skip: &mut [bool]) {
    let mut literal: Option<usize> = None;
    let mut n = 0;
    while n < lines.len() {
        if lines[n].trim().is_empty() || skip[n] {
            n += 1;
            continue;
        }
        let length = lines[n..]
            .iter()
            .take_while(|it| !it.trim().is_empty())
            .count();
        let block = &lines[n..n + length];
        let depth = block.iter().map(|it| indent(it)).min().unwrap_or(0);
        if literal.is_some_and(|base| depth <= base) {
            literal = None;
        }
        let is_console = block[0].trim_start().starts_with(">>> ") || block[0].starts_with("$ ");
        if literal.is_some() || is_console || (depth >= 4 && !reads_like_prose(block)) {
            skip[n..n + length].fill(true);
        } else if block[length - 1].trim_end().ends_with("::") {
            literal = Some(indent(block[0]));
        }
        n += length;
    }
}

/// Most words are words, and at least one sentence ends.
fn reads_like_prose(block: &[&str]) -> bool {
    let is_word = |token: &&str| {
        let bare = token.trim_matches(|c: char| c.is_ascii_punctuation() && c != '_');
        !bare.is_empty() && bare.chars().all(|c| c.is_alphabetic() || "'’-".contains(c))
    };
    let tokens: Vec<&str> = block.iter().flat_map(|it| it.split_whitespace()).collect();
    let words = tokens.iter().copied().filter(|it| is_word(it)).count();
    let ends = tokens.iter().any(|it| it.ends_with(['.', '!', '?']));
    tokens.len() >= 4 && words * 10 >= tokens.len() * 8 && ends
}
