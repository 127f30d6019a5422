//! Strings that look like what a model writes: a few short words, or a value of a known format.

use rand::Rng;
use rand::seq::IndexedRandom;

use super::pattern::Pattern;

const WORDS: [&str; 64] = [
    "able", "amber", "answer", "apple", "arrow", "basic", "bird", "blue", "bread", "bridge",
    "bright", "calm", "case", "clear", "cloud", "coast", "cost", "daily", "deep", "early", "east",
    "even", "fair", "field", "first", "flow", "fresh", "garden", "glass", "grain", "green",
    "harbor", "hill", "honest", "house", "idea", "island", "kind", "lake", "large", "level",
    "light", "long", "market", "meadow", "moon", "north", "ocean", "open", "paper", "plain",
    "quiet", "rain", "river", "road", "season", "short", "small", "stone", "summer", "table",
    "town", "water", "wind",
];

/// What a string must be like.
#[derive(Debug, Default)]
pub(super) struct Text {
    pub(super) min: usize,
    pub(super) max: Option<usize>,
    pub(super) format: Option<Format>,
    pub(super) pattern: Option<Pattern>,
}

/// A `format` that strings are drawn for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Date,
    DateTime,
    Time,
    Duration,
    Email,
    Hostname,
    Uri,
    Uuid,
    Ipv4,
    Ipv6,
}

impl Format {
    /// Looks up a format; `None` for one that is not known here.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "date" => Self::Date,
            "date-time" => Self::DateTime,
            "time" => Self::Time,
            "duration" => Self::Duration,
            "email" | "idn-email" => Self::Email,
            "hostname" | "idn-hostname" => Self::Hostname,
            "uri" | "iri" | "uri-reference" | "iri-reference" => Self::Uri,
            "uuid" => Self::Uuid,
            "ipv4" => Self::Ipv4,
            "ipv6" => Self::Ipv6,
            _ => return None,
        })
    }

    fn draw(self, rng: &mut impl Rng) -> String {
        // All names and addresses are from the ranges reserved for documentation.
        match self {
            Self::Date => date(rng),
            Self::DateTime => format!("{}T{}", date(rng), time(rng)),
            Self::Time => time(rng),
            Self::Duration => {
                let (days, hours) = (rng.random_range(1..=30), rng.random_range(1..24));
                format!("P{days}DT{hours}H")
            }
            Self::Email => format!("{}.{}@example.org", word(rng), word(rng)),
            Self::Hostname => format!("{}.example.org", word(rng)),
            Self::Uri => format!("https://example.org/{}/{}", word(rng), word(rng)),
            Self::Uuid => uuid(rng.random()),
            Self::Ipv4 => format!("192.0.2.{}", rng.random_range(1..255)),
            Self::Ipv6 => format!("2001:db8::{:x}", rng.random_range(1..0xffff)),
        }
    }
}

impl Text {
    pub(super) fn draw(&self, rng: &mut impl Rng) -> String {
        match (&self.pattern, self.format) {
            (Some(pattern), _) => pattern.draw(self.min, rng),
            (None, Some(format)) => format.draw(rng),
            (None, None) => {
                let count = rng.random_range(1..=6);
                words(rng, count, self.min, self.max)
            }
        }
    }
}

/// Draws `count` words, or as many as are needed for a length in `min..=max`.
pub(crate) fn words(rng: &mut impl Rng, count: usize, min: usize, max: Option<usize>) -> String {
    let mut text = word(rng).to_owned();
    for index in 1.. {
        if index >= count && text.len() >= min {
            break;
        }
        text.push(' ');
        text.push_str(word(rng));
    }
    let max = max.unwrap_or(usize::MAX);
    text.truncate(max);
    if text.ends_with(' ') {
        text.pop();
        text.push('s');
    }
    text
}

fn word(rng: &mut impl Rng) -> &'static str {
    WORDS.choose(rng).copied().unwrap_or_default()
}

fn date(rng: &mut impl Rng) -> String {
    let (year, month) = (rng.random_range(2000..2030), rng.random_range(1..=12));
    // Every month has these days.
    let day = rng.random_range(1..=28);
    format!("{year}-{month:02}-{day:02}")
}

fn time(rng: &mut impl Rng) -> String {
    let (hour, minute) = (rng.random_range(0..24), rng.random_range(0..60));
    let second = rng.random_range(0..60);
    format!("{hour:02}:{minute:02}:{second:02}Z")
}

/// Writes random bits as a version 4 UUID (RFC 9562, section 5.4).
fn uuid(bits: u128) -> String {
    let bits = bits & !(0xf << 76) | (0x4 << 76);
    let bits = bits & !(0x3 << 62) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    let parts = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    parts.join("-")
}
