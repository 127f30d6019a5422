//! Measures a piece of sections: what of its outline is there, what is said twice, which citations hold, and
//! how long it took against how long it had to.

use std::collections::{HashMap, HashSet};

use patterns_parallel::sectioning::{Section, SectionBrief};
use serde::Serialize;
use unicode_segmentation::UnicodeSegmentation;

use super::timeline::SectionTimes;

/// What can be counted in the sections of a piece.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Figures {
    /// Sections that were written.
    pub(crate) written: u64,
    /// Words in them.
    pub(crate) words: u64,
    /// Words that were asked for, of the sections that were written and of which it was said.
    pub(crate) words_asked: u64,
    /// The words of those sections.
    pub(crate) words_of_asked: u64,
    /// The share of different runs of five words that are in more than one section.
    pub(crate) repeated_5_grams: f64,
    /// The share of the words of titles and briefs, but for short ones, that are in their sections.
    pub(crate) outline_coverage: Option<f64>,
    /// Citations.
    pub(crate) citations: u64,
    /// Those whose words are in their document.
    pub(crate) citations_that_hold: u64,
}

impl Figures {
    /// Measures sections.
    pub(crate) fn of<'a>(sections: impl Iterator<Item = &'a Section> + Clone) -> Self {
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
    // Of scripts that put no space between words, every sign is one.
    text.unicode_words().map(str::to_lowercase)
}

/// Counts the words of a title and a brief, and those that are in the section. Short words are in
/// every text.
fn coverage(section: &Section) -> (usize, usize) {
    let SectionBrief { title, brief, .. } = &section.planned;
    let has_no_case = |it: char| it.to_lowercase().eq(it.to_uppercase());
    let is_long = |it: &String| it.chars().count() > 3 || it.chars().all(has_no_case);
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

/// With a smaller share of the words of titles and briefs in a text, or a larger one of it said twice, it is
/// told what to do.
const FEW: f64 = 0.5;
const MUCH: f64 = 0.05;

/// Writes the measures of a piece on one line, its times last.
pub(crate) fn figures_line(figures: &Figures, planned: u64, times: &SectionTimes) -> String {
    let Figures {
        written,
        words,
        words_asked,
        words_of_asked,
        repeated_5_grams,
        outline_coverage,
        citations,
        citations_that_hold,
    } = figures;
    let mut line = format!("sections: {written} of {planned} written, {words} words");
    if *words_asked > 0 {
        line += &format!(" · {words_of_asked} of {words_asked} words asked for");
    }
    let told = |share: f64, of: &str, advice: Option<&str>| {
        let advice = advice.map_or_else(String::new, |it| format!(": {it}"));
        format!(" · {:.0} % {of}{advice}", share * 100.0)
    };
    if let Some(share) = *outline_coverage {
        let advice = (share < FEW).then_some("see that it keeps to them");
        let of = "of the words of titles and briefs are in it";
        line += &told(share, of, advice);
    }
    if *written > 1 {
        let advice = (*repeated_5_grams > MUCH).then_some("--consistency has that mended");
        line += &told(
            *repeated_5_grams,
            "of it stands in several sections",
            advice,
        );
    }
    if *citations > 0 {
        line += &format!(" · {citations_that_hold} of {citations} citations hold");
    }
    let SectionTimes {
        first,
        longest_chain,
        sum,
        whole,
    } = times;
    line + &format!(
        " · first after {first:.1} s, whole after {whole:.1} s, longest chain {longest_chain:.1} s, all \
         calls {sum:.1} s"
    )
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
    fn what_has_no_spaces_between_its_words_is_measured_too() {
        let sections = [
            section("港口", None, "港口的历史很长。"),
            section("费用", None, "港口的历史很贵。"),
        ];
        let figures = Figures::of(sections.iter());
        assert_eq!((figures.words, figures.outline_coverage), (14, Some(0.5)));
        // Two of the four runs of five are in both.
        assert_eq!(figures.repeated_5_grams, 0.5);
    }
}
