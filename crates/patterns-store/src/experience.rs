//! What a store has seen of models: how much they write, and how often they were asked again.

use std::collections::BTreeMap;

use patterns_core::Usage;

use crate::Store;
use crate::error::StoreError;
use crate::record::{ALL_CALLS, usage_of, usage_sums};

/// What a store has seen of models.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Experience {
    /// What all calls to a model have used, by its name.
    pub models: BTreeMap<String, Usage>,
    /// How often an answer was rejected and the model asked again.
    pub reasks: u64,
}

impl Experience {
    /// Returns how many re-asks there were to each call that was none; 0 where nothing is known.
    pub fn reask_rate(&self) -> f64 {
        let calls: u64 = self.models.values().map(|it| it.calls).sum();
        match calls.saturating_sub(self.reasks) {
            0 => 0.0,
            firsts => self.reasks as f64 / firsts as f64,
        }
    }
}

impl Store {
    /// Returns what was seen of models in all runs.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be read.
    pub fn experience(&self) -> Result<Experience, StoreError> {
        let sums = format!(
            "SELECT name, {} FROM ({ALL_CALLS}) JOIN models ON models.id = model GROUP BY name",
            usage_sums()
        );
        let reasks = "SELECT count(*) FROM notes WHERE event LIKE '%\"event\":\"answer_rejected\"%' \
            AND event LIKE '%\"will_reask\":true%'";
        self.read(|connection| {
            let mut select = connection.prepare(&sums)?;
            let rows = select.query_map([], |row| Ok((row.get(0)?, usage_of(row, 1)?)))?;
            let reasks: i64 = connection.query_row(reasks, [], |row| row.get(0))?;
            Ok(Experience {
                models: rows.collect::<Result<_, _>>()?,
                reasks: reasks.cast_unsigned(),
            })
        })
    }
}
