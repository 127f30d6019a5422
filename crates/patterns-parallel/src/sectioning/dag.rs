//! Which sections can be begun: those whose inputs have ended. Sections may be added while it goes on.

use std::sync::Arc;

use super::outline::{Outline, SectionBrief};

/// The sections of a piece, what each builds on, and how far they are.
#[derive(Debug, Default)]
pub(super) struct Dag {
    nodes: Vec<Node>,
    /// The numbers of the nodes as a reader meets them.
    order: Vec<usize>,
}

/// A section.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) brief: Arc<SectionBrief>,
    /// The sections that it builds on.
    pub(super) inputs: Vec<usize>,
    /// The section that asked for it.
    pub(super) parent: Option<usize>,
    /// How many sections are above it.
    pub(super) depth: u32,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Waiting,
    Begun,
    Ended,
}

impl Node {
    /// Returns whether it was not begun.
    pub(super) fn is_waiting(&self) -> bool {
        self.state == State::Waiting
    }
}

impl Dag {
    pub(super) fn of(outline: &Outline) -> Self {
        let inputs = outline.inputs().into_iter();
        let nodes: Vec<Node> = outline
            .sections
            .iter()
            .zip(inputs)
            .map(|(brief, inputs)| Node {
                brief: Arc::new(brief.clone()),
                inputs,
                parent: None,
                depth: 0,
                state: State::Waiting,
            })
            .collect();
        Self {
            order: (0..nodes.len()).collect(),
            nodes,
        }
    }

    /// Begins the next section whose inputs have all ended.
    pub(super) fn begin(&mut self) -> Option<usize> {
        let is_due = |n: &usize| {
            let node = &self.nodes[*n];
            let has_ended = |it: &usize| self.nodes[*it].state == State::Ended;
            node.state == State::Waiting && node.inputs.iter().all(has_ended)
        };
        let next = self.order.iter().copied().find(is_due)?;
        self.nodes[next].state = State::Begun;
        Some(next)
    }

    /// Ends a section, well or not.
    pub(super) fn end(&mut self, n: usize) {
        self.nodes[n].state = State::Ended;
    }

    /// Adds sections that a section has asked for, behind those that it has asked for before.
    pub(super) fn add_below(&mut self, parent: usize, briefs: Vec<SectionBrief>) {
        let place = self.order.iter().position(|it| *it == parent);
        let first = place.map_or(self.order.len(), |it| it + 1);
        for (place, brief) in (first..).zip(briefs) {
            let depth = self.nodes[parent].depth + 1;
            self.order.insert(place, self.nodes.len());
            self.nodes.push(Node {
                brief: Arc::new(brief),
                inputs: vec![parent],
                parent: Some(parent),
                depth,
                state: State::Waiting,
            });
        }
    }

    pub(super) fn node(&self, n: usize) -> &Node {
        &self.nodes[n]
    }

    /// Returns the sections as a reader meets them.
    pub(super) fn order(&self) -> &[usize] {
        &self.order
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn have_all_ended(&self) -> bool {
        self.nodes.iter().all(|it| it.state == State::Ended)
    }

    /// Finds a section by its id.
    pub(super) fn find(&self, id: &str) -> Option<usize> {
        self.nodes.iter().position(|it| it.brief.id == id)
    }
}
