//! Finds the name that may have been meant.

/// From this likeness on (Jaro-Winkler, from 0 to 1), a name may be a misspelling of another.
const ALIKE: f64 = 0.8;

/// Returns the known name that is most like `name`, if one is like it at all: "did you mean …?". Capitals and
/// small letters are alike: `TOTAL` may be `total`.
///
/// ```
/// use patterns_core::nearest;
///
/// assert_eq!(nearest("meen", ["mean", "median", "sum"]), Some("mean"));
/// assert_eq!(nearest("MEAN", ["mean", "median", "sum"]), Some("mean"));
/// assert_eq!(nearest("average", ["mean", "median", "sum"]), None);
/// ```
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let small = name.to_lowercase();
    let with_likeness = known
        .into_iter()
        .map(|known| (strsim::jaro_winkler(&known.to_lowercase(), &small), known));
    let (likeness, nearest) = with_likeness.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (likeness > ALIKE).then_some(nearest)
}

/// Says which of all names there are was meant, or names them, to go on behind a semicolon.
///
/// ```
/// use patterns_core::meant;
///
/// assert_eq!(meant("meen", &["mean", "median"]), "did you mean \"mean\"?");
/// assert_eq!(meant("average", &["mean", "median"]), "there are mean, median");
/// ```
pub fn meant(name: &str, known: &[&str]) -> String {
    match nearest(name, known.iter().copied()) {
        Some(nearest) => format!("did you mean {nearest:?}?"),
        None => format!("there are {}", known.join(", ")),
    }
}
