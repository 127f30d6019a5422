//! Help of every command.

use insta::assert_snapshot;

use crate::support::Place;

/// Returns the part of a pattern's help that is about the options of every pattern.
fn shared(help: &str) -> &str {
    let (_, rest) = help.split_once("\nModel:\n").unwrap();
    let end = rest
        .find("\nA file is one document")
        .or(rest.find("--- stderr"));
    rest[..end.unwrap()].trim_end()
}

/// Returns the rest of it.
pub(crate) fn own(help: &str) -> String {
    let of_all = format!("Model:\n{}", shared(help));
    help.replace(&of_all, "(options of every pattern)\n")
}

#[test]
fn every_pattern_has_the_same_options() {
    let place = Place::new();
    let help = place.run(&["section", "--help"]);
    for other in ["vote", "map-reduce"] {
        assert_eq!(shared(&place.run(&[other, "--help"])), shared(&help));
    }
    assert_snapshot!(shared(&help), @r#"
      -m, --model <MODEL>
              PROVIDER:NAME such as openai:gpt-5-mini, a short name, or offline
              
              openai:NAME, anthropic:NAME, gemini:NAME, azure:NAME, openrouter:NAME, ollama:NAME,
              compatible:NAME (with --base-url), and the providers and short names that are configured
              (docs/configuration.md) [default: run.model, else OpenAI if its key is set, else a local
              Ollama, else offline]

          --base-url <URL>
              Address of the provider, such as http://localhost:8000/v1
              
              [default: that of the provider, else run.base_url, else the provider's own variable, such
              as OPENAI_BASE_URL]

          --on <WHERE>
              Where calls are made: here, or by the workers of a Restate server:
              restate:http://HOST:8080
              
              For a command that is built with it (docs/restate.md). [default: restate.url, else here]

          --detach
              Hand the whole run over to the workers of --on, and print an id for `patterns attach`
              
              It goes on whatever becomes of this command, and reads its files where a worker runs
              (docs/restate.md).

          --instructions <TEXT>
              What the model is told on top of the pattern's own instructions
              
              @FILE is the text of a file; @@ stands for an @ at the beginning. So it is with all
              instructions.

          --schema <FILE>
              JSON Schema of the answer, or its fields: 'name, age int, ok yes|no'
              
              `patterns schema` says what can be written, and shows what it stands for.

          --temperature <NUMBER>
              Randomness, 0 to 2 [default: the provider's]

          --max-output-tokens <TOKENS>
              Upper bound of each answer, hidden reasoning included

          --effort <EFFORT>
              How long models think before they answer: none, minimal, low, medium, high or max

          --seed <NUMBER>
              Makes draws and the run's id repeatable, as far as the provider can

          --timeout <DURATION>
              Time for one attempt of a call, such as 30s or 5m [default: 2m; 15m with run.tier=flex]

          --stream <WHEN>
              Whether answers are streamed, so that a call that is dropped ends at the server too

              Possible values:
              - auto:   By servers of your own, and where calls go ahead for a prompt cache
              - always: By every server
              - never:  By none
              
              [default: auto]

    Spend:
          --max-cost <USD>
              The most dollars to spend, such as 2.50
              
              Each call reserves the price of its tokens.

          --max-calls <N>
              The most requests to send to providers; retries and repairs count

          --dry-run
              Say what it would do and cost, and make no call
              
              Calls, tokens, money and time of each stage, what the store has already, and the first
              prompt of each stage. With --output json as JSON.

          --confirm-above <USD>
              Plan first, and ask before more than that is likely to be spent
              
              Where nobody can be asked, the run is refused, with exit code 5.

          --yes
              Go on without being asked by --confirm-above

          --max-tokens <N>
              The most tokens to use, read and written; each call reserves its --max-output-tokens, or
              4096

          --max-time <DURATION>
              Time for the whole run, such as 10m
              
              Shortly before its end nothing new is sent.

          --concurrency <N>
              Calls in flight at once, 1 to 10000, or auto
              
              auto is as many as the provider takes, 256 at most, and 4 for Ollama.
              
              [default: auto]

          --max-failures <POLICY>
              What a failed branch means for the others: keep-going, fail-fast, or a share such as 10%
              
              [default: keep-going]

    Store:
          --store <FILE>
              File in which answers are recorded, so that none is paid for twice [default: run.store, or
              .patterns/store.db; none for the offline model]
              
              postgres://USER@HOST/DATABASE shares them with others, too (docs/store.md).

          --no-store
              Record nothing and find nothing

          --fresh
              Pay for every call again; the new answers take the place of the recorded ones

          --read-only
              Make no call: a run that needs one fails, and names what it needs it for

    Output:
          --output <FORM>
              Form
              
              [default: what the ending of the file says, else human]

              Possible values:
              - human:   Text to read
              - json:    One JSON object; of a batch, or without a reduce, the same as jsonl
              - jsonl:   A JSON object per branch and line, the outcome last; of a table, per row
              - csv:     The rows of a table: of a reduce by code, of no reduce, or of a batch
              - parquet: The same as Parquet
              - sqlite:  The same as a SQLite database, in its table results
              - html:    A web page, of sections

      -o, --output-file <FILE>
              Write the result to a file, all at once at the end
              
              Its ending says in which form: .csv, .json, .jsonl, .parquet, .db, .html, .md.

          --events <FILE>
              Write what happens, as it happens, to a file: one JSON object per line

      -q, --quiet
              Say nothing but errors on standard error

          --color <WHEN>
              When to use colours

              Possible values:
              - auto:   On a terminal, unless NO_COLOR is set or TERM is "dumb"
              - always: Always
              - never:  Never
              
              [default: auto]

          --progress <HOW>
              How to show how far the run is, on standard error

              Possible values:
              - auto:  In lines that change on a terminal, in plain ones elsewhere and where TERM is
                "dumb"
              - plain: A line every few seconds
              - json:  A JSON object a second
              - none:  Not at all
              
              [default: auto]

          --plots
              At the end, draw calls over time, working against waiting, and tokens by stage; on a
              terminal only

      -c, --config <KEY=VALUE>
              Set what is no option, such as run.hedge=true (`patterns config keys`)

          --print-job
              Print the job, as `patterns run` takes it, and make no call

      -h, --help
              Print this; -h is a summary
    "#);
}

#[test]
fn help_of_every_command() {
    let place = Place::new();
    assert_snapshot!(place.run(&["--help"]), @r"
    exit 0
    --- stdout
    Parallel LLM work with typed answers: sectioning, voting and map-reduce

    Usage: patterns <COMMAND>

    Commands:
      section      Write sections on a topic in parallel and merge them
      vote         Put a question to several voters and let a rule decide
      map-reduce   Work on every document in parallel and combine the answers
      run          Run a job that is written in a file
      plan         Say what a job would do and cost, and make no call
      runs         List the runs that a store has recorded
      show         Show how a run went, or what one branch of it was asked and answered
      diff         Compare the answers and the costs of two runs
      report       Make one HTML page of a run, with its timeline, prompts and answers
      spans        Send a run to a collector of OpenTelemetry, as spans
      watch        Follow a run that is under way elsewhere, until it has ended
      ctl          Change a run that is under way elsewhere: pause, resume, concurrency N, stop
      resume       Go on with a run, or do it again: nothing that is recorded is paid for twice
      store        Look after a store
      schema       Print the JSON Schema that a line such as 'name, age int, ok yes|no' stands for
      models       List the models that are known: what they read, what they cost, what they take
      doctor       Check keys, servers, answer formats, store and configuration, and say what to do
      config       Say what is set in files and variables, and what can be
      simulate     Serve a simulated OpenAI-compatible provider on this machine, to rehearse with
      worker       Make calls for runs elsewhere, which a Restate server hands out
      attach       Wait for a run that was handed over with --detach, and print its result
      completions  Print a completion script for a shell
      help         Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help
      -V, --version  Print version

    Exit codes: 0 all answered, 2 usage, 3 some branches failed, 4 nothing to do, 5 budget reached, 65
    bad input or schema, 66 input missing, 69 provider unavailable, 70 bug, 73 cannot create output, 74
    cannot write, 75 try later, 77 credentials or quota, 78 configuration, 130 Ctrl-C, 141 closed pipe,
    143 SIGTERM, SIGHUP or SIGQUIT.
    PATTERNS_LOG=debug writes a log to standard error.
    --- stderr
    ");
    assert_snapshot!(own(&place.run(&["section", "--help"])), @"
    exit 0
    --- stdout
    Write sections on a topic in parallel and merge them

    Usage: patterns section [OPTIONS] [TOPIC]

    Examples:
      patterns section 'The Rust language' -s History -s 'Pros and cons'
      patterns section 'Our outage of 3 May' --plan 4 --context notes.md --context timeline.log
      patterns section 'Small harbours' --outline-only > outline.md
      patterns section --outline outline.md --context docs --stitch --consistency -o harbours.md

    Sections:
      -s, --section <NAME>
              A section to write; repeat for more

      [TOPIC]
              What to write about; - reads standard input [default: the title of the --outline]

          --plan <N>
              Let the model plan this many sections, 2 to 20 [default: 3, if no section is named]

          --outline <FILE>
              Take the sections from a Markdown file, each under a heading such as ## History
              
              Below the heading there may be lines such as `- words: 300` and `- after: history, costs`
              (what it builds on, which is written first), then a text that says what it covers.
              --outline-only writes such a file.

          --outline-only
              Print the outline as Markdown, to be edited, and write no section

          --gate
              Ask first whether the topic divides at all; one that does not is written in a single call

          --context <PATH>
              Material to work from: a file, a directory or a glob; repeat for more

          --stitch
              Put the sections together without a further call: numbers, contents, sources

          --consistency
              Read all sections together and write again, at most twice, what contradicts or repeats
              others

          --live
              Write out each section as soon as its turn has come

    (options of every pattern)

    --- stderr
    ");
    assert_snapshot!(own(&place.run(&["vote", "--help"])), @r#"
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
      [QUESTION]
              What to ask; - reads standard input

          --option <ANSWER>
              An answer to choose from; repeat for more

          --context <PATH>
              Material to answer from: a file, a directory or a glob; repeat for more

          --examples <FILE>
              Show voters examples: a JSONL file of {"input": …, "output": …}
              
              An input is a question, its output a ballot: {"reasoning": …, "answer": …}, or what the
              --schema allows. All are checked before anything is sent.

          --batch <FILE>
              Hold one election per row of a JSONL, CSV or TSV file
              
              A row may have its own `options`. Under --max-calls or --max-cost, each call goes to the
              election where it helps most.

          --question-field <NAME>
              Field of a row with the question
              
              [default: question]

          --id-field <NAME>
              Field of a row with its id [default: id, else file:line]

          --gold <NAME>
              Field of a row with the right answer
              
              Says how many elections found it, and what shares are worth.

          --limit <N>
              Work on a part of the input: the first so many, to try
              
              The same command without it goes on from there: what is answered is not paid for again.

          --sample <N>
              Work on a part of the input: so many, drawn evenly; the same ones for the same --seed
              
              A larger sample has the smaller one in it.

          --keep <NAMES>
              Columns of the batch that its results have, too: names with commas, or all
              
              In tables and, as `in`, in JSON. A name that results have themselves gets `in.` before it.

    Counting:
      -n, --votes <N>
              Ballots at most [default: 5, or one per voter]

          --panel <MODEL>
              A model that votes, in place of --model; repeat for more

          --voters <FILE>
              A TOML file of voters with their own words, models or weights
              
              They take turns, each a `[[voter]]` with a `name` and its own `prompt` behind the
              question, `model` or `weight`. Different prompts are worth more than more votes.

          --rule <RULE>
              By majority, threshold:0.8, median, best-of, …
              
              How ballots become a result: plurality, majority, supermajority, unanimous or
              threshold:0.8 of the votes, or of their weight where --voters have weights; median or
              median:1% of numbers; and by a judge: same-meaning (answers that mean the same count
              together) or best-of (answers in pairs, each pair in both orders).
              
              [default: plurality]

          --by-field
              Decide every field of the --schema on its own

          --field <PATH=RULE>
              The rule of one field of the --schema, such as total=median:1%
              
              Repeat for more. Or /price=median:1%, tags=union:0.6. Implies --by-field.

          --answer-field <FIELD>
              Field of the --schema that is counted, by name or JSON pointer [default: answer, else the
              whole ballot]

          --judge <MODEL>
              Who judges under --rule same-meaning or best-of
              
              [default: the first model that votes]

          --quorum <N>
              Least number of valid votes
              
              [default: 0]

          --tie <WAY>
              Who wins a tie
              
              [default: first-seen; of two voters, whose second could change nothing then, no-consensus]

              Possible values:
              - first-seen:   The answer of the earliest voter wins
              - no-consensus: Nobody wins

          --escalate <MODEL>
              Ask this model, once, where there is no consensus; its answer wins then

    Stopping:
          --policy <POLICY>
              fixed, exact, ahead-by:4, adaptive:0.95 or plan
              
              When to stop asking: fixed (never early), exact (when nothing can change any more),
              ahead-by:4, adaptive:0.95 or plan.
              
              [default: exact]

          --explain
              Show how the election stands after each vote

    (options of every pattern)

    --- stderr
    "#);
    assert_snapshot!(place.run(&["simulate", "--help"]), @r"
    exit 0
    --- stdout
    Serve a simulated OpenAI-compatible provider on this machine, to rehearse with

    Usage: patterns simulate [OPTIONS]

    Options:
      -p, --port <PORT>            Port on the loopback interface; 0 takes any free one [default: 8080]
          --latency <DURATION>     Median time of an answer, such as 400ms [default: 0ms]
          --latency-sigma <SIGMA>  Spread of that time: the sigma of a lognormal distribution; 0 for a
                                   fixed time [default: 0]
          --scenario <FILE>        What goes wrong, and when: a TOML file such as
                                   examples/data/storm.toml
          --seed <NUMBER>          Makes answers and times repeatable [default: 0]
      -q, --quiet                  Say nothing but errors on standard error
      -h, --help                   Print help

    Examples:
      patterns simulate --latency 400ms --latency-sigma 0.5
      patterns simulate --port 8081 --scenario examples/data/storm.toml

    In another terminal:
      patterns vote 'Is glass a liquid?' --model compatible:sim --base-url http://[server]/v1

    It speaks the protocols of compatible:, openai:, anthropic:, gemini: and ollama: models.
    --- stderr
    ");
}
