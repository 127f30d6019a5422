//! What `patterns map-reduce --help` says.

use insta::assert_snapshot;

use crate::help::own;
use crate::support::Place;

#[test]
fn help_of_map_reduce() {
    let place = Place::new();
    assert_snapshot!(own(&place.run(&["map-reduce", "--help"])), @r#"
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
          --format <FORMAT>
              What to read the inputs as, in place of what their names say: text, markdown, html, pdf,
              docx, mail, mailbox, jsonl, csv, tsv, parquet or picture

      <PATH>...
              Documents: files, directories, globs, or - for standard input

          --encoding <NAME>
              Encoding of the texts, such as windows-1252 or shift_jis [default: UTF-8, or what marks
              and declarations say, else a guess that is told]

          --delimiter <CHAR>
              What separates the fields of CSV files: a character, or tab [default: found out of , ; |
              and tab]

          --records <BY>
              Divide texts into a document per record: by line, blank, or start:PATTERN
              
              blank divides at empty lines; a record of start:PATTERN begins with a line that matches.

          --text-field <NAME>
              Field of a row with the text
              
              [default: the first of text, content, body, message, question]

          --text-template <TEMPLATE>
              Text of a row, made of its fields, such as '{{ title }}: {{ body }}', or @FILE

          --id-field <NAME>
              Field of a row with its id [default: id, else file:line]

          --chunk-tokens <N>
              Cut documents of more tokens into chunks; auto: what does not fit
              
              auto, the default, cuts what is too long for the model, where it is known how much that
              reads. Cuts are at the best boundaries there are. Each chunk is a branch of its own,
              called name#1 and so on; what the model still calls too long is cut further.

          --chunk-overlap <N>
              Tokens of a chunk that the next one repeats, at most half of it
              
              [default: 0]

          --strict
              Read and check everything before the first call; without it, what cannot be read is a
              failed branch

          --limit <N>
              Work on a part of the input: the first so many, to try
              
              The same command without it goes on from there: what is answered is not paid for again.

          --sample <N>
              Work on a part of the input: so many, drawn evenly; the same ones for the same --seed
              
              A larger sample has the smaller one in it.

          --keep <NAMES>
              Columns of the input's rows that --no-reduce writes, too: names with commas, or all
              
              In tables and, as `in`, in JSON. A name that an answer has itself gets `in.` before it.

    Map:
          --map-instructions <TEXT>
              What to do with each document, on top of --instructions

          --map-schema <FILE>
              JSON Schema of the answer to each document, or its fields
              
              --schema is that of the combination.

          --examples <FILE>
              Show the model examples: a JSONL file of {"input": …, "output": …}
              
              Each output is an answer that the --map-schema allows, which is checked before anything is
              sent.

          --glean <ROUNDS>
              Ask up to so many times what was missed in a document
              
              Until nothing new comes; it is added to the lists of the answer. Each time is a call.

    Combine:
          --reduce-instructions <TEXT>
              How to combine the answers, on top of --instructions

          --no-reduce
              Do not combine; write each answer as soon as it can be
              
              In input order.

          --topology <NAME>
              Which answers are combined, and when

              Possible values:
              - tree:      One call where all fit; else neighbours, then combinations of neighbours
              - unordered: Whatever answers are there: the fastest, and grouped in another way each time
              - refine:    One after the other, added to the combination so far
              
              [default: tree]

          --reduce <FUNCTION>
              Combine by code, without a model: count, sum:FIELD and others
              
              Repeat for more columns: count, distinct:FIELD, sum:FIELD, mean:FIELD, min:FIELD,
              max:FIELD, median:FIELD, top:K:FIELD, union:FIELD

          --group-by <FIELD>
              Field of the answers whose values are the groups of --reduce
              
              A list puts an answer into several groups. in.NAME is a column of the input's rows.

          --each <FIELD>
              Field of the answers with a list of rows for --reduce
              
              --reduce and --group-by then name fields of a row.

          --resolve-keys
              Ask the model which groups have the same name in other words, and put them together

          --statements
              Answer with statements that quote documents; code checks them
              
              They name their documents, too; code checks both, at every combination.

          --unsupported <WHAT>
              What becomes of statements whose sources or quotes are wrong

              Possible values:
              - flag: They stay, with what is wrong beside them
              - drop: They go, and are counted
              
              [default: flag]

          --allow-gaps
              Succeed although some documents or chunks are in no answer
              
              --max-failures decides how many may fail before there is no result at all.

    (options of every pattern)


    A file is one document: text, Markdown, HTML, PDF, DOCX, a mail or a picture; a .jsonl, .csv, .tsv
    or .parquet file has one per row, a log with --records one per record, each of them also as .gz.
    Directories and globs leave out hidden files and what .gitignore and .ignore files name; links to
    directories are not followed.
    --- stderr
    "#);
}
