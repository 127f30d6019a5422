//! Finds words in text and reduces them to terms that can be compared.

use std::ops::Range;

use rust_stemmers::{Algorithm, Stemmer};

/// Frequent English words that say nothing about the subject. Texts in other languages do without:
/// there the weight of a term by its rarity does the same work.
const STOP_WORDS: &str = "a about above after again against all also although always am among an and \
any are aren't as at be became because been before being below between both but by can can't cannot \
could couldn't did didn't do does doesn't doing don't done down during each either else etc even ever \
every few first for from further get gets give given go goes got had has hasn't have haven't having he he's \
her here hers herself him himself his how however i i'd i'll i'm i've if in indeed instead into is \
isn't it it's its itself just last less let let's like likely made make makes many may maybe me might more most \
much must my myself need neither new next no nor not now of off often on once one only or other others our ours \
ourselves out over own per perhaps quite rather re really s same say says see shall she should \
shouldn't since so some still such t than that that's the their theirs them themselves then there there's \
therefore these they they're this those though three through thus to too toward towards two under unless \
until up upon us use used using very via want was wasn't way we we're we've well were weren't what \
when where whether which while who whom whose why will with within without won't would wouldn't yet \
you you're your yours yourself";

/// Words of the asking program that name the work, not the subject.
const TASK_WORDS: &str = "abstract answer article belongs brief chapter combine combined context cover describe \
document documents explain focus following give goal information introduction key list main name only \
outline part paragraph point points provide question piece quote read reader order separately report response section \
sections sentence sentences short source sources subject summaries summarise summarize summary task \
text title topic whole word words write writer writing written";

/// Longer runs of letters are data, not words; they are kept as they are.
const MAX_WORD: usize = 40;

/// Turns words into terms.
pub(super) struct Vocabulary {
    stemmer: Stemmer,
    stop_words: std::collections::HashSet<&'static str>,
}

impl Vocabulary {
    pub(super) fn new() -> Self {
        Self {
            stemmer: Stemmer::create(Algorithm::English),
            stop_words: STOP_WORDS.split_whitespace().collect(),
        }
    }

    /// Returns the term of a word, or `None` for a word without meaning of its own.
    pub(super) fn term(&self, word: &str) -> Option<String> {
        let word = word.replace('’', "'").to_lowercase();
        let bare = word.strip_suffix("'s").unwrap_or(&word);
        // Dates and counts make all lines of a log, and all tables, look alike.
        let is_empty = bare.len() < 2 || bare.starts_with(|c: char| c.is_numeric());
        if is_empty || self.stop_words.contains(bare) || self.stop_words.contains(word.as_str()) {
            return None;
        }
        // The stemmer is for words; names of things in code stay as they are.
        if bare.len() <= MAX_WORD && bare.bytes().all(|b| b.is_ascii_lowercase()) {
            return Some(self.stemmer.stem(bare).into_owned());
        }
        Some(bare.chars().take(MAX_WORD).collect())
    }

    /// Returns the terms of a text in order.
    pub(super) fn terms(&self, text: &str) -> Vec<String> {
        words(text)
            .into_iter()
            .filter_map(|at| self.term(&text[at]))
            .collect()
    }

    /// Returns the terms of a prompt that name its subject.
    pub(super) fn subject(&self, prompt: &str) -> Vec<String> {
        let task: Vec<String> = self.terms(TASK_WORDS);
        let mut terms = self.terms(prompt);
        terms.retain(|term| !task.contains(term));
        terms.sort_unstable();
        terms.dedup();
        terms
    }
}

/// Returns where the words of a text are: runs of letters and digits, with `-`, `_`, `.` and
/// apostrophes inside. Scripts without spaces give overlapping pairs of characters instead.
pub(super) fn words(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = None;
    let mut wide: Option<Range<usize>> = None;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let end = at + c.len_utf8();
        if is_wide(c) {
            if let Some(start) = start.take() {
                found.push(start..at);
            }
            if let Some(before) = wide.take() {
                found.push(before.start..end);
            }
            wide = Some(at..end);
            continue;
        }
        wide = None;
        let follows = chars.peek().is_some_and(|(_, next)| next.is_alphanumeric());
        let inside = start.is_some() && follows && matches!(c, '\'' | '’' | '-' | '_' | '.');
        if c.is_alphanumeric() || c == '_' || inside {
            start.get_or_insert(at);
        } else if let Some(start) = start.take() {
            found.push(start..at);
        }
    }
    found.extend(start.map(|start| start..text.len()));
    found
}

/// Characters of scripts that put no space between words.
pub(super) fn is_wide(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}')
}

/// Estimates how many words a reader reads: two wide characters count as one.
pub(super) fn word_count(text: &str) -> usize {
    let wide = text.chars().filter(|c| is_wide(*c)).count();
    text.split_whitespace().count().max(wide / 2)
}

/// Joins a text to one line with single spaces.
pub(super) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.push_str(word);
    }
    folded
}
