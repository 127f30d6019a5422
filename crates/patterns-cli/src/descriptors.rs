//! How many files and connections this process may have open.
//!
//! Shells often allow 256 or 1,024 at first and far more to who asks. Documents are read and calls are
//! sent at the same time, so calls must leave some for files: a reader without a descriptor waits for one.

/// What is kept for files, the store and the terminal.
const KEPT: u64 = 48;

/// How many descriptors are asked for at most: some systems allow so many that tools which look at each
/// of them take for ever.
#[cfg(unix)]
const WANTED: u64 = 65_536;

/// Raises what this process may have open, as far as it may do that itself.
#[cfg(unix)]
pub(crate) fn raise() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};

    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) {
        let wanted = hard.min(WANTED);
        if soft < wanted {
            // With fewer there are fewer calls at once.
            let _ = setrlimit(Resource::RLIMIT_NOFILE, wanted, hard);
        }
    }
}

/// Raises nothing: there is no such limit.
#[cfg(not(unix))]
pub(crate) fn raise() {}

/// Returns how many connections may be open at once, at least 1; `None` if there is no limit.
pub(crate) fn connections() -> Option<usize> {
    limit().map(|limit| left(limit, KEPT))
}

/// So many are needed by a run with one call at a time.
const NEEDED: u64 = 40;

/// Says that so few files may be open that a run may fail, if so.
pub(crate) fn too_few() -> Option<String> {
    let limit = limit().filter(|it| *it < NEEDED)?;
    Some(format!(
        "only {limit} files may be open at once, and a run needs up to {NEEDED}; see ulimit -n"
    ))
}

#[cfg(unix)]
fn limit() -> Option<u64> {
    use nix::sys::resource::{Resource, getrlimit};

    getrlimit(Resource::RLIMIT_NOFILE).ok().map(|it| it.0)
}

#[cfg(not(unix))]
fn limit() -> Option<u64> {
    None
}

/// A connection that ends and the one that follows it may both be there for a moment, so a quarter is
/// left free.
fn left(limit: u64, kept: u64) -> usize {
    let left = limit.saturating_sub(kept) / 4 * 3;
    usize::try_from(left).unwrap_or(usize::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_room_for_files() {
        for (limit, expected) in [(0, 1), (32, 1), (64, 12), (256, 156), (1024, 732)] {
            assert_eq!(left(limit, KEPT), expected, "{limit}");
        }
    }
}
