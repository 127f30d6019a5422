//! Makes texts of the fields of a row: `{{ title }}: {{ body }}`, in the language of Jinja.
//!
//! A field that a row does not have is an error, never an empty text; one that is there and null is empty.
//! What is in a field is put in as it is: it is no template itself, and nothing in it is escaped.
//!
//! `{title}: {body}` is read as fields, too, where nothing else in the text is of Jinja: it could mean
//! nothing else, and a template without a field is none.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use minijinja::value::ValueKind;
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior, Value, escape_formatter};
use serde_json::Value as Json;

use crate::Row;

/// A text with fields, such as `{{ title }}\n\n{{ body }}`; `{{ row["a name"] }}` is one whose name is no
/// word.
#[derive(Clone)]
pub struct Template {
    source: Arc<str>,
    environment: Arc<Environment<'static>>,
    fields: BTreeSet<String>,
}

/// A template that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// It is not in the language of templates.
    #[error("the template is wrong in line {line}: {what}")]
    Syntax {
        /// Where it is wrong.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// It would be the same for every row.
    #[error(
        "the template has no field, which is written as in \"{{{{ title }}}}: {{{{ body }}}}\""
    )]
    NoField,
}

/// What the template and the whole row are called.
const TEXT: &str = "text";
const ROW: &str = "row";

/// What looks like a field and is a function.
const FUNCTIONS: [&str; 4] = ["range", "dict", "namespace", "debug"];

impl Template {
    /// Fills the template in; `Err` says what is wrong with the row.
    pub(crate) fn fill(&self, row: &Row) -> Result<String, String> {
        let fields = || {
            row.fields
                .iter()
                .map(|(name, it)| (name.as_str(), value(it)))
        };
        let whole = (ROW, Value::from_pairs(fields()));
        let all = std::iter::once(whole).chain(fields());
        let template = self.environment.get_template(TEXT);
        let filled = template.and_then(|it| it.render(Value::from_pairs(all)));
        filled.map_err(|error| self.wrong(row, &error))
    }

    fn wrong(&self, row: &Row, error: &Error) -> String {
        let is_missing = |it: &&String| *it != ROW && !row.fields.contains_key(*it);
        let missing = self.fields.iter().find(is_missing);
        match missing.filter(|_| error.kind() == ErrorKind::UndefinedError) {
            Some(field) => row.lacks("text", field),
            None => {
                let (what, names) = (described(error), row.names());
                format!("the template cannot be filled in: {what}; the fields are {names}")
            }
        }
    }
}

fn described(error: &Error) -> String {
    let detail = error.detail().map(str::to_owned);
    detail.unwrap_or_else(|| error.kind().to_string())
}

/// Returns a value of a row as templates know it.
fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::from(()),
        Json::Bool(it) => Value::from(*it),
        Json::String(it) => Value::from(it.as_str()),
        Json::Number(it) => match (it.as_i64(), it.as_u64(), it.as_f64()) {
            (Some(it), ..) => Value::from(it),
            (_, Some(it), _) => Value::from(it),
            (.., it) => it.map_or_else(|| Value::from(()), Value::from),
        },
        Json::Array(items) => items.iter().map(value).collect(),
        Json::Object(fields) => {
            Value::from_pairs(fields.iter().map(|(name, it)| (name.as_str(), value(it))))
        }
    }
}

impl FromStr for Template {
    type Err = TemplateError;

    fn from_str(source: &str) -> Result<Self, Self::Err> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_formatter(|out, state, value| match value.kind() {
            ValueKind::None => Ok(()),
            ValueKind::Bool => Ok(out.write_str(if value.is_true() { "true" } else { "false" })?),
            _ => escape_formatter(out, state, value),
        });
        let wrong = |error: Error| TemplateError::Syntax {
            line: error.line().unwrap_or(1),
            what: described(&error),
        };
        let in_jinja = of_single_braces(source).unwrap_or_else(|| source.to_owned());
        let added = environment.add_template_owned(TEXT, in_jinja);
        added.map_err(wrong)?;
        let template = environment.get_template(TEXT).map_err(wrong)?;
        let names = template.undeclared_variables(false).into_iter();
        let fields: BTreeSet<String> = names.filter(|it| !FUNCTIONS.contains(&&**it)).collect();
        if fields.is_empty() {
            return Err(TemplateError::NoField);
        }
        Ok(Self {
            source: source.into(),
            environment: Arc::new(environment),
            fields,
        })
    }
}

/// Returns a template of `{title}` and the like in the language of Jinja, if there is nothing of that in it.
fn of_single_braces(source: &str) -> Option<String> {
    if ["{{", "{%", "{#"].iter().any(|it| source.contains(it)) {
        return None;
    }
    let mut pieces = source.split('{');
    let mut made = pieces.next()?.to_owned();
    for piece in pieces {
        match piece
            .split_once('}')
            .map(|(name, rest)| (name.trim(), rest))
        {
            Some((name, rest)) if is_word(name) => {
                made.extend(["{{ ", name, " }}", rest]);
            }
            Some((name, rest)) if is_name(name) => {
                made.extend(["{{ row[\"", name, "\"] }}", rest]);
            }
            _ => made.extend(["{", piece]),
        }
    }
    Some(made)
}

/// Returns whether Jinja takes `name` for a variable as it is.
fn is_word(name: &str) -> bool {
    let is_part = |it: char| it.is_ascii_alphanumeric() || it == '_';
    name.starts_with(|it: char| it.is_ascii_alphabetic() || it == '_') && name.chars().all(is_part)
}

/// Returns whether what stands in braces may be the name of a column, and is no JSON.
fn is_name(name: &str) -> bool {
    let is_odd = |it: char| it.is_control() || matches!(it, '"' | '\'' | '\\' | ':' | ',');
    !name.is_empty() && !name.chars().any(is_odd)
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Template").field(&self.source).finish()
    }
}

/// How a template is written says what it is.
impl PartialEq for Template {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Eq for Template {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fill(template: &str) -> Result<String, String> {
        let template: Template = template
            .parse()
            .map_err(|it: TemplateError| it.to_string())?;
        let Json::Object(fields) = json!({
            "title": "<T> & {{ body }}", "body": "B", "n": 3, "none": null, "a name": "A",
            "tags": ["x", "y"], "inner": {"k": true},
        }) else {
            unreachable!("it is an object");
        };
        template.fill(&Row { line: 1, fields })
    }

    #[test]
    fn fields_are_filled_in_as_they_are() {
        for (template, expected) in [
            ("{{ title }}: {{body}}.", "<T> & {{ body }}: B."),
            ("{{ n + 1 }} {{ none }}|", "4 |"),
            ("{{ row['a name'] }} {{ inner.k }}", "A true"),
            ("{% for it in tags %}- {{ it }}\n{% endfor %}", "- x\n- y\n"),
            ("{{ tags | join(', ') }}{% if none %}!{% endif %}", "x, y"),
            ("{{ body }} {x} {{ '{{' }}", "B {x} {{"),
            ("{{ x | default('no x') }}", "no x"),
        ] {
            assert_eq!(fill(template).as_deref(), Ok(expected), "{template}");
        }
    }

    #[test]
    fn a_field_that_is_not_there_is_named() {
        let wrong = [
            "{{ titel }}",
            "{{ body.x }}",
            "{{ row.titel }}",
            "{{ n | nope }}",
            "{{ n",
        ];
        insta::assert_snapshot!(wrong.map(|it| format!("{it} -> {}", fill(it).unwrap_err())).join("\n"), @r#"
    {{ titel }} -> there is no text in "titel"; did you mean "title"? the fields are title, body, n, none, a name, tags, inner
    {{ body.x }} -> the template cannot be filled in: undefined value; the fields are title, body, n, none, a name, tags, inner
    {{ row.titel }} -> the template cannot be filled in: undefined value; the fields are title, body, n, none, a name, tags, inner
    {{ n | nope }} -> the template cannot be filled in: filter nope is unknown; the fields are title, body, n, none, a name, tags, inner
    {{ n -> the template is wrong in line 1: unexpected end of input, expected end of variable block
    "#);
        for fixed in [
            "words",
            "{{ range(3) }}",
            "{}",
            "{\"a\": 1}",
            "{# {title} #}",
        ] {
            let error =
                "the template has no field, which is written as in \"{{ title }}: {{ body }}\"";
            assert_eq!(fill(fixed), Err(error.to_owned()), "{fixed}");
        }
    }

    #[test]
    fn single_braces_are_fields_where_nothing_is_of_jinja() {
        for (template, expected) in [
            ("{title}: { body }.", "<T> & {{ body }}: B."),
            ("{\"t\": {n}, {a name}{", "{\"t\": 3, A{"),
            ("{{ n }} {title}", "3 {title}"),
        ] {
            assert_eq!(fill(template).as_deref(), Ok(expected), "{template}");
        }
        let missing = fill("{titel}").unwrap_err();
        assert!(missing.contains("did you mean \"title\"?"), "{missing}");
    }
}
