//! Records calls of models, and writes them into a cassette.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use patterns_core::{
    BoxFuture, CallKey, Layer, Model, ModelError, ModelErrorKind, ModelId, Request, Response,
};

use super::error::{CassetteError, CassetteErrorKind};
use super::line::{Head, Line, VERSION};
use super::redactor::Redactor;

/// Records the calls of models, to be [replayed](super::Replay) without them.
///
/// One layer may be put around several models; [`save`](Self::save) writes the calls of all. The
/// layer is above HTTP, so keys and headers never reach it; every text goes through the
/// [`Redactor`]. Put it outermost: then calls are recorded as agents make them, whatever is retried
/// below. A call that is dropped leaves no record.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use patterns_core::{Layer, Model, Request};
/// use patterns_testkit::{RecordLayer, Redactor, Replay, ScriptedModel};
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("greeting.jsonl");
///
/// // Once, with a real model (here a scripted one):
/// let redactor = Redactor::new(|text| text.replace("Ada", "<name>"));
/// let recording = RecordLayer::new(redactor.clone());
/// let model = recording.layer(ScriptedModel::new(["Good day, Ada."]));
/// let request = Request { instructions: "Greet Ada.".into(), ..Request::default() };
/// model.generate(&request).await?;
/// recording.save(&path)?;
/// assert!(!std::fs::read_to_string(&path)?.contains("Ada"));
///
/// // Ever after, in tests:
/// let replay = Replay::open(&path, redactor)?;
/// assert_eq!(replay.generate(&request).await?.text, "Good day, <name>.");
/// assert!(replay.unused().is_empty());
///
/// // A changed prompt is an error that says what changed:
/// let changed = Request { instructions: "Insult Ada.".into(), ..Request::default() };
/// let error = replay.generate(&changed).await.unwrap_err();
/// assert!(error.detail().unwrap().contains("instructions"));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct RecordLayer {
    redactor: Redactor,
    calls: Arc<Mutex<Calls>>,
}

#[derive(Debug, Default)]
struct Calls {
    /// Calls by their key after redaction, each with its key before.
    by_key: BTreeMap<CallKey, (CallKey, Line)>,
    /// Whether two calls have become one by redaction.
    is_ambiguous: bool,
}

impl RecordLayer {
    /// Makes the layer. There is no default redactor: whoever records says what may be written.
    pub fn new(redactor: Redactor) -> Self {
        Self {
            redactor,
            calls: Arc::default(),
        }
    }

    /// Writes all calls that have ended so far and returns how many. The file is replaced as a
    /// whole or not at all. Its lines are in the order of what was asked, so that recording anew
    /// changes only what has changed.
    ///
    /// # Errors
    ///
    /// Returns an error if the file cannot be written, or if two different calls are the same after
    /// redaction.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<usize, CassetteError> {
        let path = path.as_ref();
        let mut lines: Vec<Line> = {
            let calls = self.lock();
            if calls.is_ambiguous {
                let detail = "two different calls are the same after redaction";
                let kind = CassetteErrorKind::Ambiguous;
                return Err(CassetteError::new(kind, path, detail));
            }
            calls.by_key.values().map(|it| it.1.clone()).collect()
        };
        lines.sort_by_cached_key(Line::order);
        self.write(path, &lines)
            .map_err(|error| CassetteError::io(path, error))?;
        Ok(lines.len())
    }

    fn write(&self, path: &Path, lines: &[Line]) -> io::Result<()> {
        let folder = path.parent().filter(|it| !it.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let mut text = tempfile::Builder::new();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // It is made to be committed, and the mask of the process still applies.
            text.permissions(fs::Permissions::from_mode(0o666));
        }
        let mut file = text.tempfile_in(folder)?;
        let head = Head {
            cassette: VERSION,
            not_redacted_because: self.redactor.reason().map(str::to_owned),
        };
        let mut text = serde_json::to_string(&head)? + "\n";
        for line in lines {
            text += &serde_json::to_string(line)?;
            text.push('\n');
        }
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    }

    fn keep(&self, id: &ModelId, request: &Request, result: &Result<Response, ModelError>) {
        if result.as_ref().is_err_and(|it| !is_of_model(it.kind())) {
            return;
        }
        let original = CallKey::of(id, request);
        let (model, request) = (self.redactor.model(id), self.redactor.request(request));
        let key = CallKey::of(&model, &request);
        let line = Line::new(model, &request, result, &self.redactor);
        let mut calls = self.lock();
        let Calls {
            by_key,
            is_ambiguous,
        } = &mut *calls;
        match by_key.get_mut(&key) {
            Some((known, _)) if *known != original => *is_ambiguous = true,
            // An answer that was asked for again counts, an error after an answer doesn't.
            Some((_, kept)) if line.is_answered() || !kept.is_answered() => *kept = line,
            Some(_) => {}
            None => {
                by_key.insert(key, (original, line));
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns whether an error says something of the model, and not of our own run.
fn is_of_model(kind: ModelErrorKind) -> bool {
    !matches!(
        kind,
        ModelErrorKind::NotSent
            | ModelErrorKind::NotRecorded
            | ModelErrorKind::NotInStore
            | ModelErrorKind::BudgetExhausted
    )
}

impl<M: Model> Layer<M> for RecordLayer {
    type Model = Recorded<M>;

    fn layer(&self, inner: M) -> Recorded<M> {
        Recorded {
            inner,
            layer: self.clone(),
        }
    }
}

/// A model whose calls are recorded; made by [`RecordLayer`].
#[derive(Debug)]
pub struct Recorded<M> {
    inner: M,
    layer: RecordLayer,
}

impl<M: Model> Model for Recorded<M> {
    fn id(&self) -> &ModelId {
        self.inner.id()
    }

    fn generate<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        Box::pin(async move {
            let result = self.inner.generate(request).await;
            self.layer.keep(self.id(), request, &result);
            result
        })
    }

    fn disown(&self, request: &Request) {
        self.inner.disown(request);
    }
}
