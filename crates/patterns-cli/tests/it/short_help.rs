//! The short help of the patterns: one screen each.

use insta::assert_snapshot;

use crate::support::Place;

#[test]
fn the_short_help_of_a_pattern_is_one_screen_with_examples_first() {
    let place = Place::new();
    for command in ["section", "vote", "map-reduce"] {
        let (code, help) = place.data(&[command, "-h"]);
        let widest = help.lines().map(|line| line.chars().count()).max();
        assert_eq!(code, Some(0));
        assert!(help.lines().count() <= 50, "{command}:\n{help}");
        assert!(widest <= Some(100), "{command}:\n{help}");
        let (before, _) = help.split_once("\n  -").unwrap();
        assert!(before.contains("\nExamples:\n"), "{command}:\n{help}");
        for group in ["Model", "Spend", "Output"] {
            assert!(
                help.contains(&format!("\n{group}:\n")),
                "{command}:\n{help}"
            );
        }
    }
    assert_snapshot!(place.run(&["vote", "-h"]), @r"
    exit 0
    --- stdout
    Put a question to several voters and let a rule decide

    Usage: patterns vote [OPTIONS] [QUESTION]

    Examples:
      patterns vote 'Is glass a liquid?' --option yes --option no
      patterns vote 'Is this claim true?' --context claim.txt -n 7 --rule threshold:0.8 --explain
      patterns vote 'Extract the bill.' --context mail.txt --schema bill.json --field total=median:1%
      patterns vote 'Name this product.' --context brief.md -n 8 --rule best-of --judge openai:gpt-5
      patterns vote --batch questions.jsonl -n 40 --max-cost 5 --gold answer -o elections.jsonl

    Question:
      [QUESTION]             What to ask; - reads standard input
          --option <ANSWER>  An answer to choose from; repeat for more
          --context <PATH>   Material to answer from: a file, a directory or a glob; repeat for more
          --batch <FILE>     Hold one election per row of a JSONL, CSV or TSV file

    Counting:
      -n, --votes <N>          Ballots at most [default: 5, or one per voter]
          --panel <MODEL>      A model that votes, in place of --model; repeat for more
          --voters <FILE>      A TOML file of voters with their own words, models or weights
          --rule <RULE>        By majority, threshold:0.8, median, best-of, … [default: plurality]
          --field <PATH=RULE>  The rule of one field of the --schema, such as total=median:1%
          --judge <MODEL>      Who judges under --rule same-meaning or best-of
          --tie <WAY>          Who wins a tie [possible values: first-seen, no-consensus]
          --escalate <MODEL>   Ask this model, once, where there is no consensus; its answer wins then

    Stopping:
          --policy <POLICY>  fixed, exact, ahead-by:4, adaptive:0.95 or plan [default: exact]
          --explain          Show how the election stands after each vote

    Model:
      -m, --model <MODEL>        PROVIDER:NAME such as openai:gpt-5-mini, a short name, or offline
          --base-url <URL>       Address of the provider, such as http://localhost:8000/v1
          --instructions <TEXT>  What the model is told on top of the pattern's own instructions
          --schema <FILE>        JSON Schema of the answer, or its fields: 'name, age int, ok yes|no'

    Spend:
          --max-cost <USD>       The most dollars to spend, such as 2.50
          --max-calls <N>        The most requests to send to providers; retries and repairs count
          --dry-run              Say what it would do and cost, and make no call
          --max-time <DURATION>  Time for the whole run, such as 10m
          --concurrency <N>      Calls in flight at once, 1 to 10000, or auto [default: auto]

    Output:
          --output <FORM>       Form [possible values: human, json, jsonl, csv, parquet, sqlite, html]
      -o, --output-file <FILE>  Write the result to a file, all at once at the end
      -q, --quiet               Say nothing but errors on standard error
      -c, --config <KEY=VALUE>  Set what is no option, such as run.hedge=true (`patterns config keys`)
      -h, --help                Print this; --help has every option
    --- stderr
    ");
    assert_snapshot!(place.run(&["map-reduce", "-h"]), @r"
    exit 0
    --- stdout
    Work on every document in parallel and combine the answers

    Usage: patterns map-reduce [OPTIONS] <PATH>...

    Examples:
      patterns map-reduce docs/
      patterns map-reduce 'logs/**/*.log.gz' --records line --map-instructions 'List every error.'
      patterns map-reduce mails.jsonl --no-reduce --map-schema invoice.json --output jsonl
      patterns map-reduce mails.jsonl --map-schema invoice.json --reduce sum:total --group-by customer
      patterns map-reduce docs/ --statements

    Input:
      <PATH>...                Documents: files, directories, globs, or - for standard input
          --records <BY>       Divide texts into a document per record: by line, blank, or start:PATTERN
          --text-field <NAME>  Field of a row with the text
          --chunk-tokens <N>   Cut documents of more tokens into chunks; auto: what does not fit
          --limit <N>          Work on a part of the input: the first so many, to try

    Map:
          --map-instructions <TEXT>  What to do with each document, on top of --instructions
          --map-schema <FILE>        JSON Schema of the answer to each document, or its fields

    Combine:
          --reduce-instructions <TEXT>  How to combine the answers, on top of --instructions
          --no-reduce                   Do not combine; write each answer as soon as it can be
          --reduce <FUNCTION>           Combine by code, without a model: count, sum:FIELD and others
          --group-by <FIELD>            Field of the answers whose values are the groups of --reduce
          --each <FIELD>                Field of the answers with a list of rows for --reduce
          --statements                  Answer with statements that quote documents; code checks them
          --allow-gaps                  Succeed although some documents or chunks are in no answer

    Model:
      -m, --model <MODEL>        PROVIDER:NAME such as openai:gpt-5-mini, a short name, or offline
          --base-url <URL>       Address of the provider, such as http://localhost:8000/v1
          --instructions <TEXT>  What the model is told on top of the pattern's own instructions
          --schema <FILE>        JSON Schema of the answer, or its fields: 'name, age int, ok yes|no'

    Spend:
          --max-cost <USD>       The most dollars to spend, such as 2.50
          --max-calls <N>        The most requests to send to providers; retries and repairs count
          --dry-run              Say what it would do and cost, and make no call
          --max-time <DURATION>  Time for the whole run, such as 10m
          --concurrency <N>      Calls in flight at once, 1 to 10000, or auto [default: auto]

    Output:
          --output <FORM>       Form [possible values: human, json, jsonl, csv, parquet, sqlite, html]
      -o, --output-file <FILE>  Write the result to a file, all at once at the end
      -q, --quiet               Say nothing but errors on standard error
      -c, --config <KEY=VALUE>  Set what is no option, such as run.hedge=true (`patterns config keys`)
      -h, --help                Print this; --help has every option
    --- stderr
    ");
}
