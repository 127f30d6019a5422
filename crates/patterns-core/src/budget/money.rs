//! Amounts of money, exact to a millionth of a millionth of a dollar.

use std::fmt;
use std::iter::Sum;
use std::ops::Add;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Decimal places that are kept.
const PLACES: usize = 12;

const PICOS_PER_DOLLAR: u64 = 1_000_000_000_000;

/// An amount of US dollars, never negative, counted in picodollars (10⁻¹²).
///
/// A price of $0.000001 per million tokens is one picodollar per token, so bills add up exactly.
/// Sums saturate at about $18 million, because a provider may report absurd numbers.
///
/// It is written rounded, for people, and serialized exactly, as a decimal number of dollars in a
/// text.
///
/// ```
/// use patterns_core::Money;
///
/// let amount: Money = "$0.0123456".parse()?;
/// assert_eq!(amount.picodollars(), 12_345_600_000);
/// assert_eq!(amount.to_string(), "$0.0123");
/// assert_eq!("3.1".parse::<Money>()?.to_string(), "$3.10");
/// # Ok::<(), patterns_core::MoneyError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Money(u64);

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Makes an amount from picodollars.
    pub const fn from_picodollars(picodollars: u64) -> Self {
        Self(picodollars)
    }

    /// Returns the amount in picodollars.
    pub const fn picodollars(self) -> u64 {
        self.0
    }

    /// Adds, or returns `None` where the sum is too large to be counted.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// Returns so many parts of it, of so many in all; nothing of no parts.
    #[must_use]
    pub fn parts(self, of_them: u64, all: u64) -> Self {
        let parts = u128::from(self.0) * u128::from(of_them) / u128::from(all.max(1));
        Self(u64::try_from(parts).unwrap_or(u64::MAX))
    }

    /// Subtracts, down to nothing.
    #[must_use]
    pub fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Writes whole dollars and `places` decimals, rounded half up.
    fn rounded(self, places: usize) -> String {
        let unit = 10_u64.pow((PLACES - places) as u32);
        let units = u128::from(self.0) + u128::from(unit / 2);
        let units = units / u128::from(unit);
        let per_dollar = 10_u128.pow(places as u32);
        let (whole, rest) = (units / per_dollar, units % per_dollar);
        format!("{whole}.{rest:0places$}")
    }

    /// Writes the exact number of dollars, without zeros at its end.
    fn exact(self) -> String {
        let text = self.rounded(PLACES);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }
}

impl Add for Money {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Add::add)
    }
}

/// Writes `$3.10`, `$0.0123`, `$0.000012`: cents from a dollar up, below it four decimals or as many
/// as two digits need, and never fewer than two decimals.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = match self.0 {
            0 => 2,
            PICOS_PER_DOLLAR.. => 2,
            // From a tenth of a cent up, four decimals show two digits at least.
            1_000_000_000.. => 4,
            small => PLACES.min(PLACES + 1 - small.ilog10() as usize),
        };
        let text = self.rounded(places);
        let cents = text.find('.').map_or(text.len(), |point| point + 3);
        let (kept, rest) = text.split_at(cents);
        write!(f, "${kept}{}", rest.trim_end_matches('0'))
    }
}

/// A text that is no amount of money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MoneyError {
    /// It is no plain decimal number.
    #[error("expected an amount of dollars such as 5 or 0.50")]
    NotANumber,
    /// It has more decimals than are counted.
    #[error("an amount of dollars has at most twelve decimals")]
    TooFine,
    /// It is more than can be counted.
    #[error("that is more money than can be counted")]
    TooLarge,
}

/// Reads `5`, `$0.50` or `2.5`.
impl FromStr for Money {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let text = text.trim();
        let text = text.strip_prefix('$').unwrap_or(text);
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let is_number = |it: &str| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit());
        if !is_number(whole) || !is_number(fraction) {
            return Err(MoneyError::NotANumber);
        }
        let fraction = fraction.trim_end_matches('0');
        if fraction.len() > PLACES {
            return Err(MoneyError::TooFine);
        }
        let picos = format!("{whole}{fraction:0<PLACES$}").parse();
        picos.map(Self).map_err(|_| MoneyError::TooLarge)
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.exact())
    }
}

/// Reads a text or a number.
impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Money;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an amount of dollars such as 5 or \"0.50\"")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Money, E> {
                text.parse().map_err(E::custom)
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Money, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Money, E> {
                self.visit_str(&number.to_string())
            }

            // The shortest decimals that mean this number are those that were written.
            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Money, E> {
                self.visit_str(&number.to_string())
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}
