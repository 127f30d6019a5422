//! Everything that reads events and outcomes and tells somebody.

mod account;
mod batch;
mod coverage;
mod election;
mod event_file;
mod failure;
mod figures;
mod human;
mod json;
mod money_plots;
mod observers;
mod plan;
mod plots;
mod progress;
mod progress_lines;
mod progress_state;
mod table;
mod timeline;
mod trouble;
mod web_page;

pub(crate) use account::{cost_of, tokens_of};
pub(crate) use batch::{BatchFigures, BatchReport};
pub(crate) use coverage::coverage_line;
pub(crate) use election::{NOT_ASKED, batch_line, election_page, standings_page};
pub(crate) use failure::{failure_of, words};
pub(crate) use figures::{Figures, figures_line};
pub(crate) use human::{Page, document_page};
pub(crate) use json::{
    Frame, branch_line, election_line, outcome_json, outcome_line, recorded_result,
};
pub(crate) use money_plots::money_plots;
pub(crate) use observers::{Observers, note};
pub(crate) use plan::{beside_plan, counted, plan_page, planned_cost, short_time};
pub(crate) use progress::Drawn;
pub(crate) use progress_lines::{done, progress_line};
pub(crate) use progress_state::Snapshot;
pub(crate) use table::{aligned, flagged_page, statement_page, support_line, table_page};
pub(crate) use timeline::SectionTimes;
pub(crate) use trouble::was_paused;
pub(crate) use web_page::web_page;
