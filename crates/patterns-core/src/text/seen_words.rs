//! Finds the numbers and names of a result that are in no document.
//!
//! Documents pass before there is a result, and are not kept. So what is remembered of them is one
//! mebibyte, however many they are: a Bloom filter (Bloom 1970) of their words. It never takes a word
//! for missing that was there. It takes a missing one for present one time in a hundred thousand
//! after 100,000 different words, one time in forty after a million; when three quarters of it are
//! full, nothing is looked up any more, and a warning says that.
//!
//! A name is a word of two letters or more with a capital that begins no sentence, line or cell. Case
//! does not count in looking it up. A number is looked up in each way in which it can be read: `1,000`,
//! `1000` and `1 000` are one, and so are `3.50`, `3.5` and `3,5`. `1.000` may be one or a thousand, and is
//! found as either: a warning of a number that is there costs more trust than one that does not come. What
//! is no number but several (`1,2,3`, the date `05.01.2024`) is found by all of them. Where more than 15 % of
//! the words inside the sentences of the documents have a capital (German, tables of names), capitals say
//! nothing, and only numbers are looked up. Numbers that are no text (`{"total": 7}`) are counts and scores as
//! a rule, and are left alone. In English, a document that says `eight` has the number 8, `twenty-five` 25, and one
//! with the date `2024-05-03` has its May; so far, below a hundred. Of a result most words of which are in no document,
//! as it is in another language, only numbers are looked up. After the entity precision of Nan et al. (arXiv 2102.09130), without a
//! model that finds the entities.

mod number;

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hasher};

use serde::Serialize;
use serde_json::Value;

use self::number::number_readings;
use crate::{Document, Warning, some_of};

/// The words of 64 bits of the filter: one mebibyte.
const WORDS: usize = 1 << 17;

/// Bits that stand for one word.
const PROBES: u64 = 4;

/// How many numbers and names a warning names.
const NAMED: usize = 10;

/// Numbers in letters, each in its place; from the twentieth on, tens.
const SPELLED_OUT: &str = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen \
    sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety";

/// The months, each in its place.
const MONTHS: &str =
    "january february march april may june july august september october november december";

/// What is remembered of the words of all documents.
#[derive(Debug, Default)]
pub struct SeenWords {
    bits: Vec<u64>,
    /// How many bits are set.
    set: u64,
    /// Words that begin no sentence, and those of them with a capital.
    inside: u64,
    capitals: u64,
    /// Whether there are documents that are no text.
    has_pictures: bool,
    /// The tens that the last word named: `twenty` of `twenty-five`.
    tens: u64,
}

impl SeenWords {
    /// Remembers the words of a name that a model is shown: of a document or a chunk.
    pub fn add_name(&mut self, name: &str) {
        words(name).for_each(|word| self.remember(&word));
    }

    /// Remembers the words of a document.
    pub fn add(&mut self, document: &Document) {
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
    pub fn warning(&self, result: &impl Serialize) -> Option<Warning> {
        if self.are_too_many() {
            let message = "the documents have too many different words to see whether numbers and \
                           names of the result are in any of them";
            return Some(Warning::new("not-looked-up", message));
        }
        let unseen = self.unseen(result);
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

    /// Returns the numbers and names in the texts of a result that are in no document; none where the
    /// documents have too many different words to tell.
    pub fn unseen(&self, result: &impl Serialize) -> Vec<String> {
        let mut unseen = Vec::new();
        if self.are_too_many() {
            return unseen;
        }
        // What was read from JSON can be written as JSON.
        let result = serde_json::to_value(result).unwrap_or_default();
        self.look_up(&result, &mut HashSet::new(), &mut unseen);
        if self.is_in_other_words(&result) {
            unseen.retain(|it| it.starts_with(char::is_numeric));
        }
        unseen
    }

    /// Returns whether most of a result's words without a capital are in no document, so that it may be in another
    /// language, which may be one of many capitals. Few words say nothing about that.
    fn is_in_other_words(&self, result: &Value) -> bool {
        let mut texts = Vec::new();
        texts_of(result, &mut texts);
        let words = texts.into_iter().flat_map(words);
        let small = words.filter(|it| !it.is_number() && !it.has_capital());
        let (all, unseen) = small.fold((0, 0), |(all, unseen), it| {
            (all + 1, unseen + usize::from(!self.has(&it)))
        });
        all >= 10 && 2 * unseen > all
    }

    fn are_too_many(&self) -> bool {
        self.set > WORDS as u64 * 48
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

    /// Remembers what a word says in another way, too.
    fn remember_meaning(&mut self, word: &Word<'_>) {
        let place = |names: &str| {
            let mut names = names.split(' ');
            names.position(|it| it.eq_ignore_ascii_case(word.text))
        };
        let tens = std::mem::take(&mut self.tens);
        if let Some(place) = place(SPELLED_OUT) {
            let number = match place as u64 {
                tens @ 20.. => (tens - 18) * 10,
                units => units,
            };
            self.remember_hash(hash(&number.to_string()));
            match number {
                20.. => self.tens = number,
                1..10 if tens > 0 => self.remember_hash(hash(&(tens + number).to_string())),
                _ => {}
            }
        }
        // What may and march is no month.
        if word.has_capital()
            && !word.begins
            && let Some(month) = place(MONTHS)
        {
            self.remember_hash(hash(&(month + 1).to_string()));
        }
        if word.is_in_date
            && let Ok(month) = word.text.parse::<usize>()
            && let Some(name) = month
                .checked_sub(1)
                .and_then(|it| MONTHS.split(' ').nth(it))
        {
            self.remember_hash(hash(name));
        }
    }

    fn remember(&mut self, word: &Word<'_>) {
        self.remember_meaning(word);
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

/// Hashes a text in lower case.
fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    let signs = text.chars().flat_map(char::to_lowercase);
    signs.for_each(|it| hasher.write_u32(it.into()));
    hasher.finish()
}

/// Returns the words and numbers of a text; `20km` is two of them.
fn words(text: &str) -> impl Iterator<Item = Word<'_>> {
    const BEGIN: [char; 11] = ['.', '!', '?', '\n', ':', '•', '|', '"', '“', '„', '«'];
    let mut begins = true;
    let mut is_number_before = false;
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = rest.find(is_of_word)?;
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

/// Returns whether a sign is a part of words and numbers; a raised or lowered digit is a unit's, a note's or a
/// formula's.
fn is_of_word(it: char) -> bool {
    it.is_alphanumeric() && !matches!(it, '²' | '³' | '¹' | '\u{2070}'..='\u{209c}')
}

/// Finds the texts of a value.
fn texts_of<'a>(value: &'a Value, texts: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => texts.push(text),
        Value::Array(items) => items.iter().for_each(|it| texts_of(it, texts)),
        Value::Object(members) => members.values().for_each(|it| texts_of(it, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
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
            it => is_of_word(it) && it.is_numeric() == is_number,
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

/// What groups thousands beside points and commas; the spaces are wide, hard, thin and narrow.
const GROUPING: [char; 6] = [' ', '\u{a0}', '\u{2009}', '\u{202f}', '\'', '’'];

/// Returns whether a sign may stand between the digits of a number.
pub(super) fn is_separator(it: char) -> bool {
    matches!(it, '.' | ',') || GROUPING.contains(&it)
}

#[cfg(test)]
mod tests;
