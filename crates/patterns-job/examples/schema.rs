//! Prints the JSON Schema of jobs, which `cargo xtask schema` writes to `schema/job.json`.

#![expect(clippy::print_stdout, reason = "it is what it is for")]

fn main() {
    let schema = serde_json::to_string_pretty(&patterns_job::Job::schema());
    println!("{}", schema.unwrap_or_default());
}
