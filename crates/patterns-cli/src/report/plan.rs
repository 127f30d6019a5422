//! A plan as text, for people; and how it compares with what came of it.

use std::time::Duration;

use patterns_core::{Money, grouped};
use patterns_job::{
    CameTo, Combines, EarlierPlans, Figure, FirstPrompt, Off, Plan, PlanTotal, ReduceBudget,
    RestsOn, Stage,
};

use super::human::Page;
use crate::terminal::{Paint, Style};

/// Writes a plan: the first prompt of each stage, and last, where they stay in sight, the stages, all together and
/// what to mind.
pub(crate) fn plan_page(plan: &Plan, paint: Paint) -> String {
    let mut page = Page::new(paint, &[]);
    page.heading(&format!(
        "plan: {}, no call was made",
        plan.models.join(", ")
    ));
    let unit = if plan.stages.iter().any(|it| it.stage == "ballot") {
        "questions"
    } else {
        "documents"
    };
    if let Some(part) = plan.input.and_then(|it| it.words(unit)) {
        page.line(Style::Dim, &format!("input: {part}"));
    }
    let mut above = None;
    for stage in &plan.stages {
        if let Some(first) = &stage.first_prompt {
            prompt(&mut page, stage, first, above.replace(first));
        }
    }
    for stage in &plan.stages {
        page.gap();
        page.heading(&name(stage));
        stage_lines(&mut page, stage);
    }
    if plan.stages.len() != 1 {
        page.gap();
        page.heading("all");
        total_lines(&mut page, plan);
    }
    time_lines(&mut page, plan);
    for warning in &plan.warnings {
        page.line(Style::Yellow, &format!("! {warning}"));
    }
    page.finish()
}

/// Names a stage: what it is for, the level of combinations, and who is asked.
fn name(stage: &Stage) -> String {
    let level = stage
        .level
        .map_or_else(String::new, |it| format!(", level {it}"));
    format!("{}{level} · {}", stage.stage, stage.model)
}

fn stage_lines(page: &mut Page, stage: &Stage) {
    row(page, "calls", &calls(&stage.calls, stage.found));
    let cached = match stage.cached {
        0 => String::new(),
        cached => format!(", up to {} of them cached", grouped(cached)),
    };
    row(
        page,
        "read",
        &format!("{} tokens{cached}", figure(&stage.read)),
    );
    row(
        page,
        "written",
        &format!("{} tokens", figure(&stage.written)),
    );
    if let Some(combines) = &stage.combines {
        row(page, "combines", &combined(combines));
    }
    let cost = stage.cost.as_ref().map(planned_cost);
    row(page, "cost", cost.as_deref().unwrap_or("not known"));
}

/// Says how much a call combines, and why so much.
fn combined(it: &Combines) -> String {
    let ReduceBudget { tokens, rests_on } = it.budget;
    let why = match rests_on {
        RestsOn::Set => "as set".to_owned(),
        RestsOn::Window(window) => {
            let window = grouped(window);
            format!("what {window} leave beside instructions, schema and answer")
        }
        RestsOn::UsualWithin(window) => format!("the usual, of {} that it reads", grouped(window)),
        RestsOn::Usual => "the usual; how many it reads is not known".to_owned(),
    };
    let answers = counted(it.answers, "answer");
    let tokens = grouped(tokens);
    format!("at most {tokens} tokens of answers a call ({why}), here {answers}")
}

fn total_lines(page: &mut Page, plan: &Plan) {
    let total = &plan.total;
    row(page, "calls", &calls(&total.calls, total.found));
    row(page, "read", &format!("{} tokens", figure(&total.read)));
    row(
        page,
        "written",
        &format!("{} tokens", figure(&total.written)),
    );
    let cost = total.cost.as_ref().map(planned_cost);
    row(page, "cost", cost.as_deref().unwrap_or("not known"));
}

fn time_lines(page: &mut Page, plan: &Plan) {
    let Figure { low, likely, high } = plan.seconds;
    let time = format!(
        "about {} ({} to {}): {}",
        seconds(likely),
        seconds(low),
        seconds(high),
        plan.time_rests_on
    );
    row(page, "time", &time);
    if let Some(earlier) = &plan.earlier {
        row(page, "earlier", &off(earlier));
    }
}

/// Says how far earlier plans were off.
fn off(earlier: &EarlierPlans) -> String {
    let plans = match earlier.plans {
        1 => "the last plan was".to_owned(),
        plans => format!("the last {plans} plans were"),
    };
    let part = |what: &str, it: &Off| {
        let side = |share: f64| {
            let percent = (100.0 * share).round();
            match percent {
                0.0 => "right".to_owned(),
                it if it < 0.0 => format!("{} % low", -it),
                it => format!("{it} % high"),
            }
        };
        let worst = match earlier.plans {
            1 => String::new(),
            _ if side(it.median) == side(it.worst) => String::new(),
            _ => format!(" (at worst {})", side(it.worst)),
        };
        format!("{} in {what}{worst}", side(it.median))
    };
    let cost = earlier.cost.as_ref();
    let cost = cost.map_or_else(String::new, |it| format!(", {}", part("money", it)));
    format!("{plans} {}{cost}", part("calls", &earlier.calls))
}

fn row(page: &mut Page, name: &str, value: &str) {
    page.paragraph(&format!("  {name:<8} {value}"));
}

/// Writes the first prompt of a stage; what all its calls are told only if it is not what stands above.
fn prompt(page: &mut Page, stage: &Stage, first: &FirstPrompt, above: Option<&FirstPrompt>) {
    page.gap();
    page.heading(&format!("first prompt of {}", name(stage)));
    let is_told =
        |it: &&FirstPrompt| it.instructions == first.instructions && it.schema == first.schema;
    let is_above = above.filter(is_told).is_some();
    if is_above {
        page.line(
            Style::Dim,
            "[instructions and schema of the answer as above]",
        );
    } else {
        page.line(Style::Dim, "[instructions]");
        page.paragraph(&first.instructions);
    }
    page.line(Style::Dim, "[prompt]");
    page.paragraph(&first.prompt);
    if let Some(schema) = first.schema.as_ref().filter(|_| !is_above) {
        page.line(Style::Dim, "[schema of the answer]");
        page.paragraph(&serde_json::to_string_pretty(schema).unwrap_or_default());
    }
}

fn calls(calls: &Figure<u64>, found: u64) -> String {
    match found {
        0 => figure(calls),
        found => format!(
            "{}; {} more are answered by the store",
            figure(calls),
            grouped(found)
        ),
    }
}

fn figure(it: &Figure<u64>) -> String {
    match it.low == it.high {
        true => grouped(it.likely),
        false => format!(
            "about {} ({} to {})",
            grouped(it.likely),
            grouped(it.low),
            grouped(it.high)
        ),
    }
}

/// Says what something is likely to cost, and between what.
pub(crate) fn planned_cost(it: &Figure<Money>) -> String {
    match it.low == it.high {
        true => short_money(it.likely),
        false => format!(
            "about {} ({} to {})",
            short_money(it.likely),
            short_money(it.low),
            short_money(it.high)
        ),
    }
}

/// Writes an estimated amount with the digits that it deserves.
pub(crate) fn short_money(money: Money) -> String {
    let dollars = money.picodollars() as f64 / 1e12;
    match dollars {
        0.0 => "$0".to_owned(),
        it if it < 0.0001 => "less than $0.0001".to_owned(),
        it if it < 0.01 => format!("${it:.4}"),
        it if it < 1.0 => format!("${it:.3}"),
        it => format!("${it:.2}"),
    }
}

/// Writes how many of something there are.
pub(crate) fn counted(number: u64, thing: &str) -> String {
    let ending = match number {
        1 => "",
        _ if thing.ends_with("ch") => "es",
        _ => "s",
    };
    format!("{} {thing}{ending}", grouped(number))
}

fn seconds(seconds: f64) -> String {
    short_time(Duration::from_secs_f64(seconds.clamp(0.0, 1e9)))
}

/// Writes a time with the two units that matter.
pub(crate) fn short_time(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    let whole = seconds.round() as u64;
    match whole {
        0..10 => format!("{seconds:.1} s"),
        10..60 => format!("{whole} s"),
        60..3600 => format!("{} min {:02} s", whole / 60, whole % 60),
        _ => format!("{} h {:02} min", whole / 3600, whole % 3600 / 60),
    }
}

/// Sets what was planned beside what came of it.
pub(crate) fn beside_plan(planned: &PlanTotal, actual: &CameTo) -> String {
    let tokens = planned.read.likely + planned.written.likely;
    let used = actual.read + actual.written;
    let mut parts = vec![
        format!(
            "calls {} planned, {} made{}",
            grouped(planned.calls.likely),
            grouped(actual.calls),
            found_since(actual.found_since)
        ),
        format!(
            "tokens {} planned, {} used{}",
            grouped(tokens),
            grouped(used),
            came_out(tokens as f64, used as f64)
        ),
    ];
    if let (Some(planned), Some(cost)) = (planned.cost, actual.cost) {
        let dollars = |it: Money| it.picodollars() as f64;
        parts.push(format!(
            "{} planned, {} spent{}",
            short_money(planned.likely),
            short_money(cost),
            came_out(dollars(planned.likely), dollars(cost))
        ));
    }
    format!("plan: {}", parts.join(" · "))
}

/// Says which answers nobody had to pay for, though that was planned.
fn found_since(count: u64) -> String {
    match count {
        0 => String::new(),
        count => format!(" and {} in the store since", grouped(count)),
    }
}

/// Says by how much something came out otherwise.
fn came_out(planned: f64, actual: f64) -> String {
    if planned <= 0.0 || (actual / planned - 1.0).abs() < 0.005 {
        return String::new();
    }
    format!(" ({:+.0} %)", 100.0 * (actual / planned - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_long_as_they_deserve() {
        let grouped: Vec<String> = [0, 999, 1000, 1_234_567].map(grouped).into();
        assert_eq!(grouped, ["0", "999", "1,000", "1,234,567"]);
        let money = |dollars: &str| short_money(dollars.parse().unwrap());
        let written = ["0", "0.00001", "0.00123", "0.1234", "12.345"].map(money);
        assert_eq!(
            written,
            ["$0", "less than $0.0001", "$0.0012", "$0.123", "$12.35"]
        );
        let time = |seconds| short_time(Duration::from_secs_f64(seconds));
        assert_eq!(
            [1.26, 59.0, 61.0, 7265.0].map(time),
            ["1.3 s", "59 s", "1 min 01 s", "2 h 01 min"]
        );
    }

    #[test]
    fn the_plan_is_beside_what_came_of_it() {
        let one = |n| Figure {
            low: n,
            likely: n,
            high: n,
        };
        let planned = PlanTotal {
            found: 0,
            calls: one(10),
            read: one(900),
            written: one(100),
            cost: Some(Figure {
                low: Money::ZERO,
                likely: "0.02".parse().unwrap(),
                high: Money::ZERO,
            }),
        };
        let actual = CameTo {
            calls: 11,
            read: 950,
            written: 150,
            cost: "0.02".parse().ok(),
            found_since: 0,
        };
        let line = beside_plan(&planned, &actual);
        assert_eq!(
            line,
            "plan: calls 10 planned, 11 made · tokens 1,000 planned, 1,100 used (+10 %) · $0.020 planned, \
             $0.020 spent"
        );
        let found = CameTo {
            calls: 4,
            found_since: 6,
            ..actual
        };
        let line = beside_plan(&planned, &found);
        assert!(
            line.starts_with("plan: calls 10 planned, 4 made and 6 in the store since · "),
            "{line}"
        );
    }

    #[test]
    fn earlier_plans_were_off_by_so_much() {
        let said = |plans, calls: (f64, f64), cost: Option<(f64, f64)>| {
            let off_by = |(median, worst)| Off { median, worst };
            off(&EarlierPlans {
                plans,
                calls: off_by(calls),
                cost: cost.map(off_by),
            })
        };
        assert_eq!(
            [
                said(1, (0.0, 0.0), None),
                said(1, (-0.04, -0.04), Some((0.07, 0.07))),
                said(3, (0.0, 0.0), Some((0.004, -0.2))),
            ],
            [
                "the last plan was right in calls",
                "the last plan was 4 % low in calls, 7 % high in money",
                "the last 3 plans were right in calls, right in money (at worst 20 % low)",
            ]
        );
    }
}
