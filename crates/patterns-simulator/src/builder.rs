//! What a simulator is like, before it listens.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;

use tokio::net::TcpListener;

use super::answer::Answerer;
use super::faults::Faults;
use super::latency::Latency;
use super::ledger::Recorder;
use super::memory::InMemory;
use super::provider::Provider;
use super::scenario::Scenario;
use super::server::Simulator;

/// Describes a [`Simulator`].
#[derive(Clone, Debug)]
#[must_use]
pub struct SimulatorBuilder {
    seed: u64,
    latency: Latency,
    model: String,
    port: u16,
    record_entries: bool,
    scenario: Scenario,
}

impl Default for SimulatorBuilder {
    fn default() -> Self {
        Self {
            seed: 0,
            latency: Latency::None,
            model: "sim".to_owned(),
            port: 0,
            record_entries: true,
            scenario: Scenario::default(),
        }
    }
}

impl SimulatorBuilder {
    /// Sets what answers and latencies are drawn from; 0 unless given.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets how long answers take; no time unless given.
    pub fn latency(mut self, latency: Latency) -> Self {
        self.latency = latency;
        self
    }

    /// Sets the model that is listed, `sim` unless given.
    pub fn model(mut self, model: impl Into<String>) -> Self {
        self.model = model.into();
        self
    }

    /// Sets the port; with 0, the default, the system chooses a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// Sets whether the ledger has an entry for each request, which is the default, or counts
    /// only: for more requests than should be kept in memory.
    pub fn record_entries(mut self, record_entries: bool) -> Self {
        self.record_entries = record_entries;
        self
    }

    /// Sets what goes wrong; nothing unless given.
    pub fn scenario(mut self, scenario: Scenario) -> Self {
        self.scenario = scenario;
        self
    }

    /// Makes a provider that exists in memory only.
    ///
    /// # Errors
    ///
    /// Returns an error of the kind [`InvalidInput`](io::ErrorKind::InvalidInput) if the latency or
    /// the scenario makes no sense.
    pub fn in_memory(self) -> io::Result<InMemory> {
        Ok(InMemory::new(self.provider()?))
    }

    fn provider(self) -> io::Result<Provider> {
        let invalid = |problem: String| io::Error::new(io::ErrorKind::InvalidInput, problem);
        if let Some(problem) = self.latency.problem() {
            return Err(invalid(problem.to_owned()));
        }
        if let Some(problem) = self.scenario.problem() {
            return Err(invalid(problem));
        }
        let has_trouble = self.scenario != Scenario::default();
        Ok(Provider {
            model: self.model,
            answerer: Answerer::new(self.seed, self.latency),
            faults: has_trouble.then(|| Faults::new(self.scenario)),
            recorder: Arc::new(Recorder::new(self.record_entries)),
        })
    }

    /// Binds the port, on 127.0.0.1. Clients can connect from here on, and are answered once the
    /// simulator [serves](Simulator::serve).
    ///
    /// # Errors
    ///
    /// Returns an error if the port is taken, or of the kind
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if the latency or the scenario makes no sense.
    pub async fn bind(self) -> io::Result<Simulator> {
        let port = self.port;
        let provider = self.provider()?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        Simulator::new(listener, provider)
    }
}
