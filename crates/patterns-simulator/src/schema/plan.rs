//! A schema made ready to draw from, and how deep its smallest instances are.

use jsonschema::Validator;
use rand::Rng;
use serde_json::Value;

use super::compile::compile;
use super::generate::Generator;
use super::number::{IntegerRange, NumberRange};
use super::text::Text;

/// How often an instance is drawn anew if a schema says more than a plan can promise.
const TRIES: usize = 64;

/// A schema made ready to draw from.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(super) nodes: Vec<Node>,
    /// The depth of the smallest instance of each node; `None` if there is no finite one.
    pub(super) heights: Vec<Option<usize>>,
    root: NodeId,
    /// Decides about what the nodes do not promise; absent if they promise everything.
    check: Option<Validator>,
}

/// The place of a [`Node`] in its [`Plan`].
pub(super) type NodeId = usize;

/// One part of a schema.
#[derive(Debug)]
pub(super) enum Node {
    /// One of these values; impossible if there are none.
    Constant(Vec<Value>),
    AnyOf(Vec<NodeId>),
    Object(Vec<Property>),
    Array {
        items: NodeId,
        min: usize,
        max: Option<usize>,
        unique: bool,
    },
    Text(Text),
    Integer(IntegerRange),
    Number(NumberRange),
}

/// A property of an object.
#[derive(Debug)]
pub(super) struct Property {
    pub(super) name: String,
    pub(super) value: NodeId,
    pub(super) required: bool,
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
        let mut draw = || Generator::new(self, &mut *rng).draw(self.root);
        match &self.check {
            None => Some(draw()),
            Some(check) => (0..TRIES)
                .map(|_| draw())
                .find(|instance| check.is_valid(instance)),
        }
    }
}

/// Computes the depth of the smallest instance of each node, by letting the known ones spread
/// until nothing changes.
fn heights(nodes: &[Node]) -> Vec<Option<usize>> {
    let mut heights = vec![None; nodes.len()];
    loop {
        let mut changed = false;
        for (id, node) in nodes.iter().enumerate() {
            let height = height(node, &heights);
            if height.is_some() && (heights[id].is_none() || height < heights[id]) {
                heights[id] = height;
                changed = true;
            }
        }
        if !changed {
            return heights;
        }
    }
}

fn height(node: &Node, heights: &[Option<usize>]) -> Option<usize> {
    match node {
        Node::Constant(values) => (!values.is_empty()).then_some(0),
        Node::AnyOf(alternatives) => alternatives.iter().filter_map(|it| heights[*it]).min(),
        Node::Object(properties) => properties
            .iter()
            .filter(|property| property.required)
            .try_fold(0, |height, it| Some(height.max(heights[it.value]? + 1))),
        Node::Array { min: 0, .. } => Some(0),
        Node::Array { items, .. } => heights[*items].map(|height| height + 1),
        Node::Text(_) | Node::Integer(_) | Node::Number(_) => Some(0),
    }
}
