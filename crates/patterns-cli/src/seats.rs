//! Which models take part in an election, and as what.

use crate::args::VoteArgs;
use crate::connect::standing_model;
use crate::error::{Error, ErrorKind};
use crate::input::{VoterRow, read_voters};
use crate::job::VoterSpec;

/// The models of an election, each once, those that vote first.
pub(crate) struct Seats {
    pub(crate) models: Vec<String>,
    rows: Vec<VoterRow>,
}

impl Seats {
    /// Reads who votes.
    ///
    /// # Errors
    ///
    /// Returns an error if the file of voters cannot be read.
    pub(crate) fn new(args: &VoteArgs) -> Result<Self, Error> {
        let rows = args.voters.as_deref().map(read_voters).transpose()?;
        let rows = rows.unwrap_or_default();
        let has_own = |it: &VoterRow| it.model.is_some();
        let model = args.common.model.clone().or_else(standing_model);
        let mut models: Vec<String> = model.into_iter().collect();
        if models.is_empty() && rows.iter().any(has_own) && !rows.iter().all(has_own) {
            return Err(usage(
                "some voters have no model of their own; pass --model for them",
            ));
        }
        if rows.iter().all(has_own) && !rows.is_empty() {
            // Nobody needs --model then.
            models.clear();
        }
        Ok(Self { models, rows })
    }

    /// Returns the voters; none for samples of the first model.
    ///
    /// # Errors
    ///
    /// As [`place`](Self::place).
    pub(crate) fn voters(&mut self, args: &VoteArgs) -> Result<Vec<VoterSpec>, Error> {
        let mut voters = Vec::new();
        for model in &args.panel {
            let model = self.seat(model);
            voters.push(VoterSpec {
                name: None,
                prompt: None,
                model,
                weight: None,
            });
        }
        for row in std::mem::take(&mut self.rows) {
            let model = row.model.as_deref().map_or(0, |model| self.seat(model));
            voters.push(VoterSpec {
                name: Some(row.name),
                prompt: row.prompt,
                model,
                weight: row.weight,
            });
        }
        Ok(voters)
    }

    /// Returns the place of a model that is named by an option, if it is.
    ///
    /// # Errors
    ///
    /// Returns an error if it is not said who votes, which would make it the one that does.
    pub(crate) fn place(
        &mut self,
        model: Option<&str>,
        option: &str,
    ) -> Result<Option<usize>, Error> {
        let Some(model) = model else { return Ok(None) };
        if self.models.is_empty() {
            let message = format!("{option} needs --model, or --panel, to say who votes");
            return Err(usage(&message));
        }
        Ok(Some(self.seat(model)))
    }

    fn seat(&mut self, model: &str) -> usize {
        match self.models.iter().position(|it| it == model) {
            Some(place) => place,
            None => {
                self.models.push(model.to_owned());
                self.models.len() - 1
            }
        }
    }
}

fn usage(message: &str) -> Error {
    Error::new(ErrorKind::Usage, message).help("see --help")
}
