//! Cuts a stream of server-sent events into the data of its events, in time that grows with its length.
//!
//! Own code, since the reader that async-openai uses goes over its buffer again for each piece that
//! comes (8 MB in one event took 7 s), and panics on a byte order mark. This one looks at each byte
//! once. It is lenient where a stream can only mean one thing: marks at the beginning of lines are
//! dropped, a line that begins with a brace is data (some servers leave out the `data:`), and no event
//! needs an empty line behind it (some proxies drop those), the last one or one that is whole JSON.
//! Google breaks a stream off with an error that is spread over lines, as its other errors are: an object or
//! a list that is left open at the end of a line goes on to the line that closes it.
//!
//! Source: the HTML standard, 9.2.6 "Interpreting an event stream".

const MARK: &[u8] = b"\xef\xbb\xbf";

/// What a stream has left unfinished so far.
#[derive(Debug, Default)]
pub(crate) struct Events {
    line: Vec<u8>,
    event: Event,
    /// Whether the last line ended with a carriage return, so that a line feed belongs to it.
    is_after_return: bool,
}

/// One event.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Event {
    /// What kind of event it is; mostly empty.
    pub(crate) name: String,
    /// The lines of its data, which may be no text.
    pub(crate) data: Vec<u8>,
    has_data: bool,
    /// What closes bare JSON that is spread over lines, while it is read.
    closes: Option<u8>,
}

impl Events {
    /// Takes the next piece and returns the events that end in it. Events without data are left out.
    pub(super) fn take(&mut self, piece: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        let mut rest = piece;
        if self.is_after_return && !rest.is_empty() {
            rest = rest.strip_prefix(b"\n").unwrap_or(rest);
            self.is_after_return = false;
        }
        while let Some(end) = rest.iter().position(|it| matches!(it, b'\n' | b'\r')) {
            self.line.extend_from_slice(&rest[..end]);
            let is_return = rest[end] == b'\r';
            rest = &rest[end + 1..];
            if is_return {
                self.is_after_return = rest.is_empty();
                rest = rest.strip_prefix(b"\n").unwrap_or(rest);
            }
            self.end_line(&mut events);
        }
        self.line.extend_from_slice(rest);
        events
    }

    /// Returns how many bytes wait for the end of their event.
    pub(super) fn pending(&self) -> usize {
        self.line.len() + self.event.data.len()
    }

    /// Returns the events that the end of the stream ends.
    pub(super) fn end(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        self.end_line(&mut events);
        self.event.end(&mut events);
        events
    }

    fn end_line(&mut self, events: &mut Vec<Event>) {
        let mut line = std::mem::take(&mut self.line);
        let mut text = line.as_slice();
        while let Some(rest) = text.strip_prefix(MARK) {
            text = rest;
        }
        self.event.read(text, events);
        // Its room is used again.
        line.clear();
        self.line = line;
    }
}

impl Event {
    /// Reads a further line, which may end events.
    fn read(&mut self, line: &[u8], ended: &mut Vec<Self>) {
        if let Some(close) = self.closes.filter(|_| !is_field(line)) {
            self.add(line, ended);
            if line.first() == Some(&close) {
                self.end(ended);
            }
            return;
        }
        if self.closes.is_some() {
            // It was left open, and something else has begun.
            self.end(ended);
        }
        if let Some(close) = bare(line) {
            self.add(line, ended);
            match line.trim_ascii_end().last() == Some(&close) {
                true => self.end(ended),
                false => self.closes = Some(close),
            }
            return;
        }
        let (name, value) = match line.iter().position(|it| *it == b':') {
            _ if line.is_empty() => return self.end(ended),
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &line[line.len()..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match name {
            b"data" => self.add(value, ended),
            b"event" => self.name = String::from_utf8_lossy(value).into_owned(),
            _ => {}
        }
    }

    fn end(&mut self, ended: &mut Vec<Self>) {
        ended.extend(Some(std::mem::take(self)).filter(|it| it.has_data));
    }

    fn add(&mut self, value: &[u8], ended: &mut Vec<Self>) {
        // No JSON goes on like this, so that it is the next event.
        let is_next = value.starts_with(b"{") || value == b"[DONE]";
        if is_next && self.data.trim_ascii_end().ends_with(b"}") {
            self.end(ended);
        }
        if self.has_data {
            self.data.push(b'\n');
        }
        self.data.extend_from_slice(value);
        self.has_data = true;
    }
}

/// Returns what closes the object or the list that a line without the name of a field begins.
fn bare(line: &[u8]) -> Option<u8> {
    if line.starts_with(b"{") {
        return Some(b'}');
    }
    // Other brackets are words.
    let is_list = line.starts_with(b"[{") || line.trim_ascii_end() == b"[";
    is_list.then_some(b']')
}

/// Returns whether a line begins like one of a stream.
fn is_field(line: &[u8]) -> bool {
    let fields: [&[u8]; 5] = [b"data:", b"event:", b"id:", b"retry:", b":"];
    fields.iter().any(|it| line.starts_with(it))
}

/// Returns whether a body that is not labelled as a stream begins like one.
pub(crate) fn looks_like_events(body: &[u8]) -> bool {
    let mut text = body.trim_ascii_start();
    while let Some(rest) = text.strip_prefix(MARK) {
        text = rest.trim_ascii_start();
    }
    is_field(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let read = |sizes: usize| {
            let mut events = Events::default();
            let pieces = text.as_bytes().chunks(sizes);
            let mut all: Vec<Event> = pieces.flat_map(|it| events.take(it)).collect();
            all.extend(events.end());
            let data = all.into_iter().map(|it| String::from_utf8(it.data));
            data.collect::<Result<Vec<_>, _>>().unwrap()
        };
        for sizes in 1..=text.len().max(1) {
            assert_eq!(read(sizes), expected, "{text:?} in pieces of {sizes}");
        }
    }

    #[test]
    fn events_are_found_whatever_ends_their_lines() {
        for end in ["\n", "\r", "\r\n"] {
            let text = ": hello\n\ndata: a\ndata:b\n\nid: 7\nretry: 3\n\ndata\n\ndata: [DONE]\n\n";
            check(&text.replace('\n', end), &["a\nb", "", "[DONE]"]);
        }
        check("data: a\n\ndata: b", &["a", "b"]);
        check("data:  a\n\n\n\n", &[" a"]);
        check("", &[]);
    }

    #[test]
    fn marks_at_the_beginning_are_dropped() {
        let mark = "\u{feff}";
        check(&format!("{mark}data: a\n\n"), &["a"]);
        check(&format!("{mark}{mark}: hi\n\ndata: a\n\n"), &["a"]);
        check(mark, &[]);
        check(&format!("data: a\n\n{mark}data: b\n\n"), &["a", "b"]);
        // Within a line it is part of it.
        check(&format!("data: a{mark}\n\n"), &[&format!("a{mark}")]);
    }

    #[test]
    fn whole_json_is_an_event_without_an_empty_line_behind_it() {
        let text = "data: {\"a\":1}\ndata: {\"a\":\ndata: 2}\ndata: [DONE]\n";
        check(text, &["{\"a\":1}", "{\"a\":\n2}", "[DONE]"]);
        check("event: x\ndata: {}\n{}\n", &["{}", "{}"]);
        // A list goes on, and words are no JSON.
        check("data: [{},\ndata: {}]\n\n", &["[{},\n{}]"]);
        check("data: a}\ndata: b\n\n", &["a}\nb"]);
    }

    #[test]
    fn bare_objects_are_data() {
        check("{\"a\":1}\n{\"a\":2}\n", &["{\"a\":1}", "{\"a\":2}"]);
    }

    #[test]
    fn a_bare_object_may_be_spread_over_lines() {
        let spread = "{\n  \"error\": {\n    \"code\": 503\n  }\n}";
        check(&format!("data: {{}}\n\n{spread}\n"), &["{}", spread]);
        check(&spread.replace('\n', "\r\n"), &[spread]);
        check(
            &format!("[{spread}\n]\n\ndata: x\n\n"),
            &[&format!("[{spread}\n]"), "x"],
        );
        check("[2026-11-28] hello\ndata: x\n\n", &["x"]);
        // What is never closed ends where something else begins, and at the end.
        check("{\"a\": 1,\ndata: {}\n\n", &["{\"a\": 1,", "{}"]);
        check("{\"a\": 1,\n\n  \"b\"", &["{\"a\": 1,\n\n  \"b\""]);
    }

    #[test]
    fn an_event_has_a_name() {
        let mut events = Events::default();
        let found = events.take(b"event: error\ndata: no\n\ndata: x\n\n");
        let names: Vec<&str> = found.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["error", ""]);
    }

    #[test]
    fn a_body_shows_what_it_is() {
        for (body, expected) in [
            ("data: x", true),
            ("\u{feff}\n: x", true),
            ("event: x", true),
            ("{\"data\": 1}", false),
            ("database", false),
            ("", false),
        ] {
            assert_eq!(looks_like_events(body.as_bytes()), expected, "{body}");
        }
    }
}
