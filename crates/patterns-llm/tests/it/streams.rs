//! Streamed answers over a connection: the same ones, ended as soon as nobody wants them, and not asked
//! for where a server knows no streams.

use std::sync::Arc;
use std::time::Duration;

use patterns_core::{Model, ModelErrorKind};
use patterns_llm::{RetryPolicy, Streaming, connect};
use patterns_simulator::{Latency, Simulator};
use serde_json::Value;

use crate::server::{Server, reply, says};
use crate::wire::request;

fn model(url: &str, streaming: Streaming) -> Arc<dyn Model> {
    let connect = connect("compatible:m").unwrap().base_url(url);
    connect.streaming(streaming).build().unwrap()
}

#[tokio::test]
async fn a_streamed_answer_is_the_same_answer() {
    let simulator = Simulator::builder().seed(3).bind().await.unwrap();
    let url = simulator.base_url();
    let work = async {
        let whole = model(&url, Streaming::Never)
            .generate(&request())
            .await
            .unwrap();
        let streamed = model(&url, Streaming::Always)
            .generate(&request())
            .await
            .unwrap();
        assert_eq!(streamed, whole);
        assert!(whole.usage.output_tokens > 0);
    };
    tokio::select! {
        never = simulator.serve() => match never {},
        () = work => {}
    }
    assert_eq!(simulator.ledger().answered, 2);
}

#[tokio::test]
async fn a_server_learns_at_once_that_nobody_wants_its_answer() {
    let builder = Simulator::builder()
        .seed(3)
        .latency(Latency::Fixed(Duration::from_secs(3600)));
    let simulator = builder.bind().await.unwrap();
    let url = simulator.base_url();
    let work = async {
        let (model, request) = (model(&url, Streaming::Always), request());
        let call = model.generate(&request);
        let mut call = std::pin::pin!(call);
        // Until the request has arrived.
        while simulator.ledger().in_flight == 0 {
            let _ = tokio::time::timeout(Duration::from_millis(1), &mut call).await;
        }
    };
    let ended = async {
        work.await;
        while simulator.ledger().in_flight > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        never = simulator.serve() => match never {},
        () = ended => {}
    }
    assert_eq!(
        (simulator.ledger().dropped, simulator.ledger().answered),
        (1, 0)
    );
}

#[tokio::test]
async fn a_server_that_knows_no_streams_is_asked_without_from_then_on() {
    let refusal = r#"{"error": {"message": "stream_options: extra fields not permitted"}}"#;
    let server = Server::start(vec![reply(422, "", refusal), says("{}")]).await;
    let model = model(&server.url, Streaming::Always);
    let first = model.generate(&request()).await.unwrap();
    assert_eq!((first.usage.calls, first.usage.attempts), (1, 2));
    model
        .generate(&patterns_core::Request {
            sample: 9,
            ..request()
        })
        .await
        .unwrap();
    let asked: Vec<bool> = server
        .sent()
        .iter()
        .map(|it| it.body.get("stream") == Some(&Value::Bool(true)))
        .collect();
    assert_eq!(asked, [true, false, false]);
}

#[tokio::test]
async fn a_server_that_speaks_of_streams_unasked_is_asked_again_once() {
    let refusal = r#"{"error": {"message": "stream is not supported"}}"#;
    let refusals = vec![reply(400, "", refusal), reply(400, "", refusal)];
    for (replies, is_answered) in [
        (vec![refusals[0].clone(), says("{}")], true),
        (refusals, false),
    ] {
        let server = Server::start(replies).await;
        let result = model(&server.url, Streaming::Auto)
            .generate(&request())
            .await;
        assert_eq!(result.is_ok(), is_answered, "{result:?}");
        let sent = server.sent();
        assert!(sent.iter().all(|it| it.body.get("stream").is_none()));
        assert_eq!(sent.len(), 2);
    }
}

#[tokio::test]
async fn a_stream_that_breaks_off_is_tried_again() {
    let begin = "data: {\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\n";
    let end = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    let stream = |body: &str| reply(200, "content-type: text/event-stream\r\n", body);
    let server = Server::start(vec![stream(begin), stream(&format!("{begin}{end}"))]).await;
    let connect = connect("compatible:m").unwrap().base_url(&server.url);
    let model = connect.build().unwrap();
    let response = model
        .generate(&patterns_core::Request::default())
        .await
        .unwrap();
    assert_eq!((response.text.as_str(), response.usage.attempts), ("Hi", 2));
}

#[tokio::test]
async fn an_error_within_a_stream_is_that_error() {
    let error = "data: {\"error\":{\"code\":\"insufficient_quota\",\"message\":\"no credit\"}}\n\n";
    let server = Server::start(vec![reply(
        200,
        "content-type: text/event-stream\r\n",
        error,
    )])
    .await;
    let connect = connect("compatible:m").unwrap().base_url(&server.url);
    let model = connect.retry(RetryPolicy::never()).build().unwrap();
    let error = model
        .generate(&patterns_core::Request::default())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ModelErrorKind::QuotaExhausted);
}
