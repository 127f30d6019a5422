//! Names, addresses and keys: what connects, and what is refused with which words.

use super::*;
use crate::{OLLAMA_BASE_URL, Price};

fn named(name: &str) -> Result<String, ConnectError> {
    let connect = connect(name)?.api_key("sk-canary-0123456789");
    Ok(connect.build()?.id().to_string())
}

#[test]
fn names_connect_to_their_providers() {
    for (name, id) in [
        ("openai:gpt-5-mini", "openai:gpt-5-mini"),
        ("ollama:qwen3:8b", "ollama:qwen3:8b"),
        ("anthropic:claude-x", "anthropic:claude-x"),
        ("gemini:gemini-x", "gemini:gemini-x"),
        (" openai : gpt-5-mini ", "openai:gpt-5-mini"),
    ] {
        assert_eq!(named(name).unwrap(), id, "{name}");
    }
}

#[test]
fn names_that_mean_nothing_are_refused_with_a_suggestion() {
    use ConnectErrorKind::{MissingModel, UnknownProvider};
    for (name, kind, suggestion) in [
        ("gpt-5-mini", UnknownProvider, Some("openai:gpt-5-mini")),
        ("claude-x", UnknownProvider, Some("anthropic:claude-x")),
        ("mistral-small", UnknownProvider, None),
        ("opnai:gpt-5", UnknownProvider, Some("openai:gpt-5")),
        ("OLLAMA:x", UnknownProvider, Some("ollama:x")),
        ("", UnknownProvider, None),
        ("openai", MissingModel, None),
        ("ollama: ", MissingModel, None),
    ] {
        let error = named(name).unwrap_err();
        assert_eq!(
            (error.kind(), error.suggestion()),
            (kind, suggestion),
            "{name}"
        );
    }
}

#[test]
fn base_urls_are_checked_and_part_of_the_name() {
    let at = |url: &str| connect("compatible:m").unwrap().base_url(url).build();
    for (url, id) in [
        (
            "http://localhost:8000/v1",
            "compatible:m@http://localhost:8000/v1",
        ),
        (
            " https://HOST.example/v1/ ",
            "compatible:m@https://host.example/v1",
        ),
    ] {
        assert_eq!(at(url).unwrap().id().to_string(), id);
    }
    for url in [
        "",
        "localhost:8000",
        "ftp://host/v1",
        "http://me:secret@host/v1",
        "http://host/v1?key=secret",
    ] {
        let error = at(url).err().expect(url);
        assert_eq!(error.kind(), ConnectErrorKind::InvalidBaseUrl, "{url}");
        assert!(!format!("{error} {error:?}").contains("secret"), "{url}");
    }
    let moved = connect("ollama:m")
        .unwrap()
        .base_url("http://box:1/v1")
        .build()
        .unwrap();
    // It speaks another protocol than the `/v1` that many addresses of it end with.
    assert_eq!(moved.id().to_string(), "ollama:m@http://box:1");
    let usual = connect("ollama:m")
        .unwrap()
        .base_url(OLLAMA_BASE_URL)
        .build()
        .unwrap();
    assert_eq!(usual.id().to_string(), "ollama:m");
}

#[test]
fn keys_are_needed_where_they_are_and_never_shown() {
    let kind = |it: Result<Arc<dyn Model>, ConnectError>| it.err().map(|error| error.kind());
    let openai = || connect("openai:m").unwrap();
    assert_eq!(kind(openai().build()), Some(ConnectErrorKind::MissingKey));
    assert_eq!(
        kind(openai().api_key(" ").build()),
        Some(ConnectErrorKind::MissingKey)
    );
    let error = openai()
        .api_key("sk-canary\n1")
        .build()
        .err()
        .expect("no header can carry it");
    assert_eq!(error.kind(), ConnectErrorKind::InvalidKey);
    assert!(!format!("{error} {error:?}").contains("canary"));
    assert!(!format!("{:?}", openai().api_key("sk-canary")).contains("canary"));
    assert_eq!(kind(connect("ollama:m").unwrap().build()), None);
    let missing = connect("compatible:m").unwrap().build();
    assert_eq!(kind(missing), Some(ConnectErrorKind::MissingBaseUrl));
}

#[test]
fn a_cap_on_cost_needs_a_price() {
    let capped = || {
        Budget::new(Caps {
            max_cost: Some("1".parse().unwrap()),
            ..Caps::default()
        })
    };
    let connected = |name: &str, budget: Budget, prices: Prices| {
        let connect = connect(name)?.api_key("k").base_url("http://localhost/v1");
        connect.budget(budget).prices(prices).build()
    };
    for name in ["openai:gpt-5-mini", "ollama:qwen3:8b"] {
        assert!(connected(name, capped(), Prices::known()).is_ok(), "{name}");
    }
    let Err(error) = connected("compatible:m", capped(), Prices::known()) else {
        panic!("nobody knows what it costs");
    };
    assert_eq!(error.kind(), ConnectErrorKind::UnknownPrice);
    insta::assert_snapshot!(error, @"the price of compatible:m is not known, so a cap on cost cannot be kept");
    let row = "[[price]]\nmodel = 'compatible:m'\ninput = 1\noutput = 2\n";
    let prices = Prices::from_toml(row).unwrap();
    assert!(connected("compatible:m", capped(), prices).is_ok());
    let uncapped = Budget::new(Caps::default());
    assert!(connected("compatible:m", uncapped, Prices::known()).is_ok());
}

#[test]
fn the_price_at_a_configured_server_is_found_however_its_address_is_spelt() {
    let capped = || Caps {
        max_cost: Some("1".parse().unwrap()),
        ..Caps::default()
    };
    let price = Price {
        output: "7".parse().unwrap(),
        ..Price::default()
    };
    for (name, url) in [
        ("compatible:m", "http://box:1/v1"),
        ("compatible:m", "http://box:1/v1/"),
        ("openai:m", "https://api.openai.com/v1"),
        ("anthropic:m", "http://box:1/v1"),
        ("anthropic:m", "https://api.anthropic.com/v1/"),
        ("gemini:m", "http://box:1/v1beta/"),
        ("ollama:m", "http://box:1/api"),
    ] {
        let prices = Prices::known().with(name, Some(url), price);
        let at = |address: &str| {
            let connect = connect(name).unwrap().api_key("k").base_url(address);
            connect
                .budget(Budget::new(capped()))
                .prices(prices.clone())
                .build()
        };
        let id = at(url).unwrap_or_else(|error| panic!("{name} at {url}: {error}"));
        let found = prices.find(id.id()).unwrap();
        assert_eq!(found.output, price.output, "{name} at {url}");
        let elsewhere = at("http://other:1/v1").ok();
        let elsewhere = elsewhere.and_then(|it| prices.find(it.id()));
        assert_ne!(elsewhere, Some(price), "{name} at {url}");
    }
}
