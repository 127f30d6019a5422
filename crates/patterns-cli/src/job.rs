//! Everything that a command can run, resolved: inputs read, files gone, plain serialisable data.

use std::num::NonZeroUsize;
use std::time::Duration;

use patterns_core::{Caps, Document, RunId, Sampling};
use patterns_llm::Prices;
use patterns_parallel::map_reduce::{KeyedReduce, Topology, Unsupported};
use patterns_parallel::{StoppingRule, VotingRule};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::args::{MaxFailures, Stream, Tie};
use crate::ballot_spec::BallotSpec;

/// A pattern with its inputs and settings. It holds no key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Job {
    /// Who answers.
    pub(crate) models: Models,
    /// How the run is carried out.
    pub(crate) settings: Settings,
    /// What is done.
    pub(crate) work: Work,
}

/// Who answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Models {
    /// By name, such as `openai:gpt-5-mini`; several for a panel; none to take what is there.
    pub(crate) names: Vec<String>,
    /// The server, where it is not the provider's usual one.
    pub(crate) base_url: Option<String>,
    /// The variables that say so, where nothing was typed; no part of what is run.
    #[serde(skip)]
    pub(crate) from: Vec<&'static str>,
}

/// The most branches in flight at once where the user says nothing.
pub(crate) const AUTO_CONCURRENCY: NonZeroUsize = NonZeroUsize::new(256).expect("it is not zero");

/// How a run is carried out, whatever its pattern.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Settings {
    /// Names the run.
    pub(crate) run: RunId,
    /// The most calls in flight at once; without it, as many as the provider takes.
    pub(crate) concurrency: Option<NonZeroUsize>,
    /// Requests a minute that the provider allows, if the user knows.
    pub(crate) requests_per_minute: Option<f64>,
    /// Tokens a minute that the provider allows, if the user knows.
    pub(crate) tokens_per_minute: Option<f64>,
    /// The time for one attempt of a call.
    pub(crate) timeout: Duration,
    /// Time for the whole run.
    pub(crate) max_time: Option<Duration>,
    /// Whether slow calls are sent a second time.
    pub(crate) hedge: bool,
    /// Whether one call with a long beginning goes ahead.
    pub(crate) prime: bool,
    /// When answers are streamed.
    pub(crate) stream: Stream,
    /// What a failed branch means for the others.
    pub(crate) max_failures: MaxFailures,
    /// The most that may be spent.
    pub(crate) caps: Caps,
    /// What models cost, beside the prices that are known.
    pub(crate) prices: Prices,
    /// How tokens are drawn.
    pub(crate) sampling: Sampling,
    /// What all agents are told on top of the pattern's own instructions.
    pub(crate) instructions: Option<String>,
}

impl Settings {
    /// Returns what models cost.
    pub(crate) fn all_prices(&self) -> Prices {
        Prices::known().merge(self.prices.clone())
    }

    /// Returns the most branches in flight at once. Second tries need slots that nobody else has.
    pub(crate) fn branches(&self) -> NonZeroUsize {
        let calls = self.concurrency.unwrap_or(AUTO_CONCURRENCY);
        let spare = if self.hedge { calls.get() / 20 } else { 0 };
        NonZeroUsize::new(calls.get() - spare).unwrap_or(calls)
    }
}

/// What is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Work {
    /// Sections and their synthesis.
    Section(SectionWork),
    /// One election, or a batch of them.
    Vote(Box<VoteWork>),
    /// Documents and their combination.
    MapReduce(Box<MapReduceWork>),
}

/// Sections and their synthesis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SectionWork {
    /// What to write about.
    pub(crate) topic: String,
    /// The headings; empty if they are to be planned.
    pub(crate) sections: Vec<String>,
    /// How many to plan.
    pub(crate) plan: usize,
    /// Material.
    pub(crate) context: Vec<Document>,
    /// The schema of the synthesis, if it is not the default one.
    pub(crate) schema: Option<Value>,
}

/// One election, or a batch of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct VoteWork {
    /// What to ask.
    pub(crate) questions: Questions,
    /// How many ballots per question; none for one per voter, or the default.
    pub(crate) votes: Option<usize>,
    /// Who votes; none for samples of the first model.
    pub(crate) voters: Vec<VoterSpec>,
    /// Who judges, as the place of a model; none for the first one.
    pub(crate) judge: Option<usize>,
    /// Who is asked without a consensus, as the place of a model.
    pub(crate) escalate: Option<usize>,
    /// How many more ballots than needed are under way, if they are not cast in waves.
    pub(crate) spare: Option<u64>,
    /// Whether ballots are counted as they come.
    pub(crate) counts_arrivals: bool,
    /// The answers to choose from, for every question without its own.
    pub(crate) options: Vec<String>,
    /// Material for every question.
    pub(crate) context: Vec<Document>,
    /// When no more voters are asked.
    pub(crate) policy: StoppingRule,
    /// How ballots become a result.
    pub(crate) rule: VotingRule,
    /// What happens when several answers lead.
    pub(crate) tie: Tie,
    /// The least number of valid votes.
    pub(crate) quorum: u64,
    /// The user's own ballot.
    pub(crate) ballot: Option<BallotSpec>,
}

impl VoteWork {
    /// Returns how many ballots a question gets at most.
    pub(crate) fn most_ballots(&self) -> usize {
        let usual = match self.voters.len() {
            0 => DEFAULT_VOTES,
            voters => voters,
        };
        self.votes.unwrap_or(usual)
    }

    /// Returns the options of a question, those of its row before those of all.
    pub(crate) fn options_of<'a>(&'a self, row: Option<&'a BatchQuestion>) -> &'a [String] {
        let own = row.and_then(|it| it.options.as_deref());
        own.unwrap_or(&self.options)
    }

    /// Returns whether some voters count for more than others.
    pub(crate) fn has_weights(&self) -> bool {
        let weights = self.voters.iter().map(|it| it.weight.unwrap_or(1.0));
        let weights: Vec<f64> = weights.collect();
        weights.windows(2).any(|pair| pair[0] != pair[1])
    }
}

/// How many ballots a question gets where nobody says.
const DEFAULT_VOTES: usize = patterns_parallel::Voting::<()>::DEFAULT_VOTERS;

/// A voter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct VoterSpec {
    /// Its name; none for that of its model.
    pub(crate) name: Option<String>,
    /// What it is told behind the question.
    pub(crate) prompt: Option<String>,
    /// Its model, as a place.
    pub(crate) model: usize,
    /// How much its ballots weigh, if it says so.
    pub(crate) weight: Option<f64>,
}

/// What to ask.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Questions {
    /// One question.
    One(String),
    /// One election per row.
    Batch(Vec<BatchQuestion>),
}

/// A row of a batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct BatchQuestion {
    /// Names the election.
    pub(crate) id: String,
    /// What to ask.
    pub(crate) question: String,
    /// The answers to choose from, if the row has its own.
    pub(crate) options: Option<Vec<String>>,
    /// The right answer, if it is known.
    pub(crate) gold: Option<String>,
}

/// How documents are read, where that decides what they are. All of it as it was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SourceSpec {
    /// What files are read as, if not what their names say.
    pub(crate) format: Option<String>,
    /// The encoding of texts, if it is not found out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) encoding: Option<String>,
    /// What separates the fields of CSV files, if it is not found out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) delimiter: Option<char>,
    /// How texts are divided.
    pub(crate) records: Option<String>,
    /// The field of a row with the text.
    pub(crate) text_field: Option<String>,
    /// How the text of a row is made of its fields.
    pub(crate) text_template: Option<String>,
    /// The field of a row with the id.
    pub(crate) id_field: Option<String>,
    /// Tokens of a chunk, and how many of them the next one repeats.
    pub(crate) chunks: Option<(u64, u64)>,
}

/// Documents and their combination.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct MapReduceWork {
    /// What names the documents.
    pub(crate) inputs: Vec<String>,
    /// How they are read.
    pub(crate) source: SourceSpec,
    /// What to do with each.
    pub(crate) map_instructions: Option<String>,
    /// How to combine the answers.
    pub(crate) reduce_instructions: Option<String>,
    /// How to combine combinations, if in another way.
    pub(crate) inner_instructions: Option<String>,
    /// The schema of the answer to each, if it is not a summary.
    pub(crate) map_schema: Option<Value>,
    /// The schema of the combination, if it is not a summary.
    pub(crate) reduce_schema: Option<Value>,
    /// Whether the answers are combined.
    pub(crate) reduce: bool,
    /// Which answers are combined, and when.
    pub(crate) topology: Topology,
    /// Tokens of answers that one reduce call may combine.
    pub(crate) reduce_tokens: Option<u64>,
    /// How many answers one reduce call combines on average.
    pub(crate) fan_in: Option<u32>,
    /// What code computes from the answers, if no model combines them.
    pub(crate) code: Option<CodeWork>,
    /// What becomes of statements that are not supported, if the answers are statements.
    pub(crate) statements: Option<Unsupported>,
    /// How often it is asked what was missed, if it is.
    pub(crate) glean: Option<GleanWork>,
    /// Whether documents without an answer are no failure.
    pub(crate) allow_gaps: bool,
}

/// How often it is asked what was missed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GleanWork {
    /// At most so often for each document.
    pub(crate) rounds: u32,
    /// Whether the second model is asked before each round whether anything was.
    pub(crate) is_judged: bool,
}

/// What code computes from answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct CodeWork {
    /// The columns, groups and rows.
    pub(crate) reduce: KeyedReduce,
    /// Whether a model is asked which groups are the same.
    pub(crate) resolve_keys: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_survives_being_written_and_read() {
        let job = Job {
            models: Models {
                names: vec!["offline".to_owned()],
                base_url: None,
                from: Vec::new(),
            },
            settings: Settings {
                run: RunId(7),
                concurrency: Some(NonZeroUsize::MIN),
                requests_per_minute: Some(3_500.0),
                tokens_per_minute: None,
                timeout: Duration::from_millis(1_500),
                max_time: Some(Duration::from_secs(600)),
                hedge: true,
                prime: false,
                stream: Stream::Auto,
                max_failures: MaxFailures::Share(0.1),
                caps: Caps {
                    max_calls: Some(10),
                    max_cost: Some("2.50".parse().unwrap()),
                    ..Caps::default()
                },
                prices: Prices::known(),
                sampling: Sampling::default(),
                instructions: Some("Be brief.".to_owned()),
            },
            work: Work::Vote(Box::new(VoteWork {
                questions: Questions::Batch(vec![BatchQuestion {
                    id: "q:1".to_owned(),
                    question: "Why?".to_owned(),
                    options: Some(vec!["a".to_owned()]),
                    gold: None,
                }]),
                votes: Some(3),
                voters: vec![VoterSpec {
                    name: Some("sceptic".to_owned()),
                    prompt: Some("Doubt it.".to_owned()),
                    model: 0,
                    weight: Some(2.0),
                }],
                judge: None,
                escalate: Some(1),
                spare: Some(2),
                counts_arrivals: false,
                options: Vec::new(),
                context: vec![Document::new("a.md", "Text.")],
                policy: StoppingRule::AheadBy(3),
                rule: "threshold:0.67".parse().unwrap(),
                tie: Tie::Extend(Some(9)),
                quorum: 2,
                ballot: None,
            })),
        };
        let json = serde_json::to_string(&job).unwrap();
        assert_eq!(serde_json::from_str::<Job>(&json).unwrap(), job);
    }
}
