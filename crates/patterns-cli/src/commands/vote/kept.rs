//! Keeps the elections of a batch in the record of their run, for its report.
//!
//! The result itself is in a file that may move, or was on a terminal that is gone. Their number and size are
//! bounded, so that the record stays small.

/// The most elections that are kept, and the most bytes of them.
const MOST: usize = 10_000;
const BYTES: usize = 16 << 20;

/// The elections of a batch so far.
#[derive(Debug, Default)]
pub(super) struct KeptElections {
    json: String,
    count: usize,
    /// How many are not among them.
    more: usize,
}

impl KeptElections {
    /// Takes an election, as a line of JSON with an object, and what was asked in it.
    pub(super) fn add(&mut self, line: &str, question: &str) {
        if self.count >= MOST || self.json.len() + line.len() > BYTES {
            self.more += 1;
            return;
        }
        if self.count > 0 {
            self.json.push(',');
        }
        let fields = line.trim_end().strip_prefix('{').unwrap_or("}");
        let question = serde_json::Value::from(question);
        self.json
            .push_str(&format!("{{\"question\":{question},{fields}"));
        self.count += 1;
    }

    /// Returns all of them as JSON, if there are any.
    pub(super) fn json(&self) -> Option<String> {
        let Self { json, more, .. } = self;
        (self.count > 0).then(|| format!("{{\"elections\":[{json}],\"more\":{more}}}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elections_are_kept_up_to_a_number_and_the_rest_is_counted() {
        let mut kept = KeptElections::default();
        assert_eq!(kept.json(), None);
        for n in 0..MOST + 3 {
            kept.add(&format!("{{\"id\":{n}}}\n"), "Is it \"so\"?");
        }
        let json: serde_json::Value = serde_json::from_str(&kept.json().unwrap()).unwrap();
        assert_eq!(json["elections"].as_array().unwrap().len(), MOST);
        assert_eq!(
            (&json["elections"][7]["id"], &json["more"]),
            (&7.into(), &3.into())
        );
        assert_eq!(json["elections"][7]["question"], "Is it \"so\"?");
        let mut kept = KeptElections::default();
        kept.add("{\"id\":1}", "?");
        kept.add(&"x".repeat(BYTES), "?");
        let json = "{\"elections\":[{\"question\":\"?\",\"id\":1}],\"more\":1}";
        assert_eq!(kept.json().unwrap(), json);
    }
}
