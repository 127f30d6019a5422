//! Records the calls of an example into a cassette, and replays them.

use std::path::PathBuf;
use std::sync::Arc;

use patterns_core::{BoxFuture, Layer, Model, ModelError, ModelId, Request, Response};
use patterns_testkit::{RecordLayer, Recorded, Redactor, Replay};

/// Names the cassette to write.
pub(crate) const RECORD: &str = "PATTERNS_RECORD";

/// Names the cassette to answer from.
pub(crate) const REPLAY: &str = "PATTERNS_REPLAY";

fn redactor() -> Redactor {
    Redactor::none_because("the inputs of the examples are in this tree, and made up")
}

/// Returns a model that writes its calls into a cassette when the example ends.
pub(crate) fn record(path: PathBuf, model: Arc<dyn Model>) -> Arc<dyn Model> {
    let layer = RecordLayer::new(redactor());
    let model = layer.layer(model);
    Arc::new(Tape(Kind::Recording(model, layer, path)))
}

/// Returns a model that answers from a cassette, and complains of calls that nobody has asked for.
pub(crate) fn replay(path: PathBuf) -> anyhow::Result<Arc<dyn Model>> {
    let replay = Replay::open(path, redactor())?;
    Ok(Arc::new(Tape(Kind::Replaying(replay))))
}

/// A model with something to do when the example is over.
struct Tape(Kind);

enum Kind {
    Recording(Recorded<Arc<dyn Model>>, RecordLayer, PathBuf),
    Replaying(Replay),
}

impl Tape {
    fn model(&self) -> &dyn Model {
        match &self.0 {
            Kind::Recording(model, ..) => model,
            Kind::Replaying(model) => model,
        }
    }
}

impl Model for Tape {
    fn id(&self) -> &ModelId {
        self.model().id()
    }

    fn generate<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        self.model().generate(request)
    }

    fn disown(&self, request: &Request) {
        self.model().disown(request);
    }
}

impl Drop for Tape {
    fn drop(&mut self) {
        match &self.0 {
            Kind::Recording(_, layer, path) => match layer.save(path) {
                Ok(calls) => eprintln!("{calls} calls recorded"),
                Err(error) => eprintln!("error: {error}"),
            },
            Kind::Replaying(replay) if !replay.unused().is_empty() => {
                eprintln!(
                    "nobody asked for lines {:?} of the cassette",
                    replay.unused()
                );
            }
            Kind::Replaying(_) => {}
        }
    }
}
