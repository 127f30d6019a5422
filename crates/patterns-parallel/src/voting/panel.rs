//! Says who votes, labels the voters, reads their ballots, and warns of those that are all the same.

use std::fmt;
use std::sync::Arc;

use patterns_core::{Contract, Model, Violation, Warning};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::question::{Ballot, Question, Vote};
use super::voter::Voter;
use crate::AgentOptions;

/// The voters of an election, and how their ballots are read.
///
/// Members vote in turn, again and again if there are more ballots than members. A further ballot of
/// one member is another sample of its agent.
pub struct Panel<V> {
    pub(super) voters: Vec<Voter<V>>,
    answer_of: Box<AnswerOf<V>>,
    form: Box<Form>,
    /// Writes a ballot down, to see whether all are the same.
    text_of: Option<fn(&V) -> String>,
    /// What is warned of where a member is sampled more than once.
    pub(super) warning: Option<Warning>,
}

/// Brings an answer to a question into the form in which it is counted; `None` is an abstention.
type Form = dyn Fn(&Question, &str) -> Option<String> + Send + Sync;

/// Finds the answer in a ballot; `None` is an abstention.
type AnswerOf<V> = dyn Fn(&V) -> Option<String> + Send + Sync;

impl Panel<Vote> {
    /// Makes a panel of samples of one model, with the default ballot.
    pub fn of_model(model: Arc<dyn Model>, options: &AgentOptions) -> Self {
        let voter = Voter::of_model(model, options);
        Self::new([voter], |vote| Some(vote.answer.clone())).warn_about_temperature(options)
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
        let voter = Voter::of_ballots(model, options, move |options| {
            let find = Arc::clone(&find);
            let question = Question::default().options(options);
            Ok(match options.is_empty() {
                true => ballot.clone(),
                false => ballot
                    .clone()
                    .check(move |ballot| none_of(&question, find(ballot))),
            })
        });
        Self::new([voter], move |ballot| answer_of(ballot)).warn_about_temperature(options)
    }
}

/// Returns what is wrong with an answer that is none of the options.
fn none_of(question: &Question, answer: Option<String>) -> Vec<Violation> {
    let answer = answer.filter(|it| question.named_option(it).is_none());
    let wrong = |answer| {
        let options = question.options.join("\", \"");
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
            answer_of: Box::new(answer_of),
            form: Box::new(Question::counted),
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
        self.form = Box::new(move |_, answer| form(answer));
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
        (self.form)(question, &(self.answer_of)(value)?)
    }

    /// Reads a ballot on a question; `value` is `None` if there was none.
    pub(super) fn ballot(&self, question: &Question, voter: String, value: Option<&V>) -> Ballot {
        let answer = value.and_then(|value| (self.answer_of)(value));
        let normalised = answer.as_deref().and_then(|it| (self.form)(question, it));
        let option = normalised
            .clone()
            .filter(|it| question.options.contains(it));
        Ballot::new(voter, option.or(answer), normalised)
    }

    /// Returns whether these ballots of one election are one and the same, and long enough that this is no
    /// accident, if anybody wants to know.
    pub(super) fn are_identical<'a>(&self, ballots: impl Iterator<Item = &'a V>) -> bool
    where
        V: 'a,
    {
        let Some(text_of) = self.text_of else {
            return false;
        };
        let mut texts = ballots.map(text_of);
        let Some(first) = texts.next().filter(|it| it.len() >= TELLING) else {
            return false;
        };
        let mut more = 0;
        texts.all(|text| {
            more += 1;
            text == first
        }) && more >= 2
    }
}

/// Ballots shorter than this, in bytes, can well be the same by themselves: they give no reasons.
const TELLING: usize = 60;

/// Makes the warning that all ballots are the same in so many elections.
pub(super) fn identical_ballots(elections: u64, of: u64) -> Warning {
    let where_ = match of {
        1 => String::new(),
        _ => format!("in {elections} of {of} elections "),
    };
    Warning::new(
        "identical-ballots",
        format!(
            "{where_}all ballots are the same, word for word: one answer, paid for several times; is \
             the temperature 0, or does a cache answer?"
        ),
    )
}

impl<V: fmt::Debug> fmt::Debug for Panel<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Panel")
            .field("voters", &self.voters)
            .finish_non_exhaustive()
    }
}
