//! The command line of `patterns spans`.

use clap::Args;

use super::{LookArgs, Which};

/// Where spans go.
pub(super) const EXAMPLES: &str = "\
Spans go to OTEL_EXPORTER_OTLP_TRACES_ENDPOINT as it is, else to /v1/traces of OTEL_EXPORTER_OTLP_ENDPOINT, else
of http://localhost:4318, as OTLP over HTTP in JSON. OTEL_EXPORTER_OTLP_HEADERS, OTEL_EXPORTER_OTLP_TIMEOUT,
OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES are heeded. A run that is sent again has the same ids.

Examples:
  patterns spans              those of the latest run
  patterns spans 3 --content  those of run 3, with what was asked and answered
  patterns spans --follow     those of a run that goes on, as they end";

/// The command line of `patterns spans`.
#[derive(Clone, Debug, Args)]
pub(crate) struct SpansArgs {
    /// Number of the run, as `patterns runs` has it; or latest; or -2 for the one before the latest
    #[arg(
        value_name = "RUN",
        default_value = "latest",
        allow_negative_numbers = true
    )]
    pub(crate) run: Which,

    /// Send what was asked and answered, too; it has your documents in it
    #[arg(long)]
    pub(crate) content: bool,

    /// Send spans while the run goes on, each when it ends, until the run has
    #[arg(long)]
    pub(crate) follow: bool,

    #[command(flatten)]
    pub(crate) look: LookArgs,
}
