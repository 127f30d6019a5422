//! Each third-party dependency has a comment that says why it is here.

use super::Problem;

/// Finds entries of `[workspace.dependencies]` without a comment on their line.
pub(super) fn check(manifest: &str) -> Vec<Problem> {
    let lines = manifest.lines().enumerate();
    let section = lines
        .skip_while(|(_, line)| line.trim() != "[workspace.dependencies]")
        .skip(1);
    let entries = section
        .take_while(|(_, line)| !line.starts_with('['))
        .filter_map(|(number, line)| Some((number + 1, line.split_once('=')?)))
        .filter(|(_, (name, value))| !name.starts_with('#') && !value.contains("path ="));
    let unreasoned = entries.filter(|(_, (_, value))| comment(value).is_none_or(str::is_empty));
    unreasoned
        .map(|(number, (name, _))| {
            let message = format!("`{}` has no `# reason` on its line", name.trim());
            Problem::new(format!("Cargo.toml:{number}"), message)
        })
        .collect()
}

/// Returns the comment at the end of a line of TOML.
fn comment(line: &str) -> Option<&str> {
    let mut is_quoted = false;
    let start = line.find(|c| {
        is_quoted ^= c == '"';
        c == '#' && !is_quoted
    })?;
    Some(line[start + 1..].trim())
}

#[cfg(test)]
mod tests {
    use super::super::problem::shown;
    use super::*;

    fn check_entry(entry: &str, expected: &[&str]) {
        let manifest = format!(
            "[package]\nname = \"x\"\n\n[workspace.dependencies]\n# Some are.\n{entry}\n\n\
             [profile.release]\nlto = \"thin\"\n"
        );
        assert_eq!(shown(&check(&manifest)), expected, "{entry}");
    }

    #[test]
    fn a_dependency_without_a_reason_is_found() {
        check_entry("csv = \"1\" # rows", &[]);
        check_entry("patterns-core = { path = \"crates/patterns-core\" }", &[]);
        let problem = ["error: Cargo.toml:6: `csv` has no `# reason` on its line"];
        check_entry("csv = \"1\"", &problem);
        check_entry("csv = \"1\" #", &problem);
        check_entry("csv = { git = \"https://x/#y\" }", &problem);
    }
}
