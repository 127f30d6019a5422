//! Shows how far a run is: on a terminal in lines that change, elsewhere in a line every few seconds.

use std::fmt;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use patterns_core::{Budget, Event, Money, Spent};
use serde_json::json;

use super::progress_lines::{progress_line, progress_lines};
use super::progress_state::{ProgressState, Snapshot};
use crate::terminal::{ProgressShown, Terminal, set_progress, stderr_width};

/// How often lines on a terminal are drawn at most, as events come.
const DRAW: Duration = Duration::from_millis(100);

/// How often a line is said where there is no terminal.
const PLAIN: Duration = Duration::from_secs(5);

/// How often figures are told to programs.
const JSON: Duration = Duration::from_secs(1);

/// Shows how far a run is.
pub(super) struct Progress {
    state: ProgressState,
    begun: Instant,
    shown: Shown,
    /// What is spent, once that is known.
    budget: Option<Budget>,
    terminal: Terminal,
}

enum Shown {
    Nothing,
    Line(Drawn, Instant),
    /// When the next one is due.
    Plain(Duration),
    Json(Duration),
}

impl Progress {
    pub(super) fn start(terminal: Terminal) -> Self {
        let begun = Instant::now();
        let shown = match terminal.progress_shown() {
            ProgressShown::Nothing => Shown::Nothing,
            ProgressShown::Line => Shown::Line(Drawn::begin(), begun),
            ProgressShown::Plain => Shown::Plain(PLAIN),
            ProgressShown::Json => Shown::Json(JSON),
        };
        Self {
            state: ProgressState::default(),
            begun,
            shown,
            budget: None,
            terminal,
        }
    }

    /// Says how many questions have been decided, and how many there are.
    pub(super) fn set_questions(&mut self, decided: u64, of: u64) {
        self.state.set_questions(decided, of, self.begun.elapsed());
    }

    /// Says what the run was planned to come to.
    pub(super) fn set_planned(&mut self, calls: u64, cost: Option<Money>) {
        self.state.set_planned(calls, cost);
    }

    /// Returns whether it is drawn, so that what holds the run up is seen there.
    pub(super) fn is_drawn(&self) -> bool {
        matches!(self.shown, Shown::Line(..))
    }

    /// Looks at what is spent from now on.
    pub(super) fn watch(&mut self, budget: Budget) {
        self.budget = Some(budget);
    }

    /// Says what earlier sessions have spent.
    pub(super) fn set_before(&mut self, before: Spent) {
        self.state.set_before(before);
    }

    /// Takes an event of a run within a branch; what is told of that branch draws it.
    pub(super) fn take_within(&mut self, event: &Event) {
        self.state.take_within(event);
    }

    pub(super) fn take(&mut self, event: &Event) {
        self.state.take(event, self.begun.elapsed());
        if let Shown::Line(_, drawn) = &self.shown
            && drawn.elapsed() >= DRAW
        {
            self.draw();
        }
    }

    /// Says why calls are held back, for how long at most.
    pub(super) fn pause(&mut self, why: String, wait: Option<Duration>) {
        let until = wait.map(|it| self.begun.elapsed() + it);
        self.state.pause(why, until);
        self.draw();
    }

    /// Says what is going on beside the work.
    pub(super) fn set_phase(&mut self, phase: Option<String>) {
        self.state.set_phase(phase);
        self.draw();
    }

    /// Shows what has changed with the time.
    pub(super) fn tick(&mut self) {
        let now = self.begun.elapsed();
        match &mut self.shown {
            Shown::Nothing => return,
            Shown::Line(..) => return self.draw(),
            Shown::Plain(due) | Shown::Json(due) if now < *due => return,
            Shown::Plain(due) => *due = now + PLAIN,
            Shown::Json(due) => *due = now + JSON,
        }
        self.say();
    }

    /// Ends it: lines that are drawn go away, and programs are told the last figures.
    pub(super) fn end(&mut self) {
        if let Shown::Json(_) = &self.shown {
            self.say();
        }
        if let Shown::Line(drawn, _) = std::mem::replace(&mut self.shown, Shown::Nothing) {
            drawn.end();
        }
    }

    fn say(&self) {
        let at = self.snapshot();
        let line = match &self.shown {
            Shown::Json(_) => {
                let mut line = json!(at);
                line["type"] = json!("progress");
                line.to_string()
            }
            _ => format!("progress: {}", progress_line(&at)),
        };
        self.terminal.note(&line);
    }

    fn draw(&mut self) {
        let at = self.snapshot();
        if let Shown::Line(drawn, at_time) = &mut self.shown {
            drawn.draw("", &at);
            *at_time = Instant::now();
        }
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        let spent = self.budget.as_ref().map(Budget::spent);
        self.state.at(self.begun.elapsed(), spent)
    }
}

/// Lines on a terminal that change.
pub(crate) struct Drawn(ProgressBar);

impl Drawn {
    pub(crate) fn begin() -> Self {
        let bar = ProgressBar::new_spinner();
        let style = ProgressStyle::with_template("{spinner} {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        bar.enable_steady_tick(Duration::from_millis(120));
        set_progress(Some(bar.clone()));
        Self(bar)
    }

    /// Draws figures behind a word.
    pub(crate) fn draw(&self, word: &str, at: &Snapshot) {
        // The spinner and the space behind it take two columns.
        let width = stderr_width().saturating_sub(2).max(1);
        let first = progress_lines(at, width.saturating_sub(word.len()).max(1)).into_iter();
        let first = first.take(1).map(|it| format!("{word}{it}"));
        let rest = progress_lines(at, width).into_iter().skip(1);
        let lines: Vec<String> = first.chain(rest).collect();
        self.0.set_message(lines.join("\n  "));
    }

    /// Takes the lines away.
    pub(crate) fn end(self) {
        set_progress(None);
        self.0.finish_and_clear();
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
