//! Finds the numbers and names of a result that are in no document.
//!
//! Documents pass before there is a result, and are not kept. So what is remembered of them is one
//! mebibyte, however many they are: a Bloom filter (Bloom 1970) of their words. It never takes a word
//! for missing that was there. It takes a missing one for present one time in a hundred thousand
//! after 100,000 different words, one time in forty after a million; when three quarters of it are
//! full, nothing is looked up any more, and a warning says that.
//!
//! A name is a word of two letters or more with a capital that begins no sentence, line or cell. Case
//! does not count in looking it up. A number is looked up in each way in which it can be read
//! (`number_readings.rs`). Where more than 15 % of the words inside the sentences of the documents
//! have a capital (German, tables of names), capitals say nothing, and only numbers are looked up.
//! Numbers that are no text (`{"total": 7}`) are counts and scores as a rule, and are left alone.
//! After the entity precision of Nan et al. (arXiv 2102.09130), without a model that finds the
//! entities.

use std::collections::HashSet;

use patterns_core::{Document, Warning, some_of};
use serde::Serialize;
use serde_json::Value;

use super::number_readings::{GROUPING, is_separator, number_readings};

/// The words of 64 bits of the filter: one mebibyte.
const WORDS: usize = 1 << 17;

/// Bits that stand for one word.
const PROBES: u64 = 4;

/// How many numbers and names a warning names.
const NAMED: usize = 10;

/// What is remembered of the words of all documents.
#[derive(Debug, Default)]
pub(super) struct SeenWords {
    bits: Vec<u64>,
    /// How many bits are set.
    set: u64,
    /// Words that begin no sentence, and those of them with a capital.
    inside: u64,
    capitals: u64,
    /// Whether there are documents that are no text.
    has_pictures: bool,
}

impl SeenWords {
    /// Remembers the words of a name that a model is shown: of a document or a chunk.
    pub(super) fn add_name(&mut self, name: &str) {
        words(name).for_each(|word| self.remember(&word));
    }

    /// Remembers the words of a document.
    pub(super) fn add(&mut self, document: &Document) {
        self.has_pictures |= document.attachment.is_some();
        self.add_name(document.context.as_deref().unwrap_or_default());
        for word in words(&document.text) {
            self.remember(&word);
            if !word.begins && !word.is_number() {
                self.inside += 1;
                self.capitals += u64::from(word.has_capital());
            }
        }
    }

    /// Returns a warning that names the numbers and names in the texts of a result that are in no
    /// document, if there are any.
    pub(super) fn warning(&self, result: &impl Serialize) -> Option<Warning> {
        // What was read from JSON can be written as JSON.
        let result = serde_json::to_value(result).unwrap_or_default();
        if self.set > WORDS as u64 * 48 {
            let message = "the documents have too many different words to see whether numbers and \
                           names of the result are in any of them";
            return Some(Warning::new("not-looked-up", message));
        }
        let mut unseen = Vec::new();
        self.look_up(&result, &mut HashSet::new(), &mut unseen);
        if unseen.is_empty() {
            return None;
        }
        let named = some_of(unseen.iter().take(NAMED), unseen.len() as u64);
        let texts = match self.has_pictures {
            true => " with text, and pictures are not looked through",
            false => "",
        };
        let message = format!(
            "the result has numbers or names that are in no document{texts}: {named} (what was \
             added up or translated is among them)"
        );
        Some(Warning::new("not-in-documents", message))
    }

    fn look_up(&self, value: &Value, known: &mut HashSet<u64>, unseen: &mut Vec<String>) {
        match value {
            Value::String(text) => {
                for word in words(text).filter(|word| self.is_telling(word)) {
                    if !self.has(&word) && known.insert(word.hash()) {
                        unseen.push(word.text.to_owned());
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|it| self.look_up(it, known, unseen)),
            Value::Object(members) => {
                members
                    .values()
                    .for_each(|it| self.look_up(it, known, unseen));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Returns whether a word is a number, or a name as far as capitals tell.
    fn is_telling(&self, word: &Word<'_>) -> bool {
        if word.is_number() {
            return !word.is_list_number;
        }
        let do_capitals_tell = self.capitals * 100 <= self.inside * 15;
        do_capitals_tell && !word.begins && word.has_capital() && word.text.chars().nth(1).is_some()
    }

    fn remember(&mut self, word: &Word<'_>) {
        match word.is_plain() {
            true => self.remember_hash(word.hash()),
            // The fifth of a month may be written `05`, but the name of a second document is not its number.
            false if !word.is_in_date && !word.text.contains(is_separator) => {
                self.remember_hash(word.hash());
            }
            false => {
                let parts = number_readings(word.text).into_iter().flatten();
                parts.for_each(|it| self.remember_hash(hash(&it)));
            }
        }
    }

    fn remember_hash(&mut self, hash: u64) {
        self.bits.resize(WORDS, 0);
        for (at, bit) in probes(hash) {
            self.set += u64::from(self.bits[at] & bit == 0);
            self.bits[at] |= bit;
        }
    }

    fn has(&self, word: &Word<'_>) -> bool {
        if word.is_plain() {
            return self.has_hash(word.hash());
        }
        let mut readings = number_readings(word.text).into_iter();
        readings.any(|parts| parts.iter().all(|it| self.has_hash(hash(it))))
    }

    fn has_hash(&self, hash: u64) -> bool {
        probes(hash).all(|(at, bit)| self.bits.get(at).is_some_and(|it| it & bit != 0))
    }
}

/// Returns the bits that stand for a word (Kirsch and Mitzenmacher 2006: two hashes do for all).
fn probes(hash: u64) -> impl Iterator<Item = (usize, u64)> {
    let step = (hash >> 32) | 1;
    (0..PROBES).map(move |n| {
        let bit = hash.wrapping_add(step.wrapping_mul(n)) % (WORDS as u64 * 64);
        ((bit / 64) as usize, 1 << (bit % 64))
    })
}

/// A run of letters, or a number with its commas and decimal point.
struct Word<'a> {
    text: &'a str,
    /// Whether it begins a sentence, a line or a cell.
    begins: bool,
    /// Whether it is a number with a hyphen or slash between it and another one.
    is_in_date: bool,
    /// Whether it numbers an item of a list: `2.` or `2)` at the beginning of a line.
    is_list_number: bool,
}

impl Word<'_> {
    fn is_number(&self) -> bool {
        self.text.starts_with(char::is_numeric)
    }

    fn has_capital(&self) -> bool {
        self.text.starts_with(char::is_uppercase)
    }

    /// Returns whether it can be read in one way only, which is as it is written.
    fn is_plain(&self) -> bool {
        !self.is_number() || (!self.text.starts_with('0') && !self.text.contains(is_separator))
    }

    fn hash(&self) -> u64 {
        hash(self.text)
    }
}

/// Hashes a text in lower case (FNV-1a, finalised as in `SplitMix64`).
fn hash(text: &str) -> u64 {
    let mut hash: u64 = 0xCBF2_9CE4_8422_2325;
    let mut add = |byte: u8| hash = (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3);
    for it in text.chars() {
        if it.is_ascii() {
            add(it.to_ascii_lowercase() as u8);
        } else {
            let lower = it.to_lowercase();
            lower.for_each(|it| it.encode_utf8(&mut [0; 4]).bytes().for_each(&mut add));
        }
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    hash ^ (hash >> 31)
}

/// Returns the words and numbers of a text; `20km` is two of them.
fn words(text: &str) -> impl Iterator<Item = Word<'_>> {
    const BEGIN: [char; 11] = ['.', '!', '?', '\n', ':', '•', '|', '"', '“', '„', '«'];
    let mut begins = true;
    let mut is_number_before = false;
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = rest.find(char::is_alphanumeric)?;
        begins |= rest[..start].contains(BEGIN);
        let is_joined = is_number_before && matches!(&rest[..start], "-" | "/");
        let (word, after) = rest[start..].split_at(end_of_word(&rest[start..]));
        rest = after;
        let word = Word {
            text: word,
            begins,
            is_in_date: is_joined || joins_number(after),
            is_list_number: begins
                && word.starts_with(char::is_numeric)
                && after.starts_with(['.', ')']),
        };
        begins = word.is_list_number;
        is_number_before = word.is_number();
        Some(word)
    })
}

/// Returns whether a text begins with a hyphen or slash and a digit.
fn joins_number(text: &str) -> bool {
    let rest = text.strip_prefix(['-', '/']);
    rest.is_some_and(|it| it.starts_with(char::is_numeric))
}

/// Returns where the first word ends. In a number, a point or comma between digits does not end it, nor
/// does what else may group its thousands.
fn end_of_word(text: &str) -> usize {
    let is_number = text.starts_with(char::is_numeric);
    let mut signs = text.char_indices().peekable();
    while let Some((at, it)) = signs.next() {
        let goes_on = match it {
            '.' | ',' => is_number && signs.peek().is_some_and(|it| it.1.is_numeric()),
            it if GROUPING.contains(&it) => is_number && begins_group(&text[at + it.len_utf8()..]),
            it => it.is_alphanumeric() && it.is_numeric() == is_number,
        };
        if !goes_on {
            return at;
        }
    }
    text.len()
}

/// Returns whether a text begins with three digits and no more.
fn begins_group(text: &str) -> bool {
    let mut signs = text.chars();
    let are_digits = signs.by_ref().take(3).filter(char::is_ascii_digit).count() == 3;
    are_digits && signs.next().is_none_or(|it| !it.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn seen(source: &str) -> SeenWords {
        let mut seen = SeenWords::default();
        seen.add_name("report-7.txt");
        seen.add(&Document::new("d", source));
        seen
    }

    /// Checks which words of a text are said to be in no document.
    fn check(text: &str, source: &str, expected: &[&str]) {
        let mut unseen = Vec::new();
        seen(source).look_up(&json!([{ "x": text }]), &mut HashSet::new(), &mut unseen);
        assert_eq!(unseen, expected, "{text}");
    }

    #[test]
    fn what_is_in_no_document_is_named() {
        let plain = "in the old harbour of the town there were some ships, and one of them sank";
        check("No facts here.", "", &[]);
        check("It was 3.5 km.", "3.5", &[]);
        check("It was 3.5km and 20km.", "3.5 km", &["20"]);
        check("It was 3.5 km.", "35", &["3.5"]);
        check("12,000 boats", "12000 ships", &[]);
        check("Seen 1, 2, 3, 3.", "2 1", &["3"]);
        check("At 3,5 km.", "35 km", &["3,5"]);
        check("At 100.5 km.", "Row 5 100.5 km", &[]);
        check("At 100,5 km.", "Row 5 100,5 km", &[]);
        check("10 000 and 10,000 and 10’000", "10\u{202f}000 ships", &[]);
        check("On 5 3.", "2024-03-05", &[]);
        check("On 2024-03-05.", "5 3 2024", &[]);
        check("There are 2.", "page 02", &["2"]);
        check("1. It sank.\n2) It burnt.\n- 3 boats", plain, &["3"]);
        check("Then Ann's boat sank. Nothing else.", plain, &["Ann"]);
        check(
            "We met Ann, Bob and Ann.",
            &format!("{plain} Bob"),
            &["Ann"],
        );
        check(
            "Of ÉCOLE and the Harbour, by Straße 7",
            &format!("{plain} école"),
            &["Straße"],
        );
        check("See Report-7 of I.", plain, &[]);
        check("2024年に", "2024", &[]);
    }

    #[test]
    fn where_capitals_say_nothing_only_numbers_are_looked_up() {
        let german = "der alte Hafen der Stadt hat drei Schiffe und einen Kran";
        check("ein Boot und 4 Schiffe", german, &["4"]);
    }

    #[test]
    fn a_warning_names_the_first_and_counts_the_rest() {
        let numbers: Vec<String> = (100..113).map(|it| it.to_string()).collect();
        let warning = seen("").warning(&numbers).unwrap();
        assert_eq!(
            (&*warning.code, &*warning.message),
            (
                "not-in-documents",
                "the result has numbers or names that are in no document: 100, 101, 102, 103, 104, \
                 105, 106, 107, 108, 109 and 3 more (what was added up or translated is among them)"
            )
        );
        assert_eq!(seen("").warning(&json!({"n": 7, "text": "none"})), None);
    }

    #[test]
    fn a_full_memory_says_so() {
        let mut full = seen("");
        full.set = WORDS as u64 * 49;
        let warning = full.warning(&"7").unwrap();
        assert_eq!(warning.code, "not-looked-up");
    }

    #[test]
    fn many_words_leave_room_to_see_that_others_are_missing() {
        let mut seen = SeenWords::default();
        let words: Vec<String> = (0..100_000).map(|it| it.to_string()).collect();
        seen.add(&Document::new("d", words.join(" ")));
        let other: Vec<String> = (200_000..201_000).map(|it| it.to_string()).collect();
        let (mut known, mut unseen) = (HashSet::new(), Vec::new());
        seen.look_up(&json!(words), &mut known, &mut unseen);
        assert_eq!(unseen, [""; 0]);
        seen.look_up(&json!(other), &mut known, &mut unseen);
        assert!(unseen.len() > 995, "{}", unseen.len());
    }

    proptest! {
        #[test]
        fn what_is_in_a_document_is_never_warned_of(text in any::<String>(), more in "[a-cA-C0-9 .,]{0,60}") {
            for text in [text, more] {
                prop_assert_eq!(seen(&text).warning(&text), None);
            }
        }
    }
}
