//! A worker, as a server sees it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use patterns_core::Response;
use patterns_restate::{Admin, RestateErrorKind, Worker};
use ring::signature::Ed25519KeyPair;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::scripted::{Act, Scripted};

const KEY: &str = "publickeyv1_w7YHemBctH5Ck2nQRQ47iBBqhNHy4FV7t2Usbye2A6f";

/// The public key of the pair that is made of the seed of sevens.
const KEY_OF_SEVENS: &str = "publickeyv1_GmaDrppBC7P5ARKV8g3djiwP89vz1jLK23V2GBjuAEGB";

fn worker() -> Worker {
    Worker::new(Arc::new(|_| {
        Box::pin(async { Ok(Response::new("m", "yes")) })
    }))
}

async fn get(url: &str, http: reqwest::ClientBuilder) -> (u16, Value) {
    signed_get(url, http, &[]).await
}

async fn signed_get(
    url: &str,
    http: reqwest::ClientBuilder,
    headers: &[(&str, &str)],
) -> (u16, Value) {
    let accept = "application/vnd.restate.endpointmanifest.v4+json";
    let client = http.build().unwrap();
    let mut request = client.get(url).header("accept", accept);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let reply = request.send().await.unwrap();
    let status = reply.status().as_u16();
    let body = reply.bytes().await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

fn http1() -> reqwest::ClientBuilder {
    plain().http1_only()
}

fn http2() -> reqwest::ClientBuilder {
    plain().http2_prior_knowledge()
}

fn plain() -> reqwest::ClientBuilder {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider);
    let tls = tls.with_safe_default_protocol_versions().unwrap();
    let tls = tls.with_root_certificates(rustls::RootCertStore::empty());
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls.with_no_client_auth())
        .no_proxy()
}

#[tokio::test]
async fn a_worker_says_what_it_is_and_ends_when_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (end, ended) = oneshot::channel::<()>();
    let asking = async {
        assert_eq!(get(&format!("{url}/health"), http1()).await.0, 200);
        assert_eq!(get(&format!("{url}/x"), http1()).await.0, 404);
        let (status, manifest) = get(&format!("{url}/v1/discover"), http2()).await;
        assert_eq!(status, 200);
        let services = manifest["services"].as_array().unwrap();
        let of = |name: &str| services.iter().find(|it| it["name"] == name).unwrap();
        let run = &of("Job")["handlers"][0];
        // A job says nothing until it ends, and takes what it takes.
        let year = json!(31_536_000_000_u64);
        assert_eq!((&run["name"], &run["abortTimeout"]), (&json!("run"), &year));
        let service = of("Model");
        // A week, and half an hour.
        assert_eq!(service["idempotencyRetention"], 604_800_000);
        let handlers = service["handlers"].as_array().unwrap();
        let generate = handlers.iter().find(|it| it["name"] == "generate").unwrap();
        assert_eq!(generate["inactivityTimeout"], 1_800_000);
        assert_eq!(generate["abortTimeout"], 1_800_000);
        assert!(handlers.iter().any(|it| it["name"] == "disown"));
        drop(end);
    };
    let until = async {
        let _ = ended.await;
    };
    let serving = worker().serve(listener, until, Duration::from_secs(9));
    let (broken_off, ()) = tokio::join!(serving, asking);
    assert_eq!(broken_off.unwrap(), 0);
}

#[tokio::test]
async fn a_worker_with_an_identity_key_takes_no_calls_of_others() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let serving =
        worker()
            .identity_key(KEY)
            .serve(listener, std::future::pending(), Duration::ZERO);
    tokio::select! {
        _ = serving => panic!("it has ended"),
        () = async {
            assert_eq!(get(&format!("{url}/discover"), http2()).await.0, 401);
            assert_eq!(get(&format!("{url}/invoke/Model/generate"), http2()).await.0, 401);
            assert_eq!(get(&format!("{url}/health"), http1()).await.0, 200, "anybody may ask that");
        } => {}
    }
}

/// Signs a path as a server does whose key is made of this seed.
fn signature(seed: u8, path: &str) -> String {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = now.unwrap().as_secs();
    let head = json!({"typ": "JWT", "alg": "EdDSA"});
    let claims = json!({"aud": path, "iat": now, "nbf": now - 60, "exp": now + 60});
    let [head, claims] = [head, claims].map(|it| URL_SAFE_NO_PAD.encode(it.to_string()));
    let text = format!("{head}.{claims}");
    let signature = URL_SAFE_NO_PAD.encode(pair.sign(text.as_bytes()));
    format!("{text}.{signature}")
}

#[tokio::test]
async fn a_worker_with_an_identity_key_takes_what_is_signed_with_it_for_this() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/discover", listener.local_addr().unwrap());
    let serving = worker()
        .identity_key(KEY)
        .identity_key(KEY_OF_SEVENS)
        .serve(listener, std::future::pending(), Duration::ZERO);
    let asking = async {
        for (seed, path, status) in [
            (7, "/discover", 200),
            (8, "/discover", 401),
            (7, "/invoke/Model/generate", 401),
        ] {
            let signature = signature(seed, path);
            let headers = [
                ("x-restate-signature-scheme", "v1"),
                ("x-restate-jwt-v1", &*signature),
            ];
            let got = signed_get(&url, http2(), &headers).await;
            assert_eq!(got.0, status, "{seed} {path}");
        }
    };
    tokio::select! {
        _ = serving => panic!("it has ended"),
        () = asking => {}
    }
}

#[tokio::test]
async fn what_is_no_identity_key_is_refused_before_anything_is_taken() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    // It ends at once, so that a key that is taken fails the test instead of being served for ever.
    let serving =
        worker()
            .identity_key("me")
            .serve(listener, std::future::ready(()), Duration::ZERO);
    let error = serving.await.unwrap_err();
    assert_eq!(error.kind(), RestateErrorKind::InvalidKey);
    assert!(
        error.to_string().starts_with("`me` is no identity key"),
        "{error}"
    );
}

#[tokio::test]
async fn a_worker_is_registered_by_its_address_and_version() {
    let server = Scripted::start(|seen| match &*seen.line {
        "POST /deployments" => Act::Ended(201, json!({"id": "dp_1"})),
        _ => Act::Ended(400, json!({"message": "no lanes here"})),
    })
    .await;
    let admin = Admin::connect(server.server()).unwrap();
    assert_eq!(admin.register("http://w:9080/").await.unwrap(), "dp_1");
    let uri = format!("http://w:9080/v{}", env!("CARGO_PKG_VERSION"));
    assert_eq!(server.seen()[0].body, json!({"uri": uri, "force": true}));
    let error = admin.limit("llm", 4).await.unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("does not limit the lane `llm`: no lanes here"),
        "{error}"
    );
    assert_eq!(
        server.seen()[1].body[0]["limits"],
        json!({"concurrency": 4})
    );
}
