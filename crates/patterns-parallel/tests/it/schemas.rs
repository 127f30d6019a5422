//! The schema that each default answer type is sent with.

use std::num::NonZeroUsize;
use std::sync::Arc;

use futures_util::stream;
use patterns_core::{Document, Request};
use patterns_parallel::sectioning::Plan;
use patterns_parallel::{
    AgentOptions, MapReduce, Panel, Plurality, Question, RunOptions, Sectioning, Voting,
};
use patterns_testkit::ScriptedModel;

use crate::support::nonzero;

/// The schemas of all requests, with their names.
fn schemas(requests: &[Request]) -> String {
    let written: Vec<String> = requests
        .iter()
        .map(|request| {
            let schema = request
                .schema
                .as_deref()
                .expect("every agent has a contract");
            let json = serde_json::to_string_pretty(schema.schema()).unwrap();
            format!("{}: {json}", schema.name())
        })
        .collect();
    written.join("\n")
}

#[tokio::test]
async fn sectioning_sends_these() {
    let model = Arc::new(ScriptedModel::new([
        r#"{"sections": [{"id": "past", "title": "Past", "brief": "What was.", "words": 100, "depends_on": []}]}"#,
        r#"{"content": "It was.", "key_points": []}"#,
        r#"{"summary": "It was."}"#,
    ]));
    let agents = AgentOptions::default();
    let plan = Plan::with_model(model.clone(), NonZeroUsize::MIN, &agents);
    let sectioning = Sectioning::with_model(plan, model.clone(), &agents);
    let outcome = sectioning.run("Time", &RunOptions::default()).await;
    assert_eq!(outcome.unwrap().counts.answered, 3);
    insta::assert_snapshot!(schemas(&model.requests()), @r##"
    outline: {
      "type": "object",
      "properties": {
        "sections": {
          "type": "array",
          "items": {
            "$ref": "#/$defs/section"
          },
          "description": "The sections, in order.",
          "minItems": 1,
          "maxItems": 1
        }
      },
      "description": "The outline of a piece.",
      "required": [
        "sections"
      ],
      "additionalProperties": false,
      "$defs": {
        "section": {
          "type": "object",
          "properties": {
            "id": {
              "type": "string",
              "description": "A short name for the section in lower case, such as \"costs\"."
            },
            "title": {
              "type": "string",
              "description": "The heading."
            },
            "brief": {
              "type": "string",
              "description": "What the section covers, in one or two sentences."
            },
            "words": {
              "type": "integer",
              "minimum": 0,
              "description": "About how many words it is to have."
            },
            "depends_on": {
              "type": "array",
              "items": {
                "type": "string"
              },
              "description": "The ids of the sections that have to be written before it; mostly none."
            }
          },
          "description": "A section of the piece.",
          "required": [
            "id",
            "title",
            "brief",
            "words",
            "depends_on"
          ],
          "additionalProperties": false
        }
      }
    }
    section: {
      "type": "object",
      "properties": {
        "content": {
          "type": "string",
          "description": "The text of the section."
        },
        "key_points": {
          "type": "array",
          "items": {
            "type": "string"
          },
          "description": "The points a reader should remember, one sentence each.",
          "maxItems": 12
        }
      },
      "description": "One section of the piece.",
      "required": [
        "content",
        "key_points"
      ],
      "additionalProperties": false
    }
    synthesis: {
      "type": "object",
      "properties": {
        "summary": {
          "type": "string",
          "description": "A summary that brings the sections together."
        }
      },
      "description": "The synthesis of all sections.",
      "required": [
        "summary"
      ],
      "additionalProperties": false
    }
    "##);
}

#[tokio::test]
async fn voting_sends_this() {
    let answer = r#"{"reasoning": "So.", "answer": "yes", "confidence": 1}"#;
    let model = Arc::new(ScriptedModel::new([answer, answer]));
    for options in [vec![], vec!["yes", "no"]] {
        let question = Question::new("Well?").options(options);
        let agent = AgentOptions::default();
        let voting = Voting::new(Panel::of_model(model.clone(), &agent), Plurality::new());
        let outcome = voting
            .voters(nonzero(1))
            .run(question, &RunOptions::default())
            .await;
        assert_eq!(outcome.unwrap().counts.answered, 1);
    }
    insta::assert_snapshot!(schemas(&model.requests()), @r#"
    vote: {
      "type": "object",
      "properties": {
        "reasoning": {
          "type": "string",
          "description": "The steps that lead to the answer."
        },
        "answer": {
          "type": "string",
          "description": "The answer alone, as short as it can be: no sentence, no unit, no explanation."
        },
        "confidence": {
          "type": "number",
          "description": "How sure the answer is, from 0 (a guess) to 1 (certain).",
          "minimum": 0.0,
          "maximum": 1.0
        }
      },
      "description": "What a voter answers.",
      "required": [
        "reasoning",
        "answer",
        "confidence"
      ],
      "additionalProperties": false
    }
    vote: {
      "type": "object",
      "properties": {
        "reasoning": {
          "type": "string",
          "description": "The steps that lead to the answer."
        },
        "answer": {
          "type": "string",
          "description": "The answer alone, as short as it can be: no sentence, no unit, no explanation.",
          "enum": [
            "yes",
            "no"
          ]
        },
        "confidence": {
          "type": "number",
          "description": "How sure the answer is, from 0 (a guess) to 1 (certain).",
          "minimum": 0.0,
          "maximum": 1.0
        }
      },
      "description": "What a voter answers.",
      "required": [
        "reasoning",
        "answer",
        "confidence"
      ],
      "additionalProperties": false
    }
    "#);
}

#[tokio::test]
async fn map_reduce_sends_these() {
    let model = Arc::new(ScriptedModel::new([
        r#"{"summary": "It is."}"#,
        r#"{"combined_summary": "It is."}"#,
    ]));
    let agent = AgentOptions::default();
    let map_reduce = MapReduce::with_model(model.clone(), &agent);
    let documents = stream::iter([Document::new("a", "It is.")]);
    let outcome = map_reduce.run(documents, &RunOptions::default()).await;
    assert_eq!(outcome.unwrap().counts.answered, 2);
    insta::assert_snapshot!(schemas(&model.requests()), @r#"
    document_summary: {
      "type": "object",
      "properties": {
        "summary": {
          "type": "string",
          "description": "What the document says, in a few sentences."
        }
      },
      "description": "The summary of one document.",
      "required": [
        "summary"
      ],
      "additionalProperties": false
    }
    reduction: {
      "type": "object",
      "properties": {
        "combined_summary": {
          "type": "string",
          "description": "What the texts say together."
        }
      },
      "description": "One summary of several texts.",
      "required": [
        "combined_summary"
      ],
      "additionalProperties": false
    }
    "#);
}
