//! Reads examples of inputs with the answers that are wanted, and checks them as answers are checked.
//!
//! They are told with the standing instructions, so that they are a part of the key of each call and stand
//! where providers find them in their caches. Inputs are fenced as documents are: what is in one is no
//! instruction.

use std::path::Path;

use patterns_core::{Contract, Document, nearest, parse_schema};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::text_file::{name, read_text_file};
use crate::job_error::{JobError, JobErrorKind};

/// The members of an example.
const MEMBERS: [&str; 2] = ["input", "output"];

/// Reads examples, and returns the words in which they are told.
///
/// # Errors
///
/// Returns an error that lists each line that is no example, or whose output is no answer.
pub(crate) fn read_examples<T: DeserializeOwned>(
    path: &Path,
    contract: &Contract<T>,
) -> Result<String, JobError> {
    let name = name(path);
    let text = read_text_file(path)?;
    let (mut told, mut wrong) = (Vec::new(), Vec::new());
    let lines = (1..).zip(text.lines()).filter(|it| !it.1.trim().is_empty());
    for (line, text) in lines {
        match example(text).and_then(|it| checked(it, contract)) {
            Ok((input, output)) => {
                let input = Document::new(format!("example {}", told.len() + 1), input);
                told.push(format!("{input}\n{output}"));
            }
            Err(what) => wrong.push(format!("{name}:{line}: {what}")),
        }
    }
    if !wrong.is_empty() || told.is_empty() {
        let message = match wrong.len() {
            0 => format!("there is no example in {name}; nothing was sent"),
            1 => "an example is not valid; nothing was sent".to_owned(),
            count => format!("{count} examples are not valid; nothing was sent"),
        };
        return Err(JobError::new(JobErrorKind::BadData, message)
            .details_of(wrong)
            .help("a line is {\"input\": …, \"output\": …}, the output an answer that the schema allows"));
    }
    let words = "Examples: behind each input stands the answer to it.";
    told.insert(0, words.to_owned());
    Ok(told.join("\n\n"))
}

/// Reads the two members of an example.
fn example(line: &str) -> Result<(String, Value), String> {
    let mut fields: Map<String, Value> = serde_json::from_str(line).map_err(|error| {
        let what = error.to_string();
        let what = what.split(" at line ").next().unwrap_or_default();
        format!("{what} (character {})", error.column())
    })?;
    // Readers of JSON take the last of two without a word.
    parse_schema(line).map_err(|it| it.message)?;
    if let Some(other) = fields.keys().find(|it| !MEMBERS.contains(&it.as_str())) {
        let meant = nearest(other, MEMBERS).map(|it| format!("; did you mean {it:?}?"));
        let meant = meant.unwrap_or_default();
        return Err(format!("an example has no {other:?}{meant}"));
    }
    let mut take = |name: &str| {
        fields
            .remove(name)
            .ok_or_else(|| format!("there is no {name:?}"))
    };
    let input = match take("input")? {
        Value::String(text) if text.trim().is_empty() => {
            return Err("the input is empty".to_owned());
        }
        Value::String(text) => text,
        other => other.to_string(),
    };
    Ok((input, take("output")?))
}

/// Returns the output as a model would write it, if it would be accepted as it is.
fn checked<T: DeserializeOwned>(
    (input, output): (String, Value),
    contract: &Contract<T>,
) -> Result<(String, String), String> {
    let written = output.to_string();
    match contract.decode(&written) {
        Ok(decoded) if decoded.fixes.is_empty() => Ok((input, written)),
        Ok(_) => Err("the output is no answer as it stands: it would have to be mended".to_owned()),
        Err(rejection) => {
            let violations = rejection.violations.iter().take(3);
            let violations: Vec<String> = violations.map(ToString::to_string).collect();
            Err(format!("the output: {}", violations.join("; ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Result<String, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), text).unwrap();
        let schema = json!({"type": "object", "properties": {"kind": {"enum": ["a", "b"]}},
            "required": ["kind"], "additionalProperties": false});
        let contract = Contract::from_schema(schema).unwrap();
        read_examples(file.path(), &contract).map_err(|error| {
            let file = name(file.path());
            let details = error.details().join("\n").replace(&file, "x.jsonl");
            format!("{}\n{details}", error.to_string().replace(&file, "x.jsonl"))
        })
    }

    #[test]
    fn examples_are_told_with_their_inputs_fenced() {
        let text = "{\"input\": \"One.\", \"output\": {\"kind\": \"a\"}}\n\n{\"output\": {\"kind\": \"b\"}, \"input\": {\"n\": 2}}\n";
        insta::assert_snapshot!(read(text).unwrap(), @r#"
    Examples: behind each input stands the answer to it.

    <document-a7878451 id="example 1">
    One.
    </document-a7878451>
    {"kind":"a"}

    <document-232172f7 id="example 2">
    {"n":2}
    </document-232172f7>
    {"kind":"b"}
    "#);
    }

    #[test]
    fn each_line_that_is_no_example_is_named() {
        let lines = [
            r#"{"input": "x", "output": {"kind": "c"}}"#,
            r#"{"input": "x", "ouput": {"kind": "a"}}"#,
            r#"{"input": "x"}"#,
            r#"{"input": " ", "output": {"kind": "a"}}"#,
            r#"{"input": "x", "output": "a"}"#,
            r#"{"input": "#,
            "[1]",
            r#"{"input": "x", "input": "y", "output": {"kind": "a"}}"#,
        ];
        insta::assert_snapshot!(read(&lines.join("\n")).unwrap_err(), @r#"
    8 examples are not valid; nothing was sent
    x.jsonl:1: the output: /kind: "c" is not one of "a" or "b"
    x.jsonl:2: an example has no "ouput"; did you mean "output"?
    x.jsonl:3: there is no "output"
    x.jsonl:4: the input is empty
    x.jsonl:5: the output: the answer must be a JSON object
    x.jsonl:6: EOF while parsing a value (character 10)
    x.jsonl:7: invalid type: sequence, expected a map (character 0)
    x.jsonl:8: duplicate key "input"
    "#);
        insta::assert_snapshot!(read("\n\n").unwrap_err(), @r"
    there is no example in x.jsonl; nothing was sent
    ");
    }
}
