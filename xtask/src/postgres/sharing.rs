//! What always holds of runs that share a store: each question is paid for once, whoever asks, when and with
//! which store of its own.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::pair::Pair;
use super::server::Server;
use crate::binary::patterns;
use crate::cargo::{output, printed, started};
use crate::job::Job;

/// Documents of a run.
const DOCUMENTS: u64 = 64;

/// Checks it, and gives the server back.
pub(super) fn run(server: Server, folder: &Path) -> Result<Server> {
    let pair = Pair::start(server, folder, "sharing", &["--latency", "150ms"])?;
    let job = Job::map_reduce(folder, "sharing", DOCUMENTS)?;
    let expected = output(&mut pair.alone(&job, "alone.db"))?;
    let calls = pair.provider.requests()?;

    // At once, each with a store of its own, and nobody has made the tables yet.
    let other = started(pair.sharing(&job, "other.db"))?;
    let one = output(pair.sharing(&job, "one.db").args(["--events", "one.jsonl"]))?;
    let other = printed(other).context("the other run")?;
    ensure!(one == expected, "the result is not that of a run alone");
    ensure!(other == expected, "the other's result is another one");
    let sent = pair.provider.requests()? - calls;
    ensure!(
        sent == calls,
        "two runs have {calls} calls, and {sent} were sent"
    );
    println!("two runs at once: {calls} calls, {sent} sent");

    let before = pair.provider.requests()?;
    for (store, more) in [("third.db", &[][..]), ("none.db", &["--read-only"])] {
        let again = output(pair.sharing(&job, store).args(more))?;
        ensure!(again == expected, "{store}: the result is another one");
    }
    let sent = pair.provider.requests()? - before;
    ensure!(
        sent == 0,
        "with an empty store of its own, a run sent {sent}"
    );
    println!("with an empty store of its own, and with --read-only: 0 sent");

    output(pair.sharing(&job, "one.db").arg("--fresh"))?;
    let sent = pair.provider.requests()? - before;
    ensure!(
        sent == calls,
        "--fresh has {calls} calls, and {sent} were sent"
    );
    let mut verify = Command::new(patterns());
    verify.args(["store", "verify", "--output", "json", "--store", &pair.url]);
    let said = output(&mut verify)?;
    let said: serde_json::Value = serde_json::from_str(&said)?;
    ensure!(
        said["good"] == 2 * calls,
        "it has {said}, and not {} calls",
        2 * calls
    );
    println!("--fresh: {calls} sent, and {} calls on the bill", 2 * calls);
    pair.check_secret()?;
    Ok(pair.server)
}
