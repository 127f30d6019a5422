//! Small pictures of what a run has spent: over time, and by stage and model; beside those of its calls.
//!
//! What a call has cost is in the record of the run, priced once, when its bill came. So a run without a
//! store, or without prices, has none of these.

use std::collections::BTreeMap;
use std::time::Duration;

use patterns_core::Money;
use patterns_store::{RunRecord, Store, StoreError};

use super::plan::{short_money, short_time};
use super::plots::{BESIDE, bar, heights, width_in};

/// The most stages and models that are drawn.
const MOST: usize = 6;

/// A call that was paid for.
#[derive(Debug)]
struct Paid {
    /// When it ended, in microseconds.
    at: i64,
    cost: Money,
    stage: &'static str,
    model: String,
}

/// Draws what this session of a run has spent in so many columns; nothing, if no price was known. What cannot
/// be read is said where the record is needed.
pub(crate) async fn money_plots(store: &Store, run: &RunRecord, columns: usize) -> Vec<String> {
    let read = match store.flush().await {
        Ok(()) => read(store, run, columns),
        Err(error) => Err(error),
    };
    read.unwrap_or_default()
}

fn read(store: &Store, run: &RunRecord, columns: usize) -> Result<Vec<String>, StoreError> {
    let branches = store.branches_of(run.id, run.sessions);
    let roles = branches.map(|it| it.map(|it| (it.branch, it.role)));
    let roles = roles.collect::<Result<BTreeMap<_, _>, _>>()?;
    let (mut begun, mut paid) = (i64::MAX, Vec::new());
    for call in store.calls_of(run.id) {
        let call = call?;
        if call.session != run.sessions {
            continue;
        }
        begun = begun.min(call.began);
        let cost = call.cost.filter(|it| *it > Money::ZERO);
        if let (Some(cost), Some(role)) = (cost, roles.get(&call.branch)) {
            paid.push(Paid {
                at: call.ended(),
                cost,
                stage: role.name(),
                model: call.model,
            });
        }
    }
    Ok(drawn(begun, &paid, columns))
}

fn drawn(begun: i64, paid: &[Paid], columns: usize) -> Vec<String> {
    let Some(last) = paid.iter().map(|it| it.at).max() else {
        return Vec::new();
    };
    let width = width_in(columns);
    let span = last.saturating_sub(begun).max(1);
    let mut spent = vec![0_u64; width];
    for it in paid {
        let place = i128::from(it.at - begun) * width as i128 / i128::from(span);
        let place = usize::try_from(place).unwrap_or(0).min(width - 1);
        spent[place] = spent[place].saturating_add(it.cost.picodollars());
    }
    for at in 1..width {
        spent[at] = spent[at].saturating_add(spent[at - 1]);
    }
    let all = spent[width - 1];
    let time = short_time(Duration::from_micros(span.unsigned_abs()));
    let cost = short_money(Money::from_picodollars(all));
    let picture = heights(&spent, all);
    let mut lines = vec![format!("spent    {picture} {cost} in {time}")];
    lines.extend(shares(paid, width, columns.clamp(width + BESIDE, 200)));
    lines
}

/// Draws what each stage has cost, and each of its models where there are several.
fn shares(paid: &[Paid], width: usize, columns: usize) -> Vec<String> {
    let has_models = paid.iter().any(|it| it.model != paid[0].model);
    let mut sums: Vec<(String, u64)> = Vec::new();
    for it in paid {
        let name = match has_models {
            true => format!("{} {}", it.stage, it.model),
            false => it.stage.to_owned(),
        };
        let cost = it.cost.picodollars();
        match sums.iter_mut().find(|it| it.0 == name) {
            Some((_, sum)) => *sum = sum.saturating_add(cost),
            None => sums.push((name, cost)),
        }
    }
    sums.sort_by_key(|it| std::cmp::Reverse(it.1));
    let others: u64 = sums.iter().skip(MOST).map(|it| it.1).sum();
    let left = sums.len().saturating_sub(MOST);
    sums.truncate(MOST);
    if left > 0 {
        sums.push((format!("{left} more"), others));
    }
    let most = sums.iter().map(|it| it.1).max().unwrap_or(1).max(1);
    let line = |(at, (name, cost)): (usize, &(String, u64))| {
        let head = if at == 0 { "money" } else { "" };
        let bar = bar(*cost as f64 / most as f64, width);
        let cost = short_money(Money::from_picodollars(*cost));
        let room = columns - width - 11 - cost.len();
        format!("{head:<8} {bar} {} {cost}", shortened(name, room))
    };
    sums.iter().enumerate().map(line).collect()
}

/// Cuts a name that is too long in its middle: what a model is called is at its front, its server at its end.
fn shortened(name: &str, most: usize) -> String {
    let letters: Vec<char> = name.chars().collect();
    if letters.len() <= most {
        return name.to_owned();
    }
    let front = most.saturating_sub(1) * 2 / 3;
    let back = most.saturating_sub(1) - front;
    let (front, back) = (&letters[..front], &letters[letters.len() - back..]);
    format!("{}…{}", String::from_iter(front), String::from_iter(back))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paid(calls: &[(i64, &str, &'static str, &str)]) -> Vec<Paid> {
        let paid = calls.iter().map(|(second, cost, stage, model)| Paid {
            at: second * 1_000_000,
            cost: cost.parse().unwrap(),
            stage,
            model: (*model).to_owned(),
        });
        paid.collect()
    }

    #[test]
    fn what_was_spent_is_drawn_over_time_and_by_stage() {
        let calls = paid(&[
            (1, "0.10", "map", "openai:m"),
            (2, "0.10", "map", "openai:m"),
            (5, "0.20", "map", "openai:m"),
            (9, "0.10", "reduce", "openai:m"),
        ]);
        insta::assert_snapshot!(drawn(1_000_000, &calls, 48).join("\n"), @r"
        spent    ▂▄▄▄▇▇▇█ $0.500 in 8.0 s
        money    ████████ map $0.400
                 ██       reduce $0.100
        ");
        assert!(drawn(0, &[], 80).is_empty());
    }

    #[test]
    fn of_several_models_each_is_drawn_in_the_columns_there_are() {
        let long = format!("compatible:{}@https://llm.example/v1", "m".repeat(60));
        let names: Vec<String> = (0..9).map(|n| format!("openai:m{n}")).collect();
        let mut calls = paid(&[(1, "0.5", "ballot", &long)]);
        for name in &names {
            calls.extend(paid(&[(2, "0.01", "ballot", name)]));
        }
        for columns in [0, 60, 80, 200] {
            let lines = drawn(0, &calls, columns);
            let most = columns.max(width_in(columns) + BESIDE);
            let widest = lines.iter().map(|it| it.chars().count()).max();
            assert!(widest <= Some(most), "{columns}: {lines:#?}");
            assert_eq!(lines.len(), 1 + MOST + 1);
        }
        let lines = drawn(0, &calls, 80);
        assert!(
            lines[1].contains(" ballot compati…ample/v1 $0.500"),
            "{lines:#?}"
        );
        assert!(lines[7].ends_with(" 4 more $0.040"), "{lines:#?}");
    }
}
