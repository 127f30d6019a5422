//! Divides the lines of a CSV file into fields, after RFC 4180.
//!
//! The `csv` crate takes whatever comes: a quote that nobody closes swallows all rows after it, and they
//! are one document then. Here a quoted field that goes over several lines ends at a quote that a
//! delimiter or the end of the line follows, and at no other; anything else is an error that names the
//! line where the quote opened. On one line a quote in the middle is text (`5" pipe`, `"one" thing`).

/// Where a row's text is looked for.
pub(crate) const TEXT_FIELDS: [&str; 5] = ["text", "content", "body", "message", "question"];

/// A record under way: it may go over several lines.
#[derive(Debug)]
pub(crate) struct Fields {
    delimiter: char,
    fields: Vec<String>,
    /// The text of a quoted field that its lines so far have not closed.
    open: Option<String>,
    /// Whether `\"` is known to be a quote, as many programs write it.
    has_escapes: bool,
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
    pub(crate) fn new(delimiter: char, has_escapes: bool) -> Self {
        Self {
            delimiter,
            fields: Vec::new(),
            open: None,
            has_escapes,
        }
    }

    /// Returns whether a field has shown that `\"` stands for a quote.
    pub(crate) fn has_escapes(&self) -> bool {
        self.has_escapes
    }

    /// Returns whether a quoted field is not closed.
    pub(crate) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Adds a line.
    pub(crate) fn add(&mut self, line: &str) -> Divided {
        let mut rest = Some(line);
        if let Some(mut text) = self.open.take() {
            match close(line, self.delimiter, &mut text, &mut self.has_escapes) {
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
            let mut has_escapes = self.has_escapes;
            let quoted = line.strip_prefix('"');
            // A field within quotes may follow a space, if it ends as it should.
            let spaced = line.trim_start_matches(' ').strip_prefix('"');
            let spaced = spaced.filter(|_| self.delimiter != ' ');
            let closing = quoted.or(spaced).map(|it| {
                match close(it, self.delimiter, &mut text, &mut has_escapes) {
                    Closing::Open if quoted.is_none() => Closing::Stray,
                    closing => closing,
                }
            });
            if !matches!(closing, Some(Closing::Stray)) {
                self.has_escapes = has_escapes;
            }
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
///
/// A quote after a backslash that neither ends the field nor is doubled shows how the file writes quotes:
/// from there on `\"` is one wherever it stands, at the end of a field too.
fn close<'a>(
    mut line: &'a str,
    delimiter: char,
    text: &mut String,
    has_escapes: &mut bool,
) -> Closing<'a> {
    loop {
        let Some((before, after)) = line.split_once('"') else {
            text.push_str(line);
            return Closing::Open;
        };
        text.push_str(before);
        let backslashes = before.len() - before.trim_end_matches('\\').len();
        let mut letters = after.chars();
        let next = letters.next();
        let ends = next.is_none_or(|it| it == delimiter || it == '"');
        if backslashes % 2 == 1 && (*has_escapes || !ends) {
            *has_escapes = true;
            text.pop();
            text.push('"');
            line = after;
            continue;
        }
        match next {
            None => return Closing::Closed(None),
            Some(it) if it == delimiter => return Closing::Closed(Some(letters.as_str())),
            Some('"') => {
                text.push('"');
                line = letters.as_str();
            }
            Some(_) => {
                // Spaces may follow, as they may stand before.
                let rest = after.trim_start_matches(' ');
                return match rest.strip_prefix(delimiter) {
                    Some(after) => Closing::Closed(Some(after)),
                    None if rest.is_empty() => Closing::Closed(None),
                    None => Closing::Stray,
                };
            }
        }
    }
}

/// Returns what separates the fields: what divides most of the first records alike, and of those what
/// leaves names that are looked for.
pub(crate) fn delimiter(beginning: &str) -> char {
    let score = |delimiter: char| {
        let mut fields = Fields::new(delimiter, false);
        let lines = beginning.lines().filter(|it| !it.is_empty()).take(20);
        let records = lines.filter_map(|line| match fields.add(line) {
            Divided::Record(fields) => Some(fields),
            Divided::Open | Divided::Stray => None,
        });
        let records: Vec<Vec<String>> = records.collect();
        let header = records.first().map_or(&[][..], Vec::as_slice);
        let alike = records.iter().filter(|it| it.len() == header.len()).count();
        let is_known = |it: &&String| is_name(it);
        let known = header.iter().filter(is_known).count();
        match header.len() {
            0 | 1 => (0, 0, 0),
            count => (alike, known, count),
        }
    };
    // Of those that do equally well, the last one that is looked at; colons stand in many a text, and
    // divide only what nothing else does.
    let all = ['\u{1}', '|', '\t', ';', ','];
    let best = all.into_iter().max_by_key(|it| score(*it));
    let divides = |it: &char| score(*it).2 > 1;
    let best = best.filter(divides).or(Some(':').filter(divides));
    best.unwrap_or(',')
}

/// Returns whether a column is called what an id or a text often is.
fn is_name(field: &str) -> bool {
    let is_same = |it: &str| field.trim().eq_ignore_ascii_case(it);
    is_same("id") || TEXT_FIELDS.into_iter().any(is_same)
}

/// Returns the delimiter that the first line names as Excel does: `sep=;`.
pub(crate) fn named_delimiter(line: &str) -> Option<char> {
    let line = line.trim_matches('"');
    let (name, rest) = line.split_at_checked(4)?;
    let mut letters = rest.chars();
    let delimiter = letters
        .next()
        .filter(|_| name.eq_ignore_ascii_case("sep="))?;
    letters.next().is_none().then_some(delimiter)
}

/// Returns what comes after the lines at the beginning that begin with `#`; all if nothing does.
pub(crate) fn after_comments(beginning: &str) -> &str {
    let mut rest = beginning;
    while rest.starts_with('#') {
        match rest.split_once('\n') {
            Some((_, after)) if !after.trim().is_empty() => rest = after,
            _ => return beginning,
        }
    }
    rest
}

/// Returns how many lines at the beginning are comments. A header may begin with `#`, too: it has as many fields
/// as the line after it, and either no space follows (`#id,text`), or it has the usual names and that line has
/// none (`# id,text`, as NumPy writes it).
pub(crate) fn comments(beginning: &str, delimiter: char) -> usize {
    let lead = beginning
        .lines()
        .take_while(|it| it.starts_with('#'))
        .count();
    let count = |at: usize| {
        let line = beginning.lines().nth(at)?;
        match Fields::new(delimiter, false).add(line) {
            Divided::Record(fields) => Some(fields.len()),
            Divided::Open | Divided::Stray => None,
        }
    };
    let names = |at: usize| {
        let line = beginning.lines().nth(at).unwrap_or_default();
        let mut fields = line.trim_start_matches(['#', ' ']).split(delimiter);
        fields.any(|it| is_name(it.trim_matches('"')))
    };
    let is_remark = |at: usize| {
        let line = beginning.lines().nth(at).unwrap_or_default();
        line.starts_with("# ") && (!names(at) || names(at + 1))
    };
    match (lead.checked_sub(1), count(lead)) {
        (Some(last), Some(fields)) if count(last) == Some(fields) && !is_remark(last) => last,
        (Some(_), Some(_)) => lead,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the records, and what is wrong in the end.
    fn records(text: &str) -> (Vec<Vec<String>>, &'static str) {
        let mut fields = Fields::new(',', false);
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
        check(
            r#""say \"hi\", you","ends \"so\"","C:\\",x"#,
            &[&["say \"hi\", you", "ends \"so\"", r"C:\\", "x"]],
            "",
        );
        check(
            r#"1, "one, more", 5" x, "no" end"#,
            &[&["1", "one, more", " 5\" x", " \"no\" end"]],
            "",
        );
        check(
            "1,\"one, x\" ,y \n2,\"two\" ",
            &[&["1", "one, x", "y "], &["2", "two"]],
            "",
        );
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
            ("id:text\n1:one\n2:two", ':'),
            ("note\nat 10:30\nat 11:20", ','),
            ("id\u{1}text\n1\u{1}one", '\u{1}'),
            ("id,text,a;b;c;d\n1,one,1;2;3;4", ','),
            ("", ','),
        ] {
            assert_eq!(delimiter(text), expected, "{text:?}");
        }
        assert_eq!(named_delimiter("sep=;"), Some(';'));
        assert_eq!(named_delimiter("SEP=|"), Some('|'));
        assert_eq!(named_delimiter("sep=ab"), None);
    }

    #[test]
    fn comments_stand_above_the_header() {
        for (text, expected) in [
            ("# made by x\n# on y\nid,text\n1,one", 2),
            ("#id,text\n1,one", 0),
            ("# made by x\n#id,text\n1,one", 1),
            ("# id,text\n1,one", 0),
            ("# made by x, on y\nid,text\n1,one", 1),
            ("# the text, as it was\nkey,text\n1,one", 1),
            ("id,text\n#1,one", 0),
            ("# only", 0),
        ] {
            assert_eq!(comments(text, ','), expected, "{text:?}");
        }
    }
}
