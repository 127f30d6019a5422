//! Prints the JSON Schema of a line of an event file, which `cargo xtask schema` writes to `schema/event.json`.

#![expect(clippy::print_stdout, reason = "it is what it is for")]

fn main() {
    let schema = serde_json::to_string_pretty(&patterns_core::EventLine::schema());
    println!("{}", schema.unwrap_or_default());
}
