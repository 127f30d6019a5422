//! The book-keeping of one run: adds up what its branches did, tells begin and end.

use patterns_core::{
    AgentError, AgentErrorKind, AggregateError, AggregateErrorKind, Branch, Counts, Event,
    ModelErrorKind, Outcome, Pattern, Usage, Warning,
};

use crate::RunOptions;
use crate::fan_out::Stop;

/// A run that could not be carried out at all, or a part of one that is wrong; nothing was asked of any model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// There is nothing to work on.
    #[error("there is no input: {0}")]
    NoInput(&'static str),
    /// The settings contradict each other or themselves.
    #[error("the run is not set up right: {0}")]
    InvalidSetup(&'static str),
    /// A part of it is wrong: a rule, the options of a question, an outline, a code reduction, what is to be gleaned.
    #[error("{0}")]
    Part(String),
}

/// One run under way.
pub(crate) struct Run<'a> {
    pub(crate) options: &'a RunOptions,
    is_told: bool,
    counts: Counts,
    /// The part of `counts` that is not steps.
    fan_out: Counts,
    usage: Usage,
    steps: Vec<Branch<()>>,
    /// Whether steps are kept that were answered; they are counted in any case.
    pub(crate) keeps_steps: bool,
    warnings: Vec<Warning>,
    /// The first error, or the first fatal one if there is any.
    first_error: Option<AgentError>,
}

impl<'a> Run<'a> {
    /// Begins one. If it is of no pattern, nobody is told of its begin and end.
    pub(crate) fn start(
        options: &'a RunOptions,
        pattern: Option<Pattern>,
        branches: Option<u64>,
    ) -> Self {
        if let Some(pattern) = pattern {
            options.tell_of_run(Event::RunStarted {
                run: options.run,
                pattern,
                branches,
            });
        }
        Self {
            options,
            is_told: pattern.is_some(),
            counts: Counts::default(),
            fan_out: Counts::default(),
            usage: Usage::default(),
            steps: Vec::new(),
            keeps_steps: true,
            warnings: Vec::new(),
            first_error: None,
        }
    }

    pub(crate) fn warn(&mut self, warning: Warning) {
        self.options.events.emit(Event::WarningRaised {
            run: self.options.run,
            warning: warning.clone(),
        });
        self.warnings.push(warning);
    }

    /// Accounts for a step that has ended and returns its value.
    pub(crate) fn take_step<O>(&mut self, branch: Branch<O>) -> Option<O> {
        self.add(&branch);
        let mut value = None;
        let step = branch.map(|it| value = Some(it));
        if self.keeps_steps || value.is_none() {
            self.steps.push(step);
        }
        value
    }

    /// Accounts for a branch of the fan-out that has ended.
    pub(crate) fn account<B>(&mut self, branch: &Branch<B>) {
        self.add(branch);
        self.fan_out.add(&branch.end);
        if let Some(error) = branch.error()
            && self
                .first_error
                .as_ref()
                .is_none_or(|first| error.is_fatal() && !first.is_fatal())
        {
            self.first_error = Some(error.clone());
        }
    }

    /// Takes note of what is to blame if nothing was answered, and no branch has failed.
    pub(crate) fn blame(&mut self, error: AgentError) {
        self.first_error.get_or_insert(error);
    }

    fn add<B>(&mut self, branch: &Branch<B>) {
        self.counts.add(&branch.end);
        self.usage += branch.usage;
    }

    /// Returns whether the fan-out was stopped because the budget is used up.
    pub(crate) fn is_out_of_budget(&self, stop: Option<Stop>) -> bool {
        const NO_BUDGET: AgentErrorKind = AgentErrorKind::Model(ModelErrorKind::BudgetExhausted);
        let first = self.first_error.as_ref().map(AgentError::kind);
        stop == Some(Stop::Fatal) && first == Some(NO_BUDGET)
    }

    /// Returns whether a branch of the fan-out has failed.
    pub(crate) fn has_failures(&self) -> bool {
        self.fan_out.failed > 0
    }

    /// Returns why the fan-out that was just accounted for cannot be aggregated, if it cannot.
    pub(crate) fn verdict(&self, stop: Option<Stop>) -> Result<(), AggregateError> {
        let Counts {
            started,
            answered,
            failed,
            ..
        } = self.fan_out;
        let kind = if stop == Some(Stop::Fatal) {
            AggregateErrorKind::Stopped
        } else if stop == Some(Stop::Drained) {
            return Err(AggregateError::new(AggregateErrorKind::Drained));
        } else if stop.is_some() || self.options.on_failure.must_stop(failed, Some(started)) {
            AggregateErrorKind::TooManyFailures
        } else if answered == 0 {
            AggregateErrorKind::NothingAnswered
        } else {
            return Ok(());
        };
        Err(match &self.first_error {
            Some(error) => AggregateError::caused_by(kind, error.clone()),
            None => AggregateError::new(kind),
        })
    }

    /// Ends the run.
    pub(crate) fn finish<A, B>(
        self,
        value: Result<A, AggregateError>,
        branches: Vec<Branch<B>>,
    ) -> Outcome<A, B> {
        if self.is_told {
            self.options.tell_of_run(Event::RunFinished {
                run: self.options.run,
                counts: self.counts,
                usage: self.usage,
            });
        }
        Outcome {
            run: self.options.run,
            value,
            branches,
            steps: self.steps,
            counts: self.counts,
            usage: self.usage,
            warnings: self.warnings,
            coverage: None,
        }
    }

    /// Returns whether a step has failed.
    pub(crate) fn has_failed_step(&self) -> bool {
        self.steps.iter().any(|step| step.error().is_some())
    }

    /// Returns the error for a failed step: the last one, or one that had to stop the run.
    pub(crate) fn step_error(&self) -> AggregateError {
        let mut failed = self.steps.iter().rev().filter_map(Branch::error);
        let last = failed.clone().next();
        match failed.find(|error| error.is_fatal()).or(last) {
            Some(error) if error.is_fatal() => {
                AggregateError::caused_by(AggregateErrorKind::Stopped, error.clone())
            }
            Some(error) => AggregateError::caused_by(AggregateErrorKind::StepFailed, error.clone()),
            None => AggregateError::new(AggregateErrorKind::StepFailed),
        }
    }
}
