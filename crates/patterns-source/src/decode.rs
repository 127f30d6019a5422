//! Turns bytes into text, and tells what had to be guessed or put in the place of what is no text.
//!
//! UTF-8 is the rule. A text that is UTF-8 but for some bytes stays UTF-8, with U+FFFD in their place:
//! to read all of it in an old encoding would turn every other umlaut into two wrong letters. Only a
//! text that has (nearly) no valid sequence of UTF-8 is taken for one in an old encoding.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, ISO_2022_JP, UTF_8, UTF_16BE, UTF_16LE};

use crate::utf32::{Utf32, is_odd, is_text};

/// A text that was decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) text: String,
    /// The name of its encoding.
    pub(crate) encoding: &'static str,
    /// What the user should know about it.
    pub(crate) note: Option<String>,
}

/// What bytes are taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judgement {
    /// Valid UTF-8.
    Utf8,
    /// UTF-8 but for some bytes, of which the first is here.
    Mended(usize),
    /// Text in an encoding that was told by a mark or by what it looks like, not guessed.
    Told(&'static Encoding),
    /// Text in an old encoding, as far as one can guess.
    Guessed(&'static Encoding),
}

/// Decodes all of a text: in the encoding that is `given`, else by its mark, else in the one that it
/// declares unless it is valid UTF-8, else by what it looks like.
pub(crate) fn decode(
    bytes: &[u8],
    given: Option<&'static Encoding>,
    declared: Option<&'static Encoding>,
) -> Result<Text, String> {
    let bytes = without_padding(bytes);
    if given.is_none()
        && let Some(text) = utf32(bytes)
    {
        return Ok(text);
    }
    if given.is_none() {
        refuse_unread(bytes)?;
    }
    let judgement = match given {
        Some(encoding) => Judgement::Told(encoding),
        None => match (judge(bytes, 0, true), declared) {
            (Ok(Judgement::Mended(_) | Judgement::Guessed(_)) | Err(_), Some(declared))
                if declared != UTF_8 =>
            {
                Judgement::Told(declared)
            }
            (judgement, _) => judgement?,
        },
    };
    let encoding = match judgement {
        Judgement::Utf8 | Judgement::Mended(_) => UTF_8,
        Judgement::Told(encoding) | Judgement::Guessed(encoding) => encoding,
    };
    let (text, encoding, is_lossy) = match given {
        Some(given) => given.decode(bytes),
        None => encoding.decode(bytes),
    };
    let note = match judgement {
        Judgement::Utf8 => None,
        Judgement::Mended(at) => Some(mended(at)),
        Judgement::Guessed(encoding) => Some(read_as(encoding)),
        Judgement::Told(encoding) if is_lossy && given.is_none() && is_mostly_lost(&text) => {
            return Err(format!("is not valid {}", encoding.name()));
        }
        Judgement::Told(encoding) => is_lossy.then(|| not_all(encoding.name())),
    };
    if let Some(at) = text.find('\0').filter(|_| is_binary(bytes)) {
        return Err(binary(at));
    }
    Ok(Text {
        text: text.into_owned(),
        encoding: encoding.name(),
        note,
    })
}

/// Judges the beginning of a text, or what comes after a part that held `known` worth of evidence that
/// it is UTF-8. `is_all` says that nothing follows.
pub(crate) fn judge(bytes: &[u8], known: u64, is_all: bool) -> Result<Judgement, String> {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return Ok(match first_bad(bytes, is_all) {
            Some(at) if encoding == UTF_8 => Judgement::Mended(at),
            _ => Judgement::Told(encoding),
        });
    }
    if let Some(encoding) = wide(bytes) {
        return Ok(Judgement::Told(encoding));
    }
    let nul = bytes.iter().position(|it| *it == 0);
    if let Some(at) = nul.filter(|_| is_binary(bytes)) {
        return Err(binary(at));
    }
    let Some(at) = first_bad(bytes, is_all) else {
        let is_japanese = |it: &[u8]| matches!(it, b"\x1b$B" | b"\x1b$@");
        return Ok(
            match bytes.is_ascii() && bytes.windows(3).any(is_japanese) {
                true => Judgement::Told(ISO_2022_JP),
                false => Judgement::Utf8,
            },
        );
    };
    let (evidence, bad) = evidence(bytes);
    let evidence = evidence + known;
    if evidence >= 2 * bad || (bad <= 2 && evidence >= bad) {
        return Ok(Judgement::Mended(at));
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, is_all);
    let guess = detector.guess(None, Utf8Detection::Deny);
    let (text, is_lossy) = guess.decode_without_bom_handling(bytes);
    // Old encodings give every byte a meaning; binary data shows by control characters.
    if (is_lossy && is_all) || text.contains(is_odd) {
        return Err(not_utf8(at));
    }
    Ok(Judgement::Guessed(guess))
}

/// Returns what UTF-8 there is beyond ASCII, longer sequences counting more since chance makes few of
/// them, and how many bytes or cut sequences are none.
pub(crate) fn evidence(bytes: &[u8]) -> (u64, u64) {
    let (mut evidence, mut bad, mut halves) = (0, 0, 0);
    for chunk in bytes.utf8_chunks() {
        if !chunk.valid().is_ascii() {
            let beyond = chunk.valid().chars().filter(|it| is_likely(*it));
            evidence += beyond.map(|it| 2 * it.len_utf8() as u64 - 3).sum::<u64>();
        }
        // Half a character as Java and Oracle write it is one thing that is none, not three.
        let is_rest = halves > 0 && chunk.valid().is_empty();
        halves = match chunk.invalid() {
            [0xed] => 2,
            _ if is_rest => halves - 1,
            _ => 0,
        };
        bad += u64::from(!chunk.invalid().is_empty() && !is_rest);
    }
    (evidence, bad)
}

/// Returns whether a character beyond ASCII is one of text, rather than what chance makes of the bytes of
/// another encoding.
fn is_likely(it: char) -> bool {
    !matches!(u32::from(it), 0..0xa0 | 0x180..0x370 | 0xe000..0xf900 | 0x4_0000..)
        || matches!(u32::from(it), 0xe_0000..0xe_0200)
}

/// Returns where the first byte is that is no UTF-8; a character that is cut off by the end of a part
/// is none.
fn first_bad(bytes: &[u8], is_all: bool) -> Option<usize> {
    let error = std::str::from_utf8(bytes).err()?;
    let is_cut = error.error_len().is_none() && !is_all;
    (!is_cut).then_some(error.valid_up_to())
}

/// Returns whether there is little in a text but what stands for something that is none.
fn is_mostly_lost(text: &str) -> bool {
    let lost = text.matches(char::REPLACEMENT_CHARACTER).count();
    lost * 4 >= text.chars().count()
}

/// Returns the encoding of UTF-16 without a mark: text with many ASCII letters shows it by NULs, other text
/// by NULs on one side (line ends and spaces) and letters throughout.
fn wide(bytes: &[u8]) -> Option<&'static Encoding> {
    let sample = &bytes[..bytes.len().min(4096)];
    let zeros = |from: usize| sample.iter().skip(from).step_by(2).filter(|it| **it == 0);
    let (even, odd) = (zeros(0).count(), zeros(1).count());
    let most = sample.len() / 2;
    // A few letters have a NUL on the other side: `Ā` is U+0100.
    let (encoding, count, others) = match (even, odd) {
        _ if odd > 8 * even => (UTF_16LE, odd, even),
        _ if even > 8 * odd => (UTF_16BE, even, odd),
        _ => return None,
    };
    // Halves of characters are often control characters, and seldom two letters of ASCII. Neither is so of a
    // text of single bytes (or two, as of Shift_JIS) into which NULs got.
    let is_control = |it: &&u8| it.is_ascii() && **it != 0 && is_odd(char::from(**it));
    let controls = sample.iter().filter(is_control).count();
    let is_pair = |it: &&[u8]| it.iter().all(|it| matches!(it, b' '..=b'~'));
    let is_narrow =
        || controls * 100 < sample.len() || sample.chunks(2).filter(is_pair).count() * 2 > most;
    let are_letters = || {
        let whole = &sample[..sample.len() & !1];
        let (text, is_lossy) = encoding.decode_without_bom_handling(whole);
        !is_lossy && is_text(text.chars())
    };
    // Small numbers of two bytes are no letters.
    let is_clear = others == 0 && count * 10 >= most * 7 && controls * 10 < most;
    (most >= 4 && (is_clear || (!is_narrow() && are_letters()))).then_some(encoding)
}

/// Returns the text of UTF-32.
fn utf32(bytes: &[u8]) -> Option<Text> {
    let (utf32, mark) = Utf32::of(bytes)?;
    let (text, is_lossy) = utf32.decode(&bytes[mark..]);
    // UTF-16 may begin alike.
    (!is_mostly_lost(&text) || text.is_empty()).then(|| Text {
        text,
        encoding: utf32.name(),
        note: is_lossy.then(|| not_all(utf32.name())),
    })
}

/// Returns whether NULs are more than odd ones among text: many, or beside other control characters.
fn is_binary(bytes: &[u8]) -> bool {
    let nuls = bytes.iter().filter(|it| **it == 0).count();
    let is_odd = |it: &u8| *it != 0 && is_odd(char::from(*it));
    nuls * 12 > bytes.len() || bytes.iter().filter(|it| it.is_ascii()).any(is_odd)
}

/// Takes off the NULs with which some programs fill up the last block.
pub(crate) fn without_padding(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|it| *it != 0).map_or(0, |at| at + 1);
    match bytes[..end].ends_with(b"\n") && !bytes[..end].contains(&0) {
        true => &bytes[..end],
        false => bytes,
    }
}

/// Returns the encoding that a text declares at its beginning: an XML declaration, and in HTML a `meta`
/// element.
pub(crate) fn declared(bytes: &[u8], is_html: bool) -> Option<&'static Encoding> {
    let beginning = String::from_utf8_lossy(&bytes[..bytes.len().min(2048)]);
    let lower = beginning
        .trim_start_matches('\u{feff}')
        .to_ascii_lowercase();
    let xml = lower
        .strip_prefix("<?xml")
        .and_then(|it| it.split("?>").next());
    let xml = xml.and_then(|it| label(it, "encoding"));
    let meta = || {
        let metas = lower.split("<meta").skip(1);
        let mut metas = metas.filter_map(|it| it.split('>').next());
        metas.find_map(|it| label(it, "charset"))
    };
    let label = xml.or_else(|| is_html.then(meta).flatten())?;
    // What could be read as ASCII to get here is not UTF-16, whatever it says.
    Encoding::for_label(label.as_bytes()).map(Encoding::output_encoding)
}

/// Returns the value after `name =`, without quotes.
fn label<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(name)?;
    let rest = rest.trim_start().strip_prefix('=')?.trim_start();
    let rest = rest.trim_start_matches(['"', '\'']);
    let end = rest.find(|it: char| !it.is_ascii_alphanumeric() && !"-_:.".contains(it));
    Some(&rest[..end.unwrap_or(rest.len())])
}

/// Says where the first byte is in whose place U+FFFD stands.
pub(crate) fn mended(at: usize) -> String {
    format!("not UTF-8 throughout (first at byte {at}); U+FFFD stands for what is not")
}

/// Says what a text was taken for.
pub(crate) fn read_as(encoding: &'static Encoding) -> String {
    format!("read as {}, a guess", encoding.name())
}

/// Says that an encoding does not fit.
pub(crate) fn not_all(encoding: &str) -> String {
    format!("not {encoding} throughout; U+FFFD stands for what is not")
}

fn not_utf8(at: usize) -> String {
    format!("is not UTF-8 (the first invalid byte at offset {at})")
}

fn binary(at: usize) -> String {
    format!("is binary (a NUL byte at offset {at})")
}

mod unread;

pub(crate) use unread::refuse_unread;

#[cfg(test)]
mod tests;
