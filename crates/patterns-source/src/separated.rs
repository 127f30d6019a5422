//! Divides the lines of a CSV file into fields, after RFC 4180.
//!
//! The `csv` crate takes whatever comes: a quote that nobody closes swallows all rows after it, and they
//! are one document then. Here a quoted field that goes over several lines ends at a quote that a
//! delimiter or the end of the line follows, and at no other; anything else is an error that names the
//! line where the quote opened. On one line a quote in the middle is text (`5" pipe`, `"one" thing`).

/// A record under way: it may go over several lines.
#[derive(Debug)]
pub(crate) struct Fields {
    delimiter: char,
    fields: Vec<String>,
    /// The text of a quoted field that its lines so far have not closed.
    open: Option<String>,
}

/// What a line has made of a record.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Divided {
    /// It is complete.
    Record(Vec<String>),
    /// A quoted field goes on in the next line.
    Open,
    /// A quote opened in a line before this one, and there is another in the middle of a field here.
    Stray,
}

/// How a quoted field goes on in a line.
enum Closing<'a> {
    /// It is closed; what follows is after the delimiter, or nothing.
    Closed(Option<&'a str>),
    Open,
    Stray,
}

impl Fields {
    pub(crate) fn new(delimiter: char) -> Self {
        Self {
            delimiter,
            fields: Vec::new(),
            open: None,
        }
    }

    /// Returns whether a quoted field is not closed.
    pub(crate) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Adds a line.
    pub(crate) fn add(&mut self, line: &str) -> Divided {
        let mut rest = Some(line);
        if let Some(mut text) = self.open.take() {
            match close(line, self.delimiter, &mut text) {
                Closing::Stray => return Divided::Stray,
                Closing::Open => return self.leave_open(text),
                Closing::Closed(after) => {
                    self.fields.push(text);
                    rest = after;
                }
            }
        }
        while let Some(line) = rest {
            let mut text = String::new();
            let quoted = line.strip_prefix('"');
            let closing = quoted.map(|it| close(it, self.delimiter, &mut text));
            rest = match closing {
                Some(Closing::Open) => return self.leave_open(text),
                Some(Closing::Closed(after)) => after,
                // A quote that does not enclose the field is a part of it.
                Some(Closing::Stray) | None => match line.split_once(self.delimiter) {
                    Some((field, after)) => {
                        field.clone_into(&mut text);
                        Some(after)
                    }
                    None => {
                        line.clone_into(&mut text);
                        None
                    }
                },
            };
            self.fields.push(text);
        }
        Divided::Record(std::mem::take(&mut self.fields))
    }

    fn leave_open(&mut self, mut text: String) -> Divided {
        text.push('\n');
        self.open = Some(text);
        Divided::Open
    }
}

/// Adds what belongs to a quoted field.
fn close<'a>(mut line: &'a str, delimiter: char, text: &mut String) -> Closing<'a> {
    loop {
        let Some((before, after)) = line.split_once('"') else {
            text.push_str(line);
            return Closing::Open;
        };
        text.push_str(before);
        let mut letters = after.chars();
        match letters.next() {
            None => return Closing::Closed(None),
            Some(it) if it == delimiter => return Closing::Closed(Some(letters.as_str())),
            Some('"') => {
                text.push('"');
                line = letters.as_str();
            }
            // Some programs write \" for a quote.
            Some(_) if text.ends_with('\\') => {
                text.pop();
                text.push('"');
                line = after;
            }
            Some(_) => return Closing::Stray,
        }
    }
}

/// Returns what separates the fields: what divides most of the first records alike.
pub(crate) fn delimiter(beginning: &str) -> char {
    let score = |delimiter: char| {
        let mut fields = Fields::new(delimiter);
        let lines = beginning.lines().filter(|it| !it.is_empty()).take(20);
        let counts = lines.filter_map(|line| match fields.add(line) {
            Divided::Record(fields) => Some(fields.len()),
            Divided::Open | Divided::Stray => None,
        });
        let counts: Vec<usize> = counts.collect();
        let header = counts.first().copied().unwrap_or(0);
        let alike = counts.iter().filter(|it| **it == header).count();
        if header < 2 { (0, 0) } else { (alike, header) }
    };
    // Of those that do equally well, the last one that is looked at.
    let all = ['|', '\t', ';', ','];
    let best = all.into_iter().max_by_key(|it| score(*it));
    best.filter(|it| score(*it).1 > 1).unwrap_or(',')
}

/// Returns the delimiter that the first line names as Excel does: `sep=;`.
pub(crate) fn named_delimiter(line: &str) -> Option<char> {
    let mut letters = line.trim_matches('"').strip_prefix("sep=")?.chars();
    let delimiter = letters.next()?;
    letters.next().is_none().then_some(delimiter)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the records, and what is wrong in the end.
    fn records(text: &str) -> (Vec<Vec<String>>, &'static str) {
        let mut fields = Fields::new(',');
        let mut records = Vec::new();
        for line in text.lines() {
            match fields.add(line) {
                Divided::Record(record) => records.push(record),
                Divided::Open => {}
                Divided::Stray => return (records, "stray"),
            }
        }
        (records, if fields.is_open() { "open" } else { "" })
    }

    #[test]
    fn fields_are_divided() {
        let check = |text: &str, expected: &[&[&str]], end: &str| {
            let (found, wrong) = records(text);
            assert_eq!(found, expected, "{text:?}");
            assert_eq!(wrong, end, "{text:?}");
        };
        check("a,b\n,\n\"\",x", &[&["a", "b"], &["", ""], &["", "x"]], "");
        check("\"a,b\",\"say \"\"hi\"\"\"", &[&["a,b", "say \"hi\""]], "");
        check(
            "1,\"one\nmore\"\n2,two",
            &[&["1", "one\nmore"], &["2", "two"]],
            "",
        );
        check("1,5\" pipe", &[&["1", "5\" pipe"]], "");
        check("1,\"one\" thing,x", &[&["1", "\"one\" thing", "x"]], "");
        check(
            r#"1,"say \"hi, you\" now",x"#,
            &[&["1", "say \"hi, you\" now", "x"]],
            "",
        );
        check(r#""C:\",x"#, &[&["C:\\", "x"]], "");
        check("1,\"one\n2,two\n3,three", &[], "open");
        check(
            "0,zero\n1,\"one\n2,\"two\"\n3,three",
            &[&["0", "zero"]],
            "stray",
        );
    }

    #[test]
    fn the_delimiter_is_what_divides_alike() {
        for (text, expected) in [
            ("id,text\n1,one", ','),
            ("id;text\n1;one, and more, and more", ';'),
            ("id\ttext\n1\tone", '\t'),
            ("a|b|c\n1|2|3", '|'),
            ("text\nwords; more, words", ','),
            ("id;text, long\n1;one\n2;two", ';'),
            ("id,\"a;b;c\"\n1,2", ','),
            ("", ','),
        ] {
            assert_eq!(delimiter(text), expected, "{text:?}");
        }
        assert_eq!(named_delimiter("sep=;"), Some(';'));
        assert_eq!(named_delimiter("sep=ab"), None);
    }
}
