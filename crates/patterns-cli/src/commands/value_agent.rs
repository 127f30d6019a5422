//! The map agent for answers of the user's own shape, which asks again what it missed if it is to.

use std::sync::Arc;

use std::num::NonZeroU32;

use patterns_core::{Agent, Contract, Document};
use patterns_job::MapReduceWork;
use patterns_parallel::map_reduce::{Glean, document_agent, judging_agent};
use serde_json::Value;

use super::unusable;
use crate::error::{Error, ErrorKind};
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
    if let Some(rounds) = work.job.map.glean {
        return Ok(Arc::new(gleaning(session, work, rounds, schema)?));
    }
    let options = session.agent_options(work.job.map.instructions.as_deref());
    let model = Arc::clone(session.connected.first());
    let contract = Contract::from_schema(schema.clone()).map_err(unusable)?;
    Ok(Arc::new(document_agent(model, contract, &options)))
}

fn gleaning(
    session: &Session,
    work: &MapReduceWork,
    rounds: NonZeroU32,
    schema: &Value,
) -> Result<Glean, Error> {
    if session.connected.notice.is_some() {
        let message =
            "--glean asks what was missed, which needs a model; the offline one only quotes";
        return Err(Error::new(ErrorKind::Model, message).help(
            "set OPENAI_API_KEY, start Ollama, or pass --model with any OpenAI-compatible server",
        ));
    }
    let options = session.agent_options(work.job.map.instructions.as_deref());
    let model = Arc::clone(session.connected.first());
    let agent = Glean::with_model(model, schema, &options);
    let agent = agent.map_err(|error| Error::new(ErrorKind::BadSchema, error.to_string()))?;
    let agent = agent.rounds(rounds.get());
    match &work.job.models.judge {
        None => Ok(agent),
        Some(judge) => {
            let judge = Arc::clone(session.connected.model(Some(judge)));
            let judge = judging_agent(judge, &options).map_err(unusable)?;
            Ok(agent.judge(Arc::new(judge)))
        }
    }
}
