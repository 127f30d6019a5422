//! Small pictures of how a run went, of Unicode bars, for the end of a run on a terminal.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use patterns_core::{Event, Origin, StepRole, Usage, Waits, grouped};

use super::plan::short_time;

/// The widest that a picture is, in columns.
const WIDEST: usize = 40;

/// What stands beside a picture takes so many columns at most.
pub(super) const BESIDE: usize = 40;

/// How high a column of a picture is, in eighths.
const HEIGHTS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// What the pictures are of.
#[derive(Debug, Default)]
pub(super) struct Plots {
    begun: Option<Instant>,
    /// When attempts have ended, since the run began.
    ends: Vec<Duration>,
    /// How long attempts were with a provider.
    working: Duration,
    waited: Waits,
    roles: HashMap<Origin, StepRole>,
    /// Tokens by stage, in the order in which stages began.
    tokens: BTreeMap<usize, (StepRole, u64)>,
}

impl Plots {
    pub(super) fn add(&mut self, event: &Event) {
        let now = Instant::now();
        let since = now - *self.begun.get_or_insert(now);
        self.take(event, since);
    }

    fn take(&mut self, event: &Event, since: Duration) {
        match event {
            Event::BranchStarted { origin, role, .. } => {
                self.roles.insert(*origin, *role);
                self.used(*role, Usage::default());
            }
            Event::AttemptSent { waited, .. } => {
                self.waited.slot += waited.slot;
                self.waited.rate += waited.rate;
                self.waited.paused += waited.paused;
            }
            Event::AttemptEnded { took, .. } => {
                self.working += *took;
                self.ends.push(since);
            }
            Event::BranchAnswered { origin, usage }
            | Event::BranchFailed { origin, usage, .. }
            | Event::BranchCancelled { origin, usage } => {
                if let Some(role) = self.roles.remove(origin) {
                    self.used(role, *usage);
                }
            }
            _ => {}
        }
    }

    fn used(&mut self, role: StepRole, usage: Usage) {
        let known = self.tokens.values_mut().find(|it| it.0 == role);
        match known {
            Some((_, tokens)) => *tokens += usage.total_tokens(),
            None => {
                self.tokens
                    .insert(self.tokens.len(), (role, usage.total_tokens()));
            }
        }
    }

    /// Draws the pictures in so many columns; nothing, if no call was made.
    pub(super) fn lines(&self, columns: usize) -> Vec<String> {
        let width = width_in(columns);
        if self.ends.is_empty() {
            return Vec::new();
        }
        let mut lines = vec![self.calls(width)];
        lines.extend(self.time(width));
        lines.extend(self.stages(width));
        lines
    }

    fn calls(&self, width: usize) -> String {
        let last = self.ends.iter().max().copied().unwrap_or_default();
        let mut counts = vec![0_u64; width];
        for end in &self.ends {
            let share = end.as_secs_f64() / last.as_secs_f64().max(1e-9);
            let place = (share * width as f64) as usize;
            counts[place.min(width - 1)] += 1;
        }
        let most = counts.iter().max().copied().unwrap_or(1).max(1);
        let picture = heights(&counts, most);
        let (all, time) = (grouped(self.ends.len() as u64), short_time(last));
        format!("calls    {picture} {all} ended in {time}")
    }

    /// Sets what was with a provider beside what waited; nothing, if nothing took any time.
    fn time(&self, width: usize) -> Vec<String> {
        let (working, waiting) = (
            self.working.as_secs_f64(),
            self.waited.total().as_secs_f64(),
        );
        let all = working + waiting;
        if all <= 0.0 {
            return Vec::new();
        }
        let row = |name: &str, part: f64, beside: &str| {
            let percent = part / all * 100.0;
            format!(
                "{name:<8} {} {percent:.0} %{beside}",
                bar(part / all, width)
            )
        };
        let whys = [
            ("a slot", self.waited.slot),
            ("the rate", self.waited.rate),
            ("the provider", self.waited.paused),
        ];
        let whys = whys.into_iter().filter(|it| !it.1.is_zero());
        let whys: Vec<String> = whys
            .map(|(why, time)| format!("{why} {:.0} %", time.as_secs_f64() / all * 100.0))
            .collect();
        let beside = match whys.is_empty() {
            true => String::new(),
            false => format!(": {}", whys.join(", ")),
        };
        vec![
            row("working", working, ""),
            row("waiting", waiting, &beside),
        ]
    }

    fn stages(&self, width: usize) -> Vec<String> {
        let most = self.tokens.values().map(|it| it.1).max().unwrap_or(0);
        if most == 0 {
            return Vec::new();
        }
        let line = |(at, (role, tokens)): (usize, &(StepRole, u64))| {
            let head = if at == 0 { "tokens" } else { "" };
            let bar = bar(*tokens as f64 / most as f64, width);
            format!("{head:<8} {bar} {} {}", role.name(), grouped(*tokens))
        };
        self.tokens.values().enumerate().map(line).collect()
    }
}

/// Returns how wide a picture is in so many columns.
pub(super) fn width_in(columns: usize) -> usize {
    columns.saturating_sub(BESIDE).clamp(8, WIDEST)
}

/// Draws counts as columns, the highest of which would stand for `most`.
pub(super) fn heights(counts: &[u64], most: u64) -> String {
    let column = |count: &u64| {
        let eighths = (u128::from(*count) * 8).div_ceil(u128::from(most.max(1)));
        HEIGHTS[eighths.min(8) as usize]
    };
    counts.iter().map(column).collect()
}

/// Draws a share of a width, to an eighth of a column.
pub(super) fn bar(share: f64, width: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (share.clamp(0.0, 1.0) * width as f64 * 8.0).round() as usize;
    let (whole, rest) = (eighths / 8, eighths % 8);
    let drawn = "█".repeat(whole) + EIGHTHS[rest];
    let gap = width - whole - usize::from(rest > 0);
    drawn + &" ".repeat(gap)
}

#[cfg(test)]
mod tests {
    use patterns_core::BranchId;

    use super::*;

    fn origin(branch: u64) -> Origin {
        Origin {
            branch: BranchId(branch),
            ..Origin::default()
        }
    }

    fn plots() -> Plots {
        let mut plots = Plots::default();
        let seconds = Duration::from_secs;
        for (branch, role, end) in [
            (0, StepRole::Map, 1),
            (1, StepRole::Map, 1),
            (2, StepRole::Map, 2),
            (3, StepRole::Reduce, 4),
        ] {
            let origin = origin(branch);
            let label = String::new();
            let waited = Waits {
                slot: seconds(u64::from(branch == 2)),
                ..Waits::default()
            };
            let usage = Usage {
                input_tokens: if role == StepRole::Map { 1_000 } else { 500 },
                ..Usage::default()
            };
            let (took, error) = (seconds(1), None);
            for event in [
                Event::BranchStarted {
                    origin,
                    role,
                    label,
                },
                Event::AttemptSent { origin, waited },
                Event::AttemptEnded {
                    origin,
                    took,
                    error,
                },
                Event::BranchAnswered { origin, usage },
            ] {
                plots.take(&event, seconds(end));
            }
        }
        plots
    }

    #[test]
    fn calls_time_and_tokens_are_drawn_in_the_columns_there_are() {
        insta::assert_snapshot!(plots().lines(48).join("\n"), @r"
        calls      █ ▄  ▄ 4 ended in 4.0 s
        working  ██████▍  80 %
        waiting  █▋       20 %: a slot 20 %
        tokens   ████████ map 3,000
                 █▍       reduce 500
        ");
        for columns in [0, 24, 80, 500] {
            let lines = plots().lines(columns);
            let width = columns.saturating_sub(BESIDE).clamp(8, WIDEST);
            assert!(lines.iter().all(|it| it.chars().count() <= width + BESIDE));
        }
    }

    #[test]
    fn where_no_call_was_made_nothing_is_drawn() {
        assert!(Plots::default().lines(80).is_empty());
    }
}
