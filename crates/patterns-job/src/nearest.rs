//! Finds the name that was meant.

/// Returns the name that is most like a mistyped one, if any is like it.
///
/// ```
/// assert_eq!(patterns_job::nearest("quorom", ["question", "quorum"]), Some("quorum"));
/// assert_eq!(patterns_job::nearest("zzz", ["question", "quorum"]), None);
/// ```
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const ALIKE: f64 = 0.7;
    let likeness = |it: &str| strsim::jaro_winkler(it, name);
    let known = known.into_iter().map(|it| (likeness(it), it));
    let best = known.max_by(|one, other| one.0.total_cmp(&other.0));
    best.filter(|it| it.0 > ALIKE).map(|it| it.1)
}
