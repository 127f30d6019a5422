//! Texts made of the fields of a row.

use std::fmt;
use std::str::FromStr;

/// A text with fields in braces: `{title}\n\n{body}`. Two braces stand for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Field(String),
}

/// A template that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// A brace is not closed, or closes nothing.
    #[error(
        "a template has fields in braces, as in \"{{title}}: {{body}}\"; write {{{{ for a brace"
    )]
    Brace,
    /// It would be the same for every row.
    #[error("the template has no field in braces")]
    NoField,
}

impl Template {
    /// Fills the template in; `Err` names the field that is not there.
    pub(crate) fn fill(&self, field: impl Fn(&str) -> Option<String>) -> Result<String, String> {
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(it) => text.push_str(it),
                Piece::Field(name) => text.push_str(&field(name).ok_or_else(|| name.clone())?),
            }
        }
        Ok(text)
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in &self.0 {
            match piece {
                Piece::Text(it) => f.write_str(&it.replace('{', "{{").replace('}', "}}"))?,
                Piece::Field(name) => write!(f, "{{{name}}}")?,
            }
        }
        Ok(())
    }
}

impl FromStr for Template {
    type Err = TemplateError;

    fn from_str(template: &str) -> Result<Self, Self::Err> {
        let mut pieces = Vec::new();
        let mut text = String::new();
        let mut letters = template.chars().peekable();
        while let Some(letter) = letters.next() {
            match letter {
                '{' | '}' if letters.peek() == Some(&letter) => {
                    letters.next();
                    text.push(letter);
                }
                '{' => {
                    let rest = letters.by_ref();
                    let (mut name, mut is_closed) = (String::new(), false);
                    for letter in rest {
                        is_closed = letter == '}';
                        if is_closed {
                            break;
                        }
                        name.push(letter);
                    }
                    let name = name.trim();
                    if name.is_empty() || !is_closed || name.contains('{') {
                        return Err(TemplateError::Brace);
                    }
                    pieces.push(Piece::Text(std::mem::take(&mut text)));
                    pieces.push(Piece::Field(name.to_owned()));
                }
                '}' => return Err(TemplateError::Brace),
                other => text.push(other),
            }
        }
        if pieces.is_empty() {
            return Err(TemplateError::NoField);
        }
        pieces.push(Piece::Text(text));
        Ok(Self(pieces))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_filled_in() {
        let fill = |template: &str| {
            let template: Template = template
                .parse()
                .map_err(|it: TemplateError| it.to_string())?;
            template.fill(|name| (name != "x").then(|| format!("<{name}>")))
        };
        assert_eq!(fill("{title}: {body}."), Ok("<title>: <body>.".to_owned()));
        assert_eq!(fill("{{a}} { b }"), Ok("{a} <b>".to_owned()));
        assert_eq!(fill("{a} {x}"), Err("x".to_owned()));
        assert_eq!(
            "{{a}} { b }".parse::<Template>().unwrap().to_string(),
            "{{a}} {b}"
        );
        for wrong in ["{a", "a}", "{}", "{a{b}"] {
            assert!(fill(wrong).unwrap_err().contains("braces"), "{wrong}");
        }
        assert_eq!(
            fill("a"),
            Err("the template has no field in braces".to_owned())
        );
    }
}
