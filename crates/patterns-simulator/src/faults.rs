//! Decides what befalls an attempt: a function of the seed, the request, how often it was tried,
//! and the time.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hyper::header::{HeaderName, HeaderValue};
use hyper::{HeaderMap, StatusCode};
use rand::Rng;
use serde_json::{Value, json};

use super::answer::Reply;
use super::draw::{Draw, Purpose};
use super::scenario::{OutageKind, Scenario};

/// What befalls an attempt.
#[derive(Debug)]
pub(super) enum Fate {
    /// It is answered; `fault` says what is wrong with the answer, if anything.
    Answered(Option<Fault>),
    /// It is turned away with this reply.
    TurnedAway(&'static str, Reply),
    /// There is no connection.
    Refused,
    /// The connection is closed at once.
    Reset,
}

/// What is wrong with an answer or its way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Fault {
    pub(super) name: &'static str,
    /// A number from 0 to 1, for whatever else has to be drawn.
    pub(super) draw: f64,
}

/// A scenario under way.
pub(super) struct Faults {
    scenario: Scenario,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// How often each request has been tried.
    attempts: HashMap<[u8; 16], u32>,
    window: Window,
    admitted: u64,
    /// When the first request came.
    begun: Option<Duration>,
}

/// What has been taken in one second.
#[derive(Clone, Copy, Default)]
struct Window {
    second: u64,
    requests: u64,
    tokens: u64,
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Faults")
            .field("scenario", &self.scenario)
            .finish_non_exhaustive()
    }
}

impl Faults {
    pub(super) fn new(scenario: Scenario) -> Self {
        Self {
            scenario,
            state: Mutex::default(),
        }
    }

    /// Returns how long stalls last.
    pub(super) fn stall_for(&self) -> Duration {
        self.scenario.faults.stall_for
    }

    /// Decides about an attempt that arrives `now` and asks for so many tokens; also returns the
    /// headers that its reply has, whatever it is.
    pub(super) fn fate(&self, now: Duration, draw: Draw, tokens: u64) -> (Fate, HeaderMap) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let attempt = state.attempts.entry(draw.short()).or_default();
        *attempt += 1;
        let nth = *attempt;
        let now = now - *state.begun.get_or_insert(now);
        let fate = self
            .outage(now)
            .or_else(|| self.too_fast(&mut state.window, now, tokens))
            .or_else(|| self.out_of_credit(&mut state.admitted));
        let headers = self.limit_headers(state.window, now);
        drop(state);
        let fate = fate.unwrap_or_else(|| self.accident(draw, nth));
        (fate, headers)
    }

    fn outage(&self, now: Duration) -> Option<Fate> {
        let mut outages = self.scenario.outages.iter();
        let outage = outages.find(|it| (it.from..it.to).contains(&now))?;
        Some(match outage.kind {
            OutageKind::Refused => Fate::Refused,
            OutageKind::Unavailable => Fate::TurnedAway("outage", overloaded(503)),
            OutageKind::Throttled => Fate::TurnedAway("outage", throttled(None)),
        })
    }

    fn too_fast(&self, window: &mut Window, now: Duration, tokens: u64) -> Option<Fate> {
        let limits = &self.scenario.limits;
        if window.second != now.as_secs() {
            *window = Window {
                second: now.as_secs(),
                ..Window::default()
            };
        }
        let requests = per_second(limits.requests_per_minute);
        let most_tokens = per_second(limits.tokens_per_minute);
        // A request that is larger than a second's worth passes when nothing else does.
        let is_over = requests.is_some_and(|most| window.requests >= most)
            || most_tokens.is_some_and(|most| window.tokens > 0 && window.tokens + tokens > most);
        if is_over {
            let wait = limits.retry_after.then(|| until_next_second(now));
            return Some(Fate::TurnedAway("limit", throttled(wait)));
        }
        window.requests += 1;
        window.tokens += tokens;
        None
    }

    fn out_of_credit(&self, admitted: &mut u64) -> Option<Fate> {
        let billing = self.scenario.billing.as_ref()?;
        *admitted += 1;
        (*admitted > billing.after).then(|| {
            let message = "Your credit balance is used up.";
            let reply = error(
                429,
                "insufficient_quota",
                "credit_balance_exhausted",
                message,
            );
            Fate::TurnedAway("billing", reply)
        })
    }

    fn accident(&self, draw: Draw, nth: u32) -> Fate {
        let mut rng = draw.nth(Purpose::Fault, nth);
        let mut left: f64 = rng.random();
        let detail: f64 = rng.random();
        let shares = self.scenario.faults.shares();
        let hit = shares.iter().find(|(_, share)| {
            left -= share;
            left < 0.0
        });
        match hit.map(|(name, _)| *name) {
            None => Fate::Answered(None),
            Some("reset") => Fate::Reset,
            Some(name) => match turned_away(name, detail) {
                Some(reply) => Fate::TurnedAway(name, reply),
                None => Fate::Answered(Some(Fault { name, draw: detail })),
            },
        }
    }

    fn limit_headers(&self, window: Window, now: Duration) -> HeaderMap {
        let limits = &self.scenario.limits;
        let mut headers = HeaderMap::new();
        if !limits.headers {
            return headers;
        }
        let mut tell = |unit: &str, limit: Option<u64>, used: u64| {
            let Some(limit) = limit else { return };
            let left = per_second(Some(limit)).unwrap_or(0).saturating_sub(used);
            let reset = format!("{}ms", until_next_second(now).as_millis());
            let values = [
                ("limit", limit.to_string()),
                ("remaining", left.to_string()),
                ("reset", reset),
            ];
            for (what, value) in values {
                let name = HeaderName::try_from(format!("x-ratelimit-{what}-{unit}"));
                if let (Ok(name), Ok(value)) = (name, HeaderValue::try_from(value)) {
                    headers.insert(name, value);
                }
            }
        };
        tell("requests", limits.requests_per_minute, window.requests);
        tell("tokens", limits.tokens_per_minute, window.tokens);
        headers
    }
}

fn per_second(per_minute: Option<u64>) -> Option<u64> {
    per_minute.map(|it| (it / 60).max(1))
}

fn until_next_second(now: Duration) -> Duration {
    Duration::from_secs(now.as_secs() + 1) - now
}

/// Returns the reply of a fault that keeps the request from being worked on.
fn turned_away(name: &str, detail: f64) -> Option<Reply> {
    Some(match name {
        "rate_limited" => throttled(Some(Duration::from_secs_f64(0.2 + detail))),
        "rate_limited_bare" => throttled(None),
        "server_error" if detail < 0.4 => error(500, "server_error", "", "Something went wrong."),
        "server_error" => {
            let status = if detail < 0.7 { 502 } else { 504 };
            text(status, "<html><body><h1>Bad gateway</h1></body></html>")
        }
        "overloaded" => overloaded(529),
        "error_in_200" => {
            let body = json!({"error": {"code": 502, "message": "Provider returned error"}});
            Reply::json(StatusCode::OK, body.to_string().into_bytes())
        }
        _ => return None,
    })
}

fn throttled(wait: Option<Duration>) -> Reply {
    let message = "Rate limit reached for requests.";
    let mut reply = error(429, "requests", "rate_limit_exceeded", message);
    if let Some(wait) = wait {
        // Rounded up: whoever comes back then must not come too early.
        let millis = wait.as_millis() + 1;
        if let Ok(value) = HeaderValue::try_from(millis.to_string()) {
            reply.headers.insert("retry-after-ms", value);
        }
    }
    reply
}

fn overloaded(status: u16) -> Reply {
    error(
        status,
        "overloaded_error",
        "overloaded_error",
        "Overloaded.",
    )
}

fn error(status: u16, class: &str, code: &str, message: &str) -> Reply {
    let code = if code.is_empty() {
        Value::Null
    } else {
        code.into()
    };
    let body = json!({"error": {"message": message, "type": class, "param": null, "code": code}});
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Reply::json(status, body.to_string().into_bytes())
}

fn text(status: u16, body: &'static str) -> Reply {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    let mut reply = Reply::json(status, body.as_bytes().to_vec());
    let html = HeaderValue::from_static("text/html");
    reply.headers.insert(hyper::header::CONTENT_TYPE, html);
    reply
}
