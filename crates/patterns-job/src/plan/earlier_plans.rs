//! Says how far earlier plans of a store were off: what was planned beside what came of it.

use patterns_core::Money;
use patterns_store::{Planned, Store, StoreError};
use serde::{Deserialize, Serialize};

use super::written_plan::PlanTotal;
use crate::job::is_default;

/// So many of the latest plans are looked at.
const LATEST: u32 = 5;

/// What came of a run that was planned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CameTo {
    /// Calls that were made.
    pub calls: u64,
    /// Tokens that were read.
    pub read: u64,
    /// Tokens that were written.
    pub written: u64,
    /// What it cost, if prices were known.
    pub cost: Option<Money>,
    /// Answers that came into the store after the plan and before the run: nobody planned not to pay for them.
    #[serde(default, skip_serializing_if = "is_default")]
    pub found_since: u64,
}

/// How far the latest plans of a store were off.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct EarlierPlans {
    /// How many there are.
    pub plans: usize,
    /// In calls.
    pub calls: Off,
    /// In money; `None` if prices were not known of any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<Off>,
}

/// How much more was planned than came of it, as a share: 0.1 is 10 % too much, -0.1 is 10 % too little.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Off {
    /// As many plans are above this as are below it.
    pub median: f64,
    /// What is furthest from nothing.
    pub worst: f64,
}

impl EarlierPlans {
    /// Reads how far the latest plans of a store were off; `None` if there are none.
    ///
    /// # Errors
    ///
    /// Returns an error if they cannot be read.
    pub fn read(store: &Store) -> Result<Option<Self>, StoreError> {
        Ok(Self::of(&store.ended_plans(LATEST)?))
    }

    fn of(plans: &[Planned]) -> Option<Self> {
        let both = plans.iter().filter_map(|it| {
            let plan: PlanTotal = serde_json::from_str(&it.plan).ok()?;
            let actual: CameTo = serde_json::from_str(it.actual.as_deref()?).ok()?;
            (actual.found_since == 0).then_some((plan, actual))
        });
        let (mut calls, mut costs) = (Vec::new(), Vec::new());
        for (plan, actual) in both {
            // Of a run that the store had all of, nothing can be learnt.
            let share = |planned: u64, actual: u64| planned as f64 / actual as f64 - 1.0;
            if actual.calls > 0 {
                calls.push(share(plan.calls.likely, actual.calls));
            }
            if let (Some(plan), Some(actual)) = (plan.cost, actual.cost)
                && actual > Money::ZERO
            {
                costs.push(share(plan.likely.picodollars(), actual.picodollars()));
            }
        }
        Some(Self {
            plans: calls.len(),
            calls: Off::of(calls)?,
            cost: Off::of(costs),
        })
    }
}

impl Off {
    fn of(mut shares: Vec<f64>) -> Option<Self> {
        shares.sort_by(f64::total_cmp);
        let worst = shares
            .iter()
            .copied()
            .max_by(|a, b| a.abs().total_cmp(&b.abs()))?;
        let (below, above) = (shares[(shares.len() - 1) / 2], shares[shares.len() / 2]);
        Some(Self {
            median: f64::midpoint(below, above),
            worst,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn planned(planned: (u64, Option<&str>), actual: (u64, Option<&str>)) -> Planned {
        let figure = |n: serde_json::Value| json!({"low": n, "likely": n, "high": n});
        let cost = planned.1.map(|it| figure(json!(it)));
        let (calls, none) = (figure(json!(planned.0)), figure(json!(0)));
        let plan = json!({"found": 0, "calls": calls, "read": none, "written": none, "cost": cost});
        let actual = json!({"calls": actual.0, "read": 0, "written": 0, "cost": actual.1});
        Planned {
            at: 0,
            plan: plan.to_string(),
            actual: Some(actual.to_string()),
        }
    }

    #[test]
    fn plans_are_off_by_what_came_of_them() {
        let off = |plans: &[Planned]| {
            EarlierPlans::of(plans).map(|it| {
                let written = |it: Off| format!("{:+.2} {:+.2}", it.median, it.worst);
                (it.plans, written(it.calls), it.cost.map(written))
            })
        };
        let one = planned((96, Some("0.107")), (100, Some("0.1")));
        let another = planned((100, None), (100, Some("0.1")));
        let third = planned((5, Some("0.05")), (10, Some("0.1")));
        let nothing = planned((5, Some("0.05")), (0, Some("0")));
        let words = |text: &str| text.to_owned();
        assert_eq!(off(&[]), None);
        assert_eq!(off(std::slice::from_ref(&nothing)), None);
        let calls = words("-0.04 -0.04");
        let cost = words("+0.07 +0.07");
        assert_eq!(
            off(std::slice::from_ref(&one)),
            Some((1, calls.clone(), Some(cost)))
        );
        assert_eq!(
            off(std::slice::from_ref(&another)),
            Some((1, words("+0.00 +0.00"), None))
        );
        let all = [one, another, third, nothing];
        let cost = words("-0.21 -0.50");
        assert_eq!(off(&all), Some((3, words("-0.04 -0.50"), Some(cost))));
    }
}
