//! Turns any reply into a whole answer or an error that says what to do next, whoever sent it.
//!
//! What an answer looks like is a dialect's affair. How failures are said is not: gateways pass on one
//! provider's words in another one's shape, so that one table knows all of them.

mod classify;
mod codes;
mod completion;
mod failure;
mod filtered;
mod foreign;
mod lenient;
mod no_credit;
mod rate;
mod redact;
mod retry_after;
mod system_role;
mod too_long;

pub(super) use classify::classify;
pub(super) use completion::{Completion, Verdict, count, first_answer, is_error, one_attempt};
pub(super) use failure::{own_words, told};
pub(super) use filtered::filtered;
pub(super) use foreign::is_foreign;
pub(super) use lenient::read as read_json;
pub(crate) use rate::{Rate, Rates};
pub(super) use redact::{MAX_DETAIL, Redactor};
pub(super) use system_role::is_refused as refuses_system_role;
