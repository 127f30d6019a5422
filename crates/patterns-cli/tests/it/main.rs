//! Tests of the command, as its users run it: exit code, standard output, standard error.
#![expect(
    clippy::too_many_lines,
    reason = "snapshots and tables are long and flat"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "tests of a program are no library"
)]
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail a test")]

mod at_terminal;
mod attachments;
#[path = "../../../patterns-parallel/tests/it/auth_log.rs"]
mod auth_log;
mod batch;
mod batch_ended;
mod budget;
mod config;
mod config_of_jobs;
mod coverage;
mod ctl;
mod doctor;
mod elections;
mod events;
mod examples;
mod fallback;
mod full_disk;
mod glean;
mod help;
mod help_map_reduce;
mod how_runs_go;
mod inputs;
mod instructions;
mod isolated;
mod jobs;
mod kept_columns;
mod killed;
mod models;
mod money;
mod nested_jobs;
mod network;
mod offline;
mod outputs;
mod part_of_input;
mod plan;
mod plan_bounds;
mod pools;
mod providers;
mod pty;
mod reduce;
mod refused_outputs;
mod report;
mod restate;
mod rules;
mod same_work;
mod scenario;
mod section_texts;
mod sections;
mod shared_store;
mod sheets;
mod short_help;
mod signals;
mod spans;
mod store;
mod support;
mod surroundings;
mod topology;
mod trust;
mod unwritten;
mod usage;
mod vocabulary;
mod vote_options;
mod watch;
mod wrong_stores;
