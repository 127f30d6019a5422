//! Requests that are refused, in the shape of the API's errors.

use std::io::ErrorKind;
use std::time::Duration;

use patterns_simulator::{Latency, Simulator};
use serde_json::{Value, json};

use crate::client::{question, question_with, with};

/// Checks that a body is refused with status 400.
async fn check(body: String, param: Value, part: &str) {
    with(Simulator::builder(), async |caller| {
        let (status, reply) = caller.post(None, body).await;
        assert_eq!(status, 400, "{reply}");
        let error = &reply["error"];
        assert_eq!(error["type"], "invalid_request_error");
        assert_eq!(error["param"], param, "{reply}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(part), "{message}");
        assert_eq!(caller.simulator.ledger().entries[0].status, Some(400));
    })
    .await;
}

#[tokio::test]
async fn malformed_bodies() {
    let parse = "could not parse";
    check("{".to_owned(), Value::Null, parse).await;
    check("[]".to_owned(), Value::Null, parse).await;
    check(json!({"model": "sim"}).to_string(), Value::Null, "messages").await;
    check(json!({"messages": []}).to_string(), Value::Null, "model").await;
    let empty = json!({"model": "sim", "messages": []});
    check(empty.to_string(), json!("messages"), "empty").await;
}

#[tokio::test]
async fn what_is_not_simulated() {
    let mut request = question("?");
    request["n"] = json!(2);
    check(request.to_string(), json!("n"), "one choice").await;
}

#[tokio::test]
async fn bad_schemas() {
    let format = json!("response_format");
    let mut request = question("?");
    request["response_format"] = json!({"type": "json_schema"});
    check(request.to_string(), format.clone(), "json_schema").await;
    let request = question_with(&json!({"type": "text"}));
    check(request.to_string(), format.clone(), "Invalid schema").await;
    let request = question_with(&json!({"enum": []}));
    check(request.to_string(), format, "Invalid schema").await;
}

#[tokio::test]
async fn unknown_paths() {
    with(Simulator::builder(), async |caller| {
        for path in ["/", "/v1", "/v1/chat/completions", "/v2/models"] {
            let (status, reply) = caller.get(path).await;
            assert_eq!(status, 404);
            assert_eq!(reply["error"]["code"], "unknown_url");
            let message = format!("Unknown request URL: GET {path}.");
            assert_eq!(reply["error"]["message"], message);
        }
        assert_eq!(caller.simulator.ledger().requests, 0);
    })
    .await;
}

#[tokio::test]
async fn a_senseless_latency_does_not_bind() {
    let latency = Latency::LogNormal {
        median: Duration::from_secs(1),
        sigma: f64::NAN,
    };
    let error = Simulator::builder().latency(latency).bind().await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::InvalidInput);
}

#[tokio::test]
async fn a_taken_port_does_not_bind() {
    let first = Simulator::builder().bind().await.unwrap();
    let port = first.local_addr().port();
    let second = Simulator::builder().port(port).bind().await;
    assert_eq!(second.unwrap_err().kind(), ErrorKind::AddrInUse);
}
