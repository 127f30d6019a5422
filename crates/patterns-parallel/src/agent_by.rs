//! An agent with a contract that depends on what it is asked: on the options of a question, on how many
//! sections are wanted.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use patterns_core::{
    Agent, AgentError, Answer, BoxFuture, Contract, ContractError, Model, ModelAgent, Prompt, Scope,
};
use serde::de::DeserializeOwned;

use crate::AgentOptions;

/// Contracts that are kept: those of what is asked at once, and more.
const MOST_KEPT: usize = 1024;

/// An agent with a contract for each key of what it is asked. Contracts are made once and kept, as it takes
/// much longer to make one than to ask.
pub(crate) struct AgentBy<I, O, K, F> {
    model: Arc<dyn Model>,
    options: AgentOptions,
    instructions: &'static str,
    key: fn(&I) -> K,
    contract: F,
    agents: Mutex<HashMap<K, Arc<ModelAgent<I, O>>>>,
}

impl<I, O, K, F> AgentBy<I, O, K, F>
where
    K: Eq + Hash,
    F: Fn(&K) -> Result<Contract<O>, ContractError>,
    Prompt: for<'a> From<&'a I>,
{
    /// Makes it of a model, the pattern's own instructions, and the contract for a key.
    pub(crate) fn new(
        model: Arc<dyn Model>,
        options: &AgentOptions,
        instructions: &'static str,
        key: fn(&I) -> K,
        contract: F,
    ) -> Self {
        Self {
            model,
            options: options.clone(),
            instructions,
            key,
            contract,
            agents: Mutex::default(),
        }
    }

    fn agent(&self, key: K) -> Result<Arc<ModelAgent<I, O>>, ContractError> {
        let mut agents = self.agents.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(agent) = agents.get(&key) {
            return Ok(Arc::clone(agent));
        }
        let contract = (self.contract)(&key)?;
        let model = Arc::clone(&self.model);
        let agent = Arc::new(self.options.agent(model, self.instructions, contract));
        if agents.len() >= MOST_KEPT {
            agents.clear();
        }
        agents.insert(key, Arc::clone(&agent));
        Ok(agent)
    }
}

impl<I, O, K, F> Agent<I, O> for AgentBy<I, O, K, F>
where
    I: Sync,
    O: DeserializeOwned + Send,
    K: Eq + Hash + Send,
    F: Fn(&K) -> Result<Contract<O>, ContractError> + Send + Sync,
    Prompt: for<'a> From<&'a I>,
{
    fn run<'a>(&'a self, it: &'a I, scope: Scope) -> BoxFuture<'a, Result<Answer<O>, AgentError>> {
        Box::pin(async move {
            let agent = self.agent((self.key)(it)).map_err(AgentError::code)?;
            agent.run(it, scope).await
        })
    }
}

#[cfg(test)]
mod tests {
    use patterns_testkit::ScriptedModel;
    use serde_json::{Value, json};

    use super::*;

    #[tokio::test]
    async fn a_contract_is_made_once_for_each_key() {
        let made = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&made);
        let contract = move |length: &usize| {
            noted.lock().unwrap().push(*length);
            Contract::<Value>::from_schema(json!({
                "type": "object",
                "properties": {"letters": {"type": "string", "minLength": length}},
                "required": ["letters"],
            }))
        };
        let model = Arc::new(ScriptedModel::by(|_| json!({"letters": "abc"})));
        let options = AgentOptions::default();
        let agent = AgentBy::new(model.clone(), &options, "Spell.", String::len, contract);
        for text in ["a", "b", "ab", "c"] {
            agent.run(&text.to_owned(), Scope::default()).await.unwrap();
        }
        assert_eq!(*made.lock().unwrap(), [1, 2]);
        let schemas = model.requests();
        let schemas = schemas
            .iter()
            .map(|it| it.schema.as_ref().unwrap().json().get());
        let lengths: Vec<bool> = schemas.map(|it| it.contains("\"minLength\":2")).collect();
        assert_eq!(lengths, [false, false, true, false]);
    }
}
