//! Finds the parts of a text that may be JSON: in a Markdown code fence, or among words.

use std::ops::Range;

use super::json::MAX_DEPTH;
use super::repair::Fix;

/// The most places in a text that are tried as JSON.
pub(super) const MAX_PLACES: usize = 1_000;

/// A part of a text that may be a JSON object or array.
pub(super) struct Slice<'a> {
    /// Where it begins.
    pub(super) at: usize,
    pub(super) text: &'a str,
    /// What had to be dropped to get at it.
    pub(super) how: Option<Fix>,
    /// Whether it begins like an object and never ends.
    pub(super) is_cut: bool,
}

/// Returns the parts of `text` that may be a JSON object or array, in its order; of too many, some
/// more than [`MAX_PLACES`].
pub(super) fn slices(text: &str) -> Vec<Slice<'_>> {
    let mut slices = Vec::new();
    if let Some(fenced) = fenced_block(text) {
        let area = &text[fenced.clone()];
        collect(area, fenced.start, Some(Fix::CodeFence), &mut slices);
    }
    collect(text, 0, None, &mut slices);
    // Stable, so that what is found in a fence comes before the same found again.
    slices.sort_by_key(|it| it.at);
    slices.dedup_by_key(|it| (it.at, it.text.len()));
    slices
}

fn collect<'a>(area: &'a str, base: usize, how: Option<Fix>, slices: &mut Vec<Slice<'a>>) {
    let mut from = 0;
    let most = slices.len() + MAX_PLACES + 1;
    while slices.len() < most
        && let Some(start) = area[from..].find(['{', '[']).map(|it| from + it)
    {
        // What is written for a template, or within TeX, has a brace more around it, which is no JSON.
        let start = start + braces(&area[start..]).saturating_sub(1);
        let length = value_length(&area[start..]);
        let end = start + length.unwrap_or(area.len() - start);
        let text = &area[start..end];
        let is_whole = text.len() == area.len();
        slices.push(Slice {
            at: base + start,
            text,
            how: how.or((!is_whole).then_some(Fix::SurroundingText)),
            is_cut: length.is_none() && begins_like_an_object(text),
        });
        from = end;
    }
}

fn braces(text: &str) -> usize {
    text.bytes().take_while(|it| *it == b'{').count()
}

fn begins_like_an_object(text: &str) -> bool {
    let inside = text.trim_start_matches(['[', ' ', '\n', '\r', '\t']);
    let key = inside.strip_prefix('{').map(str::trim_start);
    key.is_some_and(|it| it.starts_with('"'))
}

/// Returns where the inside of the first Markdown code fence is. Only at the beginning of a line is
/// it one. A text with raw line breaks may quote one; then the whole, which begins earlier, is looked at first.
fn fenced_block(text: &str) -> Option<Range<usize>> {
    let open = if text.starts_with("```") {
        0
    } else {
        text.find("\n```")? + 1
    };
    let start = open + text[open..].find('\n')? + 1;
    let close = text[start..].find("\n```");
    Some(start..close.map_or(text.len(), |it| start + it + 1))
}

/// Returns how many bytes from its opening bracket on belong to the value, if it closes.
fn value_length(text: &str) -> Option<usize> {
    let mut scan = Scan::default();
    for (at, byte) in text.bytes().enumerate() {
        scan.step(byte);
        if scan.open.is_empty() {
            return Some(at + 1);
        }
        if scan.open.len() > MAX_DEPTH {
            break;
        }
    }
    None
}

/// Follows strings and brackets through a JSON text.
#[derive(Default)]
pub(super) struct Scan {
    pub(super) in_string: bool,
    pub(super) escaped: bool,
    /// The closing brackets that are still due.
    pub(super) open: Vec<u8>,
}

impl Scan {
    pub(super) fn step(&mut self, byte: u8) {
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' => self.open.push(b'}'),
            b'[' => self.open.push(b']'),
            b'}' | b']' => {
                self.open.pop();
            }
            _ => {}
        }
    }
}
