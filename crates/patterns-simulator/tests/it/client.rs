//! A client of the simulator, and a way to run both in one task.

use patterns_simulator::{Simulator, SimulatorBuilder};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

/// Runs `work` against a simulator that is served meanwhile.
pub(crate) async fn with<T>(builder: SimulatorBuilder, work: impl AsyncFnOnce(Caller) -> T) -> T {
    let simulator = builder.bind().await.unwrap();
    let caller = Caller {
        client: client(),
        simulator: simulator.clone(),
    };
    tokio::select! {
        never = simulator.serve() => match never {},
        done = work(caller) => done,
    }
}

/// Makes an HTTP client. It never speaks TLS, but wants to know by which cryptography it would.
pub(crate) fn client() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().build().unwrap()
}

/// A client.
#[derive(Clone)]
pub(crate) struct Caller {
    pub(crate) client: Client,
    pub(crate) simulator: Simulator,
}

impl Caller {
    /// Posts a body as it is, and returns the status and the body of the reply.
    pub(crate) async fn post(&self, key: Option<&str>, body: String) -> (StatusCode, Value) {
        let url = format!("{}/chat/completions", self.simulator.base_url());
        let mut request = self.client.post(url).body(body);
        if let Some(key) = key {
            request = request.header("x-call-key", key);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "application/json");
        (response.status(), response.json().await.unwrap())
    }

    /// Returns the content of the answer to a request.
    pub(crate) async fn ask(&self, key: Option<&str>, request: &Value) -> String {
        let (status, body) = self.post(key, request.to_string()).await;
        assert_eq!(status, 200, "{body}");
        let content = body["choices"][0]["message"]["content"].as_str();
        content.unwrap().to_owned()
    }

    /// Gets a path below the root.
    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Value) {
        let url = format!("http://{}{path}", self.simulator.local_addr());
        let response = self.client.get(url).send().await.unwrap();
        (response.status(), response.json().await.unwrap())
    }
}

/// Makes a request for free text.
pub(crate) fn question(text: &str) -> Value {
    json!({"model": "sim", "messages": [{"role": "user", "content": text}]})
}

/// Makes a request for an instance of a schema.
pub(crate) fn question_with(schema: &Value) -> Value {
    let mut request = question("Answer.");
    request["response_format"] = json!({
        "type": "json_schema",
        "json_schema": {"name": "answer", "strict": true, "schema": schema}
    });
    request
}
