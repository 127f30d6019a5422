//! Strings that match a regular expression, as far as it says how to build one.

use rand::Rng;
use rand::seq::IndexedRandom;
use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Repetition};

/// How often something is repeated beyond what a pattern asks for.
const EXTRA: u32 = 3;

/// A parsed regular expression. What looks around is ignored.
#[derive(Debug)]
pub(super) struct Pattern {
    root: Hir,
}

impl Pattern {
    /// Parses a pattern; `None` if it uses what only JavaScript's regular expressions have.
    pub(super) fn new(pattern: &str) -> Option<Self> {
        let root = regex_syntax::parse(pattern).ok()?;
        Some(Self { root })
    }

    /// Draws a match. It tends to be longer the greater `min` is, and a third or more of those of
    /// an open-ended pattern are long enough.
    pub(super) fn draw(&self, min: usize, rng: &mut impl Rng) -> String {
        let extra = u32::try_from(min).unwrap_or(u32::MAX).saturating_mul(2);
        let extra = extra.max(EXTRA);
        let mut text = String::new();
        write(&self.root, extra, rng, &mut text);
        text
    }
}

fn write(hir: &Hir, extra: u32, rng: &mut impl Rng, text: &mut String) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(&String::from_utf8_lossy(&literal.0)),
        HirKind::Class(class) => text.extend(character(class, rng)),
        HirKind::Repetition(Repetition { min, max, sub, .. }) => {
            let most = max.unwrap_or(u32::MAX).min(min.saturating_add(extra));
            for _ in 0..rng.random_range(*min..=most) {
                write(sub, extra, rng, text);
            }
        }
        HirKind::Capture(capture) => write(&capture.sub, extra, rng, text),
        HirKind::Concat(parts) => parts.iter().for_each(|it| write(it, extra, rng, text)),
        HirKind::Alternation(alternatives) => {
            if let Some(alternative) = alternatives.choose(rng) {
                write(alternative, extra, rng, text);
            }
        }
    }
}

/// Chooses a character of a class: a plain letter or digit if it has any, else something that can
/// be printed, else anything.
fn character(class: &Class, rng: &mut impl Rng) -> Option<char> {
    let range = |(first, last)| ClassUnicodeRange::new(first, last);
    let plain = [('0', '9'), ('A', 'Z'), ('a', 'z')].map(range);
    let printable = [(' ', '~')].map(range);
    let class = match class {
        Class::Unicode(class) => class.clone(),
        Class::Bytes(class) => class.to_unicode_class()?,
    };
    let narrowed = [&plain[..], &printable[..]].into_iter().map(|ranges| {
        let mut narrowed = class.clone();
        narrowed.intersect(&ClassUnicode::new(ranges.iter().copied()));
        narrowed
    });
    let mut narrowed = narrowed.filter(|it| !it.ranges().is_empty());
    let class = narrowed.next().unwrap_or(class);
    let range = class.ranges().choose(rng)?;
    Some(rng.random_range(range.start()..=range.end()))
}
