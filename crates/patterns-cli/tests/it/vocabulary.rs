//! Efforts, tiers, Azure and OpenRouter, as they are asked for on the command line.

use std::sync::{Arc, Mutex};

use insta::assert_snapshot;
use serde_json::Value;

use crate::support::{Place, Server, completion, shown};

/// A server that keeps what it is sent.
fn server() -> (Server, Arc<Mutex<Vec<Value>>>) {
    let bodies: Arc<Mutex<Vec<Value>>> = Arc::default();
    let kept = Arc::clone(&bodies);
    let server = Server::start(move |body| {
        kept.lock().unwrap().extend(serde_json::from_str(body));
        (
            200,
            completion(r#"{"reasoning":"So.","answer":"yes","summary":"Ships."}"#),
        )
    });
    (server, bodies)
}

#[test]
fn an_effort_and_a_tier_are_sent_and_an_answer_is_recorded_under_the_effort_alone() {
    let place = Place::new();
    let (server, bodies) = server();
    let vote = |more: &[&str]| {
        let mut args = vec![
            "vote", "Well?", "-n", "1", "--option", "yes", "--option", "no",
        ];
        args.extend(server.args());
        args.extend(more);
        let text = place.run(&args);
        assert!(text.starts_with("exit 0"), "{text}");
        bodies.lock().unwrap().len()
    };
    assert_eq!(vote(&["--effort", "low", "-c", "run.tier=flex"]), 1);
    let body = bodies.lock().unwrap()[0].clone();
    assert_eq!(
        (&body["reasoning_effort"], &body["service_tier"]),
        (&"low".into(), &"flex".into())
    );
    assert_eq!(
        vote(&["-c", "run.effort=low"]),
        1,
        "the tier changes no answer"
    );
    assert_eq!(vote(&["--effort", "high"]), 2);
}

#[test]
fn a_job_says_an_effort_and_a_tier() {
    let place = Place::new();
    let job = place.run(&[
        "vote",
        "Well?",
        "--effort",
        "none",
        "-c",
        "run.tier=flex",
        "--print-job",
    ]);
    assert_snapshot!(job, @r#"
    exit 0
    --- stdout
    pattern = "vote"
    question = "Well?"

    [model]
    effort = "none"
    tier = "flex"
    --- stderr
    "#);
    assert_snapshot!(place.run(&["vote", "Well?", "--effort", "much"]), @r"
    exit 2
    --- stdout
    --- stderr
    error: invalid value 'much' for '--effort <EFFORT>': expected none, minimal, low, medium, high or max

    For more information, try '--help'.
    ");
    assert_snapshot!(place.run(&["vote", "Well?", "-c", "run.tier=cheap"]), @r#"
    exit 2
    --- stdout
    --- stderr
    error[E-USAGE]: -c run.tier=cheap: expected standard or flex, not "cheap"
    help: `patterns config keys` lists every key with its meaning
    "#);
}

#[test]
fn azure_is_found_by_its_own_variables() {
    let place = Place::new();
    let (server, _) = server();
    let args = [
        "vote",
        "Well?",
        "-n",
        "1",
        "--option",
        "yes",
        "--option",
        "no",
        "--model",
        "azure:gpt",
    ];
    assert_snapshot!(place.run(&args), @r"
    exit 78
    --- stdout
    --- stderr
    error[E-CONFIG]: there is no API key: AZURE_OPENAI_API_KEY is not set
    help: set AZURE_OPENAI_API_KEY, or say where the key is: providers.azure.key_file or key_command in your configuration (`patterns config path`)
    ");
    let mut command = place.command(&args);
    command.env("AZURE_OPENAI_API_KEY", "k");
    assert_snapshot!(shown(&mut command), @r"
    exit 78
    --- stdout
    --- stderr
    error[E-CONFIG]: `azure` has no usual server: set its base URL
    help: set AZURE_OPENAI_ENDPOINT, or the base_url of the provider, to the address of your resource, such as https://NAME.openai.azure.com
    ");
    let mut command = place.command(&args);
    command.env("AZURE_OPENAI_API_KEY", "k");
    command.env(
        "AZURE_OPENAI_ENDPOINT",
        server.url().trim_end_matches("/v1"),
    );
    let text = shown(&mut command);
    assert!(text.starts_with("exit 0"), "{text}");
    let version = [
        &args[..],
        &[
            "-c",
            "providers.openai.api_version=2024-10-21",
            "--model",
            "openai:gpt",
        ],
    ];
    let mut command = place.command(&version.concat());
    command.env("OPENAI_API_KEY", "k");
    assert_snapshot!(shown(&mut command), @r"
    exit 78
    --- stdout
    --- stderr
    error[E-CONFIG]: providers.openai: the API version of `openai` is for deployments of Azure
    help: mend api_version of the provider, or leave it out: /openai/v1 needs none
    ");
}

#[test]
fn openrouter_is_asked_with_its_own_key() {
    let place = Place::new();
    let args = [
        "vote",
        "Well?",
        "-n",
        "1",
        "--model",
        "openrouter:a/b",
        "--max-cost",
        "1",
    ];
    assert_snapshot!(place.run(&args), @r"
    exit 78
    --- stdout
    --- stderr
    error[E-CONFIG]: there is no API key: OPENROUTER_API_KEY is not set
    help: set OPENROUTER_API_KEY, or say where the key is: providers.openrouter.key_file or key_command in your configuration (`patterns config path`)
    ");
    let mut command = place.command(&args);
    command.env("OPENROUTER_API_KEY", "k");
    assert_snapshot!(shown(&mut command), @r"
    exit 78
    --- stdout
    --- stderr
    error[E-CONFIG]: the price of openrouter:a/b is not known, so a cap on cost cannot be kept
    help: set its price in [providers.NAME.prices] (see `patterns config keys`), or cap --max-tokens or --max-calls instead of --max-cost
    ");
}

#[test]
fn what_does_not_fit_into_the_model_is_cut_at_good_places() {
    let text = "Ships came in. They left.\n\n".repeat(1_000);
    let place = Place::with(&[("long.txt", &*text), ("short.txt", "Ships.")]);
    let (server, bodies) = server();
    let window = "providers.compatible.context_window=8000";
    let mut args = vec![
        "map-reduce",
        "long.txt",
        "short.txt",
        "--no-reduce",
        "--no-store",
        "-c",
        window,
    ];
    args.extend(server.args());
    let asked = |args: &[&str]| {
        bodies.lock().unwrap().clear();
        let text = place.run(args);
        assert!(text.starts_with("exit 0"), "{text}");
        bodies.lock().unwrap().len()
    };
    // About 9,000 tokens, in chunks of about 2,600.
    let by_itself = asked(&args);
    assert!((4..8).contains(&by_itself), "{by_itself}");
    args.extend(["--chunk-tokens", "auto"]);
    assert_eq!(asked(&args), by_itself);
    args.extend(["--chunk-tokens", "100000"]);
    assert!(asked(&args) < 4);
}
