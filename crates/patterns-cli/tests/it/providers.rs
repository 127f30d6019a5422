//! What becomes of every way in which a provider can fail, and which model is chosen.

use insta::assert_snapshot;

use crate::support::{Place, Server, completion, error};

fn place() -> Place {
    Place::with(&[
        ("a.txt", "About apples."),
        ("b.txt", "About bad pears."),
        ("c.txt", "About cherries."),
    ])
}

fn run(place: &Place, server: &Server, more: &[&str]) -> String {
    let mut args = vec!["map-reduce", "a.txt", "b.txt", "c.txt"];
    args.extend(server.args());
    args.extend(more);
    place.run(&args)
}

/// Summarises everything but what is bad.
fn summaries(body: &str) -> (u16, String) {
    if body.contains("bad pears") {
        let refusal = serde_json::json!({"refusal": "I won't."});
        let choice = serde_json::json!({"message": refusal, "finish_reason": "stop"});
        return (200, serde_json::json!({"choices": [choice]}).to_string());
    }
    let field = if body.contains("combined_summary") {
        "combined_summary"
    } else {
        "summary"
    };
    (
        200,
        completion(&serde_json::json!({field: "Fruit."}).to_string()),
    )
}

#[test]
fn an_address_that_is_not_known_is_named_as_it_was_asked() {
    let server = Server::start(|_| (404, r#"{"detail": "Not Found"}"#.to_owned()));
    let without = server.url().trim_end_matches("/v1");
    let twice = format!("{}/chat/completions", server.url());
    for (base, asked) in [
        (without, "asked http://[server]/chat/completions (HTTP 404)"),
        (
            &*twice,
            "asked http://[server]/v1/chat/completions/chat/completions (HTTP 404)",
        ),
    ] {
        let model = ["-m", "compatible:m", "--base-url", base];
        let args = [&["vote", "Well?", "-n", "1", "--no-store"][..], &model].concat();
        let shown = Place::new().run(&args);
        assert!(shown.starts_with("exit 78"), "{shown}");
        for part in [asked, "--base-url (it ends in /v1 for most servers)"] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
    }
}

#[test]
fn a_failed_branch_is_named_and_the_rest_is_kept() {
    let server = Server::start(summaries);
    assert_snapshot!(run(&place(), &server, &[]), @r"
    exit 3
    --- stdout
    Fruit.

    documents: 2 · words: 4

    a.txt
    Fruit.

    b.txt
    (no answer: the model refused to answer: I won't.)

    c.txt
    Fruit.
    --- stderr
    branches: 4 started = 3 answered + 1 failed + 0 cancelled · calls 4 · attempts 4 · tokens 30 in, 15 out · [time]
    documents: 3 = 2 mapped + 1 failed · in no answer: b.txt
    error[E-SOME-FAILED]: 1 of 4 branches failed
      b.txt: the model refused to answer: I won't.
    help: the result was made without them; --output json has each with its error, --allow-gaps accepts it
    ");
    assert_snapshot!(run(&place(), &server, &["--output", "json", "--seed", "1", "-q"]), @r#"
    exit 3
    --- stdout
    {
      "type": "outcome",
      "pattern": "map-reduce",
      "run": "1",
      "models": [
        "compatible:test@http://[server]/v1"
      ],
      "value": {
        "combined_summary": "Fruit.",
        "total_documents": 2,
        "total_words": 4
      },
      "branches": [
        {
          "branch": 0,
          "role": "map",
          "label": "a.txt",
          "end": "answered",
          "usage": {
            "calls": 1,
            "attempts": 1,
            "input_tokens": 10,
            "cached_input_tokens": 0,
            "output_tokens": 5,
            "reasoning_tokens": 0
          },
          "value": {
            "doc_id": "a.txt",
            "summary": "Fruit.",
            "word_count": 2
          }
        },
        {
          "branch": 1,
          "role": "map",
          "label": "b.txt",
          "end": "failed",
          "error": {
            "kind": "refused",
            "message": "the model refused to answer",
            "detail": "I won't."
          },
          "usage": {
            "calls": 1,
            "attempts": 1,
            "input_tokens": 0,
            "cached_input_tokens": 0,
            "output_tokens": 0,
            "reasoning_tokens": 0
          }
        },
        {
          "branch": 2,
          "role": "map",
          "label": "c.txt",
          "end": "answered",
          "usage": {
            "calls": 1,
            "attempts": 1,
            "input_tokens": 10,
            "cached_input_tokens": 0,
            "output_tokens": 5,
            "reasoning_tokens": 0
          },
          "value": {
            "doc_id": "c.txt",
            "summary": "Fruit.",
            "word_count": 2
          }
        }
      ],
      "steps": [
        {
          "branch": 3,
          "role": "reduce",
          "label": "a.txt … c.txt",
          "end": "answered",
          "usage": {
            "calls": 1,
            "attempts": 1,
            "input_tokens": 10,
            "cached_input_tokens": 0,
            "output_tokens": 5,
            "reasoning_tokens": 0
          }
        }
      ],
      "counts": {
        "started": 4,
        "answered": 3,
        "failed": 1,
        "cancelled": 0
      },
      "usage": {
        "calls": 4,
        "attempts": 4,
        "input_tokens": 30,
        "cached_input_tokens": 0,
        "output_tokens": 15,
        "reasoning_tokens": 0
      },
      "spend": {
        "calls": 3,
        "tokens": 45,
        "cost": null,
        "possibly_billed": {
          "calls": 1,
          "tokens": 4318,
          "cost": null
        },
        "caps": {}
      },
      "warnings": [],
      "coverage": {
        "documents": {
          "mapped": 2,
          "truncated": 0,
          "failed": 1,
          "skipped": 0,
          "not_begun": 0
        },
        "chunks": {
          "mapped": 2,
          "truncated": 0,
          "failed": 1,
          "skipped": 0,
          "not_begun": 0
        },
        "halved": 0,
        "gaps": [
          {
            "name": "b.txt",
            "end": "failed"
          }
        ],
        "more_gaps": 0,
        "more_not_begun": false
      }
    }
    --- stderr
    error[E-SOME-FAILED]: 1 of 4 branches failed
      b.txt: the model refused to answer: I won't.
    help: the result was made without them; --output json has each with its error, --allow-gaps accepts it
    "#);
    assert_snapshot!(run(&place(), &server, &["--max-failures", "10%", "--concurrency", "1"]), @r"
    exit 3
    --- stdout
    a.txt
    Fruit.

    b.txt
    (no answer: the model refused to answer: I won't.)
    --- stderr
    branches: 2 started = 1 answered + 1 failed + 0 cancelled · calls 2 · attempts 2 · tokens 10 in, 5 out · [time]
    documents: 3 = 1 mapped + 1 failed + 1 not begun · in no answer: b.txt
    error[E-NOT-COMBINED]: too many branches failed
      b.txt: the model refused to answer: I won't.
    help: --output json has every branch with its answer or error
    ");
}

#[test]
fn trouble_that_every_call_would_meet_stops_the_run() {
    let place = place();
    let check = |status: u16, code: &str, exit: u8, says: &str| {
        let body = error(code, "Provider's own words.");
        let server = Server::start(move |_| (status, body.clone()));
        let shown = run(&place, &server, &["--concurrency", "1"]);
        assert!(
            shown.starts_with(&format!("exit {exit}\n--- stdout\n--- stderr")),
            "{shown}"
        );
        assert!(
            shown.contains("1 started = 0 answered + 1 failed"),
            "{shown}"
        );
        assert!(
            shown.contains(says) && shown.contains("Provider's own words."),
            "{shown}"
        );
    };
    check(401, "invalid_api_key", 77, "check the API key");
    check(429, "credit_balance_exhausted", 77, "add credit");
    check(404, "model_not_found", 78, "check the name behind --model");
}

#[test]
fn a_server_that_is_not_there_is_unavailable() {
    let place = place();
    let args = [
        "vote",
        "?",
        "-n",
        "1",
        "--model",
        "compatible:x",
        "--base-url",
        "http://127.0.0.1:9/v1",
    ];
    let shown = place.run(&args);
    assert!(shown.starts_with("exit 69\n"), "{shown}");
    let said = "the provider cannot be reached: connection refused by [server]";
    assert!(shown.contains(said), "{shown}");
    assert!(shown.contains("run.proxy or HTTPS_PROXY"), "{shown}");
}

#[test]
fn answers_of_the_wrong_shape_are_sent_back_and_told_of() {
    let place = place();
    let server = Server::start(|_| (200, completion(r#"{"answer": "maybe"}"#)));
    let mut args = vec!["vote", "Well?", "-n", "1", "--option", "yes"];
    args.extend(server.args());
    assert_snapshot!(place.run(&args), @r#"
    exit 3
    --- stdout
    --- stderr
    branches: 1 started = 0 answered + 1 failed + 0 cancelled · calls 3 · attempts 3 · tokens 30 in, 15 out · [time]
    error[E-NOT-COMBINED]: no branch has answered
      voter 1: the answer breaks its contract in 2 place(s); "reasoning" is a required property; /answer: "maybe" is not one of "yes"
    help: --output json has every branch with its answer or error
    "#);
}

#[test]
fn a_model_none_of_whose_answers_keeps_the_schema_stops_the_run() {
    let rows: String = (0..40)
        .map(|n| format!("{{\"text\": \"{n}\"}}\n"))
        .collect();
    let place = Place::with(&[("rows.jsonl", rows.as_str())]);
    let server = Server::start(|_| (200, completion(r#"{"topics": ["fruit"]}"#)));
    let mut args = vec!["map-reduce", "rows.jsonl", "--concurrency", "1"];
    args.extend(server.args());
    let shown = place.run(&args);
    assert!(shown.starts_with("exit 78\n"), "{shown}");
    assert!(shown.contains("keeps the schema"), "{shown}");
    assert!(shown.contains("calls 30 "), "{shown}");
}

#[test]
fn a_weaker_answer_format_is_told_of() {
    let server = Server::start(|body| {
        if body.contains("\"json_schema\"") {
            let message = "response_format json_schema is not supported";
            return (400, error("invalid_request_error", message));
        }
        summaries(body)
    });
    let place = Place::with(&[("a.txt", "About apples.")]);
    let mut args = vec!["map-reduce", "a.txt"];
    args.extend(server.args());
    assert_snapshot!(place.run(&args), @r"
    exit 0
    --- stdout
    Fruit.

    documents: 1 · words: 2

    a.txt
    Fruit.
    --- stderr
    warning: compatible:test@http://[server]/v1 does not support json_schema for answers; json_object with a schema was used
    branches: 2 started = 2 answered + 0 failed + 0 cancelled · calls 2 · attempts 3 · tokens 20 in, 10 out · [time]
    documents: 1 = 1 mapped
    ");
}

#[test]
fn an_election_for_people_and_programs() {
    let server = Server::start(|body| {
        assert!(body.contains("Is glass a liquid?"), "{body}");
        (
            200,
            completion(r#"{"reasoning": "It is rigid.", "answer": "no", "confidence": 0.9}"#),
        )
    });
    let place = place();
    let mut args = vec![
        "vote",
        "Is glass a liquid?",
        "-n",
        "3",
        "--option",
        "no",
        "--temperature",
        "0",
    ];
    args.extend(server.args());
    assert_snapshot!(place.run(&args), @r"
    exit 0
    --- stdout
    no (2 of 2 votes, 100 %)
        2  no
    2 of 3 voters were asked, 33 % saved: no further vote could change the result

    voter 1: no
    voter 2: no
    --- stderr
    warning: at temperature 0 all samples of a model are nearly the same answer, paid for several times; raise the temperature or use a panel of models
    branches: 2 started = 2 answered + 0 failed + 0 cancelled · calls 2 · attempts 2 · tokens 20 in, 10 out · [time]
    ");
    let mut args = vec![
        "vote",
        "Is glass a liquid?",
        "-n",
        "1",
        "--output",
        "jsonl",
        "--seed",
        "7",
        "-q",
    ];
    args.extend(server.args());
    assert_snapshot!(place.run(&args), @r#"
    exit 0
    --- stdout
    {"type":"branch","branch":0,"role":"ballot","label":"voter 1","end":"answered","usage":{"calls":1,"attempts":1,"input_tokens":10,"cached_input_tokens":0,"output_tokens":5,"reasoning_tokens":0},"value":{"reasoning":"It is rigid.","answer":"no","confidence":0.9}}
    {"type":"outcome","pattern":"voting","run":"2","models":["compatible:test@http://[server]/v1"],"value":{"winning_answer":"no","decision":"won","vote_count":1,"total_votes":1,"share":1.0,"share_interval":{"low":0.20654931437723745,"high":1.0},"stability":1.0,"counts":[{"answer":"no","votes":1}],"all_answers":["no"],"abstentions":0,"voters":1,"waves":1,"stop_reason":"all_votes_cast","ballots":[{"voter":"voter 1","answer":"no","normalised":"no"}]},"steps":[],"counts":{"started":1,"answered":1,"failed":0,"cancelled":0},"usage":{"calls":1,"attempts":1,"input_tokens":10,"cached_input_tokens":0,"output_tokens":5,"reasoning_tokens":0},"spend":{"calls":1,"tokens":15,"cost":null,"possibly_billed":{"calls":0,"tokens":0,"cost":"0"},"caps":{}},"warnings":[]}
    --- stderr
    "#);
}

#[test]
fn a_ballot_of_the_users_own_is_counted() {
    let place = place();
    let schema = r#"{"type": "object", "properties": {"why": {"type": "string"}, "verdict": {"enum": ["safe", "unsafe"]}}}"#;
    place.write("ballot.json", schema.as_bytes());
    let server = Server::start(|_| (200, completion(r#"{"why": "x", "verdict": "safe"}"#)));
    let mut args = vec![
        "vote",
        "Text.",
        "-n",
        "2",
        "--schema",
        "ballot.json",
        "--answer-field",
        "verdict",
        "-q",
    ];
    args.extend(server.args());
    assert_snapshot!(place.run(&args), @r"
    exit 0
    --- stdout
    safe (2 of 2 votes, 100 %)
        2  safe

    voter 1: safe
    voter 2: safe
    --- stderr
    ");
}

#[test]
fn keys_come_from_where_they_should_and_show_up_nowhere() {
    const KEY: &str = "sk-canary-0123456789";
    let place = place();
    place.write("key.txt", format!("{KEY}\n").as_bytes());
    let server = Server::start(|_| (401, error("invalid_api_key", &format!("Bad key {KEY}."))));
    let mut args = vec![
        "map-reduce",
        "a.txt",
        "--events",
        "events.jsonl",
        "--output",
        "json",
    ];
    args.extend(server.args());
    for with_file in [true, false] {
        let mut command = place.command(&args);
        if with_file {
            command.args(["-c", "providers.compatible.key_file=key.txt"]);
        } else {
            command.env("PATTERNS_API_KEY", KEY);
        }
        command.env("PATTERNS_LOG", "trace");
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(77));
        for bytes in [
            output.stdout,
            output.stderr,
            place.read("events.jsonl").into_bytes(),
        ] {
            let text = String::from_utf8(bytes).unwrap();
            assert!(!text.contains("canary"), "{text}");
        }
    }
}

#[test]
fn a_missing_key_is_a_matter_of_configuration() {
    let place = place();
    assert_snapshot!(place.run(&["map-reduce", "a.txt", "--model", "openai:gpt-5-mini"]), @r"
    exit 78
    --- stdout
    --- stderr
    error[E-CONFIG]: there is no API key: OPENAI_API_KEY is not set
    help: set OPENAI_API_KEY, or say where the key is: providers.openai.key_file or key_command in your configuration (`patterns config path`)
    ");
    assert_snapshot!(place.run(&["map-reduce", "a.txt", "--model", "compatible:x"]), @r"
    exit 78
    --- stdout
    --- stderr
    error[E-CONFIG]: `compatible` has no usual server: set its base URL
    help: pass --base-url, such as http://localhost:8000/v1, or set the base_url of the provider
    ");
}

/// A reply of Ollama's chat with this text.
fn chat(text: &str) -> String {
    let message = serde_json::json!({"role": "assistant", "content": text});
    serde_json::json!({"message": message, "done": true, "done_reason": "stop"}).to_string()
}

#[test]
fn a_local_ollama_is_found() {
    let place = place();
    let server = Server::start(|body| match body {
        "" => (200, r#"{"data": [{"id": "qwen3:8b"}]}"#.to_owned()),
        r#"{"model":"qwen3:8b"}"# => (200, r#"{"model_info": {}}"#.to_owned()),
        _ => (
            200,
            chat(r#"{"summary": "Fruit.", "combined_summary": "Fruit."}"#),
        ),
    });
    let host = server.args()[3]
        .trim_start_matches("http://")
        .trim_end_matches("/v1")
        .to_owned();
    let mut command = place.command(&["map-reduce", "a.txt"]);
    command.env("OLLAMA_HOST", host);
    let shown = crate::support::shown(&mut command);
    assert!(shown.starts_with("exit 0\n"), "{shown}");
    assert!(
        shown.contains("model: ollama:qwen3:8b@http://[server] (a local Ollama has it)"),
        "{shown}"
    );
}

#[test]
fn a_model_that_an_ollama_does_not_have_names_the_command_that_fetches_it() {
    let missing = r#"{"error": "model 'qwen9' not found"}"#;
    let server = Server::start(|_| (404, missing.to_owned()));
    let place = place();
    let [.., url] = server.args();
    let asked = [
        "vote",
        "Is it?",
        "--model",
        "ollama:qwen9",
        "--base-url",
        url,
    ];
    assert_snapshot!(place.run(&asked), @r"
    exit 78
    --- stdout
    --- stderr
    branches: 3 started = 0 answered + 3 failed + 0 cancelled · calls 3 · attempts 3 · [time]
    `patterns resume 1` goes on with this run
    error[E-MODEL]: the run was stopped
      voter 1, voter 2, voter 3: the provider does not know the model or the address: asked http://[server]/api/chat (HTTP 404): model 'qwen9' not found
    help: `ollama pull NAME` fetches a model, `ollama list` has those that are there
    ");
}

#[test]
fn a_key_that_is_missing_is_named_by_its_own_variable() {
    for (model, variable) in [
        ("anthropic:m", "ANTHROPIC_API_KEY"),
        ("gemini:m", "GEMINI_API_KEY"),
        ("openai:m", "OPENAI_API_KEY"),
    ] {
        let shown = place().run(&["vote", "Is it?", "--model", model]);
        let said = format!("there is no API key: {variable} is not set");
        assert!(shown.contains(&said), "{shown}");
    }
}
