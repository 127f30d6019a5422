//! Decides when another model is asked instead of one, and what its failure means.
//!
//! Another model may do better where one has failed by itself: it breaks the contract whenever it is asked, it
//! refuses, its provider withholds the answer, or the question or the answer is too long for it. Trouble of a
//! provider (an outage, a rate limit, a wrong key) is no reason: that passes, or is mended, and an answer of
//! the model that was wanted is worth waiting for.
//!
//! The fallback is a second chance and no second point of failure: if it fails too, a step ends as it would
//! have ended without it, unless it failed for the sake of the run, whose budget or store both models share.

use crate::{AgentError, AgentErrorKind, Event, ModelErrorKind, ModelId, Scope, Warning};

/// Returns whether a step has failed at what was answered.
pub(crate) fn is_invalid(kind: AgentErrorKind) -> bool {
    let (invalid, never) = (AgentErrorKind::InvalidAnswer, AgentErrorKind::NeverValid);
    kind == invalid || kind == never
}

/// Returns whether another model is asked where one has failed like this.
pub(crate) fn is_due(kind: AgentErrorKind) -> bool {
    match kind {
        AgentErrorKind::Model(kind) => matches!(
            kind,
            ModelErrorKind::Refused
                | ModelErrorKind::Filtered
                | ModelErrorKind::Truncated
                | ModelErrorKind::ContextTooLong
        ),
        kind => is_invalid(kind),
    }
}

/// Returns whether a failure is about the run, whichever model is asked.
pub(crate) fn is_of_the_run(kind: AgentErrorKind) -> bool {
    matches!(
        kind,
        AgentErrorKind::Model(
            ModelErrorKind::BudgetExhausted
                | ModelErrorKind::NotSent
                | ModelErrorKind::NotRecorded
                | ModelErrorKind::NotInStore
        )
    )
}

/// Returns how a step ends that two models have failed at.
pub(crate) fn error_of_both(first: AgentError, other: AgentError) -> AgentError {
    match is_of_the_run(other.kind()) {
        true => other.after(first.usage()),
        false => first.after(other.usage()),
    }
}

/// Tells that a model was asked instead. What is wrong with it, and not with what it answers, is a warning:
/// nothing else says so.
pub(crate) fn report(scope: &Scope, model: &ModelId, error: Option<&AgentError>) {
    let (origin, model) = (scope.origin(), model.to_string());
    let is_its_own = |it: &&AgentError| !is_due(it.kind()) && !is_of_the_run(it.kind());
    if let Some(error) = error.filter(is_its_own).and_then(AgentError::model_error) {
        let message = format!("{model} was asked instead and gave no answer: {error}");
        scope.emit(Event::WarningRaised {
            run: origin.run,
            warning: Warning::new("fallback-failed", message),
        });
    }
    scope.emit(Event::FallbackAsked {
        origin,
        model,
        is_answered: error.is_none(),
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ModelError;

    #[test]
    fn another_model_is_asked_where_one_fails_by_itself_and_not_where_its_provider_does() {
        use ModelErrorKind::*;
        let retry_after = None;
        for (kind, expected) in [
            (Refused, true),
            (Filtered, true),
            (Truncated, true),
            (ContextTooLong, true),
            (Unavailable { retry_after }, false),
            (RateLimited { retry_after }, false),
            (Timeout, false),
            (Unauthorized, false),
            (QuotaExhausted, false),
            (BudgetExhausted, false),
            (InvalidRequest, false),
            (NotInStore, false),
        ] {
            assert_eq!(is_due(AgentErrorKind::Model(kind)), expected, "{kind:?}");
        }
        assert!(is_due(AgentErrorKind::InvalidAnswer) && is_due(AgentErrorKind::NeverValid));
        assert!(!is_due(AgentErrorKind::Code) && !is_due(AgentErrorKind::UnreadableInput));
    }

    #[test]
    fn a_fallback_that_fails_changes_nothing_unless_it_is_for_the_sake_of_the_run() {
        let error = |kind| AgentError::from(ModelError::new(kind));
        for (other, expected) in [
            (ModelErrorKind::Unauthorized, ModelErrorKind::ContextTooLong),
            (ModelErrorKind::Refused, ModelErrorKind::ContextTooLong),
            (
                ModelErrorKind::BudgetExhausted,
                ModelErrorKind::BudgetExhausted,
            ),
            (ModelErrorKind::NotSent, ModelErrorKind::NotSent),
        ] {
            let both = error_of_both(error(ModelErrorKind::ContextTooLong), error(other));
            assert_eq!(both.kind(), AgentErrorKind::Model(expected));
        }
    }
}
