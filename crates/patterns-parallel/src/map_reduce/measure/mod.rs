//! How good a combination is, as far as code can tell: measures without a model or a reference.

mod citation;
mod fidelity;
mod measures;
mod repetition;
#[cfg(test)]
mod tests;
mod words;

pub use citation::{input_coverage, position_entropy, quote_exactness, statement_support};
pub use fidelity::fact_fidelity;
pub use measures::{Measures, compression};
pub use repetition::{order_sensitivity, repeated_five_grams, repeated_statements};
