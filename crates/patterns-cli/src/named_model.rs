//! Finds a model by its name, and says what is wrong with the name or with what is configured for it.

use patterns_core::nearest;
use patterns_llm::{Connect, ConnectError, ConnectErrorKind};

use crate::error::{Error, ErrorKind};
use crate::launch::Launch;
use crate::wanted::provider;

/// Finds a model by its name, which may be that of a configured server and one of its models.
///
/// # Errors
///
/// Returns an error if there is none of that name.
pub(crate) fn named_model(name: &str, launch: &Launch) -> Result<Connect, Error> {
    let Some(named) = launch.providers.get(provider(name)) else {
        return patterns_llm::connect(name).map_err(|error| unknown(name, error, launch));
    };
    let model = name.split_once(':').map(|it| it.1.trim());
    let Some(model) = model.filter(|it| !it.is_empty()) else {
        let provider = provider(name);
        let message = format!("the model is missing: write `{provider}:MODEL`");
        return Err(Error::new(ErrorKind::Usage, message).help("see --help"));
    };
    patterns_llm::connect(&format!("{}:{model}", named.kind)).map_err(refused)
}

/// Says which names there are beside the usual ones.
fn unknown(name: &str, error: ConnectError, launch: &Launch) -> Error {
    let servers = launch.providers.names().map(|it| format!("{it}:NAME"));
    let aliases = launch.aliases.names().map(str::to_owned);
    let names: Vec<String> = aliases.chain(servers).collect();
    if error.kind() != ConnectErrorKind::UnknownProvider || names.is_empty() {
        return refused(error);
    }
    let known = names.iter().map(String::as_str);
    let meant = nearest(name, known).map_or_else(String::new, |it| format!("did you mean {it}? "));
    let names = names.join(", ");
    Error::new(ErrorKind::Usage, error.to_string()).help(format!("{meant}configured are {names}"))
}

/// Says why a connection to a model cannot be made: of a configured server with its name, as there may be
/// several.
pub(crate) fn refused_of(name: &str, error: ConnectError, launch: &Launch) -> Error {
    let named = launch.providers.get(provider(name));
    let is_its_own = match error.kind() {
        ConnectErrorKind::InvalidBaseUrl => named.is_some_and(|it| !it.base_urls.is_empty()),
        ConnectErrorKind::MissingBaseUrl
        | ConnectErrorKind::InvalidApiVersion
        | ConnectErrorKind::InvalidHeader
        | ConnectErrorKind::ReservedField => named.is_some(),
        _ => false,
    };
    if !is_its_own {
        return refused(error);
    }
    let (kind, help) = next_step(&error);
    Error::new(kind, format!("providers.{}: {error}", provider(name))).help(help)
}

/// Says why a connection cannot be made, and what to set.
fn refused(error: ConnectError) -> Error {
    let (kind, help) = next_step(&error);
    Error::new(kind, error.to_string()).help(help)
}

fn next_step(error: &ConnectError) -> (ErrorKind, &'static str) {
    let kind = match error.kind() {
        ConnectErrorKind::UnknownProvider | ConnectErrorKind::MissingModel => ErrorKind::Usage,
        _ => ErrorKind::Config,
    };
    let help = match error.kind() {
        ConnectErrorKind::MissingBaseUrl if error.to_string().contains("`azure`") => {
            "set AZURE_OPENAI_ENDPOINT, or the base_url of the provider, to the address of your resource, \
             such as https://NAME.openai.azure.com"
        }
        ConnectErrorKind::InvalidApiVersion => {
            "mend api_version of the provider, or leave it out: /openai/v1 needs none"
        }
        ConnectErrorKind::MissingBaseUrl => {
            "pass --base-url, such as http://localhost:8000/v1, or set the base_url of the provider"
        }
        ConnectErrorKind::InvalidBaseUrl => {
            "mend --base-url, or where it is set (`patterns config show`), or the provider's own \
             variable: http://localhost:8000/v1 is one"
        }
        ConnectErrorKind::InvalidProxy => "mend run.proxy, or HTTP_PROXY, HTTPS_PROXY or ALL_PROXY",
        ConnectErrorKind::UnknownPrice => {
            "set its price in [providers.NAME.prices] (see `patterns config keys`), or cap --max-tokens \
             or --max-calls instead of --max-cost"
        }
        ConnectErrorKind::MissingKey => {
            "say where it is: key_variable, key_file or key_command of the provider"
        }
        ConnectErrorKind::InvalidKey => "check the API key",
        ConnectErrorKind::InvalidHeader | ConnectErrorKind::ReservedField => {
            "mend headers or extra of the provider (`patterns config show`)"
        }
        _ => {
            "name a model as openai:NAME, anthropic:NAME, gemini:NAME, azure:NAME, openrouter:NAME, \
             ollama:NAME, compatible:NAME or offline"
        }
    };
    (kind, help)
}
