//! Price tables: which row is found, what it comes to, and what cannot be read.

use super::*;

fn dollars(text: &str) -> Money {
    text.parse().unwrap()
}

#[test]
fn which_row_is_found() {
    let prices = Prices::known();
    let table = [
        ("openai", "gpt-5-mini", Some("2.00")),
        ("openai", "gpt-5-mini-2025-08-07", Some("2.00")),
        ("openai", "gpt-5", Some("10")),
        ("openai", "gpt-5-2025-08-07", Some("10")),
        ("openai", "gpt-4o-2024-08-06", Some("10")),
        ("openai", "gpt-4o-2024-05-13", Some("15")),
        // Named like one of them, and priced otherwise.
        ("openai", "gpt-5.1", Some("10")),
        ("openai", "gpt-5-pro", None),
        ("openai", "gpt-4o-audio-preview", None),
        ("openai", "gpt-4o-mini-transcribe", None),
        ("openai", "", None),
        // A gateway has prices of its own.
        ("compatible", "gpt-5-mini", None),
        ("ollama", "qwen3:8b", Some("0")),
        ("offline", "", Some("0")),
    ];
    for (provider, model, output) in table {
        let found = prices.find(&ModelId::new(provider, model));
        let expected = output.map(dollars);
        assert_eq!(found.map(|it| it.output), expected, "{provider}:{model}");
    }
    let elsewhere = ModelId::new("openai", "gpt-5").at("http://localhost/v1");
    assert!(prices.find(&elsewhere).is_some());
}

#[test]
fn the_longest_pattern_wins_and_later_rows_override() {
    let row = |model: &str, output: &str| {
        let text = format!("[[price]]\nmodel = {model:?}\ninput = 0\noutput = {output}\n");
        Prices::from_toml(&text).unwrap()
    };
    let prices = row("openai:*", "1")
        .merge(row("openai:gpt-*", "2"))
        .merge(row("openai:gpt-9", "3"))
        .merge(row("openai:gpt-8", "4"))
        .merge(row("openai:gpt-8", "5"));
    for (model, output) in [
        ("other", "1"),
        ("gpt-7", "2"),
        ("gpt-9", "3"),
        ("gpt-9-0613", "3"),
        ("gpt-9-turbo", "2"),
        ("gpt-8", "5"),
    ] {
        let found = prices.find(&ModelId::new("openai", model)).unwrap();
        assert_eq!(found.output, dollars(output), "{model}");
    }
}

#[test]
fn what_usage_costs() {
    let price = Price {
        input: dollars("1"),
        cached_input: Some(dollars("0.1")),
        cache_write: Some(dollars("1.25")),
        output: dollars("10"),
        long: None,
    };
    let usage = |input_tokens, cached_input_tokens, output_tokens| Usage {
        input_tokens,
        cached_input_tokens,
        output_tokens,
        ..Usage::default()
    };
    for (usage, expected) in [
        (usage(0, 0, 0), "0"),
        (usage(1_000_000, 0, 0), "1"),
        (usage(1_000_000, 1_000_000, 0), "0.1"),
        (usage(1_000, 400, 7), "0.00071"),
        // More from the cache than was read at all.
        (usage(10, 400, 0), "0.000001"),
    ] {
        assert_eq!(price.of(usage), dollars(expected), "{usage:?}");
    }
    // What is written into the cache costs more, and is a part of what is read.
    let written = Usage {
        cache_write_tokens: 400,
        ..usage(1_000, 400, 0)
    };
    assert_eq!(price.of(written), dollars("0.00074"));
    let absurd = usage(u64::MAX, 0, u64::MAX);
    assert_eq!(price.of(absurd).picodollars(), u64::MAX);
    assert_eq!(price.at_most(1_000, 7), dollars("0.00132"));
}

#[test]
fn a_call_that_reads_much_is_priced_as_a_long_one_whole() {
    let luna = ModelId::new("openai", "gpt-6-luna");
    let price = Prices::known().find(&luna).unwrap();
    let usage = |input_tokens| Usage {
        input_tokens,
        cached_input_tokens: 100_000,
        cache_write_tokens: 100_000,
        output_tokens: 1_000,
        ..Usage::default()
    };
    // 0.1/0.01/0.125/0.5, and twice that above 272k (0.75 written).
    assert_eq!(price.of(usage(272_000)), dollars("0.0212"));
    assert_eq!(price.of(usage(272_001)), dollars("0.0421502"));
    assert_eq!(price.at_most(100_000, 1_000), dollars("0.02575"));
}

#[test]
fn the_flex_tier_has_its_own_price_where_it_is_known() {
    let price = |provider: &str, model: &str, tier| {
        let found = Prices::known().find_at(&ModelId::new(provider, model), tier);
        found.map(|it| it.output)
    };
    for (provider, model, standard, flex) in [
        ("openai", "gpt-5-mini", "2", "1"),
        ("gemini", "gemini-2.5-flash", "2.5", "1.25"),
        ("anthropic", "claude-haiku-4-5", "5", "5"),
        ("openrouter", "openai/gpt-5-mini", "2", "1"),
        ("openrouter", "qwen/qwen3-8b:free", "0", "0"),
        ("ollama", "qwen3", "0", "0"),
    ] {
        let expected = [standard, flex].map(|it| Some(dollars(it)));
        let found = [Tier::Standard, Tier::Flex].map(|it| price(provider, model, it));
        assert_eq!(found, expected, "{provider}:{model}");
    }
    // Whoever sets a price has set it.
    let row = Prices::from_toml("[[price]]\nmodel = 'openai:gpt-5-mini'\ninput = 1\noutput = 9\n");
    let prices = Prices::known().merge(row.unwrap());
    let found = prices.find_at(&ModelId::new("openai", "gpt-5-mini"), Tier::Flex);
    assert_eq!(found.unwrap().output, dollars("9"));
}

#[test]
fn odd_tables_are_refused() {
    let row = "[[price]]\nmodel = \"a:b\"\ninput = 1\n";
    let table = [
        (
            format!("{row}output = 1\ncolour = 1\n"),
            "line 5: unknown field `colour`",
        ),
        (
            format!("{row}output = -1\n"),
            "line 4: expected an amount of dollars",
        ),
        (row.to_owned(), "line 1: missing field `output`"),
        ("[[prices]]\n".to_owned(), "line 1: unknown field `prices`"),
        ("\n\nmodel".to_owned(), "line 3: "),
    ];
    for (text, expected) in table {
        let error = Prices::from_toml(&text).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn the_price_of_one_server_is_not_that_of_another() {
    let price = |dollars: &str| Price {
        input: dollars.parse().unwrap(),
        cached_input: None,
        cache_write: None,
        output: dollars.parse().unwrap(),
        long: None,
    };
    let prices = Prices::default()
        .with("compatible:m", None, price("3"))
        .with("compatible:m*", Some("https://A.example/v1/"), price("1"))
        .with("compatible:m", Some("https://b.example/v1"), price("2"));
    for (server, expected) in [
        ("https://a.example/v1", "1"),
        ("https://b.example/v1", "2"),
        ("https://c.example/v1", "3"),
    ] {
        let found = prices.find(&ModelId::new("compatible", "m").at(server));
        assert_eq!(found, Some(price(expected)), "{server}");
    }
}

#[test]
fn what_is_written_into_anthropics_cache_costs_a_quarter_more_unless_it_is_set() {
    let input = |cache_write| Price {
        input: dollars("1"),
        cache_write,
        ..Price::default()
    };
    for (provider, set, found) in [
        ("anthropic", None, Some("1.25")),
        ("anthropic", Some("2"), Some("2")),
        ("openai", None, None),
        ("openai", Some("2"), Some("2")),
        ("elsewhere", None, None),
    ] {
        let model = format!("{provider}:m");
        let prices = Prices::default().with(model, None, input(set.map(dollars)));
        let price = prices.find(&ModelId::new(provider, "m")).unwrap();
        assert_eq!(price.cache_write, found.map(dollars), "{provider} {set:?}");
    }
}

#[test]
fn a_sum_of_short_calls_is_not_long() {
    let long = LongPrice {
        above: 1000,
        input: "4".parse().unwrap(),
        ..LongPrice::default()
    };
    let price = Price {
        input: "1".parse().unwrap(),
        long: Some(long),
        ..Price::default()
    };
    for (calls, input_tokens, expected) in [
        (0, 1000, "0.001"),
        (0, 1001, "0.004004"),
        (1, 1001, "0.004004"),
        (5, 5000, "0.005"),
        (5, 5001, "0.020004"),
        (500, 50_000, "0.05"),
    ] {
        let usage = Usage {
            calls,
            input_tokens,
            ..Usage::default()
        };
        let expected: patterns_core::Money = expected.parse().unwrap();
        assert_eq!(
            price.of_calls(usage),
            expected,
            "{calls} calls, {input_tokens} tokens"
        );
    }
}
