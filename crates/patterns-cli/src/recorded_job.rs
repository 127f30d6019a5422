//! What is recorded of a run to do it again: the job, and what was typed to begin it.

use std::env::current_dir;
use std::path::PathBuf;

use clap::Parser;
use patterns_core::grouped;
use patterns_job::Job;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::args::Cli;
use crate::compile::compiled;
use crate::config::{TYPED_ELSEWHERE, as_shown};
use crate::error::{Error, ErrorKind};
use crate::proxy::without_login;
use crate::shared_store::without_password;

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
        Self {
            arguments: words_typed(std::env::var(TYPED_ELSEWHERE).ok().as_deref()),
            // One that is no Unicode is not found again, but what was typed there is shown.
            directory: current_dir()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned()
                .into(),
            job: Some(job.into()),
            set: set.iter().map(|it| without_password(it)).collect(),
        }
    }

    /// Returns the command, quoted so that a shell understands it, without what may be secret.
    pub(crate) fn command(&self) -> String {
        let words = self.shown_arguments();
        let words = words.iter().map(String::as_str);
        let words = shlex::Quoter::new().allow_nul(true).join(words);
        format!("patterns {}", words.unwrap_or_default())
    }

    /// Returns the command, with the middle left out where it is longer than anybody reads, as where a shell has
    /// named a thousand files.
    pub(crate) fn short_command(&self) -> String {
        const HEAD: usize = 200;
        const TAIL: usize = 80;
        let command = self.command();
        let letters = command.chars().count();
        if letters <= HEAD + 2 * TAIL {
            return command;
        }
        let head: String = command.chars().take(HEAD).collect();
        let tail: String = command.chars().skip(letters - TAIL).collect();
        let left_out = grouped((letters - HEAD - TAIL) as u64);
        format!("{head}… ({left_out} letters left out; --output json has them) …{tail}")
    }

    /// Returns the arguments without what may be secret: in values of `-c`, and log-ins of addresses.
    pub(crate) fn shown_arguments(&self) -> Vec<String> {
        let mut before = "";
        let mut shown = Vec::new();
        for word in &self.arguments {
            shown.push(self.shown_word(before, word));
            before = word;
        }
        shown
    }

    fn shown_word(&self, before: &str, word: &str) -> String {
        if let Some(url) = word.strip_prefix("--base-url=") {
            return format!("--base-url={}", without_login(url));
        }
        if before == "--base-url" {
            return without_login(word);
        }
        if let Some(set) = word.strip_prefix("--config=") {
            return format!("--config={}", as_shown(set));
        }
        if matches!(before, "-c" | "--config") {
            return as_shown(word);
        }
        // Written together, such as -crun.hedge=true or -qcrun.hedge=true.
        let set = self.set.iter().filter(|it| !it.is_empty());
        let set = set.filter_map(|it| Some((word.strip_suffix(it.as_str())?, it)));
        let mut set = set.filter(|(option, _)| option.is_empty() || option.starts_with('-'));
        match set.next() {
            Some((option, set)) => format!("{option}{}", as_shown(set)),
            None => word.to_owned(),
        }
    }

    /// Returns the job as it is recorded, without the log-ins of its addresses.
    pub(crate) fn shown_job(&self) -> Option<Value> {
        let mut job = self.job.clone()?;
        hide_logins(&mut job);
        Some(job)
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

/// Returns what was typed: here, or where the job was handed over to a worker that now runs it.
fn words_typed(elsewhere: Option<&str>) -> Vec<String> {
    let elsewhere = elsewhere.and_then(|it| serde_json::from_str::<Vec<String>>(it).ok());
    elsewhere.filter(|it| !it.is_empty()).unwrap_or_else(|| {
        let arguments = std::env::args_os().skip(1);
        arguments
            .map(|it| without_password(&it.to_string_lossy()))
            .collect()
    })
}

/// Takes the log-ins out of the addresses of a job, wherever they are.
fn hide_logins(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match (name.as_str(), &*value) {
                    ("base_url" | "proxy", Value::String(url)) => {
                        *value = without_login(url).into();
                    }
                    _ => hide_logins(value),
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(hide_logins),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(arguments: &[&str], set: &[&str]) -> RecordedJob {
        RecordedJob {
            arguments: arguments.iter().map(|it| (*it).to_owned()).collect(),
            directory: PathBuf::new(),
            job: None,
            set: set.iter().map(|it| (*it).to_owned()).collect(),
        }
    }

    #[test]
    fn what_may_be_secret_is_not_shown_of_a_command() {
        let proxy = "run.proxy=http://me:canary@h";
        let key = "providers.x.extra.api_key=canary";
        for arguments in [
            &["vote", "q", "-c", proxy][..],
            &["vote", "q", "--config", key],
            &["vote", "q", "--config=providers.x.headers.k=canary"],
            &["vote", "-cproviders.x.extra.api_key=canary", "q"],
            &["vote", "-qcrun.proxy=http://me:canary@h", "q"],
            &["vote", "q", "-qc", proxy],
            &["vote", "q", "--base-url", "http://me:canary@h/v1"],
            &["vote", "q", "--base-url=http://me:canary@h/v1"],
        ] {
            let shown = typed(arguments, &[proxy, key]).command();
            assert!(!shown.contains("canary"), "{shown}");
            assert!(shown.contains("[hidden]"), "{shown}");
        }
        let plain = ["vote", "Is me@home a place?", "-c", "run.hedge=true"];
        let shown = typed(&plain, &["run.hedge=true"]).command();
        assert_eq!(
            shown,
            "patterns vote 'Is me@home a place?' -c 'run.hedge=true'"
        );
    }

    #[test]
    fn of_a_long_command_the_middle_is_left_out() {
        let files: Vec<String> = (0..90).map(|n| format!("{n:02}.txt")).collect();
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        let many = typed(
            &[&["map-reduce"], &files[..], &["--no-reduce"]].concat(),
            &[],
        );
        let short = many.short_command();
        assert!(
            short.starts_with("patterns map-reduce 00.txt 01.txt "),
            "{short}"
        );
        let end = "… (381 letters left out; --output json has them) …";
        assert!(
            short.contains(end) && short.ends_with(" 89.txt --no-reduce"),
            "{short}"
        );
        let plain = typed(&["vote", "Is it?"], &[]);
        assert_eq!(plain.short_command(), plain.command());
    }

    #[test]
    fn of_a_job_that_was_handed_over_what_was_typed_for_it_is_recorded() {
        let elsewhere = r#"["vote","Is it?","--detach"]"#;
        assert_eq!(words_typed(Some(elsewhere)), ["vote", "Is it?", "--detach"]);
        let here: Vec<String> = std::env::args().skip(1).collect();
        for none in [None, Some(""), Some("[]"), Some("vote")] {
            assert_eq!(words_typed(none), here);
        }
    }

    #[test]
    fn a_job_is_shown_without_log_ins() {
        let mut job = serde_json::json!({"model": [{"base_url": "http://me:canary@h/v1"}]});
        hide_logins(&mut job);
        let url = &job["model"][0]["base_url"];
        assert_eq!(url, "http://[hidden]@h/v1");
    }
}
