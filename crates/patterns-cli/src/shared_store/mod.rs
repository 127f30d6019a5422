//! A store in a Postgres database that processes share, behind the one that each has of its own. Only a command
//! that is built with the feature `postgres` can use one.

#[cfg(not(feature = "postgres"))]
mod absent;
mod address;
#[cfg(feature = "postgres")]
mod present;
#[cfg(feature = "postgres")]
mod upkeep;

#[cfg(not(feature = "postgres"))]
pub(crate) use absent::{Shared, check, look_after};
pub(crate) use address::{SharedAddress, is_address, without_password};
#[cfg(feature = "postgres")]
pub(crate) use present::Shared;
#[cfg(feature = "postgres")]
pub(crate) use upkeep::{check, look_after};
