//! Reduces inline markup to the words a reader sees.

/// Link targets and tags are looked for no further than this, so that cleaning stays linear.
const REACH: usize = 400;

/// HTML elements whose tags are dropped. Other names in angle brackets are generics, placeholders
/// or addresses, and stay.
const TAGS: [&str; 46] = [
    "a",
    "abbr",
    "article",
    "aside",
    "b",
    "blockquote",
    "body",
    "br",
    "center",
    "cite",
    "code",
    "dd",
    "del",
    "details",
    "div",
    "dl",
    "dt",
    "em",
    "figure",
    "font",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "head",
    "header",
    "hr",
    "html",
    "i",
    "img",
    "ins",
    "kbd",
    "li",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "small",
    "span",
    "strong",
    "sub",
    "summary",
    "ul",
];

/// Removes links, roles, emphasis and tags from a piece of text, keeping what they show.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['`', '[', '!', '<', '*', ':', '&', '|']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let before = out.chars().next_back();
        match markup(rest, before) {
            Some((shown, length)) => {
                out.push_str(&shown);
                rest = &rest[length..];
            }
            None => {
                let length = rest.chars().next().map_or(1, char::len_utf8);
                out.push_str(&rest[..length]);
                rest = &rest[length..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// Reads the markup at the start of `rest`; returns what it shows and how many bytes it takes.
fn markup(rest: &str, before: Option<char>) -> Option<(String, usize)> {
    match rest.as_bytes().first()? {
        b'`' => backquoted(rest),
        b'[' => footnote(rest).or_else(|| link(rest)),
        b'!' => image(rest),
        b'<' => tag(rest),
        b'*' => emphasis(rest, before),
        b':' => role(rest),
        b'&' => entity(rest),
        b'|' => substitution(rest, before),
        _ => None,
    }
}

/// Returns the text between the opening of `open` bytes and `close`, and the whole length.
fn between<'a>(rest: &'a str, open: usize, close: &str) -> Option<(&'a str, usize)> {
    let inner = rest.get(open..)?;
    let window = &inner[..floor(inner, REACH)];
    let end = window.find(close)?;
    Some((&window[..end], open + end + close.len()))
}

/// Returns the largest character boundary at or below `at`.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}

/// Code in one or two backquotes, and the links of reStructuredText.
fn backquoted(rest: &str) -> Option<(String, usize)> {
    if rest.starts_with("``") {
        let (code, length) = between(rest, 2, "``")?;
        return (!code.trim().is_empty()).then(|| (code.to_owned(), length));
    }
    let (inner, mut length) = between(rest, 1, "`")?;
    if inner.trim().is_empty() {
        return None;
    }
    for suffix in ["__", "_"] {
        if rest[length..].starts_with(suffix) {
            length += suffix.len();
            break;
        }
    }
    Some((without_target(inner), length))
}

/// Cuts the target off "text <target>"; a target alone is shown.
fn without_target(inner: &str) -> String {
    let shown = inner.split_once(" <").filter(|_| inner.ends_with('>'));
    let shown = shown.map_or(inner, |(shown, _)| shown);
    shown.trim_start_matches(['~', '!']).to_owned()
}

/// `[1]_`, `[#note]_`, `[^1]`: marks that point elsewhere and read as noise.
fn footnote(rest: &str) -> Option<(String, usize)> {
    let (mark, length) = between(rest, 1, "]")?;
    if mark.starts_with('^') && !mark.contains(' ') {
        return Some((String::new(), length));
    }
    let is_mark = !mark.is_empty() && !mark.contains([' ', '\n', '[', '(']);
    (is_mark && rest[length..].starts_with('_')).then(|| (String::new(), length + 1))
}

/// `[text](target)` and `[text][label]`.
fn link(rest: &str) -> Option<(String, usize)> {
    let (shown, length) = between(rest, 1, "]")?;
    let close = match rest.as_bytes().get(length)? {
        b'(' => ")",
        b'[' => "]",
        _ => return None,
    };
    let (target, target_length) = between(&rest[length..], 1, close)?;
    // "(see [a](b c d))": a target has no blanks unless a quoted title follows.
    if target.contains(' ') && !target.contains('"') {
        return None;
    }
    Some((plain_short(shown), length + target_length))
}

/// The text of a link may hold emphasis or code, but no further link.
fn plain_short(shown: &str) -> String {
    shown.replace(['`', '*'], "")
}

fn image(rest: &str) -> Option<(String, usize)> {
    let link_text = rest.strip_prefix('!').filter(|it| it.starts_with('['))?;
    let (_, length) = link(link_text)?;
    Some((String::new(), length + 1))
}

/// Tags of known elements, comments, and links in angle brackets.
fn tag(rest: &str) -> Option<(String, usize)> {
    if rest.starts_with("<!--") {
        let (_, length) = between(rest, 4, "-->")?;
        return Some((" ".to_owned(), length));
    }
    let (inner, length) = between(rest, 1, ">")?;
    if inner.starts_with("http://") || inner.starts_with("https://") {
        return Some((inner.to_owned(), length));
    }
    let name = inner.trim_start_matches('/');
    let end = name
        .find(|c: char| !c.is_ascii_alphanumeric())
        .unwrap_or(name.len());
    let is_tag = TAGS.contains(&name[..end].to_ascii_lowercase().as_str());
    let is_block = matches!(&name[..end], "br" | "p" | "li" | "div" | "hr");
    is_tag.then(|| ((if is_block { " " } else { "" }).to_owned(), length))
}

/// `**strong**` and `*emphasis*`, if the asterisks hug words.
fn emphasis(rest: &str, before: Option<char>) -> Option<(String, usize)> {
    if before.is_some_and(char::is_alphanumeric) {
        return None;
    }
    let mark = if rest.starts_with("**") { "**" } else { "*" };
    let (inner, length) = between(rest, mark.len(), mark)?;
    let hugs = !inner.is_empty() && inner.trim() == inner && !inner.contains('*');
    let closed = !rest[length..].starts_with(|c: char| c.is_alphanumeric() || c == '*');
    (hugs && closed).then(|| (plain_short(inner), length))
}

/// Roles of reStructuredText; `:pep:` and `:rfc:` show their name before the number.
fn role(rest: &str) -> Option<(String, usize)> {
    let (name, length) = between(rest, 1, ":`")?;
    let is_name = !name.is_empty()
        && name.len() <= 30
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '_' | '+' | '.'));
    if !is_name {
        return None;
    }
    let (inner, inner_length) = between(&rest[length - 1..], 1, "`")?;
    let shown = without_target(inner);
    let shown = match name {
        "pep" | "rfc" if shown.bytes().all(|b| b.is_ascii_digit()) => {
            format!("{} {shown}", name.to_ascii_uppercase())
        }
        _ => shown,
    };
    Some((shown, length - 1 + inner_length))
}

fn entity(rest: &str) -> Option<(String, usize)> {
    const ENTITIES: [(&str, &str); 6] = [
        ("&amp;", "&"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&nbsp;", " "),
    ];
    let (name, shown) = ENTITIES.iter().find(|(name, _)| rest.starts_with(name))?;
    Some(((*shown).to_owned(), name.len()))
}

/// `|name|` of reStructuredText, shown by its name.
fn substitution(rest: &str, before: Option<char>) -> Option<(String, usize)> {
    if before.is_some_and(|c| !c.is_whitespace()) {
        return None;
    }
    let (name, length) = between(rest, 1, "|")?;
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '-');
    is_name.then(|| (name.to_owned(), length))
}
