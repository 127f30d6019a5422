//! A piece that code stitches of its sections: no call is made for it.

mod placed;
mod text;

use serde::{Deserialize, Serialize};

pub use self::text::PieceText;
use super::markdown::{PART, escaped, headings};
use super::{Anchors, Change, Section, SynthesisTask};

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
        let (mut body, mut starts) = (String::new(), Vec::new());
        for it in &task.sections {
            // Behind the gap.
            starts.push((title.len() + body.len() + 1, it.depth));
            body += &text.section(&it.title, it.depth, it.answer.as_ref());
        }
        let contents = contents(&format!("{title}{body}"), &starts);
        Self {
            text: format!("{title}{contents}{body}{}", text.sources()),
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

/// Writes a table of contents, of the headings that begin here, and how many are above each. All others are
/// counted, too: of equal ones, each has an anchor of its own.
fn contents(text: &str, starts: &[(usize, u32)]) -> String {
    let (mut anchors, mut contents) = (Anchors::default(), String::from("\n"));
    for heading in headings(text, PART) {
        let anchor = anchors.of(&heading.shown);
        if let Some((_, depth)) = starts.iter().find(|it| it.0 == heading.range.start) {
            let indent = "  ".repeat(*depth as usize);
            let shown = escaped(&heading.shown);
            contents += &format!("{indent}- [{shown}](#{anchor})\n");
        }
    }
    contents
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sectioning::task::WrittenSection;

    #[test]
    fn contents_lead_to_each_section_whatever_its_title() {
        let sections = [
            ("Why", 0, "So.\n\n# 3. Why\n```\n# no"),
            ("Why", 1, "<!--"),
            ("The `a[1]` [of](b) <it>", 0, "So."),
            ("Why", 0, "So."),
        ];
        let sections = sections.map(|(title, depth, content)| WrittenSection {
            title: title.to_owned(),
            depth,
            answer: Some(Section {
                content: content.to_owned(),
                ..Section::default()
            }),
        });
        let piece = Piece::of(SynthesisTask {
            topic: "T".into(),
            title: "On\nit #".to_owned(),
            sections: sections.into(),
            changes: Vec::new(),
        });
        insta::assert_snapshot!(piece.text, @r"
        # On it \#

        - [1. Why](#1-why)
          - [1.1 Why](#11-why)
        - [2. The a\[1\] of \<it>](#2-the-a1-of-it)
        - [3. Why](#3-why-1)

        ## 1. Why

        So.

        ### 3. Why
        ```
        # no
        ```

        ### 1.1 Why

        \<!--

        ## 2. The `a[1]` [of](b) \<it>

        So.

        ## 3. Why

        So.
        ");
    }
}
