//! Hands whole jobs over, and asks what came of them.
//!
//! A job is one invocation of `Job/run`, plain data in and plain data out, under an id that whoever hands it
//! over makes up. So the same id is the same job, and its end is there for whoever asks, as long as the server
//! keeps answers. What a job is, driver and worker say to each other; here it is a value.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::durable::Durable;
use crate::error::{RestateError, RestateErrorKind};
use crate::ingress::{Answer, Lost};
use crate::private::{read_ended, write_job};
use crate::verdict::words;

/// The service that carries out jobs.
pub(crate) const JOB: &str = "Job";

/// Its handler.
pub(crate) const RUN: &str = "run";

/// How an invocation ends of a job that its worker could not open.
pub(crate) const NOT_READ: u16 = 422;

impl Durable {
    /// Hands a job over, to be carried out by a worker that [takes jobs](crate::Worker::jobs). The same again
    /// under the same id does nothing.
    ///
    /// # Errors
    ///
    /// Returns an error if the server is not reached or does not take it.
    pub async fn hand_over(&self, id: &str, job: &Value) -> Result<(), RestateError> {
        let body = write_job(job, id, self.shared.driver.seal.as_ref()).map_err(|why| {
            let words = format!("the job cannot be written: {why}");
            RestateError::new(RestateErrorKind::Private, words)
        })?;
        let path = ["restate", "send", JOB, RUN];
        let sent = self.shared.ingress.post(&path, Some(id), body).await;
        match self.reached(sent)? {
            answer if (200..300).contains(&answer.status) => Ok(()),
            answer => Err(self.not_taken(&answer)),
        }
    }

    /// Returns what came of a job; `None` while it is under way.
    ///
    /// # Errors
    ///
    /// Returns an error if the server is not reached or knows no such job, or no worker takes jobs.
    pub async fn came_of(&self, id: &str) -> Result<Option<Value>, RestateError> {
        let ingress = &self.shared.ingress;
        let question = json!({
            "target": "idempotentInvocation",
            "service": JOB,
            "handler": RUN,
            "idempotencyKey": id,
        });
        let question = Bytes::from(question.to_string());
        let found = ingress.post(&["restate", "lookup"], None, question).await;
        let found: Value = serde_json::from_slice(&self.reached(found)?.body).unwrap_or_default();
        let Some(invocation) = found["invocationId"].as_str() else {
            return Err(self.unknown(id));
        };
        let output = ingress.get(&["restate", "output", invocation]).await;
        let output = self.reached(output)?;
        match output.status {
            470 => Ok(None),
            200 => {
                let ended = read_ended(&output.body, self.shared.driver.seal.as_ref(), id);
                ended.map(Some).map_err(|unread| {
                    let words = format!("what came of job {id} cannot be read: {unread}");
                    RestateError::new(unread.kind(), words)
                })
            }
            NOT_READ => {
                let words = format!("the job is not carried out: {}", words(&output));
                Err(RestateError::new(RestateErrorKind::Private, words))
            }
            404 if output.is_servers_own => Err(self.unknown(id)),
            _ => Err(self.not_taken(&output)),
        }
    }

    fn reached(&self, sent: Result<Answer, Lost>) -> Result<Answer, RestateError> {
        let answer = sent.map_err(|lost| lost.error("no Restate server answers"))?;
        match (answer.status, answer.is_servers_own) {
            (401 | 403, true) => {
                let place = self.shared.ingress.place();
                let words = format!("the Restate server at {place} wants a token, or another one");
                Err(RestateError::new(RestateErrorKind::Unauthorized, words))
            }
            _ => Ok(answer),
        }
    }

    fn unknown(&self, id: &str) -> RestateError {
        let place = self.shared.ingress.place();
        let words = format!("the Restate server at {place} knows no job {id}");
        RestateError::new(RestateErrorKind::UnknownJob, words)
    }

    fn not_taken(&self, answer: &Answer) -> RestateError {
        let (place, said) = (self.shared.ingress.place(), words(answer));
        let words = format!("the job is not carried out by the workers of {place}: {said}");
        RestateError::new(RestateErrorKind::NotTaken, words)
    }
}
