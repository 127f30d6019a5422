//! Decides from the name of a field whether a quotation can fill it.

/// What a field of that name asks for, as far as quotations can give it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quoting {
    /// The best sentences, as a text or as a list.
    Sentences,
    /// The words that the text is about.
    Keywords,
}

/// Names that ask for a text.
const TEXTS: [&str; 18] = [
    "abstract",
    "content",
    "digest",
    "essence",
    "excerpt",
    "extract",
    "gist",
    "key_sentence",
    "overview",
    "quotation",
    "quote",
    "recap",
    "summary",
    "summary_text",
    "synopsis",
    "synthesis",
    "tl_dr",
    "tldr",
];

/// Names that ask for some points, in whatever type.
const POINTS: [&str; 16] = [
    "bullet_points",
    "bullets",
    "excerpts",
    "extracts",
    "highlights",
    "key_points",
    "key_sentences",
    "key_takeaways",
    "main_points",
    "points",
    "quotations",
    "quotes",
    "sentences",
    "summaries",
    "takeaways",
    "top_sentences",
];

/// Names that ask for keywords.
const KEYWORDS: [&str; 10] = [
    "key_phrases",
    "key_terms",
    "key_topics",
    "key_words",
    "keyphrases",
    "keywords",
    "main_topics",
    "tags",
    "terms",
    "topics",
];

/// What may stand before such a name without changing what it asks for.
const MODIFIERS: [&str; 12] = [
    "all", "best", "brief", "combined", "final", "full", "main", "merged", "overall", "section",
    "short", "document",
];

/// Words before which anything may stand: "executive summary", "risk summary".
const HEADS: [&str; 3] = ["summary", "synopsis", "overview"];

/// Returns what the field asks for, or `None` if its name does not say that a quotation is wanted.
///
/// ```text
/// summary, combined_summary, sectionContent, TL;DR    sentences
/// key_points, all-key-points, quotes                  sentences
/// keywords, tags, main_topics                         keywords
/// answer, reasoning, title, category, word_count      nothing
/// ```
pub(super) fn quoting(name: &str) -> Option<Quoting> {
    let name = snake_case(name);
    let mut bare = name.as_str();
    loop {
        if TEXTS.contains(&bare) || POINTS.contains(&bare) {
            return Some(Quoting::Sentences);
        }
        if KEYWORDS.contains(&bare) {
            return Some(Quoting::Keywords);
        }
        match bare.split_once('_') {
            Some((modifier, rest)) if MODIFIERS.contains(&modifier) => bare = rest,
            _ => break,
        }
    }
    if name.starts_with("is_") || name.starts_with("has_") {
        return None;
    }
    let head = name.rsplit('_').next().unwrap_or_default();
    HEADS.contains(&head).then_some(Quoting::Sentences)
}

/// Normalises `keyPoints`, `Key-Points` and `KEY POINTS` to `key_points`.
fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    let mut after_lower = false;
    for c in name.chars() {
        if c.is_uppercase() && after_lower {
            snake.push('_');
        }
        after_lower = c.is_lowercase() || c.is_numeric();
        if c.is_alphanumeric() {
            snake.extend(c.to_lowercase());
        } else if !snake.is_empty() && !snake.ends_with('_') {
            snake.push('_');
        }
    }
    snake.truncate(snake.trim_end_matches('_').len());
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_whether_a_quotation_is_wanted() {
        let check = |names: &str, expected: Option<Quoting>| {
            for name in names.split_whitespace() {
                assert_eq!(quoting(name), expected, "{name}");
            }
        };
        check(
            "summary combined_summary Summary executiveSummary risk-summary section_content content \
             tldr TL;DR gist abstract overview document_overview digest quote final_synthesis \
             key_points all_key_points keyPoints KEY_POINTS highlights main_points quotes excerpts",
            Some(Quoting::Sentences),
        );
        check(
            "keywords key_words Tags main_topics topics keyPhrases key_terms",
            Some(Quoting::Keywords),
        );
        check(
            "answer reasoning title name category word_count confidence label summary_length \
             table_of_contents content_type hash_digest file_extract is_summary? id _ data points_awarded",
            None,
        );
        assert_eq!(quoting(""), None);
    }
}
