//! Whole jobs: handed over under an id, and asked about under the same.

use patterns_restate::RestateErrorKind;
use serde_json::json;

use crate::scripted::{Act, Scripted};

const ID: &str = "5f0c1e9a77d2b364";

#[tokio::test]
async fn a_job_is_handed_over_under_its_id() {
    let server = Scripted::start(|_| Act::Ended(202, json!({"invocationId": "inv"}))).await;
    let job = json!({"pattern": "vote"});
    server.durable().hand_over(ID, &job).await.unwrap();
    assert_eq!(server.lines(ID), "POST /restate/send/Job/run KEY");
    assert_eq!(server.seen()[0].body, job);
}

#[tokio::test]
async fn a_server_without_workers_for_it_takes_no_job() {
    let server =
        Scripted::start(|_| Act::Own(404, json!({"message": "service 'Job' not found"}))).await;
    let error = server
        .durable()
        .hand_over(ID, &json!({}))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), RestateErrorKind::NotTaken);
    assert!(
        error.to_string().ends_with("service 'Job' not found"),
        "{error}"
    );
}

#[tokio::test]
async fn what_came_of_a_job_is_asked_for_under_its_id() {
    let said = |text: &str| json!({"message": text});
    let own = |status, text: &str| (status, Some(said(text)));
    let table = [
        ((200, None), Ok(Some(json!({"code": 0})))),
        (own(470, "not ready"), Ok(None)),
        (own(404, "not found"), Err(RestateErrorKind::UnknownJob)),
        ((500, None), Err(RestateErrorKind::NotTaken)),
        // Its worker could not open it.
        (own(422, "another key"), Err(RestateErrorKind::Private)),
        (own(401, "who?"), Err(RestateErrorKind::Unauthorized)),
    ];
    for ((status, own), expected) in table {
        let server = Scripted::start(move |seen| match &*seen.line {
            "POST /restate/lookup" => Act::Ended(200, json!({"invocationId": "inv"})),
            _ => match own.clone() {
                Some(said) => Act::Own(status, said),
                None => Act::Ended(status, json!({"code": 0})),
            },
        })
        .await;
        let came_of = server.durable().came_of(ID).await;
        assert_eq!(came_of.map_err(|it| it.kind()), expected, "{status}");
        let asked = server.seen()[0].body.clone();
        assert_eq!(asked["service"], "Job");
        assert_eq!(asked["idempotencyKey"], ID);
        assert_eq!(server.seen()[1].line, "GET /restate/output/inv");
    }
}
