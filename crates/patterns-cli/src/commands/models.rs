//! `patterns models`: what is known of models before they are asked, with what is configured in its place.
//!
//! A terminal gets the columns that it has room for, and is told which it has not; a pipe gets all of them.

use patterns_core::{ModelId, Money, nearest};
use patterns_llm::{KnownModel, Price, Prices};
use serde_json::{Value, json};

use crate::args::{LookFormat, ModelsArgs};
use crate::config::{Loaded, Providers};
use crate::error::{Error, ErrorKind};
use crate::report::{Page, aligned};
use crate::terminal::{Style, Terminal, stdout_width, write_json, write_stdout};

/// The columns of the list, and how soon each is left out where there is no room: the highest first.
const HEAD: [(&str, u8); 10] = [
    ("model", 0),
    ("reads", 3),
    ("writes", 4),
    ("in", 1),
    ("cached", 5),
    ("write", 8),
    ("out", 2),
    ("flex in/out", 7),
    ("ends", 9),
    ("takes", 6),
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
            let page = Page::new(terminal.stdout_paint(), &[]);
            write_stdout(list(page, &models, stdout_width()).as_bytes())
        }
    }
}

/// Writes the list in so many columns, or however many it needs.
fn list(mut page: Page, models: &[KnownModel], width: Option<usize>) -> String {
    let head = HEAD.map(|it| it.0.to_owned()).to_vec();
    let lines = std::iter::once(head).chain(models.iter().map(columns));
    let mut lines: Vec<Vec<String>> = lines.collect();
    let left_out = width.map_or_else(Vec::new, |width| fit(&mut lines, width));
    aligned(&mut page, &lines);
    page.gap();
    for line in in_lines(&foot(models, &left_out), width) {
        page.line(Style::Dim, &line);
    }
    page.finish()
}

/// Keeps the columns that matter most and fit beside each other, and names those that are left out.
fn fit(lines: &mut [Vec<String>], width: usize) -> Vec<&'static str> {
    let widest = |column: usize| lines.iter().map(|it| it[column].len()).max();
    let mut columns: Vec<usize> = (0..HEAD.len()).collect();
    columns.sort_by_key(|it| HEAD[*it].1);
    let mut needed = 0;
    columns.retain(|it| {
        let more = widest(*it).unwrap_or(0) + 2;
        // The first is the name, which has to be there.
        let has_room = needed == 0 || needed + more <= width + 2;
        needed += if has_room { more } else { 0 };
        has_room
    });
    columns.sort_unstable();
    for line in lines {
        *line = columns
            .iter()
            .map(|it| std::mem::take(&mut line[*it]))
            .collect();
    }
    let left_out = (0..HEAD.len()).filter(|it| !columns.contains(it));
    left_out.map(|it| HEAD[it].0).collect()
}

/// Puts as many remarks on each line as there is room for.
fn in_lines(remarks: &[String], width: Option<usize>) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for remark in remarks {
        match lines.last_mut() {
            Some(line) if width.is_none_or(|it| line.len() + remark.len() + 2 <= it) => {
                line.push_str("; ");
                line.push_str(remark);
            }
            _ => lines.push(remark.clone()),
        }
    }
    lines
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

fn foot(models: &[KnownModel], left_out: &[&str]) -> Vec<String> {
    let count = match models.len() {
        1 => "1 model".to_owned(),
        count => format!("{count} models"),
    };
    let is_long = |it: &KnownModel| it.price.is_some_and(|it| it.long.is_some());
    let day = KnownModel::as_of();
    let unit = format!("tokens, and dollars per million tokens, as of {day}");
    let mut remarks = vec![count, unit];
    if models.iter().any(is_long) {
        remarks.push("* more for long inputs (--output json)".to_owned());
    }
    if !left_out.is_empty() {
        let names = left_out.join(", ");
        remarks.push(format!("no room for {names}: see --output json"));
    }
    remarks
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

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr;

    use super::*;
    use crate::terminal::Paint;

    #[test]
    fn the_list_is_as_wide_as_there_is_room_and_says_what_it_lacks() {
        let models: Vec<KnownModel> = KnownModel::all().collect();
        let listed = |width| list(Page::new(Paint::plain(), &[]), &models, width);
        let whole = listed(None);
        for (width, lacks) in [
            (
                80,
                "no room for cached, write, flex in/out, ends, takes: see --output json\n",
            ),
            (100, "no room for write, ends, takes: see --output json\n"),
        ] {
            let text = listed(Some(width));
            let widest = text.lines().map(UnicodeWidthStr::width).max();
            assert!(widest <= Some(width), "{width}: {widest:?}");
            assert!(
                text.contains(lacks),
                "{width}: {}",
                text.rsplit_once("\n\n").unwrap().1
            );
            assert_eq!(
                text.lines().next().unwrap().split("  ").next(),
                Some("model")
            );
        }
        assert!(whole.contains("flex in/out") && !whole.contains("no room"));
        assert_eq!(listed(Some(1000)), whole);
    }
}
