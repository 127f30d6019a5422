//! Stopping rules as text, `name` or `name:value`: parsed, printed and serialised alike.

use std::fmt;
use std::str::FromStr;

use super::error::StoppingRuleError;
use super::rule::{PlanGoal, PlanLoss, PlanPrice, StoppingRule};

impl FromStr for StoppingRule {
    type Err = StoppingRuleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, value) = match text.trim().split_once(':') {
            Some((name, value)) => (name.trim(), Some(value.trim())),
            None => (text.trim(), None),
        };
        let usual = usual(name).ok_or_else(|| StoppingRuleError::UnknownRule {
            name: name.to_owned(),
        })?;
        let Some(value) = value else {
            let rule = usual.name();
            let has_usual_value = usual.check().is_ok();
            return has_usual_value
                .then_some(usual)
                .ok_or(StoppingRuleError::MissingValue { rule });
        };
        let rule = usual.with_value(value);
        rule.filter(|rule| rule.check().is_ok())
            .ok_or_else(|| usual.invalid(value))
    }
}

/// Returns the rule of that name with its usual value, or with 0 if it has none.
fn usual(name: &str) -> Option<StoppingRule> {
    let rule = match name {
        "fixed" => StoppingRule::Fixed,
        "exact" => StoppingRule::Exact,
        "ahead-by" => StoppingRule::AheadBy(0),
        "adaptive" => StoppingRule::AdaptiveConsistency { confidence: 0.95 },
        "plan" => StoppingRule::Plan(PlanGoal::default()),
        _ => return None,
    };
    Some(rule)
}

impl StoppingRule {
    /// Returns the rule with another value; `None` if that is no value for it.
    fn with_value(&self, value: &str) -> Option<Self> {
        Some(match self {
            Self::Fixed | Self::Exact => return None,
            Self::AheadBy(_) => Self::AheadBy(value.parse().ok()?),
            Self::AdaptiveConsistency { .. } => Self::AdaptiveConsistency {
                confidence: value.parse().ok()?,
            },
            Self::Plan(_) => Self::Plan(goal(value)?),
        })
    }
}

/// Reads `0.02` or `lambda=150,rho=1,loss=share`, where what is left out is as usual.
fn goal(text: &str) -> Option<PlanGoal> {
    if let Ok(risk) = text.parse() {
        return Some(PlanGoal::Risk(risk));
    }
    let mut price = PlanPrice::default();
    for field in text.split(',') {
        let (name, value) = field.split_once('=')?;
        match (name.trim(), value.trim()) {
            ("lambda", value) => price.error = value.parse().ok()?,
            ("rho", value) => price.round = value.parse().ok()?,
            ("loss", "winner") => price.loss = PlanLoss::Winner,
            ("loss", "share") => price.loss = PlanLoss::Share,
            _ => return None,
        }
    }
    Some(PlanGoal::Price(price))
}

impl fmt::Display for StoppingRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            Self::Fixed | Self::Exact => Ok(()),
            Self::AheadBy(votes) => write!(f, ":{votes}"),
            Self::AdaptiveConsistency { confidence: value } | Self::Plan(PlanGoal::Risk(value)) => {
                write!(f, ":{value}")
            }
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
