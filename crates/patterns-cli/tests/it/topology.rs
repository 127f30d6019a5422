//! Which answers are combined, and when, from the command line.

use insta::assert_snapshot;

use crate::support::Place;

fn place() -> Place {
    let files: Vec<(String, String)> = (0..9)
        .map(|n| {
            (
                format!("docs/{n}.txt"),
                format!("Harbour {n} silts up slowly."),
            )
        })
        .collect();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(a, b)| (a.as_str(), b.as_str()))
        .collect();
    Place::with(&files)
}

/// Returns how many branches a run had: 9 documents, and the combinations.
fn branches(arguments: &[&str]) -> usize {
    let common = ["map-reduce", "docs", "--output", "jsonl"];
    let arguments: Vec<&str> = common.iter().chain(arguments).copied().collect();
    let (_, lines) = place().data(&arguments);
    let end: serde_json::Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    assert_eq!(lines.lines().count(), 10);
    assert_eq!(end["value"]["total_documents"], 9);
    end["counts"]["answered"].as_u64().unwrap() as usize
}

#[test]
fn every_topology_combines_all_documents() {
    assert_eq!(branches(&[]), 9 + 1);
    assert_eq!(branches(&["--topology", "refine"]), 9 + 8);
    assert_eq!(
        branches(&["--topology", "refine", "-c", "map_reduce.fan_in=5"]),
        9 + 2
    );
    assert_eq!(
        branches(&["--topology", "unordered", "-c", "map_reduce.fan_in=3"]),
        9 + 3
    );
    assert!((9 + 3..9 + 6).contains(&branches(&["-c", "map_reduce.fan_in=3"])));
}

#[test]
fn what_does_not_fit_into_one_call_is_an_error() {
    let long = "and the harbour silts up slowly ".repeat(12);
    let place = Place::with(&[("a.txt", &*long), ("b.txt", &*long)]);
    let arguments = [
        "map-reduce",
        "a.txt",
        "b.txt",
        "-c",
        "map_reduce.reduce_tokens=100",
        "-q",
        "-o",
        "out",
    ];
    assert_snapshot!(place.run(&arguments), @r"
    exit 3
    --- stdout
    --- stderr
    error[E-NOT-COMBINED]: the answers are too large for the token budget of a reduce call
    help: raise map_reduce.reduce_tokens (-c) if the model can read more, or ask for shorter answers with --map-instructions
    ");
}
