//! One thing that was looked at, how it stands, and what to do.

use serde_json::{Value, json};

use crate::error::{Error, ErrorKind};

/// How a thing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Good,
    /// It is not configured, which is no fault.
    Absent,
    Warning,
    /// It is at fault, as an error of this kind would say.
    Bad(ErrorKind),
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Check {
    pub(super) area: &'static str,
    pub(super) name: String,
    pub(super) state: State,
    pub(super) says: String,
    /// What to do.
    pub(super) then: Option<String>,
}

impl Check {
    fn new(area: &'static str, name: impl Into<String>, state: State, says: String) -> Self {
        Self {
            area,
            name: name.into(),
            state,
            says,
            then: None,
        }
    }

    pub(super) fn good(
        area: &'static str,
        name: impl Into<String>,
        says: impl Into<String>,
    ) -> Self {
        Self::new(area, name, State::Good, says.into())
    }

    pub(super) fn absent(
        area: &'static str,
        name: impl Into<String>,
        says: impl Into<String>,
    ) -> Self {
        Self::new(area, name, State::Absent, says.into())
    }

    pub(super) fn warning(
        area: &'static str,
        name: impl Into<String>,
        says: impl Into<String>,
        then: impl Into<String>,
    ) -> Self {
        let warning = Self::new(area, name, State::Warning, says.into());
        warning.then(then)
    }

    /// Makes one that is at fault, in the words of an error, which may begin with the name.
    pub(super) fn bad(area: &'static str, name: impl Into<String>, error: &Error) -> Self {
        let (name, says) = (name.into(), error.message());
        let says = says.strip_prefix(&format!("{name}: ")).unwrap_or(says);
        let bad = Self::new(area, name, State::Bad(error.kind()), says.to_owned());
        match error.next_step() {
            Some(then) => bad.then(then),
            None => bad,
        }
    }

    /// Says what to do.
    pub(super) fn then(mut self, then: impl Into<String>) -> Self {
        self.then = Some(then.into());
        self
    }

    pub(super) fn line(&self) -> String {
        let mark = match self.state {
            State::Good => '\u{2713}',
            State::Absent => '\u{b7}',
            State::Warning => '!',
            State::Bad(_) => '\u{2717}',
        };
        format!("  {mark} {}: {}", self.name, self.says)
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "area": self.area,
            "name": self.name,
            "state": match self.state {
                State::Good => "good",
                State::Absent => "absent",
                State::Warning => "warning",
                State::Bad(_) => "bad",
            },
            "says": self.says,
            "then": self.then,
        })
    }
}
