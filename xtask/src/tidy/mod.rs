//! `cargo xtask tidy`: the rules of the tree that no compiler knows, one file per check.
//!
//! Each check is a pure function from text to [`Problem`]s; `check` reads the text.

mod changelog;
mod check;
mod circles;
mod clippy_config;
mod examples;
mod exit_codes;
mod faults;
mod headers;
mod imports;
mod layers;
mod map;
mod markdown;
mod msrv;
mod names;
mod pages;
mod places;
mod problem;
mod reasons;
mod sizes;
mod source;
mod strings;
mod undeclared;

pub(crate) use check::run;
pub(crate) use imports::{reexports, without_tests};
pub(crate) use layers::LIBRARIES;
use problem::Problem;
use source::Source;
