//! Several servers or keys of a provider work as one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use insta::assert_snapshot;

use crate::support::{Place, Server, completion, error};

fn place() -> Place {
    let place = Place::new();
    for n in 0..6 {
        place.write(
            &format!("docs/{n}.txt"),
            format!("Ship {n} came in.").as_bytes(),
        );
    }
    place
}

/// Answers as a model that summarises, and counts.
fn counted(
    count: &Arc<AtomicUsize>,
) -> impl Fn(&str, &str) -> (u16, String) + Send + Sync + 'static {
    let count = Arc::clone(count);
    move |_, _| {
        count.fetch_add(1, Ordering::Relaxed);
        (200, completion(r#"{"summary": "A ship."}"#))
    }
}

const RUN: [&str; 9] = [
    "map-reduce",
    "docs",
    "-m",
    "pool:test",
    "--no-reduce",
    "--output",
    "csv",
    "--concurrency",
    "1",
];

#[test]
fn what_fails_at_one_server_is_asked_of_the_next() {
    let count = Arc::new(AtomicUsize::new(0));
    let good = Server::hearing(counted(&count));
    let bad = Server::start(|_| (401, error("invalid_api_key", "No such key.")));
    let place = place();
    place.configure(&format!(
        "[providers.pool]\nbase_urls = ['{}', '{}']\n",
        bad.url(),
        good.url()
    ));
    assert_snapshot!(place.run(&RUN), @r#"
    exit 0
    --- stdout
    document,summary,word_count,error
    0.txt,A ship.,4,
    1.txt,A ship.,4,
    2.txt,A ship.,4,
    3.txt,A ship.,4,
    4.txt,A ship.,4,
    5.txt,A ship.,4,
    --- stderr
    warning: http://[server]/v1 (number 1 of 2) is left out from now on: the provider rejected the credentials (HTTP 401, code "invalid_api_key")
    branches: 6 started = 6 answered + 0 failed + 0 cancelled · calls 6 · attempts 7 · tokens 60 in, 30 out · [time]
    documents: 6 = 6 mapped
    "#);
    assert_eq!(count.load(Ordering::Relaxed), 6);
}

/// A portal that wants a log-in, a server that takes no request, and one that reads 250 tokens and says nothing.
#[test]
fn one_bad_server_of_two_ends_no_run_and_costs_no_document() {
    let place = place();
    for n in 0..6 {
        place.write(&format!("docs/{n}.txt"), "word ".repeat(1_000).as_bytes());
    }
    let answer = completion(r#"{"summary": "A ship."}"#);
    let of = |tokens: u32| {
        answer.replace(
            "\"prompt_tokens\":10",
            &format!("\"prompt_tokens\":{tokens}"),
        )
    };
    let good = of(1_100);
    for (status, reply, asked, says) in [
        (
            200,
            "<html>Log in</html>".to_owned(),
            5,
            "(number 1 of 2) is left out from now on: the provider rejects every request in the same way (HTTP 200): <html>Log in</html>",
        ),
        (
            400,
            error("bad", "No such option."),
            5,
            "(number 1 of 2) is left out from now on: the provider rejects every request in the same way (HTTP 400, code \"bad\"): No such option.",
        ),
        (
            200,
            of(250),
            1,
            "(number 1 of 2) does not read what is as long as this, which is asked of the others: the request is longer than the model can read: the server read about 250 of at least 1",
        ),
    ] {
        let (bad_count, good_count) =
            (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let counting = |count: &Arc<AtomicUsize>, status: u16, reply: String| {
            let count = Arc::clone(count);
            Server::hearing(move |_, _| {
                count.fetch_add(1, Ordering::Relaxed);
                (status, reply.clone())
            })
        };
        let bad = counting(&bad_count, status, reply);
        let fine = counting(&good_count, 200, good.clone());
        place.configure(&format!(
            "[providers.pool]\nbase_urls = ['{}', '{}']\n",
            bad.url(),
            fine.url()
        ));
        let shown = place.run(&[&RUN[..], &["--no-store"]].concat());
        assert!(shown.starts_with("exit 0\n"), "{shown}");
        assert!(
            shown.matches(says).count() == 1 && shown.contains("6 mapped"),
            "{shown}"
        );
        assert!(!shown.contains("in parts"), "{shown}");
        let counts = [bad_count, good_count].map(|it| it.load(Ordering::Relaxed));
        assert_eq!(counts, [asked, 6], "{shown}");
    }
}

#[test]
fn keys_are_used_side_by_side_and_the_refused_one_is_left_out() {
    let server = Server::hearing(|head, _| match head.contains("Bearer key-a") {
        true => (
            429,
            error("insufficient_quota", "You exceeded your current quota."),
        ),
        false => (200, completion(r#"{"summary": "A ship."}"#)),
    });
    let place = place();
    let url = server.url();
    place.configure(&format!(
        "[providers.pool]\nbase_url = '{url}'\nkey_variables = ['KEY_A', 'KEY_B']\n"
    ));
    let mut command = place.command(&RUN);
    command.env("KEY_A", "key-a").env("KEY_B", "key-b");
    assert_snapshot!(crate::support::shown(&mut command), @r#"
    exit 0
    --- stdout
    document,summary,word_count,error
    0.txt,A ship.,4,
    1.txt,A ship.,4,
    2.txt,A ship.,4,
    3.txt,A ship.,4,
    4.txt,A ship.,4,
    5.txt,A ship.,4,
    --- stderr
    warning: http://[server]/v1 (number 1 of 2) is left out from now on: the account's credit or quota is used up (HTTP 429, code "insufficient_quota")
    branches: 6 started = 6 answered + 0 failed + 0 cancelled · calls 6 · attempts 7 · tokens 60 in, 30 out · [time]
    documents: 6 = 6 mapped
    "#);
}

#[test]
fn servers_and_keys_that_do_not_fit_are_refused_and_log_ins_are_not_shown() {
    let place = place();
    for (keys, expected) in [
        (
            "base_url = 'http://a'\nbase_urls = ['http://b']",
            "has both base_url and base_urls",
        ),
        (
            "base_urls = ['http://a', 'http://b']\nkey_variables = ['A', 'B', 'C']",
            "has neither one key for all of its base_urls, nor one for each",
        ),
        (
            "base_url = 'http://a'\nkey_variables = ['A', 'B']\nkey_file = 'c'",
            "has more than one of key_variable, key_variables, key_file and key_command",
        ),
    ] {
        place.configure(&format!("[providers.pool]\n{keys}\n"));
        let shown = place.run(&RUN);
        assert!(
            shown.starts_with("exit 78\n") && shown.contains(expected),
            "{shown}"
        );
    }
    place.configure("[providers.pool]\nbase_urls = ['http://me:canary@a/v1', 'http://b/v1']\n");
    let shown = place.run(&["config", "show"]);
    assert!(
        shown.contains("http://b/v1") && !shown.contains("canary"),
        "{shown}"
    );
}

/// A run at the flex tier over two keys, the first of which is refused it.
#[test]
fn what_branches_cost_adds_up_to_the_account_where_one_key_has_no_flex_tier() {
    let server = Server::hearing(|head, body| {
        let (is_a, is_flex) = (head.contains("Bearer key-a"), body.contains("service_tier"));
        let tier = if is_flex { "flex" } else { "default" };
        let answer = completion(r#"{"summary": "A ship."}"#);
        let answer = answer.replacen('{', &format!("{{\"service_tier\": \"{tier}\", "), 1);
        match is_a && is_flex {
            true => (400, error("invalid", "Unsupported service_tier: flex")),
            false => (
                200,
                answer.replace("\"prompt_tokens\":10", "\"prompt_tokens\":1000"),
            ),
        }
    });
    let place = place();
    let url = server.url();
    place.configure(&format!(
        "[providers.openai]\nbase_url = '{url}'\nkey_variables = ['KEY_A', 'KEY_B']\n"
    ));
    for keys in [["key-a", "key-a"], ["key-a", "key-b"], ["key-b", "key-b"]] {
        let store = format!("{}.db", keys.join("-"));
        let run = [
            "map-reduce",
            "docs",
            "-m",
            "openai:gpt-5-mini",
            "--no-reduce",
        ];
        let flex = [
            "-c",
            "run.tier=flex",
            "--concurrency",
            "2",
            "--store",
            &store,
        ];
        let mut command = place.command(&[&run[..], &flex].concat());
        command.env("KEY_A", keys[0]).env("KEY_B", keys[1]);
        let told = crate::support::shown(&mut command);
        assert!(told.starts_with("exit 0\n"), "{told}");
        let (_, shown) = place.data(&["show", "1", "--store", &store, "--output", "json"]);
        let shown: serde_json::Value = serde_json::from_str(&shown).expect("JSON");
        let cost = &shown["went"]["stages"][0]["cost"];
        let (_, runs) = place.data(&["runs", "--store", &store, "--output", "json"]);
        let run: serde_json::Value = serde_json::from_str(&runs).expect("JSON");
        assert!(cost.is_string(), "{shown}");
        assert_eq!(*cost, run["account"]["committed"]["cost"], "{told}");
    }
}
