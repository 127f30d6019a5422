//! Stops when no vote to come can change the winner.

/// Returns the length of the shortest streak for the leader after which `left` calls, less that
/// streak, cannot change the winner; 0 if it is decided.
///
/// A tie at the end goes to the answer that was seen first, so a leader that was seen first can
/// afford one. Each vote of the streak adds one to the lead and takes one from the calls left.
pub(super) fn need(ahead: u64, left: u64, leader_was_seen_first: bool) -> u64 {
    let lead = left.saturating_add(u64::from(!leader_was_seen_first));
    lead.saturating_sub(ahead).div_ceil(2)
}
