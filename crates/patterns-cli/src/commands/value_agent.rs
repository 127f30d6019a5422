//! The map agent for answers of the user's own shape, which asks again what it missed if it is to.

use std::sync::Arc;

use patterns_core::{Agent, Document};
use patterns_parallel::map_reduce::{Glean, document_agent, judging_agent};
use serde_json::Value;

use super::section::unusable;
use crate::error::{Error, ErrorKind};
use crate::input::contract;
use crate::job::{GleanWork, MapReduceWork};
use crate::session::Session;

/// Makes the agent.
///
/// # Errors
///
/// Returns an error if the model cannot say what it missed.
pub(super) fn value_agent(
    session: &Session,
    work: &MapReduceWork,
    schema: &Value,
) -> Result<Arc<dyn Agent<Document, Value>>, Error> {
    if let Some(glean) = &work.glean {
        return Ok(Arc::new(gleaning(session, work, glean, schema)?));
    }
    let options = session.agent_options(work.map_instructions.as_deref());
    let model = Arc::clone(&session.connected.models[0]);
    let contract = contract(schema).map_err(unusable)?;
    Ok(Arc::new(document_agent(model, contract, &options)))
}

fn gleaning(
    session: &Session,
    work: &MapReduceWork,
    glean: &GleanWork,
    schema: &Value,
) -> Result<Glean, Error> {
    if session.connected.notice.is_some() {
        let message =
            "--glean asks what was missed, which needs a model; the offline one only quotes";
        return Err(Error::new(ErrorKind::Model, message).help(
            "set OPENAI_API_KEY, start Ollama, or pass --model with any OpenAI-compatible server",
        ));
    }
    let options = session.agent_options(work.map_instructions.as_deref());
    let model = Arc::clone(&session.connected.models[0]);
    let agent = Glean::with_model(model, schema, &options);
    let agent = agent.map_err(|error| Error::new(ErrorKind::BadSchema, error.to_string()))?;
    let agent = agent.rounds(glean.rounds);
    match session.connected.models.get(1).filter(|_| glean.is_judged) {
        None => Ok(agent),
        Some(judge) => {
            let judge = judging_agent(Arc::clone(judge), &options).map_err(unusable)?;
            Ok(agent.judge(Arc::new(judge)))
        }
    }
}
