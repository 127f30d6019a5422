//! The agent that asks a model: what it sends, when it asks again, and what it counts.

use std::sync::Arc;

use patterns_core::{
    Agent, AgentError, AgentErrorKind, Answer, BranchId, Contract, Event, Fix, ModelAgent,
    ModelError, ModelErrorKind, Origin, Part, Prompt, Request, Response, Role, RunId, Sampling,
    Scope, Usage, Violation,
};
use patterns_testkit::{EventLog, Reply, ScriptedModel};

#[derive(Clone, Debug, PartialEq, serde::Deserialize, schemars::JsonSchema)]
struct Verdict {
    reasoning: String,
    #[schemars(range(min = 0, max = 10))]
    score: u8,
    #[serde(default)]
    tags: Vec<String>,
}

const GOOD: &str = r#"{"reasoning": "Clear.", "score": 7, "tags": []}"#;
const BAD: &str = r#"{"reasoning": "Clear.", "score": 70, "tags": "none"}"#;
const ORIGIN: Origin = Origin {
    run: RunId(1),
    branch: BranchId(4),
};

struct Run {
    result: Result<Answer<Verdict>, AgentError>,
    requests: Vec<Request>,
    log: Arc<EventLog>,
}

impl Run {
    fn conversation(&self, call: usize) -> String {
        let turns = self.requests[call].messages.iter();
        let turns = turns.map(|it| format!("{:?}: {}", it.role, it.to_text()));
        turns.collect::<Vec<_>>().join("\n---\n")
    }
}

async fn run_with<T: Into<Reply>>(
    replies: impl IntoIterator<Item = T>,
    change: impl FnOnce(ModelAgent<String, Verdict>) -> ModelAgent<String, Verdict>,
) -> Run {
    let model = Arc::new(ScriptedModel::new(replies));
    let log = Arc::new(EventLog::default());
    let contract = Contract::of::<Verdict>().unwrap();
    let agent = ModelAgent::new(model.clone(), "Judge.", contract);
    let run = Scope::new(ORIGIN.run, log.clone(), Default::default());
    let scope = run.branch(ORIGIN.branch);
    let result = change(agent).run(&"The text.".to_owned(), scope).await;
    Run {
        result,
        requests: model.requests(),
        log,
    }
}

async fn run<T: Into<Reply>>(replies: impl IntoIterator<Item = T>) -> Run {
    run_with(replies, |agent| agent).await
}

fn billed(text: &str, output_tokens: u64) -> Response {
    let mut response = Response::new("gpt", text);
    response.usage.output_tokens = output_tokens;
    response.request_id = Some(format!("req_{output_tokens}"));
    response
}

#[tokio::test]
async fn a_good_answer_needs_one_call() {
    let run = run([billed(GOOD, 5)]).await;
    let answer = run.result.unwrap();
    assert_eq!(answer.value.score, 7);
    assert_eq!((answer.reasks, answer.usage.calls), (0, 1));
    assert_eq!(answer.usage.output_tokens, 5);
    assert_eq!(
        (answer.model.as_str(), answer.request_id.as_deref()),
        ("gpt", Some("req_5"))
    );
    assert_eq!(answer.fixes, []);
    assert_eq!(run.log.events(), []);
}

#[tokio::test]
async fn the_request_carries_everything_the_agent_was_given() {
    let sampling = Sampling {
        temperature: Some(0.5),
        ..Sampling::default()
    };
    let run = run_with([GOOD], |agent| {
        agent.sampling(sampling).prompt(|text| {
            Prompt::new([Part::text("Shared."), Part::text(text.as_str())]).sample(3)
        })
    });
    let run = run.await;
    let request = &run.requests[0];
    assert_eq!(&*request.instructions, "Judge.");
    assert_eq!(run.conversation(0), "User: Shared.\n\nThe text.");
    assert_eq!(request.sampling, sampling);
    assert_eq!((request.sample, request.scope.origin()), (3, ORIGIN));
    let schema = request.schema.as_ref().unwrap();
    assert_eq!(schema.name(), "Verdict");
    assert_eq!(schema, Contract::of::<Verdict>().unwrap().schema());
}

#[tokio::test]
async fn the_reask_quotes_what_failed_and_only_that() {
    let run = run([BAD, GOOD]).await;
    assert_eq!(run.result.as_ref().unwrap().reasks, 1);
    insta::assert_snapshot!(run.conversation(1), @r#"
    User: The text.
    ---
    Assistant: {"reasoning": "Clear.", "score": 70, "tags": "none"}
    ---
    User: Your answer was not accepted:
    - /score: 70 is greater than the maximum of 10
    - /tags: "none" is not of type "array"
    The answer must have this shape:
    {
      "reasoning": text
      "score": integer (at least 0, at most 10)
      "tags": list of text or null
    }
    Answer again with the corrected JSON object and nothing else.
    "#);
    insta::assert_snapshot!(run.log, @r#"[4] answer 1 rejected: /score: 70 is greater than the maximum of 10; /tags: "none" is not of type "array"; ask again"#);
}

#[tokio::test]
async fn a_reask_repeats_the_question_unchanged() {
    let run = run_with([BAD, GOOD], |agent| {
        agent.prompt(|text| Prompt::from(text).sample(2))
    });
    let [mut first, mut second] = <[Request; 2]>::try_from(run.await.requests).unwrap();
    assert_eq!(first.messages, second.messages[..1]);
    first.messages.clear();
    second.messages.clear();
    assert_eq!(first, second, "sample, schema, sampling and origin");
}

#[tokio::test]
async fn only_the_last_bad_answer_is_quoted() {
    let run = run(["first bad", "second bad", GOOD]).await;
    assert_eq!(run.requests.len(), 3);
    let roles: Vec<_> = run.requests[2].messages.iter().map(|it| it.role).collect();
    assert_eq!(roles, [Role::User, Role::Assistant, Role::User]);
    assert!(run.conversation(2).contains("second bad"));
    assert!(!run.conversation(2).contains("first bad"));
}

#[tokio::test]
async fn an_empty_answer_is_not_quoted_as_a_turn() {
    let run = run([" \n", GOOD]).await;
    insta::assert_snapshot!(run.conversation(1), @r#"
    User: The text.
    ---
    User: Your answer was not accepted:
    - the answer is empty
    The answer must have this shape:
    {
      "reasoning": text
      "score": integer (at least 0, at most 10)
      "tags": list of text or null
    }
    Answer again with the corrected JSON object and nothing else.
    "#);
}

#[tokio::test]
async fn reasks_are_bounded() {
    for (max, calls) in [(0, 1), (1, 2), (4, 5)] {
        let bad = (0..9).map(|n| format!("bad {n}"));
        let run = run_with(bad, |agent| agent.max_reasks(max)).await;
        assert_eq!(run.requests.len(), calls, "{max}");
    }
    let run = run([BAD, BAD, "last", GOOD]).await;
    let error = run.result.unwrap_err();
    assert_eq!(run.requests.len(), 3, "two re-asks by default");
    assert_eq!(error.kind(), AgentErrorKind::InvalidAnswer);
    assert_eq!(error.raw(), Some("last"));
    insta::assert_snapshot!(run.log, @r#"
    [4] answer 1 rejected: /score: 70 is greater than the maximum of 10; /tags: "none" is not of type "array"; ask again
    [4] answer 2 rejected: /score: 70 is greater than the maximum of 10; /tags: "none" is not of type "array"; ask again
    [4] answer 3 rejected: the answer is not JSON: expected value at line 1 column 1; give up
    "#);
}

#[tokio::test]
async fn every_try_is_on_the_bill() {
    let answered = run([billed(BAD, 1), billed("bad", 10), billed(GOOD, 100)]).await;
    let answer = answered.result.unwrap();
    assert_eq!((answer.usage.calls, answer.usage.attempts), (3, 3));
    assert_eq!(answer.usage.output_tokens, 111);
    assert_eq!(answer.request_id.as_deref(), Some("req_100"));

    let failed = run([billed(BAD, 1), billed(BAD, 10), billed(BAD, 100)]).await;
    let usage = failed.result.unwrap_err().usage();
    assert_eq!((usage.calls, usage.output_tokens), (3, 111));
}

#[tokio::test]
async fn a_model_error_midway_keeps_the_bill_and_the_cause() {
    let usage = Usage {
        calls: 1,
        attempts: 4,
        output_tokens: 10,
        ..Usage::default()
    };
    let cut_off = ModelError::new(ModelErrorKind::Truncated).with_usage(usage);
    let run = run([
        Reply::from(billed(BAD, 1)),
        Reply::from(cut_off),
        Reply::from(GOOD),
    ])
    .await;
    let error = run.result.unwrap_err();
    assert_eq!(
        error.kind(),
        AgentErrorKind::Model(ModelErrorKind::Truncated)
    );
    assert_eq!(
        run.requests.len(),
        2,
        "a cut-off answer is not an invalid one"
    );
    assert_eq!((error.usage().calls, error.usage().attempts), (2, 5));
    assert_eq!(error.usage().output_tokens, 11);
    assert_eq!(error.model_error().unwrap().usage(), usage);
    assert_eq!(error.raw(), None);
}

#[tokio::test]
async fn fixes_are_reported_with_their_branch() {
    let run = run([format!("```json\n{GOOD}\n```")]).await;
    let fixes = vec![Fix::CodeFence];
    assert_eq!(run.result.unwrap().fixes, fixes);
    let origin = ORIGIN;
    assert_eq!(run.log.events(), [Event::AnswerFixed { origin, fixes }]);
}

#[tokio::test]
async fn checks_lead_to_a_reask_too() {
    let model = Arc::new(ScriptedModel::new([
        GOOD,
        r#"{"reasoning": "", "score": 1}"#,
    ]));
    let contract = Contract::of::<Verdict>()
        .unwrap()
        .check(|verdict: &Verdict| {
            let too_high = verdict.score > 5;
            let violation = || Violation::new("/score", "is above what the rubric allows");
            too_high.then(violation).into_iter().collect()
        });
    let agent = ModelAgent::new(model.clone(), "Judge.", contract);
    let answer = agent.run(&String::new(), ORIGIN.into()).await.unwrap();
    assert_eq!((answer.value.score, answer.reasks), (1, 1));
    let reask = model.requests()[1].messages[2].to_text();
    assert!(
        reask.contains("- /score: is above what the rubric allows\n"),
        "{reask}"
    );
}

/// A third time it would only be copied again.
#[tokio::test]
async fn a_repeated_answer_is_asked_for_in_other_words_and_then_no_more() {
    let run = run_with([BAD; 9], |agent| agent.max_reasks(8)).await;
    assert_eq!(run.requests.len(), 3);
    let roles = |n: usize| run.requests[n].messages.iter().map(|it| it.role);
    assert_eq!(
        roles(1).collect::<Vec<_>>(),
        [Role::User, Role::Assistant, Role::User]
    );
    assert_eq!(roles(2).collect::<Vec<_>>(), [Role::User, Role::User]);
    assert_ne!(
        run.requests[1].messages.last(),
        run.requests[2].messages.last()
    );
    assert_eq!(run.result.unwrap_err().raw(), Some(BAD));
}

#[tokio::test]
async fn a_long_answer_is_not_sent_back_whole() {
    let run = run([format!("é{}", "x".repeat(9_000_000)), GOOD.to_owned()]).await;
    let quoted = run.requests[1].messages[1].to_text();
    assert!(quoted.len() < 20_000, "{}", quoted.len());
    assert!(quoted.ends_with("… [shortened; 9000002 bytes in all]"));
}

/// A rejected answer of any size makes a re-ask of bounded size around the quoted answer.
#[tokio::test]
async fn the_words_of_a_reask_are_bounded() {
    let wrong: Vec<String> = (0..1_000)
        .map(|n| format!("{n}{}", "x".repeat(500)))
        .collect();
    let huge = serde_json::json!({"reasoning": wrong, "score": wrong, "tags": [[], wrong]});
    let run = run([huge.to_string(), GOOD.to_owned()]).await;
    let reask = run.requests[1].messages[2].to_text();
    assert!(reask.len() < 10_000, "{}", reask.len());
    assert!(reask.contains("- /reasoning: "), "{reask}");
}
