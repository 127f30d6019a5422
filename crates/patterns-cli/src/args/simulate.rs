//! The command line of `patterns simulate`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::values;

pub(super) const EXAMPLES: &str = "Examples:
  patterns simulate --latency 400ms --latency-sigma 0.5
  patterns simulate --port 8081 --scenario examples/data/storm.toml

In another terminal:
  patterns vote 'Is glass a liquid?' --model compatible:sim --base-url http://127.0.0.1:8080/v1

It speaks the protocols of compatible:, openai:, anthropic:, gemini: and ollama: models.";

/// The command line of `patterns simulate`.
#[derive(Clone, Debug, Args)]
pub(crate) struct SimulateArgs {
    /// Port on the loopback interface; 0 takes any free one
    #[arg(short, long, value_name = "PORT", value_parser = values::whole::<u16>(0, 65_535), default_value_t = 8080)]
    pub(crate) port: u16,

    /// Median time of an answer, such as 400ms
    #[arg(long, value_name = "DURATION", default_value = "0ms", value_parser = values::duration)]
    pub(crate) latency: Duration,

    /// Spread of that time: the sigma of a lognormal distribution; 0 for a fixed time
    #[arg(long, value_name = "SIGMA", default_value_t = 0.0, value_parser = values::sigma)]
    pub(crate) latency_sigma: f64,

    /// What goes wrong, and when: a TOML file such as examples/data/storm.toml
    #[arg(long, value_name = "FILE")]
    pub(crate) scenario: Option<PathBuf>,

    /// Makes answers and times repeatable
    #[arg(long, value_name = "NUMBER", value_parser = values::whole::<u64>(0, u64::MAX), default_value_t = 0)]
    pub(crate) seed: u64,

    /// Say nothing but errors on standard error
    #[arg(short, long)]
    pub(crate) quiet: bool,
}
