//! `patterns doctor`: what is configured, whether it works, and what to do where it does not.
//!
//! It changes nothing, and costs nothing but with `--probe`. What is not configured is no fault of it; so its
//! exit code can be asked by a script before a long run.

mod check;
mod endpoints;
mod formats;
mod here;
mod keys;
mod learnt;

use patterns_job::{Job, ModelPart, VoteJob};

use self::check::{Check, State};
use crate::args::{DoctorArgs, Given, LookFormat};
use crate::config::{Loaded, Scope};
use crate::error::{Error, ErrorKind};
use crate::launch::{Around, Launch};
use crate::option_names::Names;
use crate::report::Page;
use crate::shared_store::is_address;
use crate::store::usual;
use crate::terminal::{Style, Terminal, write_shown};

pub(super) async fn run(args: &DoctorArgs, terminal: Terminal) -> Result<(), Error> {
    let checks = checks(args, terminal).await;
    let text = match args.output {
        LookFormat::Json => checks.iter().map(|it| format!("{}\n", it.json())).collect(),
        LookFormat::Human => {
            let mut page = Page::new(terminal.stdout_paint(), &[]);
            describe(&mut page, &checks);
            page.finish()
        }
    };
    write_shown(args.output, &text)?;
    faults(&checks).map_or(Ok(()), Err)
}

async fn checks(args: &DoctorArgs, terminal: Terminal) -> Vec<Check> {
    let mut checks = here::configuration(&args.set);
    checks.push(here::open_files());
    let loaded = Loaded::load(&args.set);
    let configured = loaded.as_ref().ok();
    let shared = match &args.store {
        Some(typed) => Some(typed.display().to_string()).filter(|it| is_address(it)),
        None => configured.and_then(Loaded::shared),
    };
    let file = args.store.clone().filter(|it| !is_address(it));
    let file = file.or_else(|| configured.and_then(Loaded::store));
    let store = file.unwrap_or_else(usual);
    checks.extend(here::store(&store));
    if let Some(url) = shared {
        checks.push(here::shared(&url).await);
    }
    checks.extend(learnt::learnt(&store));
    let Ok(loaded) = loaded else {
        // The configuration is at fault, and was said to be.
        return checks;
    };
    checks.extend(keys::keys(&loaded.providers(), terminal));
    match launch(args, terminal) {
        Ok(launch) => {
            checks.extend(endpoints::endpoints(&launch).await);
            if args.probe {
                checks.extend(formats::formats(&launch).await);
            }
        }
        Err(error) => checks.push(Check::bad("model", "the model", &error)),
    }
    checks
}

/// Returns a job that asks the model which is meant, to be connected as a run would be.
fn launch(args: &DoctorArgs, terminal: Terminal) -> Result<Launch, Error> {
    let job = Job::Vote(Box::new(VoteJob {
        question: Some("Are you there?".to_owned()),
        model: ModelPart {
            name: args.model.clone(),
            base_url: args.base_url.clone(),
            ..ModelPart::default()
        },
        ..VoteJob::default()
    }));
    let around = Around {
        given: Given::default(),
        set: args.set.clone(),
    };
    Launch::new(job, Names::Options, around, Scope::Everything, terminal)
}

fn describe(page: &mut Page, checks: &[Check]) {
    let mut area = "";
    for check in checks {
        if check.area != area {
            area = check.area;
            page.gap();
            page.heading(area);
        }
        let style = match check.state {
            State::Good => None,
            State::Absent => Some(Style::Dim),
            State::Warning => Some(Style::Yellow),
            State::Bad(_) => Some(Style::Red),
        };
        let line = check.line();
        match style {
            None => page.paragraph(&line),
            Some(style) => page.line(style, &line),
        }
        if let Some(then) = &check.then {
            page.line(Style::Dim, &format!("      {then}"));
        }
    }
}

/// Returns the error of checks of which some are at fault.
fn faults(checks: &[Check]) -> Option<Error> {
    let kinds = checks.iter().filter_map(|it| match it.state {
        State::Bad(kind) => Some(kind),
        _ => None,
    });
    let kinds: Vec<ErrorKind> = kinds.collect();
    let first = kinds.first()?;
    let are = if kinds.len() == 1 { "is" } else { "are" };
    let message = format!("{} of {} checks {are} at fault", kinds.len(), checks.len());
    Some(Error::new(*first, message).help("each has a \u{2717} above, and what to do"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_fault_decides_how_it_ends_and_what_is_absent_is_none() {
        let good = Check::good("keys", "openai", "OPENAI_API_KEY is set");
        let absent = Check::absent("keys", "gemini", "none");
        let warning = Check::warning("store", "store.db", "others may read it", "chmod 600");
        assert!(faults(&[good, absent, warning]).is_none());
        let bad = |kind| Check::bad("servers", "local", &Error::new(kind, "it is down"));
        let checks = [bad(ErrorKind::Unavailable), bad(ErrorKind::Config)];
        let error = faults(&checks).unwrap();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        assert_eq!(error.message(), "2 of 2 checks are at fault");
    }
}
