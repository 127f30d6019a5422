//! Gives headings the anchors that they have on GitHub.

use std::collections::HashMap;

use unicode_normalization::char::is_combining_mark;

/// Gives headings the anchors that they have on GitHub: one that was given before gets a number.
///
/// ```
/// let mut anchors = patterns_job::Anchors::default();
/// let given = ["What it costs", "Costs & fees", "What it costs"].map(|it| anchors.of(it));
/// assert_eq!(given, ["what-it-costs", "costs--fees", "what-it-costs-1"]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Anchors {
    /// How often each was asked for after it was given.
    given: HashMap<String, u32>,
}

impl Anchors {
    /// Returns the anchor of the next heading, of what is shown of it.
    pub fn of(&mut self, heading: &str) -> String {
        let plain: String = heading
            .to_lowercase()
            .chars()
            .filter_map(of_anchor)
            .collect();
        let mut anchor = plain.clone();
        while self.given.contains_key(&anchor) {
            let number = self.given.entry(plain.clone()).or_default();
            *number += 1;
            anchor = format!("{plain}-{number}");
        }
        self.given.insert(anchor.clone(), 0);
        anchor
    }
}

/// Returns what a sign is in an anchor: letters, marks, digits and connectors are kept, of numbers nothing
/// but digits (`github-slugger`, after the one of GitHub).
fn of_anchor(it: char) -> Option<char> {
    let is_connector = matches!(
        it,
        '_' | '\u{203f}' | '\u{2040}' | '\u{2054}' | '\u{fe33}' | '\u{fe34}' | '\u{fe4d}'
            ..='\u{fe4f}' | '\u{ff3f}'
    );
    let is_raised_or_framed = matches!(it, '\u{b2}' | '\u{b3}' | '\u{b9}' | '\u{bc}'..='\u{be}' |
        '\u{2070}'..='\u{2189}' | '\u{2460}'..='\u{24ff}' | '\u{2776}'..='\u{2793}' | '\u{3192}'..='\u{3195}' |
        '\u{3220}'..='\u{33ff}');
    let is_digit = it.is_numeric() && !is_raised_or_framed;
    match it {
        ' ' | '-' => Some('-'),
        it if it.is_alphabetic() || is_combining_mark(it) || is_digit || is_connector => Some(it),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `github-slugger` makes of the same.
    #[test]
    fn anchors_are_those_of_github() {
        let mut anchors = Anchors::default();
        for (heading, anchor) in [
            ("1.1 Pros & cons", "11-pros--cons"),
            ("Pros", "pros"),
            ("pros", "pros-1"),
            ("Pros 1", "pros-1-1"),
            ("Pros", "pros-2"),
            ("x² ½ ①", "x--"),
            ("ångström e\u{301}", "ångström-e\u{301}"),
            ("हिन्दी 港 🚢 ٣ snake_case", "हिन्दी-港--٣-snake_case"),
            ("!", ""),
            ("?", "-1"),
        ] {
            assert_eq!(anchors.of(heading), anchor, "{heading}");
        }
    }
}
