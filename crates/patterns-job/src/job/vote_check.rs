//! Checks that every key of a vote has an effect beside the others.
//!
//! A key that changes nothing is an error: whoever wrote it believes that something else happens.

use std::collections::HashSet;

use patterns_parallel::Plurality;
use patterns_parallel::voting::{StoppingRule, TieBreak};

use super::any_rule::AnyRule;
use super::vote_job::VoteJob;
use crate::job_error::JobError;

impl VoteJob {
    /// Checks that every key has an effect beside the others.
    pub(crate) fn check(&self) -> Result<(), JobError> {
        question(self)?;
        self.input.check()?;
        part(self)?;
        options(&self.options)?;
        asking(self)?;
        fields(self)?;
        voters(self)?;
        judged(self)?;
        weighted(self)?;
        tie(self)?;
        escalated(self)?;
        let help = "leave it out, or ask a `batch`";
        self.output.check_keep(self.batch.is_some(), help)?;
        self.output.check_is_table(self.batch.is_some())
    }
}

fn wrong(key: &str, message: &str, help: &str) -> Result<(), JobError> {
    Err(JobError::of_key(key, message).help(help))
}

fn question(job: &VoteJob) -> Result<(), JobError> {
    match (&job.question, &job.batch) {
        (Some(question), None) if question.trim().is_empty() => {
            Err(JobError::of_key("question", "the question is empty"))
        }
        (Some(_), Some(_)) => wrong(
            "batch",
            "`question` and `batch` both say what is asked",
            "leave one of them out",
        ),
        (None, None) => Err(JobError::of_key("question", "there is no question")
            .help("write a `question`, or `batch` with a file of them")),
        _ if job.explain && job.batch.is_some() => wrong(
            "explain",
            "`explain` shows one election vote by vote, and `batch` has many",
            "leave `explain` out",
        ),
        _ => Ok(()),
    }
}

fn part(job: &VoteJob) -> Result<(), JobError> {
    let key = match &job.input {
        it if it.limit.is_some() => "input.limit",
        it if it.sample.is_some() => "input.sample",
        _ => return Ok(()),
    };
    if job.batch.is_some() {
        return Ok(());
    }
    let message = format!("`{key}` is for the questions of a `batch`");
    wrong(key, &message, "ask a `batch`, or leave it out")
}

fn options(options: &[String]) -> Result<(), JobError> {
    match amiss_among(options, "`options`") {
        Some(message) => wrong("options", &message, "leave it out, or mend its spelling"),
        None => Ok(()),
    }
}

/// An answer to choose from says something, and something else than the others; returns which of them does not,
/// `of` those that are so called.
pub(crate) fn amiss_among(options: &[String], of: &str) -> Option<String> {
    let mut seen = HashSet::new();
    let mut all = options.iter().map(|it| it.trim());
    all.find_map(|it| match it.is_empty() {
        true => Some(format!("one of the {of} is empty")),
        false => (!seen.insert(it)).then(|| format!("{it:?} is twice among the {of}")),
    })
}

fn asking(job: &VoteJob) -> Result<(), JobError> {
    if job.votes.is_some_and(|it| it.get() > 1000) {
        return Err(JobError::of_key("votes", "`votes` is at most 1000"));
    }
    Ok(())
}

fn fields(job: &VoteJob) -> Result<(), JobError> {
    let Some(ballot) = job.ballot.as_ref().filter(|it| it.is_by_field()) else {
        return Ok(());
    };
    if job.rule.is_some() {
        let message =
            "fields that are decided on their own have rules of their own, in place of `rule`";
        return wrong("rule", message, "leave `rule` out, or the rules of fields");
    }
    if ballot.answer_field.is_some() {
        return wrong(
            "ballot.answer_field",
            "`ballot.answer_field` is one field, and every field is decided on its own",
            "leave one of them out",
        );
    }
    Ok(())
}

fn voters(job: &VoteJob) -> Result<(), JobError> {
    let mut names = HashSet::new();
    for voter in &job.voters {
        match &voter.name {
            Some(name) if name.trim().is_empty() => {
                return Err(JobError::of_key("voters", "a voter has an empty name"));
            }
            Some(name) if !names.insert(name) => {
                let message = format!("two voters are called {name:?}");
                return Err(JobError::of_key("voters", message));
            }
            None if voter.model.is_none() => {
                return Err(JobError::of_key(
                    "voters",
                    "a voter has neither a name nor a model",
                ));
            }
            _ => {}
        }
        if voter.weight.is_some_and(|it| !it.is_finite() || it <= 0.0) {
            let name = voter.name.as_deref().unwrap_or("a voter");
            let message = format!("the weight of {name:?} is no number above 0");
            return Err(JobError::of_key("voters", message));
        }
    }
    Ok(())
}

fn judged(job: &VoteJob) -> Result<(), JobError> {
    if job.models.judge.is_some() && !job.rule().is_judged() {
        return wrong(
            "models.judge",
            "`models.judge` is for rules with a judge",
            "choose `rule` best-of or same-meaning, or leave `models.judge` out",
        );
    }
    Ok(())
}

fn weighted(job: &VoteJob) -> Result<(), JobError> {
    let Some(voter) = job.voters.iter().find(|it| it.weight.is_some()) else {
        return Ok(());
    };
    let name = voter.name.as_deref().unwrap_or("a voter");
    if job.is_by_field() || !matches!(job.rule(), AnyRule::Plurality(_)) {
        return wrong(
            "voters",
            &format!("the voter {name:?} has a weight, which this rule does not count"),
            "weights count with `rule` plurality, majority, supermajority, unanimous or threshold:SHARE",
        );
    }
    let policy = job.policy();
    let is_early = !matches!(policy, StoppingRule::Fixed | StoppingRule::Exact);
    if is_early && job.has_weights() {
        return wrong(
            "policy",
            &format!("`policy` {policy} stops by votes of equal weight"),
            "with weights everybody is asked: leave `policy` out, or the weights",
        );
    }
    Ok(())
}

fn tie(job: &VoteJob) -> Result<(), JobError> {
    if job.tie.is_some() && matches!(job.rule(), AnyRule::Median(_)) && !job.is_by_field() {
        return wrong(
            "tie",
            "a median has no ties for `tie` to break",
            "leave `tie` out",
        );
    }
    if job.tie == Some(TieBreak::FirstSeen) && job.second_is_idle() {
        return wrong(
            "tie",
            "with `tie` first-seen the second of two voters can change nothing",
            "choose `tie` no-consensus, a third voter, or `policy` fixed to ask both all the same",
        );
    }
    Ok(())
}

fn escalated(job: &VoteJob) -> Result<(), JobError> {
    let rule = job.rule();
    let may_be_open =
        job.is_by_field() || matches!(&rule, AnyRule::Plurality(rule) if *rule != Plurality::new());
    let may_tie = job.tie() != TieBreak::FirstSeen && !matches!(rule, AnyRule::Median(_));
    if job.models.escalate.is_none() || may_be_open || may_tie || job.quorum > 1 {
        return Ok(());
    }
    wrong(
        "models.escalate",
        "`models.escalate` asks where there is no consensus, and this vote always comes to one",
        "choose `tie` no-consensus, `rule` majority or a `quorum` too, or leave `models.escalate` out",
    )
}
