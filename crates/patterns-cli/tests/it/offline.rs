//! The three patterns on the embedded model, which quotes and refuses to judge.

use insta::assert_snapshot;

use crate::support::Place;

const TIDES: &str = "# Tides\n\nTides rise and fall twice a day in most harbours. The Moon causes \
    most of it. The Sun adds its part, so that tides are highest at new and full moon.\n";
const MUD: &str = "Mud settles wherever water slows down. A harbour must be dredged every few \
    years, or the mud fills it. Dredging costs more than most harbours earn.\n";

fn place() -> Place {
    Place::with(&[("docs/mud.txt", MUD), ("docs/tides.md", TIDES)])
}

#[test]
fn map_reduce_for_people() {
    assert_snapshot!(place().run(&["map-reduce", "docs"]), @r"
    exit 0
    --- stdout
    [offline: key sentences, no LLM]

    A harbour must be dredged every few years, or the mud fills it. Tides rise and fall twice a day in most harbours.

    documents: 2 · words: 59

    mud.txt
    A harbour must be dredged every few years, or the mud fills it. Dredging costs more than most harbours earn.

    tides.md
    Tides rise and fall twice a day in most harbours. The Sun adds its part, so that tides are highest at new and full moon.
    --- stderr
    model: offline (key sentences, no LLM; for a model set OPENAI_API_KEY or pass --model)
    branches: 3 started = 3 answered + 0 failed + 0 cancelled · calls 3 · attempts 3 · [time]
    documents: 2 = 2 mapped
    ");
}

#[test]
fn map_reduce_for_programs() {
    let args = [
        "map-reduce",
        "docs",
        "--output",
        "json",
        "--seed",
        "7",
        "--model",
        "offline",
    ];
    assert_snapshot!(place().run(&args), @r#"
    exit 0
    --- stdout
    {
      "type": "outcome",
      "pattern": "map-reduce",
      "run": "7",
      "models": [
        "offline"
      ],
      "notice": "offline: key sentences, no LLM",
      "value": {
        "combined_summary": "A harbour must be dredged every few years, or the mud fills it. Tides rise and fall twice a day in most harbours.",
        "total_documents": 2,
        "total_words": 59
      },
      "branches": [
        {
          "branch": 0,
          "role": "map",
          "label": "mud.txt",
          "end": "answered",
          "usage": {
            "calls": 1,
            "attempts": 1,
            "input_tokens": 0,
            "cached_input_tokens": 0,
            "output_tokens": 0,
            "reasoning_tokens": 0
          },
          "value": {
            "doc_id": "mud.txt",
            "summary": "A harbour must be dredged every few years, or the mud fills it. Dredging costs more than most harbours earn.",
            "word_count": 26
          }
        },
        {
          "branch": 1,
          "role": "map",
          "label": "tides.md",
          "end": "answered",
          "usage": {
            "calls": 1,
            "attempts": 1,
            "input_tokens": 0,
            "cached_input_tokens": 0,
            "output_tokens": 0,
            "reasoning_tokens": 0
          },
          "value": {
            "doc_id": "tides.md",
            "summary": "Tides rise and fall twice a day in most harbours. The Sun adds its part, so that tides are highest at new and full moon.",
            "word_count": 33
          }
        }
      ],
      "steps": [
        {
          "branch": 2,
          "role": "reduce",
          "label": "mud.txt … tides.md",
          "end": "answered",
          "usage": {
            "calls": 1,
            "attempts": 1,
            "input_tokens": 0,
            "cached_input_tokens": 0,
            "output_tokens": 0,
            "reasoning_tokens": 0
          }
        }
      ],
      "counts": {
        "started": 3,
        "answered": 3,
        "failed": 0,
        "cancelled": 0
      },
      "usage": {
        "calls": 3,
        "attempts": 3,
        "input_tokens": 0,
        "cached_input_tokens": 0,
        "output_tokens": 0,
        "reasoning_tokens": 0
      },
      "spend": {
        "calls": 0,
        "tokens": 0,
        "cost": "0",
        "possibly_billed": {
          "calls": 0,
          "tokens": 0,
          "cost": "0"
        },
        "caps": {}
      },
      "warnings": [],
      "coverage": {
        "documents": {
          "mapped": 2,
          "truncated": 0,
          "failed": 0,
          "skipped": 0,
          "not_begun": 0
        },
        "chunks": {
          "mapped": 2,
          "truncated": 0,
          "failed": 0,
          "skipped": 0,
          "not_begun": 0
        },
        "halved": 0,
        "gaps": [],
        "more_gaps": 0,
        "more_not_begun": false
      }
    }
    --- stderr
    branches: 3 started = 3 answered + 0 failed + 0 cancelled · calls 3 · attempts 3 · [time]
    documents: 2 = 2 mapped
    "#);
}

#[test]
fn map_reduce_by_line() {
    let args = [
        "map-reduce",
        "docs/tides.md",
        "--output",
        "jsonl",
        "--seed",
        "7",
        "--quiet",
    ];
    assert_snapshot!(place().run(&args), @r#"
    exit 0
    --- stdout
    {"type":"branch","branch":0,"role":"map","label":"docs/tides.md","end":"answered","usage":{"calls":1,"attempts":1,"input_tokens":0,"cached_input_tokens":0,"output_tokens":0,"reasoning_tokens":0},"value":{"doc_id":"docs/tides.md","summary":"Tides rise and fall twice a day in most harbours. The Sun adds its part, so that tides are highest at new and full moon.","word_count":33}}
    {"type":"outcome","pattern":"map-reduce","run":"7","models":["offline"],"notice":"offline: key sentences, no LLM","value":{"combined_summary":"Tides rise and fall twice a day in most harbours. The Sun adds its part, so that tides are highest at new and full moon.","total_documents":1,"total_words":33},"steps":[],"counts":{"started":2,"answered":2,"failed":0,"cancelled":0},"usage":{"calls":2,"attempts":2,"input_tokens":0,"cached_input_tokens":0,"output_tokens":0,"reasoning_tokens":0},"spend":{"calls":0,"tokens":0,"cost":"0","possibly_billed":{"calls":0,"tokens":0,"cost":"0"},"caps":{}},"warnings":[],"coverage":{"documents":{"mapped":1,"truncated":0,"failed":0,"skipped":0,"not_begun":0},"chunks":{"mapped":1,"truncated":0,"failed":0,"skipped":0,"not_begun":0},"halved":0,"gaps":[],"more_gaps":0,"more_not_begun":false}}
    --- stderr
    "#);
}

#[test]
fn rows_without_a_combination() {
    let rows = r#"{"id": "a", "text": "Tides rise and fall. The Moon causes it."}
{"id": "b", "body": "x", "text": "Mud settles. It must be dredged."}"#;
    let place = Place::with(&[("rows.jsonl", rows)]);
    assert_snapshot!(place.run(&["map-reduce", "rows.jsonl", "--no-reduce"]), @r"
    exit 0
    --- stdout
    [offline: key sentences, no LLM]

    a
    Tides rise and fall. The Moon causes it.

    b
    Mud settles. It must be dredged.

    --- stderr
    model: offline (key sentences, no LLM; for a model set OPENAI_API_KEY or pass --model)
    branches: 2 started = 2 answered + 0 failed + 0 cancelled · calls 2 · attempts 2 · [time]
    documents: 2 = 2 mapped
    ");
    let args = [
        "map-reduce",
        "rows.jsonl",
        "--no-reduce",
        "--output",
        "jsonl",
        "--seed",
        "7",
        "-q",
    ];
    assert_snapshot!(place.run(&args), @r#"
    exit 0
    --- stdout
    {"type":"branch","branch":0,"role":"map","label":"a","end":"answered","usage":{"calls":1,"attempts":1,"input_tokens":0,"cached_input_tokens":0,"output_tokens":0,"reasoning_tokens":0},"value":{"doc_id":"a","summary":"Tides rise and fall. The Moon causes it.","word_count":8}}
    {"type":"branch","branch":1,"role":"map","label":"b","end":"answered","usage":{"calls":1,"attempts":1,"input_tokens":0,"cached_input_tokens":0,"output_tokens":0,"reasoning_tokens":0},"value":{"doc_id":"b","summary":"Mud settles. It must be dredged.","word_count":6}}
    {"type":"outcome","pattern":"map-reduce","run":"7","models":["offline"],"notice":"offline: key sentences, no LLM","value":null,"steps":[],"counts":{"started":2,"answered":2,"failed":0,"cancelled":0},"usage":{"calls":2,"attempts":2,"input_tokens":0,"cached_input_tokens":0,"output_tokens":0,"reasoning_tokens":0},"spend":{"calls":0,"tokens":0,"cost":"0","possibly_billed":{"calls":0,"tokens":0,"cost":"0"},"caps":{}},"warnings":[],"coverage":{"documents":{"mapped":2,"truncated":0,"failed":0,"skipped":0,"not_begun":0},"chunks":{"mapped":2,"truncated":0,"failed":0,"skipped":0,"not_begun":0},"halved":0,"gaps":[],"more_gaps":0,"more_not_begun":false}}
    --- stderr
    "#);
}

#[test]
fn sections_from_material() {
    let args = [
        "section",
        "Harbours",
        "-s",
        "Tides",
        "-s",
        "Mud",
        "--context",
        "docs",
    ];
    assert_snapshot!(place().run(&args), @"
    exit 0
    --- stdout
    [offline: key sentences, no LLM]

    # Harbours

    Tides rise and fall twice a day in most harbours. A harbour must be dredged every few years, or the mud fills it. Dredging costs more than most harbours earn.

    ## Tides

    Dredging costs more than most harbours earn. [1] Tides rise and fall twice a day in most harbours. [2] The Sun adds its part, so that tides are highest at new and full moon. [3]

    - A harbour must be dredged every few years, or the mud fills it. [4]
    - Tides rise and fall twice a day in most harbours.
    - The Moon causes most of it. [5]

    ## Mud

    A harbour must be dredged every few years, or the mud fills it. [4] Dredging costs more than most harbours earn. [1] Tides rise and fall twice a day in most harbours. [2]

    - Mud settles wherever water slows down. [6]
    - The Moon causes most of it. [5]
    - The Sun adds its part, so that tides are highest at new and full moon. [3]

    ## Sources

    1. mud.txt: “Dredging costs more than most harbours earn.”
    2. tides.md: “Tides rise and fall twice a day in most harbours.”
    3. tides.md: “The Sun adds its part, so that tides are highest at new and full moon.”
    4. mud.txt: “A harbour must be dredged every few years, or the mud fills it.”
    5. tides.md: “The Moon causes most of it.”
    6. mud.txt: “Mud settles wherever water slows down.”
    --- stderr
    model: offline (key sentences, no LLM; for a model set OPENAI_API_KEY or pass --model)
    branches: 3 started = 3 answered + 0 failed + 0 cancelled · calls 3 · attempts 3 · [time]
    sections: 2 of 2 written, 62 words · 100 % of the words of titles and briefs are in it · 32 % of it stands in several sections: --consistency has that mended · 11 of 11 citations hold · [time]
    ");
}

#[test]
fn what_needs_judgement_needs_a_model() {
    assert_snapshot!(place().run(&["vote", "Is mud wet?", "--option", "yes", "--option", "no"]), @r"
    exit 78
    --- stdout
    --- stderr
    error[E-MODEL]: a vote needs a model; the offline one only quotes
    help: set OPENAI_API_KEY, start Ollama, or pass --model with any OpenAI-compatible server
    ");
    assert_snapshot!(place().run(&["section", "Harbours", "--plan", "2", "--context", "docs"]), @r"
    exit 78
    --- stdout
    --- stderr
    error[E-MODEL]: planning sections needs a model; the offline one only quotes
    help: set OPENAI_API_KEY, start Ollama, or pass --model with any OpenAI-compatible server
    ");
    assert_snapshot!(place().run(&["section", "Harbours", "-s", "Tides"]), @r"
    exit 78
    --- stdout
    --- stderr
    model: offline (key sentences, no LLM; for a model set OPENAI_API_KEY or pass --model)
    branches: 1 started = 0 answered + 1 failed + 0 cancelled · calls 1 · attempts 1 · [time]
    error[E-MODEL]: the run was stopped
      Tides: the answer needs a model: the offline model only quotes, and the request has no document; to get a model, set OPENAI_API_KEY or start Ollama, and choose one with --model
    help: set OPENAI_API_KEY, start Ollama, or pass --model with any OpenAI-compatible server
    ");
}

#[test]
fn a_schema_of_constants_and_quotations_can_be_filled() {
    let place = place();
    let schema = r#"{"type": "object", "properties": {
        "kind": {"const": "note"}, "summary": {"type": "string"}}, "required": ["kind", "summary"]}"#;
    place.write("s.json", schema.as_bytes());
    let args = [
        "map-reduce",
        "docs/mud.txt",
        "--no-reduce",
        "--map-schema",
        "s.json",
        "-q",
    ];
    assert_snapshot!(place.run(&args), @r#"
    exit 0
    --- stdout
    [offline: key sentences, no LLM]

    docs/mud.txt
    {
      "kind": "note",
      "summary": "A harbour must be dredged every few years, or the mud fills it. Dredging costs more than most harbours earn."
    }

    --- stderr
    "#);
    let schema = r#"{"type": "object", "properties": {"price": {"type": "number"}}}"#;
    place.write("s.json", schema.as_bytes());
    assert_snapshot!(place.run(&args), @r"
    exit 78
    --- stdout
    [offline: key sentences, no LLM]

    docs/mud.txt
    (no answer: the answer needs a model: the offline model only quotes; /price needs judgement: to get a model, set OPENAI_API_KEY or start Ollama, and choose one with --model)

    --- stderr
    error[E-MODEL]: the run was stopped
      docs/mud.txt: the answer needs a model: the offline model only quotes; /price needs judgement: to get a model, set OPENAI_API_KEY or start Ollama, and choose one with --model
    help: set OPENAI_API_KEY, start Ollama, or pass --model with any OpenAI-compatible server
    ");
}

#[test]
fn hostile_text_cannot_command_the_terminal() {
    let place = Place::with(&[(
        "a\u{1b}[31m.txt",
        "The \u{1b}]0;owned\u{7} harbour is deep. Ships \u{202e}like\u{202c} deep harbours.",
    )]);
    for form in ["human", "json", "jsonl"] {
        let output = place
            .command(&["map-reduce", ".", "--output", form, "--color", "never"])
            .output()
            .unwrap();
        assert!(output.status.success());
        for text in [output.stdout, output.stderr] {
            let text = String::from_utf8(text).unwrap();
            let bad = |it: char| it != '\n' && (it.is_control() || it == '\u{202e}');
            assert!(!text.contains(bad), "{form}: {text:?}");
        }
    }
}
