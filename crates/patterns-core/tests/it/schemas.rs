//! The schemas that Rust types send, as a reader sees them.

use std::collections::BTreeMap;

use patterns_core::Contract;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;

fn sent<T: JsonSchema + DeserializeOwned>() -> String {
    let contract = Contract::of::<T>().unwrap();
    serde_json::to_string_pretty(&contract.schema().schema()).unwrap()
}

fn refused<T: JsonSchema + DeserializeOwned>() -> String {
    Contract::of::<T>().unwrap_err().to_string()
}

/// A ballot.
#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only the schema matters")]
struct Ballot {
    /// Think first.
    reasoning: String,
    answer: String,
    #[schemars(range(min = 0, max = 1))]
    confidence: f64,
    tone: Option<Tone>,
    #[serde(default)]
    sources: Vec<String>,
}

/// How it is said.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Tone {
    /// Without heat.
    Calm,
    /// With heat.
    Angry,
}

#[test]
fn plain_fields_keep_their_order() {
    insta::assert_snapshot!(sent::<Ballot>(), @r##"
    {
      "type": "object",
      "properties": {
        "reasoning": {
          "type": "string",
          "description": "Think first."
        },
        "answer": {
          "type": "string"
        },
        "confidence": {
          "type": "number",
          "minimum": 0,
          "maximum": 1
        },
        "tone": {
          "anyOf": [
            {
              "$ref": "#/$defs/Tone"
            },
            {
              "type": "null"
            }
          ]
        },
        "sources": {
          "type": [
            "array",
            "null"
          ],
          "items": {
            "type": "string"
          }
        }
      },
      "description": "A ballot.",
      "required": [
        "reasoning",
        "answer",
        "confidence",
        "tone",
        "sources"
      ],
      "additionalProperties": false,
      "$defs": {
        "Tone": {
          "description": "How it is said.\n\"calm\": Without heat.\n\"angry\": With heat.",
          "enum": [
            "calm",
            "angry"
          ],
          "type": "string"
        }
      }
    }
    "##);
}

#[derive(Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(dead_code, reason = "only the schema matters")]
enum Expression {
    Number { value: f64 },
    Sum { left: Box<Self>, right: Box<Self> },
}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only the schema matters")]
struct Proof {
    claim: Expression,
}

#[test]
fn recursion_is_kept() {
    insta::assert_snapshot!(sent::<Proof>(), @r##"
    {
      "type": "object",
      "properties": {
        "claim": {
          "$ref": "#/$defs/Expression"
        }
      },
      "required": [
        "claim"
      ],
      "additionalProperties": false,
      "$defs": {
        "Expression": {
          "anyOf": [
            {
              "type": "object",
              "properties": {
                "kind": {
                  "type": "string",
                  "const": "number"
                },
                "value": {
                  "type": "number"
                }
              },
              "required": [
                "kind",
                "value"
              ],
              "additionalProperties": false
            },
            {
              "type": "object",
              "properties": {
                "kind": {
                  "type": "string",
                  "const": "sum"
                },
                "left": {
                  "$ref": "#/$defs/Expression"
                },
                "right": {
                  "$ref": "#/$defs/Expression"
                }
              },
              "required": [
                "kind",
                "left",
                "right"
              ],
              "additionalProperties": false
            }
          ]
        }
      }
    }
    "##);
}

/// The tag stands beside a reference that leads back here: it is merged, once.
#[test]
fn tagged_recursion_through_other_types_is_kept() {
    #[derive(Debug, PartialEq, Deserialize, JsonSchema)]
    struct Rule {
        when: Condition,
    }
    #[derive(Debug, PartialEq, Deserialize, JsonSchema)]
    #[serde(tag = "kind", rename_all = "snake_case")]
    enum Condition {
        Not(Not),
        Word(Word),
    }
    #[derive(Debug, PartialEq, Deserialize, JsonSchema)]
    struct Not {
        inner: Box<Condition>,
    }
    #[derive(Debug, PartialEq, Deserialize, JsonSchema)]
    struct Word {
        word: Option<String>,
    }
    let contract = Contract::of::<Rule>().unwrap();
    insta::assert_snapshot!(contract.schema().schema()["$defs"], @r##"{"Condition":{"anyOf":[{"properties":{"kind":{"type":"string","const":"not"},"inner":{"$ref":"#/$defs/Condition"}},"type":"object","required":["kind","inner"],"additionalProperties":false},{"properties":{"kind":{"type":"string","const":"word"},"word":{"type":["string","null"]}},"type":"object","required":["kind","word"],"additionalProperties":false}]}}"##);
    let text = r#"{"when": {"kind": "not", "inner": {"kind": "word", "word": null}}}"#;
    let word = Condition::Word(Word { word: None });
    let when = Condition::Not(Not {
        inner: Box::new(word),
    });
    assert_eq!(contract.decode(text).unwrap().value, Rule { when });
}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only the schema matters")]
struct Unwanted {
    counts: BTreeMap<String, u32>,
    pair: (u8, u8),
    free: serde_json::Value,
    inner: Vec<Inner>,
}

#[derive(Deserialize, JsonSchema)]
#[expect(dead_code, reason = "only the schema matters")]
struct Inner {
    anything: Option<serde_json::Value>,
}

#[test]
fn what_cannot_be_strict_is_named_with_its_place() {
    insta::assert_snapshot!(refused::<Unwanted>(), @"the answer schema cannot be used: #/properties/counts: is a map with free keys, which cannot be strict; use a list of objects with a key and a value property; #/properties/pair: is a tuple, which cannot be strict; use an object with named properties; #/properties/free: accepts any value, which strict decoding cannot; give it a type; #/$defs/Inner/properties/anything: accepts any value, which strict decoding cannot; give it a type");
    insta::assert_snapshot!(refused::<Vec<String>>(), @"the answer schema cannot be used: #: the answer must be an object; wrap this schema in an object's property");
}

#[test]
fn a_contract_is_named_after_its_type() {
    let name = |title: &str| {
        let schema = serde_json::json!({"title": title, "type": "object", "properties": {"a": {"type": "null"}}});
        Contract::from_schema(schema)
            .unwrap()
            .schema()
            .name()
            .to_owned()
    };
    assert_eq!(Contract::of::<Ballot>().unwrap().schema().name(), "Ballot");
    assert_eq!(name("Ma réponse: 1"), "Ma_r_ponse__1");
    assert_eq!(name(&"x".repeat(100)).len(), 64);
    assert_eq!(name(""), "answer");
}
