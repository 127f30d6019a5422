//! Draws answers of a given shape, without a provider around them.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rand::SeedableRng;
use rand::rngs::StdRng;
use serde_json::Value;

use super::schema::Plan;

/// How many compiled schemas are kept; a run has as many as it has kinds of agents.
const MAX_PLANS: usize = 1024;

type CachedPlan = Arc<Result<Plan, String>>;

/// Draws valid instances of JSON Schemas, from a seed.
///
/// ```
/// use patterns_simulator::Instances;
///
/// let instances = Instances::default();
/// let schema = r#"{"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}"#;
/// let text = instances.draw(schema, 1).unwrap();
/// let value: serde_json::Value = serde_json::from_str(&text).unwrap();
/// assert!(value["n"].is_i64());
/// assert_eq!(instances.draw(schema, 1).as_deref(), Some(&*text));
/// ```
#[derive(Default)]
pub struct Instances {
    /// Compiled schemas by the digest of their text. A cache: nothing that is drawn depends on it.
    plans: Mutex<HashMap<blake3::Hash, CachedPlan>>,
}

impl Instances {
    /// Draws an instance of a schema; `None` if it is no schema, or none was found.
    pub fn draw(&self, schema: &str, seed: u64) -> Option<String> {
        let parse = || serde_json::from_str(schema).map_err(|error| error.to_string());
        let plan = self.plan(schema.as_bytes(), parse);
        let plan = plan.as_ref().as_ref().ok()?;
        let drawn = plan.draw(&mut StdRng::seed_from_u64(seed))?;
        Some(drawn.to_string())
    }

    /// Returns a schema made ready to draw from, or what is wrong with it.
    pub(super) fn plan(
        &self,
        text: &[u8],
        schema: impl FnOnce() -> Result<Value, String>,
    ) -> CachedPlan {
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        let digest = blake3::hash(text);
        if let Some(plan) = plans.get(&digest) {
            return Arc::clone(plan);
        }
        if plans.len() == MAX_PLANS {
            plans.clear();
        }
        let plan = Arc::new(schema().and_then(|schema| Plan::new(&schema)));
        plans.insert(digest, Arc::clone(&plan));
        plan
    }
}

impl fmt::Debug for Instances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instances").finish_non_exhaustive()
    }
}
