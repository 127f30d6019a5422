//! Plans of jobs whose calls depend on what is answered: within their bounds, and likely once a few are known.

use std::collections::HashMap;
use std::sync::Mutex;

use serde_json::{Value, json};

use crate::support::{Place, Server, Simulator, completion, error};

const PRICES: &str = "[providers.compatible.prices.\"*\"]\ninput = 1\noutput = 4\n";

fn place(questions: usize) -> Place {
    let place = Place::new();
    place.configure(PRICES);
    let rows = (0..questions)
        .map(|n| format!("{{\"id\": \"q{n:03}\", \"question\": \"Question <{n}>?\"}}\n"));
    place.write("q.jsonl", rows.collect::<String>().as_bytes());
    for n in 0..40 {
        let text = format!("Document {n} names ship {n}.");
        place.write(&format!("docs/{n:02}.txt"), text.as_bytes());
    }
    let facts = json!({"type": "array", "items": {"type": "string"}});
    let schema = json!({"type": "object", "properties": {"ships": facts}, "required": ["ships"]});
    place.write("ships.json", schema.to_string().as_bytes());
    place
}

fn json_of(place: &Place, words: &[&str]) -> Value {
    let (code, text) = place.data(&[words, &["--output", "json"]].concat());
    let whole = serde_json::from_str(&text);
    let json = whole.or_else(|_| serde_json::from_str(text.lines().last().unwrap_or_default()));
    json.unwrap_or_else(|error| panic!("{words:?} ended with {code:?}, {error}: {text}"))
}

fn number(value: &Value) -> f64 {
    let text = value.as_str().map(|it| it.parse().unwrap());
    text.unwrap_or_else(|| value.as_f64().unwrap())
}

/// Plans something, does it, and asserts that calls and money came out within the bounds; returns by which shares
/// more calls and more money were likely than came of it.
fn off(place: &Place, plan: &[&str], run: &[&str]) -> (f64, f64, Value) {
    let plan = json_of(place, plan);
    let outcome = json_of(place, run);
    let total = &plan["total"];
    let calls = number(&outcome["usage"]["attempts"]);
    let cost = number(&outcome["spend"]["cost"]);
    let within =
        |it: &Value, actual: f64| number(&it["low"]) <= actual && actual <= number(&it["high"]);
    assert!(
        within(&total["calls"], calls),
        "{run:?}: {calls} calls of {total}"
    );
    let off = |it: &Value, actual: f64| number(&it["likely"]) / actual - 1.0;
    (off(&total["calls"], calls), off(&total["cost"], cost), plan)
}

#[test]
fn what_voters_and_judges_may_need_at_most_is_no_less_than_what_they_do() {
    let place = place(20);
    let simulator = Simulator::start(&place, &[]);
    let options = ["--option", "yes", "--option", "no", "--option", "maybe"];
    for (votes, more) in [
        (
            "5",
            &["--rule", "majority", "--escalate", "compatible:strong"][..],
        ),
        (
            "5",
            &["--tie", "no-consensus", "--escalate", "compatible:strong"],
        ),
        // Voters that differ are asked the least.
        ("5", &["--rule", "unanimous"]),
    ] {
        let batch = ["vote", "--batch", "q.jsonl", "-n", votes];
        let words = [&batch[..], &options, more, &simulator.args()].concat();
        off(&place, &[&words[..], &["--dry-run"]].concat(), &words);
    }
    for rule in ["best-of", "same-meaning"] {
        let words = ["vote", "--batch", "q.jsonl", "-n", "3", "--rule", rule];
        let words = [
            &words[..],
            &["--judge", "compatible:judge"],
            &simulator.args(),
        ]
        .concat();
        off(&place, &[&words[..], &["--dry-run"]].concat(), &words);
    }
}

#[test]
fn an_election_that_stays_open_to_its_end_is_within_the_plan() {
    let place = place(10);
    let asked = Mutex::new(HashMap::new());
    // Two answers are equal to the end, and the last vote is for a third: all are asked, and the strong one, too.
    let server = Server::start(move |body| {
        let number = body.split("Question <").nth(1).unwrap();
        let question: usize = number.split('>').next().unwrap().parse().unwrap();
        let mut asked = asked.lock().unwrap();
        let nth = asked.entry(question).or_insert(0);
        let answer = ["one", "two", "one", "two", "three", "one"][*nth];
        *nth += 1;
        let vote = json!({"reasoning": "So.", "answer": answer, "confidence": 1});
        (200, completion(&vote.to_string()))
    });
    let words = [
        "vote", "--batch", "q.jsonl", "-n", "5", "--rule", "majority",
    ];
    let more = ["--escalate", "compatible:strong", "--concurrency", "1"];
    let words = [&words[..], &more, &server.args()].concat();
    let (_, _, plan) = off(&place, &[&words[..], &["--dry-run"]].concat(), &words);
    assert_eq!(plan["total"]["calls"]["high"], 60);
}

/// Answers as voters do who all differ, and as a judge to whom most answers mean the same.
fn in_other_words() -> Server {
    let asked = Mutex::new(HashMap::new());
    Server::start(move |body| {
        let number = body.split("Question <").nth(1).unwrap();
        let question: usize = number.split('>').next().unwrap().parse().unwrap();
        let is_judge = body.contains("\"model\":\"judge\"");
        let mut asked = asked.lock().unwrap();
        let nth = asked.entry((question, is_judge)).or_insert(0);
        *nth += 1;
        let answer = match is_judge {
            true => {
                json!({"reasoning": "So it is.", "same": !(question + *nth).is_multiple_of(9)})
            }
            false => json!({"reasoning": "So.", "answer": format!("words {nth}"), "confidence": 1}),
        };
        (200, completion(&answer.to_string()))
    })
}

#[test]
fn what_judges_come_to_is_foreseen_once_some_elections_are_known() {
    let place = place(60);
    let server = in_other_words();
    let words = [
        "vote",
        "--batch",
        "q.jsonl",
        "-n",
        "5",
        "--rule",
        "same-meaning",
    ];
    let more = ["--judge", "compatible:judge", "--concurrency", "1"];
    let words = [&words[..], &more, &server.args()].concat();
    json_of(&place, &[&words[..], &["--sample", "20"]].concat());
    let (calls, cost, plan) = off(&place, &[&words[..], &["--dry-run"]].concat(), &words);
    assert!(
        calls.abs() <= 0.05 && cost.abs() <= 0.1,
        "{calls} {cost} {}",
        plan["stages"]
    );
}

#[test]
fn gleaning_is_between_nothing_missed_and_something_each_time_and_as_it_went_before() {
    let words = [
        "map-reduce",
        "docs",
        "--map-schema",
        "ships.json",
        "--glean",
        "3",
    ];
    let place = place(0);
    let simulator = Simulator::start(&place, &[]);
    let random = [&words[..], &simulator.args()].concat();
    let (_, _, plan) = off(&place, &[&random[..], &["--dry-run"]].concat(), &random);
    let calls = &plan["total"]["calls"];
    assert_eq!((&calls["low"], &calls["high"]), (&json!(81), &json!(161)));
    let warning = plan["warnings"][0].as_str().unwrap();
    assert!(
        warning.contains("what was missed depends on the answers"),
        "{warning}"
    );
    // A model that finds all at once is asked once more, and no more.
    let server = Server::start(|body| {
        let ships = match body.contains("missed") {
            true => json!({"ships": []}),
            false => json!({"ships": ["The one that is named"], "combined_summary": "Ships."}),
        };
        (200, completion(&ships.to_string()))
    });
    let place = self::place(0);
    let sure = [&words[..], &server.args()].concat();
    json_of(&place, &[&sure[..], &["--sample", "10"]].concat());
    let (calls, _, plan) = off(&place, &[&sure[..], &["--dry-run"]].concat(), &sure);
    assert!(calls.abs() < 0.001, "{calls}: {}", plan["stages"]);
}

#[test]
fn keys_are_compared_no_more_often_than_the_plan_has_at_most() {
    let place = place(0);
    let server = Server::start(|body| {
        let answer = match body.split("names ship ").nth(1) {
            Some(number) => {
                let n: usize = number.split('.').next().unwrap().parse().unwrap();
                json!({"berth": format!("{} {n}", ["pier", "quay"][n % 2]), "tons": 1})
            }
            None => json!({"reasoning": "No.", "same": false}),
        };
        (200, completion(&answer.to_string()))
    });
    let words = ["map-reduce", "docs", "--map-schema", "berth, tons number"];
    let more = [
        "--reduce",
        "sum:tons",
        "--group-by",
        "berth",
        "--resolve-keys",
    ];
    let words = [&words[..], &more, &server.args()].concat();
    let (_, _, plan) = off(&place, &[&words[..], &["--dry-run"]].concat(), &words);
    let calls = &plan["total"]["calls"];
    assert_eq!((&calls["low"], &calls["high"]), (&json!(40), &json!(540)));
}

/// Bills for as many tokens as there are four bytes each.
fn billed(body: &str, answer: &str) -> (u16, String) {
    let mut reply: Value = serde_json::from_str(&completion(answer)).unwrap();
    reply["usage"]["prompt_tokens"] = json!(body.len() / 4);
    reply["usage"]["completion_tokens"] = json!(answer.len() / 4);
    (200, reply.to_string())
}

#[test]
fn what_is_combined_is_taken_to_be_as_long_as_answers_usually_are() {
    let place = place(0);
    let text = "The ship is in the harbour, and it rains. ".repeat(14);
    let server = Server::start(move |body| {
        let field = match body.contains("combined_summary") {
            true => "combined_summary",
            false => "summary",
        };
        billed(body, &json!({ field: text }).to_string())
    });
    let words = [&["map-reduce", "docs"], &server.args()[..]].concat();
    let (_, cost, plan) = off(&place, &[&words[..], &["--dry-run"]].concat(), &words);
    let read = number(&plan["stages"][1]["read"]["likely"]);
    assert!(
        read > 5_000.0 && cost.abs() < 0.3,
        "{cost}: {}",
        plan["stages"]
    );
}

#[test]
fn sections_that_are_all_written_again_are_within_the_plan() {
    let place = place(0);
    let written = std::sync::atomic::AtomicUsize::new(1);
    let server = Server::start(move |body| {
        let asked: Value = serde_json::from_str(body).unwrap();
        let schema = &asked["response_format"]["json_schema"]["schema"];
        let issue = schema.pointer("/properties/issues/items");
        let issue = schema.pointer("/$defs/issue").or(issue);
        let ids = issue.and_then(|it| it["properties"]["section"]["enum"].as_array());
        let answer = match ids {
            Some(ids) => {
                let issue = |id| json!({"section": id, "issue": "Said before.", "fix": "Cut."});
                json!({"issues": ids.iter().map(issue).collect::<Vec<_>>()})
            }
            None => {
                let n = written.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                let content = format!("The tide is at {n}. ").repeat(200);
                json!({"content": content, "key_points": ["Tide."]})
            }
        };
        billed(body, &answer.to_string())
    });
    let words = [
        "section",
        "Ships",
        "-s",
        "A",
        "-s",
        "B",
        "-s",
        "C",
        "--stitch",
        "--consistency",
    ];
    let words = [&words[..], &server.args()].concat();
    let plan = json_of(&place, &[&words[..], &["--dry-run"]].concat());
    let outcome = json_of(&place, &words);
    let total = &plan["total"];
    for (planned, actual) in [
        (&total["calls"], &outcome["usage"]["attempts"]),
        (&total["cost"], &outcome["spend"]["cost"]),
        (&total["read"], &outcome["usage"]["input_tokens"]),
        (&total["written"], &outcome["usage"]["output_tokens"]),
    ] {
        assert!(
            number(&planned["high"]) >= number(actual),
            "{planned} {actual}"
        );
    }
    let again = number(&outcome["usage"]["attempts"]) - 4.0;
    assert!(again > 3.0, "some are written again twice: {again}");
}

/// Sections that are votes, and one that is a map-reduce whose answers are combined as they come.
fn nested() -> String {
    let mut job = "pattern = \"section\"\ntopic = \"Ships\"\nsynthesis = \"stitch\"\n".to_owned();
    for n in 0..20 {
        job += &format!(
            "\n[[sections]]\ntitle = \"Side {n}\"\nbrief = \"Question <{n}>?\"\n\n\
             [sections.job]\npattern = \"vote\"\nvotes = 7\n"
        );
    }
    job + "\n[[sections]]\ntitle = \"All\"\n\n[sections.job]\npattern = \"map-reduce\"\n\
           inputs = [\"docs\"]\n\n[sections.job.reduce.agent]\ntopology = \"unordered\"\nfan_in = 4\n"
}

#[test]
fn sections_that_are_votes_are_foreseen_as_votes_are() {
    const VOTES: [&str; 5] = ["aaaaaaa", "aabaaaa", "abbabac", "aaaaaaa", "aaabbaa"];
    let place = place(0);
    place.write("nested.toml", nested().as_bytes());
    let asked = Mutex::new(HashMap::new());
    let server = Server::start(move |body| {
        let Some(number) = body.split("Question \u{2039}").nth(1) else {
            let both = json!({"summary": "A ship.", "combined_summary": "Ships."});
            return (200, completion(&both.to_string()));
        };
        let question: usize = number.split('\u{203a}').next().unwrap().parse().unwrap();
        let mut asked = asked.lock().unwrap();
        let nth = asked.entry(question).or_insert(0);
        let answer = &VOTES[question % 5][*nth..=*nth];
        *nth += 1;
        let vote = json!({"reasoning": "So.", "answer": answer, "confidence": 1});
        (200, completion(&vote.to_string()))
    });
    let words = [&["nested.toml", "--concurrency", "1"], &server.args()[..]].concat();
    let (calls, _, plan) = off(
        &place,
        &[&["plan"], &words[..]].concat(),
        &[&["run"], &words[..]].concat(),
    );
    assert!(calls.abs() <= 0.1, "{calls} {}", plan["stages"]);
    let ballots = &plan["stages"][0]["calls"];
    assert_eq!(plan["stages"][0]["stage"], "ballot");
    assert_eq!(
        (&ballots["low"], &ballots["high"]),
        (&json!(80), &json!(140))
    );
    let warning = plan["warnings"][0].as_str().unwrap();
    assert!(
        warning.starts_with("section \"All\": answers are combined as they come"),
        "{warning}"
    );
}

#[test]
fn what_a_try_paid_for_after_the_plan_is_no_fault_of_the_plan() {
    let place = place(0);
    let simulator = Simulator::start(&place, &[]);
    let words = [&["map-reduce", "docs"], &simulator.args()[..]].concat();
    let run = |more: &[&str]| {
        let words = [&words[..], more].concat();
        let output = place.command(&words).output().unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    run(&["--limit", "5"]);
    let planned = || json_of(&place, &[&words[..], &["--dry-run"]].concat());
    planned();
    // A plan that is made again takes the place of the one before.
    assert_eq!(planned()["total"]["calls"]["likely"], 36);
    assert!(!run(&["--limit", "20"]).contains("plan: "));
    let said = run(&[]);
    let words = "plan: calls 36 planned, 21 made and 15 in the store since · ";
    assert!(said.contains(words), "{said}");
    let later = ["vote", "Is it?", "--dry-run"];
    let later = json_of(&place, &[&later[..], &simulator.args()].concat());
    assert_eq!(later["earlier"], Value::Null, "{later}");
}

#[test]
fn what_was_planned_is_beside_what_came_of_it_though_something_failed() {
    let place = place(0);
    let is_first = std::sync::atomic::AtomicBool::new(true);
    let server = Server::start(move |body| match body.contains("ship 7.") {
        true if is_first.swap(false, std::sync::atomic::Ordering::Relaxed) => {
            (400, error("content_filter", "No."))
        }
        _ => (200, completion(r#"{"summary": "A ship."}"#)),
    });
    let words = [&["map-reduce", "docs", "--no-reduce"], &server.args()[..]].concat();
    for (code, more) in [(3, &["--confirm-above", "9"][..]), (0, &[])] {
        let output = place.command(&[&words, more].concat()).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code));
        assert!(said.contains("plan: calls 40 planned, "), "{said}");
    }
}

#[test]
fn what_the_store_has_costs_nothing_whatever_its_price() {
    let place = Place::with(&[("a.txt", "A harbour."), ("b.txt", "A pier.")]);
    let simulator = Simulator::start(&place, &[]);
    let args = ["map-reduce", "a.txt", "b.txt", "--no-reduce"];
    let args = [&args[..], &simulator.args()].concat();
    place.run(&args);
    let plan = place.run(&[&args[..], &["--dry-run"]].concat());
    let (_, stage) = plan.split_once("\nmap").expect("a stage");
    for said in ["calls    0; 2 more are answered", "cost     $0\n", "time "] {
        assert_eq!(stage.matches(said).count(), 1, "{plan}");
    }
    assert!(!plan.contains("not known"), "{plan}");
}
