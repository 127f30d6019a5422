//! Runs jobs of each pattern without a terminal.

use std::sync::Arc;

use patterns_core::BranchEnd;
use patterns_offline::Offline;
use patterns_testkit::ScriptedModel;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::job::JobFormat;
use crate::models::Models;
use crate::setup::Settings;

fn setup(job: &Job) -> Setup {
    Setup {
        models: Models::new("offline", Arc::new(Offline::new())),
        settings: Settings::of(job, 1),
        events: Arc::new(()),
        drain: CancellationToken::new(),
    }
}

async fn outcome(text: &str) -> JobOutcome {
    let job = Job::read(text, JobFormat::Toml).unwrap();
    let (setup, reader) = (setup(&job), Reader::new());
    job.run(&setup, &reader).await.unwrap()
}

#[tokio::test]
async fn a_job_runs_without_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.txt");
    std::fs::write(&path, "A harbour is a shelter for ships.").unwrap();
    let path = path.display().to_string();
    let documents = format!("pattern = 'map-reduce'\ninputs = ['{path}']\n");
    let one = outcome(&documents).await;
    assert_eq!(one.value.unwrap()["total_documents"], 1);
    let rows = outcome(&format!("{documents}reduce = 'none'")).await;
    let row = rows.branches[0].value().unwrap();
    assert_eq!(row["summary"], "A harbour is a shelter for ships.");
    let table = format!("{documents}[reduce.code]\ncolumns = ['count', 'sum:word_count']");
    let table = outcome(&table).await.value.unwrap();
    assert_eq!(table["rows"][0], json!([1, 7]));
    let brief = format!(
        "pattern = 'section'\ntopic = 'Harbours'\nsections = ['What']\ncontext = ['{path}']"
    );
    let brief = outcome(&brief).await;
    assert_eq!(brief.counts.answered, 2);
}

/// Answers every ballot alike; a question with `end` in it ends the run as Ctrl-C does.
async fn vote(answer: Value, more: &str, rows: &str) -> JobOutcome {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("q.jsonl");
    std::fs::write(&path, rows).unwrap();
    let path = path.display();
    let what = match rows {
        "" => "question = 'Is it?'".to_owned(),
        _ => format!("batch.file = '{path}'"),
    };
    let job = format!("pattern = 'vote'\nvotes = 3\n{what}\n{more}");
    let job = Job::read(&job, JobFormat::Toml).unwrap();
    let drain = CancellationToken::new();
    let ending = drain.clone();
    let model = ScriptedModel::by(move |request| {
        if format!("{:?}", request.messages).contains("end") {
            ending.cancel();
        }
        json!({"reasoning": "So.", "answer": answer.clone(), "confidence": 0.5, "total": 3})
    });
    let setup = Setup {
        models: Models::new("scripted", Arc::new(model)),
        drain,
        ..setup(&job)
    };
    job.run(&setup, &Reader::new()).await.unwrap()
}

#[tokio::test]
async fn an_election_of_any_kind_of_ballot_is_a_job() {
    for (more, winner) in [
        ("options = ['yes', 'no']", "yes"),
        (
            "rule = 'majority'\n[[voters]]\nname = 'a'\n[[voters]]\nname = 'b'",
            "yes",
        ),
        (
            "rule = 'median'\n[ballot]\nanswer_field = 'total'\nschema.properties.total.type = 'number'",
            "3",
        ),
        (
            "[ballot]\nschema.properties.total.type = 'number'\nfields = ['total=median']",
            r#"{"total":3,"reasoning":"So.","answer":"yes","confidence":0.5}"#,
        ),
    ] {
        let answer = if more == "rule = 'median'" {
            json!(3)
        } else {
            json!("yes")
        };
        let outcome = vote(answer, more, "").await;
        let election = outcome.value.unwrap();
        assert_eq!(election["winning_answer"], winner, "{more}");
        let ballots = election["ballots"].as_array().unwrap().len();
        assert_eq!(outcome.branches.len(), ballots);
        assert_eq!(outcome.branches[0].value().unwrap()["reasoning"], "So.");
    }
}

#[tokio::test]
async fn every_question_of_a_batch_is_a_row_of_the_outcome() {
    let rows = "{\"id\": 1, \"question\": \"Is it?\"}\n{\"id\": 2, \"question\": \"Was it?\"}\n";
    let outcome = vote(json!("yes"), "", rows).await;
    assert_eq!(outcome.value.unwrap()["decided"], 2);
    let labels: Vec<&str> = outcome.branches.iter().map(|it| &*it.label).collect();
    assert_eq!(labels, ["1", "2"]);
    let row = outcome.branches[1].value().unwrap();
    assert_eq!(row["winning_answer"], "yes");
    assert_eq!(row["said"][0]["ballot"]["reasoning"], "So.");
}

#[tokio::test]
async fn a_batch_that_is_ended_has_a_row_for_what_it_did_not_ask() {
    let rows = ["Is it?", "Is it the end?", "And then?"];
    let rows = rows
        .map(|it| format!("{}\n", json!({"question": it})))
        .concat();
    let outcome = vote(json!("yes"), "[run]\nconcurrency = 1", &rows).await;
    assert!(outcome.value.is_err());
    let ends = outcome.branches.iter().map(|it| match &it.end {
        BranchEnd::Answered(row) => row["winning_answer"].as_str().unwrap(),
        _ => "none",
    });
    assert_eq!(ends.collect::<Vec<_>>(), ["yes", "none", "none"]);
}
