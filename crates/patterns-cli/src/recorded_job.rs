//! What is recorded of a run to do it again: the job, and what was typed to begin it.

use std::path::PathBuf;

use clap::Parser;
use patterns_job::Job;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::args::Cli;
use crate::compile::compiled;
use crate::error::{Error, ErrorKind};

/// What is recorded of a run: the job, which is run again, and what was typed, which is only shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RecordedJob {
    /// The arguments, without the name of the program.
    pub(crate) arguments: Vec<String>,
    /// The directory in which they were typed, and to which the paths of the job are relative.
    pub(crate) directory: PathBuf,
    /// The job; older versions recorded none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) job: Option<Value>,
    /// What `-c` said, which holds when the run is gone on with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) set: Vec<String>,
}

impl RecordedJob {
    /// Returns what is recorded of a job that is run now. Arguments that are no Unicode are not shown
    /// as they were.
    pub(crate) fn now(job: &Job, set: &[String]) -> Self {
        let arguments = std::env::args_os().skip(1);
        Self {
            arguments: arguments
                .map(|it| it.to_string_lossy().into_owned())
                .collect(),
            directory: std::env::current_dir().unwrap_or_default(),
            job: Some(job.into()),
            set: set.to_vec(),
        }
    }

    /// Returns the command, quoted so that a shell understands it.
    pub(crate) fn command(&self) -> String {
        let words = self.arguments.iter().map(String::as_str);
        let words = shlex::Quoter::new().allow_nul(true).join(words);
        format!("patterns {}", words.unwrap_or_default())
    }

    /// Returns whether the job was typed, and not read from a file.
    pub(crate) fn is_typed(&self) -> bool {
        self.arguments.first().is_none_or(|it| it != "run")
    }

    /// Returns the job, if it is recorded.
    pub(crate) fn recorded(&self) -> Option<Job> {
        serde_json::from_value(self.job.clone()?).ok()
    }

    /// Returns the job. Where an older version recorded only what was typed, that is compiled again.
    ///
    /// # Errors
    ///
    /// Returns an error if this version cannot read the record.
    pub(crate) fn job(&self) -> Result<Job, Error> {
        if let Some(job) = &self.job {
            return serde_json::from_value(job.clone()).map_err(|error| {
                let message = format!("the job of the run is none of this version: {error}");
                Error::new(ErrorKind::BadData, message).help("begin it anew: its answers are found")
            });
        }
        let program = std::iter::once("patterns".to_owned());
        let words = program.chain(self.arguments.iter().cloned());
        let cli = Cli::try_parse_from(words).map_err(|error| {
            let text = error.to_string();
            let lines = text.lines().filter(|line| !line.is_empty());
            let message = "the run cannot be done again: an older version recorded what was typed";
            Error::new(ErrorKind::Usage, message).details(lines.map(str::to_owned))
        })?;
        let compiled = compiled(&cli.command)?;
        compiled.map(|it| it.0).ok_or_else(|| {
            Error::new(ErrorKind::BadData, "the record is not one of a run")
                .help("begin the run anew: its answers are found")
        })
    }
}
