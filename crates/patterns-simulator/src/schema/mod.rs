//! Draws valid instances of a JSON Schema.
//!
//! ```text
//! schema ─► compile (once) ─► Plan of nodes ─► generate ─► Value
//!                              └── keywords that a plan cannot promise: draw, validate, redraw
//! ```
//!
//! Everything in the strict dialect of structured outputs is met by construction. For the rest of
//! JSON Schema (`not`, `oneOf`, `contains`, patterns, …) the plan is a good guess, and a validator
//! decides.

mod compile;
mod generate;
mod keywords;
mod merge;
mod node;
mod number;
mod pattern;
mod plan;
mod text;

pub(super) use plan::Plan;
pub(super) use text::words;

#[cfg(test)]
mod tests;
