//! Reads the short form of a JSON Schema: `name, age int, tags [text], verdict yes|no: what it means`.
//!
//! Fields are divided by commas, or by lines where there are several lines: then what a field means may have
//! commas. Every field is required unless its name ends in `?`, and there are no others. What has a comma, a
//! space or a colon and does not end in `.json` is a short form; all else names a file.

use patterns_core::nearest;
use serde_json::{Map, Value, json};

use crate::job_error::{JobError, JobErrorKind};

/// The types, and what JSON Schema calls them.
const TYPES: [(&str, &str); 9] = [
    ("text", "string"),
    ("string", "string"),
    ("str", "string"),
    ("int", "integer"),
    ("integer", "integer"),
    ("number", "number"),
    ("float", "number"),
    ("bool", "boolean"),
    ("boolean", "boolean"),
];

/// Returns whether a text can only be the short form of a schema, and is not the name of a file.
///
/// ```
/// use patterns_job::is_short_schema;
///
/// assert!(is_short_schema("name, age int"));
/// assert!(!is_short_schema("bill.json") && !is_short_schema("my bill.json"));
/// ```
pub fn is_short_schema(text: &str) -> bool {
    let is_json = text.trim_end().to_ascii_lowercase().ends_with(".json");
    !is_json && text.contains([',', ':', ' ', '\n'])
}

/// Reads the short form of a JSON Schema.
///
/// ```
/// use patterns_job::read_short_schema;
///
/// let schema = read_short_schema("name, verdict yes|no: whether it is paid")?;
/// assert_eq!(schema["properties"]["name"]["type"], "string");
/// assert_eq!(schema["properties"]["verdict"]["enum"][1], "no");
/// # Ok::<(), patterns_job::JobError>(())
/// ```
///
/// # Errors
///
/// Returns an error that points at the first place which is wrong.
pub fn read_short_schema(text: &str) -> Result<Map<String, Value>, JobError> {
    read(text).map_err(|Wrong { at, what }| {
        let place = text[..at].chars().count() + 1;
        let message = format!("the short schema is wrong at character {place}: {what}");
        JobError::new(JobErrorKind::BadSchema, message).help(
            "write NAME TYPE: MEANING with commas between fields, or a line for each; \
             types are text, int, number, bool, [text], yes|no",
        )
    })
}

/// What is wrong, and at which byte.
struct Wrong {
    at: usize,
    what: String,
}

/// A piece of the text, and where it begins.
#[derive(Clone, Copy)]
struct Piece<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Piece<'a> {
    fn trim(self) -> Self {
        let text = self.text.trim_start();
        let at = self.at + self.text.len() - text.len();
        let text = text.trim_end();
        Self { text, at }
    }

    /// Drops the comma at the end of a line, which divides fields a second time.
    fn without_comma(self) -> Self {
        let text = self.text.trim_end();
        let text = text.strip_suffix(',').unwrap_or(text);
        Self { text, ..self }.trim()
    }

    /// Divides it before and behind a sign, if it has one.
    fn divide(self, is_sign: impl Fn(char) -> bool) -> (Self, Option<Self>) {
        let Some((at, sign)) = self.text.char_indices().find(|it| is_sign(it.1)) else {
            return (self.trim(), None);
        };
        let behind = at + sign.len_utf8();
        let (before, rest) = (&self.text[..at], &self.text[behind..]);
        let rest = Piece {
            text: rest,
            at: self.at + behind,
        };
        (
            Piece {
                text: before,
                at: self.at,
            }
            .trim(),
            Some(rest.trim()),
        )
    }

    /// Divides it at every sign.
    fn parts(self, sign: char) -> Vec<Self> {
        let (mut parts, mut rest) = (Vec::new(), Some(self));
        while let Some(piece) = rest {
            let (part, behind) = piece.divide(|it| it == sign);
            parts.push(part);
            rest = behind;
        }
        parts
    }

    fn wrong(self, what: impl Into<String>) -> Wrong {
        Wrong {
            at: self.at,
            what: what.into(),
        }
    }
}

fn read(text: &str) -> Result<Map<String, Value>, Wrong> {
    let all = Piece { text, at: 0 }.trim();
    let fields = match all.text.contains('\n') {
        true => {
            let lines = all.parts('\n').into_iter().map(Piece::without_comma);
            lines.filter(|it| !it.text.is_empty()).collect()
        }
        false => all.parts(','),
    };
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for field in fields {
        let (head, meaning) = field.divide(|it| it == ':');
        let (name, kind) = head.divide(char::is_whitespace);
        let (name, is_required) = match name.text.strip_suffix('?') {
            Some(text) => (Piece { text, ..name }, false),
            None => (name, true),
        };
        check_name(name)?;
        let mut schema = kind.map_or(Ok(json!({"type": "string"})), of_type)?;
        if let Some(meaning) = meaning.filter(|it| !it.text.is_empty()) {
            schema["description"] = meaning.text.into();
        }
        if properties.insert(name.text.to_owned(), schema).is_some() {
            return Err(name.wrong(format!("there are two fields {:?}", name.text)));
        }
        required.extend(is_required.then_some(name.text));
    }
    let schema = json!({
        "type": "object", "properties": properties, "required": required, "additionalProperties": false,
    });
    match schema {
        Value::Object(schema) => Ok(schema),
        _ => Ok(Map::new()),
    }
}

fn check_name(name: Piece<'_>) -> Result<(), Wrong> {
    let is_part = |it: char| it.is_alphanumeric() || it == '_' || it == '-';
    if name.text.is_empty() {
        return Err(name.wrong("a field has no name"));
    }
    match name.text.chars().find(|it| !is_part(*it)) {
        Some(sign) => Err(name.wrong(format!(
            "{:?} is no name of a field, which has letters, digits, _ and -, and no {sign:?}",
            name.text
        ))),
        None => Ok(()),
    }
}

/// Returns the schema of a type: a word, options such as `yes|no`, or a list such as `[text]`.
fn of_type(kind: Piece<'_>) -> Result<Value, Wrong> {
    if let Some(inner) = kind.text.strip_prefix('[') {
        let Some(text) = inner.strip_suffix(']') else {
            return Err(kind.wrong(format!("the list {:?} does not end in ]", kind.text)));
        };
        let items = of_type(
            Piece {
                text,
                at: kind.at + 1,
            }
            .trim(),
        )?;
        return Ok(json!({"type": "array", "items": items}));
    }
    if kind.text.contains('|') {
        return options(kind);
    }
    let names = TYPES.map(|it| it.0);
    if let Some((_, name)) = TYPES.iter().find(|it| it.0 == kind.text) {
        return Ok(json!({"type": name}));
    }
    let meant = nearest(kind.text, names).map(|it| format!(" (did you mean {it}?)"));
    let meant = meant.unwrap_or_default();
    Err(kind.wrong(format!("there is no type {:?}{meant}", kind.text)))
}

fn options(kind: Piece<'_>) -> Result<Value, Wrong> {
    let mut options: Vec<&str> = Vec::new();
    for option in kind.parts('|') {
        if option.text.is_empty() {
            return Err(option.wrong("an option is empty"));
        }
        if options.contains(&option.text) {
            return Err(option.wrong(format!("the option {:?} is there twice", option.text)));
        }
        options.push(option.text);
    }
    Ok(json!({"type": "string", "enum": options}))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match read_short_schema(text) {
            Ok(schema) => {
                let required = &schema["required"];
                format!("{} {required}", schema["properties"])
            }
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn the_short_form_is_a_schema_of_its_fields() {
        for (text, expected) in [
            (
                "name, age int",
                r#"{"name":{"type":"string"},"age":{"type":"integer"}} ["name","age"]"#,
            ),
            (
                "tags [text]",
                r#"{"tags":{"type":"array","items":{"type":"string"}}} ["tags"]"#,
            ),
            (
                "ok yes|no: what it means",
                r#"{"ok":{"type":"string","enum":["yes","no"],"description":"what it means"}} ["ok"]"#,
            ),
            (
                "state in progress | done, n? number",
                r#"{"state":{"type":"string","enum":["in progress","done"]},"n":{"type":"number"}} ["state"]"#,
            ),
            (
                "a int,\nb text: x, y,\n",
                r#"{"a":{"type":"integer"},"b":{"type":"string","description":"x, y"}} ["a","b"]"#,
            ),
            (
                " a bool: one, two: three\n\n b [x|y]\n",
                r#"{"a":{"type":"boolean","description":"one, two: three"},"b":{"type":"array","items":{"type":"string","enum":["x","y"]}}} ["a","b"]"#,
            ),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_pointed_at() {
        let wrong = [
            "name, age itn",
            "naïve, a date",
            "a, , b",
            "a,",
            "a, b int, a",
            "a yes|",
            "a yes|no|yes",
            "a [text",
            "a [text, b]",
            "a: one, and more",
            "{\"type\": \"object\"}",
        ];
        insta::assert_snapshot!(wrong.map(|it| format!("{it} -> {}", shown(it))).join("\n"), @r##"
        name, age itn -> the short schema is wrong at character 11: there is no type "itn"
        naïve, a date -> the short schema is wrong at character 10: there is no type "date"
        a, , b -> the short schema is wrong at character 4: a field has no name
        a, -> the short schema is wrong at character 3: a field has no name
        a, b int, a -> the short schema is wrong at character 11: there are two fields "a"
        a yes| -> the short schema is wrong at character 7: an option is empty
        a yes|no|yes -> the short schema is wrong at character 10: the option "yes" is there twice
        a [text -> the short schema is wrong at character 3: the list "[text" does not end in ]
        a [text, b] -> the short schema is wrong at character 3: the list "[text" does not end in ]
        a: one, and more -> the short schema is wrong at character 13: there is no type "more"
        {"type": "object"} -> the short schema is wrong at character 1: "{\"type\"" is no name of a field, which has letters, digits, _ and -, and no '{'
        "##);
    }

    #[test]
    fn a_file_is_no_short_form() {
        for (text, is_short) in [
            ("a, b", true),
            ("a int", true),
            ("a: what", true),
            ("a", false),
            ("bill.json", false),
            ("my bill.json", false),
            ("a,b.JSON", false),
        ] {
            assert_eq!(is_short_schema(text), is_short, "{text}");
        }
    }
}
