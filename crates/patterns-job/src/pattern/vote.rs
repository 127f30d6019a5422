//! Makes a vote of its job: the voters, how they are asked, and the judge.
//!
//! Ballots are JSON whatever their kind is (an answer with its reasons, a number, the user's own), so
//! that one type is every election.

use std::num::{NonZeroU64, NonZeroUsize};
use std::sync::Arc;

use futures_util::stream::{self, Stream};
use patterns_core::{Caps, Contract, Model};
use patterns_parallel::voting::{Asking, Rule, Voter};
use patterns_parallel::{AgentOptions, Panel, Question, Voting};
use serde_json::Value;

use crate::job::AnyRule;
use crate::job_run::json;
use crate::setup::Setup;
use crate::work::{BallotSpec, BatchQuestion, Questions, VoteWork};

/// An election of any kind of ballot, under any rule.
pub type AnyVoting = Voting<Value, Box<dyn Rule<Winner = String>>>;

impl VoteWork {
    /// Returns the pattern that puts a question to the voters.
    pub fn voting(&self, setup: &Setup) -> AnyVoting {
        let job = &self.job;
        let panel = self.panel(setup);
        let judge = setup.models.of(job.models.judge.as_deref());
        let rule = self.rule.judged_by(judge, &setup.agent_options(None));
        let mut voting = Voting::new(panel, rule)
            .asking(self.asking(setup.settings.caps))
            .tie_break(job.tie())
            .stop_by(job.policy())
            .quorum(u64::from(job.quorum));
        if let Some(voters) = NonZeroUsize::new(job.most_ballots()) {
            voting = voting.voters(voters);
        }
        if let Some(name) = &job.models.escalate {
            let model = setup.models.of(Some(name));
            let voter = self.voter(model, &setup.agent_options(self.examples.as_deref()));
            voting = voting.escalate_to(voter.named(model.id().to_string()));
        }
        voting
    }

    /// Returns one question, or one of the batch.
    pub fn question(&self, text: &str, row: Option<&BatchQuestion>) -> Question {
        Question::new(text)
            .options(self.options_of(row).iter().cloned())
            .context(self.context.iter().cloned())
    }

    /// Returns the questions of a batch. A run takes them from `rows` as it begins them, so what is left
    /// of these was not begun.
    pub fn asked<'a, I>(&'a self, rows: I) -> impl Stream<Item = (String, Question)> + use<'a, I>
    where
        I: Iterator<Item = &'a BatchQuestion>,
    {
        stream::iter(rows.map(|it| (it.id.clone(), self.question(&it.question, Some(it)))))
    }

    /// Returns the members of the panel, and how their answers are counted.
    fn panel(&self, setup: &Setup) -> Panel<Value> {
        let options = setup.agent_options(self.examples.as_deref());
        let panel = Panel::new(self.voters(setup, &options), self.counted());
        let mut panel = panel.warn_about_temperature(&options);
        let choices = self.ballot.as_ref().map(BallotSpec::choices);
        if let Some(choices) = choices.filter(|it| self.job.options.is_empty() && !it.is_empty()) {
            let choices = Question::default().options(choices);
            panel = panel.counted_as(move |it| choices.counted(it));
        }
        let is_offline = |it: &Arc<dyn Model>| it.id().provider == "offline";
        match setup.models.iter().all(is_offline) {
            true => panel,
            false => panel.warn_about_identical_ballots(),
        }
    }

    /// Returns those of the job, or the first model.
    fn voters(&self, setup: &Setup, options: &AgentOptions) -> Vec<Voter<Value>> {
        let job = &self.job;
        if job.voters.is_empty() {
            return vec![self.voter(setup.models.first(), options)];
        }
        let voters = job.voters.iter().map(|spec| {
            let name = spec.model.as_deref().or(job.model.name.as_deref());
            let model = setup.models.of(name);
            let name = spec.name.clone().unwrap_or_else(|| model.id().to_string());
            let voter = self.voter(model, options).named(name);
            let voter = voter.weight(spec.weight.unwrap_or(1.0));
            match &spec.prompt {
                Some(prompt) => voter.with_prompt(prompt.as_str()),
                None => voter,
            }
        });
        voters.collect()
    }

    /// Makes a voter of a model.
    fn voter(&self, model: &Arc<dyn Model>, options: &AgentOptions) -> Voter<Value> {
        let model = Arc::clone(model);
        match (&self.ballot, &self.rule) {
            (Some(spec), _) => own_ballot(model, spec.clone(), options),
            (None, AnyRule::Median(_)) => Voter::of_numbers(model, options).map(json),
            (None, AnyRule::BestOf) => Voter::of_texts(model, options).map(json),
            (None, _) => Voter::of_model(model, options).map(json),
        }
    }

    /// Returns how the answer that a ballot is counted by is found in it.
    fn counted(&self) -> impl Fn(&Value) -> Option<String> + Send + Sync + use<> {
        let pointer = self
            .ballot
            .as_ref()
            .map_or("/answer", |it| it.answer.as_str());
        let pointer = pointer.to_owned();
        move |ballot| match ballot.pointer(&pointer)? {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            // Equal numbers are one answer, however they are written.
            Value::Number(number) if number.is_f64() => Some((number.as_f64()? + 0.0).to_string()),
            other => Some(other.to_string()),
        }
    }

    /// Returns how voters are asked: in waves, with spare ballots, or as far as a batch's budget goes.
    fn asking(&self, caps: Caps) -> Asking {
        let job = &self.job;
        if let Some(spare) = job.spare {
            let spare = u64::from(spare);
            return Asking::Streaming { spare };
        }
        let shared = self.shared_calls(caps);
        shared.map_or(Asking::Waves, Asking::SharedCalls)
    }

    /// Returns whether a batch would share its calls among its questions, and does not, since each of them
    /// is asked with spare ballots.
    pub fn leaves_calls_unshared(&self, caps: Caps) -> bool {
        self.job.spare.is_some() && self.shared_calls(caps).is_some()
    }

    /// Returns how many calls a batch under a budget may share among its questions, if it may.
    fn shared_calls(&self, caps: Caps) -> Option<NonZeroU64> {
        let job = &self.job;
        let Caps {
            max_calls,
            max_tokens,
            max_cost,
        } = caps;
        let is_capped = max_calls.is_some() || max_tokens.is_some() || max_cost.is_some();
        let is_batch = matches!(self.questions, Questions::Batch(_));
        let counts_votes = matches!(self.rule, AnyRule::Plurality(_)) && !job.has_weights();
        let is_foreseen = job.most_ballots() as u64 <= Asking::MOST_SHARING;
        let calls = NonZeroU64::new(max_calls.unwrap_or(u64::MAX));
        calls.filter(|_| is_capped && is_batch && counts_votes && is_foreseen)
    }
}

/// Makes a voter with the user's own ballot, whose answer is one of the options.
fn own_ballot(model: Arc<dyn Model>, spec: BallotSpec, options: &AgentOptions) -> Voter<Value> {
    Voter::of_ballots(model, options, move |options| {
        let contract = Contract::from_schema(spec.schema_for(options))?;
        let options = match options.is_empty() {
            true => spec.choices(),
            false => options.to_vec(),
        };
        let question = Question::default().options(options);
        Ok(question.mend(contract, spec.answer.as_str()))
    })
}
