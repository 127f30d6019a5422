//! What happens below the replies: connections that close, compressed bodies, labels that lie, and
//! servers that cannot be reached.

use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use patterns_core::{Event, EventSink, Model, ModelErrorKind, Request, Sampling};
use patterns_llm::{Proxies, RetryPolicy, Streaming, connect};
use patterns_testkit::Scoped;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::server::{Server, reply, says};

fn model(url: &str) -> Arc<dyn Model> {
    let connect = connect("compatible:m").unwrap().base_url(url);
    connect.retry(RetryPolicy::never()).build().unwrap()
}

/// Serves connections that take one request each for good: the next one on it meets its end.
async fn closing(counts: Arc<[AtomicUsize; 2]>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            counts[0].fetch_add(1, Ordering::Relaxed);
            let counts = Arc::clone(&counts);
            tokio::spawn(async move {
                if request(&mut stream).await {
                    stream.write_all(says("{}").as_bytes()).await.unwrap();
                    if request(&mut stream).await {
                        counts[1].fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    url
}

/// Waits for a request; returns whether one came.
async fn request(stream: &mut TcpStream) -> bool {
    let mut bytes = [0; 8192];
    stream.read(&mut bytes).await.unwrap_or(0) > 0
}

#[tokio::test]
async fn a_connection_that_closes_when_it_is_used_again_costs_no_attempt() {
    let counts = Arc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
    let model = model(&closing(Arc::clone(&counts)).await);
    for sample in 0..4 {
        let request = Request {
            sample,
            ..Request::default()
        };
        let response = model.generate(&request).await.unwrap();
        assert_eq!(response.usage.attempts, 1);
    }
    let [connections, closed] = [&counts[0], &counts[1]].map(|it| it.load(Ordering::Relaxed));
    // Two calls met a connection that closed, and were sent once more over a new one.
    assert_eq!((connections, closed), (4, 2));
}

#[tokio::test]
async fn a_new_connection_that_closes_is_a_failed_attempt() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let met = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&met);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            count.fetch_add(1, Ordering::Relaxed);
            request(&mut stream).await;
        }
    });
    let error = model(&url).generate(&Request::default()).await.unwrap_err();
    assert_eq!(
        error.kind(),
        ModelErrorKind::Unavailable { retry_after: None }
    );
    assert!(
        error
            .cause()
            .unwrap()
            .contains("closed the connection before"),
        "{error}"
    );
    assert_eq!(met.load(Ordering::Relaxed), 1);
}

fn packed(encoding: &str, body: Vec<u8>, kind: &str) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 X\r\ncontent-length: {}\r\ncontent-encoding: {encoding}\r\ncontent-type: {kind}\r\n\r\n",
        body.len()
    );
    [head.into_bytes(), body].concat()
}

fn body_of(reply: &str) -> &str {
    reply.split_once("\r\n\r\n").unwrap().1
}

const STREAM: &str = "data: {\"choices\":[{\"delta\":{\"content\":\"Hi.\"}}]}\n\ndata: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";

#[tokio::test]
async fn compressed_replies_are_read_and_announced() {
    let gzip = |text: &str| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let deflate = |text: &str| {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let raw = |text: &str| {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let whole = says("Hi.");
    let whole = body_of(&whole);
    for reply in [
        packed("gzip", gzip(whole), "application/json"),
        packed("deflate", deflate(whole), "application/json"),
        packed("deflate", raw(whole), "application/json"),
        packed("Deflate", raw(STREAM), "text/event-stream"),
        packed("gzip", gzip(STREAM), "text/event-stream"),
        packed("identity", whole.into(), "application/json"),
    ] {
        let server = Server::start(vec![reply]).await;
        let response = model(&server.url).generate(&Request::default()).await;
        assert_eq!(response.unwrap().text, "Hi.");
        let announced = server.sent()[0]
            .header("accept-encoding")
            .map(str::to_owned);
        assert_eq!(announced.as_deref(), Some("gzip,deflate"));
    }
    // Blanks, too, are looked at once, however many there are.
    for filler in ["x", " "] {
        let bomb = packed("gzip", gzip(&filler.repeat(40 << 20)), "application/json");
        let server = Server::start(vec![bomb]).await;
        let error = model(&server.url).generate(&Request::default()).await;
        assert_eq!(error.unwrap_err().kind(), ModelErrorKind::Unreadable);
    }
    for encoding in ["gzip", "deflate"] {
        let wrong = packed(encoding, vec![0xff; 64], "application/json");
        let server = Server::start(vec![wrong]).await;
        let error = model(&server.url).generate(&Request::default()).await;
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ModelErrorKind::Unreadable, "it is no outage");
        let words = error.to_string();
        assert!(words.contains("cannot be unpacked"), "{words}");
    }
}

#[tokio::test]
async fn a_good_answer_is_one_whatever_its_label() {
    let whole = says("Hi.");
    let whole = body_of(&whole);
    for (kind, body) in [
        ("Text/Event-Stream; charset=UTF-8", STREAM.to_owned()),
        ("application/json", STREAM.to_owned()),
        ("text/plain", STREAM.to_owned()),
        ("text/event-stream", whole.to_owned()),
        (
            "application/x-ndjson",
            STREAM.replace("data: ", "").replace("\n\n", "\n"),
        ),
        ("application/json", format!("{whole}\n{{\"trace\":1}}")),
        ("application/json", format!("{whole}\0")),
    ] {
        let server = Server::start(vec![reply(
            200,
            &format!("content-type: {kind}\r\n"),
            &body,
        )])
        .await;
        let response = model(&server.url).generate(&Request::default()).await;
        assert_eq!(
            response.map(|it| it.text).ok().as_deref(),
            Some("Hi."),
            "{kind} {body}"
        );
    }
}

#[derive(Default)]
struct Warnings(Mutex<Vec<String>>);

impl EventSink for Warnings {
    fn emit(&self, event: Event) {
        if let Event::WarningRaised { warning, .. } = event {
            self.0.lock().unwrap().push(warning.message);
        }
    }
}

#[tokio::test]
async fn a_refused_parameter_is_left_out_remembered_and_said_once() {
    let refusal = |name: &str| {
        let words = format!("Unsupported parameter: '{name}' is not supported with this model.");
        let error =
            serde_json::json!({"error": {"message": words, "code": "unsupported_parameter"}});
        reply(400, "", &error.to_string())
    };
    let replies = vec![
        refusal("max_tokens"),
        refusal("temperature"),
        refusal("seed"),
        says("Hi."),
    ];
    let server = Server::start(replies).await;
    let warnings = Arc::new(Warnings::default());
    let events: Arc<dyn EventSink> = warnings.clone();
    let connect = connect("compatible:m").unwrap().base_url(&server.url);
    let connect = connect.streaming(Streaming::Never);
    let model = Scoped::told(connect.build().unwrap(), events);
    let sampling = Sampling {
        temperature: Some(0.5),
        max_output_tokens: Some(9),
        seed: Some(7),
        ..Sampling::default()
    };
    for sample in 0..2 {
        let request = Request {
            sample,
            sampling,
            ..Request::default()
        };
        assert_eq!(model.generate(&request).await.unwrap().text, "Hi.");
    }
    let sent = server.sent();
    assert_eq!(sent.len(), 5);
    for last in &sent[3..] {
        assert_eq!(last.body["max_completion_tokens"], 9);
        for name in ["max_tokens", "temperature", "seed"] {
            assert!(last.body.get(name).is_none(), "{name}");
        }
    }
    let told = warnings
        .0
        .lock()
        .unwrap()
        .join("\n")
        .replace(&server.url, "URL");
    insta::assert_snapshot!(told, @r"
    compatible:m@URL does not take `max_tokens`: `max_completion_tokens` is sent instead
    compatible:m@URL does not take `temperature`: it is left out, so draws of this model may be more alike than asked for
    compatible:m@URL does not take `seed`: it is left out
    ");
}

#[tokio::test]
async fn a_bill_that_cannot_be_true_is_not_counted_and_said() {
    let warnings = Arc::new(Warnings::default());
    let events: Arc<dyn EventSink> = warnings.clone();
    for absurd in ["9e18", "-5", "18446744073709551615"] {
        let body = format!(
            r#"{{"choices":[{{"message":{{"content":"Hi."}}}}],"usage":{{"prompt_tokens":{absurd},"completion_tokens":1}}}}"#
        );
        let server = Server::start(vec![reply(200, "", &body)]).await;
        let connect = connect("compatible:m").unwrap().base_url(&server.url);
        let model = Scoped::told(connect.build().unwrap(), Arc::clone(&events));
        let response = model.generate(&Request::default()).await.unwrap();
        assert_eq!(response.usage.total_tokens(), 0, "{absurd}");
    }
    assert_eq!(warnings.0.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn why_a_server_is_not_reached_is_said_without_secrets() {
    let garbage = Server::start(vec!["\u{15}\u{3}\u{3}\0\u{2}\u{2}F"]).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let tls = format!("https://{}/v1", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        request(&mut stream).await;
        let refusal = reply(400, "", "this is no request");
        stream.write_all(refusal.as_bytes()).await.unwrap();
    });
    for (url, expected) in [
        ("http://127.0.0.1:9/v1", "connection refused by 127.0.0.1:9"),
        (
            "http://no-such-host.invalid/v1",
            "no such host: no-such-host.invalid (",
        ),
        (
            tls.as_str(),
            "does not speak TLS; its address may begin with http://",
        ),
        (
            garbage.url.as_str(),
            "no reply of HTTP; if it speaks TLS, its address begins with https://",
        ),
    ] {
        let error = model(url).generate(&Request::default()).await.unwrap_err();
        assert!(
            error.cause().unwrap_or_default().contains(expected),
            "{url}: {error}"
        );
    }
    let proxies = Proxies::all("http://me:secret@127.0.0.1:9");
    let proxied = connect("compatible:m")
        .unwrap()
        .base_url("https://127.0.0.1:8/v1");
    let proxied = proxied.proxies(proxies).retry(RetryPolicy::never());
    let error = proxied
        .build()
        .unwrap()
        .generate(&Request::default())
        .await
        .unwrap_err();
    assert_eq!(
        error.cause(),
        Some("connection refused by the proxy 127.0.0.1:9")
    );
    assert!(!format!("{error} {error:?}").contains("secret"));
}

#[tokio::test]
async fn a_tls_handshake_that_nobody_answers_ends_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connect = connect("compatible:m").unwrap();
    let connect = connect
        .base_url(format!("https://{address}/v1"))
        .connect_timeout(Duration::from_millis(20));
    let model = connect.retry(RetryPolicy::never()).build().unwrap();
    let request = Request::default();
    let (error, silent) = tokio::join!(model.generate(&request), listener.accept());
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::Unreachable);
    let expected = format!("{address} did not take the connection in time, or does not speak TLS");
    assert_eq!(error.cause(), Some(&*expected));
    drop(silent);
}

#[tokio::test]
async fn a_proxy_that_refuses_is_named() {
    for (scheme, status, expected) in [
        ("https", 407, "wants a user and a password"),
        ("https", 403, "refuses to connect to host.example"),
        ("http", 407, "wants a user and a password"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            request(&mut stream).await;
            stream
                .write_all(reply(status, "", "").as_bytes())
                .await
                .unwrap();
        });
        let connect = connect("compatible:m")
            .unwrap()
            .base_url(format!("{scheme}://host.example/v1"));
        let connect = connect.proxies(Proxies::all(address.to_string()));
        let model = connect.retry(RetryPolicy::never()).build().unwrap();
        let error = model.generate(&Request::default()).await.unwrap_err();
        assert_eq!(error.kind(), ModelErrorKind::Unreachable);
        assert_eq!(
            error.cause(),
            Some(format!("the proxy {address} {expected}").as_str())
        );
    }
}

/// DeepSeek sends an empty line now and then while a request waits for its turn.
#[tokio::test(start_paused = true)]
async fn blank_lines_before_an_answer_are_waited_through() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let reply = says("Hi.");
    let body = body_of(&reply);
    let length = body.len() + 5;
    let served = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        assert!(request(&mut stream).await);
        let head = format!(
            "HTTP/1.1 200 X\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        for _ in 0..5 {
            stream.write_all(b"\n").await.unwrap();
            tokio::time::sleep(Duration::from_secs(50)).await;
        }
        stream.write_all(body.as_bytes()).await.unwrap();
        stream
    };
    let (model, request) = (model(&url), Request::default());
    let (answer, _stream) = tokio::join!(model.generate(&request), served);
    assert_eq!(answer.unwrap().text, "Hi.");
}
