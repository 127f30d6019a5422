//! Calls that the workers of a Restate server are to make: what is refused before anything is asked, with
//! its next step. That they are made is what the step `restate` of `cargo xtask ci` shows.

use crate::support::Place;

const VOTE: [&str; 7] = [
    "vote",
    "Is it?",
    "--option",
    "yes",
    "--option",
    "no",
    "--no-store",
];

fn said(more: &[&str]) -> String {
    let place = Place::new();
    let output = place.command(more).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    let code = output.status.code().unwrap();
    format!("{code}: {}", stderr.trim())
}

fn vote(more: &[&str]) -> String {
    let model = [
        "--model",
        "compatible:m",
        "--base-url",
        "http://127.0.0.1:9/v1",
    ];
    said(&[&VOTE[..], &model, more].concat())
}

#[test]
fn where_calls_are_made_is_here_or_an_address() {
    for (on, says) in [
        (
            "there",
            "2: error: invalid value 'there' for '--on <WHERE>': expected here, or restate:",
        ),
        ("restate:", "2: error: invalid value 'restate:'"),
    ] {
        let said = vote(&["--on", on]);
        assert!(said.starts_with(says), "{said}");
    }
}

#[cfg(not(feature = "restate"))]
#[test]
fn a_command_without_it_says_how_to_get_one_with_it() {
    let help = "cargo install --path crates/patterns-cli --features restate";
    for said in [
        vote(&["--on", "restate:http://127.0.0.1:9"]),
        said(&["worker"]),
        said(&["attach", "5f0c1e9a77d2b364"]),
        vote(&["--detach"]),
    ] {
        assert!(said.starts_with("78: error[E-CONFIG]"), "{said}");
        assert!(said.contains(help), "{said}");
    }
}

#[cfg(feature = "restate")]
#[test]
fn a_server_that_cannot_be_used_is_refused_before_anything_is_asked() {
    let table = [
        vote(&["--on", "restate:h:8080"]),
        vote(&["--on", "restate:http://127.0.0.1:9"]),
        vote(&[
            "--on",
            "restate:http://127.0.0.1:9",
            "-c",
            "restate.token_variable=NONE",
        ]),
        vote(&[
            "--on",
            "restate:http://127.0.0.1:9",
            "-c",
            "restate.admin=x",
        ]),
    ];
    insta::assert_snapshot!(table.join("\n\n"));
}

#[cfg(feature = "restate")]
#[test]
fn here_is_here_whatever_is_configured() {
    let place = Place::new();
    place.configure("[restate]\nurl = 'http://127.0.0.1:9'\n");
    let run = |more: &[&str]| {
        let args = [&["map-reduce", "d.txt", "--model", "offline"][..], more].concat();
        place.write("d.txt", b"The ship came in at noon.");
        let output = place.command(&args).output().unwrap();
        (
            output.status.code().unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    assert_eq!(run(&["--on", "here"]).0, 0);
    let (code, said) = run(&[]);
    assert!(
        code == 69 && said.contains("connection refused at 127.0.0.1:9"),
        "{said}"
    );
}

#[cfg(feature = "restate")]
#[test]
fn a_worker_says_what_is_wrong_with_how_it_is_begun() {
    let table = [
        said(&["worker", "--listen", "here"]),
        said(&["worker", "--listen", "127.0.0.1:0", "--limit", "openai=4"]),
        said(&["worker", "--listen", "127.0.0.1:0", "--limit", "openai"]),
        said(&["worker", "--listen", "127.0.0.1:0", "--identity-key", "me"]),
        said(&["worker", "--listen", "192.0.2.1:9"]),
    ];
    insta::assert_snapshot!(table.join("\n\n"));
}

#[cfg(feature = "restate")]
#[test]
fn what_cannot_be_handed_over_is_refused_with_its_next_step() {
    let nowhere = ["--on", "restate:http://127.0.0.1:9"];
    let attach = |id: &str| said(&[&["attach", id][..], &nowhere].concat());
    let table = [
        vote(&["--detach"]),
        vote(&[&["--detach"][..], &nowhere].concat()),
        vote(&[&["--detach", "--dry-run"][..], &nowhere].concat()),
        attach("../../etc/passwd"),
        attach("5f0c1e9a77d2b364"),
        said(&["attach", "5f0c1e9a77d2b364"]),
    ];
    insta::assert_snapshot!(table.join("\n\n"));
}
