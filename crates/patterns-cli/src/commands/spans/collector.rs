//! The collector that spans go to, as OpenTelemetry's own variables say.

use std::env;
use std::time::Duration;

use patterns_llm::post_json;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::span::attributes;
use crate::error::{Error, ErrorKind};
use crate::proxy::{self, without_login};

/// Where a collector listens on this machine.
const USUAL: &str = "http://localhost:4318";

/// How long it may take for a batch, in milliseconds.
const TIMEOUT: u64 = 10_000;

/// A collector.
pub(super) struct Collector {
    url: String,
    headers: Vec<(String, SecretString)>,
    limit: Duration,
    resource: Vec<Value>,
}

impl Collector {
    /// Reads the variables.
    ///
    /// # Errors
    ///
    /// Returns an error if one asks for what cannot be done.
    pub(super) fn of_environment() -> Result<Self, Error> {
        Self::of(&|name| env::var(name).ok().filter(|it| !it.trim().is_empty()))
    }

    fn of(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let of_traces = |name: &str| {
            let own = variable(&format!("OTEL_EXPORTER_OTLP_TRACES_{name}"));
            own.or_else(|| variable(&format!("OTEL_EXPORTER_OTLP_{name}")))
        };
        if of_traces("PROTOCOL").is_some_and(|it| it == "grpc") {
            let message = "OTEL_EXPORTER_OTLP_PROTOCOL asks for grpc, which is not spoken here";
            return Err(Error::new(ErrorKind::Config, message).help(
                "set it to http/json for this command; collectors listen for that at port 4318",
            ));
        }
        let milliseconds = match of_traces("TIMEOUT") {
            None => TIMEOUT,
            Some(text) => text.trim().parse().map_err(|_| {
                let message =
                    format!("OTEL_EXPORTER_OTLP_TIMEOUT={text:?} is no number of milliseconds");
                Error::new(ErrorKind::Config, message).help("set it to 10000, or leave it out")
            })?,
        };
        let url = variable("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT").unwrap_or_else(|| {
            let base = variable("OTEL_EXPORTER_OTLP_ENDPOINT");
            let base = base.unwrap_or_else(|| USUAL.to_owned());
            format!("{}/v1/traces", base.trim_end_matches('/'))
        });
        let headers = of_traces("HEADERS").unwrap_or_default();
        let headers = pairs(&headers).map(|(name, it)| (name, SecretString::from(it)));
        Ok(Self {
            url,
            headers: headers.collect(),
            limit: Duration::from_millis(milliseconds),
            resource: resource(variable),
        })
    }

    /// Returns where it is, without a password that the address may have.
    pub(super) fn shown(&self) -> String {
        without_login(&self.url)
    }

    /// Sends spans; nothing is repeated, since the whole run can be sent again.
    ///
    /// # Errors
    ///
    /// Returns an error if it cannot be reached or does not take all of them.
    pub(super) async fn send(&self, spans: Vec<Value>) -> Result<(), Error> {
        let scope = json!({"name": "patterns", "version": env!("CARGO_PKG_VERSION")});
        let body = json!({"resourceSpans": [{
            "resource": {"attributes": self.resource},
            "scopeSpans": [{"scope": scope, "spans": spans}],
        }]});
        let proxies = proxy::Environment::read().proxies();
        let posted = post_json(
            &self.url,
            &self.headers,
            body.to_string(),
            &proxies,
            self.limit,
        );
        let shown = self.shown();
        let unavailable = |message: String| {
            Error::new(ErrorKind::Unavailable, message)
                .help("start a collector, or set OTEL_EXPORTER_OTLP_ENDPOINT to where one listens for HTTP")
        };
        match posted.await {
            Ok((200..300, reply)) => rejected(&reply).map_or(Ok(()), |it| {
                Err(unavailable(format!("{shown} did not take all spans: {it}")))
            }),
            Ok((status @ (401 | 403), _)) => {
                let message = format!("{shown} refuses the spans ({status})");
                Err(Error::new(ErrorKind::Credentials, message)
                    .help("set what it wants in OTEL_EXPORTER_OTLP_HEADERS, as in authorization=Bearer%20KEY"))
            }
            Ok((status, _)) => Err(unavailable(format!("{shown} answers {status}"))),
            Err(error) => Err(unavailable(format!(
                "the spans cannot be sent to {shown}: {error}"
            ))),
        }
    }
}

/// Returns what a collector says of spans that it did not take.
fn rejected(reply: &str) -> Option<String> {
    let reply: Value = serde_json::from_str(reply).ok()?;
    let partial = reply.get("partialSuccess")?;
    let count = match &partial["rejectedSpans"] {
        Value::String(text) => text.parse().ok()?,
        other => other.as_u64()?,
    };
    let words = partial["errorMessage"].as_str().unwrap_or_default();
    (count > 0).then(|| format!("{count} were rejected: {words}"))
}

/// Says who sends, as the variables do.
fn resource(variable: &dyn Fn(&str) -> Option<String>) -> Vec<Value> {
    let text = variable("OTEL_RESOURCE_ATTRIBUTES").unwrap_or_default();
    let mut named: Vec<(String, String)> = pairs(&text).collect();
    if let Some(name) = variable("OTEL_SERVICE_NAME") {
        named.retain(|it| it.0 != "service.name");
        named.push(("service.name".to_owned(), name));
    }
    let mut all = Vec::new();
    if !named.iter().any(|it| it.0 == "service.name") {
        let usual = attributes([("service.name", json!("patterns"))]);
        all.extend(usual.as_array().cloned().unwrap_or_default());
    }
    let value = |it: String| json!({"stringValue": it});
    all.extend(
        named
            .into_iter()
            .map(|(key, it)| json!({"key": key, "value": value(it)})),
    );
    all
}

/// Reads `name=value,name=value`, where values may be written as in a URL.
fn pairs(text: &str) -> impl Iterator<Item = (String, String)> {
    let pairs = text.split(',').filter_map(|it| it.split_once('='));
    pairs.map(|(name, value)| (name.trim().to_owned(), decoded(value.trim())))
}

/// Decodes what is written as `%20`; what is no such code stays.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..2).and_then(|it| std::str::from_utf8(it).ok());
        let code = code.and_then(|it| u8::from_str_radix(it, 16).ok());
        match code.filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn of(set: &[(&str, &str)]) -> Result<Collector, Error> {
        Collector::of(&|name| {
            let found = set.iter().find(|(it, _)| *it == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_variables_of_opentelemetry_are_heeded() {
        let url = |set: &[(&str, &str)]| of(set).unwrap().url;
        assert_eq!(url(&[]), "http://localhost:4318/v1/traces");
        let base = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://c:4318/");
        assert_eq!(url(&[base]), "http://c:4318/v1/traces");
        let whole = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://c/otlp");
        assert_eq!(url(&[base, whole]), "http://c/otlp");
        let headers = (
            "OTEL_EXPORTER_OTLP_HEADERS",
            "authorization=Bearer%20k, x = 1%",
        );
        let collector = of(&[headers, ("OTEL_EXPORTER_OTLP_TIMEOUT", "250")]).unwrap();
        let headers = collector.headers.iter();
        let headers: Vec<_> = headers
            .map(|(name, it)| (&**name, it.expose_secret()))
            .collect();
        assert_eq!(headers, [("authorization", "Bearer k"), ("x", "1%")]);
        assert_eq!(collector.limit, Duration::from_millis(250));
        let error = of(&[("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")])
            .err()
            .unwrap();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(of(&[("OTEL_EXPORTER_OTLP_TIMEOUT", "10s")]).is_err());
    }

    #[test]
    fn spans_that_were_not_taken_are_told() {
        assert_eq!(rejected("{}"), None);
        assert_eq!(rejected(r#"{"partialSuccess": {}}"#), None);
        let reply = r#"{"partialSuccess": {"rejectedSpans": "3", "errorMessage": "too old"}}"#;
        assert_eq!(rejected(reply).as_deref(), Some("3 were rejected: too old"));
    }
}
