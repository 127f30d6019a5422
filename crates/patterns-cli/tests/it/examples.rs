//! Examples that models are shown.

use std::sync::{Arc, Mutex};

use insta::assert_snapshot;

use crate::support::{Place, Server, completion};

#[test]
fn examples_of_documents_are_part_of_what_is_asked() {
    let example =
        |kind: &str| format!("{{\"input\": \"Sails.\", \"output\": {{\"kind\": \"{kind}\"}}}}\n");
    let place = Place::with(&[("a.txt", "Ropes."), ("few.jsonl", &example("sail"))]);
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    let server = Server::start(move |body| {
        seen.lock().unwrap().push(body.to_owned());
        (200, completion(r#"{"kind": "rope"}"#))
    });
    let mut args = vec![
        "map-reduce",
        "a.txt",
        "--no-reduce",
        "--map-schema",
        "kind text",
    ];
    args.extend(["--examples", "few.jsonl", "-q"]);
    args.extend(server.args());
    let run = || {
        place.run(&args);
        asked.lock().unwrap().len()
    };
    assert_eq!(
        (run(), run()),
        (1, 1),
        "the second time it is found in the store"
    );
    place.write("few.jsonl", example("cloth").as_bytes());
    assert_eq!(run(), 2, "other examples are another question");
    let bodies = asked.lock().unwrap();
    let asked: serde_json::Value = serde_json::from_str(&bodies[0]).unwrap();
    let told = asked["messages"][0]["content"].as_str().unwrap();
    let (_, told) = told.split_once("Examples: ").unwrap();
    assert_snapshot!(told, @r#"
    behind each input stands the answer to it.

    <document-f8e3a336 id="example 1">
    Sails.
    </document-f8e3a336>
    {"kind":"sail"}
    "#);
    assert!(
        !asked["messages"][1]["content"]
            .as_str()
            .unwrap()
            .contains("Sails")
    );
}

#[test]
fn examples_of_questions_are_ballots() {
    let few = concat!(
        r#"{"input": "Is ice a solid?", "output": {"reasoning": "It keeps its form.", "answer": "yes"}}"#,
        "\n",
    );
    let place = Place::with(&[("few.jsonl", few)]);
    let server = Server::start(|body| {
        assert!(
            body.contains("Is ice a solid?") && body.contains("It keeps its form."),
            "{body}"
        );
        (
            200,
            completion(r#"{"reasoning": "It flows.", "answer": "no"}"#),
        )
    });
    let run = |options: &[&str]| {
        let mut args = vec!["vote", "Is glass a liquid?", "-n", "1", "--no-store", "-q"];
        args.extend(["--examples", "few.jsonl"]);
        args.extend(options);
        args.extend(server.args());
        place.run(&args)
    };
    assert!(run(&[]).starts_with("exit 0\n"), "{}", run(&[]));
    assert!(run(&["--option", "yes", "--option", "no"]).starts_with("exit 0\n"));
    assert_snapshot!(run(&["--option", "true", "--option", "false"]), @r#"
    exit 65
    --- stdout
    --- stderr
    error[E-DATA]: an example is not valid; nothing was sent
      few.jsonl:1: the output: /answer: "yes" is not one of "true" or "false"
    help: a line is {"input": …, "output": …}, the output an answer that the schema allows
    "#);
    assert_snapshot!(run(&["--schema", "verdict yes|no"]), @r#"
    exit 65
    --- stdout
    --- stderr
    error[E-DATA]: an example is not valid; nothing was sent
      few.jsonl:1: the output: Additional properties are not allowed ('reasoning', 'answer' were unexpected); "verdict" is a required property
    help: a line is {"input": …, "output": …}, the output an answer that the schema allows
    "#);
    assert!(run(&["--rule", "median"]).starts_with("exit 65\n"));
}

#[test]
fn examples_that_cannot_be_are_named_before_anything_is_sent() {
    let place = Place::with(&[("a.txt", "Ropes."), ("empty.jsonl", "\n")]);
    let run = |more: &[&str]| {
        let args = ["map-reduce", "a.txt", "--model", "offline"];
        place.run(&[&args[..], more].concat())
    };
    assert_snapshot!(run(&["--no-reduce", "--examples", "none.jsonl"]), @r"
    exit 66
    --- stdout
    --- stderr
    error[E-INPUT]: an input cannot be read; nothing was sent
      none.jsonl: No such file or directory
    help: check names and permissions
    ");
    assert_snapshot!(run(&["--no-reduce", "--examples", "empty.jsonl"]), @r#"
    exit 65
    --- stdout
    --- stderr
    error[E-DATA]: there is no example in empty.jsonl; nothing was sent
    help: a line is {"input": …, "output": …}, the output an answer that the schema allows
    "#);
    place.write(
        "few.jsonl",
        b"{\"input\": \"x\", \"output\": {\"sumary\": \"y\"}}\n",
    );
    assert_snapshot!(run(&["--examples", "few.jsonl"]), @r#"
    exit 65
    --- stdout
    --- stderr
    error[E-DATA]: an example is not valid; nothing was sent
      few.jsonl:1: the output: "summary" is a required property
    help: a line is {"input": …, "output": …}, the output an answer that the schema allows
    "#);
    let over = ["--no-reduce", "--examples", "few.jsonl", "-o", "few.jsonl"];
    assert_snapshot!(run(&over), @r"
    exit 2
    --- stdout
    --- stderr
    error[E-USAGE]: -o few.jsonl would overwrite an input
    help: nothing was sent; name a file that is not read, or name it in an .ignore file
    ");
}
