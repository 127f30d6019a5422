//! Errors are shown and logged: they carry facts, never prompts, answers or a provider's words.

use std::error::Error;

use patterns_core::{
    Agent, AgentError, AgentErrorKind, Contract, ModelAgent, ModelError, ModelErrorKind, Scope,
    Usage,
};
use patterns_testkit::ScriptedModel;

const SECRET: &str = "tell nobody";

fn check_hides_secrets(error: &dyn Error) {
    for text in [
        error.to_string(),
        format!("{error:?}"),
        format!("{error:#?}"),
    ] {
        assert!(!text.contains(SECRET), "{text}");
        assert!(!text.is_empty());
    }
}

fn model_error() -> ModelError {
    ModelError::new(ModelErrorKind::Refused)
        .with_status(400)
        .with_code("bad\n\u{1b}[2J")
        .with_request_id("req_1")
        .with_detail(format!("the prompt was: {SECRET}"))
}

#[test]
fn a_model_error_shows_its_facts_only() {
    let error = model_error();
    check_hides_secrets(&error);
    insta::assert_snapshot!(error, @r#"the model refused to answer (HTTP 400, code "bad\n\u{1b}[2J", request "req_1")"#);
    assert_eq!(error.detail(), Some("the prompt was: tell nobody"));
}

#[test]
fn an_agent_error_shows_its_facts_only() {
    let usage = Usage {
        calls: 2,
        ..Usage::default()
    };
    let error = AgentError::model(model_error().with_usage(usage), usage);
    check_hides_secrets(&error);
    insta::assert_snapshot!(error, @"the model gave no answer");
    insta::assert_snapshot!(error.source().unwrap(), @r#"the model refused to answer (HTTP 400, code "bad\n\u{1b}[2J", request "req_1")"#);
    assert_eq!(error.usage().calls, 4);
    assert_eq!(error.kind(), AgentErrorKind::Model(ModelErrorKind::Refused));
}

#[tokio::test]
async fn a_rejected_answer_is_kept_but_not_shown() {
    #[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
    struct Empty {
        #[expect(dead_code, reason = "only the schema matters")]
        a: u8,
    }
    let answer = format!("{{\"a\": \"{SECRET}\"}}");
    let model = ScriptedModel::new([answer.clone()]);
    let contract = Contract::of::<Empty>().unwrap();
    let agent = ModelAgent::new(std::sync::Arc::new(model), SECRET, contract).max_reasks(0);
    let error = agent
        .run(&SECRET.to_owned(), Scope::default())
        .await
        .unwrap_err();
    check_hides_secrets(&error);
    insta::assert_snapshot!(error, @"the answer breaks its contract in 1 place(s)");
    assert_eq!(error.raw(), Some(answer.as_str()));
    assert!(error.source().is_none());
}

#[test]
fn an_error_of_code_keeps_its_cause() {
    let error = AgentError::code(std::io::Error::other(SECRET));
    check_hides_secrets(&error);
    assert_eq!(error.source().unwrap().to_string(), SECRET);
    assert_eq!((error.kind().name(), error.is_fatal()), ("code", false));
}
