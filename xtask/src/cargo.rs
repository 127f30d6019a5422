//! Runs cargo in the root of the workspace.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;

use anyhow::{Context, Result, bail, ensure};

/// Returns the root of the workspace that it is run for: clones with one target directory have one xtask, too,
/// which was built for any of them.
pub(crate) fn root() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        let told = std::env::var_os("CARGO_MANIFEST_DIR");
        let xtask = told.map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
        xtask.parent().map_or(xtask.clone(), Path::to_owned)
    })
}

/// Returns a command that runs the cargo which runs us.
pub(crate) fn cargo<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(args).current_dir(root());
    // What `cargo run` tells us about ourselves is not true of what we start, and build scripts
    // that look at it would run again each time.
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(is_about_us) {
            command.env_remove(name);
        }
    }
    command
}

fn is_about_us(variable: &str) -> bool {
    ["CARGO_MANIFEST_", "CARGO_PKG_"]
        .iter()
        .any(|start| variable.starts_with(start))
}

/// Returns where cargo puts what it builds.
pub(crate) fn target() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR");
    target.map_or_else(|| root().join("target"), PathBuf::from)
}

/// Runs a command to its end, with our terminal as its own.
///
/// # Errors
///
/// Returns a [`Failed`] if it ends with anything but success.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let shown = show(command);
    let status = command
        .status()
        .with_context(|| format!("cannot run `{shown}`"))?;
    if status.success() {
        return Ok(());
    }
    Err(Failed { shown, status }.into())
}

/// Runs a command to its end and returns what it printed.
///
/// # Errors
///
/// Returns an error with its stderr if it ends with anything but success.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let shown = show(command);
    let output = command
        .output()
        .with_context(|| format!("cannot run `{shown}`"))?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        bail!("`{shown}` failed: {}", stderr.trim());
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{shown}` printed no UTF-8"))
}

/// Starts a command whose output is [waited for](printed) later.
pub(crate) fn started(mut command: Command) -> Result<Child> {
    let shown = show(&command);
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    command
        .spawn()
        .with_context(|| format!("cannot run `{shown}`"))
}

/// Waits for what was started, and returns what it printed.
///
/// # Errors
///
/// Returns an error if it ends with anything but success.
pub(crate) fn printed(child: Child) -> Result<String> {
    let ended = child.wait_with_output()?;
    ensure!(ended.status.success(), "it ended with {}", ended.status);
    Ok(String::from_utf8(ended.stdout)?)
}

/// Returns the exit code that an error leads to: that of the command which failed, if one did.
pub(crate) fn exit_code(error: &anyhow::Error) -> u8 {
    let failed = error.downcast_ref::<Failed>();
    let code = failed.and_then(|failed| failed.status.code());
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

/// Says that a command ended without success.
#[derive(Debug)]
struct Failed {
    shown: String,
    status: ExitStatus,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` failed ({})", self.shown, self.status)
    }
}

impl std::error::Error for Failed {}

/// Returns the command as one would type it.
pub(crate) fn show(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let program = program.file_name().unwrap_or_default().to_string_lossy();
    let mut shown = program.into_owned();
    for arg in command.get_args() {
        shown.push(' ');
        shown.push_str(&arg.to_string_lossy());
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_typed() {
        assert_eq!(
            show(Command::new("/some/bin/cargo").args(["test", "--doc"])),
            "cargo test --doc"
        );
    }

    #[test]
    fn cargo_is_not_told_about_us() {
        assert!(is_about_us("CARGO_PKG_VERSION") && is_about_us("CARGO_MANIFEST_DIR"));
        assert!(!is_about_us("CARGO_HOME") && !is_about_us("CARGO_TARGET_DIR"));
        // Cargo and nextest set it for this very test.
        assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
        let command = cargo(["help"]);
        let mut removed = command.get_envs().filter(|(_, value)| value.is_none());
        assert!(removed.any(|(name, _)| name == "CARGO_MANIFEST_DIR"));
    }

    #[test]
    fn the_root_has_the_workspace() {
        let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
        assert!(manifest.contains("[workspace]"), "{manifest}");
    }

    #[test]
    #[cfg(unix)]
    fn the_exit_code_of_a_failed_command_is_kept() {
        let error = run(Command::new("sh").args(["-c", "exit 42"])).unwrap_err();
        assert_eq!(exit_code(&error), 42);
        assert_eq!(exit_code(&error.context("in a step")), 42);
        assert_eq!(exit_code(&anyhow::anyhow!("something else")), 1);
    }

    #[test]
    #[cfg(unix)]
    fn the_output_of_a_failed_command_is_its_error() {
        let error = output(Command::new("sh").args(["-c", "echo broken >&2; exit 1"])).unwrap_err();
        assert!(error.to_string().ends_with("failed: broken"), "{error}");
        assert_eq!(
            output(Command::new("sh").args(["-c", "echo fine"])).unwrap(),
            "fine\n"
        );
    }
}
