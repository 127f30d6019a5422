//! Fills a plan with quotations.

use patterns_core::Document;
use serde_json::{Value, json};

use super::fields::Quoting;
use super::keywords::keywords;
use super::plan::{Obstacle, Plan};
use super::select::{Length, Ranking};
use super::source::Source;
use super::words::fold;

/// How many keywords are given where the schema does not say.
const KEYWORDS: usize = 8;

const TOO_FEW: &str = "asks for more than there is to quote";

/// Quotes from one source; fields that come later prefer sentences that are not quoted yet.
pub(super) struct Quoter<'a> {
    source: &'a Source,
    documents: &'a [&'a Document],
    ranking: Ranking<'a>,
    used: Vec<usize>,
}

impl<'a> Quoter<'a> {
    pub(super) fn new(source: &'a Source, documents: &'a [&'a Document]) -> Self {
        Self {
            source,
            documents,
            ranking: Ranking::of(source),
            used: Vec::new(),
        }
    }

    /// Carries out a plan.
    ///
    /// # Errors
    ///
    /// Returns the first field for which there is too little to quote.
    pub(super) fn fill(&mut self, plan: &Plan) -> Result<Value, Obstacle> {
        match plan {
            Plan::Constant(value) => Ok(value.clone()),
            Plan::Text {
                quoting,
                pointer,
                chars,
            } => {
                let text = match quoting {
                    Quoting::Sentences => self.summary(chars.1),
                    Quoting::Keywords => self.keywords_within(KEYWORDS, chars.1).join(", "),
                };
                if text.is_empty() || text.chars().count() < chars.0 {
                    return Err(Obstacle::new(pointer, TOO_FEW));
                }
                Ok(Value::String(text))
            }
            Plan::List {
                quoting,
                pointer,
                items,
                chars,
            } => {
                let list = match quoting {
                    Quoting::Sentences => self.points(*items, *chars),
                    Quoting::Keywords => self.keyword_list(*items, *chars),
                };
                if list.len() < items.0 {
                    return Err(Obstacle::new(pointer, TOO_FEW));
                }
                Ok(Value::from(list))
            }
            Plan::Citations(most) => Ok(self.citations(*most)),
            Plan::Object(properties) => {
                let filled = properties
                    .iter()
                    .map(|(name, plan)| Ok((name.clone(), self.fill(plan)?)));
                filled.collect::<Result<_, _>>().map(Value::Object)
            }
        }
    }

    /// Returns a summary of at most so many characters.
    pub(super) fn summary(&mut self, max_chars: usize) -> String {
        let length = Length {
            chars: max_chars,
            ..Length::of_summary(self.source)
        };
        let mut chosen = self.ranking.choose(length, &self.used);
        if chosen.is_empty() {
            chosen = self.ranking.choose(
                Length {
                    longest: usize::MAX,
                    ..length
                },
                &self.used,
            );
        }
        if chosen.is_empty() {
            // No sentence is short enough: the beginning of the best one is still a quotation.
            let any = Length {
                sentences: 1,
                words: 0,
                longest: usize::MAX,
                chars: usize::MAX,
            };
            let best = self.ranking.choose(any, &[]);
            return best
                .first()
                .map_or_else(String::new, |n| self.shortened(*n, max_chars));
        }
        self.used.extend(&chosen);
        let texts: Vec<&str> = chosen.iter().map(|n| self.text(*n)).collect();
        texts.join(" ")
    }

    fn text(&self, n: usize) -> &str {
        &self.source.sentences[n].text
    }

    fn shortened(&self, n: usize, max_chars: usize) -> String {
        let start: String = self.text(n).chars().take(max_chars).collect();
        match start.rfind(' ') {
            Some(end) => start[..end].to_owned(),
            None => start,
        }
    }

    fn points(&mut self, items: (usize, Option<usize>), chars: (usize, usize)) -> Vec<String> {
        let usual = (self.source.sentences.len() / 4).clamp(3, 5);
        let most = usual.max(items.0).min(items.1.unwrap_or(usize::MAX));
        let length = Length {
            sentences: most,
            words: 30 * most,
            longest: 40,
            chars: usize::MAX,
        };
        let fits = |n: &usize| (chars.0..=chars.1).contains(&self.text(*n).chars().count());
        let mut chosen = self.ranking.choose(length, &self.used);
        chosen.retain(fits);
        for n in (0..self.source.sentences.len()).filter(fits) {
            if chosen.len() >= items.0 {
                break;
            }
            if !chosen.iter().any(|it| self.text(*it) == self.text(n)) {
                chosen.push(n);
            }
        }
        chosen.sort_unstable();
        self.used.extend(&chosen);
        chosen.iter().map(|n| self.text(*n).to_owned()).collect()
    }

    /// Cites what was quoted so far, as far as it is in its document word for word: marks of a format are
    /// taken out of a sentence before it is quoted.
    fn citations(&self, most: usize) -> Value {
        let mut cited: Vec<(&str, &str)> = Vec::new();
        for n in &self.used {
            let quote = self.text(*n);
            let document = self.documents.get(self.source.sentences[*n].document);
            let has_it = document.filter(|it| fold(&it.text).contains(quote));
            let is_new = !cited.iter().any(|it| it.1 == quote);
            if let Some(document) = has_it.filter(|_| is_new) {
                cited.push((&document.id, quote));
            }
        }
        let cited = cited.into_iter().take(most);
        cited
            .map(|(source, quote)| json!({"source": source, "quote": quote}))
            .collect()
    }

    fn keyword_list(&self, items: (usize, Option<usize>), chars: (usize, usize)) -> Vec<String> {
        let most = KEYWORDS.max(items.0).min(items.1.unwrap_or(usize::MAX));
        let mut list = keywords(self.source, most);
        list.retain(|it| (chars.0..=chars.1).contains(&it.chars().count()));
        list
    }

    fn keywords_within(&self, most: usize, max_chars: usize) -> Vec<String> {
        let mut left = max_chars;
        let mut list = keywords(self.source, most);
        list.retain(|it| {
            let length = it.chars().count() + 2;
            let fits = length <= left.saturating_add(2);
            left = if fits {
                left.saturating_sub(length)
            } else {
                left
            };
            fits
        });
        list
    }
}
