//! Says how many tokens of answers a call combines: the one number that a run uses and its plan shows.

use patterns_parallel::map_reduce::Combine;
use serde::Serialize;

use crate::input::room;

/// How many tokens of answers a call combines at most, and why so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ReduceBudget {
    /// How many; a single answer that is longer is combined all the same.
    pub tokens: u64,
    /// What that rests on.
    pub rests_on: RestsOn,
}

/// What a [`ReduceBudget`] rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RestsOn {
    /// It is set.
    Set,
    /// So many tokens are read at once, and what is left of them beside instructions, schema and answer is less
    /// than is usual.
    Window(u64),
    /// It is what is usual, for which there is room: so many tokens are read at once.
    UsualWithin(u64),
    /// It is what is usual; nobody knows how many tokens are read at once.
    Usual,
}

impl ReduceBudget {
    pub(super) fn set(tokens: u64) -> Self {
        Self {
            tokens,
            rests_on: RestsOn::Set,
        }
    }

    /// Works it out of how many tokens are read at once, how long an answer may be and how many bytes are told
    /// beside.
    pub(super) fn of_window(window: Option<u64>, answer: Option<u32>, told: usize) -> Self {
        let usual = Combine::<(), ()>::DEFAULT_TOKENS;
        let (tokens, rests_on) = match window {
            None => (usual, RestsOn::Usual),
            Some(window) => match room(window, answer, told).get() {
                room if room < usual => (room, RestsOn::Window(window)),
                _ => (usual, RestsOn::UsualWithin(window)),
            },
        };
        Self { tokens, rests_on }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_combines_what_is_usual_or_what_there_is_room_for() {
        let of = |window, answer, told| {
            let it = ReduceBudget::of_window(window, answer, told);
            (it.tokens, it.rests_on)
        };
        assert_eq!(of(None, None, 0), (24_000, RestsOn::Usual));
        assert_eq!(
            of(Some(272_000), None, 0),
            (24_000, RestsOn::UsualWithin(272_000))
        );
        assert_eq!(
            of(Some(8_192), Some(1_000), 3_000),
            (4_671, RestsOn::Window(8_192))
        );
    }
}
