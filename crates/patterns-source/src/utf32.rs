//! Recognises UTF-32, and what wide characters are text at all.

/// How UTF-32 is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Utf32 {
    Little,
    Big,
}

impl Utf32 {
    /// Returns how a text is written in UTF-32, if it is, and how long its mark is.
    pub(crate) fn of(bytes: &[u8]) -> Option<(Self, usize)> {
        match bytes {
            [0xff, 0xfe, 0, 0, ..] => return Some((Self::Little, 4)),
            [0, 0, 0xfe, 0xff, ..] => return Some((Self::Big, 4)),
            _ => {}
        }
        let sample = &bytes[..bytes.len().min(4096) & !3];
        let fits = |it: &Self| {
            let characters: Option<Vec<char>> = it.characters(sample).collect();
            characters.is_some_and(|it| is_text(it.into_iter()))
        };
        let found = [Self::Little, Self::Big].into_iter().find(fits)?;
        Some((found, 0))
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Little => "UTF-32LE",
            Self::Big => "UTF-32BE",
        }
    }

    /// Returns the text of bytes, and whether U+FFFD stands in it for some that are no character, such as
    /// the rest of one at the end.
    pub(crate) fn decode(self, bytes: &[u8]) -> (String, bool) {
        let mut is_lossy = false;
        let rest = (!bytes.len().is_multiple_of(4)).then_some(None);
        let characters = self.characters(bytes).chain(rest).map(|it| {
            it.unwrap_or_else(|| {
                is_lossy = true;
                char::REPLACEMENT_CHARACTER
            })
        });
        let text = characters.collect();
        (text, is_lossy)
    }

    /// Returns the characters of whole groups of four bytes; `None` for one that is none.
    pub(crate) fn characters(self, bytes: &[u8]) -> impl Iterator<Item = Option<char>> {
        bytes.chunks_exact(4).map(move |it| {
            let four = [it[0], it[1], it[2], it[3]];
            char::from_u32(match self {
                Self::Little => u32::from_le_bytes(four),
                Self::Big => u32::from_be_bytes(four),
            })
        })
    }
}

/// Returns whether nearly all characters are letters, digits, spaces or marks of ASCII, and none is odd.
pub(crate) fn is_text(mut characters: impl Iterator<Item = char>) -> bool {
    let (mut usual, mut all) = (0_usize, 0_usize);
    let is_usual = |it: char| it.is_alphanumeric() || it.is_whitespace() || it.is_ascii_graphic();
    let has_odd = characters.any(|it| {
        all += 1;
        usual += usize::from(is_usual(it));
        it == '\0' || is_odd(it)
    });
    !has_odd && all >= 2 && usual * 10 >= all * 8
}

/// Returns whether a text has no use for a character: but for line ends, tabs, form feeds, the escape of
/// terminal colours and the end mark of DOS.
pub(crate) fn is_odd(it: char) -> bool {
    let is_usual = matches!(
        it,
        '\n' | '\r' | '\t' | '\u{b}' | '\u{c}' | '\u{1a}' | '\u{1b}' | '\0'
    );
    it.is_control() && !is_usual
}
