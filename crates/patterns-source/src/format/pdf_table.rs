//! Reads the tables in which a PDF says what the codes of a text mean (CMaps), whatever program wrote them, and
//! writes them in the one way that the reader understands.

use std::collections::BTreeMap;
use std::fmt::Write;

/// So many codes are read at most: a short range may name many.
const MOST: usize = 1 << 16;

/// What codes mean, in UTF-16.
pub(super) type Meanings = BTreeMap<u32, Vec<u16>>;

/// A table of codes.
#[derive(Default)]
pub(super) struct Table {
    /// How many bytes codes have, and the first and the last of them.
    lengths: Vec<(usize, u32, u32)>,
    meanings: Meanings,
}

/// What stands before the word that says what it is.
enum Part {
    Code(Vec<u8>),
    List(Vec<Vec<u8>>),
    Name,
}

impl Table {
    /// Adds what a table says.
    pub(super) fn add(&mut self, table: &[u8]) {
        let (mut parts, mut list, mut rest) = (Vec::new(), None::<Vec<Vec<u8>>>, table);
        while let Some(first) = rest.first() {
            let length = match first {
                b'<' if !rest.starts_with(b"<<") => {
                    let end = rest.iter().position(|it| *it == b'>');
                    let length = end.map_or(rest.len(), |it| it + 1);
                    let code = code(&rest[..length]);
                    match &mut list {
                        Some(list) => list.push(code),
                        None => parts.push(Part::Code(code)),
                    }
                    length
                }
                b'%' => rest.iter().take_while(|it| !b"\r\n".contains(it)).count(),
                b'[' => {
                    list = Some(Vec::new());
                    1
                }
                b']' => {
                    parts.extend(list.take().map(Part::List));
                    1
                }
                // A letter by its name, which is not read.
                b'/' => {
                    match &mut list {
                        Some(list) => list.push(vec![0xff, 0xfd]),
                        None => parts.push(Part::Name),
                    }
                    let is_end = |it: &u8| it.is_ascii_whitespace() || b"<>[]()/%".contains(it);
                    1 + rest[1..].iter().take_while(|it| !is_end(it)).count()
                }
                it if it.is_ascii_alphabetic() => {
                    let word = rest.iter().take_while(|it| it.is_ascii_alphabetic());
                    let length = word.count();
                    self.end(&rest[..length], std::mem::take(&mut parts));
                    length
                }
                _ => 1,
            };
            rest = &rest[length..];
        }
    }

    /// Takes what stands before a word.
    fn end(&mut self, word: &[u8], parts: Vec<Part>) {
        match word {
            b"endcodespacerange" => {
                for pair in parts.chunks_exact(2) {
                    if let [Part::Code(first), Part::Code(last)] = pair {
                        self.lengths
                            .push((first.len(), number(first), number(last)));
                    }
                }
            }
            b"endbfchar" => {
                for pair in parts.chunks_exact(2) {
                    if let [Part::Code(code), Part::Code(meaning)] = pair {
                        self.meanings.insert(number(code), units(meaning));
                    }
                }
            }
            b"endbfrange" => parts.chunks_exact(3).for_each(|it| self.add_range(it)),
            _ => {}
        }
    }

    fn add_range(&mut self, range: &[Part]) {
        let [Part::Code(first), Part::Code(last), meaning] = range else {
            return;
        };
        let left = MOST.saturating_sub(self.meanings.len());
        let codes = (number(first)..=number(last)).take(left);
        match meaning {
            Part::List(meanings) => {
                let meanings = meanings.iter().map(|it| units(it));
                self.meanings.extend(codes.zip(meanings));
            }
            Part::Name => {}
            Part::Code(start) => {
                let mut meaning = units(start);
                for code in codes.take(MOST / meaning.len().max(1)) {
                    self.meanings.insert(code, meaning.clone());
                    if let Some(last) = meaning.last_mut() {
                        *last = last.wrapping_add(1);
                    }
                }
            }
        }
    }

    /// Returns whether all its codes have two bytes.
    pub(super) fn has_pairs(&self) -> bool {
        self.lengths.iter().all(|it| it.0 == 2)
    }

    /// Returns a text in UTF-16. What means nothing is U+FFFD.
    pub(super) fn utf16(&self, mut bytes: &[u8]) -> Vec<u16> {
        let mut text = Vec::new();
        while !bytes.is_empty() {
            let is_code = |it: &&(usize, u32, u32)| {
                let code = bytes.get(..it.0).map(number);
                code.is_some_and(|code| it.0 > 0 && (it.1..=it.2).contains(&code))
            };
            let length = self.lengths.iter().find(is_code).map_or(1, |it| it.0);
            let (code, rest) = bytes.split_at(length);
            match self.meanings.get(&number(code)) {
                Some(meaning) => text.extend(meaning),
                None => text.push(0xfffd),
            }
            bytes = rest;
        }
        text
    }

    /// Returns what its codes mean.
    pub(super) fn into_meanings(self) -> Meanings {
        self.meanings
    }
}

/// Writes a table.
pub(super) fn written(meanings: &Meanings) -> Vec<u8> {
    let mut table = format!("{} beginbfchar", meanings.len());
    for (code, meaning) in meanings {
        // Writing to a string cannot fail.
        let _ = write!(table, "\n<{code:04X}> <");
        for unit in meaning {
            let _ = write!(table, "{unit:04X}");
        }
        table.push('>');
    }
    (table + "\nendbfchar").into_bytes()
}

/// Returns the bytes of a code; of half a byte the other half is 0.
fn code(hex: &[u8]) -> Vec<u8> {
    let digits = hex.iter().filter_map(|it| char::from(*it).to_digit(16));
    let digits: Vec<u32> = digits.collect();
    let byte = |it: &[u32]| it.iter().fold(0, |byte, it| byte << 4 | it) << (4 * (2 - it.len()));
    digits.chunks(2).map(|it| byte(it) as u8).collect()
}

fn number(code: &[u8]) -> u32 {
    code.iter()
        .fold(0, |number, it| number << 8 | u32::from(*it))
}

/// Returns a meaning in UTF-16. A single byte is a letter as well, and half of one is none.
fn units(meaning: &[u8]) -> Vec<u16> {
    let (odd, pairs) = meaning.split_at(meaning.len() % 2);
    let pairs = pairs.chunks(2).map(|it| number(it) as u16);
    let units = odd.iter().map(|it| u16::from(*it)).chain(pairs);
    let text = char::decode_utf16(units).map(|it| it.unwrap_or(char::REPLACEMENT_CHARACTER));
    text.collect::<String>().encode_utf16().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_meaning_is_not_copied_for_each_code() {
        let mut table = Table::default();
        let long = "0041".repeat(20_000);
        table.add(format!("beginbfrange <0000> <FFFF> <{long}> endbfrange").as_bytes());
        let units = table.meanings.values().map(Vec::len);
        assert_eq!(units.sum::<usize>(), 60_000);
    }
}
