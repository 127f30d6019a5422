//! Turns a schema into nodes to draw from, following references once each.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::keywords::{
    array_bounds, integer, is_a, is_annotation, known, likely_type, number, promises, text, types,
};
use super::merge::merge;
use super::node::{Node, NodeId, Property};
use super::text::Text;

/// The deepest nesting of schemas within schemas.
const MAX_DEPTH: usize = 128;

pub(super) struct Compiled {
    pub(super) nodes: Vec<Node>,
    pub(super) root: NodeId,
    /// Whether everything that can be drawn is valid.
    pub(super) exact: bool,
}

/// Compiles a schema that is known to be a valid one.
pub(super) fn compile(schema: &Value) -> Result<Compiled, String> {
    let mut compiler = Compiler {
        document: schema,
        nodes: Vec::new(),
        references: HashMap::new(),
        depth: 0,
        exact: true,
    };
    let root = compiler.schema(schema)?;
    Ok(Compiled {
        nodes: compiler.nodes,
        root,
        exact: compiler.exact,
    })
}

struct Compiler<'a> {
    document: &'a Value,
    nodes: Vec<Node>,
    references: HashMap<String, NodeId>,
    depth: usize,
    exact: bool,
}

impl Compiler<'_> {
    fn push(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    fn schema(&mut self, schema: &Value) -> Result<NodeId, String> {
        if self.depth == MAX_DEPTH {
            return Err("the schema is nested too deeply".to_owned());
        }
        self.depth += 1;
        let id = match schema {
            Value::Object(map) => self.map(map),
            Value::Bool(false) => Ok(self.push(Node::Constant(Vec::new()))),
            _ => Ok(self.push(Node::Text(Text::default()))),
        };
        self.depth -= 1;
        id
    }

    /// Handles the keywords that combine schemas, then what they leave.
    fn map(&mut self, map: &Map<String, Value>) -> Result<NodeId, String> {
        for key in ["$ref", "allOf", "anyOf", "oneOf"] {
            let Some(value) = map.get(key) else { continue };
            let mut rest = map.clone();
            // Order matters: objects keep their properties as declared.
            rest.shift_remove(key);
            self.exact &= key != "oneOf";
            return match (key, value) {
                ("$ref", Value::String(target)) => self.reference(target, &rest),
                ("allOf", Value::Array(parts)) => self.all(parts, rest),
                (_, Value::Array(parts)) => self.any(parts, &rest),
                _ => Err(format!("{key} has the wrong type")),
            };
        }
        self.constants(map)
    }

    fn reference(&mut self, target: &str, rest: &Map<String, Value>) -> Result<NodeId, String> {
        let schema = self.resolve(target)?;
        if !rest.keys().all(is_annotation) {
            self.exact = false;
            return match schema {
                Value::Object(map) => self.schema(&Value::Object(merge(&map, rest))),
                _ => self.schema(&Value::Object(rest.clone())),
            };
        }
        if let Some(id) = self.references.get(target) {
            return Ok(*id);
        }
        // The node is there before what it stands for, so that a schema can refer to itself.
        let id = self.push(Node::AnyOf(Vec::new()));
        self.references.insert(target.to_owned(), id);
        let target = self.schema(&schema)?;
        self.nodes[id] = Node::AnyOf(vec![target]);
        Ok(id)
    }

    fn resolve(&self, target: &str) -> Result<Value, String> {
        let pointer = target.strip_prefix('#');
        let found = pointer.and_then(|pointer| self.document.pointer(pointer));
        found
            .cloned()
            .ok_or_else(|| format!("nothing is found at {target:?}"))
    }

    fn all(&mut self, parts: &[Value], rest: Map<String, Value>) -> Result<NodeId, String> {
        self.exact &= parts.len() == 1 && rest.keys().all(is_annotation);
        let mut merged = rest;
        for part in parts {
            let part = self.dereferenced(part)?;
            if let Value::Object(part) = &part {
                merged = merge(&merged, part);
            }
        }
        self.schema(&Value::Object(merged))
    }

    /// Replaces a reference by its target, since two of them could not be merged.
    fn dereferenced(&self, schema: &Value) -> Result<Value, String> {
        let mut schema = schema.clone();
        for _ in 0..MAX_DEPTH {
            let Some(target) = schema.get("$ref").and_then(Value::as_str) else {
                break;
            };
            let target = self.resolve(target)?;
            if let (Value::Object(map), Value::Object(target)) = (&mut schema, target) {
                map.shift_remove("$ref");
                schema = Value::Object(merge(&target, map));
            }
        }
        Ok(schema)
    }

    fn any(&mut self, parts: &[Value], rest: &Map<String, Value>) -> Result<NodeId, String> {
        let is_alone = rest.keys().all(is_annotation);
        self.exact &= is_alone;
        let mut alternatives = Vec::with_capacity(parts.len());
        for part in parts {
            alternatives.push(match part {
                Value::Object(part) if !is_alone => {
                    self.schema(&Value::Object(merge(rest, part)))?
                }
                _ => self.schema(part)?,
            });
        }
        Ok(self.push(Node::AnyOf(alternatives)))
    }

    fn constants(&mut self, map: &Map<String, Value>) -> Result<NodeId, String> {
        let values = match (map.get("const"), map.get("enum")) {
            (Some(value), None) => vec![value.clone()],
            (None, Some(Value::Array(values))) => values.clone(),
            (Some(value), Some(Value::Array(values))) if values.contains(value) => {
                vec![value.clone()]
            }
            (None, None) => return self.types(map),
            _ => Vec::new(),
        };
        let is_known =
            |key: &String| is_annotation(key) || ["type", "const", "enum"].contains(&&**key);
        self.exact &= map.keys().all(is_known);
        let types = types(map);
        let fits = |value: &Value| types.is_empty() || types.iter().any(|it| is_a(value, it));
        let values = values.into_iter().filter(fits).collect();
        Ok(self.push(Node::Constant(values)))
    }

    fn types(&mut self, map: &Map<String, Value>) -> Result<NodeId, String> {
        let types = types(map);
        if let [only] = types[..] {
            return self.typed(only, map);
        }
        if types.is_empty() {
            return self.typed(likely_type(map), map);
        }
        let alternatives: Result<_, _> = types.iter().map(|it| self.typed(it, map)).collect();
        alternatives.map(|alternatives| self.push(Node::AnyOf(alternatives)))
    }

    fn typed(&mut self, name: &str, map: &Map<String, Value>) -> Result<NodeId, String> {
        let node = match name {
            "object" => self.object(map)?,
            "array" => self.array(map)?,
            "string" => text(map)?,
            "integer" => integer(map),
            "number" => number(map),
            "boolean" => Node::Constant(vec![false.into(), true.into()]),
            _ => Node::Constant(vec![Value::Null]),
        };
        // What else a nullable type says is about the other type.
        let is_nothing_else = name == "null" && types(map).len() > 1;
        let known = known(name);
        let is_known = |key: &String| is_annotation(key) || known.contains(&&**key);
        self.exact &= is_nothing_else || map.keys().all(is_known);
        self.exact &= promises(name, map);
        Ok(self.push(node))
    }

    fn object(&mut self, map: &Map<String, Value>) -> Result<Node, String> {
        let none = Map::new();
        let declared = map.get("properties").and_then(Value::as_object);
        let declared = declared.unwrap_or(&none);
        let required = map.get("required").and_then(Value::as_array);
        let required: Vec<_> = required
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let mut properties = Vec::with_capacity(declared.len());
        for (name, schema) in declared {
            properties.push(Property {
                name: name.clone(),
                value: self.schema(schema)?,
                required: required.contains(&name.as_str()),
            });
        }
        let others = map
            .get("additionalProperties")
            .unwrap_or(&Value::Bool(true));
        for name in required
            .into_iter()
            .filter(|it| !declared.contains_key(*it))
        {
            properties.push(Property {
                name: name.to_owned(),
                value: self.schema(others)?,
                required: true,
            });
        }
        Ok(Node::Object(properties))
    }

    fn array(&mut self, map: &Map<String, Value>) -> Result<Node, String> {
        let items = map.get("items").unwrap_or(&Value::Bool(true));
        let items = self.schema(items)?;
        let Some((min, max)) = array_bounds(map)? else {
            return Ok(Node::Constant(Vec::new()));
        };
        Ok(Node::Array {
            items,
            min,
            max,
            unique: map.get("uniqueItems") == Some(&Value::Bool(true)),
        })
    }
}
