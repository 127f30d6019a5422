//! Which models take part in a run, and as what.

use crate::job::{Job, VoteJob};
use crate::job_error::JobError;

/// The models of a run by the names that they have in the job, each once, the one that answers first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ModelRoles {
    /// The names; none where the job names no model.
    pub names: Vec<String>,
    /// Those that are asked instead of others.
    pub fallback: Vec<String>,
}

impl ModelRoles {
    /// Finds the models of a job.
    ///
    /// # Errors
    ///
    /// Returns an error if it is not said who answers, which would make it whoever has another part.
    pub fn of(job: &Job) -> Result<Self, JobError> {
        let name = &job.model().name;
        let mut roles = Self::default();
        match job {
            Job::Section(job) => {
                roles.add(name);
                for nested in job.nested() {
                    let own = &nested.model().name;
                    needs_name("sections.job.model.name", own, name.is_some())?;
                    let mut nested = nested.clone();
                    nested.model_mut().name = own.clone().or_else(|| name.clone());
                    let of_nested = Self::of(&nested)?;
                    let all = of_nested.names.into_iter();
                    all.for_each(|it| roles.add(&Some(it)));
                }
            }
            Job::MapReduce(job) => {
                let parts = &job.models;
                let is_said = name.is_some() || (parts.map.is_some() && parts.reduce.is_some());
                needs_name("models.map", &parts.map, is_said)?;
                needs_name("models.reduce", &parts.reduce, is_said)?;
                roles.add(name);
                roles.add(&parts.map);
                roles.add(&parts.reduce);
            }
            Job::Vote(job) => roles.add_voters(job)?,
        }
        let fallback = &job.model().fallback;
        let is_said = name.is_some() || !roles.names.is_empty();
        needs_name("model.fallback", &fallback.first().cloned(), is_said)?;
        roles.fallback.clone_from(fallback);
        Ok(roles)
    }

    /// Returns the names of all of them, each once.
    pub fn all(&self) -> impl Iterator<Item = &String> {
        let others = self.fallback.iter();
        let others = others.filter(|it| !self.names.contains(it));
        self.names.iter().chain(others)
    }

    fn add_voters(&mut self, job: &VoteJob) -> Result<(), JobError> {
        let name = &job.model.name;
        let own = job.voters.iter().filter(|it| it.model.is_some()).count();
        if name.is_none() && own > 0 && own < job.voters.len() {
            let message = "some voters have no model of their own";
            let help = "name one for them: `model.name`";
            return Err(JobError::of_key("voters", message).help(help));
        }
        // Nobody needs the model of all where each voter has its own.
        if own < job.voters.len() || own == 0 {
            self.add(name);
        }
        for voter in &job.voters {
            self.add(&voter.model);
        }
        let is_said = !self.names.is_empty();
        needs_name("models.judge", &job.models.judge, is_said)?;
        needs_name("models.escalate", &job.models.escalate, is_said)?;
        self.add(&job.models.judge);
        self.add(&job.models.escalate);
        Ok(())
    }

    fn add(&mut self, name: &Option<String>) {
        if let Some(name) = name.as_ref().filter(|it| !self.names.contains(it)) {
            self.names.push(name.clone());
        }
    }
}

fn needs_name(key: &str, model: &Option<String>, is_said: bool) -> Result<(), JobError> {
    if model.is_none() || is_said {
        return Ok(());
    }
    let message = format!("`{key}` needs `model.name`, to say who answers");
    Err(JobError::of_key(key, message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::JobFormat;

    fn names(text: &str) -> Result<Vec<String>, String> {
        let job = Job::read(text, JobFormat::Toml).unwrap();
        let roles = ModelRoles::of(&job);
        roles.map(|it| it.names).map_err(|it| it.to_string())
    }

    #[test]
    fn each_model_is_there_once_and_the_one_that_votes_first() {
        let vote = |rest: &str| {
            names(&format!(
                "pattern = 'vote'\nquestion = '?'\nrule = 'best-of'\n{rest}"
            ))
        };
        let model = "[model]\nname = 'a'\n";
        let judge = "[models]\njudge = 'b'\n";
        let voters = "[[voters]]\nmodel = 'c'\n[[voters]]\nname = 'd'\nmodel = 'b'\n";
        assert_eq!(vote("").unwrap(), [""; 0]);
        assert_eq!(vote(&format!("{model}{judge}")).unwrap(), ["a", "b"]);
        assert_eq!(
            vote(&format!("{model}{judge}{voters}")).unwrap(),
            ["c", "b"]
        );
        assert_eq!(vote(&format!("{judge}{voters}")).unwrap(), ["c", "b"]);
        assert!(vote(judge).is_err());
        assert!(vote(&format!("{voters}[[voters]]\nname = 'x'")).is_err());
    }
}
