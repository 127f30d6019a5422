//! A model that is asked instead of another: when, what it is asked, and what is made of its failure.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use patterns_core::{
    Agent, AgentError, AgentErrorKind, Answer, BoxFuture, Contract, Model, ModelAgent, ModelError,
    ModelErrorKind, ModelId, Request, Response, RunId, Scope,
};
use patterns_testkit::{EventLog, Reply, ScriptedModel};

#[derive(Debug, PartialEq, serde::Deserialize, schemars::JsonSchema)]
struct City {
    city: String,
}

const GOOD: &str = r#"{"city": "Paris"}"#;

/// A model of a chain, which counts how often it is disowned.
struct Link {
    scripted: ScriptedModel,
    next: Option<Arc<dyn Model>>,
    disowned: AtomicU32,
}

impl Link {
    fn new<T: Into<Reply>>(
        name: &str,
        script: impl IntoIterator<Item = T>,
        next: Option<&Arc<Self>>,
    ) -> Arc<Self> {
        let next = next.map(|it| Arc::clone(it) as Arc<dyn Model>);
        Arc::new(Self {
            scripted: ScriptedModel::new(script).id(ModelId::new("test", name)),
            next,
            disowned: AtomicU32::new(0),
        })
    }

    fn asked(&self) -> Vec<Request> {
        self.scripted.requests()
    }

    fn disowned(&self) -> u32 {
        self.disowned.load(Ordering::Relaxed)
    }
}

impl Model for Link {
    fn id(&self) -> &ModelId {
        Model::id(&self.scripted)
    }

    fn generate<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        self.scripted.generate(request)
    }

    fn disown(&self, _: &Request) {
        self.disowned.fetch_add(1, Ordering::Relaxed);
    }

    fn fallback(&self) -> Option<&Arc<dyn Model>> {
        self.next.as_ref()
    }
}

/// Asks a model, and returns what came of it and what was told.
async fn ask(first: &Arc<Link>) -> (Result<Answer<City>, AgentError>, String) {
    let log = Arc::new(EventLog::default());
    let contract = Contract::of::<City>().unwrap();
    let agent = ModelAgent::new(Arc::clone(first) as _, "Name the capital.", contract);
    let scope = Scope::new(RunId(1), log.clone(), Default::default());
    let result = agent.run(&"France".to_owned(), scope).await;
    (result, log.lines().join("\n"))
}

fn fails(kind: ModelErrorKind) -> Reply {
    ModelError::new(kind).into()
}

#[tokio::test]
async fn once_the_re_asks_are_used_up_the_next_model_is_asked_what_the_first_one_was() {
    let next = Link::new("large", [GOOD], None);
    let first = Link::new("small", ["1", "2", "3"], Some(&next));
    let (result, told) = ask(&first).await;
    let answer = result.unwrap();
    assert_eq!(answer.value.city, "Paris");
    assert_eq!(
        (answer.usage.calls, answer.usage.attempts),
        (4, 4),
        "all is on the bill"
    );
    assert_eq!(
        next.asked(),
        first.asked()[..1],
        "nothing of the re-asks is left"
    );
    assert!(
        told.ends_with("[0] test:large was asked instead and answered"),
        "{told}"
    );
    assert_eq!(first.disowned(), 0, "what led to an answer is found again");
}

#[tokio::test]
async fn a_refusal_and_what_is_too_long_go_to_the_next_model_and_an_outage_does_not() {
    use ModelErrorKind::{ContextTooLong, Filtered, Refused, Unauthorized, Unavailable};
    for (kind, asked) in [
        (Refused, 1),
        (Filtered, 1),
        (ContextTooLong, 1),
        (Unavailable { retry_after: None }, 0),
        (Unauthorized, 0),
    ] {
        let next = Link::new("large", [GOOD], None);
        let first = Link::new("small", [fails(kind)], Some(&next));
        let (result, _) = ask(&first).await;
        assert_eq!(result.is_ok(), asked == 1, "{kind:?}");
        assert_eq!(next.asked().len(), asked, "{kind:?}");
    }
}

#[tokio::test]
async fn each_model_of_a_chain_is_asked_and_where_all_fail_the_first_error_counts() {
    let last = Link::new("c", ["7", "8", "9"], None);
    let middle = Link::new("b", [fails(ModelErrorKind::Refused)], Some(&last));
    let first = Link::new("a", ["1", "2", "3"], Some(&middle));
    let (result, told) = ask(&first).await;
    let error = result.unwrap_err();
    assert_eq!(error.kind(), AgentErrorKind::InvalidAnswer);
    assert_eq!(error.raw(), Some("3"));
    assert_eq!(error.usage().calls, 7, "all of them are on the bill");
    assert!(
        told.contains("test:b was asked instead and failed"),
        "{told}"
    );
    let disowned = [&first, &middle, &last].map(|it| it.disowned());
    assert_eq!(disowned, [1, 0, 1], "what was rejected is asked for again");
}

#[tokio::test]
async fn a_next_model_that_cannot_be_asked_is_warned_of_and_ends_no_run() {
    let next = Link::new("large", [fails(ModelErrorKind::Unauthorized)], None);
    let first = Link::new("small", [fails(ModelErrorKind::Refused)], Some(&next));
    let (result, told) = ask(&first).await;
    let error = result.unwrap_err();
    assert_eq!(error.kind(), AgentErrorKind::Model(ModelErrorKind::Refused));
    assert!(!error.is_fatal());
    let warning = "warning: fallback-failed: test:large was asked instead and gave no answer: the provider \
        rejected the credentials";
    assert!(told.contains(warning), "{told}");
}

#[tokio::test]
async fn what_ends_the_run_ends_it_whichever_model_meets_it() {
    let next = Link::new("large", [fails(ModelErrorKind::BudgetExhausted)], None);
    let first = Link::new("small", [fails(ModelErrorKind::Refused)], Some(&next));
    let (result, told) = ask(&first).await;
    assert!(result.unwrap_err().is_fatal());
    assert!(!told.contains("warning"), "{told}");
}

#[tokio::test]
async fn what_was_rejected_is_kept_where_the_run_ended_before_the_next_model_was_asked() {
    for kind in [ModelErrorKind::NotSent, ModelErrorKind::BudgetExhausted] {
        let next = Link::new("large", [fails(kind)], None);
        let first = Link::new("small", ["1", "2", "3"], Some(&next));
        let (result, _) = ask(&first).await;
        assert_eq!(result.unwrap_err().kind(), AgentErrorKind::Model(kind));
        assert_eq!(first.disowned(), 0, "{kind:?}: the next session finds it");
    }
}

#[tokio::test]
async fn a_model_that_never_keeps_the_schema_ends_no_run_whose_fallback_does() {
    let next = Link::new("large", [GOOD; 12], None);
    let first = Link::new("small", ["1"; 36], Some(&next));
    let contract = Contract::of::<City>().unwrap();
    let agent = ModelAgent::new(first as _, "Name the capital.", contract);
    for _ in 0..12 {
        let answer: Result<Answer<City>, AgentError> =
            agent.run(&"France".to_owned(), Scope::default()).await;
        answer.unwrap();
    }
}
