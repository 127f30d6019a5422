//! Calls that the workers of a Restate server are to make: what is refused before anything is asked, with
//! its next step. That they are made is what the step `restate` of `cargo xtask ci` shows.

#[cfg(feature = "restate")]
use std::io::{self, Read, Write};

#[cfg(feature = "restate")]
use crate::network::Tls;
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

/// Answers every first request on a connection with a health of no services, in HTTP/2 (RFC 9113): settings, a head
/// of `:status: 200` out of the static table of HPACK, and the data.
#[cfg(feature = "restate")]
fn no_services(mut stream: impl Read + Write) -> io::Result<()> {
    const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    const HEAD: [u8; 10] = [0, 0, 1, 1, 4, 0, 0, 0, 1, 0x88];
    const BODY: &[u8] = b"{\"services\":[]}";
    const DATA: [u8; 9] = [0, 0, BODY.len() as u8, 0, 1, 0, 0, 0, 1];
    stream.read_exact(&mut [0; 24])?;
    stream.write_all(&SETTINGS)?;
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head)?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        io::copy(&mut (&mut stream).take(length.into()), &mut io::sink())?;
        if head[3] == 1 {
            stream.write_all(&[&HEAD[..], &DATA, BODY].concat())?;
            stream.flush()?;
        }
    }
}

/// Driver and worker alike: one that is trusted is read, and of another it is said how to trust it.
#[cfg(feature = "restate")]
#[test]
fn a_server_with_a_certificate_of_a_private_authority_is_trusted_if_the_user_says_so() {
    let (place, tls) = (Place::new(), Tls::start("h2", no_services));
    place.write("own.pem", tls.certificate.as_bytes());
    let own = place.path().join("own.pem");
    let url = format!("https://localhost:{}", tls.port);
    let (on, admin) = (format!("restate:{url}"), format!("restate.admin={url}"));
    let model = [
        "--model",
        "compatible:m",
        "--base-url",
        "http://127.0.0.1:9/v1",
    ];
    let driver = [&VOTE[..], &model, &["--on", &on]].concat();
    let worker = [
        "worker",
        "--listen",
        "127.0.0.1:0",
        "--on",
        &on,
        "-c",
        &admin,
    ];
    let attach = ["attach", "5f0c1e9a77d2b364", "--on", &on];
    for (args, trusted) in [
        (
            &driver[..],
            "no worker is registered with the Restate server at localhost:",
        ),
        (&worker, "does not take the worker at http://127.0.0.1:"),
        (&attach, "knows no job 5f0c1e9a77d2b364"),
    ] {
        let mut command = place.command(args);
        let output = command.env("SSL_CERT_FILE", &own).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(trusted), "{said}");
        let foreign = rcgen::generate_simple_self_signed(["x".to_owned()]).unwrap();
        place.write("foreign.pem", foreign.cert.pem().as_bytes());
        let foreign = place.path().join("foreign.pem");
        let output = place
            .command(args)
            .env("SSL_CERT_FILE", &foreign)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(69), "{said}");
        let words = format!(
            "invalid peer certificate: BadSignature at localhost:{}",
            tls.port
        );
        assert!(
            said.contains(&words) && said.contains("SSL_CERT_FILE names"),
            "{said}"
        );
    }
}

#[cfg(feature = "restate")]
#[test]
fn private_calls_need_one_key_and_what_is_wrong_with_it_is_said_first() {
    let place = Place::new();
    place.write("short.key", b"canary");
    let nowhere = [
        "--on",
        "restate:http://127.0.0.1:9",
        "-c",
        "restate.private=true",
    ];
    let driver = |more: &[&str]| {
        let said = vote(&[&nowhere[..], more].concat());
        assert!(!said.contains("canary"), "{said}");
        said
    };
    let short = place.path().join("short.key");
    let short = format!("restate.key_file={}", short.display());
    let table = [
        driver(&[]),
        driver(&["-c", "restate.key_variable=NONE"]),
        driver(&["-c", &short]).replace(&short, "FILE"),
        driver(&["-c", "restate.key_command=false canary"]),
        driver(&[
            "-c",
            "restate.private=false",
            "-c",
            "restate.key_variable=NONE",
        ]),
        said(&[
            "worker",
            "--listen",
            "127.0.0.1:0",
            "-c",
            "restate.private=true",
        ]),
        said(&[
            "attach",
            "5f0c1e9a77d2b364",
            "--on",
            "restate:http://127.0.0.1:9",
            "-c",
            "restate.private=true",
        ]),
    ];
    insta::assert_snapshot!(table.join("\n\n"));
}
