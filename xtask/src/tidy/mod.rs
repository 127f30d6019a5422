//! `cargo xtask tidy`: the rules of the tree that no compiler knows, one file per check.
//!
//! Each check is a pure function from text to [`Problem`]s; `check` reads the text.

mod check;
mod circles;
mod faults;
mod files;
mod imports;
mod layers;
mod map;
mod pages;
mod places;
mod problem;
mod readme;
mod reasons;
mod source;
mod strings;
mod undeclared;

pub(crate) use check::run;
pub(crate) use imports::{reexports, without_tests};
pub(crate) use layers::LIBRARIES;
use problem::Problem;
use source::Source;
