//! Where the sections of a piece come from: they are given, or an agent plans them.

use std::fmt;
use std::num::NonZeroUsize;
use std::sync::Arc;

use patterns_core::Agent;

use super::outline::{Outline, SectionBrief};
use super::planner::OutlineTask;

/// Where the sections come from. A list of names, or of names and briefs, is a plan as it is.
///
/// ```
/// use patterns_parallel::sectioning::Plan;
///
/// let names = Plan::from(["History", "Outlook"]);
/// let briefs = Plan::from([("History", "from 1850 on"), ("Outlook", "what it will cost")]);
/// # let _ = (names, briefs);
/// ```
#[derive(Clone)]
pub enum Plan {
    /// These are the sections.
    Given(Outline),
    /// An agent plans so many sections.
    Ask {
        /// Who plans them.
        planner: Arc<dyn Agent<OutlineTask, Outline>>,
        /// How many there are to be.
        sections: NonZeroUsize,
    },
}

impl Plan {
    /// Lets an agent plan so many sections, say a [`planner_agent`](super::planner_agent).
    pub fn by(planner: impl Agent<OutlineTask, Outline> + 'static, sections: NonZeroUsize) -> Self {
        Self::Ask {
            planner: Arc::new(planner),
            sections,
        }
    }
}

impl From<Outline> for Plan {
    fn from(outline: Outline) -> Self {
        Self::Given(outline)
    }
}

impl<S: Into<SectionBrief>> From<Vec<S>> for Plan {
    fn from(sections: Vec<S>) -> Self {
        Self::Given(Outline::new(sections))
    }
}

impl<S: Into<SectionBrief>, const N: usize> From<[S; N]> for Plan {
    fn from(sections: [S; N]) -> Self {
        Self::Given(Outline::new(sections))
    }
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(outline) => f.debug_tuple("Given").field(outline).finish(),
            Self::Ask { sections, .. } => f.debug_tuple("Ask").field(sections).finish(),
        }
    }
}
