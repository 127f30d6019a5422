//! Tests of the store, through its public face.
#![expect(clippy::unwrap_used, reason = "helpers of tests may fail a test")]

mod answers;
mod branches;
mod files;
mod how_runs_go;
mod rates;
mod runs;
mod transfer;
mod two_handles;

use std::sync::Arc;

use patterns_core::{CallKey, Message, ModelId, Part, Request, Response, Usage};
use patterns_store::{CallStatus, Durability, Record, Store};

/// A folder with a store in it.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> std::path::PathBuf {
        self.0.path().join("folder/store.db")
    }

    fn open(&self) -> Store {
        Store::open(self.path(), Durability::Power).unwrap()
    }

    /// Changes the file behind the store's back.
    fn tamper(&self, sql: &str) {
        let connection = rusqlite::Connection::open(self.path()).unwrap();
        assert!(connection.execute(sql, []).unwrap() > 0, "nothing changed");
    }

    /// Changes tables behind the back of the store.
    fn change(&self, sql: &str) {
        let connection = rusqlite::Connection::open(self.path()).unwrap();
        connection.execute_batch(sql).unwrap();
    }
}

fn request(words: &str, sample: u32) -> Request {
    Request {
        messages: vec![Message::user([Part::text(Arc::from(words))])],
        sample,
        ..Request::default()
    }
}

fn key(words: &str) -> CallKey {
    CallKey::of(&ModelId::new("openai", "m"), &request(words, 0))
}

/// An answer to `words` that cost 10 + 5 tokens.
fn record(words: &str, text: &str, run: i64) -> Record {
    let usage = Usage {
        input_tokens: 10,
        output_tokens: 5,
        ..Response::new("", "").usage
    };
    Record {
        key: key(words),
        status: CallStatus::Answered,
        run,
        model: "openai:m".to_owned(),
        response: Response {
            usage,
            request_id: Some("r-1".to_owned()),
            ..Response::new("m-2026", text)
        },
    }
}

fn text(store: &Store, words: &str) -> Option<String> {
    let found = store.find(&key(words)).unwrap();
    found.map(|record| record.response.text)
}
