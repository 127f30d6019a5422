//! Writes how far a run is in as many columns as there are: what matters most comes first, and what has no
//! room is left out whole.

use std::time::Duration;

use patterns_core::grouped;
use unicode_width::UnicodeWidthStr;

use super::plan::{short_money, short_time};
use super::progress_state::Snapshot;
use crate::escape::escape_line;

/// A part of the line, and how much it matters: 0 is always there.
struct Piece(u8, String);

/// What stands between two parts.
const GAP: &str = " · ";

/// Writes one line, and a second one where something holds the run up.
pub(crate) fn progress_lines(at: &Snapshot, width: usize) -> Vec<String> {
    let mut lines = vec![fitting(pieces(at), width)];
    let why = at.phase.as_ref().or(at.paused.as_ref());
    lines.extend(why.map(|it| cut(&escape_line(it), width)));
    lines
}

/// Writes all of it on one line, whatever its length.
pub(crate) fn progress_line(at: &Snapshot) -> String {
    progress_lines(at, usize::MAX).join(GAP)
}

/// Returns the parts in the order in which they stand.
fn pieces(at: &Snapshot) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut add = |rank, text: Option<String>| pieces.extend(text.map(|it| Piece(rank, it)));
    add(0, Some(done(at)));
    add(
        1,
        (at.failed > 0).then(|| format!("{} failed", grouped(at.failed))),
    );
    let cancelled = Some(at.cancelled).filter(|it| *it > 0);
    add(1, cancelled.map(|it| format!("{} cancelled", grouped(it))));
    add(2, at.seconds_left.map(|it| format!("{} left", time(it))));
    add(3, money(at));
    add(5, at.per_second.map(rate));
    add(4, Some(format!("{} in flight", grouped(at.in_flight))));
    add(
        6,
        (at.waiting > 0).then(|| format!("{} waiting", grouped(at.waiting))),
    );
    add(
        8,
        (at.from_store > 0).then(|| format!("{} from the store", grouped(at.from_store))),
    );
    // Of questions none may be decided for a while.
    add(if at.unit.is_some() { 3 } else { 7 }, stages(at));
    add(9, Some(time(at.seconds)));
    pieces
}

/// Says how much is done, and of how much.
pub(crate) fn done(at: &Snapshot) -> String {
    let unit = at.unit.as_ref();
    let unit = unit.map_or_else(String::new, |it| format!(" {}", escape_line(it)));
    match at.total {
        Some(total) => format!("{}/{}{unit}", grouped(at.done), grouped(total)),
        None => format!("{} done", grouped(at.done)),
    }
}

fn money(at: &Snapshot) -> Option<String> {
    let cost = short_money(at.cost?);
    Some(match at.projected_cost {
        Some(all) => format!("{cost} of about {}", short_money(all)),
        None => cost,
    })
}

fn rate(per_second: f64) -> String {
    match per_second {
        it if it >= 10.0 => format!("{it:.0}/s"),
        it if it >= 1.0 => format!("{it:.1}/s"),
        it => format!("{:.1}/min", it * 60.0),
    }
}

/// Names the stages where there are several, or what is done is said of something else, and those of runs
/// within branches.
fn stages(at: &Snapshot) -> Option<String> {
    let stage = |(name, it): &(String, super::progress_state::StageCount)| {
        let (ended, begun) = (grouped(it.ended), grouped(it.begun));
        format!("{} {ended}/{begun}", escape_line(name))
    };
    let own = at
        .stages
        .iter()
        .filter(|_| at.stages.len() > 1 || at.unit.is_some());
    let own: Vec<String> = own.map(stage).collect();
    let within: Vec<String> = at.within.iter().map(stage).collect();
    let within = (!within.is_empty()).then(|| format!("within: {}", within.join(", ")));
    let both: Vec<String> = own.into_iter().chain(within).collect();
    (!both.is_empty()).then(|| both.join(", "))
}

fn time(seconds: f64) -> String {
    short_time(Duration::from_secs_f64(seconds.clamp(0.0, 1e9)))
}

/// Leaves out the parts that matter least until the others fit.
fn fitting(mut pieces: Vec<Piece>, width: usize) -> String {
    let length = |pieces: &[Piece]| {
        let letters: usize = pieces.iter().map(|it| it.1.width()).sum();
        letters + 3 * pieces.len().saturating_sub(1)
    };
    while length(&pieces) > width && pieces.len() > 1 {
        let ranks = pieces.iter().enumerate();
        let least = ranks.max_by_key(|(_, it)| it.0).map_or(0, |(at, _)| at);
        pieces.remove(least);
    }
    let texts: Vec<String> = pieces.into_iter().map(|it| it.1).collect();
    cut(&texts.join(GAP), width)
}

/// Cuts a line off where it is too long.
fn cut(line: &str, width: usize) -> String {
    if line.width() <= width {
        return line.to_owned();
    }
    let mut kept = String::new();
    for letter in line.chars() {
        let mut more = kept.clone();
        more.push(letter);
        if more.width() >= width {
            break;
        }
        kept = more;
    }
    kept + "…"
}

#[cfg(test)]
mod tests {
    use super::super::progress_state::StageCount;
    use super::*;

    fn busy() -> Snapshot {
        let count = |begun, ended| StageCount {
            begun,
            ended,
            failed: 0,
            cancelled: 0,
        };
        Snapshot {
            done: 1_234,
            total: Some(50_000),
            unit: None,
            failed: 3,
            cancelled: 0,
            in_flight: 256,
            waiting: 40,
            from_store: 17,
            stages: vec![
                ("map".to_owned(), count(1_530, 1_234)),
                ("reduce".to_owned(), count(9, 4)),
            ],
            within: vec![("ballot".to_owned(), count(7, 5))],
            per_second: Some(14.2),
            seconds_left: Some(3_434.0),
            seconds: 87.0,
            cost: "0.12".parse().ok(),
            projected_cost: "4.86".parse().ok(),
            paused: None,
            phase: None,
        }
    }

    #[test]
    fn what_a_store_says_is_escaped() {
        let mut at = busy();
        at.unit = Some("q\u{1b}[31m".into());
        at.stages[0].0 = "m\u{1b}[2J".to_owned();
        at.within[0].0 = "b\u{7}".to_owned();
        at.phase = Some("p\u{1b}c".to_owned());
        let lines = progress_lines(&at, 400).join(" ") + &progress_line(&at);
        assert!(lines.contains("1,234/50,000 q"), "{lines}");
        assert_eq!(lines.matches(char::is_control).count(), 0, "{lines:?}");
    }

    fn check(at: &Snapshot, width: usize, expected: &[&str]) {
        let lines = progress_lines(at, width);
        assert_eq!(lines, expected, "{width}");
        assert!(lines.iter().all(|it| it.width() <= width), "{lines:?}");
    }

    #[test]
    fn what_matters_most_is_there_at_every_width() {
        let at = busy();
        check(&at, 8, &["1,234/5…"]);
        check(&at, 24, &["1,234/50,000 · 3 failed"]);
        check(
            &at,
            80,
            &["1,234/50,000 · 3 failed · 57 min 14 s left · $0.120 of about $4.86"],
        );
        check(
            &at,
            200,
            &[
                "1,234/50,000 · 3 failed · 57 min 14 s left · $0.120 of about $4.86 · 14/s · 256 in flight · \
               40 waiting · 17 from the store · map 1,234/1,530, reduce 4/9, within: ballot 5/7 · \
               1 min 27 s",
            ],
        );
    }

    #[test]
    fn a_batch_says_how_many_questions_and_ballots_there_are() {
        let mut at = busy();
        (at.done, at.total, at.unit) = (12, Some(60), Some("questions".into()));
        (at.stages, at.within) = (vec![at.within.remove(0)], Vec::new());
        check(&at, 24, &["12/60 questions"]);
        check(
            &at,
            80,
            &["12/60 questions · 3 failed · 57 min 14 s left · $0.120 of about $4.86"],
        );
        at.seconds_left = None;
        let line =
            "12/60 questions · 3 failed · $0.120 of about $4.86 · 256 in flight · ballot 5/7";
        check(&at, 80, &[line]);
    }

    #[test]
    fn a_second_line_says_what_holds_it_up() {
        let mut at = Snapshot {
            paused: Some("sim asks to wait 20 s, until 12:00 UTC: \u{1b}[31mslow down".to_owned()),
            ..Snapshot::default()
        };
        check(
            &at,
            24,
            &["0 done · 0 in flight", "sim asks to wait 20 s, …"],
        );
        let lines = progress_lines(&at, 80);
        assert!(!lines[1].contains('\u{1b}'), "{lines:?}");
        // What the user did last counts more.
        at.phase = Some("interrupted: finishing 3 in flight".to_owned());
        check(
            &at,
            80,
            &[
                "0 done · 0 in flight · 0.0 s",
                "interrupted: finishing 3 in flight",
            ],
        );
        assert_eq!(
            progress_line(&at),
            "0 done · 0 in flight · 0.0 s · interrupted: finishing 3 in flight"
        );
    }
}
