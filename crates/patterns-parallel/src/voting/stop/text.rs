//! Stopping rules as text, `name` or `name:value`: parsed, printed and serialised alike.

use std::fmt;
use std::str::FromStr;

use super::rule::{PlanGoal, PlanLoss, PlanPrice, StoppingRule, StoppingRuleError};

impl FromStr for StoppingRule {
    type Err = StoppingRuleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, value) = match text.trim().split_once(':') {
            Some((name, value)) => (name.trim(), Some(value.trim())),
            None => (text.trim(), None),
        };
        let rule = match name {
            "fixed" => without_value(Self::Fixed, value)?,
            "exact" => without_value(Self::Exact, value)?,
            "ahead-by" => Self::AheadBy(votes("ahead-by", value)?),
            "first-to" => Self::FirstTo(votes("first-to", value)?),
            "adaptive" => Self::AdaptiveConsistency {
                confidence: number("adaptive", value, 0.95)?,
            },
            "adaptive-dirichlet" => Self::AdaptiveConsistencyDirichlet {
                confidence: number("adaptive-dirichlet", value, 0.95)?,
            },
            "early-stopping" => Self::EarlyStopping {
                window: votes("early-stopping", value.or(Some("5")))?,
            },
            "certificate" => Self::Certificate {
                delta: number("certificate", value, 0.05)?,
            },
            "horizon" => Self::Horizon {
                risk: number("horizon", value, 0.01)?,
            },
            "plan" => Self::Plan(value.map_or_else(|| Ok(PlanGoal::default()), goal)?),
            _ => {
                let name = name.to_owned();
                return Err(StoppingRuleError::UnknownRule { name });
            }
        };
        rule.check()?;
        Ok(rule)
    }
}

fn invalid(rule: &'static str, value: &str, expected: &'static str) -> StoppingRuleError {
    let value = value.to_owned();
    StoppingRuleError::InvalidValue {
        rule,
        value,
        expected,
    }
}

fn without_value(
    rule: StoppingRule,
    value: Option<&str>,
) -> Result<StoppingRule, StoppingRuleError> {
    match value {
        Some(value) => Err(invalid(rule.name(), value, "none")),
        None => Ok(rule),
    }
}

fn votes(rule: &'static str, value: Option<&str>) -> Result<u64, StoppingRuleError> {
    let value = value.ok_or(StoppingRuleError::MissingValue { rule })?;
    value
        .parse()
        .map_err(|_| invalid(rule, value, "a whole number, 1 or more"))
}

fn number(rule: &'static str, value: Option<&str>, usual: f64) -> Result<f64, StoppingRuleError> {
    let parse = |value: &str| value.parse().map_err(|_| invalid(rule, value, "a number"));
    value.map_or(Ok(usual), parse)
}

/// Reads `0.02` or `lambda=150,rho=1,loss=share`, where what is left out is as usual.
fn goal(text: &str) -> Result<PlanGoal, StoppingRuleError> {
    if let Ok(risk) = text.parse() {
        return Ok(PlanGoal::Risk(risk));
    }
    let not_a_plan = || {
        let expected = "a risk such as 0.02, or prices such as lambda=300,rho=1,loss=winner";
        invalid("plan", text, expected)
    };
    let mut price = PlanPrice::default();
    for field in text.split(',') {
        let (name, value) = field.split_once('=').ok_or_else(not_a_plan)?;
        match (name.trim(), value.trim()) {
            ("lambda", value) => price.error = value.parse().map_err(|_| not_a_plan())?,
            ("rho", value) => price.round = value.parse().map_err(|_| not_a_plan())?,
            ("loss", "winner") => price.loss = PlanLoss::Winner,
            ("loss", "share") => price.loss = PlanLoss::Share,
            _ => return Err(not_a_plan()),
        }
    }
    Ok(PlanGoal::Price(price))
}

impl fmt::Display for StoppingRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            Self::Fixed | Self::Exact => Ok(()),
            Self::AheadBy(votes) | Self::FirstTo(votes) => write!(f, ":{votes}"),
            Self::AdaptiveConsistency { confidence: value }
            | Self::AdaptiveConsistencyDirichlet { confidence: value }
            | Self::Certificate { delta: value }
            | Self::Horizon { risk: value }
            | Self::Plan(PlanGoal::Risk(value)) => write!(f, ":{value}"),
            Self::EarlyStopping { window } => write!(f, ":{window}"),
            Self::Plan(PlanGoal::Price(price)) if *price == PlanPrice::default() => Ok(()),
            Self::Plan(PlanGoal::Price(price)) => {
                let usual = PlanPrice::default();
                write!(f, ":lambda={}", price.error)?;
                if price.round != usual.round {
                    write!(f, ",rho={}", price.round)?;
                }
                match price.loss {
                    PlanLoss::Winner => Ok(()),
                    PlanLoss::Share => f.write_str(",loss=share"),
                }
            }
        }
    }
}

impl TryFrom<String> for StoppingRule {
    type Error = StoppingRuleError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<StoppingRule> for String {
    fn from(rule: StoppingRule) -> Self {
        rule.to_string()
    }
}
