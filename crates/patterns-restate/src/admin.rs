//! Looks after a server: registers workers, and limits how many calls are made at once.

use std::collections::HashMap;

use bytes::Bytes;
use reqwest::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::client::place;
use crate::error::{RestateError, RestateErrorKind};
use crate::ingress::{Answer, Ingress};
use crate::server::Server;
use crate::verdict::words;

/// The version of a worker, as it stands in the address by which the server knows it.
pub(crate) const VERSION: &str = concat!("v", env!("CARGO_PKG_VERSION"));

/// Where a server is looked after.
#[derive(Debug)]
pub struct Admin(Ingress);

impl Admin {
    /// Sets up a connection; nothing is sent yet.
    ///
    /// # Errors
    ///
    /// Returns an error if the HTTP client cannot be set up.
    pub fn connect(server: Server) -> Result<Self, RestateError> {
        Ingress::new(server, 1).map(Self)
    }

    /// Registers a worker at the address where the server finds it, and returns the id of the deployment.
    ///
    /// The version of this library is put behind the address, so that another version is another deployment:
    /// new calls go to the one that was registered last, and calls under way stay with theirs. One that comes back
    /// is registered anew, or calls would wait for whoever came after it and may be gone.
    ///
    /// # Errors
    ///
    /// Returns an error if the server is not reached, wants another token, or does not reach the worker.
    pub async fn register(&self, worker: &str) -> Result<String, RestateError> {
        let uri = format!("{}/{VERSION}", worker.trim_end_matches('/'));
        let worker = json!({"uri": uri, "force": true});
        let answer = self
            .send(Method::POST, &["deployments"], Some(&worker))
            .await?;
        let found: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        match (answer.status, found["id"].as_str()) {
            (200..300, Some(id)) => Ok(id.to_owned()),
            _ => Err(self.refused(&answer, &format!("does not take the worker at {uri}"))),
        }
    }

    /// Returns whether the server has lanes: scopes, whose calls can be limited.
    ///
    /// # Errors
    ///
    /// Returns an error if the server is not reached, or wants another token.
    pub async fn has_lanes(&self) -> Result<bool, RestateError> {
        let answer = self.send(Method::GET, &["version"], None).await?;
        let version: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        match answer.status {
            200..300 => Ok(version["features"]["vqueues"] == true),
            _ => Err(self.refused(&answer, "does not say what it is")),
        }
    }

    /// Returns how many calls of each lane are made at once over all workers, as far as the server limits it.
    ///
    /// # Errors
    ///
    /// Returns an error if the server does not say so.
    pub async fn limits(&self) -> Result<HashMap<String, u32>, RestateError> {
        #[derive(Deserialize)]
        struct Rule {
            pattern: String,
            concurrency: Option<u32>,
        }
        let question = "SELECT pattern, concurrency FROM sys_rules WHERE NOT disabled";
        let rules: Vec<Rule> = rows(&self.0, question).await.map_err(|why| {
            let words = format!("the Restate server does not say what it limits: {why}");
            RestateError::new(RestateErrorKind::Unreachable, words)
        })?;
        let limits = rules
            .into_iter()
            .filter_map(|it| Some((it.pattern, it.concurrency?)));
        Ok(limits.collect())
    }

    /// Limits how many calls of a lane are made at once over all workers.
    ///
    /// # Errors
    ///
    /// Returns an error if the server is not reached, wants another token, or has no lanes.
    pub async fn limit(&self, lane: &str, calls: u32) -> Result<(), RestateError> {
        let rules = json!([{
            "pattern": lane,
            "limits": {"concurrency": calls},
            "description": "set by a patterns worker",
        }]);
        let answer = self
            .send(Method::PUT, &["limits", "rules"], Some(&rules))
            .await?;
        match answer.status {
            200..300 => Ok(()),
            _ => Err(self.refused(&answer, &format!("does not limit the lane `{lane}`"))),
        }
    }

    async fn send(
        &self,
        method: Method,
        path: &[&str],
        body: Option<&Value>,
    ) -> Result<Answer, RestateError> {
        let body = body.map(|it| Bytes::from(it.to_string()));
        let sent = self.0.admin(method, path, body).await;
        sent.map_err(|lost| lost.error("the Restate server is not reached"))
    }

    fn refused(&self, answer: &Answer, what: &str) -> RestateError {
        let place = place(&self.0.server.admin);
        let kind = match answer.status {
            401 | 403 => RestateErrorKind::Unauthorized,
            _ => RestateErrorKind::NotRegistered,
        };
        let said = words(answer);
        RestateError::new(
            kind,
            format!("the Restate server at {place} {what}: {said}"),
        )
    }
}

/// Asks, in SQL, how things stand at the server.
pub(crate) async fn rows<R: DeserializeOwned>(
    ingress: &Ingress,
    question: &str,
) -> Result<Vec<R>, String> {
    #[derive(Deserialize)]
    struct Rows<R> {
        rows: Vec<R>,
    }
    let body = Bytes::from(json!({"query": question}).to_string());
    let answer = ingress.admin(Method::POST, &["query"], Some(body)).await;
    let answer = answer.map_err(|lost| lost.why)?;
    match (
        answer.status,
        serde_json::from_slice::<Rows<R>>(&answer.body),
    ) {
        (200, Ok(found)) => Ok(found.rows),
        _ => Err(words(&answer)),
    }
}
