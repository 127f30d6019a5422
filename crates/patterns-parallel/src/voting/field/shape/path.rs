//! Reads and writes paths into answers and schemas.

use serde_json::Value;

/// Returns the names in a path as a user writes it.
pub(crate) fn segments(path: &str) -> Vec<String> {
    let unescaped = |it: &str| it.replace("~1", "/").replace("~0", "~");
    let rest = path.strip_prefix('/').unwrap_or(path);
    match path.contains('/') {
        _ if rest.is_empty() => Vec::new(),
        true => rest.split('/').map(unescaped).collect(),
        false => rest.split('.').map(unescaped).collect(),
    }
}

/// Returns the JSON pointer (RFC 6901) of a field of the object at `path`.
pub(in crate::voting::field) fn join(path: &str, name: &str) -> String {
    let name = name.replace('~', "~0").replace('/', "~1");
    format!("{path}/{name}")
}

/// Returns what a reference such as `#/$defs/Item` points to; references to other documents and
/// broken ones to nothing.
pub(super) fn resolve<'a>(root: &'a Value, target: &str) -> Option<&'a Value> {
    let pointer = target.strip_prefix('#')?;
    root.pointer(pointer)
        .or_else(|| root.pointer(&percent_decoded(pointer)?))
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut parts = text.split('%');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(part.get(..2)?, 16).ok()?);
        bytes.extend(part.get(2..)?.as_bytes());
    }
    String::from_utf8(bytes).ok()
}
