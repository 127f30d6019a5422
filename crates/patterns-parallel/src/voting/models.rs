//! Voting by models: the ballot papers, and whose samples the voters are.

use std::sync::Arc;

use patterns_core::{Agent, Contract, ContractError, Model};
use serde::de::DeserializeOwned;

use super::answer::{Vote, ballot_agent, vote_agent};
use super::ballot::BallotTask;
use super::pattern::Voting;
use crate::AgentOptions;

impl Voting<Vote> {
    /// Makes the pattern with the default ballot, all voters being samples of one model.
    ///
    /// `question_options` are the answers to choose from; empty for open questions.
    ///
    /// # Errors
    ///
    /// Returns a [`ContractError`] if the options make no valid schema.
    pub fn with_model(
        model: Arc<dyn Model>,
        question_options: &[String],
        options: &AgentOptions,
    ) -> Result<Self, ContractError> {
        let agent = Arc::new(vote_agent(model, question_options, options)?);
        let voting = Self::new(agent, |vote| Some(vote.answer.clone()));
        Ok(voting.warn_about_temperature(options))
    }

    /// Makes the pattern with the default ballot and a panel of models, one voter each.
    ///
    /// # Errors
    ///
    /// As [`with_model`](Self::with_model).
    pub fn with_models(
        models: impl IntoIterator<Item = Arc<dyn Model>>,
        question_options: &[String],
        options: &AgentOptions,
    ) -> Result<Self, ContractError> {
        let mut panel: Vec<(String, Arc<dyn Agent<BallotTask, Vote>>)> = Vec::new();
        for model in models {
            let name = model.id().to_string();
            panel.push((
                name,
                Arc::new(vote_agent(model, question_options, options)?),
            ));
        }
        let voting = Self::panel(panel, |vote: &Vote| Some(vote.answer.clone()));
        Ok(voting.warn_about_temperature(options))
    }
}

impl<V: DeserializeOwned + Send + Sync + 'static> Voting<V> {
    /// Makes the pattern with the user's own ballot, all voters being samples of one model;
    /// `answer_of` finds the answer in a ballot.
    pub fn with_contract(
        model: Arc<dyn Model>,
        ballot: Contract<V>,
        options: &AgentOptions,
        answer_of: impl Fn(&V) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        let agent = ballot_agent(model, ballot, options);
        Self::new(Arc::new(agent), answer_of).warn_about_temperature(options)
    }
}
