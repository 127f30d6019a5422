//! Writes the page of an invented run to standard output: `large 100000`, `elections 300` or `hostile`.
//!
//! The browser step of CI opens them. No provider answers as fast, and none as wickedly.

use std::convert::Infallible;
use std::env;
use std::io::{self, BufWriter, Write};

use patterns_core::{Coverage, CoverageCounts, Covered, Gap};
use patterns_report::{Call, CallEnd, Fact, PageError, Report, RunState, Timing, write_page};
use serde_json::{Value, json, value::to_raw_value};

const HOSTILE: &str = "</script><script>document.title='executed'</script></style><style>*{display:none}</style>\
    <img src=x onerror=\"document.title='executed'\"><svg onload=\"document.title='executed'\"></svg>\
    <!--\u{2028}\u{2029}\u{202e}desrever\u{202c}\u{200b}\u{1b}[31m\u{0}${document.title='executed'} {{7*7}} javascript:alert(1)";

fn main() -> Result<(), PageError> {
    let mut words = env::args().skip(1);
    let kind = words.next().unwrap_or_default();
    let calls = words.next().and_then(|it| it.parse().ok()).unwrap_or(1_000);
    let mut out = BufWriter::new(io::stdout().lock());
    match kind.as_str() {
        "hostile" => write_page(&mut out, &hostile_report(), (0..40).map(hostile_call))?,
        "elections" => write_page(&mut out, &elections(calls), ballots())?,
        _ => write_page(&mut out, &large_report(calls), large_calls(calls))?,
    }
    Ok(out.flush()?)
}

fn large_report(calls: u64) -> Report {
    Report {
        run: "12".to_owned(),
        title: format!("What went wrong in these {calls} reports of incidents?"),
        pattern: "map-reduce".to_owned(),
        state: RunState::Lacking,
        state_words: "done, with failures".to_owned(),
        figures: vec![
            Fact::new("Calls", calls.to_string()),
            Fact::new("Cost", "$41.20"),
        ],
        coverage: Some(large_coverage(calls)),
        ..Report::default()
    }
}

fn large_coverage(calls: u64) -> Coverage {
    let failed = calls / 97;
    let documents = CoverageCounts {
        mapped: calls - failed,
        failed,
        ..CoverageCounts::default()
    };
    let gaps = (0..failed.min(20)).map(|n| Gap {
        name: format!("incident-{:06}.txt", 97 * n),
        end: Covered::Failed,
    });
    Coverage {
        documents,
        chunks: documents,
        gaps: gaps.collect(),
        more_gaps: failed.saturating_sub(20),
        ..Coverage::default()
    }
}

/// Calls that keep 64 slots busy; each ends a random while after it was begun.
fn large_calls(calls: u64) -> impl Iterator<Item = Result<Call, Infallible>> {
    let mut free = [0.0_f64; 64];
    let mut seed = 1_u64;
    let mut draw = move || {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as f64 / (1_u64 << 31) as f64
    };
    (0..calls).map(move |n| {
        let slot = (0..64)
            .min_by(|a, b| free[*a].total_cmp(&free[*b]))
            .unwrap_or(0);
        let is_held = (n / 4_000) % 7 == 5;
        let timing = Timing {
            begin: free[slot],
            slot: 0.2,
            rate: if is_held {
                900.0 * draw()
            } else {
                3.0 * draw()
            },
            other: 0.0,
            retry: if draw() < 0.02 { 1_500.0 * draw() } else { 0.0 },
            first_byte: 250.0 + 500.0 * draw() * draw(),
            rest: 300.0 + 1_800.0 * draw() * draw(),
        };
        free[slot] = timing.end();
        Ok(large_call(n, calls, timing))
    })
}

fn large_call(n: u64, calls: u64, timing: Timing) -> Call {
    let is_reduce = n * 50 >= calls * 49;
    let is_failed = n.is_multiple_of(97) && !is_reduce;
    let severity = ["low", "medium", "high"][(n % 3) as usize];
    let answer = json!({"severity": severity, "component": format!("service-{}", n % 41), "minutes": (n * 37) % 600, "summary": format!("Incident {n}: the queue of service-{} grew until requests timed out.", n % 41)});
    Call {
        branch: n,
        label: if is_reduce {
            format!("reduce {n}")
        } else {
            format!("incident-{n:06}.txt")
        },
        stage: if is_reduce { "reduce" } else { "map" }.to_owned(),
        number: 1,
        model: if is_reduce {
            "openai:gpt-5"
        } else {
            "openai:gpt-5-mini"
        }
        .to_owned(),
        end: if is_failed {
            CallEnd::Failed
        } else {
            CallEnd::Answered
        },
        attempts: if timing.retry > 0.0 { 2 } else { 1 },
        input_tokens: 700 + n % 300,
        cached_tokens: 512,
        output_tokens: 80 + n % 60,
        micro_usd: Some(400.0 + (n % 90) as f64),
        timing: Some(timing),
        cause: is_failed.then(|| {
            [
                "the answer was cut off at the limit of tokens",
                "the provider refused to answer",
            ][(n % 2) as usize]
                .to_owned()
        }),
        prompt: Some(format!(
            "You read one report of an incident at a time and answer with its severity, the component and how long it took.\n\n<document id=\"incident-{n:06}.txt\">\nAt 09:{:02} the queue of service-{} grew until requests timed out. It was restarted.\n</document>",
            n % 60,
            n % 41
        )),
        answer: (!is_failed).then(|| answer.to_string()),
        notes: Vec::new(),
    }
}

/// Elections of seven voters, the first of them one of objects that are decided field by field.
fn elections(count: u64) -> Report {
    let elections = (0..count).map(|n| match n {
        0 => fields_election(),
        _ => election(n),
    });
    Report {
        run: "7".to_owned(),
        title: "The questions of claims.jsonl".to_owned(),
        pattern: "vote".to_owned(),
        state: RunState::Done,
        state_words: "done".to_owned(),
        figures: vec![Fact::new("Questions", count.to_string())],
        elections: elections.filter_map(|it| to_raw_value(&it).ok()).collect(),
        ..Report::default()
    }
}

fn election(n: u64) -> Value {
    let yes = 4 + n % 4;
    let ballots: Vec<Value> = (0..7)
        .map(|voter| {
            let answer = if (voter * 5 + n) % 7 < yes { "yes" } else { "no" };
            json!({"voter": format!("voter {}", voter + 1), "answer": answer, "normalised": answer, "confidence": 0.5 + voter as f64 / 20.0,
                "reasoning": format!("Source {} says so, and nothing speaks against it.", (n + voter) % 9)})
        })
        .collect();
    json!({"id": format!("claim-{n}"), "winning_answer": "yes", "decision": "won", "vote_count": yes, "total_votes": 7, "share": yes as f64 / 7.0,
        "counts": [{"answer": "yes", "votes": yes}, {"answer": "no", "votes": 7 - yes}], "abstentions": 0, "voters": 7, "waves": 2,
        "stop_reason": "all_votes_cast", "ballots": ballots, "gold": "yes", "right": true})
}

fn fields_election() -> Value {
    let field = |path: &str, value: Value, counts: Value| json!({"path": path, "rule": "plurality", "value": value, "decision": "won", "votes": 3, "total": 4, "share": 0.75, "abstentions": 0, "counts": counts});
    let object = json!({"vendor": "Tide & Sons", "total": 41}).to_string();
    let ballots: Vec<Value> = (1..=4)
        .map(|n| json!({"voter": format!("voter {n}"), "answer": object, "normalised": object}))
        .collect();
    json!({"id": "invoice", "winning_answer": object, "decision": "won", "vote_count": 3, "total_votes": 4, "share": 0.75, "counts": [], "abstentions": 0,
        "voters": 4, "waves": 1, "stop_reason": "all_votes_cast", "ballots": ballots, "detail": {"fields": [
            field("/vendor", json!("Tide & Sons"), json!([{"value": "Tide & Sons", "votes": 3}, {"value": "Tide", "votes": 1}])),
            field("/total", json!(41), json!([{"value": 41, "votes": 3}, {"value": 14, "votes": 1}]))]}})
}

fn ballots() -> impl Iterator<Item = Result<Call, Infallible>> {
    (0..7).map(|n| {
        let answer =
            json!({"reasoning": "It is in the table.", "answer": "yes", "confidence": 0.8});
        Ok(Call {
            branch: n,
            label: format!("voter {}", n + 1),
            stage: "ballot".to_owned(),
            number: 1,
            model: "openai:gpt-5-mini".to_owned(),
            attempts: 1,
            prompt: Some("Is it so?".to_owned()),
            answer: Some(answer.to_string()),
            timing: Some(Timing {
                begin: 5.0 * n as f64,
                slot: 2.0,
                rest: 400.0,
                ..Timing::default()
            }),
            ..Call::default()
        })
    })
}

fn hostile_report() -> Report {
    let text = || HOSTILE.to_owned();
    let election = json!({
        "id": HOSTILE, "winning_answer": HOSTILE, "decision": HOSTILE, "vote_count": 1, "total_votes": 2, "share": 0.5, "counts": [{"answer": HOSTILE, "votes": 1}],
        "abstentions": 1, "voters": 3, "waves": 1, "stop_reason": HOSTILE, "ballots": [
            {"voter": HOSTILE, "answer": HOSTILE, "normalised": HOSTILE, "reasoning": HOSTILE}, {"voter": HOSTILE, "answer": null, "normalised": null}],
    });
    let statement = json!({"text": HOSTILE, "sources": [HOSTILE], "quote": {"text": HOSTILE}, "support": "supported", "quoted": {"start": 0, "end": 9}});
    let trace = json!({"statements": [statement], "answers": [
        {"name": HOSTILE, "parts": [], "statements": [statement]}, {"name": "all", "parts": [HOSTILE], "statements": [statement]}]});
    Report {
        run: text(),
        title: text(),
        pattern: text(),
        state_words: text(),
        figures: vec![Fact::new(text(), text())],
        facts: vec![Fact::new(text(), text())],
        notice: Some(text()),
        warnings: vec![text()],
        result: Some(text().into()),
        coverage: Some(Coverage {
            gaps: vec![Gap {
                name: text(),
                end: Covered::Failed,
            }],
            ..Coverage::default()
        }),
        elections: [&election, &election]
            .into_iter()
            .filter_map(|it| to_raw_value(it).ok())
            .collect(),
        trace: to_raw_value(&trace).ok(),
        lacks: vec![text()],
        ..Report::default()
    }
}

fn hostile_call(n: u64) -> Result<Call, Infallible> {
    let end = [
        CallEnd::Answered,
        CallEnd::Rejected,
        CallEnd::Failed,
        CallEnd::NotEnded,
    ][(n % 4) as usize];
    Ok(Call {
        branch: n,
        label: HOSTILE.to_owned(),
        stage: HOSTILE.to_owned(),
        number: 1,
        model: HOSTILE.to_owned(),
        end,
        timing: Some(Timing {
            begin: 10.0 * n as f64,
            first_byte: 30.0,
            rest: 30.0,
            ..Timing::default()
        }),
        cause: Some(HOSTILE.to_owned()),
        prompt: Some(HOSTILE.to_owned()),
        answer: Some(if n.is_multiple_of(2) {
            HOSTILE.to_owned()
        } else {
            json!({HOSTILE: HOSTILE, "__proto__": HOSTILE}).to_string()
        }),
        notes: vec![HOSTILE.to_owned()],
        ..Call::default()
    })
}
