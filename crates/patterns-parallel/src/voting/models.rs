//! Voting by models: the ballot papers, and whose samples the voters are.

use std::sync::Arc;

use patterns_core::{Contract, Model};
use serde::de::DeserializeOwned;

use super::answer::{Vote, ballot_agent, vote_agent};
use super::pattern::Voting;
use super::voter::Voter;
use crate::AgentOptions;

impl Voting<Vote> {
    /// Makes the pattern with the default ballot, all voters being samples of one model.
    ///
    /// The answer to a question with options is held to them.
    pub fn with_model(model: Arc<dyn Model>, options: &AgentOptions) -> Self {
        let agent = Arc::new(vote_agent(model, options));
        let voting = Self::new(agent, |vote| Some(vote.answer.clone()));
        voting.warn_about_temperature(options)
    }

    /// Makes the pattern with the default ballot and a panel of models, one voter each.
    pub fn with_models(
        models: impl IntoIterator<Item = Arc<dyn Model>>,
        options: &AgentOptions,
    ) -> Self {
        let voter = |model: Arc<dyn Model>| {
            let name = model.id().to_string();
            Voter::new(Arc::new(vote_agent(model, options))).named(name)
        };
        let voting = Self::of_voters(models.into_iter().map(voter), |vote: &Vote| {
            Some(vote.answer.clone())
        });
        voting.warn_about_temperature(options)
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
