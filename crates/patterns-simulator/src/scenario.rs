//! What goes wrong at a simulated provider, and when: read from a file, checked, and plain.

use std::time::Duration;

use serde::{Deserialize, Deserializer};

/// A bad day of a provider. The default has no trouble in it.
///
/// It is written as TOML; times are texts such as `"400ms"`, `"5m"` or `"5m30s"`, shares are
/// numbers from 0 to 1.
///
/// ```
/// use patterns_simulator::Scenario;
///
/// let storm = Scenario::from_toml(r#"
///     [limits]
///     requests_per_minute = 6000
///
///     [faults]
///     server_error = 0.05
///     reset = 0.03
///
///     [[outages]]
///     from = "30s"
///     to = "90s"
///     kind = "refused"
/// "#)?;
/// assert_eq!(storm.faults.server_error, 0.05);
/// # Ok::<(), patterns_simulator::ScenarioError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scenario {
    /// What the provider allows.
    pub limits: Limits,
    /// What befalls single attempts.
    pub faults: FaultShares,
    /// When the provider is down; with the clock of the simulator, which begins at its first
    /// request.
    pub outages: Vec<Outage>,
    /// When the account's credit is used up.
    pub billing: Option<Billing>,
}

/// Rate limits, enforced second by second, as strict providers do.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Requests a minute.
    pub requests_per_minute: Option<u64>,
    /// Tokens a minute: those of the prompt and the most that the answer may have, counted when a
    /// request is taken.
    pub tokens_per_minute: Option<u64>,
    /// Whether every reply tells the limits, in `x-ratelimit-*` headers.
    pub headers: bool,
    /// Whether a request that is too much is told when to come back.
    pub retry_after: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            requests_per_minute: None,
            tokens_per_minute: None,
            headers: true,
            retry_after: true,
        }
    }
}

/// The share of attempts that each fault befalls.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FaultShares {
    /// 429 with a hint when to come back.
    pub rate_limited: f64,
    /// 429 without one.
    pub rate_limited_bare: f64,
    /// 500, 502 or 504.
    pub server_error: f64,
    /// 529, as Anthropic says that it is overloaded.
    pub overloaded: f64,
    /// The connection is closed before any byte of a reply.
    pub reset: f64,
    /// The connection is closed within the body, at any byte.
    pub cut: f64,
    /// The reply begins and then nothing comes for [`stall_for`](Self::stall_for).
    pub stall: f64,
    /// The reply begins and then white space drips in for as long.
    pub slow_loris: f64,
    /// A reply with status 200 whose body is an error.
    pub error_in_200: f64,
    /// An answer that is not JSON.
    pub broken_json: f64,
    /// An answer that is JSON of another shape than was asked for.
    pub wrong_schema: f64,
    /// An answer that is cut off at the token limit.
    pub length: f64,
    /// The model refuses.
    pub refusal: f64,
    /// How long a stall is.
    #[serde(deserialize_with = "duration")]
    pub stall_for: Duration,
}

impl Default for FaultShares {
    fn default() -> Self {
        Self {
            rate_limited: 0.0,
            rate_limited_bare: 0.0,
            server_error: 0.0,
            overloaded: 0.0,
            reset: 0.0,
            cut: 0.0,
            stall: 0.0,
            slow_loris: 0.0,
            error_in_200: 0.0,
            broken_json: 0.0,
            wrong_schema: 0.0,
            length: 0.0,
            refusal: 0.0,
            stall_for: Duration::from_secs(600),
        }
    }
}

/// A time in which nothing is answered.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outage {
    /// Its begin.
    #[serde(deserialize_with = "duration")]
    pub from: Duration,
    /// Its end.
    #[serde(deserialize_with = "duration")]
    pub to: Duration,
    /// How it looks from outside.
    #[serde(default)]
    pub kind: OutageKind,
}

/// How an outage looks from outside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum OutageKind {
    /// Connections are closed at once.
    #[default]
    #[serde(rename = "refused")]
    Refused,
    /// Every reply is a 503.
    #[serde(rename = "503")]
    Unavailable,
    /// Every reply is a 429 without a hint.
    #[serde(rename = "429")]
    Throttled,
}

/// The end of the account's credit.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Billing {
    /// How many requests are paid for.
    pub after: u64,
}

/// Why a scenario makes no sense; says where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ScenarioError(String);

impl Scenario {
    /// Reads a scenario.
    ///
    /// # Errors
    ///
    /// Returns an error that says where the text is no TOML, or which value makes no sense.
    pub fn from_toml(text: &str) -> Result<Self, ScenarioError> {
        let scenario: Self =
            toml::from_str(text).map_err(|error| ScenarioError(error.to_string()))?;
        match scenario.problem() {
            Some(problem) => Err(ScenarioError(problem)),
            None => Ok(scenario),
        }
    }

    /// Tells what is wrong with the scenario, if anything.
    pub(super) fn problem(&self) -> Option<String> {
        let shares = self.faults.shares();
        if let Some((fault, share)) = shares.iter().find(|(_, it)| !(0.0..=1.0).contains(it)) {
            return Some(format!(
                "faults.{fault} is {share}, not a share from 0 to 1"
            ));
        }
        let total: f64 = shares.iter().map(|(_, share)| share).sum();
        if total > 1.0 + 1e-9 {
            return Some(format!(
                "the shares of all faults come to {total:.3}, more than 1"
            ));
        }
        if let Some(outage) = self.outages.iter().find(|it| it.from >= it.to) {
            let Outage { from, to, .. } = outage;
            return Some(format!("an outage from {from:?} to {to:?} has no length"));
        }
        let limits = [
            ("requests_per_minute", self.limits.requests_per_minute),
            ("tokens_per_minute", self.limits.tokens_per_minute),
        ];
        let zero = limits.iter().find(|(_, limit)| *limit == Some(0));
        zero.map(|(name, _)| format!("limits.{name} is 0: nothing would ever be answered"))
    }
}

impl FaultShares {
    /// Returns each fault by its name, with its share.
    pub(super) fn shares(&self) -> [(&'static str, f64); 13] {
        [
            ("rate_limited", self.rate_limited),
            ("rate_limited_bare", self.rate_limited_bare),
            ("server_error", self.server_error),
            ("overloaded", self.overloaded),
            ("reset", self.reset),
            ("cut", self.cut),
            ("stall", self.stall),
            ("slow_loris", self.slow_loris),
            ("error_in_200", self.error_in_200),
            ("broken_json", self.broken_json),
            ("wrong_schema", self.wrong_schema),
            ("length", self.length),
            ("refusal", self.refusal),
        ]
    }
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    let duration = text.parse::<jiff::SignedDuration>();
    let duration = duration.and_then(Duration::try_from);
    duration.map_err(|error| serde::de::Error::custom(format!("{text:?} is no time: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let error = Scenario::from_toml(text).expect_err(text);
        assert!(error.to_string().contains(expected), "{error}");
    }

    #[test]
    fn nonsense_is_named() {
        check("[faults]\nreset = 1.5", "faults.reset is 1.5");
        check("[faults]\nreset = 0.6\ncut = 0.6", "come to 1.200");
        check("[faults]\nrest = 0.6", "unknown field `rest`");
        check("[faults]\nreset = \n", "line 2");
        check("[limits]\nrequests_per_minute = 0", "is 0");
        check("[[outages]]\nfrom = \"2s\"\nto = \"1s\"", "has no length");
        check(
            "[[outages]]\nfrom = \"soon\"\nto = \"1s\"",
            "\"soon\" is no time",
        );
        check(
            "[[outages]]\nfrom = \"0s\"\nto = \"1s\"\nkind = \"x\"",
            "unknown variant",
        );
    }

    #[test]
    fn an_empty_scenario_has_no_trouble_in_it() {
        assert_eq!(Scenario::from_toml(""), Ok(Scenario::default()));
    }
}
