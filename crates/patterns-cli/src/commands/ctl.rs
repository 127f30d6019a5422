//! `patterns ctl`: asks something of a run that is under way in another terminal, and waits until it is heard.

use std::time::Duration;

use patterns_store::{Control, Durability, RunRecord, Store};
use serde_json::json;
use tokio::time::Instant;

use super::show::{find, state};
use crate::args::{CtlArgs, CtlWhat, LookFormat, Which};
use crate::error::{Error, ErrorKind};
use crate::store::{open_to_read, refused};
use crate::terminal::write_shown;

/// How long a run may take to hear what is asked; it looks four times a second.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often it is looked at whether it has.
const LOOK: Duration = Duration::from_millis(50);

pub(super) async fn run(args: &CtlArgs) -> Result<(), Error> {
    let control = control(args)?;
    // Nothing is made where there is no store.
    let run = find(&open_to_read(&args.look.store)?, args.run)?;
    let store = Store::open(&args.look.store, Durability::Process).map_err(refused)?;
    check_under_way(&store, &run)?;
    let asked = store.ask_of_run(run.id, control).await.map_err(refused)?;
    wait_until_heard(&store, &run, asked).await?;
    let line = match args.look.output {
        LookFormat::Json => json!({"run": run.id, "asked": control, "heard": true}).to_string(),
        LookFormat::Human => format!("run {}: {}", run.id, words(control, run.id)),
    };
    write_shown(args.look.output, &(line + "\n"))
}

fn control(args: &CtlArgs) -> Result<Control, Error> {
    Ok(match (args.what, args.most) {
        (CtlWhat::Concurrency, Some(most)) => Control::Concurrency(most),
        (CtlWhat::Pause, None) => Control::Pause,
        (CtlWhat::Resume, None) => Control::Resume,
        (CtlWhat::Stop, None) => Control::Stop,
        _ => {
            let message = "a number goes with concurrency, and with nothing else";
            return Err(Error::new(ErrorKind::Usage, message).help("see --help"));
        }
    })
}

fn words(control: Control, run: i64) -> String {
    match control {
        Control::Pause => {
            format!("paused; what is in flight ends, and `patterns ctl {run} resume` goes on")
        }
        Control::Resume => "going on".to_owned(),
        Control::Concurrency(most) => format!("at most {most} calls in flight from now on"),
        Control::Stop => {
            format!("ending; what is in flight ends, and `patterns resume {run}` goes on with it")
        }
    }
}

/// Checks that some process can hear what is asked.
fn check_under_way(store: &Store, run: &RunRecord) -> Result<(), Error> {
    if store.is_running(run.id).map_err(refused)? {
        return Ok(());
    }
    let run = find(store, Which::Number(run.id))?;
    let stand = match run.outcome {
        None => "was broken off".to_owned(),
        Some(_) => format!("has ended ({})", state(store, &run)),
    };
    let message = format!("run {} is not under way: it {stand}", run.id);
    let help = format!(
        "`patterns resume {}` goes on with it or does it again",
        run.id
    );
    Err(Error::new(ErrorKind::NoInput, message).help(help))
}

/// Waits until a run has heard what was asked of it, or has ended.
async fn wait_until_heard(store: &Store, run: &RunRecord, id: i64) -> Result<(), Error> {
    let begun = Instant::now();
    loop {
        // In this order: what was heard before the run ended counts.
        let is_under_way = check_under_way(store, run);
        let asked = store.asked_of_run(run.id, run.sessions).map_err(refused)?;
        if asked.iter().any(|it| it.id == id && it.is_heard) {
            return Ok(());
        }
        is_under_way?;
        if begun.elapsed() > PATIENCE {
            let seconds = PATIENCE.as_secs();
            let message = format!("run {} has not heard it for {seconds} s", run.id);
            return Err(Error::new(ErrorKind::TryLater, message).help(
                "it stays asked and is done as soon as the run looks; a run of an older version never does",
            ));
        }
        tokio::time::sleep(LOOK).await;
    }
}
