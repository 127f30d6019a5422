//! What the user is told once of a model: an option that it has no words for, another model that answers,
//! a bill that cannot be true.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use patterns_core::{Event, ModelId, Money, Request, Usage, Warning};

use super::openai::AZURE;
use super::reply::{Rate, Rates, Redactor, is_foreign, one_attempt};

/// More tokens than any call has; a bill with more is not believed.
const MOST_TOKENS: u64 = 1_000_000_000;

/// More dollars than any call costs.
const MOST_COST: Money = Money::from_picodollars(10_000 * 1_000_000_000_000);

/// The most characters of a model's name that a server may have said.
const MAX_NAME: usize = 100;

/// What the user has been told of a model.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Codes of warnings, options that the server has no way to be told, and what costs more than usual.
    names: Mutex<HashSet<&'static str>>,
}

impl Told {
    /// Says once of each option that this provider knows nothing like it.
    pub(super) fn untold(&self, id: &ModelId, request: &Request, names: &[&'static str]) {
        for name in names {
            if self.is_news(name) {
                let message = format!("{id} does not take `{name}`: it is left out");
                warn(request, "parameter-refused", message);
            }
        }
    }

    fn is_news(&self, name: &'static str) -> bool {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.insert(name)
    }

    /// Says once which other model answers, if one does. A deployment of Azure is called whatever its owner likes.
    pub(super) fn answering(
        &self,
        (id, request): (&ModelId, &Request),
        answering: &str,
        redactor: &Redactor,
    ) {
        let is_named = id.provider != AZURE.name;
        if is_named && is_foreign(&id.model, answering) && self.is_news("other-model") {
            let answering = redactor.excerpt(answering, MAX_NAME);
            let message = format!(
                "{id} was asked, and the server says that {answering:?} answered; name the model that \
                 is meant, or check what the server runs"
            );
            warn(request, "other-model", message);
        }
    }

    /// Returns a bill and what it comes to at its rate, for an answer that was asked for at the flex tier or not.
    /// What is dearer than usual is said once.
    pub(super) fn billed(
        &self,
        (id, request): (&ModelId, &Request),
        usage: Usage,
        (rate, is_flex): (Rate, bool),
        rates: Rates,
    ) -> Usage {
        let usage = self.believed(id, request, usage);
        let cost = rate.cost(usage, is_flex, rates);
        let cost = cost.filter(|_| usage.total_tokens() > 0 && usage.billed.is_none());
        if let (Some(_), Some((name, percent))) = (cost, rate.dearer)
            && self.is_news(name)
        {
            let message = format!(
                "{id} says that it has answered at `{name}`, which costs more than its usual price: such \
                 answers are counted at {percent} % of that, the most that they may cost"
            );
            warn(request, "dearer-tier", message);
        }
        Usage { cost, ..usage }
    }

    /// Returns a bill, or one without tokens if it cannot be true; then the cap is kept by estimates.
    fn believed(&self, id: &ModelId, request: &Request, usage: Usage) -> Usage {
        let counts = [
            usage.input_tokens,
            usage.cached_input_tokens,
            usage.output_tokens,
            usage.reasoning_tokens,
            usage.cache_write_tokens,
        ];
        let is_dear = usage.billed.is_some_and(|it| it > MOST_COST);
        if counts.iter().all(|it| *it <= MOST_TOKENS) && !is_dear {
            return usage;
        }
        if self.is_news("impossible-usage") {
            let message = format!(
                "{id} reports impossible numbers of tokens or dollars; such bills are not counted"
            );
            warn(request, "impossible-usage", message);
        }
        one_attempt()
    }
}

pub(super) fn warn(request: &Request, code: &str, message: String) {
    let run = request.scope.origin().run;
    let warning = Warning::new(code, message);
    request.scope.emit(Event::WarningRaised { run, warning });
}
