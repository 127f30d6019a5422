//! Weighs a sentence by its form and place, before it is compared with others.

use super::sentences::is_finished;

/// Headings under which a text says what it is about.
const SUMMARIES: [&str; 6] = [
    "abstract",
    "summary",
    "tl;dr",
    "tldr",
    "synopsis",
    "executive",
];

/// Headings under which a text says why it is there and where it leads.
const FRAMES: [&str; 8] = [
    "introduction",
    "overview",
    "motivation",
    "rationale",
    "conclusion",
    "conclusions",
    "intent",
    "proposal",
];

/// Headings under which nothing is worth a quotation.
const BACK_MATTER: [&str; 14] = [
    "references",
    "reference",
    "copyright",
    "acknowledgements",
    "acknowledgments",
    "acknowledgement",
    "footnotes",
    "bibliography",
    "license",
    "licence",
    "changelog",
    "credits",
    "links",
    "contents",
];

/// Openings that lean on the sentence before and puzzle a reader without it.
const LEANING: [&str; 34] = [
    "but",
    "and",
    "or",
    "so",
    "yet",
    "however",
    "therefore",
    "thus",
    "hence",
    "then",
    "also",
    "moreover",
    "furthermore",
    "instead",
    "otherwise",
    "besides",
    "similarly",
    "likewise",
    "it",
    "they",
    "he",
    "she",
    "this",
    "these",
    "those",
    "that",
    "such",
    "here",
    "there",
    "note",
    "again",
    "finally",
    "second",
    "third",
];

/// Where a sentence stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    /// The heading over it.
    pub(super) heading: &'a str,
    /// Whether it is in an item of a list.
    pub(super) is_item: bool,
    /// How many sentences of its document stand before it.
    pub(super) index: usize,
}

/// Returns the weight of a sentence of so many words: 1 for an ordinary one.
pub(super) fn weight(sentence: &str, words: usize, place: Place<'_>) -> f64 {
    shape(sentence, words) * opening(sentence, place.index) * section(place) * lead(place)
}

/// Fragments, introductions of lists, and data masked as prose weigh little.
fn shape(sentence: &str, words: usize) -> f64 {
    let length = match words {
        0..=3 => 0.02,
        4..=6 => 0.25,
        7..=9 => 0.8,
        10..=32 => 1.0,
        33..=45 => 0.75,
        _ => 0.4,
    };
    let ending = match sentence.trim_end().chars().next_back() {
        Some(':') => 0.03,
        Some('?') => 0.5,
        _ if is_finished(sentence) => 1.0,
        _ => 0.15,
    };
    let (mut total, mut plain) = (0_usize, 0_usize);
    for c in sentence.chars() {
        total += 1;
        plain += usize::from(c.is_alphabetic() || c.is_whitespace());
    }
    let noise = if plain * 100 < total * 82 { 0.3 } else { 1.0 };
    let has_address = sentence.contains("://") || sentence.contains('@');
    let first = sentence.split_whitespace().next().unwrap_or_default();
    let starts_low = first.chars().all(char::is_lowercase);
    length
        * ending
        * noise
        * if has_address { 0.4 } else { 1.0 }
        * if starts_low { 0.5 } else { 1.0 }
}

fn opening(sentence: &str, index: usize) -> f64 {
    let mut words = sentence.split_whitespace().map(|word| {
        word.trim_matches(|c: char| !c.is_alphanumeric())
            .to_lowercase()
    });
    let first = words.next().unwrap_or_default();
    let second = words.next().unwrap_or_default();
    // "This PEP proposes …" names its subject; "This allows …" does not.
    let names_subject = [
        "pep", "document", "paper", "report", "article", "proposal", "guide",
    ];
    if first == "this" && names_subject.contains(&second.as_str()) {
        return if index < 12 { 1.6 } else { 1.0 };
    }
    if index < 3 && is_salutation(sentence) {
        return 0.4;
    }
    if LEANING.contains(&first.as_str()) {
        return 0.6;
    }
    let is_personal = matches!(first.as_str(), "i" | "i'm" | "i've");
    if is_personal || sentence.starts_with(['(', '[']) {
        0.6
    } else {
        1.0
    }
}

/// "Mr. President, fellow citizens, …": the beginning of a speech or of a letter.
fn is_salutation(sentence: &str) -> bool {
    let lower = sentence.to_lowercase();
    let openings = ["mr. ", "dear ", "ladies ", "thank you"];
    openings.iter().any(|it| lower.starts_with(it)) || lower.contains("fellow ")
}

fn section(place: Place<'_>) -> f64 {
    let heading = place
        .heading
        .rsplit(" / ")
        .next()
        .unwrap_or_default()
        .to_lowercase();
    let is_one_of = |names: &[&str]| {
        heading
            .split(|c: char| c.is_whitespace() || matches!(c, ',' | ':' | '/'))
            .take(3)
            .any(|word| names.contains(&word))
    };
    let by_heading = if is_one_of(&BACK_MATTER) {
        0.02
    } else if is_one_of(&SUMMARIES) {
        2.2
    } else if is_one_of(&FRAMES) {
        1.3
    } else if heading.contains("rejected") || heading.contains("open issue") {
        0.4
    } else {
        1.0
    };
    by_heading * if place.is_item { 0.7 } else { 1.0 }
}

/// The lead prior: what comes first matters most, in news as in memos. A text without headings may
/// be a speech or a story, which comes to its point later.
fn lead(place: Place<'_>) -> f64 {
    let strength = if place.heading.is_empty() { 0.7 } else { 1.5 };
    1.0 + strength / (1.0 + place.index as f64 / 3.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn better_sentences_weigh_more() {
        let ordinary = "The council has broad authority over the language and its library.";
        let place = |heading, index| Place {
            heading,
            is_item: false,
            index,
        };
        let check = |better: (&str, Place<'_>), worse: (&str, Place<'_>)| {
            let of = |(text, place): (&str, Place<'_>)| {
                weight(text, crate::words::word_count(text), place)
            };
            assert!(of(better) > of(worse), "{better:?} against {worse:?}");
        };
        let plain = place("", 3);
        check((ordinary, plain), (ordinary, place("", 9)));
        check((ordinary, place("PEP / Abstract", 3)), (ordinary, plain));
        check((ordinary, plain), (ordinary, place("Copyright", 3)));
        check(
            (ordinary, plain),
            (
                ordinary,
                Place {
                    is_item: true,
                    ..plain
                },
            ),
        );
        check(
            (ordinary, plain),
            (
                "It has broad authority over the language and its library.",
                plain,
            ),
        );
        check(
            (ordinary, plain),
            (
                "The council of the language shall work to the following:",
                plain,
            ),
        );
        check((ordinary, plain), ("The council", plain));
        check(
            (ordinary, plain),
            ("0x3f 1 = 2 ; 3 {4} [5] 6 -> 7 :: 8 == 9 && a || b.", plain),
        );
    }
}
