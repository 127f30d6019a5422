//! The stated minimal version of Rust is at least what the dependencies need.

use std::collections::{HashMap, HashSet};

use anyhow::{Context, Result};
use serde_json::Value;

use super::Problem;

/// A version of Rust: major, minor, patch.
type Version = (u64, u64, u64);

/// Checks what `cargo metadata` prints: no package that the workspace needs to be built (those for
/// tests are left out) may need a newer Rust than its members state.
pub(super) fn check(metadata: &str) -> Result<Vec<Problem>> {
    let metadata: Value = serde_json::from_str(metadata).context("cargo metadata")?;
    let packages: HashMap<&str, &Value> = list(&metadata["packages"])
        .filter_map(|package| Some((package["id"].as_str()?, package)))
        .collect();
    let members: Vec<&str> = list(&metadata["workspace_members"])
        .filter_map(Value::as_str)
        .collect();
    let stated = members
        .iter()
        .filter_map(|id| rust_version(packages.get(id)?))
        .min();
    let stated = stated.context("no member of the workspace has a rust-version")?;
    let mut too_new: Vec<(&str, Version)> = needed(&metadata, members)
        .into_iter()
        .filter_map(|id| Some((packages.get(id)?, rust_version(packages.get(id)?)?)))
        .filter(|(_, version)| *version > stated)
        .filter_map(|(package, version)| Some((package["name"].as_str()?, version)))
        .collect();
    too_new.sort_unstable();
    let problems = too_new.into_iter().map(|(name, (major, minor, patch))| {
        let (at_major, at_minor, _) = stated;
        let message = format!(
            "rust-version is {at_major}.{at_minor}, but `{name}` needs {major}.{minor}.{patch}"
        );
        Problem::error("Cargo.toml", message)
    });
    Ok(problems.collect())
}

/// Returns the ids of the members and of all that they need to be built.
fn needed<'a>(metadata: &'a Value, members: Vec<&'a str>) -> HashSet<&'a str> {
    let nodes: HashMap<&str, &Value> = list(&metadata["resolve"]["nodes"])
        .filter_map(|node| Some((node["id"].as_str()?, node)))
        .collect();
    let mut seen = HashSet::new();
    let mut next = members;
    while let Some(id) = next.pop() {
        if !seen.insert(id) {
            continue;
        }
        let dependencies = nodes
            .get(id)
            .map(|node| list(&node["deps"]))
            .into_iter()
            .flatten();
        let needed = dependencies
            .filter(|it| list(&it["dep_kinds"]).any(|kind| kind["kind"].as_str() != Some("dev")));
        next.extend(needed.filter_map(|dependency| dependency["pkg"].as_str()));
    }
    seen
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn rust_version(package: &Value) -> Option<Version> {
    let mut numbers = package["rust_version"].as_str()?.split('.').map(str::parse);
    let mut next = || numbers.next().and_then(Result::ok);
    Some((
        next()?,
        next().unwrap_or_default(),
        next().unwrap_or_default(),
    ))
}

#[cfg(test)]
mod tests {
    use super::super::problem::shown;
    use super::*;

    fn check_versions(stated: &str, normal: &str, dev: &str, expected: &[&str]) {
        let package = |id: &str, rust_version: &str| serde_json::json!({"id": id, "name": id, "rust_version": rust_version});
        let edge =
            |id: &str, kind: Value| serde_json::json!({"pkg": id, "dep_kinds": [{"kind": kind}]});
        let metadata = serde_json::json!({
            "packages": [package("us", stated), package("a", "1.0"), package("b", normal),
                package("c", dev)],
            "workspace_members": ["us"],
            "resolve": {"nodes": [
                {"id": "us", "deps": [edge("a", Value::Null), edge("c", "dev".into())]},
                {"id": "a", "deps": [edge("b", "build".into())]},
            ]},
        });
        assert_eq!(
            shown(&check(&metadata.to_string()).unwrap()),
            expected,
            "{metadata}"
        );
    }

    #[test]
    fn a_dependency_may_not_need_a_newer_rust() {
        check_versions("1.90", "1.88", "1.88", &[]);
        check_versions("1.90", "1.90.0", "1.95", &[]);
        check_versions(
            "1.90",
            "1.100",
            "1.88",
            &["error: Cargo.toml: rust-version is 1.90, but `b` needs 1.100.0"],
        );
    }

    #[test]
    fn a_workspace_without_a_version_is_an_error() {
        assert!(check("{}").is_err());
        assert!(check("").is_err());
    }
}
