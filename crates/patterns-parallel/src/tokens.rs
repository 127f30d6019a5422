//! A cautious estimate of how many tokens a text has.

/// Returns about how many tokens `text` has, rather too many than too few.
///
/// English has about 4 bytes a token in the tokenizers of the large providers; code, numbers and
/// other languages have fewer, so 3 is assumed.
pub fn estimate_tokens(text: &str) -> u64 {
    (text.len() as u64).div_ceil(3)
}
