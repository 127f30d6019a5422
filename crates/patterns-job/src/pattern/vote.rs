//! Sets the elections of a job up: who votes, how they are asked, who judges.

use std::num::{NonZeroU64, NonZeroUsize};
use std::sync::Arc;

use patterns_core::{Agent, Caps, Model};
use patterns_job::{Models, Questions, Tie, VoteWork};
use patterns_parallel::voting::{
    AnyRule, Asking, CountingOrder, JudgeTask, Judgement, TieBreak, Voter, judge_agent,
};
use patterns_parallel::{AgentOptions, Panel, Voting};
use serde::Serialize;

use super::unusable;
use crate::error::Error;
use crate::session::Session;

/// Who judges.
pub(super) type Judge = Arc<dyn Agent<JudgeTask, Judgement>>;

/// What the elections of a job are set up from.
pub(super) struct VoteSetup<'a> {
    pub(super) options: AgentOptions,
    models: Models,
    work: &'a VoteWork,
    caps: Caps,
}

impl<'a> VoteSetup<'a> {
    pub(super) fn new(session: &'a Session, work: &'a VoteWork) -> Self {
        Self {
            options: session.setup().agent_options(None),
            models: session.connected.models.clone(),
            work,
            caps: session.caps(),
        }
    }

    /// Sets the elections up. `cast` makes a voter of a model, and `read` says how the panel's answers
    /// are counted.
    ///
    /// # Errors
    ///
    /// Returns an error if a contract cannot be made.
    pub(super) fn voting<V: Serialize + 'static>(
        &self,
        cast: impl Fn(&Arc<dyn Model>) -> Result<Voter<V>, Error>,
        answer_of: impl Fn(&V) -> Option<String> + Send + Sync + 'static,
        read: impl FnOnce(Panel<V>) -> Panel<V>,
    ) -> Result<Voting<V, AnyRule<Judge>>, Error> {
        let job = &self.work.job;
        let panel = Panel::new(self.voters(&cast)?, answer_of);
        let panel = read(panel.warn_about_temperature(&self.options));
        let is_offline = |it: &Arc<dyn Model>| it.id().provider == "offline";
        let panel = match self.models.iter().all(is_offline) {
            true => panel,
            false => panel.warn_about_identical_ballots(),
        };
        let rule = self.work.rule.clone().with_judge(|| self.judge())?;
        let mut voting = Voting::new(panel, rule)
            .asking(self.asking())
            .tie_break(tie_break(job.tie(), job.most_ballots() as u64))
            .stop_by(job.policy())
            .quorum(u64::from(job.quorum));
        if let Some(voters) = NonZeroUsize::new(job.most_ballots()) {
            voting = voting.voters(voters);
        }
        if let Some(name) = &job.models.escalate {
            let model = self.models.of(Some(name));
            voting = voting.escalate_to(cast(model)?.named(model.id().to_string()));
        }
        Ok(voting)
    }

    /// Returns the members of the panel: those of the job, or the first model.
    fn voters<V>(
        &self,
        cast: &impl Fn(&Arc<dyn Model>) -> Result<Voter<V>, Error>,
    ) -> Result<Vec<Voter<V>>, Error> {
        let job = &self.work.job;
        if job.voters.is_empty() {
            return Ok(vec![cast(self.models.first())?]);
        }
        let voters = job.voters.iter().map(|spec| {
            let name = spec.model.as_deref().or(job.model.name.as_deref());
            let model = self.models.of(name);
            let name = spec.name.clone().unwrap_or_else(|| model.id().to_string());
            let voter = cast(model)?.named(name).weight(spec.weight.unwrap_or(1.0));
            Ok(match &spec.prompt {
                Some(prompt) => voter.with_prompt(prompt.as_str()),
                None => voter,
            })
        });
        voters.collect()
    }

    fn judge(&self) -> Result<Judge, Error> {
        let judge = self.work.job.models.judge.as_deref();
        let model = Arc::clone(self.models.of(judge));
        let judge = judge_agent(model, &self.options).map_err(unusable)?;
        Ok(Arc::new(judge))
    }

    /// Returns how voters are asked: in waves, with spare ballots, or as far as a batch's budget goes.
    fn asking(&self) -> Asking {
        let (work, job) = (self.work, &self.work.job);
        if let Some(spare) = job.spare {
            return Asking::Streaming {
                spare: u64::from(spare),
                order: match job.count_as_they_come {
                    true => CountingOrder::Arrival,
                    false => CountingOrder::Voters,
                },
            };
        }
        let Caps {
            max_calls,
            max_tokens,
            max_cost,
        } = self.caps;
        let is_capped = max_calls.is_some() || max_tokens.is_some() || max_cost.is_some();
        let is_batch = matches!(work.questions, Questions::Batch(_));
        let counts_votes = matches!(work.rule, AnyRule::Plurality(_)) && !job.has_weights();
        let is_foreseen = job.most_ballots() as u64 <= Asking::MOST_SHARING;
        match NonZeroU64::new(max_calls.unwrap_or(u64::MAX)) {
            Some(calls) if is_capped && is_batch && counts_votes && is_foreseen => {
                Asking::SharedCalls(calls)
            }
            _ => Asking::Waves,
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
