//! Which answers are combined as a group, and when: one state machine for each topology.

mod cut;
mod fan_in;
mod reduce_tree;
mod refine;
mod shape;
#[cfg(test)]
mod tests;
mod topology;
mod unordered;

pub(crate) use fan_in::FanIn;
pub(crate) use shape::{Place, ReduceGroup, Shape, ShapeEnd};
pub use topology::Topology;
