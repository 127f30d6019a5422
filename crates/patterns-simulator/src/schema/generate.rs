//! Draws one instance of a plan, of bounded size even where the schema is recursive.

use rand::Rng;
use rand::seq::IndexedRandom;
use serde_json::{Map, Value};

use super::node::{Node, NodeId, Property};

/// How much deeper than the smallest instance an instance may get.
const EXTRA_DEPTH: usize = 4;
/// How many values are drawn before everything further is kept as small as possible.
const ROOM: usize = 200;
/// How many items an array may have beyond those it must have.
const EXTRA_ITEMS: usize = 3;

pub(super) struct Generator<'a, R> {
    nodes: &'a [Node],
    heights: &'a [Option<usize>],
    rng: &'a mut R,
    room: usize,
}

impl<'a, R: Rng> Generator<'a, R> {
    pub(super) fn new(nodes: &'a [Node], heights: &'a [Option<usize>], rng: &'a mut R) -> Self {
        Self {
            nodes,
            heights,
            rng,
            room: ROOM,
        }
    }

    pub(super) fn draw(&mut self, root: NodeId) -> Value {
        let depth = self.heights[root].unwrap_or(0) + EXTRA_DEPTH;
        self.value(root, depth)
    }

    fn value(&mut self, id: NodeId, depth: usize) -> Value {
        self.room = self.room.saturating_sub(1);
        let depth = if self.room == 0 { 0 } else { depth };
        match &self.nodes[id] {
            Node::Constant(values) => values.choose(self.rng).cloned().unwrap_or_default(),
            Node::AnyOf(alternatives) => {
                let alternative = self.alternative(alternatives, depth);
                alternative.map_or(Value::Null, |id| self.value(id, depth))
            }
            Node::Object(properties) => self.object(properties, depth),
            Node::Array {
                items,
                min,
                max,
                unique,
            } => {
                let most = max.unwrap_or(usize::MAX).min(min + EXTRA_ITEMS);
                let most = if self.fits(*items, depth) { most } else { *min };
                let count = self.rng.random_range(*min..=most.max(*min));
                self.array(*items, count, *unique, depth)
            }
            Node::Text(text) => Value::String(text.draw(self.rng)),
            Node::Integer(range) => range.draw(self.rng),
            Node::Number(range) => range.draw(self.rng),
        }
    }

    /// Chooses among those that fit. If none does, the smallest one ends the recursion.
    fn alternative(&mut self, alternatives: &[NodeId], depth: usize) -> Option<NodeId> {
        let height = |id: &NodeId| self.heights[*id];
        let fits = |id: &&NodeId| height(id).is_some_and(|height| height <= depth);
        let fitting: Vec<_> = alternatives.iter().filter(fits).copied().collect();
        fitting.choose(self.rng).copied().or_else(|| {
            let possible = alternatives.iter().filter(|id| height(id).is_some());
            possible.min_by_key(|id| height(id)).copied()
        })
    }

    fn object(&mut self, properties: &[Property], depth: usize) -> Value {
        let mut object = Map::new();
        for Property {
            name,
            value,
            required,
        } in properties
        {
            if *required || (self.fits(*value, depth) && self.rng.random()) {
                let value = self.value(*value, depth.saturating_sub(1));
                object.insert(name.clone(), value);
            }
        }
        Value::Object(object)
    }

    fn array(&mut self, items: NodeId, count: usize, unique: bool, depth: usize) -> Value {
        let mut array = Vec::with_capacity(count);
        // Equal items are drawn anew, but an enum may have no more different ones.
        let mut tries = if unique { count * 8 } else { count };
        while array.len() < count && tries > 0 {
            tries -= 1;
            let item = self.value(items, depth.saturating_sub(1));
            if !unique || !array.contains(&item) {
                array.push(item);
            }
        }
        Value::Array(array)
    }

    /// Tells whether there is room for a child that need not be there.
    fn fits(&self, id: NodeId, depth: usize) -> bool {
        self.heights[id].is_some_and(|height| height < depth)
    }
}
