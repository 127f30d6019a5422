//! An outline: sections with ids, briefs, target words, and what they build on.
//!
//! Titles and briefs are kept on one line each. A plan is made of topics and documents that may come
//! from anybody, and what cannot leave its line cannot pass for something else, in a prompt or in a
//! file.

mod gate;
mod planner;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use patterns_core::nearest;
use patterns_core::text::one_line;
use serde::{Deserialize, Serialize};

use super::wording::joined;
use crate::RunError;

pub(super) use self::gate::{GateTask, Verdict, gate_agent, is_step_by_step};
pub use self::planner::{OutlineTask, Plan};

/// The sections of a piece, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outline {
    /// What the piece is called, if that is not its topic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The sections.
    pub sections: Vec<SectionBrief>,
}

/// What one section is to be about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SectionBrief {
    /// Names the section within its outline; made of the title where it is empty.
    #[serde(default)]
    pub id: String,
    /// The heading.
    pub title: String,
    /// What the section covers, in one or two sentences.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub brief: String,
    /// About how many words it is to have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<u32>,
    /// The ids of the sections that it builds on: they are written first, and it is told what they say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<String>,
}

impl SectionBrief {
    /// Names a section whose heading says it all.
    pub fn named(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            ..Self::default()
        }
    }

    /// Sets what the section builds on, by ids.
    #[must_use]
    pub fn after<I: Into<String>>(mut self, ids: impl IntoIterator<Item = I>) -> Self {
        self.depends_on.extend(ids.into_iter().map(Into::into));
        self
    }
}

impl From<&str> for SectionBrief {
    fn from(title: &str) -> Self {
        Self::named(title)
    }
}

impl From<String> for SectionBrief {
    fn from(title: String) -> Self {
        Self::named(title)
    }
}

impl From<(&str, &str)> for SectionBrief {
    fn from((title, brief): (&str, &str)) -> Self {
        Self {
            brief: brief.to_owned(),
            ..Self::named(title)
        }
    }
}

impl Outline {
    /// Makes an outline of sections, in order.
    ///
    /// ```
    /// use patterns_parallel::sectioning::{Outline, SectionBrief};
    ///
    /// let outline = Outline::new(["Pros", "Cons"])
    ///     .and(SectionBrief::named("Verdict").after(["pros", "cons"]))
    ///     .checked()?;
    /// assert_eq!(outline.sections[2].id, "verdict");
    /// # Ok::<(), patterns_parallel::RunError>(())
    /// ```
    pub fn new<B: Into<SectionBrief>>(sections: impl IntoIterator<Item = B>) -> Self {
        Self {
            title: None,
            sections: sections.into_iter().map(Into::into).collect(),
        }
    }

    /// Adds a section.
    #[must_use]
    pub fn and(mut self, section: impl Into<SectionBrief>) -> Self {
        self.sections.push(section.into());
        self
    }

    /// Puts titles and briefs on one line each, gives an id to every section that has none, names what
    /// sections build on by ids where it was named by titles, and checks all of it.
    ///
    /// # Errors
    ///
    /// Returns a [`RunError`] that says what is wrong first: a section without a title, two of one title or
    /// id, an id that is none, a section that builds on one that is not there, or on itself.
    pub fn checked(mut self) -> Result<Self, RunError> {
        self.tidy();
        match self.errors().into_iter().next() {
            Some(error) => Err(RunError::Part(error)),
            None => Ok(self),
        }
    }

    /// Returns everything that is wrong with an outline that was tidied.
    fn errors(&self) -> Vec<String> {
        let (mut titles, mut ids) = (HashSet::new(), HashSet::new());
        let error = |(n, SectionBrief { id, title, .. }): (usize, &SectionBrief)| {
            if title.is_empty() {
                Some(format!("section {} has no title", n + 1))
            } else if !titles.insert(title.to_lowercase()) {
                Some(format!("two sections have the title {title:?}"))
            } else if !is_id(id) {
                let can = "letters, digits, `-`, `_` and `.` can";
                Some(format!("{id:?} cannot be the id of a section: {can}"))
            } else if !ids.insert(id.clone()) {
                Some(format!("two sections have the id {id:?}"))
            } else {
                None
            }
        };
        let mut errors: Vec<_> = self.sections.iter().enumerate().filter_map(error).collect();
        if errors.is_empty() {
            errors.extend(self.unknown());
        }
        if errors.is_empty() {
            errors.extend(self.circle());
        }
        errors
    }

    /// Leaves out what is no section among those that sections build on, and says what that was.
    ///
    /// Small models make such names up. A piece is worth more than its order of writing.
    pub(super) fn leave_out_unknown(&mut self) -> Vec<String> {
        let unknown = self.unknown();
        let sections = self.sections.iter();
        let ids: HashSet<String> = sections.map(|it| it.id.clone()).collect();
        for section in &mut self.sections {
            section.depends_on.retain(|it| ids.contains(it));
        }
        unknown
    }

    fn unknown(&self) -> Vec<String> {
        let ids: Vec<&str> = self.sections.iter().map(|it| it.id.as_str()).collect();
        let named = self.sections.iter();
        let named = named.flat_map(|it| it.depends_on.iter().map(move |id| (&it.title, id)));
        let unknown = named.filter(|(_, id)| !ids.contains(&id.as_str()));
        let said = unknown.map(|(title, id)| {
            let meant = match nearest(id, ids.iter().copied()) {
                Some(meant) => format!("; did you mean {meant:?}?"),
                None => format!("; there is {}", ids.join(", ")),
            };
            format!("{title:?} builds on {id:?}, which is no section{meant}")
        });
        said.collect()
    }

    /// Finds a section that has to be written before itself.
    fn circle(&self) -> Option<String> {
        let inputs = self.inputs();
        let mut left: BTreeSet<usize> = (0..inputs.len()).collect();
        let is_free =
            |n: usize, left: &BTreeSet<usize>| inputs[n].iter().all(|it| !left.contains(it));
        while let Some(free) = left.iter().copied().find(|n| is_free(*n, &left)) {
            left.remove(&free);
        }
        // Every section that is left has an input that is left, so the way back meets itself.
        let mut path = vec![*left.first()?];
        loop {
            let next = *inputs[*path.last()?].iter().find(|it| left.contains(it))?;
            let start = path.iter().position(|it| *it == next);
            path.push(next);
            if let Some(start) = start {
                let ids = path[start..].iter().map(|it| &*self.sections[*it].id);
                let ids: Vec<&str> = ids.collect();
                return Some(format!("sections build on each other: {}", ids.join(" → ")));
            }
        }
    }

    /// Returns the places of the sections that each section builds on.
    pub(super) fn inputs(&self) -> Vec<Vec<usize>> {
        let places: BTreeMap<&str, usize> = self
            .sections
            .iter()
            .enumerate()
            .map(|(n, it)| (it.id.as_str(), n))
            .collect();
        let inputs = self.sections.iter().map(|it| {
            let ids = it.depends_on.iter();
            ids.filter_map(|id| places.get(id.as_str()).copied())
                .collect()
        });
        inputs.collect()
    }

    pub(super) fn tidy(&mut self) {
        self.title = self.title.take().map(|it| one_line(&it));
        self.title.take_if(|it| it.is_empty());
        let mut taken: HashSet<String> = HashSet::new();
        for section in &mut self.sections {
            section.id = section.id.trim().to_owned();
            section.title = one_line(&section.title);
            section.brief = one_line(&section.brief);
            section.words.take_if(|it| *it == 0);
            taken.insert(section.id.clone());
        }
        for section in self.sections.iter_mut().filter(|it| it.id.is_empty()) {
            let slug = slug(&section.title);
            let numbered = (2..).map(|n: u32| format!("{slug}-{n}"));
            let mut names = std::iter::once(slug.clone()).chain(numbered);
            section.id = names
                .find(|it| taken.insert(it.clone()))
                .unwrap_or_default();
        }
        let sections = self.sections.iter();
        let known: Vec<_> = sections
            .map(|it| (it.title.to_lowercase(), it.id.clone()))
            .collect();
        for section in &mut self.sections {
            let mut seen = HashSet::new();
            for id in &mut section.depends_on {
                *id = one_line(id);
                let is_id = known.iter().any(|it| it.1 == *id);
                let by_title = known.iter().find(|it| it.0 == id.to_lowercase());
                if let Some((_, of_title)) = by_title.filter(|_| !is_id) {
                    id.clone_from(of_title);
                }
            }
            section.depends_on.retain(|it| seen.insert(it.clone()));
        }
    }
}

/// Makes an id of a title.
fn slug(title: &str) -> String {
    let words = joined(&title.to_lowercase(), |it| !it.is_alphanumeric(), "-");
    let slug: String = words.chars().take(MOST_ID).collect();
    match slug.trim_end_matches('-') {
        "" => "section".to_owned(),
        slug => slug.to_owned(),
    }
}

/// The most characters of an id.
const MOST_ID: usize = 64;

fn is_id(id: &str) -> bool {
    !id.is_empty() && id.chars().count() <= MOST_ID + 8 && id.chars().all(is_of_id)
}

fn is_of_id(it: char) -> bool {
    it.is_alphanumeric() || matches!(it, '-' | '_' | '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(sections: &[(&str, &[&str])]) -> Result<Vec<(String, Vec<String>)>, String> {
        let sections = sections
            .iter()
            .map(|(title, after)| SectionBrief::named(*title).after(after.iter().copied()));
        let outline = Outline::new(sections).checked();
        let outline = outline.map_err(|it| it.to_string())?;
        let sections = outline.sections.into_iter();
        Ok(sections.map(|it| (it.id, it.depends_on)).collect())
    }

    #[test]
    fn what_sections_build_on_is_named_by_id_or_title() {
        let named = checked(&[
            ("Pros & cons", &[]),
            ("Pros\n  cons ", &["pros-cons"]),
            ("港", &["Pros & Cons", "pros-cons"]),
            ("?", &["港"]),
        ]);
        let expected = [
            ("pros-cons", &[][..]),
            ("pros-cons-2", &["pros-cons"]),
            ("港", &["pros-cons"]),
            ("section", &["港"]),
        ];
        let expected = expected.map(|(id, after)| {
            let after = after.iter().map(|it| (*it).to_owned()).collect();
            (id.to_owned(), after)
        });
        assert_eq!(named.unwrap(), expected);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let wrong = |sections: &[(&str, &[&str])]| checked(sections).unwrap_err();
        insta::assert_snapshot!(
            [
                wrong(&[("A", &[]), (" ", &[])]),
                wrong(&[("A", &[]), ("a ", &[])]),
                wrong(&[("Body", &[]), ("End", &["bodi"])]),
                wrong(&[("Body", &[]), ("End", &["history of it"])]),
                wrong(&[("A", &["a"])]),
                wrong(&[("Z", &["a"]), ("A", &["b"]), ("B", &["c", "a"]), ("C", &[])]),
            ]
            .join("\n"),
            @r#"
        section 2 has no title
        two sections have the title "a"
        "End" builds on "bodi", which is no section; did you mean "body"?
        "End" builds on "history of it", which is no section; there is body, end
        sections build on each other: a → a
        sections build on each other: a → b → a
        "#
        );
    }
}
