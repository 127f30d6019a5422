//! Names some of many things, and counts the others.

/// Names these of so many: `a, b and 3 more`.
///
/// ```
/// use patterns_core::some_of;
///
/// assert_eq!(some_of(["a", "b"], 5), "a, b and 3 more");
/// assert_eq!(some_of(["a", "b"], 2), "a, b");
/// ```
pub fn some_of<S: AsRef<str>>(names: impl IntoIterator<Item = S>, all: u64) -> String {
    let (mut text, mut named) = (String::new(), 0);
    for name in names {
        if named > 0 {
            text += ", ";
        }
        text += name.as_ref();
        named += 1;
    }
    match all.saturating_sub(named) {
        0 => text,
        more => format!("{text} and {more} more"),
    }
}
