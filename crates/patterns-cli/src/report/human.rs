//! Outcomes as text, for people.

use patterns_core::{Branch, Outcome};
use patterns_parallel::{BatchElection, Decision, DocumentSummary, Election, Section, StopReason};
use serde_json::Value;

use crate::escape::{escape, escape_line};
use crate::terminal::{Paint, Style};

/// Text under construction. Everything that is put in is escaped.
#[derive(Debug)]
pub(crate) struct Page {
    text: String,
    paint: Paint,
}

impl Page {
    /// Begins a page with what all answers must be labelled with.
    pub(crate) fn new(paint: Paint, notice: Option<&str>) -> Self {
        let mut page = Self {
            text: String::new(),
            paint,
        };
        if let Some(notice) = notice {
            page.line(Style::Dim, &format!("[{notice}]"));
            page.gap();
        }
        page
    }

    /// Adds a line in a style.
    pub(crate) fn line(&mut self, style: Style, text: &str) {
        let text = self.paint.apply(style, &escape_line(text));
        self.text.push_str(&text);
        self.text.push('\n');
    }

    /// Adds a heading.
    pub(crate) fn heading(&mut self, text: &str) {
        self.line(Style::Bold, text);
    }

    /// Adds a paragraph.
    pub(crate) fn paragraph(&mut self, text: &str) {
        self.text.push_str(escape(text.trim_end()).as_ref());
        self.text.push('\n');
    }

    /// Adds an empty line, unless nothing is above it.
    pub(crate) fn gap(&mut self) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    /// Adds an answer of the user's own shape: a lone text as it is, all else as JSON.
    pub(crate) fn answer(&mut self, value: &Value) {
        let only = value.as_object().filter(|it| it.len() == 1);
        let text = only.and_then(|it| it.values().next()?.as_str());
        match text {
            Some(text) => self.paragraph(text),
            None => {
                let json = serde_json::to_string_pretty(value).unwrap_or_default();
                self.paragraph(&json);
            }
        }
    }

    /// Returns the text.
    pub(crate) fn finish(self) -> String {
        self.text
    }
}

/// Adds the sections, each under its name.
pub(crate) fn section_page(page: &mut Page, branches: &[Branch<Section>]) {
    for branch in branches {
        page.gap();
        page.heading(&branch.label);
        let Some(section) = branch.value() else {
            page.line(Style::Red, "(this section could not be written)");
            continue;
        };
        page.paragraph(&section.content);
        for point in &section.key_points {
            page.paragraph(&format!("- {}", point.replace('\n', " ")));
        }
    }
}

/// Adds the documents, each with its summary.
pub(crate) fn document_page(page: &mut Page, branches: &[Branch<DocumentSummary>]) {
    for branch in branches {
        page.gap();
        page.heading(&branch.label);
        match branch.value() {
            Some(summary) => page.paragraph(&summary.summary),
            None => page.line(Style::Red, "(this document could not be worked on)"),
        }
    }
}

/// Adds an election with its counts and ballots.
pub(crate) fn election_page<V>(
    page: &mut Page,
    election: &Election,
    outcome: &Outcome<Election, V>,
) {
    page.heading(&verdict(election));
    for count in &election.counts {
        page.paragraph(&format!(
            "{:>5}  {}",
            count.votes,
            count.answer.replace('\n', " ")
        ));
    }
    if let Some(end) = early_end(election) {
        page.line(Style::Dim, &end);
    }
    page.gap();
    for (ballot, branch) in election.ballots.iter().zip(&outcome.branches) {
        let answer = match (&ballot.answer, branch.error()) {
            (Some(answer), _) => answer.replace('\n', " "),
            (None, Some(error)) => format!("(abstained: {})", error.kind().name()),
            (None, None) => "(abstained)".to_owned(),
        };
        page.paragraph(&format!("{}: {answer}", ballot.voter));
    }
}

/// Says why not all voters were asked, if so.
fn early_end(election: &Election) -> Option<String> {
    let why = match election.stop_reason {
        StopReason::AllVotesCast => return None,
        StopReason::Decided => "no further vote could change the result",
        StopReason::AheadEnough => "the leader is far enough ahead",
        StopReason::VotesReached => "the leader has enough votes",
        StopReason::Confident => "the leader is sure enough to win",
        StopReason::WindowUnanimous => "the last ones all agreed",
        StopReason::Certified => "the leader is certified to be the most frequent answer",
        StopReason::PlanStop => "further votes would cost more than they are worth",
    };
    let (asked, voters) = (election.ballots.len(), election.voters);
    let is_early = (asked as u64) < voters;
    is_early.then(|| format!("{asked} of {voters} voters were asked: {why}"))
}

/// Writes an election of a batch on one line.
pub(crate) fn batch_line<V>(election: &BatchElection<V>) -> String {
    let line = format!("{}: {}", election.id, verdict(&election.election));
    format!("{}\n", escape_line(&line))
}

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
    let votes = format!("{vote_count} of {total_votes} votes, {percent:.0} %");
    let mut verdict = match (&election.winning_answer, election.decision) {
        (Some(winner), Decision::WonByTieBreak) => format!("{winner} ({votes}; tie: first seen)"),
        (Some(winner), _) => format!("{winner} ({votes})"),
        (None, Decision::QuorumMissed) => format!("no consensus: quorum missed ({votes})"),
        (None, Decision::Tied) => format!("no consensus: a tie ({votes} each)"),
        (None, _) => format!("no consensus: too few agree ({votes})"),
    };
    if *abstentions > 0 {
        verdict += &format!(", {abstentions} abstained");
    }
    verdict
}
