//! Tables and properties of the stopping rules.
