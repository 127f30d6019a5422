//! Writes and reads where something is in a JSON value: pointers (RFC 6901), and paths as users write them.

/// Returns the pointer of what is called so in what is at `pointer`.
///
/// ```
/// assert_eq!(patterns_core::pointer::join("/a", ["b/c", "d"]), "/a/b~1c/d");
/// ```
pub fn join<N: AsRef<str>>(pointer: &str, names: impl IntoIterator<Item = N>) -> String {
    let mut joined = pointer.to_owned();
    for name in names {
        joined.push('/');
        joined.push_str(&name.as_ref().replace('~', "~0").replace('/', "~1"));
    }
    joined
}

/// Returns the names in a path as a user writes it: a pointer, whose first slash may be missing, or
/// names with dots between them.
///
/// ```
/// use patterns_core::pointer::names;
///
/// for path in ["/address/city", "address/city", "address.city"] {
///     assert_eq!(names(path), ["address", "city"]);
/// }
/// assert_eq!(names("/a.b/c~1d"), ["a.b", "c/d"]);
/// assert!(names("").is_empty() && names("/").is_empty());
/// ```
pub fn names(path: &str) -> Vec<String> {
    let unescaped = |it: &str| it.replace("~1", "/").replace("~0", "~");
    let rest = path.strip_prefix('/').unwrap_or(path);
    match path.contains('/') {
        _ if rest.is_empty() => Vec::new(),
        true => rest.split('/').map(unescaped).collect(),
        false => rest.split('.').map(unescaped).collect(),
    }
}
