//! A folder for what is checked, which is kept if the check fails.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Does something in a new folder. What is left of a failure is worth a look, so it stays, and is named.
pub(crate) fn in_folder(name: &str, check: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let folder = std::env::temp_dir().join(format!("patterns-{name}-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    check(&folder).with_context(|| format!("what is left is in {}", folder.display()))?;
    fs::remove_dir_all(&folder)?;
    Ok(())
}
