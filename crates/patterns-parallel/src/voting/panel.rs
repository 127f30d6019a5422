//! Says who votes, labels the voters, and reads their ballots.

use std::fmt;
use std::sync::Arc;

use patterns_core::{Agent, Contract, Model, Violation, Warning};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::ballot::{Ballot, BallotTask, Vote, ballot_agent_for, vote_agent};
use super::question::{Question, named_option};
use crate::AgentOptions;

/// A voter: an agent, perhaps with words of its own.
///
/// Voters that are asked in different words err in different ways: at equal cost, votes over several
/// prompts were right more often than votes on one (by 0.5 to 4.4 points on six sets of recorded
/// votes). The words go to the end of the question, so that the beginning of all requests is the same
/// for the provider's prompt cache.
pub struct Voter<V> {
    pub(super) name: Option<String>,
    pub(super) agent: Arc<dyn Agent<BallotTask, V>>,
    pub(super) prompt: Option<Arc<str>>,
    pub(super) weight: f64,
}

impl<V> Voter<V> {
    /// Makes a voter without a name.
    pub fn new(agent: impl Agent<BallotTask, V> + 'static) -> Self {
        Self {
            name: None,
            agent: Arc::new(agent),
            prompt: None,
            weight: 1.0,
        }
    }

    /// Names it.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets what it is told behind the question.
    #[must_use]
    pub fn with_prompt(mut self, prompt: impl Into<Arc<str>>) -> Self {
        self.prompt = Some(prompt.into());
        self
    }

    /// Sets how much its ballots count where votes are counted, above 0; 1 if it isn't set. What is no
    /// finite number above 0 counts nothing.
    #[must_use]
    pub fn weight(mut self, weight: f64) -> Self {
        self.weight = weight;
        self
    }
}

impl<V> fmt::Debug for Voter<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Voter")
            .field("name", &self.name)
            .field("prompt", &self.prompt)
            .field("weight", &self.weight)
            .finish_non_exhaustive()
    }
}

/// The voters of an election, and how their ballots are read.
///
/// Members vote in turn, again and again if there are more ballots than members. A further ballot of
/// one member is another sample of its agent.
pub struct Panel<V> {
    pub(super) voters: Vec<Voter<V>>,
    answer_of: Arc<AnswerOf<V>>,
    /// Brings an answer into the form in which it is counted, if that is not the question's own.
    form: Option<Arc<Form>>,
    /// Writes a ballot down, to see whether all are the same.
    text_of: Option<fn(&V) -> String>,
    /// What is warned of where a member is sampled more than once.
    pub(super) warning: Option<Warning>,
}

/// Brings an answer into the form in which it is counted; `None` is an abstention.
type Form = dyn Fn(&str) -> Option<String> + Send + Sync;

/// Finds the answer in a ballot; `None` is an abstention.
type AnswerOf<V> = dyn Fn(&V) -> Option<String> + Send + Sync;

impl Panel<Vote> {
    /// Makes a panel of samples of one model, with the default ballot.
    pub fn of_model(model: Arc<dyn Model>, options: &AgentOptions) -> Self {
        let voter = Voter::new(vote_agent(model, options));
        Self::new([voter], |vote| Some(vote.answer.clone())).warn_about_temperature(options)
    }

    /// Makes a panel of models under their own names, with the default ballot.
    pub fn of_models(
        models: impl IntoIterator<Item = Arc<dyn Model>>,
        options: &AgentOptions,
    ) -> Self {
        let voter = |model: Arc<dyn Model>| {
            let name = model.id().to_string();
            Voter::new(vote_agent(model, options)).named(name)
        };
        let voters = models.into_iter().map(voter);
        Self::new(voters, |vote| Some(vote.answer.clone())).warn_about_temperature(options)
    }
}

impl<V: DeserializeOwned + Send + Sync + 'static> Panel<V> {
    /// Makes a panel of samples of one model, with the user's own ballot; `answer_of` finds the answer
    /// in it. An answer that is none of the options of its question is sent back.
    pub fn of_ballots(
        model: Arc<dyn Model>,
        ballot: Contract<V>,
        options: &AgentOptions,
        answer_of: impl Fn(&V) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        let answer_of = Arc::new(answer_of);
        let find = Arc::clone(&answer_of);
        let agent = ballot_agent_for(model, options, move |options| {
            let (find, options) = (Arc::clone(&find), options.to_vec());
            Ok(match options.is_empty() {
                true => ballot.clone(),
                false => ballot
                    .clone()
                    .check(move |ballot| none_of(&options, find(ballot))),
            })
        });
        Self::new([Voter::new(agent)], move |ballot| answer_of(ballot))
            .warn_about_temperature(options)
    }
}

/// Returns what is wrong with an answer that is none of the options.
fn none_of(options: &[String], answer: Option<String>) -> Vec<Violation> {
    let answer = answer.filter(|it| named_option(options, it).is_none());
    let wrong = |answer| {
        let options = options.join("\", \"");
        Violation::new(
            "",
            format!("the answer {answer:?} is none of \"{options}\""),
        )
    };
    answer.map(wrong).into_iter().collect()
}

impl<V> Panel<V> {
    /// Makes a panel of these voters; `answer_of` finds the answer in a ballot, `None` being an
    /// abstention.
    pub fn new(
        voters: impl IntoIterator<Item = Voter<V>>,
        answer_of: impl Fn(&V) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        Self {
            voters: voters.into_iter().collect(),
            answer_of: Arc::new(answer_of),
            form: None,
            text_of: None,
            warning: None,
        }
    }

    /// Sets the form in which answers are counted, `None` being an abstention;
    /// [`Question::counted`] if it isn't set. Where every sign matters, as in code, count answers as
    /// they are: `counted_as(|answer| Some(answer.to_owned()))`.
    #[must_use]
    pub fn counted_as(
        mut self,
        form: impl Fn(&str) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.form = Some(Arc::new(form));
        self
    }

    /// Warns, at temperature 0, that several samples are one answer paid several times.
    #[must_use]
    pub fn warn_about_temperature(mut self, options: &AgentOptions) -> Self {
        let is_zero = options.sampling.temperature == Some(0.0);
        self.warning = is_zero.then(|| {
            Warning::new(
                "temperature-zero",
                "at temperature 0 all samples of a model are nearly the same answer, paid for \
                 several times; raise the temperature or use a panel of models",
            )
        });
        self
    }

    /// Warns if all ballots of an election are the same, word for word, reasons and all: then they are
    /// one answer paid several times, from a cache or at temperature 0.
    #[must_use]
    pub fn warn_about_identical_ballots(mut self) -> Self
    where
        V: Serialize,
    {
        self.text_of = Some(|ballot| serde_json::to_string(ballot).unwrap_or_default());
        self
    }

    /// Returns the member that casts a ballot, and which sample of it that is.
    pub(super) fn voter(&self, number: usize) -> (&Voter<V>, usize) {
        let members = self.voters.len();
        (&self.voters[number % members], number / members)
    }

    /// Returns the label of the voter that casts a ballot, of so many: its name, with the number of
    /// the sample where it votes more than once, or else its own number.
    pub(super) fn label(&self, number: usize, ballots: usize) -> String {
        let (voter, sample) = self.voter(number);
        match &voter.name {
            Some(name) if ballots <= self.voters.len() => name.clone(),
            Some(name) => format!("{name} #{}", sample + 1),
            None => format!("voter {}", number + 1),
        }
    }

    /// Returns whether some voters count for more than others.
    pub(super) fn is_weighted(&self) -> bool {
        let mut pairs = self.voters.windows(2);
        pairs.any(|it| it[0].weight != it[1].weight)
    }

    /// Returns what a ballot on a question is counted as.
    pub(super) fn counted(&self, question: &Question, value: &V) -> Option<String> {
        self.form(question, &(self.answer_of)(value)?)
    }

    fn form(&self, question: &Question, answer: &str) -> Option<String> {
        match &self.form {
            Some(form) => form(answer),
            None => question.counted(answer),
        }
    }

    /// Reads a ballot on a question; `value` is `None` if there was none.
    pub(super) fn ballot(&self, question: &Question, voter: String, value: Option<&V>) -> Ballot {
        let answer = value.and_then(|value| (self.answer_of)(value));
        let normalised = answer.as_deref().and_then(|it| self.form(question, it));
        let option = normalised
            .clone()
            .filter(|it| question.options.contains(it));
        Ballot::new(voter, option.or(answer), normalised)
    }

    /// Returns a ballot word for word, reasons and all, if anybody wants to compare it.
    pub(super) fn text(&self, ballot: &V) -> Option<String> {
        self.text_of.map(|text_of| text_of(ballot))
    }
}

impl<V> fmt::Debug for Panel<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Panel")
            .field("voters", &self.voters)
            .finish_non_exhaustive()
    }
}
