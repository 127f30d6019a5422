//! Says who is to answer where a job does not: the model that is configured, and its server.

use patterns_job::{Job, ModelRoles};

use crate::config::Loaded;
use crate::error::{Error, ErrorKind};
use crate::option_names::Names;

/// Returns the name of a model's provider.
pub(crate) fn provider(name: &str) -> &str {
    name.split(':').next().unwrap_or_default().trim()
}

/// Fills in who is to answer; returns the places that say so.
///
/// # Errors
///
/// Returns an error if there is a server and no model to ask it for, or none of the models is at it.
pub(crate) fn fill_in(job: &mut Job, names: Names, loaded: &Loaded) -> Result<Vec<String>, Error> {
    let mut from = Vec::new();
    let named = |job: &Job| ModelRoles::of(job).map(|it| it.names).unwrap_or_default();
    let place = match &job.model().name {
        // A clone may say that a name stands for another model than it usually does.
        Some(name) => loaded.project_alias(name),
        None => {
            job.model_mut().name = loaded.model();
            loaded.place(&["run", "model"]).map(str::to_owned)
        }
    };
    let models = named(job);
    if job
        .model()
        .name
        .as_ref()
        .is_some_and(|it| models.contains(it))
    {
        from.extend(place);
    }
    let (aliases, providers) = (loaded.aliases(), loaded.providers());
    let of = |name: &String| provider(aliases.model(name)).to_owned();
    let lacks_server = |it: &String| *it != "offline" && providers.base_url(it).is_none();
    let used: Vec<String> = models.iter().map(of).collect();
    let is_used = used.iter().any(lacks_server);
    if job.model().base_url.is_none()
        && (is_used || models.is_empty())
        && let Some(url) = loaded.base_url()
    {
        job.model_mut().base_url = Some(url);
        from.extend(loaded.place(&["run", "base_url"]).map(str::to_owned));
    }
    let own = used
        .iter()
        .find_map(|it| Some((it, providers.base_url(it)?)));
    match (&job.model().base_url, own) {
        (Some(_), _) if models.is_empty() => {
            let option = from.last().cloned();
            let option = option.unwrap_or_else(|| names.name(job, "model.base_url"));
            let model = names.name(job, "model.name");
            let message = format!("{option} needs {model}, to say what to ask the server for");
            let help = "set it to compatible:NAME, or set PATTERNS_MODEL";
            Err(Error::new(ErrorKind::Usage, message).help(help))
        }
        (Some(_), Some((name, url))) if !is_used => {
            let option = names.name(job, "model.base_url");
            let message = format!("{option} has no effect: {name} is at {url}");
            let help = format!("for one run, -c providers.{name}.base_url=URL says another one");
            Err(Error::new(ErrorKind::Usage, message).help(help))
        }
        _ => Ok(from),
    }
}
