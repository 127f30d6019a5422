//! The form in which the values of answers are compared.

use serde_json::Value;
use unicode_normalization::{UnicodeNormalization, is_nfc};

use crate::voting::exact;

/// Returns the form of a value: values are the same if their forms are. Every sign counts, but for how
/// a letter with an accent is encoded (NFC), the order of an object's members, and how a number is
/// written.
pub(in crate::map_reduce) fn form(value: &Value) -> String {
    let form = exact(value);
    match is_nfc(&form) {
        true => form,
        false => form.nfc().collect(),
    }
}
