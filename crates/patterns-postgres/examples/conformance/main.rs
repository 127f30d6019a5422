//! Does with a shared store, on a real server, what every store of answers has to bear, and with a store of
//! one's own the same: `cargo run -p patterns-postgres --example conformance -- postgres://USER@HOST/DATABASE`.
//!
//! It is no test, because it needs a server; `cargo xtask postgres` starts one for it. The database must be
//! empty, and is not afterwards.
#![expect(clippy::print_stdout, reason = "it is what it is for")]

mod every;
mod several;

use std::error::Error;
use std::sync::Arc;

use patterns_core::{BoxFuture, Layer, Message, Model, Part, Request, Response};
use patterns_postgres::{SharedLayer, SharedStore};
use patterns_store::{Stats, Store, StoreLayer, StorePolicy};
use patterns_testkit::ScriptedModel;

/// What goes wrong in a check.
type Trouble = Box<dyn Error + Send + Sync>;

/// Either kind of store.
#[derive(Clone)]
enum Subject {
    Own(Store),
    Shared(SharedStore),
}

impl Subject {
    /// Puts it in front of a model.
    fn before(&self, policy: StorePolicy, model: ScriptedModel) -> Arc<dyn Model> {
        match self {
            Self::Own(store) => {
                Arc::new(StoreLayer::new(store.clone()).policy(policy).layer(model))
            }
            Self::Shared(store) => {
                Arc::new(SharedLayer::new(store.clone()).policy(policy).layer(model))
            }
        }
    }

    async fn stats(&self) -> Result<Stats, Trouble> {
        Ok(match self {
            Self::Own(store) => {
                store.flush().await?;
                store.stats()?
            }
            Self::Shared(store) => {
                store.settle().await;
                store.stats().await?
            }
        })
    }
}

/// Makes a request that no other check makes.
fn request(words: &str, sample: u32) -> Request {
    Request {
        messages: vec![Message::user([Part::text(Arc::from(words))])],
        sample,
        ..Request::default()
    }
}

fn script(answers: &[&str]) -> ScriptedModel {
    ScriptedModel::new(answers.to_vec())
}

/// Returns what is answered to a request.
async fn text(model: &Arc<dyn Model>, request: &Request) -> Result<String, Trouble> {
    Ok(model.generate(request).await?.text)
}

/// Fails unless two values are the same.
fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: T, expected: T) -> Result<(), Trouble> {
    match found == expected {
        true => Ok(()),
        false => Err(format!("{what}: {found:?}, and not {expected:?}").into()),
    }
}

/// A check of either kind of store.
type Check = (
    &'static str,
    fn(Subject) -> BoxFuture<'static, Result<(), Trouble>>,
);

#[tokio::main]
async fn main() -> Result<(), Trouble> {
    let url = std::env::args()
        .nth(1)
        .ok_or("the address of a database is missing")?;
    for (name, check) in every::CHECKS {
        check(Subject::Own(Store::in_memory()?))
            .await
            .map_err(|error| format!("own store: {name}: {error}"))?;
        let shared = SharedStore::open(&url).await?;
        check(Subject::Shared(shared))
            .await
            .map_err(|error| format!("shared store: {name}: {error}"))?;
        println!("own and shared: {name}");
    }
    several::run(&url).await
}

/// An answer with a bill.
fn answer(text: &str) -> Response {
    let mut answer = Response::new("m-2026", text);
    answer.usage.input_tokens = 10;
    answer.usage.output_tokens = 5;
    answer
}
