//! The command line of `patterns worker`.

use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::values;

pub(super) const EXAMPLES: &str = "Examples:
  patterns worker --on restate:http://127.0.0.1:8080
  patterns worker --on restate:http://restate:8080 --listen 0.0.0.0:9080 \\
    --advertise http://workers:9080 --workers 3 --limit openai=400

In another terminal:
  patterns run nightly.toml --on restate:http://127.0.0.1:8080

It asks models by the names, keys and servers of its own configuration. docs/restate.md is about all of it.";

/// The command line of `patterns worker`.
#[derive(Clone, Debug, Args)]
pub(crate) struct WorkerArgs {
    /// The Restate server to work for: restate:http://HOST:8080 [default: restate.url]
    #[arg(long, value_name = "WHERE", value_parser = values::on)]
    pub(crate) on: Option<String>,

    /// Address to listen at; several workers of one machine may share it
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9080")]
    pub(crate) listen: SocketAddr,

    /// Address at which the server finds this worker, or the balancer before several
    ///
    /// [default: http:// and what it listens at]
    #[arg(long, value_name = "URL")]
    pub(crate) advertise: Option<String>,

    /// Among how many workers limits are shared: each gets its part of what is configured
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) workers: NonZeroU64,

    /// How many calls of a lane are made at once by all workers, such as openai=400; may be repeated
    ///
    /// A lane is named like the provider. The server must have lanes.
    #[arg(long = "limit", value_name = "LANE=CALLS", value_parser = values::lane)]
    pub(crate) limits: Vec<(String, u32)>,

    /// Take calls only of a server that signs with this key, publickeyv1_...; may be repeated
    #[arg(long = "identity-key", value_name = "KEY")]
    pub(crate) identity_keys: Vec<String>,

    /// How long the server keeps answers
    #[arg(long, value_name = "DURATION", default_value = "7d", value_parser = values::duration)]
    pub(crate) retention: Duration,

    /// How long calls under way may take after SIGTERM or Ctrl-C; what is left is handed out again
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = values::duration)]
    pub(crate) drain: Duration,

    /// File in which this worker records answers, or postgres://USER@HOST/DATABASE, which workers share
    /// [default: run.store, else .patterns/store.db]
    #[arg(long, value_name = "FILE")]
    pub(crate) store: Option<PathBuf>,

    /// Say nothing but errors on standard error
    #[arg(short, long)]
    pub(crate) quiet: bool,

    /// Set what is no option, such as run.concurrency=100 (`patterns config keys`)
    #[arg(short = 'c', long = "config", value_name = "KEY=VALUE")]
    pub(crate) config: Vec<String>,
}

#[cfg(feature = "restate")]
impl WorkerArgs {
    /// Returns what is set for this worker alone, as `-c` says it.
    pub(crate) fn set(&self) -> Vec<String> {
        values::set(&self.config, self.on.as_ref())
    }
}
