//! A schema made ready to draw from.

use jsonschema::Validator;
use rand::Rng;
use serde_json::Value;

use super::compile::compile;
use super::generate::Generator;
use super::node::{Node, NodeId, heights};

/// How often an instance is drawn anew if a schema says more than a plan can promise.
const TRIES: usize = 64;

/// A schema made ready to draw from.
#[derive(Debug)]
pub(crate) struct Plan {
    nodes: Vec<Node>,
    /// The depth of the smallest instance of each node; `None` if there is no finite one.
    heights: Vec<Option<usize>>,
    root: NodeId,
    /// Decides about what the nodes do not promise; absent if they promise everything.
    check: Option<Validator>,
}

impl Plan {
    /// Compiles a schema.
    ///
    /// # Errors
    ///
    /// Returns what is wrong with the schema: it is invalid, refers to what is not there, or has
    /// no finite instance.
    pub(crate) fn new(schema: &Value) -> Result<Self, String> {
        let validator = jsonschema::options()
            .should_validate_formats(true)
            .build(schema)
            .map_err(|error| error.to_string())?;
        let compiled = compile(schema)?;
        let heights = heights(&compiled.nodes);
        if heights[compiled.root].is_none() {
            return Err("the schema has no finite instance".to_owned());
        }
        Ok(Self {
            heights,
            nodes: compiled.nodes,
            root: compiled.root,
            check: (!compiled.exact).then_some(validator),
        })
    }

    /// Draws an instance; `None` if none was found that satisfies the whole schema.
    pub(crate) fn draw(&self, rng: &mut impl Rng) -> Option<Value> {
        let mut draw = || Generator::new(&self.nodes, &self.heights, &mut *rng).draw(self.root);
        match &self.check {
            None => Some(draw()),
            Some(check) => (0..TRIES)
                .map(|_| draw())
                .find(|instance| check.is_valid(instance)),
        }
    }
}
