//! Measures whether numbers and names come from the sources.

use std::collections::HashSet;

/// Returns the share of the numbers and names of a text that are in its sources, 0 to 1; `None` if
/// it has none.
///
/// A number is a run of digits, thousands commas and a decimal point in it left as one (`1,200` is
/// `1200`). A name is a word of at least two letters with a capital that does not begin a sentence.
/// Each different one counts once. What is derived (a sum, a translated name) counts as foreign, so
/// a low share is a reason to look, not a verdict. After the entity precision of Nan et al.
/// (arXiv 2102.09130), without a model that finds the entities.
///
/// ```
/// use patterns_parallel::fact_fidelity;
///
/// let source = "In 1850 the town of Whitby had 1,200 boats.";
/// assert_eq!(fact_fidelity("The boats of Whitby: 1200 in 1850.", [source]), Some(1.0));
/// assert_eq!(fact_fidelity("The boats of Hull: 1300 in 1850.", [source]), Some(1.0 / 3.0));
/// ```
pub fn fact_fidelity<'a>(text: &str, sources: impl IntoIterator<Item = &'a str>) -> Option<f64> {
    let facts: HashSet<String> = tokens(text)
        .filter(Token::is_fact)
        .map(|it| it.form)
        .collect();
    let mut missing = facts.clone();
    for source in sources {
        if missing.is_empty() {
            break;
        }
        for token in tokens(source) {
            missing.remove(&token.form);
        }
    }
    let all = facts.len();
    (all > 0).then(|| (all - missing.len()) as f64 / all as f64)
}

struct Token {
    form: String,
    begins_sentence: bool,
}

impl Token {
    fn is_fact(&self) -> bool {
        let mut signs = self.form.chars();
        let first = signs.next().unwrap_or(' ');
        let is_name = first.is_uppercase() && !self.begins_sentence && signs.next().is_some();
        first.is_numeric() || is_name
    }
}

/// Returns the words and numbers of a text.
fn tokens(text: &str) -> impl Iterator<Item = Token> {
    let mut begins_sentence = true;
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = rest.find(char::is_alphanumeric)?;
        begins_sentence |= rest[..start].contains(['.', '!', '?', '\n', ':', '•']);
        rest = &rest[start..];
        let end = token_end(rest);
        let (token, after) = rest.split_at(end);
        rest = after;
        let token = Token {
            form: token.replace(',', ""),
            begins_sentence,
        };
        begins_sentence = false;
        Some(token)
    })
}

/// Returns where a token ends: a point or comma goes on only between digits.
fn token_end(text: &str) -> usize {
    let mut signs = text.char_indices().peekable();
    let mut before = ' ';
    while let Some((at, it)) = signs.next() {
        let next = signs.peek().map_or(' ', |it| it.1);
        let is_inside = matches!(it, '.' | ',') && before.is_numeric() && next.is_numeric();
        if !it.is_alphanumeric() && !is_inside {
            return at;
        }
        before = it;
    }
    text.len()
}
