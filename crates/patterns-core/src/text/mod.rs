//! What texts say, whatever their spelling: whether two answers are one, where a quote is, which words were seen.
//!
//! ```
//! use patterns_core::text::{find_quote, normalise};
//!
//! assert_eq!(normalise(" “Yes.” "), normalise("yes"));
//! assert_eq!(find_quote("It\n is so.", "it is"), None);
//! assert_eq!(find_quote("It\n is so.", "It is"), Some(0..6));
//! ```

mod alike;
mod normalise;
mod quote;
mod seen_words;

pub use alike::{Alike, Classes, alike, classes};
pub use normalise::{canonical, exact, normalise, read_number};
pub use quote::find_quote;
pub use seen_words::SeenWords;

/// Puts a text on one line, with single spaces and nothing that controls a terminal.
pub fn one_line(text: &str) -> String {
    let words = text.split(|it: char| it.is_whitespace() || it.is_control());
    let words: Vec<&str> = words.filter(|it| !it.is_empty()).collect();
    words.join(" ")
}
