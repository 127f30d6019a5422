//! Answers to the contracts of Rust types are accepted by those contracts.

use std::fmt::Debug;

use patterns_core::Contract;
use patterns_simulator::Simulator;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::client::{question_with, with};

/// Asks many times, and returns how many different values were decoded.
async fn check<T: JsonSchema + DeserializeOwned + Debug>() -> usize {
    let contract = Contract::of::<T>().unwrap();
    let request = question_with(contract.schema().schema());
    with(Simulator::builder().seed(11), async |caller| {
        let mut values = Vec::new();
        for key in 0..100 {
            let answer = caller.ask(Some(&key.to_string()), &request).await;
            let decoded = contract.decode(&answer);
            let decoded = decoded.unwrap_or_else(|it| panic!("{answer}: {:?}", it.violations));
            assert!(decoded.fixes.is_empty(), "{answer}");
            values.push(format!("{:?}", decoded.value));
        }
        values.sort();
        values.dedup();
        values.len()
    })
    .await
}

#[derive(Debug, Deserialize, JsonSchema)]
#[expect(dead_code, reason = "read by its Debug form")]
struct Choice {
    colour: Colour,
}

#[derive(Debug, Deserialize, JsonSchema)]
enum Colour {
    Red,
    Green,
    Blue,
}

#[tokio::test]
async fn an_enum() {
    assert_eq!(check::<Choice>().await, 3);
}

#[derive(Debug, Deserialize, JsonSchema)]
#[expect(dead_code, reason = "read by its Debug form")]
struct Report {
    title: String,
    findings: Vec<Finding>,
    shape: Shape,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[expect(dead_code, reason = "read by its Debug form")]
struct Finding {
    /// How bad it is.
    severity: u8,
    score: f64,
    tags: Option<Vec<String>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "kind")]
#[expect(dead_code, reason = "read by its Debug form")]
enum Shape {
    Circle { radius: f32 },
    Square { side: i64 },
}

#[tokio::test]
async fn nested_types() {
    assert!(check::<Report>().await > 90);
}

#[derive(Debug, Deserialize, JsonSchema)]
#[expect(dead_code, reason = "read by its Debug form")]
struct Sparse {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    count: Option<u32>,
    known: Option<bool>,
}

#[tokio::test]
async fn optional_fields() {
    assert!(check::<Sparse>().await > 30);
}

#[derive(Debug, Deserialize, JsonSchema)]
#[expect(dead_code, reason = "read by its Debug form")]
struct Tree {
    name: String,
    children: Vec<Self>,
    favourite: Option<Box<Self>>,
}

#[tokio::test]
async fn a_recursive_type() {
    assert!(check::<Tree>().await > 90);
}
