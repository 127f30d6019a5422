//! Checks that every option of `patterns vote` has an effect beside the others.
//!
//! An option that changes nothing is an error: whoever typed it believes that something else happens.

use patterns_parallel::{StoppingRule, VotingRule, read_number};
use serde_json::Value;

use crate::args::{Tie, VoteArgs};
use crate::ballot_spec::BallotSpec;
use crate::error::{Error, ErrorKind};
use crate::job::{Questions, VoteWork};

/// Returns what happens when several answers lead, if every option has an effect.
///
/// # Errors
///
/// Returns an error that names the option without one, and what to do about it.
pub(crate) fn checked_vote(args: &VoteArgs, work: &VoteWork) -> Result<Tie, Error> {
    of_a_batch(args)?;
    judged(work)?;
    weighted(work)?;
    numeric(args, work)?;
    let tie = tie(args, work)?;
    escalated(work, tie)?;
    Ok(tie)
}

/// clap waives a requirement whose option conflicts with another one that is there, such as the
/// question.
fn of_a_batch(args: &VoteArgs) -> Result<(), Error> {
    if args.batch.is_some() {
        return Ok(());
    }
    let given = [
        ("--gold", args.gold.is_some()),
        ("--id-field", args.id_field.is_some()),
        ("--question-field", args.question_field != "question"),
    ];
    match given.into_iter().find(|it| it.1) {
        Some((option, _)) => usage(
            &format!("{option} is for the rows of a --batch"),
            "pass --batch FILE in place of the question, or leave the option out",
        ),
        None => Ok(()),
    }
}

fn judged(work: &VoteWork) -> Result<(), Error> {
    if work.judge.is_some() && !matches!(work.rule, VotingRule::Judged(_)) {
        return usage(
            "--judge is for rules with a judge",
            "pass --rule best-of or same-meaning too, or leave --judge out",
        );
    }
    Ok(())
}

fn weighted(work: &VoteWork) -> Result<(), Error> {
    let Some(voter) = work.voters.iter().find(|it| it.weight.is_some()) else {
        return Ok(());
    };
    let name = voter.name.as_deref().unwrap_or("a voter");
    if !matches!(work.rule, VotingRule::Votes(_)) {
        return usage(
            &format!("the voter {name:?} has a weight, which this rule does not count"),
            "weights count with --rule plurality, majority, supermajority, unanimous or threshold:SHARE",
        );
    }
    let is_early = !matches!(work.policy, StoppingRule::Fixed | StoppingRule::Exact);
    if is_early && work.has_weights() {
        return usage(
            &format!("--policy {} stops by votes of equal weight", work.policy),
            "with weights everybody is asked: leave --policy out, or the weights",
        );
    }
    Ok(())
}

fn numeric(args: &VoteArgs, work: &VoteWork) -> Result<(), Error> {
    if !matches!(work.rule, VotingRule::Median(_)) {
        return Ok(());
    }
    if args.tie.is_some() {
        return usage("a median has no ties for --tie to break", "leave --tie out");
    }
    let rows: &[_] = match &work.questions {
        Questions::One(_) => &[],
        Questions::Batch(rows) => rows,
    };
    let own = rows.iter().filter_map(|it| it.options.as_ref()).flatten();
    let mut options = work.options.iter().chain(own);
    if let Some(option) = options.find(|it| read_number(it).is_none()) {
        return usage(
            &format!("the option {option:?} is no number, and --rule median is of numbers"),
            "choose another --rule, or options that are numbers",
        );
    }
    match work.ballot.as_ref().filter(|it| !holds_numbers(it)) {
        Some(spec) => usage(
            &format!(
                "{} of the --schema is no number, and --rule median is of numbers",
                place(&spec.answer)
            ),
            "make it a number, name another --answer-field, or choose another --rule",
        ),
        None => Ok(()),
    }
}

/// Returns whether the counted answer may be a number.
fn holds_numbers(spec: &BallotSpec) -> bool {
    let Some(schema) = spec.answer_schema() else {
        return spec.schema.get("type").is_none_or(|it| it != "object");
    };
    let is_number = |it: &Value| it == "number" || it == "integer";
    match schema.get("type") {
        Some(Value::Array(types)) => types.iter().any(is_number),
        Some(one) => is_number(one),
        None => true,
    }
}

fn place(pointer: &str) -> String {
    match pointer {
        "" => "the whole ballot".to_owned(),
        pointer => format!("the field {pointer}"),
    }
}

/// With the first answer winning ties, the second of two voters can change nothing. So two voters
/// come to no consensus where they differ.
fn tie(args: &VoteArgs, work: &VoteWork) -> Result<Tie, Error> {
    let counts = matches!(work.rule, VotingRule::Votes(_)) && !work.has_weights();
    let is_idle = counts && work.most_ballots() == 2 && work.policy == StoppingRule::Exact;
    match args.tie {
        Some(Tie::FirstSeen) if is_idle => usage_of_tie(
            "with --tie first-seen the second of two voters can change nothing",
            "pass --tie no-consensus, a third voter, or --policy fixed to ask both all the same",
        ),
        Some(tie) => Ok(tie),
        None if is_idle => Ok(Tie::NoConsensus),
        None => Ok(Tie::FirstSeen),
    }
}

fn escalated(work: &VoteWork, tie: Tie) -> Result<(), Error> {
    let may_be_open = match &work.rule {
        VotingRule::Votes(rule) => *rule != patterns_parallel::Rule::Plurality,
        VotingRule::Fields { .. } => true,
        _ => false,
    };
    let may_tie = tie != Tie::FirstSeen && !matches!(work.rule, VotingRule::Median(_));
    if work.escalate.is_none() || may_be_open || may_tie || work.quorum > 1 {
        return Ok(());
    }
    usage(
        "--escalate asks where there is no consensus, and this vote always comes to one",
        "pass --tie no-consensus, --rule majority or --quorum N too, or leave --escalate out",
    )
}

fn usage(message: &str, help: &str) -> Result<(), Error> {
    Err(Error::new(ErrorKind::Usage, message).help(help))
}

fn usage_of_tie(message: &str, help: &str) -> Result<Tie, Error> {
    Err(Error::new(ErrorKind::Usage, message).help(help))
}
