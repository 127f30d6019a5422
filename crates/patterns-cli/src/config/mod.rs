//! What is set once instead of typed: a file of the user, a file of the project, variables, and `-c`.
//!
//! They weigh in that order, the last one most, and an option that is typed more than all of them.
//! Whatever comes in, each source is checked by itself against one schema (`schema.rs`), so that an
//! error names its own place; then they are laid over each other key by key (`loaded.rs`), and the
//! result fills what was not typed (`fill.rs`), before anything else looks at the options.
//!
//! The file of a project comes with a clone. What decides where inputs and keys go counts in it only
//! once its user has looked at it (`patterns config trust`, see `sensitive.rs`).

mod assignment;
mod document;
mod entry;
mod fill;
mod keys;
mod loaded;
mod places;
mod providers;
mod read;
mod resolve;
mod schema;
mod sensitive;
mod suggest;

pub(crate) use assignment::{TYPED_ELSEWHERE, as_shown, decides_where};
pub(crate) use entry::Entry;
pub(crate) use fill::{Scope, fill, fill_options, talk};
pub(crate) use keys::{reference, schema_json};
pub(crate) use loaded::{Loaded, Project};
pub(crate) use places::{project_file, user_file};
pub(crate) use providers::{Aliases, KeySource, NamedProvider, Providers};
pub(crate) use schema::RestateKeys;
pub(crate) use sensitive::leads_out;
