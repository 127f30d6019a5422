//! A run through the real binary against a provider on a bad day.

use insta::assert_snapshot;

use crate::support::{Place, Simulator};

#[test]
fn nothing_is_lost_on_a_bad_day() {
    let place = Place::new();
    let rows: Vec<String> = (0..300)
        .map(|n| format!("{{\"id\": {n}, \"text\": \"Ship {n} came in.\"}}"))
        .collect();
    place.write("rows.jsonl", rows.join("\n").as_bytes());
    let storm = "[limits]\nrequests_per_minute = 12000\n[faults]\nrate_limited = 0.02\n\
                 server_error = 0.06\nreset = 0.05\ncut = 0.04\nerror_in_200 = 0.03\n\
                 [[outages]]\nfrom = \"300ms\"\nto = \"900ms\"\n";
    place.write("storm.toml", storm.as_bytes());
    let run = |port: &str, more: &[&str]| {
        let simulator = Simulator::start_at(&place, port, more);
        let mut args = vec![
            "map-reduce",
            "rows.jsonl",
            "--no-reduce",
            "--output",
            "jsonl",
        ];
        args.extend(["-q", "--seed", "1", "--no-store"]);
        args.extend(simulator.args());
        let (code, rows) = place.data(&args);
        assert_eq!(code, Some(0), "{rows}");
        let rows = rows.lines().map(|row| serde_json::from_str(row).unwrap());
        let rows: Vec<serde_json::Value> = rows.collect();
        let branches = rows.iter().filter(|row| row["type"] == "branch");
        let values = branches.map(|row| row["value"].to_string());
        let values: Vec<String> = values.collect();
        (values, simulator.ledger(), simulator.port())
    };
    let (clean, ledger, port) = run("0", &[]);
    assert_eq!((clean.len(), &ledger["requests"]), (300, &300.into()));
    let (stormy, ledger, _) = run(&port, &["--scenario", "storm.toml"]);
    assert!(stormy == clean, "the same answers in the same order");
    assert!(
        ledger["faults"]["server_error"].as_u64() > Some(5),
        "{ledger}"
    );
    assert!(ledger["requests"].as_u64() > Some(340), "{ledger}");
}

#[test]
fn the_end_of_the_credit_ends_the_run() {
    let place = Place::new();
    let rows: Vec<String> = (0..500).map(|n| format!("{{\"text\": \"{n}\"}}")).collect();
    place.write("rows.jsonl", rows.join("\n").as_bytes());
    place.write("broke.toml", b"[billing]\nafter = 40");
    let broke = ["--scenario", "broke.toml", "--latency", "20ms"];
    let simulator = Simulator::start(&place, &broke);
    let mut args = vec![
        "map-reduce",
        "rows.jsonl",
        "--no-reduce",
        "--concurrency",
        "8",
    ];
    args.extend(simulator.args());
    let shown = place.run(&args);
    assert!(shown.starts_with("exit 77\n"), "{shown}");
    assert!(shown.contains("add credit at the provider"), "{shown}");
    let requests = simulator.ledger()["requests"].as_u64().unwrap();
    assert!((41..=48).contains(&requests), "{requests}");
}

#[test]
fn a_scenario_that_makes_no_sense_is_refused() {
    let place = Place::with(&[("bad.toml", "[faults]\nrest = 0.1\n")]);
    assert_snapshot!(place.run(&["simulate", "--scenario", "bad.toml"]), @r"
    exit 65
    --- stdout
    --- stderr
    error[E-DATA]: the scenario bad.toml makes no sense
      TOML parse error at line 2, column 1
        |
      2 | rest = 0.1
        | ^^^^
      unknown field `rest`, expected one of `rate_limited`, `rate_limited_bare`, `server_error`, `overloaded`, `reset`, `cut`, `stall`, `slow_loris`, `error_in_200`, `broken_json`, `wrong_schema`, `length`, `refusal`, `stall_for`
    help: examples/data/storm.toml shows every setting
    ");
    assert_snapshot!(place.run(&["simulate", "--scenario", "no.toml"]), @r"
    exit 66
    --- stdout
    --- stderr
    error[E-INPUT]: the scenario no.toml cannot be read: No such file or directory
    ");
}

#[test]
fn the_sample_scenario_is_valid() {
    let sample = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../examples/data/storm.toml"
    );
    let place = Place::new();
    let simulator = Simulator::start(&place, &["--scenario", sample]);
    assert_eq!(simulator.ledger()["requests"], 0);
}
