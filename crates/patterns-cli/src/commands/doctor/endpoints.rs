//! Asks servers for their lists of models: whether they are there, take the key, and have the model.

use std::time::Duration;

use patterns_core::nearest;
use patterns_llm::{Connect, Reached, models_at};

use super::check::Check;
use super::keys::{USUAL, variable};
use crate::addresses::ollama_base_url;
use crate::connect::{Prepared, prepare};
use crate::error::{Error, ErrorKind};
use crate::launch::Launch;
use crate::report::counted;
use crate::wanted::provider;

const SERVERS: &str = "servers";

/// How long a server may take.
const LIMIT: Duration = Duration::from_secs(10);

/// How long a local Ollama may take that nobody has asked for.
const PROBE: Duration = Duration::from_millis(300);

/// Asks the servers that are configured or have a key, and that of the model which is meant.
pub(super) async fn endpoints(launch: &Launch) -> Vec<Check> {
    let meant = launch.job.model().name.as_deref();
    let meant = meant.map(|it| launch.aliases.model(it).to_owned());
    let meant = meant.filter(|it| it.trim() != "offline");
    let mut checks = Vec::new();
    if let Some(name) = &meant {
        checks.extend(asked(launch, name, true).await);
    }
    let is_meant = |it: &str| meant.as_deref().map(provider) == Some(it);
    let usual = USUAL.into_iter().filter(|it| variable(it).is_some());
    let mut others: Vec<&str> = launch.providers.names().chain(usual).collect();
    others.sort_unstable();
    others.dedup();
    for other in others.into_iter().filter(|it| !is_meant(it)) {
        checks.extend(asked(launch, &format!("{other}:any"), false).await);
    }
    let has_ollama = is_meant("ollama") || launch.providers.get("ollama").is_some();
    if !has_ollama {
        checks.push(local_ollama().await);
    }
    checks
}

async fn local_ollama() -> Check {
    let url = ollama_base_url();
    match models_at(&format!("{url}/v1"), PROBE).await {
        Some(models) => {
            let says = format!("answers; {} models", models.len());
            Check::good(SERVERS, format!("ollama at {url}"), says)
        }
        None => Check::absent(SERVERS, format!("ollama at {url}"), "none answers"),
    }
}

/// Asks all servers of a model's provider.
async fn asked(launch: &Launch, name: &str, is_meant: bool) -> Vec<Check> {
    let provider = provider(name);
    let Prepared { connections, ways } = match prepare(launch, &launch.settings(), name) {
        Ok(prepared) => prepared,
        Err(error) => return vec![Check::bad(SERVERS, provider, &error)],
    };
    let model = name.split_once(':').map(|it| it.1.trim());
    let model = model.filter(|_| is_meant);
    let mut checks = Vec::new();
    for connection in &connections {
        checks.push(one(connection, provider, model, &ways).await);
    }
    checks
}

async fn one(connect: &Connect, provider: &str, model: Option<&str>, ways: &[String]) -> Check {
    let server = connect.server().unwrap_or_default();
    let name = format!("{provider} at {server}");
    let way = ways.iter().map(|it| format!(", {it}")).collect::<String>();
    match connect.reach(LIMIT).await {
        Ok(reached) => judged(&name, provider, model, &way, reached),
        Err(error) => {
            let error = Error::new(ErrorKind::Config, error.to_string());
            Check::bad(SERVERS, name, &error).then("`patterns config show` says what is set where")
        }
    }
}

fn judged(name: &str, provider: &str, model: Option<&str>, way: &str, reached: Reached) -> Check {
    let bad = |kind, message: String| Check::bad(SERVERS, name, &Error::new(kind, message));
    match reached {
        Reached::Listed(models) => listed(name, model, way, &models),
        Reached::Status(status @ (401 | 403)) => {
            let says = format!("answers, and refuses the key ({status}){way}");
            bad(ErrorKind::Credentials, says)
                .then(format!("check the key of {provider}: `patterns doctor` says where it is from"))
        }
        Reached::Status(status @ 500..) => bad(ErrorKind::Unavailable, format!("answers {status}{way}"))
            .then("try later, or see to the server"),
        Reached::Status(status) => {
            let says = format!("answers ({status}: it has no list of models){way}");
            Check::good(SERVERS, name, says)
        }
        Reached::Not(error) => bad(ErrorKind::Unavailable, format!("{error}{way}")).then(
            "start it, or mend its address (`patterns config show`) or the proxy (HTTPS_PROXY, HTTP_PROXY, NO_PROXY)",
        ),
        _ => Check::good(SERVERS, name, format!("answers{way}")),
    }
}

fn listed(name: &str, model: Option<&str>, way: &str, models: &[String]) -> Check {
    let count = models.len();
    let Some(model) = model else {
        let says = format!("answers; {}{way}", counted(count as u64, "model"));
        return Check::good(SERVERS, name, says);
    };
    // Ollama calls the usual variant of a model by that name.
    let is_it = |it: &String| *it == *model || it.strip_suffix(":latest") == Some(model);
    if models.iter().any(is_it) {
        let of = match count {
            1 => "the one model that it has".to_owned(),
            count => format!("one of its {count} models"),
        };
        let says = format!("answers; {model} is {of}{way}");
        return Check::good(SERVERS, name, says);
    }
    let meant = nearest(model, models.iter().map(String::as_str));
    let then = match meant {
        Some(meant) => format!("did you mean {meant}?"),
        None => "some servers answer to any name; else name one of its models".to_owned(),
    };
    let not = match count {
        1 => "not the one model".to_owned(),
        count => format!("not among the {count} models"),
    };
    let says = format!("answers; {model} is {not} that it lists{way}");
    Check::warning(SERVERS, name, says, then)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(model: Option<&str>, reached: Reached, expected: &str) {
        let check = judged("s", "local", model, "", reached);
        let then = check.then.clone().unwrap_or_default();
        assert_eq!(format!("{} > {then}", check.line()), expected);
    }

    #[test]
    fn what_a_server_says_is_judged_with_what_to_do() {
        let list = || Reached::Listed(vec!["gpt-5-mini".to_owned(), "llama3:latest".to_owned()]);
        check(None, list(), "  ✓ s: answers; 2 models > ");
        let has = "  ✓ s: answers; llama3 is one of its 2 models > ";
        check(Some("llama3"), list(), has);
        check(
            Some("gpt5-mini"),
            list(),
            "  ! s: answers; gpt5-mini is not among the 2 models that it lists > did you mean gpt-5-mini?",
        );
        check(
            None,
            Reached::Status(401),
            "  ✗ s: answers, and refuses the key (401) > check the key of local: `patterns doctor` says \
             where it is from",
        );
        let none = "  ✓ s: answers (404: it has no list of models) > ";
        check(None, Reached::Status(404), none);
        let down = "  ✗ s: answers 503 > try later, or see to the server";
        check(None, Reached::Status(503), down);
    }
}
