//! Where the configuration files are.

use std::env;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

/// The file of a project.
const PROJECT: &str = "patterns.toml";

/// Returns the user's own file, whether it is there or not: in `$XDG_CONFIG_HOME/patterns` or
/// `~/.config/patterns`, on Windows in `%APPDATA%\patterns`.
pub(crate) fn user_file() -> Option<PathBuf> {
    let strategy = etcetera::choose_base_strategy().ok()?;
    Some(strategy.config_dir().join("patterns").join("config.toml"))
}

/// Returns the project's file: the nearest one upwards, as a path from the working directory.
pub(crate) fn project_file() -> Option<PathBuf> {
    let directory = env::current_dir().ok()?;
    upwards(&directory)
}

fn upwards(directory: &Path) -> Option<PathBuf> {
    let mut way = PathBuf::new();
    for folder in directory.ancestors() {
        if folder.join(PROJECT).is_file() {
            return Some(way.join(PROJECT));
        }
        way.push("..");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_file_upwards_is_the_projects() {
        let place = tempfile::tempdir().unwrap();
        let deep = place.path().join("a/b");
        std::fs::create_dir_all(&deep).unwrap();
        std::fs::write(place.path().join(PROJECT), "").unwrap();
        assert_eq!(upwards(&deep), Some(PathBuf::from("../../patterns.toml")));
        std::fs::write(deep.join(PROJECT), "").unwrap();
        assert_eq!(upwards(&deep), Some(PathBuf::from("patterns.toml")));
    }
}
