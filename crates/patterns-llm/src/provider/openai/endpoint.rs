//! Tells async-openai where to send requests and with which headers.

use async_openai::config::Config;
use http::HeaderMap;
use secrecy::SecretString;

/// A server and the headers for it, made once.
///
/// async-openai's own configuration reads the environment and panics on keys that no header can
/// carry, so it is not used.
pub(super) struct Endpoint {
    pub(super) base_url: String,
    /// The version of the API, where it is chosen by whoever asks.
    pub(super) api_version: Option<String>,
    pub(super) headers: HeaderMap,
    pub(super) key: SecretString,
}

impl Config for Endpoint {
    fn headers(&self) -> HeaderMap {
        self.headers.clone()
    }

    fn url(&self, path: &str) -> String {
        [&self.base_url, path].concat()
    }

    fn query(&self) -> Vec<(&str, &str)> {
        let version = self.api_version.as_deref();
        version.map(|it| ("api-version", it)).into_iter().collect()
    }

    fn api_base(&self) -> &str {
        &self.base_url
    }

    fn api_key(&self) -> &SecretString {
        &self.key
    }
}
