//! Ranges of numbers, and how a plausible one is drawn from them.

use rand::Rng;
use serde_json::{Map, Number, Value};

/// How wide a range is taken to be where the schema leaves it open.
const WIDTH: i32 = 100;

/// The integers `step * first ..= step * last`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct IntegerRange {
    step: i128,
    first: i128,
    last: i128,
}

impl IntegerRange {
    /// Reads the keywords of a schema; `None` if no integer satisfies them.
    pub(super) fn new(schema: &Map<String, Value>) -> Option<Self> {
        let number = |key: &str| schema.get(key).filter(|it| it.is_number());
        let bound = |key: &str, round: fn(f64) -> f64| number(key).map(|it| int(it, round));
        let above = bound("exclusiveMinimum", f64::floor).map(|it| it + 1);
        let below = bound("exclusiveMaximum", f64::ceil).map(|it| it - 1);
        let least = bound("minimum", f64::ceil).max(above);
        let greatest = [bound("maximum", f64::floor), below];
        let greatest = greatest.into_iter().flatten().min();
        let step = schema.get("multipleOf").map_or(1, integer_step);
        let width = i128::from(WIDTH) * step;
        let least_or = least.unwrap_or_else(|| greatest.map_or(0, |it| (it - width).min(0)));
        let least_or = least_or.max(i64::MIN.into());
        let greatest = greatest.unwrap_or(least_or + width).min(u64::MAX.into());
        let first = least_or.div_euclid(step) + i128::from(least_or.rem_euclid(step) != 0);
        let last = greatest.div_euclid(step);
        (first <= last).then_some(Self { step, first, last })
    }

    pub(super) fn draw(self, rng: &mut impl Rng) -> Value {
        let value = self.step * rng.random_range(self.first..=self.last);
        i64::try_from(value)
            .map(Value::from)
            .or_else(|_| u64::try_from(value).map(Value::from))
            .unwrap_or_default()
    }
}

/// Reads a bound; an absurd one saturates far outside of what JSON numbers are drawn from.
fn int(value: &Value, round: fn(f64) -> f64) -> i128 {
    let exact = value.as_i64().map(i128::from);
    let exact = exact.or_else(|| value.as_u64().map(i128::from));
    let limit = f64::from(i32::MAX).powi(3);
    exact.unwrap_or_else(|| round(value.as_f64().unwrap_or_default()).clamp(-limit, limit) as i128)
}

/// Returns a step whose multiples are all multiples of `value`. It may leave some out: of 1.5,
/// for example, it takes the multiples of 3.
fn integer_step(value: &Value) -> i128 {
    let step = value.as_f64().unwrap_or(1.0);
    let multiples = (1..=1000).map(|factor| step * f64::from(factor));
    let whole = multiples.into_iter().find(|it| it.fract() == 0.0);
    whole.map_or(1, |it| it as i128).clamp(1, i64::MAX.into())
}

/// The numbers between two bounds, or the multiples of a step between them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct NumberRange {
    least: f64,
    greatest: f64,
    above: Option<f64>,
    below: Option<f64>,
    step: Option<Step>,
    /// A number that is known to be in the range.
    witness: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Step {
    size: f64,
    /// How many digits after the point a multiple has, so that it can be written without an error
    /// in the last place.
    digits: usize,
}

impl NumberRange {
    /// Reads the keywords of a schema; `None` if no number was found that satisfies them.
    pub(super) fn new(schema: &Map<String, Value>) -> Option<Self> {
        let bound = |key: &str| schema.get(key).and_then(Value::as_f64);
        let (above, below) = (bound("exclusiveMinimum"), bound("exclusiveMaximum"));
        let least = tightest(bound("minimum"), above, f64::max);
        let greatest = tightest(bound("maximum"), below, f64::min);
        let step = schema.get("multipleOf").and_then(Step::new);
        let width = f64::from(WIDTH) * step.map_or(1.0, |step| step.size.max(0.01));
        let least = least.unwrap_or_else(|| greatest.map_or(0.0, |it| (it - width).min(0.0)));
        let mut range = Self {
            least,
            greatest: greatest.unwrap_or(least + width),
            above,
            below,
            step,
            witness: 0.0,
        };
        let candidates = [0.5, 0.0, 1.0].map(|share| range.at(share));
        let inner = [range.least.next_up(), range.greatest.next_down()];
        let mut candidates = candidates.into_iter().chain(inner);
        range.witness = candidates.find(|it| range.contains(*it))?;
        Some(range)
    }

    pub(super) fn draw(self, rng: &mut impl Rng) -> Value {
        let exact = self.at(rng.random());
        // Two digits look like what a model would write.
        let rounded = (exact * 100.0).round() / 100.0;
        let candidates = [rounded, exact];
        let found = candidates.into_iter().find(|it| self.contains(*it));
        Number::from_f64(found.unwrap_or(self.witness)).map_or(Value::Null, Value::Number)
    }

    /// Returns the number at a share of the way through the range.
    fn at(self, share: f64) -> f64 {
        let between = |least: f64, greatest: f64| least * (1.0 - share) + greatest * share;
        match self.step {
            None => between(self.least, self.greatest),
            Some(Step { size, .. }) => {
                let first = (self.least / size).ceil();
                let last = (self.greatest / size).floor();
                self.rewritten(between(first, last).round() * size)
            }
        }
    }

    fn contains(self, value: f64) -> bool {
        value.is_finite()
            && (self.least..=self.greatest).contains(&value)
            && self.above.is_none_or(|above| value > above)
            && self.below.is_none_or(|below| value < below)
            && self.step.is_none_or(|step| {
                let multiple = (value / step.size).round() * step.size;
                self.rewritten(multiple) == value
            })
    }

    fn rewritten(self, value: f64) -> f64 {
        let digits = self.step.map_or(0, |step| step.digits);
        format!("{value:.digits$}").parse().unwrap_or(value)
    }
}

impl Step {
    fn new(value: &Value) -> Option<Self> {
        let size = value.as_f64().filter(|it| *it > 0.0)?;
        let digits = format!("{size}");
        let digits = digits.split_once('.').map_or(0, |(_, digits)| digits.len());
        Some(Self { size, digits })
    }
}

fn tightest(a: Option<f64>, b: Option<f64>, choose: fn(f64, f64) -> f64) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(choose(a, b)),
        (a, b) => a.or(b),
    }
}
