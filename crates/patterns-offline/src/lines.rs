//! Recognises what a line of a document is: prose, a heading, an item, or something to leave out.

/// What one line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line<'a> {
    Blank,
    /// A line of punctuation that separates.
    Rule,
    /// A heading on one line.
    Heading(&'a str),
    /// A line of punctuation that makes the line before it a heading.
    Underline,
    /// The first line of an item of a list.
    Item(&'a str),
    /// A line of a block quotation.
    Quoted(&'a str),
    Text(&'a str),
}

/// Classifies a line by itself, the next one, and what was read before it: whether a blank line,
/// how many lines the open paragraph has, and whether that is an item.
pub(super) fn classify<'a>(
    line: &'a str,
    next: &str,
    after_blank: bool,
    open: usize,
    in_item: bool,
) -> Line<'a> {
    let text = line.trim();
    if text.is_empty() {
        return Line::Blank;
    }
    if is_punctuation_row(text) {
        return if open == 1 && !in_item {
            Line::Underline
        } else {
            Line::Rule
        };
    }
    if let Some(heading) = atx_heading(text) {
        return Line::Heading(heading);
    }
    let starts = after_blank || open == 0;
    if starts && is_punctuation_row(next.trim()) && next.trim().len() + 3 >= text.len() {
        // The underline follows; the reader turns this line into the heading.
        return Line::Text(text);
    }
    if let Some(item) = bullet(text).or_else(|| number(text, starts || in_item)) {
        return Line::Item(item);
    }
    match text.strip_prefix('>') {
        Some(quoted) => Line::Quoted(quoted.trim_start_matches(['>', ' '])),
        None => Line::Text(text),
    }
}

/// Three or more times one mark, as under or over a heading.
fn is_punctuation_row(text: &str) -> bool {
    let mut chars = text.chars();
    let first = chars.next().unwrap_or(' ');
    text.len() >= 3 && "=-~^\"'#*+.:_`".contains(first) && chars.all(|c| c == first)
}

fn atx_heading(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches('#');
    let level = text.len() - rest.len();
    ((1..=6).contains(&level) && rest.starts_with(' ')).then(|| rest.trim())
}

fn bullet(text: &str) -> Option<&str> {
    let rest = text.strip_prefix(['-', '*', '+', '•', '‣', '·', '◦'])?;
    let rest = rest.strip_prefix([' ', '\t'])?.trim_start();
    // The boxes of task lists.
    let boxes = ["[ ] ", "[x] ", "[X] "];
    Some(
        boxes
            .iter()
            .find_map(|it| rest.strip_prefix(it))
            .unwrap_or(rest),
    )
}

/// `1.`, `2)`, `(3)`, `a)`, `#.`; in the middle of a paragraph it is a wrapped number instead.
fn number(text: &str, starts: bool) -> Option<&str> {
    let inner = text.strip_prefix('(').unwrap_or(text);
    let end = inner.find(['.', ')'])?;
    let mark = &inner[..end];
    let is_number = !mark.is_empty() && mark.len() <= 3 && mark.bytes().all(|b| b.is_ascii_digit());
    let is_letter = mark.len() == 1
        && mark.bytes().all(|b| b.is_ascii_lowercase())
        && inner[end..].starts_with(')');
    let rest = inner[end + 1..].strip_prefix([' ', '\t'])?;
    (starts && (is_number || is_letter || mark == "#")).then(|| rest.trim_start())
}

/// Returns how many lines the front matter takes, and finds the title in it.
///
/// It is YAML between `---` lines, or lines of the form `Name: value` as in mail (RFC 5322) and in
/// Python enhancement proposals, if one of the names is a usual one.
pub(super) fn front_matter(lines: &[&str], title: &mut String) -> usize {
    let Some(first) = lines.iter().position(|line| !line.trim().is_empty()) else {
        return 0;
    };
    let body = &lines[first..];
    let end = if body[0].trim_end() == "---" {
        let close = body[1..]
            .iter()
            .take(200)
            .position(|it| matches!(it.trim_end(), "---" | "..."));
        match close {
            Some(close) if body[1..=close].iter().all(|it| yaml_line(it)) => close + 2,
            _ => return 0,
        }
    } else {
        let is_header = |it: &&&str| header(it).is_some() || it.starts_with([' ', '\t']);
        body.iter().take_while(is_header).count()
    };
    let fields: Vec<_> = body[..end].iter().filter_map(|it| header(it)).collect();
    let is_known = |name: &str| KNOWN_HEADERS.contains(&name.to_ascii_lowercase().as_str());
    if fields.len() < 2 || !fields.iter().any(|(name, _)| is_known(name)) {
        return 0;
    }
    let named =
        |it: &&(&str, &str)| matches!(it.0.to_ascii_lowercase().as_str(), "title" | "subject");
    if let Some((_, value)) = fields.iter().find(named) {
        value.trim_matches('"').clone_into(title);
    }
    first + end
}

const KNOWN_HEADERS: [&str; 20] = [
    "title",
    "subject",
    "author",
    "authors",
    "from",
    "to",
    "date",
    "pep",
    "version",
    "status",
    "created",
    "updated",
    "tags",
    "type",
    "message-id",
    "content-type",
    "category",
    "categories",
    "layout",
    "slug",
];

fn yaml_line(line: &str) -> bool {
    line.trim().is_empty() || line.starts_with([' ', '\t', '-', '#']) || header(line).is_some()
}

fn header(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(':')?;
    let is_name = (1..=40).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    let spaced = value.is_empty() || value.starts_with([' ', '\t']);
    (is_name && spaced).then(|| (name, value.trim()))
}
