//! Finds the headings of a Markdown text, and those that a place is under.

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use patterns_core::Heading;

/// The most characters of a heading that are kept: a context is sent with every chunk under it.
const LONGEST: usize = 80;

/// Returns the headings above each of some places in a text, outermost first; `base` are those above
/// the text. The places are in order.
///
/// A heading that a place begins with is not above it.
pub(super) fn paths(
    text: &str,
    base: &[Heading],
    places: impl IntoIterator<Item = usize>,
) -> Vec<Vec<Heading>> {
    let mut headings = headings(text).into_iter().peekable();
    let mut path = base.to_vec();
    let path_at = |at: usize| {
        while let Some((_, heading)) = headings.next_if(|(start, _)| *start < at) {
            path.retain(|it| it.level < heading.level);
            path.push(heading);
        }
        let mut path = path.clone();
        let first = headings.peek();
        let first = first.filter(|(start, _)| text.get(at..*start).is_some_and(is_blank));
        if let Some((_, heading)) = first {
            path.retain(|it| it.level < heading.level);
        }
        path
    };
    places.into_iter().map(path_at).collect()
}

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

fn headings(text: &str) -> Vec<(usize, Heading)> {
    let mut headings = Vec::new();
    let mut open: Option<(usize, Heading)> = None;
    for (event, range) in Parser::new_ext(text, Options::all()).into_offset_iter() {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                let level = number(level);
                let title = String::new();
                open = Some((range.start, Heading { level, title }));
            }
            Event::End(TagEnd::Heading(_)) => headings.extend(open.take()),
            Event::Text(words) | Event::Code(words) => {
                if let Some((_, heading)) = &mut open {
                    append(&mut heading.title, &words);
                }
            }
            _ => {}
        }
    }
    headings.retain(|(_, heading)| !heading.title.is_empty());
    headings
}

fn append(title: &mut String, words: &str) {
    let room = LONGEST.saturating_sub(title.chars().count());
    title.extend(words.chars().take(room));
}

fn number(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "intro\n\n# Guide\n\n## Install `now`\n\nRun it.\n\n```\n# no heading\n```\n\n\
        ### Linux\n\nYes.\n\nUse\n---\n\nDo.\n\n# End\n";

    fn check(at: &str, path: &[&str]) {
        let at = TEXT.find(at).unwrap();
        let found = paths(TEXT, &[], [at]).remove(0);
        let titles: Vec<&str> = found.iter().map(|it| it.title.as_str()).collect();
        assert_eq!(titles, path, "at {at}");
    }

    #[test]
    fn a_place_is_under_the_headings_before_it() {
        check("intro", &[]);
        check("# Guide", &[]);
        check("## Install", &["Guide"]);
        check("Run it", &["Guide", "Install now"]);
        check("# no heading", &["Guide", "Install now"]);
        check("Yes", &["Guide", "Install now", "Linux"]);
        check("Use\n", &["Guide"]);
        check("Do.", &["Guide", "Use"]);
        check("# End", &[]);
    }

    #[test]
    fn what_is_above_the_text_is_above_its_places() {
        let base = paths(TEXT, &[], [TEXT.find("Run it").unwrap()]).remove(0);
        let text = "More.\n\n## Next\n\nText.";
        let places = [0, text.find("Text").unwrap()];
        let found = paths(text, &base, places);
        assert_eq!(found[0], base);
        assert_eq!(found[1][0].title, "Guide");
        assert_eq!(found[1][1].title, "Next");
    }

    #[test]
    fn long_headings_are_cut() {
        let text = format!("# {}\n\nx", "ä".repeat(500));
        let found = paths(&text, &[], [text.len() - 1]);
        assert_eq!(found[0][0].title, "ä".repeat(LONGEST));
    }
}
