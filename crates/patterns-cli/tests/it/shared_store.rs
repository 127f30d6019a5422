//! A store that is shared: what is refused before anything is asked, with its next step, and what is shown of its
//! address. That answers are shared is what the step `postgres` of `cargo xtask ci` shows.

use crate::support::{Place, Server, completion};

const URL: &str = "postgres://me:canary@127.0.0.1:9/answers";

const VOTE: [&str; 10] = [
    "vote",
    "Is it?",
    "--option",
    "yes",
    "--option",
    "no",
    "--model",
    "compatible:m",
    "--base-url",
    "http://127.0.0.1:9/v1",
];

/// Returns the exit code and what was said, after a look for the password.
fn said(place: &Place, args: &[&str]) -> (i32, String) {
    let output = place.command(args).output().unwrap();
    let all = [output.stdout, output.stderr].concat();
    let said = String::from_utf8(all).unwrap();
    assert!(!said.contains("canary"), "{said}");
    (output.status.code().unwrap(), said)
}

fn vote(place: &Place, more: &[&str]) -> (i32, String) {
    said(place, &[&VOTE[..], more].concat())
}

#[cfg(not(feature = "postgres"))]
#[test]
fn a_command_without_it_says_how_to_get_one_with_it() {
    let place = Place::new();
    let help = "cargo install --path crates/patterns-cli --features postgres";
    for (code, said) in [
        vote(&place, &["--store", URL]),
        said(&place, &["store", "stats", "--store", URL]),
    ] {
        assert!(code == 78 && said.contains(help), "{code} {said}");
    }
}

#[cfg(feature = "postgres")]
#[test]
fn a_database_that_cannot_be_used_is_refused_before_anything_is_asked() {
    let place = Place::new();
    let shared = format!("store.shared={URL}");
    let refused = "postgres://me@127.0.0.1:9/answers: no Postgres server answers";
    let no_address = "it is no address of a Postgres database";
    let port = "postgres://me:canary@h:port/answers";
    let mode = format!("{URL}?sslmode=perhaps");
    for ((code, said), expected, words) in [
        (vote(&place, &["--store", URL]), 69, refused),
        (
            vote(&place, &["-c", &shared, "--store", "own.db"]),
            69,
            refused,
        ),
        (vote(&place, &["--store", port]), 2, no_address),
        (vote(&place, &["--store", &mode]), 2, no_address),
        (
            said(&place, &["store", "stats", "--store", URL]),
            69,
            refused,
        ),
    ] {
        assert!(code == expected && said.contains(words), "{code} {said}");
        assert!(said.contains("help: "), "{said}");
    }
}

#[test]
fn runs_are_not_in_a_store_that_is_shared() {
    let place = Place::new();
    for words in [&["runs"][..], &["show"], &["resume", "1"], &["report"]] {
        let (code, said) = said(&place, &[words, &["--store", URL]].concat());
        assert_eq!(code, 2, "{words:?} {said}");
        assert!(
            said.contains("runs are in the store of whoever began them"),
            "{said}"
        );
    }
}

#[cfg(feature = "postgres")]
#[test]
fn a_doctor_looks_at_the_database_that_is_named_and_at_no_file_of_that_name() {
    let place = Place::new();
    let (code, said) = said(&place, &["doctor", "--store", URL, "--model", "offline"]);
    let refused = "  ✗ postgres://me@127.0.0.1:9/answers: no Postgres server answers";
    assert!(code != 0 && said.contains(refused), "{code} {said}");
}

#[test]
fn what_goes_without_a_store_shares_none() {
    let place = Place::new();
    place.configure(&format!("[run]\nstore = '{URL}'\n"));
    // The database cannot be reached, and nobody minds.
    let server = Server::start(|_| (200, completion(r#"{"summary": "The ship."}"#)));
    place.write("d.txt", b"The ship came in at noon.");
    let alone = [
        &["map-reduce", "d.txt", "--no-reduce", "--no-store"],
        &server.args()[..],
    ]
    .concat();
    let (code, alone) = said(&place, &alone);
    assert!(code == 0 && !alone.contains("postgres"), "{alone}");
    let offline = ["map-reduce", "d.txt", "--model", "offline"];
    let (code, offline) = said(&place, &offline);
    assert!(
        code == 0 && offline.contains("costs nothing, and shares nothing"),
        "{offline}"
    );
}

#[test]
fn a_job_has_the_address_and_not_the_password() {
    let place = Place::new();
    let (code, job) = vote(&place, &["--store", URL, "--print-job"]);
    let expected = "[store]\nshared = \"postgres://me@127.0.0.1:9/answers\"";
    assert!(code == 0 && job.contains(expected), "{job}");
    place.configure(&format!("[run]\nstore = '{URL}'\n"));
    let (code, shown) = said(&place, &["config", "show"]);
    assert!(
        code == 0 && shown.contains("postgres://me@127.0.0.1:9/answers"),
        "{shown}"
    );
}
