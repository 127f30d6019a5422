//! How many tokens a text has: counted, or estimated with caution.

use std::fmt;
use std::sync::Arc;

/// Returns about how many tokens `text` has, rather too many than too few.
///
/// English has about 4 bytes a token in the tokenizers of the large providers; code, numbers and
/// other languages have fewer, so 3 is assumed.
pub fn estimate_tokens(text: &str) -> u64 {
    (text.len() as u64).div_ceil(3)
}

/// Counts the tokens of texts; without a tokenizer it [estimates](estimate_tokens) them.
///
/// Where texts are cut and what is combined depends on it, so it must count the same each time:
/// a run that is repeated with another counter asks other questions, and pays for them again.
///
/// ```
/// use patterns_core::TokenCounter;
///
/// let words = TokenCounter::new(|text| text.split_whitespace().count() as u64);
/// assert_eq!(words.count("one two three"), 3);
/// assert_eq!(TokenCounter::default().count("one two three"), 5);
/// ```
#[derive(Clone)]
pub struct TokenCounter(Arc<dyn Fn(&str) -> u64 + Send + Sync>);

impl TokenCounter {
    /// Makes a counter of a function. It should count at most one token a byte, as the tokenizers of
    /// language models do.
    pub fn new(count: impl Fn(&str) -> u64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(count))
    }

    /// Returns how many tokens `text` has.
    pub fn count(&self, text: &str) -> u64 {
        (self.0)(text)
    }
}

impl Default for TokenCounter {
    fn default() -> Self {
        Self::new(estimate_tokens)
    }
}

impl fmt::Debug for TokenCounter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCounter").finish_non_exhaustive()
    }
}
