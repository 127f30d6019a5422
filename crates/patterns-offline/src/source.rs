//! Gathers the sentences that may be quoted from the documents of a request.

use std::collections::HashMap;
use std::ops::Range;

use patterns_core::{Document, Part, Request, Role};
use serde_json::Value;

use super::clean::{self, Paragraph};
use super::records::{self, Record};
use super::sentences::sentences;
use super::weight::{Place, weight};
use super::words::{Vocabulary, fold, is_wide, word_count};

/// How many sentences are compared with each other. Of longer material every document keeps its
/// share: the first half of it from its beginning, the other half evenly from the rest.
pub(super) const MAX_SENTENCES: usize = 400;

/// Longer sentences are not quoted, unless there is nothing else.
const MAX_WORDS: usize = 80;

/// How much is quoted of a text that has no sentences, in words and in characters.
const MAX_LEAD: (usize, usize) = (60, 500);

/// A sentence that may be quoted.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sentence {
    /// The words, white space folded.
    pub(super) text: String,
    /// The number of its document.
    pub(super) document: usize,
    /// How many words it has.
    pub(super) words: usize,
    /// Its prior weight, by form and place.
    pub(super) weight: f64,
    /// Its terms in order; numbers stand for equal stems.
    pub(super) terms: Vec<u32>,
    /// How many of the subject's terms it contains.
    pub(super) on_subject: usize,
    /// Whether the heading over it contains any.
    pub(super) under_subject: bool,
}

/// What can be quoted.
#[derive(Debug, Default)]
pub(super) struct Source {
    /// The sentences in the order of the documents.
    pub(super) sentences: Vec<Sentence>,
    /// How many documents have any.
    pub(super) documents: usize,
    /// How many words all sentences have, those beyond the cap included.
    pub(super) words: usize,
    /// How many different terms there are.
    pub(super) terms: usize,
}

/// Returns the documents of a request.
pub(super) fn documents(request: &Request) -> Vec<&Document> {
    let parts = request.messages.iter().flat_map(|it| &it.parts);
    parts
        .filter_map(|part| match part {
            Part::Document(document) => Some(document),
            Part::Text(_) => None,
        })
        .collect()
}

/// Returns what the request says about the subject: its last words to the model before any answer
/// and, where those name something in quotation marks, the line that tells more about it.
fn brief(request: &Request) -> String {
    let asked = request
        .messages
        .iter()
        .take_while(|it| it.role == Role::User);
    let texts: Vec<&str> = asked
        .flat_map(|it| &it.parts)
        .filter_map(|part| match part {
            Part::Text(text) => Some(&**text),
            Part::Document(_) => None,
        })
        .collect();
    let Some((last, earlier)) = texts.split_last() else {
        return String::new();
    };
    let names: Vec<&str> = last
        .split('"')
        .skip(1)
        .step_by(2)
        .filter(|it| !it.is_empty())
        .collect();
    let mut brief = (*last).to_owned();
    for line in earlier.iter().flat_map(|it| it.lines()) {
        if names.iter().any(|name| line.contains(&format!("{name}:"))) {
            brief.push('\n');
            brief.push_str(line);
        }
    }
    brief
}

impl Source {
    /// Reads the documents of a request.
    pub(super) fn read(request: &Request) -> Self {
        let vocabulary = Vocabulary::new();
        let mut gathering = Gathering {
            subject: vocabulary.subject(&brief(request)),
            vocabulary,
            ids: HashMap::new(),
            source: Self::default(),
        };
        let documents = documents(request);
        let texts: Vec<String> = documents.iter().map(|it| printable(&it.text)).collect();
        let contents: Vec<Content<'_>> = texts.iter().map(|it| Content::of(it)).collect();
        let spread = contents.len().div_ceil(MAX_SENTENCES).max(1);
        let share = (MAX_SENTENCES / contents.len().max(1)).max(1);
        for (n, content) in contents.iter().enumerate() {
            let share = if n % spread == 0 { share } else { 0 };
            gathering.document(n, content, share);
        }
        if gathering.source.sentences.is_empty() {
            gathering.beginnings(&texts, &contents);
        }
        gathering.finish()
    }
}

/// Replaces control characters by spaces; this happens to all text that is quoted.
fn printable(text: &str) -> String {
    text.replace(
        |c: char| c.is_control() && c != '\n' && c != '\r' && c != '\t',
        " ",
    )
}

/// A document taken apart.
enum Content<'a> {
    Records(Vec<Record<'a>>),
    Prose(Vec<Paragraph>),
}

impl<'a> Content<'a> {
    fn of(text: &'a str) -> Self {
        if let Some(records) = records::representatives(text) {
            return Self::Records(records);
        }
        let mut paragraphs = Vec::new();
        match json(text) {
            Some(value) => flatten(&value, &mut paragraphs),
            None => paragraphs = clean::paragraphs(text),
        }
        Self::Prose(paragraphs)
    }
}

/// Earlier answers come as JSON; what they say is in their strings.
fn json(text: &str) -> Option<Value> {
    let text = text.trim();
    let is_candidate = text.starts_with(['{', '[']) && text.ends_with(['}', ']']);
    is_candidate
        .then(|| serde_json::from_str(text).ok())
        .flatten()
}

fn flatten(value: &Value, paragraphs: &mut Vec<Paragraph>) {
    match value {
        Value::String(text) => paragraphs.extend(clean::paragraphs(text)),
        Value::Array(items) => items.iter().for_each(|it| flatten(it, paragraphs)),
        Value::Object(map) => map.values().for_each(|it| flatten(it, paragraphs)),
        _ => {}
    }
}

struct Gathering {
    vocabulary: Vocabulary,
    subject: Vec<String>,
    ids: HashMap<String, u32>,
    source: Source,
}

impl Gathering {
    fn document(&mut self, number: usize, content: &Content<'_>, share: usize) {
        let before = self.source.sentences.len();
        match content {
            Content::Records(records) => {
                for at in heaviest(records, share) {
                    let Record { line, weight } = records[at];
                    self.source.words += word_count(line);
                    self.add(number, line, "", |_, _| weight);
                }
            }
            Content::Prose(paragraphs) => {
                let all = pieces(paragraphs);
                self.source.words += all.iter().map(|it| it.2).sum::<usize>();
                let quotable: Vec<_> = all.into_iter().filter(is_quotable).collect();
                for index in sample(quotable.len(), share) {
                    let (paragraph, ref range, _) = quotable[index];
                    let place = Place {
                        heading: &paragraph.heading,
                        is_item: paragraph.is_item,
                        index,
                    };
                    let text = &paragraph.text[range.clone()];
                    self.add(number, text, &paragraph.heading, |it, words| {
                        weight(it, words, place)
                    });
                }
            }
        }
        self.source.documents += usize::from(self.source.sentences.len() > before);
    }

    fn add(
        &mut self,
        document: usize,
        text: &str,
        heading: &str,
        weigh: impl Fn(&str, usize) -> f64,
    ) {
        let text = fold(text);
        let words = word_count(&text);
        let terms = self.vocabulary.terms(&text);
        let heading = heading.rsplit(" / ").next().unwrap_or_default();
        let over = self.vocabulary.terms(heading);
        let sentence = Sentence {
            document,
            words,
            weight: weigh(&text, words),
            on_subject: self.subject.iter().filter(|it| terms.contains(it)).count(),
            under_subject: self.subject.iter().any(|it| over.contains(it)),
            terms: terms.into_iter().map(|it| self.id(it)).collect(),
            text,
        };
        self.source.sentences.push(sentence);
    }

    fn id(&mut self, term: String) -> u32 {
        // There are at most a few thousand terms in the sentences that are kept.
        let next = u32::try_from(self.ids.len()).unwrap_or(u32::MAX);
        *self.ids.entry(term).or_insert(next)
    }

    /// Without sentences, the first words of each document stand for it.
    fn beginnings(&mut self, texts: &[String], contents: &[Content<'_>]) {
        for (number, (text, content)) in texts.iter().zip(contents).enumerate().take(MAX_SENTENCES)
        {
            let prose = match content {
                Content::Prose(paragraphs) => paragraphs.first().map(|it| it.text.as_str()),
                Content::Records(_) => None,
            };
            let beginning = beginning(prose.unwrap_or(text));
            if !beginning.is_empty() {
                self.source.words += word_count(&beginning);
                self.source.documents += 1;
                self.add(number, &beginning, "", |_, _| 1.0);
            }
        }
    }

    fn finish(mut self) -> Source {
        self.source.terms = self.ids.len();
        self.source
    }
}

type Piece<'a> = (&'a Paragraph, Range<usize>, usize);

/// Splits paragraphs into sentences; one without any end of a sentence may be a list of lines.
fn pieces(paragraphs: &[Paragraph]) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    for paragraph in paragraphs {
        let text = &paragraph.text;
        for range in sentences(text) {
            let words = word_count(&text[range.clone()]);
            let lines = text[range.clone()].split_inclusive('\n');
            if words <= MAX_WORDS {
                found.push((paragraph, range, words));
                continue;
            }
            let mut start = range.start;
            for line in lines {
                found.push((paragraph, start..start + line.len(), word_count(line)));
                start += line.len();
            }
        }
    }
    found
}

fn is_quotable((paragraph, range, words): &Piece<'_>) -> bool {
    let text = &paragraph.text[range.clone()];
    *words <= MAX_WORDS && text.len() <= 10 * MAX_WORDS && text.chars().any(char::is_alphabetic)
}

/// Chooses `share` of `count` places: the first half from the start, the rest evenly.
fn sample(count: usize, share: usize) -> Vec<usize> {
    if count <= share {
        return (0..count).collect();
    }
    let lead = share.div_ceil(2);
    let rest = share - lead;
    let spread = (0..rest).map(|n| lead + n * (count - lead) / rest);
    (0..lead).chain(spread).collect()
}

/// Chooses the records that weigh most, in their order.
fn heaviest(records: &[Record<'_>], share: usize) -> Vec<usize> {
    let mut places: Vec<usize> = (0..records.len()).collect();
    places.sort_by(|a, b| records[*b].weight.total_cmp(&records[*a].weight));
    places.truncate(share);
    places.sort_unstable();
    places
}

/// Returns the first words of a text, cut between words, or inside one that is endless.
fn beginning(text: &str) -> String {
    let (max_words, max_chars) = MAX_LEAD;
    let mut kept = String::new();
    let mut chars = 0;
    for word in text.split_whitespace().take(max_words) {
        let length = word.chars().take(max_chars + 1).count();
        let has_wide = word.chars().take(max_chars).any(is_wide);
        if kept.is_empty() && (length > max_chars || has_wide) {
            return word.chars().take(max_chars).collect();
        }
        chars += length + 1;
        if chars > max_chars {
            break;
        }
        if !kept.is_empty() {
            kept.push(' ');
        }
        kept.push_str(word);
    }
    kept
}
