//! Turns what failed in an outcome into the error of the command.

use std::error::Error as _;
use std::time::Duration;

use patterns_core::{
    AgentError, AgentErrorKind, AggregateError, AggregateErrorKind, Branch, Coverage, Exhausted,
    Limit, ModelErrorKind, Outcome, some_of,
};

use crate::error::{Error, ErrorKind, NEEDS_MODEL};
use crate::local_time::clock;

/// Longer than this, no run waits because a provider asks it to.
const LONG_WAIT: Duration = Duration::from_secs(600);

/// Returns the error that an outcome amounts to, if anything in it failed.
pub(crate) fn failure_of<A, B>(outcome: &Outcome<A, B>) -> Option<Error> {
    let failed = outcome.counts.failed;
    let mut reasons = Reasons::default();
    reasons.collect(&outcome.branches);
    reasons.collect(&outcome.steps);
    let cause = outcome.value.as_ref().err();
    let cause = cause.and_then(AggregateError::agent_error);
    let is_told = cause.is_some_and(|it| reasons.tell(it));
    let details = reasons.lines();
    match &outcome.value {
        Ok(_) if failed == 0 => outcome.coverage.as_ref().and_then(gaps),
        Ok(_) if reasons_of(outcome).any(|kind| kind == ModelErrorKind::NotInStore) => {
            let message = format!("the store lacks the answers of {failed} branches");
            let (kind, help) = by_model(ModelErrorKind::NotInStore);
            Some(Error::new(kind, message).details(details).help(help))
        }
        Ok(_) => {
            let message = format!("{failed} of {} branches failed", outcome.counts.started);
            let help = some_failed(outcome);
            Some(
                Error::new(ErrorKind::SomeFailed, message)
                    .details(details)
                    .help(help),
            )
        }
        Err(error) => Some(not_combined(error, details, is_told)),
    }
}

/// Says what to do about branches that failed beside a result.
fn some_failed<A, B>(outcome: &Outcome<A, B>) -> &'static str {
    let has = |kind| reasons_of(outcome).any(|it| it == kind);
    if outcome.coverage.is_none() {
        return "the result was made without them; --output json has each with its error";
    }
    if has(ModelErrorKind::ContextTooLong) {
        return "the result was made without them; a 64th of what is too long is so, too: choose a model \
                that reads more; --allow-gaps accepts it";
    }
    if has(ModelErrorKind::Truncated) {
        return "the result was made without them; raise --max-output-tokens for longer answers, \
                --allow-gaps accepts it";
    }
    "the result was made without them; --output json has each with its error, --allow-gaps accepts it"
}

/// Returns the error of documents that nobody was asked about, if there are any.
fn gaps(coverage: &Coverage) -> Option<Error> {
    let skipped = coverage.documents.skipped;
    let total = coverage.documents.total();
    let message = format!("there is nothing in {skipped} of {total} documents");
    let error = Error::new(ErrorKind::SomeFailed, message);
    (!coverage.is_whole()).then(|| error.help("the result was made without them"))
}

/// Returns what kept branches from an answer, where it was the model.
fn reasons_of<A, B>(outcome: &Outcome<A, B>) -> impl Iterator<Item = ModelErrorKind> {
    let branches = outcome.branches.iter().filter_map(Branch::error);
    let steps = outcome.steps.iter().filter_map(Branch::error);
    branches
        .chain(steps)
        .filter_map(|error| Some(error.model_error()?.kind()))
}

/// Why branches failed, each reason once, in the order seen.
#[derive(Default)]
struct Reasons(Vec<Reason>);

struct Reason {
    words: String,
    /// The words without the request, which is another for every branch.
    shared: String,
    /// The branches that failed so.
    labels: Vec<String>,
}

impl Reasons {
    fn collect<B>(&mut self, branches: &[Branch<B>]) {
        for branch in branches {
            let Some(error) = branch.error() else {
                continue;
            };
            let (label, words) = (branch.label.clone(), words(error));
            let shared = shared(error, &words);
            match self.0.iter_mut().find(|it| it.shared == shared) {
                Some(known) => known.labels.push(label),
                None => self.0.push(Reason {
                    words,
                    shared,
                    labels: vec![label],
                }),
            }
        }
    }

    /// Returns whether a branch failed for this reason.
    fn tell(&self, error: &AgentError) -> bool {
        let it = shared(error, &words(error));
        self.0.iter().any(|reason| reason.shared == it)
    }

    /// Names up to three branches for each reason.
    fn lines(self) -> Vec<String> {
        let line = |it: Reason| {
            let (count, first) = (it.labels.len(), it.labels.iter().take(3));
            let words = if count == 1 { it.words } else { it.shared };
            format!("{}: {words}", some_of(first, count as u64))
        };
        self.0.into_iter().map(line).collect()
    }
}

/// Returns the words about an error without the request, which is another for every branch.
fn shared(error: &AgentError, words: &str) -> String {
    let Some(id) = error.model_error().and_then(|it| it.request_id()) else {
        return words.to_owned();
    };
    let request = format!("request {id:?})");
    let shared = words.replacen(&format!(", {request}"), ")", 1);
    shared.replacen(&format!(" ({request}"), "", 1)
}

/// Says why a branch failed, in the provider's words where there are any.
pub(crate) fn words(error: &AgentError) -> String {
    let mut words = match (error.model_error(), error.source()) {
        (Some(error), _) => format!("{error}{}", come_back(error.kind())),
        // It begins with the place, as the branch does.
        (None, Some(source)) if error.kind() == AgentErrorKind::UnreadableInput => {
            let text = source.to_string();
            let reason = text.split_once(": ").map(|(_, reason)| reason.to_owned());
            reason.unwrap_or(text)
        }
        (None, Some(source)) if error.kind() == AgentErrorKind::Code => source.to_string(),
        (None, _) => error.to_string(),
    };
    if let Some(detail) = error.model_error().and_then(|it| it.detail()) {
        words = format!("{words}: {}", detail.replace('\n', " "));
    }
    let violations = error.violations().iter().take(3);
    for violation in violations {
        words = format!("{words}; {violation}");
    }
    words
}

/// Says why there is no result. The details name the reasons; a cause that is not among them, the error does.
fn not_combined(error: &AggregateError, details: Vec<String>, is_told: bool) -> Error {
    use ModelErrorKind as Kind;
    let cause = error.agent_error();
    let (kind, help) = match (error.kind(), cause.map(AgentError::kind)) {
        (AggregateErrorKind::DoesNotFit, _) => (
            ErrorKind::NotCombined,
            "raise map_reduce.reduce_tokens (-c) if the model can read more, or ask for shorter answers with --map-instructions",
        ),
        (_, Some(AgentErrorKind::Model(ModelErrorKind::BudgetExhausted))) => {
            (ErrorKind::Budget, raise(cause))
        }
        (AggregateErrorKind::StepFailed, Some(AgentErrorKind::Model(Kind::ContextTooLong))) => (
            ErrorKind::NotCombined,
            "two answers together are too long for the model: ask for shorter ones with \
             --map-instructions or --max-output-tokens, or choose a model that reads more",
        ),
        (_, Some(AgentErrorKind::Model(Kind::UnknownModel))) if is_of_ollama(cause) => (
            ErrorKind::Model,
            "`ollama pull NAME` fetches a model, `ollama list` has those that are there",
        ),
        (_, Some(AgentErrorKind::Model(Kind::Unreachable))) if wants_login(cause) => (
            ErrorKind::Unavailable,
            "put them into HTTP_PROXY or HTTPS_PROXY, as in http://USER:PASSWORD@HOST:PORT",
        ),
        (_, Some(AgentErrorKind::Model(kind))) => by_model(kind),
        (_, Some(AgentErrorKind::NeverValid)) => (
            ErrorKind::Model,
            "no answer of the model keeps the schema, all for the same reason: choose a model that can, or \
             ask for less",
        ),
        (AggregateErrorKind::TooManyFailures, _) => (
            ErrorKind::NotCombined,
            "raise --max-failures to accept more",
        ),
        _ => (
            ErrorKind::NotCombined,
            "--output json has every branch with its answer or error",
        ),
    };
    let message = match cause {
        Some(cause) if !is_told => format!("{error}: {}", words(cause)),
        _ => error.to_string(),
    };
    Error::new(kind, message).details(details).help(help)
}

/// Returns whether it was Ollama that was asked, as the address says.
fn is_of_ollama(cause: Option<&AgentError>) -> bool {
    let asked = cause.and_then(|it| it.model_error()?.cause());
    asked.is_some_and(|it| it.ends_with("/api/chat"))
}

/// Returns whether a proxy on the way asks who one is.
fn wants_login(cause: Option<&AgentError>) -> bool {
    let why = cause.and_then(|it| it.model_error()?.cause());
    why.is_some_and(|it| it.ends_with("wants a user and a password"))
}

/// Names the option of the cap that was reached.
fn raise(cause: Option<&AgentError>) -> &'static str {
    let source = cause.and_then(|it| it.model_error()?.source());
    let exhausted = source.and_then(|it| it.downcast_ref::<Exhausted>());
    match exhausted.map(|it| it.limit) {
        Some(Limit::Calls(_)) => "what was answered is kept; to do more, raise --max-calls",
        Some(Limit::Tokens(_)) => {
            "what was answered is kept; to do more, raise --max-tokens, or lower \
             --max-output-tokens, which each call reserves"
        }
        Some(Limit::Cost(_)) => {
            "what was answered is kept; to do more, raise --max-cost, or lower \
             --max-output-tokens, whose price each call reserves"
        }
        None => "what was answered is kept; to do more, allow more",
    }
}

/// Says when to come back, where the provider asks for a wait that no run sits out.
fn come_back(kind: ModelErrorKind) -> String {
    match kind.retry_after().filter(|it| *it > LONG_WAIT) {
        Some(wait) => {
            let minutes = wait.as_secs().div_ceil(60);
            format!("; it asks to wait {minutes} minutes, until {}", clock(wait))
        }
        None => String::new(),
    }
}

fn by_model(kind: ModelErrorKind) -> (ErrorKind, &'static str) {
    use ModelErrorKind as Kind;
    match kind {
        Kind::Unauthorized => (
            ErrorKind::Credentials,
            "check the API key and what it may do",
        ),
        Kind::NotRecorded => (
            ErrorKind::Io,
            "see to the disk of the store, then run again: what was recorded is kept",
        ),
        Kind::NotInStore => (
            ErrorKind::NoInput,
            "the store lacks what is listed; leave out --read-only to pay for it",
        ),
        Kind::QuotaExhausted => (
            ErrorKind::Credentials,
            "add credit at the provider, then run again",
        ),
        Kind::UnknownModel => (
            ErrorKind::Model,
            "check the name behind --model, and --base-url (it ends in /v1 for most servers)",
        ),
        Kind::AllRejected => (
            ErrorKind::Model,
            "mend what the provider names: no request was answered, and all were rejected alike",
        ),
        Kind::Truncated => (
            ErrorKind::NotCombined,
            "raise --max-output-tokens, or ask for a shorter answer",
        ),
        Kind::NeedsModel => (ErrorKind::Model, NEEDS_MODEL),
        Kind::ContextTooLong => (
            ErrorKind::NotCombined,
            "shorten the material (section.context_tokens says how much of it a section gets), or choose a \
             model that reads more; map-reduce cuts documents that are too long",
        ),
        Kind::RateLimited { .. } | Kind::Overloaded { .. } | Kind::Timeout => (
            ErrorKind::TryLater,
            "try later, with a lower --concurrency or a longer --timeout",
        ),
        Kind::Unreachable => (
            ErrorKind::Unavailable,
            "check --base-url and the server; run.proxy or HTTPS_PROXY names a proxy, SSL_CERT_FILE the \
             certificates of a private authority",
        ),
        Kind::Unavailable { .. } | Kind::Unreadable => (
            ErrorKind::Unavailable,
            "check --base-url, the network and the server",
        ),
        _ => (
            ErrorKind::NotCombined,
            "--output json has every branch with its answer or error",
        ),
    }
}

#[cfg(test)]
mod tests {
    use patterns_core::{BranchEnd, BranchId, Counts, ModelError, RunId, StepRole, Usage};

    use super::*;

    fn because(kind: ModelErrorKind) -> AgentError {
        ModelError::new(kind).into()
    }

    /// Of a batch, what ended the run is not among the branches that are handed out.
    #[test]
    fn the_cause_of_an_end_is_said_once_whatever_else_failed() {
        let said = |failed: ModelErrorKind| {
            let branch = Branch {
                id: BranchId(1),
                role: StepRole::Ballot,
                label: "q1/1".to_owned(),
                usage: Usage::default(),
                end: BranchEnd::<()>::Failed(because(failed)),
                columns: None,
            };
            let cause = because(ModelErrorKind::Unauthorized);
            let outcome = Outcome::<(), ()> {
                run: RunId(1),
                value: Err(AggregateError::caused_by(
                    AggregateErrorKind::Stopped,
                    cause,
                )),
                branches: vec![branch],
                steps: Vec::new(),
                counts: Counts::default(),
                usage: Usage::default(),
                warnings: Vec::new(),
                coverage: None,
            };
            let error = failure_of(&outcome).map(|it| format!("{it:?}"));
            error.unwrap_or_default()
        };
        let words = "rejected the credentials";
        for failed in [ModelErrorKind::Filtered, ModelErrorKind::Unauthorized] {
            assert_eq!(said(failed).matches(words).count(), 1, "{}", said(failed));
        }
    }
}
