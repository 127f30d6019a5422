//! The providers: one folder for each way of speaking to models.

pub(crate) mod offline;
pub(crate) mod openai;
