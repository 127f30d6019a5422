//! Mocks of the two seams, made by mockall: expectations on calls, answers by closure.
//!
//! mockall cannot mock a method that returns a borrowing future, so what is mocked is the
//! synchronous answer, `expect_answer`, and the trait is a thin shell around it.

use std::future::ready;

use mockall::mock;
use patterns_core::{
    Agent, AgentError, Answer, BoxFuture, Model, ModelError, ModelId, Request, Response, Scope,
};

mock! {
    /// A mock of [`Model`]; set expectations with `expect_answer` and `expect_id_ref`.
    #[derive(Debug)]
    pub Model {
        /// Answers one request.
        pub fn answer(&self, request: &Request) -> Result<Response, ModelError>;
        /// Returns the model's name.
        pub fn id_ref(&self) -> &ModelId;
    }
}

impl Model for MockModel {
    fn id(&self) -> &ModelId {
        self.id_ref()
    }

    fn generate<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(ready(self.answer(request)))
    }
}

mock! {
    /// A mock of [`Agent`]; set expectations with `expect_answer`.
    #[derive(Debug)]
    pub Agent<I: Send + Sync + 'static, O: Send + Sync + 'static> {
        /// Carries out the step.
        pub fn answer(&self, input: &I, scope: Scope) -> Result<Answer<O>, AgentError>;
    }
}

impl<I: Send + Sync + 'static, O: Send + Sync + 'static> Agent<I, O> for MockAgent<I, O> {
    fn run<'a>(
        &'a self,
        input: &'a I,
        scope: Scope,
    ) -> BoxFuture<'a, Result<Answer<O>, AgentError>> {
        Box::pin(ready(self.answer(input, scope)))
    }
}
