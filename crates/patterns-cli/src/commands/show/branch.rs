//! `patterns show RUN BRANCH`: what was asked and answered in a branch, and what that took and cost.

use std::time::Duration;

use patterns_core::{Message, Request, Role, nearest};
use patterns_store::{
    AttemptRecord, BranchEnding, BranchRecord, CallEnding, CallRecord, RunRecord, Store, Texts,
};
use serde_json::{Value, json};

use crate::args::LookFormat;
use crate::error::{Error, ErrorKind};
use crate::report::{Page, tokens_of};
use crate::store::refused;
use crate::terminal::{Style, Terminal, write_shown};

/// Shows a branch of a run.
///
/// # Errors
///
/// Returns an error if there is none of that name, or several.
pub(super) fn show_branch(
    store: &Store,
    run: &RunRecord,
    wanted: &str,
    format: LookFormat,
    terminal: Terminal,
) -> Result<(), Error> {
    let branch = find(store, run, wanted)?;
    let calls = store.calls_of_branch(run.id, branch.session, branch.branch);
    let calls = calls.map_err(refused)?;
    let text = match format {
        LookFormat::Json => format!("{}\n", in_json(store, &branch, &calls)?),
        LookFormat::Human => {
            let mut page = Page::new(terminal.stdout_paint(), &[]);
            heading(&mut page, &branch);
            let mut before: Option<Request> = None;
            for call in &calls {
                let texts = store.texts(call).map_err(refused)?;
                page.gap();
                describe_call(&mut page, call);
                describe_texts(&mut page, call, &texts, before.as_ref());
                before = texts.request;
            }
            if calls.is_empty() {
                page.line(Style::Dim, "no call of it has ended");
            }
            page.finish()
        }
    };
    write_shown(format, &text)
}

fn in_json(store: &Store, branch: &BranchRecord, calls: &[CallRecord]) -> Result<Value, Error> {
    let calls = calls.iter().map(|call| {
        let texts = store.texts(call).map_err(refused)?;
        // Plain data always has a written form.
        let mut value = serde_json::to_value(call).unwrap_or_default();
        value["request"] = json!(texts.request);
        value["answer"] = json!(texts.answer);
        value["answered_by"] = json!(texts.model);
        Ok(value)
    });
    let calls: Vec<Value> = calls.collect::<Result<_, Error>>()?;
    Ok(json!({"branch": branch, "calls": calls}))
}

/// Finds a branch of the latest session: by its name, its number, or a beginning that no other name has.
fn find(store: &Store, run: &RunRecord, wanted: &str) -> Result<BranchRecord, Error> {
    const SHOWN: usize = 10;
    let (mut named, mut numbered, mut begun) = (Vec::new(), None, Vec::new());
    let mut names = Vec::new();
    for branch in store.branches_of(run.id, run.sessions) {
        let branch = branch.map_err(refused)?;
        if branch.label == wanted {
            named.push(branch);
            continue;
        }
        if branch.branch.to_string() == wanted.trim_start_matches('#') {
            numbered = Some(branch.clone());
        }
        if branch.label.starts_with(wanted) {
            begun.push(branch.clone());
        }
        names.push(branch.label);
    }
    let found = match (named.is_empty(), numbered) {
        _ if wanted.starts_with('#') => numbered_only(run, wanted, store)?,
        (false, _) => named,
        (true, Some(numbered)) => vec![numbered],
        (true, None) => begun,
    };
    if let [one] = &found[..] {
        return Ok(one.clone());
    }
    if found.is_empty() {
        let message = format!("run {} has no branch {wanted:?}", run.id);
        let meant = nearest(wanted, names.iter().map(String::as_str));
        let help = match meant {
            Some(name) => format!("did you mean {name:?}?"),
            None if names.is_empty() => {
                "nothing is known of its branches: it was run by an older version, or has not \
                 begun"
                    .to_owned()
            }
            None => format!("`patterns show {}` lists them", run.id),
        };
        return Err(Error::new(ErrorKind::NoInput, message).help(help));
    }
    let message = format!(
        "{} branches are called {wanted:?}, or begin so",
        found.len()
    );
    let lines = found.iter().take(SHOWN).map(named_line);
    Err(Error::new(ErrorKind::NoInput, message)
        .details(lines)
        .help(format!(
            "give the number of one, such as #{}",
            found[0].branch
        )))
}

fn numbered_only(run: &RunRecord, wanted: &str, store: &Store) -> Result<Vec<BranchRecord>, Error> {
    let number = wanted.trim_start_matches('#').parse();
    let Ok(number) = number else {
        return Ok(Vec::new());
    };
    let branch = store.branch(run.id, run.sessions, patterns_core::BranchId(number));
    Ok(branch.map_err(refused)?.into_iter().collect())
}

/// Names a branch on one line.
pub(super) fn named_line(branch: &BranchRecord) -> String {
    let mut line = format!(
        "#{} {} {:?}: {}",
        branch.branch,
        branch.role.name(),
        branch.label,
        ending(branch)
    );
    if let Some(ended) = branch.ended {
        let took = Duration::from_micros(ended.saturating_sub(branch.began).unsigned_abs());
        line += &format!(" · {}", seconds(took));
    }
    line
}

fn heading(page: &mut Page, branch: &BranchRecord) {
    let line = format!("branch {}", named_line(branch));
    page.line(Style::Bold, &line);
}

/// Says how a branch stands.
fn ending(branch: &BranchRecord) -> String {
    match (branch.ending, &branch.error) {
        (Some(BranchEnding::Answered), _) => "answered".to_owned(),
        (Some(BranchEnding::Failed), Some(error)) => format!("failed ({error})"),
        (Some(BranchEnding::Failed), None) => "failed".to_owned(),
        (Some(BranchEnding::Cancelled), _) => "cancelled".to_owned(),
        (None, _) => "not ended".to_owned(),
    }
}

fn describe_call(page: &mut Page, call: &CallRecord) {
    let how = match call.ending {
        CallEnding::Answered => "answered".to_owned(),
        CallEnding::Found => match call.paid_by {
            Some(run) => format!("found in the store, paid by run {run}"),
            None => "found in the store".to_owned(),
        },
        CallEnding::Failed => "failed".to_owned(),
        CallEnding::Cancelled => "cancelled".to_owned(),
    };
    let part = call.part.as_ref();
    let part = part.map_or_else(String::new, |it| format!(" of {it:?}"));
    let mut line = format!("call {}{part}: {} · {how}", call.nth, call.model);
    line += &format!(" · {}", seconds(call.took));
    line += &tokens_of(call.usage);
    if let Some(cost) = call.cost {
        line += &format!(" · {cost}");
    }
    page.line(Style::Bold, &line);
    for (n, attempt) in (1..).zip(&call.attempts) {
        page.line(Style::Dim, &attempt_line(n, call.attempts.len(), attempt));
    }
    if let Some(error) = &call.error {
        page.paragraph(&format!("  failed: {}", error.message));
        if let Some(detail) = &error.detail {
            page.paragraph(&format!("  in its words: {detail}"));
        }
    }
}

fn attempt_line(n: usize, of: usize, attempt: &AttemptRecord) -> String {
    let mut parts = Vec::new();
    let waited = attempt.waited;
    let budget = attempt.sent.saturating_sub(attempt.asked + waited.total());
    for (time, what) in [
        (waited.slot, "for a slot"),
        (waited.rate, "for the rate"),
        (waited.paused, "for the provider"),
        (budget, "for the budget and the store"),
    ] {
        if time >= Duration::from_millis(1) {
            parts.push(format!("waited {} {what}", seconds(time)));
        }
    }
    let network = attempt.took.map_or_else(
        || "dropped before it ended".to_owned(),
        |took| format!("{} on the network", seconds(took)),
    );
    parts.push(network);
    if let Some(first) = attempt.first_token {
        parts.push(format!("first token after {}", seconds(first)));
    }
    if let Some(error) = &attempt.error {
        parts.push(format!("failed: {error}"));
    }
    let name = match (of, attempt.is_hedge) {
        (_, true) => format!("  attempt {n}, sent beside the first: "),
        (1, false) => "  ".to_owned(),
        (_, false) => format!("  attempt {n}: "),
    };
    name + &parts.join(", ")
}

fn describe_texts(page: &mut Page, call: &CallRecord, texts: &Texts, before: Option<&Request>) {
    match &texts.request {
        Some(request) => asked(page, request, before),
        None => page.line(Style::Dim, "  what was asked was not kept"),
    }
    if let Some(answer) = &texts.answer {
        page.line(Style::Bold, "  answered:");
        page.paragraph(&indented(answer));
    }
    let fixes: Vec<String> = call.fixes.iter().map(ToString::to_string).collect();
    if !fixes.is_empty() {
        page.paragraph(&format!("  mended: {}", fixes.join(", ")));
    }
    for violation in &call.violations {
        page.paragraph(&format!("  rejected: {violation}"));
    }
    if call.will_reask {
        page.line(Style::Dim, "  and asked again");
    }
}

/// Writes what was asked, without what was asked in the call before.
fn asked(page: &mut Page, request: &Request, before: Option<&Request>) {
    let is_told = before.is_some_and(|it| it.instructions == request.instructions);
    if !is_told && !request.instructions.is_empty() {
        page.line(Style::Bold, "  instructions:");
        page.paragraph(&indented(&request.instructions));
    }
    let known = before.map_or(&[][..], |it| &it.messages);
    let both = known.iter().zip(&request.messages);
    let same = both.take_while(|(one, other)| one == other).count();
    if same > 0 {
        page.line(Style::Dim, "  asked as before, and then:");
    }
    for message in &request.messages[same..] {
        page.line(Style::Bold, speaker(message));
        page.paragraph(&indented(&message.to_text()));
    }
}

fn speaker(message: &Message) -> &'static str {
    match message.role {
        Role::User => "  asked:",
        Role::Assistant => "  quoted to it:",
    }
}

fn indented(text: &str) -> String {
    let lines = text.trim_end().lines().map(|line| format!("    {line}"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Writes a time.
pub(super) fn seconds(time: Duration) -> String {
    match time.as_secs_f64() {
        it if it < 10.0 => format!("{it:.2} s"),
        it if it < 600.0 => format!("{it:.1} s"),
        it => format!("{:.0} min", it / 60.0),
    }
}
