//! Reads a file of voters.

use std::collections::HashSet;
use std::path::Path;

use patterns_job::{VoterSpec, read_text_file};
use serde::Deserialize;

use crate::error::{Error, ErrorKind};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Voters {
    #[serde(default)]
    voter: Vec<VoterSpec>,
}

/// Reads voters.
///
/// # Errors
///
/// Returns an error if the file cannot be read, has no voter, or names one twice.
pub(crate) fn read_voters(path: &Path) -> Result<Vec<VoterSpec>, Error> {
    let text = read_text_file(path)?;
    let file = path.strip_prefix(".").unwrap_or(path).display();
    let voters = voters(&text);
    voters.map_err(|problem| {
        let help = "a voter is [[voter]] with name = \"sceptic\", and prompt = \"...\", \
            model = \"PROVIDER:MODEL\" or weight = 2 as needed";
        Error::new(ErrorKind::BadData, format!("{file}: {problem}")).help(help)
    })
}

fn voters(text: &str) -> Result<Vec<VoterSpec>, String> {
    let Voters { voter: voters } = toml::from_str(text).map_err(|error| error.to_string())?;
    if voters.is_empty() {
        return Err("there is no voter".to_owned());
    }
    let mut names = HashSet::new();
    for voter in &voters {
        let name = voter.name.as_deref().ok_or("missing field `name`")?;
        if name.trim().is_empty() {
            return Err("a voter has an empty name".to_owned());
        }
        if !names.insert(name) {
            return Err(format!("two voters are called {name:?}"));
        }
        if voter.weight.is_some_and(|it| !it.is_finite() || it <= 0.0) {
            let message = format!("the weight of {name:?} is no number above 0");
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
