//! The model without a model: it answers by quoting the key sentences of the documents it is given.
//!
//! ```text
//! documents ─► clean ─► sentences ─► weight ─┐
//!    schema ─► plan (or: needs a model)      ├─► rank ─► select ─► fill ─► answer
//!  last text ─► subject ─────────────────────┘
//! ```
//!
//! ```
//! use patterns_core::{Document, Message, Model, Part, Request};
//! use patterns_offline::Offline;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let letter = Document::new("letter.txt", "The ferry was late. It rained all day.");
//! let request = Request {
//!     messages: vec![Message::user(vec![
//!         Part::text("What happened?"),
//!         Part::Document(letter),
//!     ])],
//!     ..Request::default()
//! };
//! let answer = Offline::new().generate(&request).await?;
//! assert!(answer.text.contains("The ferry was late."));
//! # Ok(())
//! # }
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
