//! Cassettes: calls of a model, recorded once and answered from a file ever after.

mod difference;
mod error;
mod line;
mod record;
mod redactor;
mod replay;

pub use difference::{Difference, MissingCall};
pub use error::{CassetteError, CassetteErrorKind};
pub use record::{RecordLayer, Recorded};
pub use redactor::Redactor;
pub use replay::Replay;
