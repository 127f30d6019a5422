//! Elections as text, for people.

use patterns_core::Branch;
use patterns_parallel::voting::{
    BatchElection, Decision, Detail, Election, SameMeaning, Standing, Step, StopReason,
};

use serde::Serialize;

use super::human::Page;
use crate::escape::escape_line;
use crate::terminal::Style;

/// Adds an election with its counts and ballots.
pub(crate) fn election_page<V>(
    page: &mut Page,
    election: &Election,
    cost_saved: Option<&str>,
    branches: &[Branch<V>],
) {
    page.heading(&verdict(election));
    counts(page, election);
    if let Some(end) = early_end(election, cost_saved) {
        page.line(Style::Dim, &end);
    }
    page.gap();
    for (ballot, branch) in election.ballots.iter().zip(branches) {
        let answer = match (&ballot.answer, branch.error()) {
            (Some(answer), _) => answer.replace('\n', " "),
            (None, Some(error)) => format!("(abstained: {})", error.kind().name()),
            (None, None) => "(abstained)".to_owned(),
        };
        page.paragraph(&format!("{}: {answer}", ballot.voter));
    }
}

/// Adds what was counted, as the rule counts.
fn counts(page: &mut Page, election: &Election) {
    let Some(detail) = &election.detail else {
        for count in &election.counts {
            page.paragraph(&format!("{:>5}  {}", count.votes, on_a_line(&count.answer)));
        }
        return;
    };
    match detail {
        Detail::Weighted { counts, .. } => {
            for count in counts {
                let answer = on_a_line(&count.answer);
                page.paragraph(&format!(
                    "{:>8.3}  {answer} ({} votes)",
                    count.weight.unwrap_or_default(),
                    count.votes
                ));
            }
        }
        Detail::Numeric { spread } => {
            page.paragraph(&format!(
                "from {} to {}, the middle half from {} to {}",
                spread.min, spread.max, spread.lower_quartile, spread.upper_quartile
            ));
        }
        Detail::Judged { answers, .. } => {
            for judged in answers {
                let answer = on_a_line(&judged.answer);
                let mut line = match judged.wins {
                    Some(wins) => format!("{wins:>5}  {answer}"),
                    None => format!("{:>5}  {answer}", judged.votes),
                };
                if !judged.same.is_empty() {
                    let same: Vec<String> = judged.same.iter().map(|it| on_a_line(it)).collect();
                    line += &format!(" (also: {})", same.join("; "));
                }
                page.paragraph(&line);
            }
            page.line(Style::Dim, &judgements(detail));
        }
        Detail::Fields { fields, .. } => {
            for field in fields {
                let path = if field.path.is_empty() {
                    "/"
                } else {
                    &field.path
                };
                page.paragraph(&format!(
                    "{path} = {} ({} of {}, {})",
                    field.value, field.votes, field.total, field.rule
                ));
            }
        }
    }
}

/// Adds how an election stood after each vote, with the voters' reasons.
pub(crate) fn standings_page<V: Serialize>(
    page: &mut Page,
    standings: &[Standing],
    branches: &[Branch<V>],
) {
    page.gap();
    page.heading("vote by vote");
    let reasons = branches
        .iter()
        .map(reasoning)
        .chain(std::iter::repeat(None));
    for (step, reason_given) in standings.iter().zip(reasons) {
        let counts = step
            .counts
            .iter()
            .map(|(it, votes)| format!("{} {votes}", on_a_line(it)));
        let counts: Vec<String> = counts.collect();
        let vote = step
            .counted
            .as_deref()
            .map_or_else(|| "(abstains)".to_owned(), on_a_line);
        page.paragraph(&format!(
            "wave {}  {}: {vote}  ->  {} (ahead by {})",
            step.wave,
            step.voter,
            counts.join(", "),
            step.lead
        ));
        if let Some(reason) = reason_given {
            page.line(
                Style::Dim,
                &format!("        because: {}", on_a_line(&reason)),
            );
        }
        match step.next {
            None => {}
            Some(Step::Ask(1)) => page.line(Style::Dim, "        still open: one more is asked"),
            Some(Step::Ask(more)) => {
                let line =
                    format!("        still open: {more} more are asked at once, none in vain");
                page.line(Style::Dim, &line);
            }
            Some(Step::Stop(why)) => {
                page.line(Style::Dim, &format!("        over: {}", reason(why)));
            }
        }
    }
}

/// Returns the reasons that a ballot gives, if it has a field for them.
fn reasoning<V: Serialize>(branch: &Branch<V>) -> Option<String> {
    let ballot = serde_json::to_value(branch.value()?).ok()?;
    let reason = ballot.get("reasoning")?.as_str()?.trim().to_owned();
    (!reason.is_empty()).then_some(reason)
}

/// Says how much was judged, and what came of it that shows in no score.
fn judgements(detail: &Detail) -> String {
    let Detail::Judged {
        judgements,
        failed,
        flipped,
        ..
    } = detail
    else {
        return String::new();
    };
    let mut line = format!("judgements: {judgements}");
    if *failed > 0 {
        line += &format!(", of which {failed} failed");
    }
    match flipped {
        None | Some(0) => {}
        Some(1) => line += ", 1 pair got another verdict in the other order",
        Some(pairs) => line += &format!(", {pairs} pairs got another verdict in the other order"),
    }
    line
}

fn on_a_line(text: &str) -> String {
    text.replace('\n', " ")
}

/// Says why not all voters were asked, if so.
fn early_end(election: &Election, cost_saved: Option<&str>) -> Option<String> {
    let (asked, voters) = (election.ballots.len() as u64, election.voters);
    if asked >= voters || election.stop_reason == StopReason::AllVotesCast {
        return None;
    }
    let why = reason(election.stop_reason);
    if election.stop_reason == StopReason::CallsSpent {
        return Some(format!("{asked} of {voters} voters were asked: {why}"));
    }
    let saved = 100.0 * (voters - asked) as f64 / voters as f64;
    let cost = cost_saved.map_or_else(String::new, |it| format!(", about {it}"));
    let mut end = format!("{asked} of {voters} voters were asked, {saved:.0} % saved{cost}: {why}");
    match election.spare_ballots {
        0 => {}
        1 => end += "; 1 spare ballot was cancelled or came too late",
        spare => end += &format!("; {spare} spare ballots were cancelled or came too late"),
    }
    if let Some(stability) = election.stability.filter(|it| *it < 1.0) {
        end += &format!(
            "; all {voters} would elect the same with {:.1} %",
            100.0 * stability
        );
    }
    Some(end)
}

/// Says why an election ended.
fn reason(reason: StopReason) -> &'static str {
    match reason {
        StopReason::AllVotesCast => "all votes are cast",
        StopReason::Decided => "no further vote could change the result",
        StopReason::AheadEnough => "the leader is far enough ahead",
        StopReason::Confident => "the leader is sure enough to win",
        StopReason::PlanStop => "further votes would cost more than they are worth",
        StopReason::CallsSpent => "the budget is used up",
    }
}

/// Writes an election of a batch on one line.
pub(crate) fn batch_line<V>(election: &BatchElection<V>, is_right: Option<bool>) -> String {
    let right = match is_right {
        None => "",
        Some(true) => ", right",
        Some(false) => ", not right",
    };
    let line = format!("{}: {}{right}", election.id, verdict(&election.election));
    format!("{}\n", escape_line(&line))
}

/// What is said of a question that was put to nobody.
pub(crate) const NOT_ASKED: &str = "not asked: the budget is used up";

/// Says who won, and with how many votes.
fn verdict(election: &Election) -> String {
    let Election {
        vote_count,
        total_votes,
        abstentions,
        share,
        ..
    } = election;
    let percent = 100.0 * share;
    let word = if *total_votes == 1 { "vote" } else { "votes" };
    let votes = match &election.detail {
        None => format!("{vote_count} of {total_votes} {word}, {percent:.0} %"),
        Some(Detail::Weighted { .. }) => {
            format!("{percent:.0} % of the weight of {total_votes} {word}")
        }
        Some(Detail::Numeric { .. }) => format!("median of {total_votes} numbers"),
        Some(Detail::Judged { rule, .. }) if *rule == SameMeaning::NAME => {
            format!("{vote_count} of {total_votes} {word} that mean the same, {percent:.0} %")
        }
        Some(Detail::Judged { answers, .. }) => format!("best-of, answers: {}", answers.len()),
        Some(Detail::Fields { .. }) => {
            format!("of {total_votes} objects, {percent:.0} % agreement")
        }
    };
    let winner = election.winning_answer.as_deref().map(on_a_line);
    let mut verdict = match (winner, election.decision) {
        (Some(winner), Decision::WonByTieBreak) => format!("{winner} ({votes}; tie: first seen)"),
        (Some(winner), Decision::Escalated) => {
            let voter = election
                .escalation
                .as_ref()
                .map_or("a further voter", |it| &it.voter);
            format!("{winner} (by {voter}; no consensus: {votes})")
        }
        (Some(winner), _) => format!("{winner} ({votes})"),
        (None, Decision::QuorumMissed) => format!("no consensus: quorum missed ({votes})"),
        (None, Decision::Tied) => format!("no consensus: a tie ({votes} each)"),
        (None, Decision::NotAsked) => NOT_ASKED.to_owned(),
        (None, Decision::NotJudged) => format!("no consensus: the judge did not say ({votes})"),
        (None, _) => format!("no consensus: too few agree ({votes})"),
    };
    if *abstentions > 0 {
        verdict += &format!(", {abstentions} abstained");
    }
    verdict
}
