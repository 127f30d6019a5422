//! `patterns simulate`: a provider on this machine, to rehearse with.

use patterns_core::system_reason;
use std::path::Path;

use patterns_simulator::{Latency, Scenario, Simulator};

use crate::args::SimulateArgs;
use crate::error::{Error, ErrorKind};
use crate::key::read_at_most;
use crate::signals;
use crate::terminal::{Terminal, write_stdout};

pub(super) async fn run(args: &SimulateArgs, terminal: Terminal) -> Result<(), Error> {
    let simulator = Simulator::builder()
        .seed(args.seed)
        .port(args.port)
        .latency(latency(args))
        .record_entries(false)
        .scenario(scenario(args.scenario.as_deref())?)
        .bind()
        .await
        .map_err(|error| {
            let message = format!(
                "cannot listen on port {}: {}",
                args.port,
                system_reason(&error)
            );
            Error::new(ErrorKind::Unavailable, message)
                .help("choose another --port; 0 takes a free one")
        })?;
    let url = simulator.base_url();
    write_stdout(format!("{url}\n").as_bytes())?;
    terminal.note(&format!(
        "a simulated provider answers there with random words of the right shape; use it with\n  \
         --model compatible:sim --base-url {url}\nCtrl-C ends it"
    ));
    let ended = tokio::select! {
        error = signals::ended() => error,
        never = simulator.serve() => match never {},
    };
    let ledger = simulator.ledger();
    terminal.note(&format!(
        "requests: {} = {} answered + {} dropped + {} in flight · at most {} at once",
        ledger.requests, ledger.answered, ledger.dropped, ledger.in_flight, ledger.peak_in_flight
    ));
    if !ledger.faults.is_empty() {
        let faults = ledger.faults.iter();
        let faults: Vec<String> = faults.map(|(name, n)| format!("{name} {n}")).collect();
        terminal.note(&format!("trouble: {}", faults.join(" · ")));
    }
    // To end it by Ctrl-C is how it is meant to end.
    match ended.kind() {
        ErrorKind::Interrupted => Ok(()),
        _ => Err(ended),
    }
}

/// The most bytes that a scenario may have.
const MOST_SCENARIO: u64 = 16 << 20;

fn scenario(file: Option<&Path>) -> Result<Scenario, Error> {
    let Some(file) = file else {
        return Ok(Scenario::default());
    };
    let name = file.display();
    let text = read_at_most(file, MOST_SCENARIO).map_err(|error| {
        let message = format!(
            "the scenario {name} cannot be read: {}",
            system_reason(&error)
        );
        Error::new(ErrorKind::NoInput, message)
    })?;
    Scenario::from_toml(&text).map_err(|error| {
        let details: Vec<String> = error
            .to_string()
            .trim_end()
            .lines()
            .map(str::to_owned)
            .collect();
        Error::new(
            ErrorKind::BadData,
            format!("the scenario {name} makes no sense"),
        )
        .details(details)
        .help("examples/data/storm.toml shows every setting")
    })
}

fn latency(args: &SimulateArgs) -> Latency {
    if args.latency.is_zero() {
        Latency::None
    } else if args.latency_sigma > 0.0 {
        Latency::LogNormal {
            median: args.latency,
            sigma: args.latency_sigma,
        }
    } else {
        Latency::Fixed(args.latency)
    }
}
