//! `patterns completions`: completion scripts for shells.

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use crate::args::Cli;
use crate::error::Error;
use crate::terminal::write_stdout;

pub(super) fn run(shell: Shell) -> Result<(), Error> {
    let mut script = Vec::new();
    generate(shell, &mut Cli::command(), "patterns", &mut script);
    write_stdout(&script)
}
