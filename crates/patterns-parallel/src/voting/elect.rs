//! From the ballots of an election to its result.

use patterns_core::{Branch, Warning};

use super::ballot::{Ballot, Question};
use super::bench::Need;
use super::course::{Cast, Course};
use super::detail::Terms;
use super::judging::Judging;
use super::pattern::Voting;
use super::rule::{Decision, Election, group};
use super::stop::{Forecast, StopReason, StoppingRule};
use super::voting_rule::VotingRule;

/// Ballots shorter than this, in bytes, can well be the same by themselves: they give no reasons.
const TELLING: usize = 60;

/// Warns of ballots that are all the same.
pub(super) fn identical(elections: u64, of: u64) -> Warning {
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

impl<V> Voting<V> {
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

    fn ballot(&self, question: &Question, voter: String, value: Option<&V>) -> Ballot {
        let answer = value.and_then(|value| (self.answer_of)(value));
        let normalised = answer.as_deref().and_then(|it| self.form(question, it));
        let is_option = normalised
            .as_ref()
            .is_some_and(|it| question.options.contains(it));
        Ballot {
            voter,
            answer: if is_option {
                normalised.clone()
            } else {
                answer
            },
            normalised,
        }
    }

    fn ballots(&self, course: &Course<V>) -> Vec<Ballot> {
        let question = &course.question;
        let ballot = |it: &Cast<V>| self.ballot(question, self.name(it.voter), it.branch.value());
        course.counted.iter().map(ballot).collect()
    }

    /// Returns what an election still needs whose votes are in.
    pub(super) fn need(&self, course: &Course<V>) -> Need {
        if let (VotingRule::Judged(rule), None) = (&self.rule, &course.judging) {
            let answers = group(&self.ballots(course));
            let (judging, inquiries) = Judging::begin(*rule, course.question.clone(), answers);
            return Need::Judge(judging, inquiries);
        }
        if self.escalation.is_none()
            || course.escalated.is_some()
            || course.stop == Some(StopReason::CallsSpent)
            || self.decide(course).decision.is_won()
        {
            return Need::Nothing;
        }
        Need::Escalation
    }

    /// Decides by the votes, and by what the judge says.
    fn decide(&self, course: &Course<V>) -> Election {
        let weight = |it: &Cast<V>| self.panel[it.voter % self.panel.len()].weight;
        let weights: Vec<f64> = course.counted.iter().map(weight).collect();
        let terms = Terms {
            rule: &self.rule,
            tie_break: self.tie_break,
            quorum: self.quorum,
        };
        let (ballots, judging) = (self.ballots(course), course.judging.as_ref());
        terms.decide(ballots, &weights, judging)
    }

    /// Decides an election that is over, and returns its ballots too: those that were counted, then
    /// those that were not.
    pub(super) fn elect(
        &self,
        course: Course<V>,
        forecast: Option<&Forecast>,
    ) -> (Election, Vec<Branch<V>>) {
        let mut election = self.decide(&course);
        election.voters = self.voters as u64;
        election.waves = course.waves;
        election.spare_ballots = course.spare.len() as u64;
        election.stop_reason = course.stop.unwrap_or(StopReason::AllVotesCast);
        election.stability = match election.stop_reason {
            _ if course.stop.is_none() => None,
            StopReason::AllVotesCast | StopReason::Decided => Some(1.0),
            _ => forecast.and_then(|it| it.win_probability(&course.tally)),
        };
        if election.stop_reason == StopReason::CallsSpent && election.ballots.is_empty() {
            election.decision = Decision::NotAsked;
        }
        if let (Some(escalated), Some(voter)) = (&course.escalated, &self.escalation) {
            let name = voter
                .name
                .clone()
                .unwrap_or_else(|| "escalation".to_owned());
            let ballot = self.ballot(&course.question, name, escalated.as_ref());
            if ballot.normalised.is_some() {
                election.winning_answer.clone_from(&ballot.answer);
                election.decision = Decision::Escalated;
            }
            election.escalation = Some(ballot);
        }
        let ballots = course.counted.into_iter().chain(course.spare);
        (election, ballots.map(|it| it.branch).collect())
    }

    /// Returns whether all ballots of an election are one and the same, and long enough that this is
    /// no accident.
    pub(super) fn is_uniform(&self, course: &Course<V>) -> bool {
        let Some(text_of) = self.text_of else {
            return false;
        };
        let ballots = course.counted.iter().filter_map(|it| it.branch.value());
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

    /// Returns what foresees the vote of all voters, where elections may end before that is sure.
    pub(super) fn forecast(&self) -> Option<Forecast> {
        let may_err = self.shared_calls.is_some()
            || !matches!(self.policy, StoppingRule::Fixed | StoppingRule::Exact);
        may_err
            .then(|| Forecast::new(self.voters as u64).ok())
            .flatten()
    }
}
