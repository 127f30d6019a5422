//! The model without a model: it answers by quoting the key sentences of the documents it is given.
//!
//! ```text
//! documents ─► clean ─► sentences ─► weight ─┐
//!    schema ─► plan (or: needs a model)      ├─► rank ─► select ─► fill ─► answer
//!  last text ─► subject ─────────────────────┘
//! ```

mod clean;
mod fields;
mod fill;
mod inline;
mod keywords;
mod lines;
mod model;
mod plan;
mod rank;
mod records;
mod select;
mod sentences;
mod skip;
mod source;
mod weight;
mod words;

pub use model::{OFFLINE_LABEL, Offline};

#[cfg(test)]
mod tests;
