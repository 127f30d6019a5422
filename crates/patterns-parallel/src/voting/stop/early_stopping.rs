//! Early-stopping self-consistency: calls come in windows, and a unanimous window ends the vote.

/// Returns after how many further calls a window can be unanimous at the earliest; 0 if one has
/// just ended that is.
pub(super) fn need(window: u64, calls: u64, streak: u64) -> u64 {
    let begun = calls % window;
    if begun == 0 {
        return if streak >= window { 0 } else { window };
    }
    let is_broken = streak < begun;
    window - begun + if is_broken { window } else { 0 }
}
