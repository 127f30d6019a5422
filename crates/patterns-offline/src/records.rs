//! Chooses representative lines of a log or of another text in which each line is a record.

use std::collections::HashMap;

/// A line that stands for all lines of its form.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Record<'a> {
    pub(super) line: &'a str,
    /// How much it deserves to be quoted; 1 for an ordinary line.
    pub(super) weight: f64,
}

/// More forms than this are not told apart, except that as many alarming ones may be added.
const MAX_FORMS: usize = 2_000;

/// A form is told by this much of its line.
const MAX_FORM_BYTES: usize = 300;

/// Words that make a line worth a look, whatever their number.
const ALARMS: [&str; 16] = [
    "error",
    "fatal",
    "panic",
    "critical",
    "crit",
    "alert",
    "emerg",
    "exception",
    "fail",
    "failed",
    "failure",
    "timeout",
    "denied",
    "refused",
    "corrupt",
    "killed",
];

/// Returns one line for each form of line, in order of first appearance, or `None` if the text is
/// not made of records. Two lines have one form if they differ in words with digits only.
pub(super) fn representatives(text: &str) -> Option<Vec<Record<'_>>> {
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let probe: Vec<&str> = lines().take(200).collect();
    let records = probe.iter().filter(|line| is_record(line)).count();
    if probe.len() < 5 || records * 10 < probe.len() * 6 {
        return None;
    }
    let mut forms: HashMap<String, usize> = HashMap::new();
    let mut found: Vec<(&str, usize)> = Vec::new();
    for line in lines() {
        let form = form(line);
        if let Some(&at) = forms.get(&form) {
            found[at].1 += 1;
        } else if found.len() < MAX_FORMS || (found.len() < 2 * MAX_FORMS && is_alarm(line)) {
            forms.insert(form, found.len());
            found.push((line, 1));
        }
    }
    let records = found.into_iter().map(|(line, count)| Record {
        line,
        weight: weight(is_alarm(line), count),
    });
    Some(records.collect())
}

/// A record begins with a time, an address or another number, or is a JSON object.
fn is_record(line: &str) -> bool {
    if line.starts_with('{') && line.ends_with('}') {
        return true;
    }
    let has_digit = |word: &str| word.bytes().any(|b| b.is_ascii_digit());
    let opens_with_digit = line.split_whitespace().take(3).any(has_digit);
    let mut in_digits = false;
    let groups = line.bytes().filter(|b| {
        let starts = b.is_ascii_digit() && !in_digits;
        in_digits = b.is_ascii_digit();
        starts
    });
    opens_with_digit && groups.take(3).count() == 3
}

fn form(line: &str) -> String {
    let end = (0..=line.len().min(MAX_FORM_BYTES))
        .rev()
        .find(|at| line.is_char_boundary(*at))
        .unwrap_or(0);
    let mut before = "";
    let words = line[..end].split_whitespace().map(|word| {
        let keeps = !word.bytes().any(|b| b.is_ascii_digit()) || is_status(word, before);
        before = word;
        if keeps { word } else { "#" }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// A status such as 503 is part of the form: it is what sets the line apart.
fn is_status(word: &str, before: &str) -> bool {
    let after_name = [
        "status", "code", "status:", "code:", "HTTP/1.1", "HTTP/2", "HTTP/1.0",
    ];
    word.len() == 3
        && word.bytes().all(|b| b.is_ascii_digit())
        && (before.ends_with('"') || after_name.contains(&before))
}

/// Alarming lines first, then frequent forms: what happened most, and what should not have.
fn weight(is_alarm: bool, count: usize) -> f64 {
    (1.0 + (count as f64).ln()) * if is_alarm { 6.0 } else { 1.0 }
}

fn is_alarm(line: &str) -> bool {
    let mut before = "";
    let mut words = line.split_whitespace();
    words.any(|word| {
        let is_failure = is_status(word, before) && word.starts_with('5');
        before = word;
        let lower = word.to_lowercase();
        is_failure
            || lower
                .split(|c: char| !c.is_alphanumeric())
                .any(|it| ALARMS.contains(&it))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_stands_for_each_form_and_alarms_weigh_more() {
        let mut log = String::new();
        for n in 0..50 {
            log += &format!("2026-01-02 10:00:{n:02} INFO request {n} served in {n} ms\n");
        }
        log += "2026-01-02 10:01:00 ERROR request 51 lost its connection\n";
        let found = representatives(&log).unwrap();
        assert_eq!(found.len(), 2);
        assert!(found[0].line.ends_with("request 0 served in 0 ms"));
        assert!(found[1].line.contains("ERROR") && found[1].weight > found[0].weight);
    }

    #[test]
    fn a_status_sets_a_line_apart_and_a_size_does_not() {
        let line =
            |n: usize, status: u32| format!("10.0.0.{n} [01/Jan/2026] \"GET /a\" {status} {n}\n");
        let log: String = (100..150)
            .map(|n| line(n, 200))
            .chain([line(7, 503)])
            .collect();
        let found = representatives(&log).unwrap();
        assert_eq!(found.len(), 2);
        assert!(found[1].line.contains("503") && found[1].weight > found[0].weight);
    }

    #[test]
    fn prose_is_not_a_log() {
        let prose = "In 1990 there were 3 of them.\nThen there were none,\nand nobody\nknew why it\nhad happened.\n";
        assert_eq!(representatives(prose), None);
        assert_eq!(representatives(""), None);
    }
}
