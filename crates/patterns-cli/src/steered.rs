//! Does what `patterns ctl` asks of this run from another terminal.

use std::num::NonZeroUsize;
use std::time::Duration;

use patterns_core::Steering;
use patterns_store::{Asked, Control, RunRecord, Store};

use crate::descriptors;
use crate::report::Observers;
use crate::signals::Signals;
use crate::terminal::Terminal;

/// How often a run looks what is asked of it: a read of the store, which takes microseconds.
const LOOK: Duration = Duration::from_millis(250);

/// At how many of these looks it is written how far the run is: one in so many.
const TELL: u64 = 4;

/// A run that does what is asked of it.
pub(crate) struct Steered<'a> {
    store: &'a Store,
    run: &'a RunRecord,
    steering: &'a Steering,
    terminal: Terminal,
}

impl<'a> Steered<'a> {
    pub(crate) fn new(
        store: &'a Store,
        run: &'a RunRecord,
        steering: &'a Steering,
        terminal: Terminal,
    ) -> Self {
        Self {
            store,
            run,
            steering,
            terminal,
        }
    }

    /// Looks again and again what is asked, does it and tells of it; and has written how the run goes and how far
    /// it is, for those who follow it. It never ends.
    pub(crate) async fn follow(&self, observers: &Observers, signals: &Signals) {
        let (run, session) = (self.run.id, self.run.sessions);
        let mut looks = tokio::time::interval(LOOK);
        for look in 0_u64.. {
            looks.tick().await;
            if look.is_multiple_of(TELL) {
                let progress = observers.progress();
                self.store.tell_progress(run, session, progress);
            }
            self.store.write_waiting();
            match self.store.asked_of_run(run, session) {
                Ok(asked) => self.heed(&asked, observers, signals),
                Err(error) => {
                    let text = format!("what `patterns ctl` asks is no longer heard: {error}");
                    self.terminal.labelled_note("warning", &text);
                    return std::future::pending().await;
                }
            }
        }
    }

    fn heed(&self, asked: &[Asked], observers: &Observers, signals: &Signals) {
        for (at, it) in asked.iter().enumerate().filter(|(_, it)| !it.is_heard) {
            if self.carry_out(it.control) {
                let standing = Standing::of_all(&asked[..=at]).line(self.run.id);
                observers.steered(&said(it.control, self.run.id), standing);
            } else {
                signals.stop();
            }
            self.store.heard(*it, self.run.id);
        }
    }

    /// Does what is asked, unless it is to end: whoever listens to signals does that and says so.
    fn carry_out(&self, control: Control) -> bool {
        match control {
            Control::Pause => self.steering.pause(),
            Control::Resume => self.steering.go_on(),
            Control::Concurrency(most) => self.steering.set_concurrency(possible(most)),
            Control::Stop => return false,
        }
        true
    }
}

/// Returns how many calls at once the open files allow, of those that are asked for.
fn possible(most: NonZeroUsize) -> NonZeroUsize {
    let connections = descriptors::connections().and_then(NonZeroUsize::new);
    connections.map_or(most, |it| it.min(most))
}

/// Says what was done.
fn said(control: Control, run: i64) -> String {
    match control {
        Control::Pause => format!("{PAUSED}: `patterns ctl {run} resume` goes on"),
        Control::Resume => "going on, as patterns ctl asks".to_owned(),
        Control::Concurrency(most) => {
            let allowed = possible(most);
            let fewer = match allowed < most {
                true => " (more need more open files than are allowed; see ulimit -n)",
                false => "",
            };
            format!("at most {allowed} calls in flight from now on, as patterns ctl asks{fewer}")
        }
        Control::Stop => "stopped by patterns ctl".to_owned(),
    }
}

const PAUSED: &str = "paused by ctl";

/// What of all that was asked holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Standing {
    pub(crate) is_paused: bool,
    pub(crate) concurrency: Option<NonZeroUsize>,
}

impl Standing {
    /// Returns what holds of what a run has heard.
    pub(crate) fn of(asked: &[Asked]) -> Self {
        let heard: Vec<Asked> = asked.iter().filter(|it| it.is_heard).copied().collect();
        Self::of_all(&heard)
    }

    fn of_all(asked: &[Asked]) -> Self {
        let mut standing = Self::default();
        for it in asked {
            match it.control {
                Control::Pause => standing.is_paused = true,
                Control::Resume => standing.is_paused = false,
                Control::Concurrency(most) => standing.concurrency = Some(most),
                Control::Stop => {}
            }
        }
        standing
    }

    /// Returns what is seen as long as the run is paused.
    fn line(self, run: i64) -> Option<String> {
        self.is_paused.then(|| said(Control::Pause, run))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_last_holds() {
        let asked = |controls: &[Control]| {
            let asked = controls.iter().map(|control| Asked {
                id: 1,
                control: *control,
                is_heard: true,
            });
            let standing = Standing::of(&asked.collect::<Vec<_>>());
            (standing.is_paused, standing.concurrency)
        };
        let most = |it| Control::Concurrency(NonZeroUsize::new(it).unwrap());
        for (controls, expected) in [
            (&[][..], (false, None)),
            (&[Control::Pause], (true, None)),
            (&[Control::Pause, Control::Resume], (false, None)),
            (
                &[most(9), Control::Pause, most(2)],
                (true, NonZeroUsize::new(2)),
            ),
        ] {
            assert_eq!(asked(controls), expected);
        }
    }
}
