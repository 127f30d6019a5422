//! What observers say.

use super::*;
use crate::terminal::ColorChoice;

/// Most runs at a local server take less than a tenth of a second, and their branches are told to the
/// millisecond.
#[test]
fn how_long_a_run_took_is_kept_to_the_millisecond() {
    let terminal = Terminal::new(true, ColorChoice::Never);
    let observers = Observers::open(None, terminal).unwrap();
    let outcome = observers.outcome(0, Spent::default(), Duration::from_micros(43_200));
    assert!(outcome.contains("\"seconds\":0.043"), "{outcome}");
}

#[test]
fn a_pause_says_why_and_until_when() {
    let half_an_hour = Some(Duration::from_secs(1_800));
    let text = |reason| paused("m", reason, "refused", Duration::from_secs(5), half_an_hour);
    let outage = text(PauseReason::Outage);
    assert!(
        outage.starts_with("m is down (refused); trying"),
        "{outage}"
    );
    assert!(outage.contains(" until "), "{outage}");
    let asked = text(PauseReason::Asked);
    assert!(asked.starts_with("m asks to wait 5 s, until "), "{asked}");
    assert!(asked.ends_with(": refused"), "{asked}");
    let throttled = text(PauseReason::Throttled);
    assert_eq!(
        throttled,
        "m throws calls back (refused); they wait and are sent again"
    );
}
