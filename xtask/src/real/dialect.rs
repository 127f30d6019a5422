//! The dialects that the command speaks, and how each looks from outside.

use serde_json::Value;

/// One way of speaking to models, as a server sees it.
#[derive(Debug)]
pub(super) struct Dialect {
    /// The provider's name.
    pub(super) name: &'static str,
    pub(super) model: &'static str,
    /// What a base URL ends in.
    pub(super) base: &'static str,
    /// What else is set for the provider.
    pub(super) settings: &'static str,
    /// Whether the mock says what an answer has used.
    pub(super) bills: bool,
    /// The header that carries the key.
    pub(super) key: Option<&'static str>,
    /// What the path of a request ends in, be the answer whole or streamed.
    paths: [&'static str; 2],
    /// What an answer that was withheld ends as; `None`, where the mock cannot say why an answer ended.
    pub(super) withheld: Option<&'static str>,
}

pub(super) const DIALECTS: [Dialect; 6] = [
    Dialect {
        name: "openai",
        model: "gpt-5-mini",
        base: "/v1",
        settings: "",
        bills: true,
        key: Some("authorization"),
        paths: ["/v1/chat/completions"; 2],
        withheld: Some("filtered"),
    },
    Dialect {
        name: "anthropic",
        model: "claude-haiku-4-5",
        base: "",
        settings: "",
        bills: true,
        key: Some("x-api-key"),
        paths: ["/v1/messages"; 2],
        withheld: Some("refused"),
    },
    Dialect {
        name: "gemini",
        model: "gemini-2.5-flash",
        base: "",
        settings: "",
        bills: true,
        key: Some("x-goog-api-key"),
        paths: [":generateContent", ":streamGenerateContent?alt=sse"],
        withheld: Some("filtered"),
    },
    Dialect {
        name: "ollama",
        model: "qwen3:8b",
        base: "",
        settings: "",
        bills: false,
        key: None,
        paths: ["/api/chat"; 2],
        withheld: None,
    },
    Dialect {
        name: "azure",
        model: "gpt-5-mini",
        base: "",
        settings: "api_version = \"2024-10-21\"",
        bills: true,
        key: Some("api-key"),
        paths: ["/openai/deployments/gpt-5-mini/chat/completions?api-version=2024-10-21"; 2],
        withheld: Some("filtered"),
    },
    Dialect {
        name: "openrouter",
        model: "openai/gpt-5-mini",
        base: "/api/v1",
        settings: "",
        bills: true,
        key: Some("authorization"),
        paths: ["/api/v1/chat/completions"; 2],
        withheld: Some("filtered"),
    },
];

impl Dialect {
    /// Returns what is wrong with the shape of a request of the journal, if anything is.
    pub(super) fn complaint(&self, entry: &Value, streams: bool) -> Option<String> {
        let path = entry["path"].as_str().unwrap_or_default();
        let body = &entry["body"];
        let headers = &entry["headers"];
        let says_stream = body["stream"].as_bool().unwrap_or(false);
        let has = |role: &str| {
            let messages = body["messages"].as_array().map_or(&[][..], Vec::as_slice);
            messages.iter().any(|it| it["role"] == role)
        };
        let complaint = if !path.ends_with(self.paths[usize::from(streams)]) {
            "the path"
        } else if says_stream != streams {
            "whether it streams"
        } else if !has("system") || !has("user") {
            "the turns"
        } else if self.key.is_some_and(|it| headers[it].is_null()) {
            "the header of the key"
        } else if headers["x-call-key"].as_str().map_or(0, str::len) != 64 {
            "the key of the call"
        } else {
            return None;
        };
        Some(format!("{complaint} is not right: {entry}"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_request_of_another_shape_is_complained_of() {
        let good = json!({
            "path": "/v1/messages",
            "headers": {"x-api-key": "[REDACTED]", "x-call-key": "0".repeat(64)},
            "body": {
                "stream": true,
                "messages": [{"role": "system"}, {"role": "user"}],
            },
        });
        let complaint = |entry: &Value, streams| DIALECTS[1].complaint(entry, streams);
        assert_eq!(complaint(&good, true), None);
        assert!(complaint(&good, false).is_some_and(|it| it.starts_with("whether it streams")));
        for (pointer, value, expected) in [
            ("/path", json!("/v1/complete"), "the path"),
            ("/body/messages/0/role", json!("user"), "the turns"),
            ("/headers/x-api-key", json!(null), "the header of the key"),
            ("/headers/x-call-key", json!("1"), "the key of the call"),
        ] {
            let mut bad = good.clone();
            *bad.pointer_mut(pointer).unwrap() = value;
            let said = complaint(&bad, true).unwrap();
            assert!(said.starts_with(expected), "{said}");
        }
    }
}
