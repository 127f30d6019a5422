//! Models and agents that answer from a script, and remember what they were asked.

mod agent;
mod gauge;
mod model;
mod reply;

pub use agent::ScriptedAgent;
pub use model::ScriptedModel;
pub use reply::Reply;
