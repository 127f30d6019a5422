//! The content-defined reduce tree: which neighbours are combined, so that a small edit stays cheap.
//!
//! Groups end where the documents themselves say so, not at every eighth place. A digest of a
//! document's name gives its *height*: `h` if the digest is divisible by a number (half as large
//! again as the mean fan-in) to the power of `h`, as in a skip list. At level `l` a group ends after
//! a leaf that is higher than `l`, and a combination inherits the height of its last leaf. An edit
//! in the middle thus changes the groups on its own path to the root and leaves the others as they
//! were, so that a store of answered calls pays for a path, not for everything to the right of the
//! edit.
//!
//! ```text
//! level 2                        ┌──────── root ────────┐
//! level 1          ┌─────────────┴──┐              ┌────┴───┐
//! level 0   a b c d¹ e f¹ g h i j k l² m n o¹ p q r s t¹ u v w    (heights above 0 as exponents)
//! ```
//!
//! Three rules are laid over this:
//!
//! * What exceeds the token budget or the cap of the fan-in is cut again, after the leaf with the
//!   highest *priority* (more bits of the digest), as a treap would; where that leaves no two
//!   neighbours together although some would fit, [`pack`](crate::pack) groups them.
//! * What fits into one call as a whole is one call, so few documents take one.
//! * An item alone in its group passes up as it is: a call on one item would be for nothing.

mod cut;
mod fan_in;
mod group;
mod node;
mod reduce_tree;
#[cfg(test)]
mod tests;

pub(crate) use fan_in::FanIn;
pub(super) use reduce_tree::ReduceTree;
