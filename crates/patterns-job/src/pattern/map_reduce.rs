//! Makes a map-reduce of its job: the agent that reads documents, and the reduce.

use std::num::NonZeroU32;
use std::sync::Arc;

use patterns_core::{Agent, Contract, Document, Model};
use patterns_llm::token_counter;
use patterns_parallel::map_reduce::{
    Combine, DocumentSummary, Reduction, Table, document_agent, reduce_agent, summary_agent,
};
use patterns_parallel::{AgentOptions, MapReduce};
use serde_json::Value;

use crate::input::{Corpus, room};
use crate::job::{AgentReduce, StatementsReduce};
use crate::job_error::{JobError, JobErrorKind, unusable};
use crate::models::Models;
use crate::pattern::glean::Glean;
use crate::pattern::reduce_budget::ReduceBudget;
use crate::pattern::statements::{Statements, combined_statements, statement_agent};
use crate::setup::Setup;
use crate::work::{CodeWork, MapReduceWork, value_schema};

/// The agent that reads a document.
pub type ReadBy<M> = Arc<dyn Agent<Document, M>>;

impl MapReduceWork {
    /// Prepares documents for the model that reads them: they are cut by its tokens, if its tokenizer is known,
    /// and so is what does not fit into it, if it is known how much it reads.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be sent any of them.
    pub fn prepare(&self, corpus: &mut Corpus, models: &Models) -> Result<(), JobError> {
        let name = self.job.models.map.as_deref();
        let room = models.window(name).map(|window| {
            let answer = self.job.model.max_output_tokens.map(Into::into);
            let told = [&self.job.model.instructions, &self.told];
            let told = told.into_iter().flatten().map(String::len).sum::<usize>();
            let schema = self.map_schema.as_ref().map(|it| it.to_string().len());
            room(window, answer, told + schema.unwrap_or_default())
        });
        corpus.asked_of(models.of(name).id(), room)
    }

    /// Returns who reads documents, and with which options.
    fn asked_to_read(&self, setup: &Setup) -> (Arc<dyn Model>, AgentOptions) {
        let model = setup.models.of(self.job.models.map.as_deref());
        (Arc::clone(model), setup.agent_options(self.told.as_deref()))
    }

    /// Returns the agent that summarises a document.
    pub fn summarising(&self, setup: &Setup) -> ReadBy<DocumentSummary> {
        let (model, options) = self.asked_to_read(setup);
        Arc::new(summary_agent(model, &options))
    }

    /// Returns the agent whose answers have the user's own shape, and which asks again what it missed
    /// if it is to.
    ///
    /// # Errors
    ///
    /// Returns an error if the model cannot say what it missed.
    pub fn answering(&self, schema: &Value, setup: &Setup) -> Result<ReadBy<Value>, JobError> {
        if let Some(rounds) = self.job.map.glean {
            return Ok(Arc::new(self.gleaning(rounds, schema, setup)?));
        }
        let (model, options) = self.asked_to_read(setup);
        let contract = Contract::from_schema(schema.clone()).map_err(unusable)?;
        Ok(Arc::new(document_agent(model, contract, &options)))
    }

    fn gleaning(
        &self,
        rounds: NonZeroU32,
        schema: &Value,
        setup: &Setup,
    ) -> Result<Glean, JobError> {
        if setup.models.only_quote() {
            let message = "`map.glean` asks what was missed, which needs a model; the offline one only quotes";
            return Err(JobError::new(JobErrorKind::Model, message));
        }
        let (model, options) = self.asked_to_read(setup);
        let agent = Glean::with_model(model, schema, &options);
        let agent = agent.map_err(|it| JobError::new(JobErrorKind::BadSchema, it.to_string()))?;
        Ok(agent.rounds(rounds.get()))
    }

    /// Returns the pattern whose answers are the result, one by one.
    pub fn rows<M>(&self, map: ReadBy<M>, corpus: &Corpus) -> MapReduce<M, ()>
    where
        M: Send + Sync + 'static,
    {
        cut(MapReduce::rows(map), corpus)
    }

    /// Returns the pattern whose answers code reduces to a table.
    pub fn table<M>(
        &self,
        map: ReadBy<M>,
        code: &CodeWork,
        (corpus, setup): (&Corpus, &Setup),
    ) -> MapReduce<M, Table>
    where
        M: serde::Serialize + Send + Sync + 'static,
    {
        let mut table = code.reduce.clone();
        if code.resolve_keys {
            let model = setup.models.of(self.job.models.reduce.as_deref());
            table = table.resolve_keys(Arc::clone(model), &setup.agent_options(None));
        }
        cut(MapReduce::new(map, table), corpus)
    }

    /// Returns the pattern that combines summaries.
    pub fn summaries(
        &self,
        agent: &AgentReduce,
        (corpus, setup): (&Corpus, &Setup),
    ) -> MapReduce<DocumentSummary, Reduction> {
        let model = setup.models.of(self.job.models.reduce.as_deref());
        let options = setup.agent_options(agent.instructions.as_deref());
        let combine = Combine::summaries(Arc::clone(model), &options);
        let combine = self.grouped(combine, setup);
        cut(MapReduce::new(self.summarising(setup), combine), corpus)
    }

    /// Returns the pattern that combines answers of the user's own shape, on at least one side.
    ///
    /// # Errors
    ///
    /// Returns an error if a contract cannot be made.
    pub fn values(
        &self,
        agent: &AgentReduce,
        (corpus, setup): (&Corpus, &Setup),
    ) -> Result<MapReduce<Value, Value>, JobError> {
        let map_schema = value_schema(self.map_schema.as_ref(), "document_summary", "summary");
        let map = self.answering(&map_schema, setup)?;
        let schema = value_schema(self.reduce_schema.as_ref(), "reduction", "combined_summary");
        let contract = Contract::from_schema(schema).map_err(unusable)?;
        let model = setup.models.of(self.job.models.reduce.as_deref());
        let options = setup.agent_options(agent.instructions.as_deref());
        let by = reduce_agent::<Value, Value>(Arc::clone(model), contract, &options);
        let mut combine = Combine::by(by);
        if self.map_schema == self.reduce_schema && agent.instructions.is_none() {
            combine = combine.alone(Value::clone);
        }
        let combine = self.grouped(combine, setup);
        Ok(cut(MapReduce::new(map, combine), corpus))
    }

    /// Returns the pattern that combines statements.
    ///
    /// # Errors
    ///
    /// Returns an error if a contract cannot be made.
    pub fn statements(
        &self,
        reduce: &StatementsReduce,
        (corpus, setup): (&Corpus, &Setup),
    ) -> Result<MapReduce<Statements, Statements>, JobError> {
        let (model, options) = self.asked_to_read(setup);
        let map = statement_agent(Arc::clone(&model), &options, reduce.unsupported);
        let map = map.map_err(unusable)?;
        let options = setup.agent_options(reduce.instructions.as_deref());
        let combine = combined_statements(model, &options, reduce.unsupported);
        let combine = self.grouped(combine.map_err(unusable)?, setup);
        Ok(cut(MapReduce::new(map, combine), corpus))
    }

    /// Returns how many tokens of answers a call combines, if calls combine any.
    pub(crate) fn reduce_budget(&self, models: &Models) -> Option<ReduceBudget> {
        let calls = self.job.reduce.calls()?;
        if let Some(tokens) = calls.tokens {
            return Some(ReduceBudget::set(tokens.get()));
        }
        let answer = self.job.model.max_output_tokens.map(Into::into);
        let told = [calls.told, self.job.model.instructions.as_deref()];
        let told: usize = told.into_iter().flatten().map(str::len).sum();
        let schema = self.reduce_schema.as_ref().map(|it| it.to_string().len());
        let window = models.window(self.job.models.reduce.as_deref());
        let told = told + schema.unwrap_or_default();
        Some(ReduceBudget::of_window(window, answer, told))
    }

    fn grouped<M, R>(&self, mut combine: Combine<M, R>, setup: &Setup) -> Combine<M, R> {
        if let Some(calls) = self.job.reduce.calls() {
            combine = combine.topology(calls.topology);
            if let Some(mean) = calls.fan_in {
                combine = combine.fan_in(mean.get());
            }
        }
        if let Some(budget) = self.reduce_budget(&setup.models) {
            combine = combine.tokens(budget.tokens);
        }
        let model = setup.models.of(self.job.models.reduce.as_deref());
        match token_counter(model.id()) {
            Some(counter) => combine.counted_by(counter),
            None => combine,
        }
    }
}

fn cut<M, R>(pattern: MapReduce<M, R>, corpus: &Corpus) -> MapReduce<M, R> {
    match corpus.splitter() {
        Some(splitter) => pattern.split(splitter),
        None => pattern,
    }
}
