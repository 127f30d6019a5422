//! The voters of an election, and how they are asked, from what a job says.

use std::sync::Arc;

use patterns_core::{Agent, Caps, Model};
use patterns_job::{Models, Questions, Tie, VoteWork};
use patterns_parallel::{
    AgentOptions, BallotTask, Forecast, TieBreak, Voter, Voting, VotingRule, judge_agent,
};
use serde::Serialize;

use super::unusable;
use crate::error::Error;
use crate::session::Session;

/// Who takes part in the elections of a job.
pub(super) struct Panel<'a> {
    pub(super) options: AgentOptions,
    models: Models,
    work: &'a VoteWork,
    caps: Caps,
}

impl<'a> Panel<'a> {
    pub(super) fn new(session: &Session, work: &'a VoteWork) -> Self {
        Self {
            options: session.setup().agent_options(None),
            models: session.connected.models.clone(),
            work,
            caps: session.caps(),
        }
    }

    /// Sets the elections up. `cast` makes a voter of a model.
    ///
    /// # Errors
    ///
    /// Returns an error if a contract cannot be made.
    pub(super) fn voting<V: Serialize + 'static>(
        &self,
        cast: impl Fn(&Arc<dyn Model>) -> Result<Arc<dyn Agent<BallotTask, V>>, Error>,
        answer_of: impl Fn(&V) -> Option<String> + Send + Sync + 'static,
    ) -> Result<Voting<V>, Error> {
        let (work, job) = (self.work, &self.work.job);
        let mut voting = if job.voters.is_empty() {
            Voting::new(cast(self.models.first())?, answer_of)
        } else {
            let mut voters = Vec::new();
            for spec in &job.voters {
                let model = self
                    .models
                    .of(spec.model.as_deref().or(job.model.name.as_deref()));
                let name = spec.name.clone().unwrap_or_else(|| model.id().to_string());
                let voter = Voter::new(cast(model)?).named(name);
                let voter = voter.weight(spec.weight.unwrap_or(1.0));
                voters.push(match &spec.prompt {
                    Some(prompt) => voter.told(prompt.as_str()),
                    None => voter,
                });
            }
            Voting::of_voters(voters, answer_of)
        };
        if let Some(votes) = job.votes {
            voting = voting.voters(usize::from(votes.get()));
        }
        if let VotingRule::Judged(_) = &work.rule {
            let judge = Arc::clone(self.models.of(job.models.judge.as_deref()));
            let judge = judge_agent(judge, &self.options).map_err(unusable)?;
            voting = voting.judge(Arc::new(judge));
        }
        if let Some(name) = &job.models.escalate {
            let model = self.models.of(Some(name));
            let voter = Voter::new(cast(model)?).named(model.id().to_string());
            voting = voting.escalate_to(voter);
        }
        voting = self.paced(voting);
        let votes = voting.voter_count() as u64;
        let voting = voting.tie_break(tie_break(job.tie(), votes));
        let voting = voting.rule(work.rule.clone()).policy(job.policy());
        let voting = voting.quorum(u64::from(job.quorum));
        let voting = voting.warn_about_temperature(&self.options);
        let is_offline = |it: &Arc<dyn Model>| it.id().provider == "offline";
        Ok(if self.models.iter().all(is_offline) {
            voting
        } else {
            voting.warn_about_identical_ballots()
        })
    }

    /// Sets how voters are asked: in waves, with spare ballots, or as far as a batch's budget goes.
    fn paced<V>(&self, mut voting: Voting<V>) -> Voting<V> {
        let (work, job) = (self.work, &self.work.job);
        if job.count_as_they_come {
            voting = voting.counted_as_they_come();
        }
        let Caps {
            max_calls,
            max_tokens,
            max_cost,
        } = self.caps;
        let is_capped = max_calls.is_some() || max_tokens.is_some() || max_cost.is_some();
        let is_batch = matches!(work.questions, Questions::Batch(_));
        let counts_votes = matches!(work.rule, VotingRule::Votes(_)) && !job.has_weights();
        let is_foreseen = voting.voter_count() as u64 <= Forecast::MOST_VOTES;
        match job.spare {
            Some(spare) => voting.streaming(u64::from(spare)),
            None if is_capped && is_batch && counts_votes && is_foreseen => {
                voting.shared_calls(max_calls.unwrap_or(u64::MAX))
            }
            None => voting,
        }
    }
}

fn tie_break(tie: Tie, votes: u64) -> TieBreak {
    match tie {
        Tie::FirstSeen => TieBreak::FirstSeen,
        Tie::NoConsensus => TieBreak::NoConsensus,
        Tie::Extend(most) => TieBreak::Extend {
            most: most.map_or(2 * votes, u64::from),
        },
    }
}
