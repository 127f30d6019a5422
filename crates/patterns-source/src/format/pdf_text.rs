//! Puts the letters of a PDF page together: what is a word, a line, and the order in which they are read.
//!
//! A page says where each letter stands, and often has no spaces. Gaps are measured along the direction in
//! which the text runs, so that a page turned sideways has words, too. Hebrew and Arabic stand there as they
//! are seen, and are turned round.

use pdf_extract::{MediaBox, OutputDev, OutputError, Transform};
use unicode_bidi::{BidiClass, BidiInfo, Level, bidi_class};
use unicode_normalization::UnicodeNormalization;

/// The gap between words, in heights of the letters.
const GAP: f64 = 0.1;

/// What a page shows, as it is read.
#[derive(Default)]
pub(super) struct PdfText {
    lines: Vec<Vec<Word>>,
    /// What is shown together, until all of it is known.
    word: Word,
}

type Word = Vec<Letter>;

struct Letter {
    text: String,
    start: (f64, f64),
    end: (f64, f64),
    /// The direction of the text, of length 1.
    ahead: (f64, f64),
    height: f64,
    /// What follows it within its word, if not at once.
    space: f64,
}

impl PdfText {
    /// Returns the text of the page.
    pub(super) fn into_text(self) -> String {
        let lines: Vec<String> = self.lines.into_iter().map(text_of).collect();
        lines.join("\n")
    }

    /// Begins a line, or two where there is much room, if a word is not on the last one.
    fn go_to(&mut self, word: &[Letter]) {
        let last = self.lines.last().and_then(|it| it.last());
        let (Some(before), Some(next)) = (last.and_then(|it| it.last()), word.first()) else {
            self.lines.push(Vec::new());
            return;
        };
        let (ahead, aside) = next.from(before.end, next.start);
        let is_turned = next.from((0.0, 0.0), before.ahead).0 < 0.9;
        let is_far = aside > next.height * 1.5;
        // What is read from the right goes on to the left: whatever stands below is another line.
        let mut around = last.into_iter().flatten().chain(word);
        let is_right = around.any(|it| it.text.chars().any(is_from_right));
        let is_aside = aside > next.height.max(before.height) * 0.5;
        let is_back = (aside > next.height * 0.5 && ahead < 0.0) || (is_right && is_aside);
        let lines = usize::from(is_far || is_turned) + usize::from(is_back);
        self.lines.extend((0..lines).map(|_| Vec::new()));
    }
}

impl Letter {
    fn new(at: &Transform, width: f64, spacing: f64, size: f64, text: &str) -> Self {
        // A size below 0 turns the text round; what has no width still stands somewhere.
        let along = at.m11.hypot(at.m12).copysign(size);
        let ahead = match along == 0.0 {
            true => (1.0, 0.0),
            false => (at.m11 / along, at.m12 / along),
        };
        let (start, width) = ((at.m31, at.m32), width * size * along);
        Self {
            text: text.chars().flat_map(plain).map(in_line).collect(),
            start,
            end: (start.0 + ahead.0 * width, start.1 + ahead.1 * width),
            ahead,
            height: (size * at.m21.hypot(at.m22)).abs(),
            space: spacing * along,
        }
    }

    /// Returns how far ahead of one point another is, and how far beside.
    fn from(&self, one: (f64, f64), other: (f64, f64)) -> (f64, f64) {
        let (x, y) = (other.0 - one.0, other.1 - one.1);
        let (right, up) = self.ahead;
        (x * right + y * up, (y * right - x * up).abs())
    }

    /// Returns whether so much follows within a word that it is a space; less sets letters apart.
    fn is_spaced(&self) -> bool {
        self.space > self.height * 2.0 * GAP
    }

    /// Returns whether a letter is in the place of another one.
    fn is_below(&self, accent: &Self) -> bool {
        let middle = |it: &Self| ((it.start.0 + it.end.0) / 2.0, (it.start.1 + it.end.1) / 2.0);
        let (ahead, aside) = self.from(middle(accent), middle(self));
        // A mark beside a narrow letter, such as a backtick before an i, is none above it.
        let overlaps = self.from(accent.end, self.start).0 < -self.height * GAP;
        overlaps && ahead.abs() < self.height * 0.3 && aside < self.height * 0.5
    }

    fn is_apart_from(&self, before: &Self) -> bool {
        let ahead = self.from(before.end, self.start).0;
        ahead > self.height * GAP || ahead < -self.height
    }
}

/// Returns the text of a line.
fn text_of(words: Vec<Word>) -> String {
    let letters = || words.iter().flatten().flat_map(|it| it.text.chars());
    let count = |of: &[BidiClass]| letters().filter(|it| of.contains(&bidi_class(*it))).count();
    let from_right = count(FROM_RIGHT);
    if from_right == 0 {
        return put_together(&words);
    }
    let base = match from_right >= count(&[BidiClass::L]) {
        true => Level::rtl(),
        false => Level::ltr(),
    };
    let mut words = as_seen(words);
    for letter in words.iter_mut().flatten() {
        // What is one sign is in the order in which it is read, and is to be after it was turned round.
        if letter.text.chars().any(is_from_right) {
            letter.text = letter.text.chars().rev().collect();
        }
    }
    let line = put_together(&words);
    let info = BidiInfo::new(&line, Some(base));
    let parts = info.paragraphs.iter();
    let line: String = parts
        .map(|it| info.reorder_line(it, it.range.clone()))
        .collect();
    with_brackets(line)
}

/// Returns words in the order in which they are seen. Marks of vowels come before the letter that they stand
/// above, as they will come behind it once the line is turned round.
fn as_seen(words: Vec<Word>) -> Vec<Word> {
    let is_mark = |it: char| bidi_class(it) == BidiClass::NSM;
    let along = |it: &Letter, at| it.from((0.0, 0.0), at).0;
    let spans: Vec<(f64, f64, bool)> = words
        .iter()
        .filter_map(|word| {
            let (first, last) = (word.first()?, word.last()?);
            let is_base = !word.iter().all(|it| it.text.chars().all(is_mark));
            Some((along(first, first.start), along(last, last.end), is_base))
        })
        .collect();
    let place = |at: usize| {
        let (start, _, is_base) = spans[at];
        let around = [at.checked_add(1), at.checked_sub(1)].into_iter().flatten();
        let mut around = around.filter_map(|it| spans.get(it));
        let base = around.find(|it| it.2 && it.0 <= start && start <= it.1);
        base.filter(|_| !is_base)
            .map_or((start, true), |it| (it.0, false))
    };
    let mut placed: Vec<_> = words
        .into_iter()
        .enumerate()
        .map(|(at, it)| (place(at), it))
        .collect();
    placed.sort_by(|(one, _), (other, _)| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
    placed.into_iter().map(|it| it.1).collect()
}

const FROM_RIGHT: &[BidiClass] = &[BidiClass::R, BidiClass::AL];

fn is_from_right(letter: char) -> bool {
    FROM_RIGHT.contains(&bidi_class(letter))
}

/// Returns the words of a line, with spaces between those that stand apart.
fn put_together(words: &[Word]) -> String {
    let mut line = String::new();
    // The last two letters, and whether there is a space of ours between them.
    let mut last: [Option<&Letter>; 2] = [None; 2];
    let mut has_space = false;
    for word in words {
        // Letters that are all spaced out are one word.
        let is_spaced_out = word.len() > 2 && word.iter().all(Letter::is_spaced);
        for (at, letter) in word.iter().enumerate() {
            let is_apart = last[1].is_some_and(|last| match at {
                0 => letter.is_apart_from(last),
                _ => last.is_spaced() && !is_spaced_out,
            });
            // TeX draws accents first, and then the letter in the same place.
            let above = last[1].filter(|last| letter.is_below(last));
            if let Some(accent) = above.and_then(|it| accent(&it.text)) {
                line.pop();
                if has_space && last[0].is_some_and(|it| !letter.is_apart_from(it)) {
                    line.pop();
                }
                line.extend(letter.text.chars().chain([accent]).nfc());
            } else {
                // Marks stand above or below the letter that they belong to.
                let is_mark = |it: char| it.is_whitespace() || bidi_class(it) == BidiClass::NSM;
                has_space =
                    is_apart && !line.ends_with(is_mark) && !letter.text.starts_with(is_mark);
                if has_space {
                    line.push(' ');
                }
                line += &letter.text;
            }
            last = [last[1], Some(letter)];
        }
    }
    line
}

/// Turns brackets round where that pairs them: some files say what they look like in text from the right, and
/// others what they mean.
fn with_brackets(line: String) -> String {
    const PAIRS: [(char, char); 4] = [('(', ')'), ('[', ']'), ('{', '}'), ('\u{ab}', '\u{bb}')];
    let turned: String = line
        .chars()
        .map(|it| {
            let other = PAIRS.iter().find_map(|(open, close)| match it {
                it if it == *open => Some(*close),
                it if it == *close => Some(*open),
                _ => None,
            });
            other.unwrap_or(it)
        })
        .collect();
    let is_paired = |line: &str| {
        let mut open = Vec::new();
        let is_good = line.chars().all(|it| {
            if let Some(pair) = PAIRS.iter().find(|pair| pair.0 == it) {
                open.push(pair.1);
            }
            !PAIRS.iter().any(|pair| pair.1 == it) || open.pop() == Some(it)
        });
        is_good && open.is_empty()
    };
    match !is_paired(&line) && is_paired(&turned) {
        true => turned,
        false => line,
    }
}

/// The letters that the radicals from U+2E80 on are (Unicode's `EquivalentUnifiedIdeograph`): Chromium writes 民 as
/// the radical ⺠, which looks the same.
const RADICALS: &str = "⺀厂乛乚乙亻冂𠘨刀刂卜㔾小小兀尣尢𡯂巳幺彑彐忄心扌攵⺚旡日月歺母民氵氺灬爫爫丬牛\
    犭王𤴔目示礻𥫗糹纟罓罒㓁冗𦉫羊𦍌𦍋耂肀聿肉𦥑艹艹艹虎衤覀西见角𧢲讠贝𧾷车辶辶辶邑\
    钅長镸长门𨸏阝雨青韦页风飞食𩙿飠饣𩠐马骨鬼鱼鸟卤麦黄黾斉齐歯齿竜龙龜亀龟";

/// Returns the letters of a ligature, and the letter of a form that it has within a word or as a radical.
fn plain(letter: char) -> impl Iterator<Item = char> {
    let is_form = matches!(letter, '\u{2f00}'..='\u{2fd5}' | '\u{fb00}'..='\u{fdfb}' | '\u{fe70}'..='\u{fefc}');
    let forms = is_form.then(|| std::iter::once(letter).nfkc());
    // Adobe's own codes of small capitals and old figures are those of the letters, plus this.
    let of_adobe = matches!(letter, '\u{f721}'..='\u{f7ff}').then(|| u32::from(letter) - 0xf700);
    let radical = u32::from(letter).checked_sub(0x2e80);
    let radical = radical.and_then(|at| RADICALS.chars().nth(at as usize));
    let plain = of_adobe
        .and_then(char::from_u32)
        .or(radical)
        .unwrap_or(letter);
    let plain = (!is_form).then_some(plain);
    forms.into_iter().flatten().chain(plain)
}

/// Returns a letter that ends no line.
fn in_line(letter: char) -> char {
    match bidi_class(letter) {
        BidiClass::B => ' ',
        _ => letter,
    }
}

/// Returns the accent that a sign is when it stands above or below a letter.
fn accent(sign: &str) -> Option<char> {
    const ACCENTS: [(&str, char); 11] = [
        ("`", '\u{300}'),
        ("\u{b4}", '\u{301}'),
        ("\u{2c6}", '\u{302}'),
        ("\u{2dc}", '\u{303}'),
        ("\u{af}", '\u{304}'),
        ("\u{2d8}", '\u{306}'),
        ("\u{2d9}", '\u{307}'),
        ("\u{a8}", '\u{308}'),
        ("\u{2da}", '\u{30a}'),
        ("\u{2c7}", '\u{30c}'),
        ("\u{b8}", '\u{327}'),
    ];
    ACCENTS.iter().find(|it| it.0 == sign).map(|it| it.1)
}

impl OutputDev for PdfText {
    fn begin_page(
        &mut self,
        _: u32,
        _: &MediaBox,
        _: Option<(f64, f64, f64, f64)>,
    ) -> Result<(), OutputError> {
        Ok(())
    }

    fn end_page(&mut self) -> Result<(), OutputError> {
        Ok(())
    }

    fn output_character(
        &mut self,
        at: &Transform,
        width: f64,
        spacing: f64,
        size: f64,
        text: &str,
    ) -> Result<(), OutputError> {
        self.word.push(Letter::new(at, width, spacing, size, text));
        Ok(())
    }

    fn begin_word(&mut self) -> Result<(), OutputError> {
        Ok(())
    }

    fn end_word(&mut self) -> Result<(), OutputError> {
        let word = std::mem::take(&mut self.word);
        if !word.is_empty() {
            self.go_to(&word);
            if let Some(line) = self.lines.last_mut() {
                line.push(word);
            }
        }
        Ok(())
    }

    fn end_line(&mut self) -> Result<(), OutputError> {
        Ok(())
    }
}
