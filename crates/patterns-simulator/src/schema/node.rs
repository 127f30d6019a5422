//! The parts of a schema that is made ready to draw from, and how deep their smallest instances are.

use serde_json::Value;

use super::number::{IntegerRange, NumberRange};
use super::text::Text;

/// The place of a [`Node`] among all of a schema.
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

/// Computes the depth of the smallest instance of each node, by letting the known ones spread
/// until nothing changes.
pub(super) fn heights(nodes: &[Node]) -> Vec<Option<usize>> {
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
