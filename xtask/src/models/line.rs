//! Writes down what is known of one model, as `key=value`.

use serde_json::Value;

/// The four prices of a token, by the names that the data has for them: read, read from the cache,
/// written into the cache, written.
const PRICES: [&str; 4] = [
    "input_cost_per_token",
    "cache_read_input_token_cost",
    "cache_creation_input_token_cost",
    "output_cost_per_token",
];

/// The tiers, and how the names of their prices end.
const TIERS: [(&str, &str); 3] = [("standard", ""), ("flex", "_flex"), ("batch", "_batches")];

/// What a model may be said to take, and the key that says so.
const TAKES: [(&str, &str); 4] = [
    ("schema", "supports_response_schema"),
    ("image", "supports_vision"),
    ("pdf", "supports_pdf_input"),
    ("reasoning", "supports_reasoning"),
];

/// Writes a row down.
pub(super) fn line(row: &Value) -> String {
    let mut parts = Vec::new();
    let mut add = |key: &str, value: Option<String>| {
        parts.extend(value.map(|it| format!("{key}={it}")));
    };
    let number = |key: &str| row[key].as_u64().map(|it| it.to_string());
    add("window", number("max_input_tokens"));
    add("output", number("max_output_tokens"));
    for (tier, end) in TIERS {
        add(tier, prices(row, "", end));
    }
    if let Some(above) = long(row) {
        let middle = format!("_above_{}k_tokens", above / 1000);
        for (tier, end) in TIERS {
            let key = match tier {
                "standard" => "long".to_owned(),
                tier => format!("long-{tier}"),
            };
            let prices = prices(row, &middle, end).filter(|_| prices(row, "", end).is_some());
            add(&key, prices.map(|it| format!("{above}:{it}")));
        }
    }
    let hour = &row["cache_creation_input_token_cost_above_1hr"];
    add("write-1h", hour.as_f64().map(dollars));
    add("effort", efforts(row));
    let takes = TAKES.iter().filter(|(_, key)| row[*key] == true);
    let takes: Vec<&str> = takes.map(|it| it.0).collect();
    add("takes", Some(takes.join(",")).filter(|it| !it.is_empty()));
    let lacks = (row["supports_sampling_params"] == false).then(|| "sampling".to_owned());
    add("lacks", lacks);
    add("ends", row["deprecation_date"].as_str().map(str::to_owned));
    parts.join(" ")
}

/// Returns the four prices of a tier, with dashes where they are not known. Without those of reading and
/// writing there are none; and what costs nothing at all is not known, since nobody gives that away.
fn prices(row: &Value, middle: &str, end: &str) -> Option<String> {
    let price = |key: &str| row[format!("{key}{middle}{end}")].as_f64();
    let [input, cached, written, output] = PRICES.map(price);
    let is_known = [input, output]
        .iter()
        .all(|it| it.is_some_and(|it| it > 0.0));
    is_known.then(|| {
        let prices = [input, cached, written, output];
        prices
            .map(|it| it.map_or("-".to_owned(), dollars))
            .join("/")
    })
}

/// Returns from how many tokens on a call is a long one.
fn long(row: &Value) -> Option<u64> {
    let keys = row.as_object()?.keys();
    let above = keys.filter_map(|it| {
        let rest = it.strip_prefix("input_cost_per_token_above_")?;
        let thousands: u64 = rest.strip_suffix("k_tokens")?.parse().ok()?;
        Some(thousands * 1000)
    });
    above.min()
}

/// Returns the efforts that a model is known to take, beside `low`, `medium` and `high`, which those that
/// take any do.
fn efforts(row: &Value) -> Option<String> {
    let takes = |name: &str| row[format!("supports_{name}_reasoning_effort")] == true;
    let names = ["none", "minimal", "xhigh", "max"];
    let names: Vec<&str> = names.into_iter().filter(|it| takes(it)).collect();
    (!names.is_empty()).then(|| names.join(","))
}

/// Writes the price of a token as that of a million.
fn dollars(token: f64) -> String {
    let text = format!("{:.6}", token * 1e6);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
