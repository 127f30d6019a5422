//! Answers calls from a cassette.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::File;
use std::future::ready;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use patterns_core::{
    BoxFuture, CallKey, Model, ModelError, ModelErrorKind, ModelId, Request, Response,
};

use super::difference::{MissingCall, nearest};
use super::error::{CassetteError, CassetteErrorKind};
use super::line::{Asked, Head, Line, VERSION};
use super::redactor::Redactor;

/// The largest file that is read, in bytes: 64 MiB.
const MOST: u64 = 64 << 20;

/// A model that answers from a cassette, without any network; see [`RecordLayer`](super::RecordLayer)
/// for an example.
///
/// It gives back what was recorded, errors and bills included, as often as it is asked. A call that
/// was not recorded fails with [`NotInStore`](ModelErrorKind::NotInStore) and the code
/// `not-in-cassette`; its source is a [`MissingCall`], and its detail says what differs from the
/// nearest recorded call.
#[derive(Clone, Debug)]
pub struct Replay {
    id: ModelId,
    cassette: Arc<Cassette>,
}

#[derive(Debug)]
struct Cassette {
    path: PathBuf,
    redactor: Redactor,
    lines: Vec<Line>,
    by_key: HashMap<CallKey, usize>,
    used: Vec<AtomicBool>,
}

impl Replay {
    /// Opens a cassette, with the redactor that it was recorded with. The replay is known by the
    /// name of the first recorded model.
    ///
    /// # Errors
    ///
    /// Returns an error if there is no such file, or with the number of a line that is damaged.
    pub fn open(path: impl AsRef<Path>, redactor: Redactor) -> Result<Self, CassetteError> {
        let path = path.as_ref();
        let cassette = Cassette::read(path, &text(path)?, redactor)?;
        let first = cassette.lines.first().map(|line| line.model.clone());
        Ok(Self {
            id: first.unwrap_or_else(|| ModelId::new("cassette", "")),
            cassette: Arc::new(cassette),
        })
    }

    /// Returns the same cassette as another of its models, for a panel.
    #[must_use]
    pub fn for_model(&self, id: ModelId) -> Self {
        Self {
            id,
            cassette: Arc::clone(&self.cassette),
        }
    }

    /// Returns the lines of calls that nobody has asked for yet, counted from 1, so that a test can
    /// assert that there are none.
    pub fn unused(&self) -> Vec<usize> {
        let used = self.cassette.used.iter().enumerate();
        let unused = used.filter(|(_, used)| !used.load(Ordering::Relaxed));
        unused.map(|(n, _)| number(n)).collect()
    }
}

/// Returns the number of a call's line; the first line is the head.
fn number(index: usize) -> usize {
    index + 2
}

fn text(path: &Path) -> Result<String, CassetteError> {
    let io = |error| CassetteError::io(path, error);
    let mut text = String::new();
    let file = File::open(path).map_err(io)?;
    file.take(MOST + 1).read_to_string(&mut text).map_err(io)?;
    if text.len() as u64 > MOST {
        let detail = format!("it is larger than {MOST} bytes");
        return Err(CassetteError::new(CassetteErrorKind::Io, path, detail));
    }
    Ok(text)
}

impl Cassette {
    fn read(path: &Path, text: &str, redactor: Redactor) -> Result<Self, CassetteError> {
        let damaged = |line, detail: &dyn std::fmt::Display| {
            CassetteError::new(CassetteErrorKind::Damaged { line }, path, detail)
        };
        let mut rows = text.lines();
        let head = rows.next().unwrap_or_default();
        let head: Head = serde_json::from_str(head).map_err(|error| damaged(1, &error))?;
        if head.cassette != VERSION {
            return Err(damaged(1, &format!("its version is {}", head.cassette)));
        }
        let mut lines = Vec::new();
        let mut by_key = HashMap::new();
        for (n, row) in rows.enumerate() {
            let line: Line =
                serde_json::from_str(row).map_err(|error| damaged(number(n), &error))?;
            let key = line.key.parse();
            let key: CallKey = key.map_err(|error| damaged(number(n), &error))?;
            match by_key.entry(key) {
                Entry::Vacant(free) => free.insert(n),
                Entry::Occupied(first) => {
                    let detail = format!("the same call as in line {}", number(*first.get()));
                    return Err(damaged(number(n), &detail));
                }
            };
            lines.push(line);
        }
        Ok(Self {
            path: path.to_owned(),
            redactor,
            used: lines.iter().map(|_| AtomicBool::new(false)).collect(),
            lines,
            by_key,
        })
    }

    fn answer(&self, id: &ModelId, request: &Request) -> Result<Response, ModelError> {
        let (model, request) = (self.redactor.model(id), self.redactor.request(request));
        match self.by_key.get(&CallKey::of(&model, &request)) {
            Some(&n) => {
                self.used[n].store(true, Ordering::Relaxed);
                self.lines[n].result()
            }
            None => Err(self.missing(&model, &Asked::of(&request))),
        }
    }

    fn missing(&self, model: &ModelId, asked: &Asked) -> ModelError {
        let nearest = nearest(&self.lines, model, asked);
        let missing = MissingCall {
            path: self.path.clone(),
            nearest: nearest.as_ref().map(|(n, _)| number(*n)),
            differences: nearest.map(|(_, it)| it).unwrap_or_default(),
        };
        ModelError::new(ModelErrorKind::NotInStore)
            .with_code("not-in-cassette")
            .with_detail(missing.to_string())
            .with_source(missing)
    }
}

impl Model for Replay {
    fn id(&self) -> &ModelId {
        &self.id
    }

    fn generate<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(ready(self.cassette.answer(&self.id, request)))
    }
}
