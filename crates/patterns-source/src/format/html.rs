//! HTML as Markdown.

use super::Reason;

/// Returns an HTML text as Markdown, without what no reader sees.
#[cfg(feature = "html")]
pub(crate) fn html(text: &str) -> Result<String, Reason> {
    // The converter descends into elements; so deep, nobody writes.
    if depth(text) > 500 {
        let reason = "has elements nested more than 500 deep";
        return Err((crate::UnreadableKind::TooLarge, reason.to_owned()));
    }
    let converter = htmd::HtmlToMarkdown::builder()
        .skip_tags(vec![
            "script", "style", "noscript", "template", "svg", "iframe", "head",
        ])
        .build();
    let markdown = converter.convert(text);
    markdown.map_err(|error| (crate::UnreadableKind::Broken, error.to_string()))
}

/// Returns how deep elements are nested at most, or more: tags that nobody closes count.
#[cfg(feature = "html")]
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
#[cfg(feature = "html")]
fn is_open_ended(name: &str) -> bool {
    const NAMES: [&str; 24] = [
        "area", "base", "br", "col", "dd", "dt", "embed", "hr", "img", "input", "li", "link",
        "meta", "option", "p", "param", "source", "tbody", "td", "th", "thead", "tr", "track",
        "wbr",
    ];
    NAMES.iter().any(|it| name.eq_ignore_ascii_case(it))
}

#[cfg(not(feature = "html"))]
pub(crate) fn html(_: &str) -> Result<String, Reason> {
    Err(super::unsupported("HTML", "html"))
}
