//! A model that answers from a script.
use patterns_core::*;
use std::collections::VecDeque;
use std::sync::Mutex;
/// Answers from a script.
#[derive(Debug)]
pub struct ScriptedModel {
    id: ModelId,
    script: Mutex<VecDeque<String>>,
}
impl ScriptedModel {
    /// Makes one.
    pub fn new<T: Into<String>>(script: impl IntoIterator<Item = T>) -> Self {
        Self {
            id: ModelId::new("scripted", ""),
            script: Mutex::new(script.into_iter().map(Into::into).collect()),
        }
    }
}
impl Model for ScriptedModel {
    fn id(&self) -> &ModelId {
        &self.id
    }
    fn generate<'a>(&'a self, _: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        let text = self.script.lock().unwrap().pop_front();
        Box::pin(async move {
            text.map(|t| Response::new("scripted", t))
                .ok_or_else(|| ModelError::new(ModelErrorKind::InvalidRequest))
        })
    }
}
