//! Reads which modules a Rust file imports from, out of its `use` lines.

/// One imported name: `use a::{b, c::d as e};` has two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Import {
    /// The path as it is written, `super` and `self` included.
    pub(super) path: Vec<String>,
    /// What it is called here: its last part, or what stands after `as`.
    pub(super) name: String,
    /// Whether others may import it from here.
    pub(super) is_reexport: bool,
}

/// Returns the imports of a file, those of its tests left out.
pub(super) fn imports(text: &str) -> Vec<Import> {
    let code = without_tests(text);
    let mut found = Vec::new();
    for statement in statements(&code) {
        let (visibility, tree) = statement;
        for (path, name) in flatten(&tree) {
            found.push(Import {
                path,
                name,
                is_reexport: visibility,
            });
        }
    }
    found
}

/// Counts the names that a file re-exports.
pub(crate) fn reexports(text: &str) -> usize {
    imports(text)
        .iter()
        .filter(|import| import.is_reexport)
        .count()
}

/// Cuts off what begins with `#[cfg(test)]` and a module with a body: tests stand at the end.
pub(crate) fn without_tests(text: &str) -> String {
    let mut kept = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let opens = |next: &&str| next.trim_start().starts_with("mod ") && next.ends_with('{');
        if line.trim() == "#[cfg(test)]" && lines.peek().is_some_and(opens) {
            break;
        }
        kept.push(line);
    }
    kept.join("\n")
}

/// Returns the `use` statements at the beginning of a line, as whether they are re-exports and their
/// trees without white space.
fn statements(code: &str) -> Vec<(bool, String)> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some((start, is_reexport)) = next_use(rest) {
        let tail = &rest[start..];
        let Some(end) = tail.find(';') else { break };
        let tree: String = tail[..end]
            .replace(" as ", "@")
            .split_whitespace()
            .collect();
        found.push((is_reexport, tree));
        rest = &tail[end + 1..];
    }
    found
}

/// Returns where the tree of the next `use` begins, and whether it is public to anybody.
fn next_use(code: &str) -> Option<(usize, bool)> {
    let mut at = 0;
    for line in code.split_inclusive('\n') {
        let visible = line.strip_prefix("pub use ").or_else(|| {
            let rest = line.strip_prefix("pub(")?;
            rest.split_once(") use ").map(|(_, tree)| tree)
        });
        if let Some(tree) = visible.or_else(|| line.strip_prefix("use ")) {
            return Some((at + line.len() - tree.len(), visible.is_some()));
        }
        at += line.len();
    }
    None
}

/// Returns the paths in a tree, each with the name it is known by.
fn flatten(tree: &str) -> Vec<(Vec<String>, String)> {
    let Some(open) = tree.find('{') else {
        let (path, name) = match tree.split_once('@') {
            Some((path, name)) => (path, Some(name)),
            None => (tree, None),
        };
        let path: Vec<String> = path.split("::").map(str::to_owned).collect();
        let last = path.last().cloned().unwrap_or_default();
        let name = name.map_or(last, str::to_owned);
        return vec![(path, name)];
    };
    let prefix = &tree[..open];
    let inner = tree[open + 1..]
        .strip_suffix('}')
        .unwrap_or(&tree[open + 1..]);
    let members = split_at_commas(inner);
    let trees = members.iter().filter(|member| !member.is_empty());
    trees
        .flat_map(|member| flatten(&format!("{prefix}{member}")))
        .collect()
}

/// Splits at commas that are in no braces.
fn split_at_commas(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    for (at, sign) in text.char_indices() {
        match sign {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let shown: Vec<String> = imports(text)
            .iter()
            .map(|import| {
                let mark = if import.is_reexport { "pub " } else { "" };
                format!("{mark}{} as {}", import.path.join("::"), import.name)
            })
            .collect();
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn trees_are_flattened() {
        check("use a::b;\n", &["a::b as b"]);
        check(
            "use super::{a::{B, c as d},\n    E};\nfn f() {}\n",
            &["super::a::B as B", "super::a::c as d", "super::E as E"],
        );
        check(
            "use crate::a::{self, B};\n",
            &["crate::a::self as self", "crate::a::B as B"],
        );
    }

    #[test]
    fn re_exports_are_told_apart() {
        check(
            "mod a;\npub use a::B;\npub(crate) use a::C;\nuse a::D;\n",
            &["pub a::B as B", "pub a::C as C", "a::D as D"],
        );
    }

    #[test]
    fn tests_are_left_out() {
        check(
            "use a::B;\n#[cfg(test)]\nmod tests {\n    use c::D;\n}\n",
            &["a::B as B"],
        );
        check("#[cfg(test)]\nmod tests;\nuse a::B;\n", &["a::B as B"]);
        check("    use a::B;\n", &[]);
    }
}
