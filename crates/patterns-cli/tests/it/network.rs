//! Ways to a server: variables that name it, proxies, and certificates.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use insta::assert_snapshot;
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::support::{Place, Server, completion, shown};

const ANSWER: &str = r#"{"reasoning": "So.", "answer": "yes", "confidence": 1}"#;

fn server() -> Server {
    Server::start(|_| (200, completion(ANSWER)))
}

/// Runs a vote of one with these variables.
fn vote(place: &Place, more: &[&str], variables: &[(&str, &str)]) -> String {
    let args = [&["vote", "Well?", "-n", "1", "--no-store"], more].concat();
    let mut command = place.command(&args);
    command.envs(variables.iter().copied());
    shown(&mut command)
}

#[test]
fn the_environment_names_the_model_and_the_server_and_a_line_says_so() {
    let (place, server) = (Place::new(), server());
    let url = server.args()[3].to_owned();
    let model = ("PATTERNS_MODEL", "compatible:m");
    let base = ("PATTERNS_BASE_URL", url.as_str());
    let says = |more: &[&str], variables: &[(&str, &str)], expected: &str| {
        let shown = vote(&place, more, variables);
        assert!(shown.contains(expected), "{variables:?}: {shown}");
    };
    let at = "model: compatible:m@http://[server]/v1";
    says(
        &[],
        &[model, base],
        &format!("{at} (from PATTERNS_MODEL and PATTERNS_BASE_URL)"),
    );
    says(
        &["--base-url", &url],
        &[model],
        &format!("{at} (from PATTERNS_MODEL)"),
    );
    says(
        &["-m", "compatible:m"],
        &[base],
        &format!("{at} (from PATTERNS_BASE_URL)"),
    );
    let openai = [
        ("OPENAI_API_KEY", "sk-x"),
        ("OPENAI_BASE_URL", url.as_str()),
    ];
    let at = "model: openai:gpt-5-mini@http://[server]/v1";
    says(
        &[],
        &openai,
        &format!("{at} (from OPENAI_BASE_URL; OPENAI_API_KEY is set)"),
    );
    says(&[], &[base], "PATTERNS_BASE_URL needs --model");
    // What is typed decides, and then nothing needs to be said.
    let typed = vote(
        &place,
        &server.args(),
        &[("PATTERNS_MODEL", "compatible:other")],
    );
    assert!(
        typed.starts_with("exit 0") && !typed.contains("model:"),
        "{typed}"
    );
}

#[test]
fn requests_go_through_the_proxy_that_is_set() {
    let (place, proxy) = (Place::new(), server());
    let host = proxy.args()[3]
        .trim_start_matches("http://")
        .trim_end_matches("/v1")
        .to_owned();
    let far = [
        "-m",
        "compatible:m",
        "--base-url",
        "http://models.example/v1",
    ];
    let shown = vote(&place, &far, &[("http_proxy", &host)]);
    assert!(shown.starts_with("exit 0"), "{shown}");
    let said = "(through the proxy [server] of http_proxy)";
    assert!(shown.contains(said), "{shown}");
    let proxy = format!("run.proxy={host}");
    let typed = [&far[..], &["-c", &proxy]].concat();
    let shown = vote(&place, &typed, &[("HTTP_PROXY", "127.0.0.1:9")]);
    assert!(shown.starts_with("exit 0"), "{shown}");
    let near = server();
    let shown = vote(
        &place,
        &near.args(),
        &[("ALL_PROXY", "127.0.0.1:9"), ("NO_PROXY", "127.0.0.1")],
    );
    assert!(shown.starts_with("exit 0"), "{shown}");
    let shown = vote(
        &place,
        &near.args(),
        &[("ALL_PROXY", "http://me:secret@127.0.0.1:9")],
    );
    assert!(
        shown.contains("connection refused by the proxy [server]"),
        "{shown}"
    );
    assert!(!shown.contains("secret"), "{shown}");
    let shown = vote(
        &place,
        &[
            "-c",
            "run.proxy=http://me:secret@h",
            "-m",
            "compatible:m",
            "--base-url",
            "http://h/v1",
        ],
        &[],
    );
    assert!(
        shown.starts_with("exit 78") && !shown.contains("secret"),
        "{shown}"
    );
}

/// A server that speaks TLS and has a certificate of its own for `localhost`.
pub(crate) struct Tls {
    pub(crate) port: u16,
    pub(crate) certificate: String,
}

/// Speaks on one connection.
type Speaking = fn(StreamOwned<ServerConnection, TcpStream>) -> io::Result<()>;

impl Tls {
    pub(crate) fn start(protocol: &str, speaking: Speaking) -> Self {
        let own =
            rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let key = PrivateKeyDer::try_from(own.signing_key.serialize_der()).expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![own.cert.der().clone()], key)
            .expect("a fitting key");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        let config = Arc::new(config);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let tls = ServerConnection::new(Arc::clone(&config)).expect("a connection");
                thread::spawn(move || speaking(StreamOwned::new(tls, stream)));
            }
        });
        Self {
            port,
            certificate: own.cert.pem(),
        }
    }
}

/// Answers one request.
#[test]
fn a_proxy_that_wants_a_password_is_named_and_where_to_put_it() {
    let place = Place::new();
    let proxy = Server::start(|_| (407, "<html>Access denied</html>".to_owned()));
    let proxy = proxy.args()[3].trim_end_matches("/v1").to_owned();
    let model = ["-m", "compatible:m", "--base-url", "http://h.invalid/v1"];
    let shown = vote(&place, &model, &[("HTTP_PROXY", &proxy)]);
    assert_snapshot!(shown, @r"
    exit 69
    --- stdout
    --- stderr
    model: compatible:m@http://h.invalid/v1 (through the proxy [server] of HTTP_PROXY)
    branches: 1 started = 0 answered + 1 failed + 0 cancelled · calls 1 · attempts 3 · [time]
    error[E-UNAVAILABLE]: no branch has answered
      voter 1: the provider cannot be reached: the proxy [server] wants a user and a password
    help: put them into HTTP_PROXY or HTTPS_PROXY, as in http://USER:PASSWORD@HOST:PORT
    ");
}

fn answer(mut stream: impl Read + Write) -> io::Result<()> {
    let mut request = Vec::new();
    let mut piece = [0; 4096];
    while !request.ends_with(b"}") {
        let read = stream.read(&mut piece)?;
        if read == 0 {
            return Ok(());
        }
        request.extend_from_slice(&piece[..read]);
    }
    let body = completion(ANSWER);
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    )?;
    stream.flush()
}

/// A proxy that makes tunnels to a port of this machine, whatever it is asked for.
fn tunnel(to: u16) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    thread::spawn(move || {
        for mut near in listener.incoming().flatten() {
            thread::spawn(move || -> io::Result<()> {
                let mut head = Vec::new();
                let mut byte = [0];
                while !head.ends_with(b"\r\n\r\n") {
                    near.read_exact(&mut byte)?;
                    head.push(byte[0]);
                }
                assert!(head.starts_with(b"CONNECT localhost:"), "{head:?}");
                let mut far = TcpStream::connect(("127.0.0.1", to))?;
                near.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
                let (mut from, mut back) = (far.try_clone()?, near.try_clone()?);
                thread::spawn(move || io::copy(&mut from, &mut back));
                io::copy(&mut near, &mut far).map(drop)
            });
        }
    });
    address
}

#[test]
fn a_certificate_is_trusted_if_the_user_says_so_also_through_a_proxy() {
    let (place, tls) = (Place::new(), Tls::start("http/1.1", answer));
    place.write("own.pem", tls.certificate.as_bytes());
    let own = place.path().join("own.pem");
    let own = fs::canonicalize(own).expect("a path");
    let trust = ("SSL_CERT_FILE", own.to_str().expect("UTF-8"));
    let url = format!("https://localhost:{}/v1", tls.port);
    let args = ["-m", "compatible:m", "--base-url", &url];
    let shown = vote(&place, &args, &[trust]);
    assert!(shown.starts_with("exit 0"), "{shown}");
    let proxy = tunnel(tls.port);
    let shown = vote(&place, &args, &[trust, ("HTTPS_PROXY", &proxy)]);
    assert!(shown.starts_with("exit 0"), "{shown}");
    let foreign = rcgen::generate_simple_self_signed(["x".to_owned()]).expect("a certificate");
    place.write("own.pem", foreign.cert.pem().as_bytes());
    let shown = vote(&place, &args, &[trust]);
    assert!(shown.starts_with("exit 69"), "{shown}");
    let said = format!("the certificate of localhost:{} is not trusted", tls.port);
    assert!(shown.contains(&said), "{shown}");
}
