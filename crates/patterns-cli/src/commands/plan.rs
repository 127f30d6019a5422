//! `--dry-run` and `patterns plan`: what a job would do and cost; and `--confirm-above`, which asks before
//! more than that is likely to be spent.

use std::num::NonZeroU64;
use std::path::PathBuf;
use std::sync::Arc;

use patterns_core::Money;
use patterns_job::{Form, Job, ModelRoles, Plan, PlanSetup, Setup, StoreMode};
use patterns_simulator::Instances;
use patterns_store::Store;
use tokio_util::sync::CancellationToken;

use crate::config::NamedProvider;
use crate::connect;
use crate::error::{Error, ErrorKind};
use crate::launch::Launch;
use crate::option_names::Names;
use crate::report::{counted, plan_page, planned_cost};
use crate::store::{open_to_read, refused, usual};
use crate::terminal::{confirm as ask, is_stdin_terminal, write_json, write_page};

/// What is likely to be spent at most without a question.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    pub(super) above: Money,
    /// Whether the answer to the question is yes.
    pub(super) is_confirmed: bool,
}

/// Says what the job would do and cost.
pub(super) async fn show(launch: &Launch) -> Result<(), Error> {
    let (plan, is_paid) = plan(launch).await?;
    if let Some(store) = store_to_keep(launch, is_paid)? {
        let total = serde_json::to_string(&plan.total).unwrap_or_default();
        let kept = store.keep_plan(plan.identity, total);
        kept.await.map_err(refused)?;
    }
    let plan = in_users_words(plan, launch);
    match launch.job.output().form {
        Some(Form::Json | Form::Jsonl) => {
            let json = serde_json::to_string_pretty(&plan).unwrap_or_default();
            write_json(&format!("{json}\n"))
        }
        _ => {
            let page = plan_page(&plan, launch.terminal.stdout_paint());
            write_page(&page)
        }
    }
}

/// Asks before more than the limit is likely to be spent.
pub(super) async fn confirm(launch: &mut Launch, limit: Limit) -> Result<(), Error> {
    if launch.job.inputs().iter().any(|it| it.as_os_str() == "-") {
        let message = "--confirm-above reads the input before the run, and standard input can be read \
                       only once";
        return Err(Error::new(ErrorKind::Usage, message).help("name a file instead of -"));
    }
    let (plan, _) = plan(launch).await?;
    launch.planned = Some(plan.total);
    let (is_more, cost) = match plan.total.cost {
        Some(cost) => (cost.likely > limit.above, planned_cost(&cost)),
        None => (true, "an unknown amount, as a price is missing".to_owned()),
    };
    let calls = counted(plan.total.calls.likely, "call");
    let words = format!("about {calls} would cost {cost}");
    launch.terminal.note(&format!("plan: {words}"));
    if !is_more || limit.is_confirmed {
        return Ok(());
    }
    let above = limit.above;
    let is_there = is_stdin_terminal() && launch.terminal.is_watched();
    if is_there && ask(&format!("That is more than {above}. Go on? [y/N] ")) {
        return Ok(());
    }
    let message = format!("nothing was sent: {words}, which is more than --confirm-above {above}");
    Err(Error::new(ErrorKind::Budget, message)
        .help("see --dry-run; pass --yes to go on, or try a part with --limit or --sample"))
}

/// Plans the job, and says whether its calls would be recorded where nothing is said of it.
async fn plan(launch: &Launch) -> Result<(Plan, bool), Error> {
    let written = launch.written()?;
    let documents: Vec<PathBuf> = match &launch.job {
        Job::Section(job) => job.context.clone(),
        Job::Vote(job) => job.context.clone(),
        Job::MapReduce(job) => job.inputs.clone(),
    };
    written.check_documents(&documents, launch.terminal)?;
    let roles = ModelRoles::of(&launch.job).map_err(|error| launch.told(error))?;
    let settings = launch.settings();
    let connected = connect::to_plan(launch, &roles, &settings).await?;
    let is_paid = connected.notice.is_none();
    let store = store_to_read(launch, is_paid)?;
    if let Some(url) = launch.job.store().shared.as_ref().filter(|_| is_paid) {
        launch.terminal.note(&format!(
            "what others have paid for in {url} is not taken off: a plan looks into the store here alone"
        ));
    }
    let instances = Instances::default();
    let with = PlanSetup {
        setup: Setup {
            models: connected.models,
            settings,
            events: Arc::new(()),
            drain: CancellationToken::new(),
        },
        store,
        draft: Arc::new(move |schema, seed| instances.draw(schema, seed)),
        requests_per_minute: least(launch, &connected.names, |it| it.requests_per_minute),
        tokens_per_minute: least(launch, &connected.names, |it| it.tokens_per_minute),
    };
    let reader = launch.reader(&written);
    let plan = Box::pin(launch.job.clone().plan(&with, &reader)).await;
    let plan = plan.map_err(|error| launch.told(error))?;
    Ok((plan, is_paid))
}

/// Opens the store whose answers need not be paid for again, if there is one.
fn store_to_read(launch: &Launch, is_paid: bool) -> Result<Option<Store>, Error> {
    let part = launch.job.store();
    let path = match &part.file {
        _ if matches!(part.mode, StoreMode::None | StoreMode::Fresh) => return Ok(None),
        Some(path) => path.clone(),
        None if is_paid => usual(),
        None => return Ok(None),
    };
    path.exists().then(|| open_to_read(&path)).transpose()
}

/// Opens the store of the run to keep the plan in, if there is one already and the run would be recorded
/// there: a plan makes none. Nobody was asked whether the file of a job may say where to write.
fn store_to_keep(launch: &Launch, is_paid: bool) -> Result<Option<Store>, Error> {
    let part = launch.job.store();
    let is_typed = matches!(launch.names, Names::Options);
    let path = match &part.file {
        Some(path) => is_typed.then(|| path.clone()),
        None => is_paid.then(usual),
    };
    let is_kept = matches!(part.mode, StoreMode::Use | StoreMode::Fresh);
    let path = path.filter(|it| is_kept && it.exists());
    let open = |path| Store::open(path, part.durability).map_err(refused);
    path.map(open).transpose()
}

/// Returns the least of what the providers of models allow, as far as that is configured.
fn least(
    launch: &Launch,
    names: &[String],
    limit: impl Fn(&NamedProvider) -> Option<NonZeroU64>,
) -> Option<NonZeroU64> {
    let providers = names.iter().filter_map(|it| it.split(':').next());
    let limits = providers.filter_map(|it| limit(launch.providers.get(it)?));
    limits.min()
}

/// Puts options in the place of keys.
fn in_users_words(mut plan: Plan, launch: &Launch) -> Plan {
    for warning in &mut plan.warnings {
        *warning = launch.names.words(&launch.job, warning);
    }
    plan
}
