//! Warns of ballots that are all the same: one answer, paid for several times.

use patterns_core::Warning;

use super::open_election::OpenElection;
use crate::voting::panel::Panel;

/// Ballots shorter than this, in bytes, can well be the same by themselves: they give no reasons.
const TELLING: usize = 60;

/// Returns whether all ballots of an election are one and the same, and long enough that this is no
/// accident.
pub(super) fn are_identical<V>(panel: &Panel<V>, election: &OpenElection<V>) -> bool {
    let ballots = election.counted().filter_map(|it| it.1.value());
    let mut texts = ballots.filter_map(|it| panel.text(it));
    let Some(first) = texts.next().filter(|it| it.len() >= TELLING) else {
        return false;
    };
    let mut more = 0;
    texts.all(|text| {
        more += 1;
        text == first
    }) && more >= 2
}

/// Makes the warning that all ballots are the same in so many elections.
pub(super) fn identical_ballots(elections: u64, of: u64) -> Warning {
    let where_ = match of {
        1 => String::new(),
        _ => format!("in {elections} of {of} elections "),
    };
    Warning::new(
        "identical-ballots",
        format!(
            "{where_}all ballots are the same, word for word: one answer, paid for several times; is \
             the temperature 0, or does a cache answer?"
        ),
    )
}
