//! `patterns schema`: the JSON Schema that a short form stands for.

use patterns_job::read_short_schema;
use serde_json::Value;

use crate::args::SchemaArgs;
use crate::error::Error;
use crate::escape::escape_json;
use crate::terminal::write_stdout;

pub(super) fn run(args: &SchemaArgs) -> Result<(), Error> {
    let schema = Value::Object(read_short_schema(&args.fields)?);
    let text = format!("{schema:#}\n");
    write_stdout(escape_json(&text).as_bytes())
}
