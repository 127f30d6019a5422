//! Which answers are combined, and when: one state machine for each topology.

#[cfg(test)]
mod driver;
mod fold;
mod pool;
mod shape;
#[cfg(test)]
mod tests;
mod tree;

pub use shape::Topology;
pub(crate) use shape::{Place, ReduceGroup, Shape, ShapeEnd};
pub(crate) use tree::FanIn;
