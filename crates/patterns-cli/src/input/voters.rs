//! Reads the voters of an election.

use std::collections::HashSet;
use std::path::Path;

use serde::Deserialize;

use super::file::{name, read_file};
use super::problems::Problems;
use crate::error::{Error, ErrorKind};

/// A voter, as its file has it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VoterRow {
    /// How it is called.
    pub(crate) name: String,
    /// What it is told behind the question.
    pub(crate) prompt: Option<String>,
    /// Its model, in place of --model.
    pub(crate) model: Option<String>,
    /// How much its ballots weigh.
    pub(crate) weight: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Voters {
    #[serde(default)]
    voter: Vec<VoterRow>,
}

/// Reads voters.
///
/// # Errors
///
/// Returns an error if the file cannot be read, has no voter, or names one twice.
pub(crate) fn read_voters(path: &Path) -> Result<Vec<VoterRow>, Error> {
    let file = name(path);
    let mut problems = Problems::default();
    let text = read_file(path, &file, &mut problems);
    problems.check()?;
    let voters = voters(&text.unwrap_or_default());
    voters.map_err(|problem| {
        let help = "a voter is [[voter]] with name = \"sceptic\", and prompt = \"...\", \
            model = \"PROVIDER:MODEL\" or weight = 2 as needed";
        Error::new(ErrorKind::BadData, format!("{file}: {problem}")).help(help)
    })
}

fn voters(text: &str) -> Result<Vec<VoterRow>, String> {
    let Voters { voter: voters } = toml::from_str(text).map_err(|error| error.to_string())?;
    if voters.is_empty() {
        return Err("there is no voter".to_owned());
    }
    let mut names = HashSet::new();
    for voter in &voters {
        if voter.name.trim().is_empty() {
            return Err("a voter has an empty name".to_owned());
        }
        if !names.insert(&voter.name) {
            return Err(format!("two voters are called {:?}", voter.name));
        }
        if voter.weight.is_some_and(|it| !it.is_finite() || it <= 0.0) {
            let message = format!("the weight of {:?} is no number above 0", voter.name);
            return Err(message);
        }
    }
    Ok(voters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn voters_are_read_or_what_is_wrong_is_said() {
        let read =
            voters("[[voter]]\nname = 'a'\nprompt = 'Doubt.'\n[[voter]]\nname = 'b'\nweight = 2");
        let read = read.unwrap();
        assert_eq!(read[0].prompt.as_deref(), Some("Doubt."));
        assert_eq!((read[1].weight, &read[1].model), (Some(2.0), &None));
        let wrong = |text: &str| voters(text).unwrap_err().lines().last().unwrap().to_owned();
        let twice = "[[voter]]\nname = 'a'\n[[voter]]\nname = 'a'";
        insta::assert_snapshot!(
            ["", "[[voter]]\nname = ''", twice, "[[voter]]\nname = 'a'\nweight = -1", "[[voter]]\nname = 'a'\nwords = 'x'"]
                .map(wrong)
                .join("\n"),
            @r#"
        there is no voter
        a voter has an empty name
        two voters are called "a"
        the weight of "a" is no number above 0
        unknown field `words`, expected one of `name`, `prompt`, `model`, `weight`
        "#
        );
    }
}
