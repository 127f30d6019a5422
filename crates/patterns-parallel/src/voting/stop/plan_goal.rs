//! Reads and writes what a plan aims at.

use std::fmt;

/// Prices up to this, in calls, add up without overflow.
const DEAREST: f64 = 1e12;

/// What a plan aims at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PlanGoal {
    /// The cheapest plan whose predicted probability of another winner than with all N votes is
    /// at most this, between 0 and 1; the most careful plan if none is that safe.
    ///
    /// The prediction counts ties as half a disagreement. On recorded votes of single models it
    /// was a ceiling; on a panel of unequal models a risk of 0.05 came to 0.065.
    Risk(f64),
    /// The plan with the least sum of costs at these prices.
    Price(PlanPrice),
}

/// The prices of a plan, in calls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlanPrice {
    /// λ: what it costs to stop at an answer that all N votes would not have chosen; 300 by
    /// default.
    pub error: f64,
    /// ρ: what a round of calls costs for the time it takes; 1 by default.
    pub round: f64,
    /// What λ multiplies.
    pub loss: PlanLoss,
}

/// What a plan counts as the harm of stopping early.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlanLoss {
    /// The probability that all N votes choose another winner; a tie counts half.
    #[default]
    Winner,
    /// The expected share of the N votes by which the chosen answer falls short of the winner, so
    /// that near-ties cost little.
    Share,
}

impl Default for PlanGoal {
    fn default() -> Self {
        Self::Price(PlanPrice::default())
    }
}

impl Default for PlanPrice {
    fn default() -> Self {
        Self {
            error: 300.0,
            round: 1.0,
            loss: PlanLoss::default(),
        }
    }
}

impl PlanGoal {
    /// Reads `0.02` or `lambda=150,rho=1,loss=share`, where what is left out is as usual.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if let Ok(risk) = text.parse() {
            return Some(Self::Risk(risk));
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
        Some(Self::Price(price))
    }

    pub(super) fn is_valid(&self) -> bool {
        match self {
            Self::Risk(risk) => *risk > 0.0 && *risk < 1.0,
            Self::Price(price) => {
                let is_price = |price: f64| (0.0..=DEAREST).contains(&price);
                price.error > 0.0 && is_price(price.error) && is_price(price.round)
            }
        }
    }
}

/// Written behind the name of the rule; the usual goal needs no words.
impl fmt::Display for PlanGoal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let usual = PlanPrice::default();
        match self {
            Self::Risk(risk) => write!(f, ":{risk}"),
            Self::Price(price) if *price == usual => Ok(()),
            Self::Price(price) => {
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
