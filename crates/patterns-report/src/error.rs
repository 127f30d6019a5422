//! Why a page could not be made.

use std::error::Error;
use std::io;

/// Why a page could not be made.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// The page could not be written.
    #[error("the page could not be written: {0}")]
    Write(#[from] io::Error),
    /// A call could not be read.
    #[error("a call of the run could not be read: {0}")]
    Read(#[source] Box<dyn Error + Send + Sync>),
}
