//! The models of a run, by the names that they have in its job.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use patterns_core::{BoxFuture, Layer, Model, ModelError, ModelId, Request, Response};
use patterns_llm::KnownModel;
use patterns_store::{Recorder, Store, StoreLayer, StorePolicy};

use crate::job::StoreMode;

/// The models of a run, by the names that they have in its job; the first is the one that answers where
/// no other one has the part.
#[derive(Clone)]
pub struct Models {
    /// As they are.
    alone: Vec<Named>,
    /// With those that are asked instead of them.
    all: Vec<Named>,
    /// The names of those, in turn.
    fallback: Vec<String>,
    /// How many tokens they read at most, where somebody has said that.
    windows: HashMap<String, u64>,
}

type Named = (String, Arc<dyn Model>);

/// A model with the one that is asked instead.
struct WithFallback {
    model: Arc<dyn Model>,
    next: Arc<dyn Model>,
}

impl Model for WithFallback {
    fn id(&self) -> &ModelId {
        self.model.id()
    }

    fn generate<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Response, ModelError>> {
        self.model.generate(request)
    }

    fn disown(&self, request: &Request) {
        self.model.disown(request);
    }

    fn fallback(&self) -> Option<&Arc<dyn Model>> {
        Some(&self.next)
    }
}

/// Puts behind each model those that are asked instead, one after the other; behind one of these, those that
/// come after it.
fn linked(alone: &[Named], fallback: &[String]) -> Vec<Named> {
    let mut chain: Option<Arc<dyn Model>> = None;
    let mut links: HashMap<&str, Arc<dyn Model>> = HashMap::new();
    for name in fallback.iter().rev() {
        if let Some((_, model)) = alone.iter().find(|it| it.0 == *name) {
            let link = link(model, chain.take());
            links.insert(name, Arc::clone(&link));
            chain = Some(link);
        }
    }
    let all = alone.iter().map(|(name, model)| {
        let in_chain = links.get(name.as_str()).cloned();
        (
            name.clone(),
            in_chain.unwrap_or_else(|| link(model, chain.clone())),
        )
    });
    all.collect()
}

/// Puts a model in front of another one, unless that is the same by another name.
fn link(model: &Arc<dyn Model>, next: Option<Arc<dyn Model>>) -> Arc<dyn Model> {
    let model = Arc::clone(model);
    match next {
        None => model,
        Some(next) if next.id() == model.id() => link(&model, next.fallback().cloned()),
        Some(next) => Arc::new(WithFallback { model, next }),
    }
}

impl Models {
    /// Takes the model that answers where no other one has the part.
    pub fn new(name: impl Into<String>, model: Arc<dyn Model>) -> Self {
        Self {
            alone: Vec::new(),
            all: Vec::new(),
            fallback: Vec::new(),
            windows: HashMap::new(),
        }
        .and(name, model)
    }

    /// Adds a model.
    #[must_use]
    pub fn and(mut self, name: impl Into<String>, model: Arc<dyn Model>) -> Self {
        self.alone.push((name.into(), model));
        self.with(self.alone.clone())
    }

    /// Says which of them are asked instead of the others, in turn, where those give no answer that keeps
    /// its contract.
    #[must_use]
    pub fn falling_back(mut self, names: &[String]) -> Self {
        self.fallback = names.to_vec();
        self.with(self.alone.clone())
    }

    /// Returns the same with other models.
    fn with(&self, alone: Vec<Named>) -> Self {
        Self {
            all: linked(&alone, &self.fallback),
            alone,
            fallback: self.fallback.clone(),
            windows: self.windows.clone(),
        }
    }

    /// Says how many tokens the model of a name reads at most; without it, it is what is known of it.
    #[must_use]
    pub fn reading(mut self, name: impl Into<String>, tokens: u64) -> Self {
        self.windows.insert(name.into(), tokens);
        self
    }

    /// Returns how many tokens the model of a part reads at most, if that is known.
    pub fn window(&self, name: Option<&str>) -> Option<u64> {
        let found = self.all.iter().find(|it| Some(it.0.as_str()) == name);
        let (name, model) = found.unwrap_or(&self.all[0]);
        let set = self.windows.get(name).copied();
        set.or_else(|| KnownModel::find(model.id())?.context_window)
    }

    /// Puts a store in front of each of them: what it has recorded is not asked for again. How the calls
    /// of a run go is written down by its `recorder`.
    #[must_use]
    pub fn recorded_in(
        self,
        store: &Store,
        mode: StoreMode,
        recorder: Option<&Arc<Recorder>>,
    ) -> Self {
        let policy = match mode {
            StoreMode::Use => StorePolicy::Use,
            StoreMode::Fresh => StorePolicy::Fresh,
            StoreMode::ReadOnly => StorePolicy::ReadOnly,
            StoreMode::None => return self,
        };
        self.each_as(|model| {
            let mut layer = StoreLayer::new(store.clone()).policy(policy);
            if let Some(recorder) = recorder {
                layer = layer.run(recorder.run()).recorder(Arc::clone(recorder));
            }
            Arc::new(layer.layer(Arc::clone(model)))
        })
    }

    /// Puts another model in the place of each.
    #[must_use]
    pub fn each_as(&self, other: impl Fn(&Arc<dyn Model>) -> Arc<dyn Model>) -> Self {
        let models = self.alone.iter();
        self.with(models.map(|(name, it)| (name.clone(), other(it))).collect())
    }

    /// Returns how many tokens they read at most, as far as that is known, by their full names.
    pub(crate) fn windows(&self) -> BTreeMap<String, u64> {
        let window = |(name, model): &(String, Arc<dyn Model>)| {
            Some((model.id().to_string(), self.window(Some(name))?))
        };
        self.all.iter().filter_map(window).collect()
    }

    /// Returns the model that answers.
    pub fn first(&self) -> &Arc<dyn Model> {
        &self.all[0].1
    }

    /// Returns the model of a part: the one of that name, or the one that answers.
    pub fn of(&self, name: Option<&str>) -> &Arc<dyn Model> {
        let found = self.all.iter().find(|it| Some(it.0.as_str()) == name);
        found.map_or_else(|| self.first(), |it| &it.1)
    }

    /// Puts one of them first: the one that answers where no other one has the part.
    #[must_use]
    pub(crate) fn led_by(&self, name: &str) -> Self {
        let mut alone = self.alone.clone();
        if let Some(place) = alone.iter().position(|it| it.0 == name) {
            alone[..=place].rotate_right(1);
        }
        self.with(alone)
    }

    /// Returns the full names of those that are asked instead of others, in turn.
    pub(crate) fn fallbacks(&self) -> impl Iterator<Item = String> {
        let names = self.fallback.iter();
        names.map(|it| self.of(Some(it)).id().to_string())
    }

    /// Returns all of them.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Model>> {
        self.all.iter().map(|it| &it.1)
    }

    /// Returns whether one of them only quotes, and cannot answer anything else.
    pub fn only_quote(&self) -> bool {
        self.iter().any(|it| it.id().provider == "offline")
    }
}

impl fmt::Debug for Models {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.all.iter().map(|(name, model)| (name, model.id()));
        f.debug_map().entries(names).finish()
    }
}
