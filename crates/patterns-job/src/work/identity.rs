//! Digests what a run is for. A run with the same digest goes on where the last one stopped.
//!
//! How a run is carried out (how fast, with which budget, where its result goes) is no part of it, so
//! that it can be gone on with in another way. Files count by what is in them; documents, which may
//! come and go between sessions, by what names them.

use blake3::Hasher;
use serde::Serialize;

use super::{MapReduceWork, ModelRoles, SectionWork, Settings, VoteWork};
use crate::job::{InputPart, ModelPart, Reduce};

impl SectionWork {
    /// Returns a digest of what the run is for.
    pub fn identity(&self, roles: &ModelRoles, settings: &Settings) -> [u8; 32] {
        let job = &self.job;
        let work = (&self.topic, &job.sections, &self.outline, job.planned());
        let ways = (job.gate, &job.grow, job.synthesis, job.consistency);
        let material = (&self.context, job.context_tokens, &self.schema);
        let all = (work, ways, job.outline_only, material);
        digest("section", roles, &job.model, settings, &all)
    }
}

impl VoteWork {
    /// Returns a digest of what the run is for. How voters are asked is no part of it.
    pub fn identity(&self, roles: &ModelRoles, settings: &Settings) -> [u8; 32] {
        let job = &self.job;
        let voters = (job.votes, &job.voters, &job.models);
        let counting = (&job.rule, &job.policy, job.tie(), job.quorum);
        let fields = job.ballot.as_ref().map(|it| &it.fields);
        let asked = (
            &self.questions,
            &job.options,
            &self.context,
            &self.ballot,
            fields,
        );
        let all = (asked, voters, counting);
        // Without examples the digest is the one that older versions gave it.
        match &self.examples {
            None => digest("vote", roles, &job.model, settings, &all),
            Some(told) => digest("vote", roles, &job.model, settings, &(all, told)),
        }
    }
}

impl MapReduceWork {
    /// Returns a digest of what the run is for.
    pub fn identity(&self, roles: &ModelRoles, settings: &Settings) -> [u8; 32] {
        let job = &self.job;
        let mut source = job.source.clone();
        (source.strict, source.max_document_size) = (false, None);
        let mut reduce = job.reduce.clone();
        if let Reduce::Agent(agent) = &mut reduce {
            agent.schema = None;
        }
        let schemas = (&self.map_schema, &self.reduce_schema);
        let map = (&self.told, job.map.glean, &job.models);
        let work = (&job.inputs, source, map, reduce, schemas);
        // Runs of all documents keep the digest that older versions gave them.
        match job.input == InputPart::default() {
            true => digest("map-reduce", roles, &job.model, settings, &work),
            false => digest(
                "map-reduce",
                roles,
                &job.model,
                settings,
                &(work, &job.input),
            ),
        }
    }
}

fn digest(
    pattern: &str,
    roles: &ModelRoles,
    model: &ModelPart,
    settings: &Settings,
    work: &impl Serialize,
) -> [u8; 32] {
    let mut hasher = Hasher::new_derive_key("patterns 2026-11-27 run identity v2");
    let told = (settings.sampling, &settings.instructions);
    let all = (pattern, &roles.names, &model.base_url, told, work);
    // A hasher takes everything, and plain data always has a written form.
    let _ = serde_json::to_writer(&mut hasher, &all);
    *hasher.finalize().as_bytes()
}
