//! `patterns models`: what is known of models before they are asked, with what is configured in its place.

use patterns_core::{ModelId, Money, nearest};
use patterns_llm::{KnownModel, Price, Prices};
use serde_json::{Value, json};

use crate::args::{LookFormat, ModelsArgs};
use crate::config::{Loaded, Providers};
use crate::error::{Error, ErrorKind};
use crate::report::{Page, aligned};
use crate::terminal::{Style, Terminal, write_json, write_stdout};

/// The columns of the list.
const HEAD: [&str; 10] = [
    "model",
    "reads",
    "writes",
    "in",
    "cached",
    "write",
    "out",
    "flex in/out",
    "ends",
    "takes",
];

pub(super) fn run(args: &ModelsArgs, terminal: Terminal) -> Result<(), Error> {
    let loaded = Loaded::load(&args.set)?;
    for warning in loaded.warnings() {
        terminal.labelled_note("warning", &warning);
    }
    let models = matching(&args.filters)?;
    let models = models
        .into_iter()
        .map(|it| configured(it, &loaded.providers()));
    let models: Vec<KnownModel> = models.collect();
    match args.output {
        LookFormat::Json => {
            let lines = models.iter().map(|it| format!("{}\n", object(it)));
            write_json(&lines.collect::<String>())
        }
        LookFormat::Human => {
            let mut page = Page::new(terminal.stdout_paint(), &[]);
            let head = HEAD.map(str::to_owned).to_vec();
            let lines = std::iter::once(head).chain(models.iter().map(columns));
            aligned(&mut page, &lines.collect::<Vec<_>>());
            page.gap();
            page.line(Style::Dim, &foot(&models));
            write_stdout(page.finish().as_bytes())
        }
    }
}

/// Returns the models that have all of these in their names.
fn matching(filters: &[String]) -> Result<Vec<KnownModel>, Error> {
    let filters: Vec<String> = filters.iter().map(|it| it.to_lowercase()).collect();
    let has_all = |it: &KnownModel| filters.iter().all(|filter| it.name.contains(filter));
    let found: Vec<KnownModel> = KnownModel::all().filter(has_all).collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let typed = filters.join(" ");
    let names = KnownModel::all().flat_map(|it| [it.name, own_name(it.name)]);
    let names: Vec<&str> = names.collect();
    let meant = nearest(&typed, names.iter().copied());
    let message = format!("no known model has {typed:?} in its name");
    let help = match meant {
        Some(name) => format!("did you mean {name}? `patterns models` lists all of them"),
        None => "`patterns models` lists all of them; any other model can be asked as well, by \
                 PROVIDER:MODEL, and its price and context_window be set in [providers.NAME]"
            .to_owned(),
    };
    Err(Error::new(ErrorKind::Usage, message).help(help))
}

fn own_name(name: &str) -> &str {
    name.split_once(':').map_or(name, |it| it.1)
}

/// Puts what is configured in place of what the table says.
fn configured(mut model: KnownModel, providers: &Providers) -> KnownModel {
    let provider = model.name.split_once(':').map_or("", |it| it.0);
    if let Some(tokens) = providers.get(provider).and_then(|it| it.context_window) {
        model.context_window = Some(tokens);
    }
    let id = ModelId::new(provider, own_name(model.name));
    if let Some(price) = Prices::default().merge(providers.prices()).find(&id) {
        (model.price, model.flex) = (Some(price), None);
    }
    model
}

fn columns(model: &KnownModel) -> Vec<String> {
    let price = model.price;
    let of = |part: fn(Price) -> Option<Money>| price.and_then(part).map_or(dash(), dollars);
    let flex = |it: Price| format!("{}/{}", dollars(it.input), dollars(it.output));
    let mark = if price.is_some_and(|it| it.long.is_some()) {
        "*"
    } else {
        ""
    };
    vec![
        model.name.to_owned(),
        model.context_window.map_or(dash(), thousands),
        model.max_output_tokens.map_or(dash(), thousands),
        of(|it| Some(it.input)) + mark,
        of(|it| it.cached_input),
        of(|it| it.cache_write),
        of(|it| Some(it.output)) + mark,
        model.flex.map_or(dash(), flex),
        model.ends.map_or(dash(), str::to_owned),
        model.takes.join(" "),
    ]
}

fn dash() -> String {
    "-".to_owned()
}

fn thousands(tokens: u64) -> String {
    match tokens {
        0..10_000 => tokens.to_string(),
        10_000..1_000_000 => format!("{}k", tokens / 1000),
        _ => {
            let millions = tokens as f64 / 1e6;
            format!("{}M", (millions * 100.0).floor() / 100.0)
        }
    }
}

/// Writes an amount in full, without the sign, which would stand in every column.
fn dollars(money: Money) -> String {
    json!(money).as_str().unwrap_or_default().to_owned()
}

fn foot(models: &[KnownModel]) -> String {
    let count = match models.len() {
        1 => "1 model".to_owned(),
        count => format!("{count} models"),
    };
    let is_long = |it: &KnownModel| it.price.is_some_and(|it| it.long.is_some());
    let long = match models.iter().any(is_long) {
        true => "; * more for long inputs (--output json)",
        false => "",
    };
    let day = KnownModel::as_of();
    format!("{count}; tokens, and dollars per million tokens, as of {day}{long}")
}

fn object(model: &KnownModel) -> Value {
    json!({
        "model": model.name,
        "context_window": model.context_window,
        "max_output_tokens": model.max_output_tokens,
        "price": model.price,
        "flex": model.flex,
        "batch": model.batch,
        "cache_write_1h": model.cache_write_1h,
        "efforts": model.efforts,
        "takes": model.takes,
        "lacks": model.lacks,
        "ends": model.ends,
        "as_of": KnownModel::as_of(),
    })
}
