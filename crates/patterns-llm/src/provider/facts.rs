//! What is known of each provider before it is asked: its name, its usual server, how it takes a key.

use std::sync::Arc;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};
use patterns_core::MediaType;
use secrecy::{ExposeSecret, SecretString};

use super::dialect::Dialect;
use super::stream::Assembly;
use super::transport::Server;
use crate::connect_error::{ConnectError, ConnectErrorKind};

/// What is known of a provider.
#[derive(Debug)]
pub(crate) struct Provider {
    /// The name users write.
    pub(crate) name: &'static str,
    /// The name in sentences.
    pub(crate) maker: &'static str,
    /// Where it is found unless told otherwise.
    pub(crate) usual_base_url: Option<&'static str>,
    /// What an address may end with that the paths of requests have themselves.
    pub(crate) versions: &'static [&'static str],
    /// Where it lists its models.
    pub(crate) models_path: &'static str,
    pub(crate) needs_key: bool,
    /// Whether it runs on machines of one's own, the usual one too.
    pub(crate) is_local: bool,
    pub(crate) key_goes: KeyGoes,
    /// Headers of every request.
    pub(crate) headers: &'static [(&'static str, &'static str)],
    /// What a token written into the prompt cache costs where its price is not known, of the price of one
    /// that is read.
    pub(crate) cache_write_percent: u64,
    /// What may be attached to a message; whether the model can look at it, only its answer tells.
    pub(crate) takes: &'static [MediaType],
    /// Whether the version of the API is chosen by whoever asks.
    pub(crate) has_versions: bool,
    pub(crate) dialect: fn(&Server, &Place) -> Arc<dyn Dialect>,
    pub(crate) assembly: fn() -> Box<dyn Assembly>,
}

/// What is asked at a server, where that is a part of the path.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) model: String,
    pub(crate) api_version: Option<String>,
}

/// The pictures that most providers take.
pub(crate) const PICTURES: &[MediaType] = &[
    MediaType::Png,
    MediaType::Jpeg,
    MediaType::Gif,
    MediaType::Webp,
];

/// The same, and files.
pub(crate) const PICTURES_AND_FILES: &[MediaType] = &[
    MediaType::Png,
    MediaType::Jpeg,
    MediaType::Gif,
    MediaType::Webp,
    MediaType::Pdf,
];

/// How a key is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum KeyGoes {
    /// As a bearer token.
    Bearer,
    /// In a header of its own.
    In(&'static str),
    /// In a header of its own, but a token that is signed (a JWT, as Entra gives them out) as a bearer
    /// token.
    InUnlessSigned(&'static str),
}

impl KeyGoes {
    /// Returns the header of a key of this form, if it has one of its own.
    fn header(self, key: &str) -> Option<&'static str> {
        let is_signed = key.starts_with("eyJ") && key.matches('.').count() == 2;
        match self {
            Self::InUnlessSigned(_) if is_signed => None,
            Self::In(name) | Self::InUnlessSigned(name) => Some(name),
            Self::Bearer => None,
        }
    }
}

impl Provider {
    /// Returns a checked address without what the paths of requests begin with.
    pub(crate) fn root(&self, url: String) -> String {
        let mut versions = self.versions.iter();
        match versions.find_map(|it| url.strip_suffix(it)) {
            Some(root) => root.to_owned(),
            None => url,
        }
    }

    /// Returns the headers of every request.
    pub(crate) fn headers(&self, key: Option<&SecretString>) -> Result<HeaderMap, ConnectError> {
        let mut headers = HeaderMap::new();
        for (name, value) in self.headers {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        let Some(key) = key else { return Ok(headers) };
        let key = key.expose_secret().trim();
        let (name, text) = match self.key_goes.header(key) {
            None => (AUTHORIZATION, format!("Bearer {key}")),
            Some(name) => (HeaderName::from_static(name), key.to_owned()),
        };
        let mut value = HeaderValue::from_str(&text).map_err(|_| {
            let message = "the API key has characters that no header can carry";
            ConnectError::new(ConnectErrorKind::InvalidKey, message)
        })?;
        value.set_sensitive(true);
        headers.insert(name, value);
        Ok(headers)
    }
}
