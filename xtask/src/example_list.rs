//! Reads which examples there are.

use anyhow::{Context, Result};
use toml::{Table, Value};

/// Where they are listed, below the root.
pub(crate) const MANIFEST: &str = "examples/Cargo.toml";

/// Returns the names of the examples in a manifest, in its order.
///
/// # Errors
///
/// Returns an error if the manifest is no TOML or has an example without a name.
pub(crate) fn names(manifest: &str) -> Result<Vec<String>> {
    let manifest: Table = manifest
        .parse()
        .with_context(|| format!("{MANIFEST} is no TOML"))?;
    let examples = manifest.get("example").and_then(Value::as_array);
    let names = examples.into_iter().flatten().map(|example| {
        let name = example.get("name").and_then(Value::as_str);
        name.map(str::to_owned)
            .with_context(|| format!("an example in {MANIFEST} has no name"))
    });
    names.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_in_order() {
        let manifest = "[[example]]\nname = \"b\"\npath = \"b.rs\"\n[[example]]\nname = \"a\"\n";
        assert_eq!(names(manifest).unwrap(), ["b", "a"]);
        assert!(
            names("[package]\nname = \"examples\"\n")
                .unwrap()
                .is_empty()
        );
    }

    #[test]
    fn a_nameless_example_is_an_error() {
        assert!(names("[[example]]\npath = \"b.rs\"\n").is_err());
        assert!(names("[[example").is_err());
    }
}
