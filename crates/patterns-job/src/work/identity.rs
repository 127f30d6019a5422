//! Digests what a run is for. A run with the same digest goes on where the last one stopped.
//!
//! How a run is carried out (how fast, with which budget, where its result goes) is no part of it, so
//! that it can be gone on with in another way. Files count by what is in them; documents, which may
//! come and go between sessions, by what names them. The documents of a section that is a map-reduce are
//! material like any other: they count by what is in them, too.

use blake3::Hasher;
use serde::Serialize;

use super::{MapReduceWork, ModelRoles, SectionWork, VoteWork};
use crate::input::{Corpus, Reader};
use crate::job::{Choice, InputPart, Job, MapReduceJob, ModelPart, Reduce};
use crate::job_error::JobError;
use crate::setup::Settings;

impl SectionWork {
    /// Returns a digest of what the run is for.
    pub fn identity(&self, roles: &ModelRoles, settings: &Settings) -> [u8; 32] {
        let job = &self.job;
        let work = (&self.topic, &job.sections, &self.outline, job.planned());
        let ways = (job.gate, &job.grow, job.synthesis, job.consistency);
        let material = (&self.context, job.context_tokens, &self.schema);
        let all = (work, ways, job.outline_only, material);
        let reader = self.reader.quiet();
        let nested: Vec<String> = job.nested().map(|it| material_of(it, &reader)).collect();
        // Runs without such sections keep the digest that older versions gave them.
        match nested.is_empty() {
            true => digest("section", roles, &job.model, settings, &all),
            false => digest("section", roles, &job.model, settings, &(all, nested)),
        }
    }
}

/// Returns a digest of what the files of a section's own job have in them. What cannot be read counts by why:
/// where that is all of it, the run does not begin.
fn material_of(job: &Job, reader: &Reader) -> String {
    let mut hasher = Hasher::new();
    let read = match job {
        Job::Vote(job) => VoteWork::read(job.as_ref().clone(), reader).map(|work| {
            add(&mut hasher, &(&work.context, &work.ballot));
        }),
        Job::MapReduce(job) => add_documents(&mut hasher, job, reader),
        Job::Section(_) => Ok(()),
    };
    if let Err(error) = read {
        add(&mut hasher, &error.to_string());
    }
    hasher.finalize().to_string()
}

fn add_documents(hasher: &mut Hasher, job: &MapReduceJob, reader: &Reader) -> Result<(), JobError> {
    let work = MapReduceWork::read(job.clone())?;
    add(hasher, &(&work.map_schema, &work.reduce_schema));
    let corpus = Corpus::open(&job.inputs, &job.source, Choice::All, None, reader)?;
    for document in corpus.each() {
        match document {
            Ok(it) => add(hasher, &it.document),
            Err(error) => add(hasher, &error.to_string()),
        }
    }
    Ok(())
}

/// A hasher takes everything, and plain data always has a written form.
fn add(hasher: &mut Hasher, it: &impl Serialize) {
    let _ = serde_json::to_writer(hasher, it);
}

impl VoteWork {
    /// Returns a digest of what the run is for. How voters are asked is no part of it.
    pub fn identity(&self, roles: &ModelRoles, settings: &Settings) -> [u8; 32] {
        let job = &self.job;
        let voters = (job.votes, &job.voters, &job.models);
        let counting = (&job.rule, &job.policy, job.tie(), job.quorum);
        // Where all fields have the rules that they have unless others are named, none is named.
        let fields = job.ballot.as_ref().map(|it| match it.fields.is_empty() {
            true if it.by_field => vec!["by field"],
            _ => it.fields.iter().map(String::as_str).collect(),
        });
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
    add(&mut hasher, &all);
    *hasher.finalize().as_bytes()
}
