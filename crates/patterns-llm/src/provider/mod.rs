//! The providers: one folder for each way of speaking to models.

mod name;
pub(crate) mod openai;

pub(crate) use name::{Provider, unknown_provider};
