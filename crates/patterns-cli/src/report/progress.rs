//! The progress line on a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use patterns_core::{Counts, Event};

use crate::escape::escape_line;
use crate::terminal::set_progress;

/// A line that says how far a run is.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    total: Option<u64>,
    /// What is going on beside the work.
    phase: String,
    counted: String,
}

impl Progress {
    pub(super) fn start() -> Self {
        let bar = ProgressBar::new_spinner();
        let style = ProgressStyle::with_template("{spinner} {elapsed:>3} {wide_msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        bar.enable_steady_tick(Duration::from_millis(120));
        set_progress(Some(bar.clone()));
        Self {
            bar,
            total: None,
            phase: String::new(),
            counted: String::new(),
        }
    }

    pub(super) fn show(&mut self, event: &Event, counts: Counts) {
        if let Event::RunStarted { branches, .. } = event {
            self.total = *branches;
        }
        let ended = counts.answered + counts.failed + counts.cancelled;
        let total = self
            .total
            .map_or_else(String::new, |it| format!("/{}", it.max(ended)));
        let in_flight = counts.started - ended;
        let mut message = format!("{ended}{total} done, {in_flight} in flight");
        if counts.failed > 0 {
            message += &format!(", {} failed", counts.failed);
        }
        self.counted = message;
        self.redraw();
    }

    /// Says what is going on beside the work; nothing if it is empty.
    pub(super) fn set_phase(&mut self, phase: String) {
        self.phase = escape_line(&phase);
        self.redraw();
    }

    fn redraw(&self) {
        let gap = if self.phase.is_empty() { "" } else { " · " };
        self.bar
            .set_message(format!("{}{gap}{}", self.counted, self.phase));
    }

    pub(super) fn clear(&self) {
        set_progress(None);
        self.bar.finish_and_clear();
    }
}
