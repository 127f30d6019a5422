//! The models of a run, by the names that they have in its job.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use patterns_core::{Layer, Model, ModelId};
use patterns_llm::{KnownModel, Price};
use patterns_store::{Recorder, Store, StoreLayer, StorePolicy};

use crate::job::StoreMode;

/// The models of a run, by the names that they have in its job; the first is the one that answers where
/// no other one has the part.
#[derive(Clone)]
pub struct Models(Vec<(String, Arc<dyn Model>)>, HashMap<String, u64>);

impl Models {
    /// Takes the model that answers where no other one has the part.
    pub fn new(name: impl Into<String>, model: Arc<dyn Model>) -> Self {
        Self(vec![(name.into(), model)], HashMap::new())
    }

    /// Adds a model.
    #[must_use]
    pub fn and(mut self, name: impl Into<String>, model: Arc<dyn Model>) -> Self {
        self.0.push((name.into(), model));
        self
    }

    /// Says how many tokens the model of a name reads at most; without it, it is what is known of it.
    #[must_use]
    pub fn reading(mut self, name: impl Into<String>, tokens: u64) -> Self {
        self.1.insert(name.into(), tokens);
        self
    }

    /// Returns how many tokens the model of a part reads at most, if that is known.
    pub fn window(&self, name: Option<&str>) -> Option<u64> {
        let found = self.0.iter().find(|it| Some(it.0.as_str()) == name);
        let (name, model) = found.unwrap_or(&self.0[0]);
        let set = self.1.get(name).copied();
        set.or_else(|| KnownModel::find(model.id())?.context_window)
    }

    /// Puts a store in front of each of them: what it has recorded is not asked for again. How the calls
    /// of a run go is written down by its `recorder`, with what they cost.
    #[must_use]
    pub fn recorded_in(
        self,
        store: &Store,
        mode: StoreMode,
        recorder: Option<&Arc<Recorder>>,
        price: impl Fn(&ModelId) -> Option<Price>,
    ) -> Self {
        let policy = match mode {
            StoreMode::Use => StorePolicy::Use,
            StoreMode::Fresh => StorePolicy::Fresh,
            StoreMode::ReadOnly => StorePolicy::ReadOnly,
            StoreMode::None => return self,
        };
        let recorded = |model: Arc<dyn Model>| -> Arc<dyn Model> {
            let mut layer = StoreLayer::new(store.clone()).policy(policy);
            if let Some(recorder) = recorder {
                layer = layer.run(recorder.run()).recorder(Arc::clone(recorder));
            }
            let price = price(model.id());
            layer = layer.cost(move |usage| usage.billed.or_else(|| Some(price?.of(usage))));
            Arc::new(layer.layer(model))
        };
        let models = self.0.into_iter();
        let models = models.map(|(name, model)| (name, recorded(model)));
        Self(models.collect(), self.1)
    }

    /// Puts another model in the place of each.
    pub(crate) fn each_as(&self, other: impl Fn(&Arc<dyn Model>) -> Arc<dyn Model>) -> Self {
        let models = self.0.iter();
        let models = models.map(|(name, it)| (name.clone(), other(it)));
        Self(models.collect(), self.1.clone())
    }

    /// Returns how many tokens they read at most, as far as that is known, by their full names.
    pub(crate) fn windows(&self) -> BTreeMap<String, u64> {
        let window = |(name, model): &(String, Arc<dyn Model>)| {
            Some((model.id().to_string(), self.window(Some(name))?))
        };
        self.0.iter().filter_map(window).collect()
    }

    /// Returns the model that answers.
    pub fn first(&self) -> &Arc<dyn Model> {
        &self.0[0].1
    }

    /// Returns the model of a part: the one of that name, or the one that answers.
    pub fn of(&self, name: Option<&str>) -> &Arc<dyn Model> {
        let found = self.0.iter().find(|it| Some(it.0.as_str()) == name);
        found.map_or_else(|| self.first(), |it| &it.1)
    }

    /// Puts one of them first: the one that answers where no other one has the part.
    #[must_use]
    pub(crate) fn led_by(mut self, name: &str) -> Self {
        if let Some(place) = self.0.iter().position(|it| it.0 == name) {
            let it = self.0.remove(place);
            self.0.insert(0, it);
        }
        self
    }

    /// Returns all of them.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Model>> {
        self.0.iter().map(|it| &it.1)
    }

    /// Returns whether one of them only quotes, and cannot answer anything else.
    pub fn only_quote(&self) -> bool {
        self.iter().any(|it| it.id().provider == "offline")
    }
}

impl fmt::Debug for Models {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|(name, model)| (name, model.id()));
        f.debug_map().entries(names).finish()
    }
}
