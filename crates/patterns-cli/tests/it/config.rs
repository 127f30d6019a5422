//! What is set in files, variables and by `-c`: who weighs more, what is wrong, and what a clone may not
//! do.

use std::fs;
use std::sync::{Arc, Mutex};

use insta::assert_snapshot;
use serde_json::Value;

use crate::support::{Place, Server, Simulator, completion, shown};

const ANSWER: &str = r#"{"reasoning": "So.", "answer": "yes", "confidence": 1}"#;

/// A vote of one ballot.
pub(crate) const VOTE: [&str; 5] = ["vote", "Well?", "-n", "1", "--no-store"];

/// Keeps what was sent to a server: the headers and the body of each request.
#[derive(Clone, Default)]
pub(crate) struct Heard(Arc<Mutex<Vec<(String, Value)>>>);

impl Heard {
    pub(crate) fn server(&self) -> Server {
        let heard = self.clone();
        Server::hearing(move |head, body| {
            let body = serde_json::from_str(body).unwrap_or_default();
            heard.0.lock().unwrap().push((head.to_owned(), body));
            (200, completion(ANSWER))
        })
    }

    pub(crate) fn take(&self) -> Vec<(String, Value)> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

pub(crate) fn vote(place: &Place, more: &[&str]) -> String {
    place.run(&[&VOTE[..], more].concat())
}

#[test]
fn each_source_weighs_more_than_the_one_before() {
    let place = Place::new();
    let heard = Heard::default();
    let server = heard.server();
    place.configure(
        "[run]\ntemperature = 0.1\nmax_output_tokens = 11\nseed = 1\nmodel = 'compatible:user'\n",
    );
    place.write(
        "patterns.toml",
        b"[run]\ntemperature = 0.2\nmax_output_tokens = 12\nseed = 2\n",
    );
    let words = [
        "vote",
        "Well?",
        "-n",
        "1",
        "--no-store",
        "-q",
        "-c",
        "run.seed=4",
        "--base-url",
        server.url(),
    ];
    let mut command = place.command(&words);
    command
        .env("PATTERNS_SEED", "3")
        .env("PATTERNS_MAX_OUTPUT_TOKENS", "13");
    assert!(shown(&mut command).starts_with("exit 0"));
    let sent = heard.take().remove(0).1;
    assert_eq!(sent["model"], "user");
    assert_eq!(sent["temperature"].to_string(), "0.2");
    assert_eq!(
        (&sent["max_tokens"], &sent["seed"]),
        (&13.into(), &4.into())
    );
    let mut command = place.command(&words);
    command.args(["--seed", "5"]);
    assert!(shown(&mut command).starts_with("exit 0"));
    assert_eq!(heard.take()[0].1["seed"], 5);
}

#[test]
fn what_a_configured_server_costs_is_counted_and_capped() {
    let place = Place::new();
    let server = Heard::default().server();
    place.configure(&format!(
        "[providers.mine]\nbase_url = '{}'\n[providers.mine.prices]\n'm*' = {{ input = 1000, output = 1000 }}\n",
        server.url()
    ));
    let shown = vote(&place, &["-m", "mine:model", "--max-cost", "50"]);
    assert!(shown.starts_with("exit 0"), "{shown}");
    assert!(shown.contains(" · $0.0"), "{shown}");
}

#[test]
fn config_show_says_what_holds_and_where_it_was_set_without_secrets() {
    let place = Place::new();
    place.configure(
        "[run]\nmax_cost = 2.5\nhedge = true\n\n[models]\nfast = 'mine:m'\n\n[providers.mine]\n\
         base_url = 'http://h/v1'\nkey_command = 'echo canary'\nheaders.x-key = 'canary'\n",
    );
    place.write(
        "patterns.toml",
        b"[run]\nmax_cost = 1\n\n[map_reduce]\nfan_in = 3\n",
    );
    let mut command = place.command(&["config", "show", "-c", "run.hedge=false"]);
    command.env("PATTERNS_TIMEOUT", "30s");
    assert_snapshot!(place.placeless(&shown(&mut command)), @r#"
    exit 0
    --- stdout
    map_reduce.fan_in = 3  # patterns.toml:5
    models.fast = "mine:m"  # [config]/patterns/config.toml:6
    providers.mine.base_url = "http://h/v1"  # [config]/patterns/config.toml:9
    providers.mine.headers.x-key = [hidden]  # [config]/patterns/config.toml:11
    providers.mine.key_command = "echo" [hidden]  # [config]/patterns/config.toml:10
    run.hedge = false  # -c
    run.max_cost = 1  # patterns.toml:2
    run.timeout = "30s"  # PATTERNS_TIMEOUT
    --- stderr
    "#);
}

#[test]
fn what_is_wrong_in_a_file_is_said_with_its_line_and_what_was_meant() {
    let place = Place::new();
    place.write("patterns.toml", b"[run]\nmax_calls = 5\nhegde = true\n");
    assert_snapshot!(vote(&place, &["-m", "compatible:x"]), @r"
    exit 78
    --- stdout
    --- stderr
    error[E-CONFIG]: patterns.toml:3:1: there is no key `hegde` here; did you mean `hedge`?
    help: `patterns config keys` lists every key with its meaning
    ");
    place.write("patterns.toml", b"[models]\nfast = 'opnai:gpt-5'\n");
    assert_snapshot!(vote(&place, &["-m", "fast"]), @r#"
    exit 78
    --- stdout
    --- stderr
    error[E-CONFIG]: patterns.toml:2: models.fast = "opnai:gpt-5": there is no provider "opnai"; did you mean openai?
    help: a short name stands for PROVIDER:MODEL, such as openai:gpt-5-mini
    "#);
    place.write("patterns.toml", b"");
    place.configure("[providers.x]\nkey_file = 'a'\nkey_variable = 'B'\n");
    assert_snapshot!(place.placeless(&vote(&place, &["-m", "x:y"])), @r#"
    exit 78
    --- stdout
    --- stderr
    error[E-CONFIG]: [config]/patterns/config.toml:2: the provider "x" has more than one of key_variable, key_variables, key_file and key_command
    help: `patterns config keys` lists every key with its meaning
    "#);
}

#[test]
fn what_is_wrong_with_one_of_several_servers_names_it() {
    let place = Place::new();
    for (server, says) in [
        (
            "kind = 'compatible'",
            "providers.s: `compatible` has no usual server",
        ),
        ("base_url = 'h:1/v1'", "providers.s: the base URL"),
        (
            "base_url = 'http://h/v1'\nextra = { messages = 1 }",
            "providers.s: the field `messages`",
        ),
        (
            "base_url = 'http://h/v1'\nheaders = { 'x a' = 'b' }",
            "providers.s: the header",
        ),
        (
            "extra = { x = nan }",
            ":4: the provider \"s\" has a number in extra",
        ),
        (
            "key_variable = ' '",
            ":4: providers.s.key_variable is empty",
        ),
    ] {
        place.configure(&format!(
            "[run]\nmodel = 's:m'\n[providers.s]\n{server}\n[providers.t]\nkind = 'openai'\n"
        ));
        let shown = place.run(&["vote", "Well?"]);
        assert!(shown.starts_with("exit 78\n"), "{server}: {shown}");
        assert!(shown.contains(says), "{server}: {shown}");
    }
    place.configure("[run]\nmodel = ''\n");
    let shown = place.placeless(&place.run(&["vote", "Well?"]));
    assert!(
        shown.contains("[config]/patterns/config.toml:2: run.model is empty"),
        "{shown}"
    );
}

#[cfg(unix)]
#[test]
fn a_variable_of_ours_that_is_no_text_is_an_error() {
    use std::os::unix::ffi::OsStrExt;
    let place = Place::new();
    let mut command = place.command(&["vote", "Well?"]);
    command.env("PATTERNS_MODEL", std::ffi::OsStr::from_bytes(b"\xff"));
    let shown = shown(&mut command);
    assert!(shown.starts_with("exit 78\n"), "{shown}");
    assert!(
        shown.contains("PATTERNS_MODEL is not UTF-8 text"),
        "{shown}"
    );
}

#[test]
fn a_variable_that_sets_nothing_is_told_of() {
    let place = Place::with(&[("a.txt", "A harbour is a shelter.")]);
    place.configure("[providers.x]\nkey_variable = 'PATTERNS_X_KEY'\n");
    let mut command = place.command(&["map-reduce", "a.txt", "-m", "offline"]);
    command
        .env("PATTERNS_MAX_COSTS", "5")
        .env("PATTERNS_X_KEY", "k");
    let text = shown(&mut command);
    assert!(text.starts_with("exit 0"), "{text}");
    let said = "warning: PATTERNS_MAX_COSTS sets nothing; did you mean PATTERNS_MAX_COST?";
    assert!(text.contains(said) && !text.contains("X_KEY"), "{text}");
}

#[test]
fn a_configured_server_is_asked_with_its_key_its_headers_and_its_fields() {
    let place = Place::new();
    let heard = Heard::default();
    let server = heard.server();
    place.configure(&format!(
        "[models]\nfast = 'mine:qwen3-8b'\n\n[providers.mine]\nbase_url = '{}'\n\
         key_variable = 'MY_KEY'\nheaders = {{ X-Title = 'Harbour' }}\n\
         extra = {{ reasoning_effort = 'low', chat_template_kwargs = {{ enable_thinking = false }} }}\n",
        server.url()
    ));
    let mut command = place.command(&[&VOTE[..], &["-m", "fast"]].concat());
    command
        .env("MY_KEY", "sk-mine")
        .env("PATTERNS_API_KEY", "sk-other");
    assert!(shown(&mut command).starts_with("exit 0"));
    let (head, body) = heard.take().remove(0);
    assert!(head.contains("authorization: Bearer sk-mine\n"), "{head}");
    assert!(head.contains("x-title: Harbour\n"), "{head}");
    assert_eq!(body["model"], "qwen3-8b");
    assert_eq!(body["reasoning_effort"], "low");
    assert_eq!(body["chat_template_kwargs"]["enable_thinking"], false);
    let missing = vote(&place, &["-m", "fast"]);
    assert_snapshot!(missing, @r"
    exit 78
    --- stdout
    --- stderr
    error[E-CONFIG]: there is no API key: MY_KEY is not set
    help: set MY_KEY, or mend providers.mine.key_variable
    ");
    let unknown = vote(&place, &["-m", "fsat"]);
    assert!(
        unknown.contains("did you mean fast? configured are fast, mine:NAME"),
        "{unknown}"
    );
}

#[test]
fn short_names_stand_for_models_wherever_one_is_named() {
    let place = Place::new();
    let heard = Heard::default();
    let server = heard.server();
    place.configure(&format!(
        "[models]\na = 'mine:one'\nb = 'mine:two'\nc = 'mine:three'\n\n\
         [providers.mine]\nbase_url = '{}'\n[run]\nmodel = 'c'\n",
        server.url()
    ));
    place.write(
        "voters.toml",
        b"[[voter]]\nname = 'x'\nmodel = 'b'\n[[voter]]\nname = 'y'\n",
    );
    let asked = |more: &[&str]| {
        let text = place.run(&[&["vote", "Well?", "--no-store"], more].concat());
        assert!(text.starts_with("exit 0"), "{text}");
        let mut models: Vec<_> = heard
            .take()
            .into_iter()
            .map(|it| it.1["model"].clone())
            .collect();
        models.sort_by_key(Value::to_string);
        models
    };
    assert_eq!(asked(&["--panel", "a", "--panel", "b"]), ["one", "two"]);
    assert_eq!(asked(&["--voters", "voters.toml"]), ["three", "two"]);
    assert_eq!(asked(&["-n", "1"]), ["three"]);
}

#[test]
fn another_field_of_the_body_is_another_call_and_the_same_one_is_none() {
    let place = Place::new();
    let simulator = Simulator::start(&place, &[]);
    let calls = |effort: &str| {
        let set = format!("providers.compatible.extra.reasoning_effort={effort}");
        let args = [
            &["vote", "Well?", "-n", "1", "-c", &set][..],
            &simulator.args(),
        ]
        .concat();
        let before = simulator.ledger()["requests"].as_u64().unwrap();
        let text = place.run(&args);
        assert!(text.starts_with("exit 0"), "{text}");
        simulator.ledger()["requests"].as_u64().unwrap() - before
    };
    assert_eq!([calls("low"), calls("low"), calls("high")], [1, 0, 1]);
}

#[test]
fn a_key_that_belongs_to_a_server_is_sent_nowhere_else() {
    let place = Place::new();
    let (mine, other) = (Heard::default(), Heard::default());
    let (server, elsewhere) = (mine.server(), other.server());
    place.configure(&format!(
        "[providers.mine]\nbase_url = '{}'\nkey_file = 'key'\n",
        server.url()
    ));
    place.configure_beside("key", "sk-mine\n");
    let mut command = place.command(&[&VOTE[..], &["-m", "mine:m"]].concat());
    command
        .env("PATTERNS_BASE_URL", elsewhere.url())
        .env("OPENAI_BASE_URL", elsewhere.url());
    assert!(shown(&mut command).starts_with("exit 0"));
    assert_eq!((mine.take().len(), other.take().len()), (1, 0));
    let typed = vote(&place, &["-m", "mine:m", "--base-url", elsewhere.url()]);
    assert_snapshot!(typed, @r"
    exit 2
    --- stdout
    --- stderr
    error[E-USAGE]: --base-url has no effect: mine is at http://[server]/v1
    help: for one run, -c providers.mine.base_url=URL says another one
    ");
    assert_eq!((mine.take().len(), other.take().len()), (0, 0));
}

#[cfg(unix)]
#[test]
fn a_command_prints_the_key_and_what_goes_wrong_names_it() {
    let place = Place::with(&[("home/.profile", "")]);
    let heard = Heard::default();
    let server = heard.server();
    let with = |command: &str| {
        place.configure(&format!(
            "[providers.mine]\nbase_url = '{}'\nkey_command = {command:?}\n",
            server.url()
        ));
        let mut run =
            place.command(&[&VOTE[..], &["--panel", "mine:a", "--panel", "mine:b"]].concat());
        run.env("PATH", "/usr/bin:/bin")
            .env("HOME", place.path().join("home"));
        shown(&mut run)
    };
    let text = with("sh -c 'echo once >> count; echo sk-told'");
    assert!(
        text.starts_with("exit 0") && !text.contains("sk-told"),
        "{text}"
    );
    assert!(
        heard.take()[0]
            .0
            .contains("authorization: Bearer sk-told\n")
    );
    let count = place.read("home/count");
    assert_eq!(count, "once\n", "once for both models, and not in a clone");
    let wrong = ["false", "no-such-program", "echo", "'"].map(with);
    assert_snapshot!(wrong.join(""), @r"
    exit 78
    --- stdout
    --- stderr
    error[E-CONFIG]: providers.mine.key_command failed: exit status: 1
    help: it is a program and its arguments, without a shell, that prints the key alone
    exit 78
    --- stdout
    --- stderr
    error[E-CONFIG]: providers.mine.key_command cannot run: No such file or directory
    help: it is a program and its arguments, without a shell, that prints the key alone
    exit 78
    --- stdout
    --- stderr
    error[E-CONFIG]: what providers.mine.key_command printed is empty
    help: put the key there, alone
    exit 78
    --- stdout
    --- stderr
    error[E-CONFIG]: providers.mine.key_command is no command
    help: it is a program and its arguments, without a shell, that prints the key alone
    ");
}

#[test]
fn what_is_longer_than_the_context_window_is_asked_about_in_parts_without_being_sent() {
    let place = Place::with(&[("long.txt", &*"Ships came in. ".repeat(2_000))]);
    let simulator = Simulator::start(&place, &[]);
    let args = [
        "map-reduce",
        "long.txt",
        "--no-reduce",
        "--no-store",
        "--output",
        "jsonl",
    ];
    let window = ["-c", "providers.compatible.context_window=4000"];
    let text = place.run(&[&args[..], &window, &simulator.args()].concat());
    assert!(text.starts_with("exit 0"), "{text}");
    assert!(text.contains("long.txt"), "{text}");
    // About 7,500 tokens: no part of them fits without a cut.
    assert!(simulator.ledger()["requests"].as_u64().unwrap() >= 2);
    let text = place.run(
        &[
            &VOTE[..],
            &["--context", "long.txt"],
            &window,
            &simulator.args(),
        ]
        .concat(),
    );
    assert!(text.contains("context window of 4000"), "{text}");
}

#[test]
fn a_store_in_a_projects_file_is_the_same_one_from_every_folder_of_it() {
    let place = Place::with(&[("patterns.toml", "[run]\nstore = 'answers/s.db'\n")]);
    fs::create_dir_all(place.path().join("below/deep")).unwrap();
    fs::create_dir_all(place.path().join("answers")).unwrap();
    let simulator = Simulator::start(&place, &[]);
    for folder in ["below/deep", "."] {
        let mut command = place.command(&["vote", "Well?", "-n", "1"]);
        command
            .args(simulator.args())
            .current_dir(place.path().join(folder));
        assert!(shown(&mut command).starts_with("exit 0"));
    }
    assert_eq!(simulator.ledger()["requests"], 1);
    let mut command = place.command(&["runs"]);
    command.current_dir(place.path().join("below"));
    assert!(shown(&mut command).starts_with("exit 0"));
}

#[test]
fn a_resumed_run_is_carried_out_with_what_holds_where_it_was_begun() {
    let place = Place::new();
    let simulator = Simulator::start(&place, &[]);
    place.configure(&format!(
        "[models]\nfast = 'mine:m'\n[providers.mine]\nbase_url = '{}'\n",
        simulator.url
    ));
    let first = place.run(&[
        "vote",
        "Well?",
        "-n",
        "3",
        "-m",
        "fast",
        "--max-calls",
        "2",
        "--policy",
        "fixed",
    ]);
    assert!(first.contains("`patterns resume 1`"), "{first}");
    let then = place.run(&["resume", "1", "--max-calls", "5"]);
    assert!(then.starts_with("exit 0"), "{then}");
    assert_eq!(simulator.ledger()["requests"], 3);
}

#[test]
fn a_resumed_run_keeps_what_was_set_for_it_and_takes_more() {
    let place = Place::new();
    let heard = Heard::default();
    let server = heard.server();
    let low = "providers.compatible.extra.reasoning_effort=low";
    let mut args = vec!["vote", "Well?", "-n", "3", "--policy", "fixed", "-c", low];
    args.extend(["--max-calls", "1"]);
    args.extend(server.args());
    assert!(place.run(&args).starts_with("exit 5"));
    // What is configured later does not change what the run asks for.
    place.configure("[run]\ntemperature = 0.5\n");
    let then = place.run(&["resume", "1", "--max-calls", "5", "-c", "vote.spare=2"]);
    assert!(then.starts_with("exit 0"), "{then}");
    let sent = heard.take();
    assert_eq!(sent.len(), 3, "the first one is recorded");
    for (_, body) in sent {
        assert_eq!(body["reasoning_effort"], "low");
        assert!(body["temperature"].is_null());
    }
}

#[test]
fn what_is_configured_fills_what_a_job_in_a_file_leaves_open() {
    let place = Place::new();
    let heard = Heard::default();
    let server = heard.server();
    place.configure(&format!(
        "[run]\nmodel = 'fast'\ntemperature = 0.5\nseed = 7\n[models]\nfast = 'mine:m'\n\
         [providers.mine]\nbase_url = '{}'\n",
        server.url()
    ));
    let job = "pattern = 'vote'\nquestion = 'Well?'\nvotes = 1\n\n[model]\ntemperature = 0.25\n\n\
               [store]\nmode = 'none'\n";
    place.write("job.toml", job.as_bytes());
    let run = |more: &[&str]| {
        let text = place.run(&[&["run", "job.toml"], more].concat());
        assert!(text.starts_with("exit 0"), "{text}");
        let (_, body) = heard.take().remove(0);
        (
            body["model"].clone(),
            body["temperature"].to_string(),
            body["seed"].clone(),
        )
    };
    assert_eq!(run(&[]), ("m".into(), "0.25".to_owned(), 7.into()));
    let set = ["-c", "run.temperature=1.5", "--seed", "8"];
    assert_eq!(run(&set), ("m".into(), "1.5".to_owned(), 8.into()));
    let printed = place.run(&["vote", "Well?", "--print-job", "-c", "run.hedge=true"]);
    assert!(
        printed.contains("name = \"fast\"") && printed.contains("hedge = true"),
        "{printed}"
    );
    let other = vote(&place, &["-c", "map_reduce.fan_in=3"]);
    assert!(
        other.contains("-c map_reduce.fan_in is about another pattern"),
        "{other}"
    );
}

#[test]
fn what_was_an_option_elsewhere_is_named_by_its_key() {
    let place = Place::with(&[("a.txt", "Text.")]);
    for (option, key) in [
        ("--hedge", "-c run.hedge=true"),
        ("--proxy", "-c run.proxy=URL"),
        ("--key-file", "-c providers.openai.key_file=FILE"),
        ("--fan-in", "-c map_reduce.fan_in=N"),
        ("--prices", "providers.openai.prices"),
    ] {
        let shown = place.run(&["map-reduce", "a.txt", option, "1"]);
        assert!(shown.starts_with("exit 2"), "{shown}");
        assert!(shown.contains(key), "{option}: {shown}");
    }
}

#[test]
fn the_other_commands_about_configuration() {
    let place = Place::new();
    assert_snapshot!(place.placeless(&place.run(&["config", "path"])), @r"
    exit 0
    --- stdout
    user: [config]/patterns/config.toml (not there)
    project: none
    --- stderr
    ");
    assert_snapshot!(place.run(&["config", "show"]), @r"
    exit 0
    --- stdout
    --- stderr
    nothing is set; `patterns config keys` lists what can be
    ");
    assert_snapshot!(place.run(&["config", "trust"]), @r"
    exit 66
    --- stdout
    --- stderr
    error[E-INPUT]: there is no patterns.toml here, nor in the folders above
    help: your own file needs no trust
    ");
    let (code, keys) = place.data(&["config", "keys"]);
    assert!(code == Some(0) && keys.contains("- `hedge` (true or false)"));
    let (code, schema) = place.data(&["config", "schema"]);
    let schema: Value = serde_json::from_str(&schema).unwrap();
    assert!(code == Some(0) && schema["properties"]["run"].is_object());
}

#[test]
fn config_show_hides_logins_and_fields_that_are_called_as_secrets_are() {
    let place = Place::new();
    place.configure(
        "[run]\nproxy = 'http://me:canary@p:1'\nbase_url = 'http://me:canary@h/v1'\n\
         [providers.x]\nbase_url = 'http://canary@x/v1'\n\
         extra = { api_key = 'canary', deep = { auth_token = 'canary' }, max_tokens = 5 }\n",
    );
    assert_snapshot!(place.placeless(&place.run(&["config", "show"])), @r#"
    exit 0
    --- stdout
    providers.x.base_url = "http://[hidden]@x/v1"  # [config]/patterns/config.toml:5
    providers.x.extra.api_key = [hidden]  # [config]/patterns/config.toml:6
    providers.x.extra.deep.auth_token = [hidden]  # [config]/patterns/config.toml:6
    providers.x.extra.max_tokens = 5  # [config]/patterns/config.toml:6
    run.base_url = "http://[hidden]@h/v1"  # [config]/patterns/config.toml:3
    run.proxy = "http://[hidden]@p:1"  # [config]/patterns/config.toml:2
    --- stderr
    "#);
    let printed = place.run(&["vote", "?", "-m", "ollama:x", "--print-job"]);
    assert!(
        printed.starts_with("exit 78") && !printed.contains("canary"),
        "{printed}"
    );
}
