//! A piece that code stitches of its sections: no call is made for it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::markdown::PieceText;
use crate::sectioning::{Change, Section, SynthesisTask, WrittenSection};

/// All sections of a piece, written or not, as they are handed to whoever merges them.
#[derive(Clone, Debug)]
pub struct Draft<S> {
    /// What the piece is about.
    pub topic: Arc<str>,
    /// What it is called.
    pub title: String,
    /// Its sections, as a reader meets them.
    pub sections: Vec<DraftSection<S>>,
    /// The sections that were written again, and why.
    pub changes: Vec<Change>,
}

/// A section of a draft.
#[derive(Clone, Debug)]
pub struct DraftSection<S> {
    /// The heading.
    pub title: String,
    /// How many sections are above it.
    pub depth: u32,
    /// The answer; nothing if it could not be written.
    pub answer: Option<S>,
}

impl<S> Draft<S> {
    /// Makes the task of the agent that merges the sections.
    pub(in crate::sectioning) fn into_task(self) -> SynthesisTask<S> {
        let (mut sections, mut missing) = (Vec::new(), Vec::new());
        for DraftSection { title, answer, .. } in self.sections {
            match answer {
                Some(answer) => sections.push(WrittenSection {
                    name: title,
                    answer,
                }),
                None => missing.push(title),
            }
        }
        SynthesisTask {
            topic: self.topic,
            sections,
            missing,
        }
    }
}

/// A piece stitched of its sections.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// What it is called.
    pub title: String,
    /// Its sections.
    pub sections: Vec<Section>,
    /// The names of those that could not be written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// The sections that were written again, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// All of it as Markdown: a title, a table of contents, numbered sections, and what they cite.
    pub text: String,
}

impl Piece {
    /// Stitches a draft.
    pub fn of(draft: Draft<Section>) -> Self {
        let mut text = PieceText::numbered();
        let title = text.title(&draft.title);
        let contents = text.contents(
            draft
                .sections
                .iter()
                .map(|it| (it.title.as_str(), it.depth)),
        );
        let sections = draft.sections.iter();
        let sections: String = sections
            .map(|it| text.section(&it.title, it.depth, it.answer.as_ref()))
            .collect();
        let text = format!("{title}{contents}{sections}{}", text.sources());
        let (mut sections, mut missing) = (Vec::new(), Vec::new());
        for it in draft.sections {
            match it.answer {
                Some(section) => sections.push(section),
                None => missing.push(it.title),
            }
        }
        Self {
            title: draft.title,
            sections,
            missing,
            changes: draft.changes,
            text,
        }
    }
}
