//! Measures a piece: what of its outline is there, what is said twice, and which citations hold.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use serde::Serialize;

use crate::sectioning::{Section, SectionBrief};

/// What can be counted in the sections of a piece.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Figures {
    /// Sections that were written.
    pub written: u64,
    /// Words in them.
    pub words: u64,
    /// Words that were asked for, of the sections that were written and of which it was said.
    pub words_asked: u64,
    /// The words of those sections.
    pub words_of_asked: u64,
    /// The share of different runs of five words that are in more than one section.
    pub repeated_5_grams: f64,
    /// The share of the words of titles and briefs, but for short ones, that are in their sections.
    pub outline_coverage: Option<f64>,
    /// Citations.
    pub citations: u64,
    /// Those whose words are in their document.
    pub citations_that_hold: u64,
}

impl Figures {
    /// Measures sections.
    pub fn of<'a>(sections: impl Iterator<Item = &'a Section> + Clone) -> Self {
        let mut figures = Self::default();
        let (mut covered, mut to_cover) = (0, 0);
        for it in sections.clone() {
            let count = words(&it.content).count() as u64;
            figures.written += 1;
            figures.words += count;
            if let Some(asked) = it.planned.words {
                figures.words_asked += u64::from(asked);
                figures.words_of_asked += count;
            }
            figures.citations += it.citations.len() as u64;
            figures.citations_that_hold += it.citations.iter().filter(|it| it.holds).count() as u64;
            let (there, all) = coverage(it);
            covered += there;
            to_cover += all;
        }
        figures.outline_coverage = (to_cover > 0).then(|| share(covered, to_cover));
        figures.repeated_5_grams = repeated(sections.map(|it| it.content.as_str()));
        figures
    }
}

fn share(part: usize, all: usize) -> f64 {
    match all {
        0 => 0.0,
        all => (part as f64 / all as f64 * 1_000.0).round() / 1_000.0,
    }
}

fn words(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|it: char| !it.is_alphanumeric());
    words.filter(|it| !it.is_empty()).map(str::to_lowercase)
}

/// Counts the words of a title and a brief, and those that are in the section. Short words are in
/// every text.
fn coverage(section: &Section) -> (usize, usize) {
    let SectionBrief { title, brief, .. } = &section.planned;
    let is_long = |it: &String| it.chars().count() > 3;
    let planned: HashSet<String> = words(title).chain(words(brief)).filter(is_long).collect();
    let there: HashSet<String> = words(&section.content).collect();
    (planned.intersection(&there).count(), planned.len())
}

/// Returns the share of different runs of five words that are in more than one text.
fn repeated<'a>(texts: impl Iterator<Item = &'a str>) -> f64 {
    let mut seen: HashMap<[String; 5], (usize, bool)> = HashMap::new();
    for (n, text) in texts.enumerate() {
        let words: Vec<String> = words(text).collect();
        for run in words.windows(5) {
            let Ok(run) = <[String; 5]>::try_from(run.to_vec()) else {
                continue;
            };
            let known = seen.entry(run).or_insert((n, false));
            known.1 |= known.0 != n;
        }
    }
    let twice = seen.values().filter(|it| it.1).count();
    share(twice, seen.len())
}

/// Returns how long the longest chain of sections took that build on each other: the least time in which
/// all of them can be written.
pub fn longest_chain(sections: &[(&SectionBrief, Duration)]) -> Duration {
    let mut ends: BTreeMap<&str, Duration> = BTreeMap::new();
    // What builds on each other has no circle, so every round finds the end of one more.
    for _ in sections {
        for (brief, took) in sections {
            let inputs = brief.depends_on.iter();
            let begun = inputs.filter_map(|it| ends.get(it.as_str()).copied()).max();
            ends.insert(&brief.id, begun.unwrap_or_default() + *took);
        }
    }
    ends.into_values().max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn section(title: &str, words: Option<u32>, content: &str) -> Section {
        Section {
            content: content.to_owned(),
            planned: SectionBrief {
                words,
                ..SectionBrief::named(title)
            },
            ..Section::default()
        }
    }

    #[test]
    fn what_is_said_twice_and_what_is_left_out_is_counted() {
        let sections = [
            section(
                "Fees and silt",
                Some(10),
                "Fees: the harbour earns a little by fees.",
            ),
            section("Silt", None, "Silt; and the harbour earns a little by it."),
        ];
        let figures = Figures::of(sections.iter());
        let expected = Figures {
            written: 2,
            words: 17,
            words_asked: 10,
            words_of_asked: 8,
            // "the harbour earns a little" and "harbour earns a little by" of 4 + 5 runs.
            repeated_5_grams: 0.286,
            outline_coverage: Some(0.667),
            ..Figures::default()
        };
        assert_eq!(figures, expected);
    }

    #[test]
    fn the_longest_chain_goes_through_what_is_built_on() {
        let brief = |id: &str, after: &[&str]| SectionBrief {
            id: id.to_owned(),
            ..SectionBrief::named(id).after(after.iter().copied())
        };
        let briefs = [
            (brief("d", &["b", "c"]), 1),
            (brief("a", &[]), 2),
            (brief("b", &["a"]), 3),
            (brief("c", &[]), 4),
        ];
        let sections: Vec<_> = briefs
            .iter()
            .map(|(brief, seconds)| (brief, Duration::from_secs(*seconds)))
            .collect();
        assert_eq!(longest_chain(&sections), Duration::from_secs(6));
    }
}
