//! A piece that code stitches of its sections: no call is made for it.

mod markdown;

use serde::{Deserialize, Serialize};

pub use self::markdown::PieceText;
use super::{Change, Section, SynthesisTask};

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
    /// Stitches sections.
    pub fn of(task: SynthesisTask<Section>) -> Self {
        let mut text = PieceText::numbered();
        let title = text.title(&task.title);
        let headings = task.sections.iter().map(|it| (it.title.as_str(), it.depth));
        let contents = text.contents(headings);
        let sections = task.sections.iter();
        let sections: String = sections
            .map(|it| text.section(&it.title, it.depth, it.answer.as_ref()))
            .collect();
        Self {
            text: format!("{title}{contents}{sections}{}", text.sources()),
            missing: task.missing().into_iter().map(str::to_owned).collect(),
            title: task.title,
            sections: task
                .sections
                .into_iter()
                .filter_map(|it| it.answer)
                .collect(),
            changes: task.changes,
        }
    }
}
