//! What the text of a DOCX looks like where that changes what it says: `10⁶` is not `106`, what is struck out
//! does not hold, and a fraction is not two numbers side by side.

use quick_xml::events::BytesStart;

use super::attribute::attribute;

/// How a piece of text is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mark {
    #[default]
    Plain,
    Raised,
    Lowered,
    Struck,
    /// Not shown.
    Hidden,
}

impl Mark {
    /// Returns the mark that a property of a run sets.
    pub(super) fn of(tag: &BytesStart<'_>) -> Option<Self> {
        let value = attribute(tag, "val");
        let is_on = !matches!(value.as_deref(), Some("0" | "false" | "off" | "none"));
        match tag.local_name().as_ref() {
            "vertAlign" => match value.as_deref() {
                Some("superscript") => Some(Self::Raised),
                Some("subscript") => Some(Self::Lowered),
                _ => None,
            },
            "strike" | "dstrike" if is_on => Some(Self::Struck),
            "vanish" if is_on => Some(Self::Hidden),
            _ => None,
        }
    }

    /// Returns a text as this shows it.
    pub(super) fn show(self, text: &str) -> String {
        let inner = text.trim();
        if inner.is_empty() {
            return text.to_owned();
        }
        let start = &text[..text.len() - text.trim_start().len()];
        let end = &text[text.trim_end().len()..];
        let whole = match inner.chars().all(char::is_alphanumeric) {
            true => inner.to_owned(),
            false => format!("({inner})"),
        };
        match self {
            Self::Plain => text.to_owned(),
            Self::Raised => format!("{start}^{whole}{end}"),
            Self::Lowered => format!("{start}_{whole}{end}"),
            Self::Struck => format!("{start}~~{inner}~~{end}"),
            Self::Hidden => String::new(),
        }
    }
}

/// The parts of formulas under way.
#[derive(Default)]
pub(super) struct Formulas {
    /// How many formulas are around what is read: elsewhere the same names mean something else.
    depth: usize,
    marks: Vec<Mark>,
    /// What is within parentheses or the like: how they open and close, and whether they have.
    delimiters: Vec<(String, String, bool)>,
    /// The sign of a sum, a product or an integral.
    sign: Option<String>,
}

impl Formulas {
    /// Returns how what is read is set, if that is in a formula.
    pub(super) fn mark(&self) -> Option<Mark> {
        self.marks.last().copied()
    }

    /// Begins a part; returns what stands before it.
    pub(super) fn start(&mut self, tag: &BytesStart<'_>) -> Option<String> {
        let value = || attribute(tag, "val").unwrap_or_default();
        match tag.local_name().as_ref() {
            "oMath" => self.depth += 1,
            _ if self.depth == 0 => {}
            "sup" => self.marks.push(Mark::Raised),
            "sub" => self.marks.push(Mark::Lowered),
            "num" | "den" => return Some("(".to_owned()),
            "rad" => return Some("√(".to_owned()),
            "d" => {
                let usual = ("(".to_owned(), ")".to_owned(), false);
                self.delimiters.push(usual);
            }
            "begChr" => self.delimiters.last_mut()?.0 = value(),
            "endChr" => self.delimiters.last_mut()?.1 = value(),
            "e" => {
                let (open, _, is_open) = self.delimiters.last_mut()?;
                return (!std::mem::replace(is_open, true)).then(|| open.clone());
            }
            "naryPr" => self.sign = Some("∫".to_owned()),
            "chr" if self.sign.is_some() => self.sign = Some(value()),
            _ => {}
        }
        None
    }

    /// Ends a part; returns what stands after it.
    pub(super) fn end(&mut self, tag: &str) -> Option<String> {
        match tag {
            "oMath" => self.depth = self.depth.saturating_sub(1),
            _ if self.depth == 0 => {}
            "sup" | "sub" => {
                self.marks.pop();
            }
            "num" => return Some(")/".to_owned()),
            "den" | "rad" => return Some(")".to_owned()),
            "d" => return self.delimiters.pop().map(|(_, close, _)| close),
            "naryPr" => return self.sign.take(),
            _ => {}
        }
        None
    }
}
