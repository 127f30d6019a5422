//! llama.cpp's server, which is built here out of the source package of `llama-cpp-python`.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::kept::kept;
use super::pip;
use super::server::Server;
use crate::cargo::output;

const SOURCE: &str = "llama-cpp-python";
const SOURCE_VERSION: &str = "0.3.36";
const TOOLS: [&str; 1] = ["cmake==4.4.5"];

/// What is left out of the server, and that it is one file.
const SETTINGS: [&str; 7] = [
    "-DCMAKE_BUILD_TYPE=Release",
    "-DBUILD_SHARED_LIBS=OFF",
    "-DLLAMA_CURL=OFF",
    "-DLLAMA_OPENSSL=OFF",
    "-DLLAMA_BUILD_TESTS=OFF",
    "-DLLAMA_BUILD_EXAMPLES=OFF",
    "-DLLAMA_BUILD_SERVER=ON",
];

/// Starts it with a model and so many slots of 4,096 tokens.
pub(super) fn start(folder: &Path, model: &Path, slots: u32) -> Result<Server> {
    let server = built()?;
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let url = format!("http://127.0.0.1:{port}");
    let mut command = Command::new(server);
    command.arg("--model").arg(model);
    command.args(["--port", &port.to_string()]);
    command.args(["--parallel", &slots.to_string()]);
    command.args(["--ctx-size", &(slots * 4096).to_string()]);
    // Without room for all connections, those that idle keep others waiting.
    command.args(["--threads-http", "40"]);
    let log = folder.join("llama.log");
    Server::start(&mut command, &log, |_| Some(url.clone()), "/health")
}

/// Builds the server, which takes a quarter of an hour.
fn built() -> Result<PathBuf> {
    let name = format!("llama.cpp-{SOURCE_VERSION}");
    let folder = kept(&name, |folder| {
        let tools = folder.join("tools");
        pip::install(&tools, &TOOLS)?;
        let package = format!("{SOURCE}=={SOURCE_VERSION}");
        // Of what it is built with, wheels do: from source, that takes longer than the server.
        pip::download(folder, &package, &["--no-binary", SOURCE])?;
        let underscored = SOURCE.replace('-', "_");
        let source = folder.join(format!("{underscored}-{SOURCE_VERSION}"));
        let archive = source.with_file_name(format!("{underscored}-{SOURCE_VERSION}.tar.gz"));
        output(
            Command::new("tar")
                .arg("-xzf")
                .arg(archive)
                .arg("-C")
                .arg(folder),
        )?;
        let build = folder.join("build");
        let tool = |name: &str| {
            let mut tool = pip::python(&tools);
            tool.arg(tools.join("bin").join(name));
            tool
        };
        let mut cmake = tool("cmake");
        cmake
            .arg("-S")
            .arg(source.join("vendor/llama.cpp"))
            .arg("-B")
            .arg(&build);
        output(cmake.args(["-G", "Unix Makefiles"]).args(SETTINGS))?;
        let mut cmake = tool("cmake");
        cmake
            .arg("--build")
            .arg(&build)
            .args(["--target", "llama-server", "--parallel"]);
        output(&mut cmake)?;
        let built = build.join("bin/llama-server");
        fs::rename(&built, folder.join("llama-server")).context("the server was not built")?;
        for rest in [tools, source, build] {
            fs::remove_dir_all(rest)?;
        }
        Ok(())
    })?;
    Ok(folder.join("llama-server"))
}
