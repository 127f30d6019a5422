//! Events are data: every variant survives being written and read.

use std::time::Duration;

use patterns_core::{
    AgentErrorKind, AnswerFormat, BranchId, Counts, Event, EventFileBegun, EventLine, Fix,
    ModelErrorKind, Origin, Pattern, PauseReason, Recorded, RunId, StepRole, Usage, Violation,
    Waits, Warning,
};
use serde_json::{Value, json};

fn origin() -> Origin {
    Origin {
        run: RunId(1),
        branch: BranchId(2),
    }
}

fn usage() -> Usage {
    Usage {
        calls: 1,
        attempts: 2,
        input_tokens: 3,
        cached_input_tokens: 4,
        output_tokens: 5,
        reasoning_tokens: 6,
        ..Usage::default()
    }
}

/// Names the variant that follows; the compiler asks for a new one's place in the table.
#[expect(clippy::too_many_lines, reason = "one short arm for each event")]
fn next(event: Option<&Event>) -> Option<Event> {
    let (run, origin, usage) = (RunId(1), origin(), usage());
    Some(match event {
        None => Event::RunStarted {
            run,
            pattern: Pattern::MapReduce,
            branches: Some(3),
        },
        Some(Event::RunStarted { .. }) => Event::BranchStarted {
            origin,
            role: StepRole::Ballot,
            label: "\u{1b}[1m".to_owned(),
        },
        Some(Event::BranchStarted { .. }) => Event::AnswerReused { origin },
        Some(Event::AnswerReused { .. }) => Event::AttemptFailed {
            origin,
            attempt: 1,
            kind: ModelErrorKind::RateLimited {
                retry_after: Some(Duration::from_millis(1500)),
            },
            retry_in: Duration::from_secs(2),
        },
        Some(Event::AttemptFailed { .. }) => Event::AttemptSent {
            origin,
            waited: Waits {
                slot: Duration::from_millis(20),
                ..Waits::default()
            },
        },
        Some(Event::AttemptSent { .. }) => Event::AnswerBegan {
            origin,
            after: Duration::from_millis(300),
        },
        Some(Event::AnswerBegan { .. }) => Event::AttemptEnded {
            origin,
            took: Duration::from_secs(1),
            error: Some("the call timed out".to_owned()),
        },
        Some(Event::AttemptEnded { .. }) => Event::CallHedged {
            origin,
            after: Duration::from_millis(8_200),
        },
        Some(Event::CallHedged { .. }) => Event::CallsPaused {
            origin,
            model: "llama".to_owned(),
            reason: PauseReason::Asked,
            cause: "the provider limits the rate of requests".to_owned(),
            wait: Duration::from_secs(34),
            gives_up_in: None,
        },
        Some(Event::CallsPaused { .. }) => Event::FormatSteppedDown {
            origin,
            model: "llama".to_owned(),
            from: AnswerFormat::JsonSchema,
            to: AnswerFormat::JsonObject,
        },
        Some(Event::FormatSteppedDown { .. }) => Event::AnswerFixed {
            origin,
            fixes: vec![
                Fix::ByteOrderMark,
                Fix::CodeFence,
                Fix::SurroundingText,
                Fix::TrailingComma,
                Fix::RawLineBreak,
                Fix::Thoughts,
                Fix::Wrapped,
                Fix::OutOfRange,
                Fix::DocumentTags,
            ],
        },
        Some(Event::AnswerFixed { .. }) => Event::AnswerRejected {
            origin,
            answer: 1,
            violations: vec![Violation::new("/a/0", "is \"bad\"")],
            will_reask: true,
        },
        Some(Event::AnswerRejected { .. }) => Event::FallbackAsked {
            origin,
            model: "a:b".to_owned(),
            is_answered: true,
        },
        Some(Event::FallbackAsked { .. }) => Event::BranchAnswered { origin, usage },
        Some(Event::BranchAnswered { .. }) => Event::BranchFailed {
            origin,
            kind: AgentErrorKind::Model(ModelErrorKind::Timeout),
            usage,
        },
        Some(Event::BranchFailed { .. }) => Event::BranchCancelled { origin, usage },
        Some(Event::BranchCancelled { .. }) => Event::WarningRaised {
            run,
            warning: Warning::new("cold", "Temperature is 0."),
        },
        Some(Event::WarningRaised { .. }) => {
            let counts = Counts {
                started: 6,
                answered: 3,
                failed: 2,
                cancelled: 1,
            };
            Event::RunFinished { run, counts, usage }
        }
        Some(Event::RunFinished { .. }) => return None,
    })
}

fn every_event() -> Vec<Event> {
    std::iter::successors(next(None), |event| next(Some(event))).collect()
}

#[test]
fn every_event_survives_a_round_trip() {
    for event in every_event() {
        let text = serde_json::to_string(&event).unwrap();
        let read: Event = serde_json::from_str(&text).unwrap();
        assert_eq!(read, event, "{text}");
    }
}

fn is_line(written: &Value) -> bool {
    let schema = serde_json::to_value(EventLine::schema()).unwrap();
    jsonschema::is_valid(&schema, written)
}

#[test]
fn what_is_written_of_every_event_keeps_the_schema_and_is_read_again() {
    let begun = EventFileBegun::EventFileBegun {
        version: EventLine::VERSION,
        program: "patterns 1.0.0".to_owned(),
    };
    let billed = Usage {
        billed: "0.01".parse().ok(),
        cache_write_tokens: 1,
        ..usage()
    };
    let billed = Event::BranchAnswered {
        origin: origin(),
        usage: billed,
    };
    let events = every_event().into_iter().chain([billed]);
    let lines = events.map(Recorded::Happened);
    for what in lines.chain([Recorded::Begun(begun)]) {
        let line = EventLine { time: 7, what };
        let written = serde_json::to_value(&line).unwrap();
        assert!(is_line(&written), "{written}");
        let read: EventLine = serde_json::from_value(written).unwrap();
        assert_eq!(read, line);
    }
}

#[test]
fn what_is_no_event_does_not_keep_the_schema() {
    let origin = json!({"run": 1, "branch": 2});
    for wrong in [
        json!({"event": "answer_reused", "origin": origin}),
        json!({"time": 1, "event": "answer_reused"}),
        json!({"time": 1, "event": "answer_given_back", "origin": origin}),
        json!({"time": "now", "event": "answer_reused", "origin": origin}),
    ] {
        assert!(!is_line(&wrong), "{wrong}");
    }
}

#[test]
fn every_kind_of_error_survives_a_round_trip() {
    let kinds = [
        AgentErrorKind::Model(ModelErrorKind::Overloaded { retry_after: None }),
        AgentErrorKind::Model(ModelErrorKind::NeedsModel),
        AgentErrorKind::InvalidAnswer,
        AgentErrorKind::NeverValid,
        AgentErrorKind::Code,
        AgentErrorKind::UnreadableInput,
    ];
    for kind in kinds {
        let event = Event::BranchFailed {
            origin: origin(),
            kind,
            usage: usage(),
        };
        let text = serde_json::to_string(&event).unwrap();
        assert_eq!(
            serde_json::from_str::<Event>(&text).unwrap(),
            event,
            "{text}"
        );
    }
}

/// Event files outlive the program that wrote them.
#[test]
fn the_written_form_is_pinned() {
    let lines: Vec<String> = every_event()
        .iter()
        .map(|it| serde_json::to_string(it).unwrap())
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    {"event":"run_started","run":1,"pattern":"map-reduce","branches":3}
    {"event":"branch_started","origin":{"run":1,"branch":2},"role":"ballot","label":"\u001b[1m"}
    {"event":"answer_reused","origin":{"run":1,"branch":2}}
    {"event":"attempt_failed","origin":{"run":1,"branch":2},"attempt":1,"kind":{"rate_limited":{"retry_after":{"secs":1,"nanos":500000000}}},"retry_in":{"secs":2,"nanos":0}}
    {"event":"attempt_sent","origin":{"run":1,"branch":2},"waited":{"slot":{"secs":0,"nanos":20000000},"rate":{"secs":0,"nanos":0},"paused":{"secs":0,"nanos":0}}}
    {"event":"answer_began","origin":{"run":1,"branch":2},"after":{"secs":0,"nanos":300000000}}
    {"event":"attempt_ended","origin":{"run":1,"branch":2},"took":{"secs":1,"nanos":0},"error":"the call timed out"}
    {"event":"call_hedged","origin":{"run":1,"branch":2},"after":{"secs":8,"nanos":200000000}}
    {"event":"calls_paused","origin":{"run":1,"branch":2},"model":"llama","reason":"asked","cause":"the provider limits the rate of requests","wait":{"secs":34,"nanos":0},"gives_up_in":null}
    {"event":"format_stepped_down","origin":{"run":1,"branch":2},"model":"llama","from":"json_schema","to":"json_object"}
    {"event":"answer_fixed","origin":{"run":1,"branch":2},"fixes":["byte_order_mark","code_fence","surrounding_text","trailing_comma","raw_line_break","thoughts","wrapped","out_of_range","document_tags"]}
    {"event":"answer_rejected","origin":{"run":1,"branch":2},"answer":1,"violations":[{"pointer":"/a/0","message":"is \"bad\""}],"will_reask":true}
    {"event":"fallback_asked","origin":{"run":1,"branch":2},"model":"a:b","is_answered":true}
    {"event":"branch_answered","origin":{"run":1,"branch":2},"usage":{"calls":1,"attempts":2,"input_tokens":3,"cached_input_tokens":4,"output_tokens":5,"reasoning_tokens":6}}
    {"event":"branch_failed","origin":{"run":1,"branch":2},"kind":{"model":"timeout"},"usage":{"calls":1,"attempts":2,"input_tokens":3,"cached_input_tokens":4,"output_tokens":5,"reasoning_tokens":6}}
    {"event":"branch_cancelled","origin":{"run":1,"branch":2},"usage":{"calls":1,"attempts":2,"input_tokens":3,"cached_input_tokens":4,"output_tokens":5,"reasoning_tokens":6}}
    {"event":"warning_raised","run":1,"warning":{"code":"cold","message":"Temperature is 0."}}
    {"event":"run_finished","run":1,"counts":{"started":6,"answered":3,"failed":2,"cancelled":1},"usage":{"calls":1,"attempts":2,"input_tokens":3,"cached_input_tokens":4,"output_tokens":5,"reasoning_tokens":6}}
    "#);
}
