//! Tables of voting on fields of each kind.

use serde_json::{Value, json};

use super::object::ObjectElection;
use super::*;

mod objects;
mod rules;

fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "level": {"$ref": "#/$defs/Level"},
            "open": {"type": "boolean"},
            "count": {"type": "integer"},
            "price": {"type": ["number", "null"]},
            "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 3},
            "parts": {"type": "array", "items": {"$ref": "#/$defs/Part"}, "minItems": 1},
            "address": {"anyOf": [{"$ref": "#/$defs/Address"}, {"type": "null"}]},
            "note": {"type": "string"},
            "remark": {"type": ["string", "null"]},
        },
        "required": ["name", "level", "open", "count", "price", "tags", "address"],
        "$defs": {
            "Part": {"type": "object", "properties": {"id": {"type": "integer"}}},
            "Level": {"oneOf": [{"const": "y"}, {"const": "yes"}, {"enum": ["B 2", "C"]}]},
            "Address": {
                "type": "object",
                "properties": {"city": {"type": "string"}, "next": {"$ref": "#/$defs/Address"}},
                "required": ["city"],
                "additionalProperties": false,
            },
        },
    })
}

/// Keeps rules as long as elections refer to them.
fn kept(rules: Fields) -> &'static Fields {
    Box::leak(Box::new(rules))
}

/// Decides on one field that each ballot either has, or (`"-"`) has not.
fn elect(
    name: &str,
    values: &[Value],
    rules: &[&str],
    tie_break: TieBreak,
) -> ObjectElection<'static> {
    let schema = schema();
    let field = schema["properties"][name].clone();
    let required = schema["required"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| *it == name);
    let required: Value = required.cloned().collect();
    let schema = json!({
        "properties": {name: field},
        "required": required,
        "additionalProperties": false,
        "$defs": schema["$defs"],
    });
    let ballot = |value: &Value| match value == "-" {
        true => json!({}),
        false => json!({name: value}),
    };
    let ballots: Vec<Value> = values.iter().map(ballot).collect();
    decide_object(
        kept(Fields::parse(schema, rules).unwrap()),
        &ballots,
        tie_break,
    )
}

/// Compares one field's decision, votes of total, and value.
#[track_caller]
fn check(name: &str, values: &str, rule: &str, expected: &str) {
    let values: Vec<Value> = serde_json::from_str(values).unwrap();
    let rule = (!rule.is_empty()).then(|| format!("/{name}={rule}"));
    let rules: Vec<&str> = rule.iter().map(String::as_str).collect();
    let election = elect(name, &values, &rules, TieBreak::FirstSeen);
    let field = &election.fields[0];
    let (votes, total) = (field.votes, field.total);
    let found = format!("{:?} {votes}/{total} {}", field.decision, field.value);
    assert_eq!(found, expected, "{name} {values:?} {rules:?}");
    assert_eq!(field.abstentions + total, values.len() as u64);
}

#[test]
fn choices_strings_and_flags_go_to_the_most_votes() {
    check(
        "name",
        r#"["Ann", "bob", "Bob ", "Bob", "ann"]"#,
        "",
        r#"Won 3/5 "bob""#,
    );
    check("name", r#"["A", "b"]"#, "", r#"WonByTieBreak 1/2 "A""#);
    check("name", r#"["", " ", "a"]"#, "", r#"Won 2/3 """#);
    check("name", r#"["a", 7, "-"]"#, "", r#"Won 1/1 "a""#);
    check(
        "name",
        r#"["a", "b", "b"]"#,
        "threshold:0.7",
        "ThresholdMissed 2/3 null",
    );
    check("open", "[true, false, false]", "", "Won 2/3 false");
    check(
        "level",
        r#"["y", "yes", "yes", "y", "y"]"#,
        "",
        r#"Won 3/5 "y""#,
    );
    check("level", r#"["C", "b 2", "B 2."]"#, "", r#"Won 2/3 "B 2""#);
    check("level", r#"["D", "Y."]"#, "", r#"Won 1/1 "y""#);
    check("level", r#"["D", "(C)"]"#, "", "QuorumMissed 0/0 null");
}

#[test]
fn numbers_go_to_the_middle() {
    check("count", "[3, 900, 4]", "", "Won 1/3 4");
    check("count", "[3, 4]", "", "WonByTieBreak 1/2 3");
    check("count", "[8, 1, 5, 6]", "", "WonByTieBreak 1/4 5");
    check("count", "[4, 3]", "median:1", "Won 2/2 4");
    check("count", "[1, 2.5, 7.0]", "", "WonByTieBreak 1/2 1");
    check("price", "[10.0, 10.4, 11]", "median:5%", "Won 2/3 10.4");
    check("price", "[1, 2, 2.0]", "plurality", "Won 2/3 2");
    check("price", "[null, null, 5, 6, 6]", "", "Won 2/5 6");
    check("price", "[null, 5, null]", "", "Won 2/3 null");
    check("price", "[5, null]", "", "WonByTieBreak 1/2 5");
    check("price", "[null, 5]", "", "WonByTieBreak 1/2 null");
    check(
        "count",
        "[9007199254740993]",
        "",
        "Won 1/1 9007199254740993",
    );
}

#[test]
fn lists_hold_what_enough_ballots_have() {
    check(
        "tags",
        r#"[["b", "a", "a"], ["A.", "c"], ["a", "b"]]"#,
        "",
        r#"Won 2/3 ["b","a"]"#,
    );
    check(
        "tags",
        r#"[["b", "a", "a"], ["A.", "c"], ["a", "b"]]"#,
        "union:1",
        r#"Won 0/3 ["a"]"#,
    );
    check(
        "tags",
        r#"[["b", "a", "a"], ["A.", "c"], ["a", "b"]]"#,
        "union:1/3",
        r#"Won 0/3 ["b","a","c"]"#,
    );
    check("tags", r#"[["a", "a"], ["b"]]"#, "", "Won 0/2 []");
    check(
        "tags",
        r#"[["a", "b", "c", "d"], ["d"]]"#,
        "union:0.5",
        r#"Won 0/2 ["a","b","d"]"#,
    );
    check(
        "tags",
        r#"[["a"], ["b", "c"], ["C", "B"], ["b", "c"]]"#,
        "plurality",
        r#"Won 2/4 ["b","c"]"#,
    );
    let parts = r#"[[{"id": 1, "n": "x"}], [{"n": "X", "id": 1.0, "k": null}], [{"id": 2}]]"#;
    check("parts", parts, "", r#"Won 2/3 [{"id":1,"n":"x"}]"#);
    check("parts", "[[1], [2]]", "", "ThresholdMissed 0/2 null");
}
