//! Reads a name of a closed set of the job: its schema has the names and says what they mean.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use schemars::{JsonSchema, schema_for};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Returns a reader of the names of `T`, which shows in the help what is said of each.
pub(super) fn named<T>() -> impl TypedValueParser<Value = T>
where
    T: JsonSchema + DeserializeOwned + Clone + Send + Sync + 'static,
{
    let schema = schema_for!(T);
    let names = schema.get("oneOf").and_then(Value::as_array);
    let names = names.into_iter().flatten().filter_map(possible_value);
    PossibleValuesParser::new(names).try_map(|name| serde_json::from_value(Value::String(name)))
}

/// Returns a name with the first paragraph of what is said of it.
fn possible_value(written: &Value) -> Option<PossibleValue> {
    let name = written["const"].as_str()?.to_owned();
    let said = written["description"].as_str().unwrap_or_default();
    let first = said.split("\n\n").next().unwrap_or_default();
    let words: Vec<&str> = first.split_whitespace().collect();
    let help = words.join(" ").trim_end_matches('.').to_owned();
    Some(PossibleValue::new(name).help(help))
}

#[cfg(test)]
mod tests {
    use clap::Command;
    use patterns_job::{Form, Unsupported};
    use patterns_llm::Streaming;
    use patterns_parallel::map_reduce::Topology;
    use patterns_parallel::voting::TieBreak;
    use schemars::schema_for;

    use super::*;

    fn names<T>() -> Vec<String>
    where
        T: JsonSchema + DeserializeOwned + Clone + Send + Sync + 'static,
    {
        let parser = named::<T>();
        let names = parser.possible_values().into_iter().flatten();
        let names: Vec<PossibleValue> = names.collect();
        for it in &names {
            assert!(
                it.get_help().is_some_and(|it| !it.to_string().is_empty()),
                "{it:?}"
            );
            let read = parser.parse_ref(&Command::new("it"), None, it.get_name().as_ref());
            assert!(read.is_ok(), "{it:?}");
        }
        names.iter().map(|it| it.get_name().to_owned()).collect()
    }

    #[test]
    fn every_name_that_a_job_takes_is_taken_and_said() {
        assert_eq!(names::<Topology>(), ["tree", "unordered", "refine"]);
        assert_eq!(names::<Unsupported>(), ["flag", "drop"]);
        assert_eq!(names::<TieBreak>(), ["first-seen", "no-consensus"]);
        assert_eq!(names::<Streaming>(), ["auto", "always", "never"]);
        let written = schema_for!(Form);
        let written = written.get("oneOf").and_then(Value::as_array).map(Vec::len);
        assert_eq!(Some(names::<Form>().len()), written);
    }
}
