//! Which sections can be begun: those whose inputs have ended. Sections may be added while it goes on.

use std::sync::Arc;

use patterns_core::{Branch, BranchEnd};

use super::outline::{Outline, SectionBrief};

/// The sections of a piece, what each builds on, and how far they are.
#[derive(Debug)]
pub(super) struct Dag<S> {
    nodes: Vec<Node<S>>,
    /// The numbers of the nodes as a reader meets them.
    order: Vec<usize>,
}

/// A section.
#[derive(Debug)]
pub(super) struct Node<S> {
    pub(super) brief: Arc<SectionBrief>,
    /// The sections that it builds on.
    pub(super) inputs: Vec<usize>,
    /// The section that asked for it.
    pub(super) parent: Option<usize>,
    /// How many sections are above it.
    pub(super) depth: u32,
    state: State<S>,
}

#[derive(Debug)]
enum State<S> {
    Waiting,
    Begun,
    Ended(Branch<S>),
}

impl<S> Node<S> {
    fn new(brief: SectionBrief, inputs: Vec<usize>, parent: Option<usize>, depth: u32) -> Self {
        Self {
            brief: Arc::new(brief),
            inputs,
            parent,
            depth,
            state: State::Waiting,
        }
    }

    /// Returns whether it was not begun.
    pub(super) fn is_waiting(&self) -> bool {
        matches!(self.state, State::Waiting)
    }

    /// Returns how it has ended, once it has.
    pub(super) fn ended(&self) -> Option<&Branch<S>> {
        match &self.state {
            State::Ended(branch) => Some(branch),
            State::Waiting | State::Begun => None,
        }
    }
}

impl<S> Dag<S> {
    pub(super) fn of(outline: &Outline) -> Self {
        let inputs = outline.inputs().into_iter();
        let sections = outline.sections.iter().cloned().zip(inputs);
        let nodes = sections.map(|(brief, inputs)| Node::new(brief, inputs, None, 0));
        let nodes: Vec<Node<S>> = nodes.collect();
        Self {
            order: (0..nodes.len()).collect(),
            nodes,
        }
    }

    /// Begins the next section whose inputs have all ended.
    pub(super) fn begin(&mut self) -> Option<usize> {
        let is_due = |n: &usize| {
            let node = &self.nodes[*n];
            let has_ended = |it: &usize| self.nodes[*it].ended().is_some();
            node.is_waiting() && node.inputs.iter().all(has_ended)
        };
        let next = self.order.iter().copied().find(is_due)?;
        self.nodes[next].state = State::Begun;
        Some(next)
    }

    /// Ends a section, well or not.
    pub(super) fn end(&mut self, n: usize, branch: Branch<S>) {
        self.nodes[n].state = State::Ended(branch);
    }

    /// Puts an answer in the place of an earlier one.
    pub(super) fn replace(&mut self, n: usize, answer: S) {
        if let State::Ended(branch) = &mut self.nodes[n].state {
            branch.end = BranchEnd::Answered(answer);
        }
    }

    /// Adds sections that a section has asked for, behind those that it has asked for before.
    pub(super) fn add_below(&mut self, parent: usize, briefs: Vec<SectionBrief>) {
        let place = self.order.iter().position(|it| *it == parent);
        let first = place.map_or(self.order.len(), |it| it + 1);
        for (place, brief) in (first..).zip(briefs) {
            let depth = self.nodes[parent].depth + 1;
            self.order.insert(place, self.nodes.len());
            let node = Node::new(brief, vec![parent], Some(parent), depth);
            self.nodes.push(node);
        }
    }

    pub(super) fn node(&self, n: usize) -> &Node<S> {
        &self.nodes[n]
    }

    /// Returns the numbers of the sections as a reader meets them.
    pub(super) fn order(&self) -> &[usize] {
        &self.order
    }

    /// Returns the sections as a reader meets them.
    pub(super) fn in_order(&self) -> impl Iterator<Item = &Node<S>> {
        self.order.iter().map(|n| &self.nodes[*n])
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn have_all_ended(&self) -> bool {
        self.nodes.iter().all(|it| it.ended().is_some())
    }

    /// Finds a section by its id.
    pub(super) fn find(&self, id: &str) -> Option<usize> {
        self.nodes.iter().position(|it| it.brief.id == id)
    }
}
