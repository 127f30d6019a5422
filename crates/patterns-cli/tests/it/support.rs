//! Runs the command where nothing of the machine shows through, and serves it canned replies.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;

use tempfile::TempDir;

/// A directory to run the command in, with an environment of its own.
pub(crate) struct Place {
    dir: TempDir,
    /// What the user's own state directory is for the command.
    state: TempDir,
    /// What the directory of the user's configuration is for it.
    config: TempDir,
}

impl Place {
    /// Makes an empty place.
    pub(crate) fn new() -> Self {
        Self {
            dir: TempDir::new().expect("a temporary directory"),
            state: TempDir::new().expect("another one"),
            config: TempDir::new().expect("a third one"),
        }
    }

    /// Makes a place with these files.
    pub(crate) fn with(files: &[(&str, &str)]) -> Self {
        let place = Self::new();
        for (name, text) in files {
            place.write(name, text.as_bytes());
        }
        place
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
        fs::write(path, bytes).expect("a file");
    }

    /// Writes the user's own configuration.
    pub(crate) fn configure(&self, text: &str) {
        self.configure_beside("config.toml", text);
    }

    /// Writes a file beside it.
    pub(crate) fn configure_beside(&self, name: &str, text: &str) {
        let folder = self.config.path().join("patterns");
        fs::create_dir_all(&folder).expect("a directory");
        fs::write(folder.join(name), text).expect("a file");
    }

    /// Takes the places of the user's own files out of what was shown.
    pub(crate) fn placeless(&self, shown: &str) -> String {
        let config = self.config.path().display().to_string();
        shown.replace(&config, "[config]")
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).expect("a file")
    }

    /// Returns the command, ready for more arguments. Nothing listens at its Ollama.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("patterns"));
        command
            .args(args)
            .current_dir(self.path())
            .env_clear()
            .env("OLLAMA_HOST", "127.0.0.1:9")
            .env("TZ", "UTC")
            .env("XDG_STATE_HOME", self.state.path())
            .env("XDG_CONFIG_HOME", self.config.path())
            .stdin(Stdio::null());
        command
    }

    /// Runs the command and returns how it went, as a snapshot shows it.
    pub(crate) fn run(&self, args: &[&str]) -> String {
        shown(&mut self.command(args))
    }

    /// Runs the command and returns its exit code and standard output.
    pub(crate) fn data(&self, args: &[&str]) -> (Option<i32>, String) {
        let output = self.command(args).output().expect("the command runs");
        let text = String::from_utf8(output.stdout).expect("UTF-8");
        (output.status.code(), text)
    }
}

/// Runs a command and returns how it went, without what differs between two runs.
pub(crate) fn shown(command: &mut Command) -> String {
    let output = command.output().expect("the command runs");
    let code = output.status.code();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    let code = code.map_or_else(|| "none".to_owned(), |code| code.to_string());
    let shown = format!(
        "exit {code}\n--- stdout\n{}--- stderr\n{}",
        text(output.stdout),
        timeless(&text(output.stderr))
    );
    portless(&shown)
}

/// Takes out the port of a server of these tests.
fn portless(text: &str) -> String {
    let mut parts = text.split("127.0.0.1:");
    let mut shown = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        shown.push_str("[server]");
        shown.push_str(part.trim_start_matches(|it: char| it.is_ascii_digit()));
    }
    shown
}

/// Takes the duration out of the account.
fn timeless(text: &str) -> String {
    let lines = text.lines().map(|line| match line.rsplit_once(" · ") {
        Some((rest, time))
            if (line.starts_with("branches:") || line.starts_with("sections:"))
                && time.ends_with(" s") =>
        {
            format!("{rest} · [time]\n")
        }
        _ => format!("{line}\n"),
    });
    lines.collect()
}

/// A server that replies to each request by its body, until the test process ends.
pub(crate) struct Server {
    url: String,
}

impl Server {
    /// Serves; `reply` returns a status and a body for the body of a request.
    pub(crate) fn start(reply: impl Fn(&str) -> (u16, String) + Send + Sync + 'static) -> Self {
        Self::hearing(move |_, body| reply(body))
    }

    /// Serves; `reply` is given the headers of a request, too, their names in small letters.
    pub(crate) fn hearing(
        reply: impl Fn(&str, &str) -> (u16, String) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let reply = Arc::new(reply);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let reply = Arc::clone(&reply);
                thread::spawn(move || serve(stream, &*reply));
            }
        });
        Self {
            url: format!("http://{address}/v1"),
        }
    }

    /// The arguments that choose this server.
    pub(crate) fn args(&self) -> [&str; 4] {
        ["--model", "compatible:test", "--base-url", self.url()]
    }

    /// Its address.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

fn serve(stream: TcpStream, reply: &dyn Fn(&str, &str) -> (u16, String)) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut length = 0;
    let mut head = String::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let (name, value) = line.trim().split_once(':').unwrap_or_default();
        let name = name.to_ascii_lowercase();
        if name == "content-length" {
            length = value.trim().parse().ok()?;
        }
        head.push_str(&format!("{name}: {}\n", value.trim()));
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let (status, text) = reply(&head, &String::from_utf8_lossy(&body));
    let length = text.len();
    let head =
        format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
    let mut stream = stream;
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(text.as_bytes()).ok()
}

/// A completion with this text.
pub(crate) fn completion(text: &str) -> String {
    let usage = serde_json::json!({"prompt_tokens": 10, "completion_tokens": 5});
    let message = serde_json::json!({"role": "assistant", "content": text});
    let choice = serde_json::json!({"message": message, "finish_reason": "stop"});
    serde_json::json!({"choices": [choice], "usage": usage}).to_string()
}

/// An error in OpenAI's shape.
pub(crate) fn error(code: &str, message: &str) -> String {
    let error = serde_json::json!({"message": message, "type": "error", "code": code});
    serde_json::json!({"error": error}).to_string()
}

/// `patterns simulate` in a process of its own, ended with the test.
pub(crate) struct Simulator {
    child: Child,
    pub(crate) url: String,
}

impl Simulator {
    pub(crate) fn start(place: &Place, args: &[&str]) -> Self {
        Self::start_at(place, "0", args)
    }

    /// Starts one at a port; what it answers depends on its address, too.
    pub(crate) fn start_at(place: &Place, port: &str, args: &[&str]) -> Self {
        let mut child = place
            .command(&["simulate", "--port", port, "--quiet"])
            .args(args)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the simulator starts");
        let mut url = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut url).expect("a line");
        let url = url.trim().to_owned();
        Self { child, url }
    }

    pub(crate) fn port(&self) -> String {
        let address = self.url.trim_end_matches("/v1");
        address.rsplit(':').next().expect("a port").to_owned()
    }

    pub(crate) fn args(&self) -> [&str; 4] {
        ["--model", "compatible:sim", "--base-url", &self.url]
    }

    /// Asks for the ledger's counts.
    pub(crate) fn ledger(&self) -> serde_json::Value {
        let address = self.url.trim_start_matches("http://");
        let address = address.trim_end_matches("/v1");
        let mut stream = TcpStream::connect(address).expect("it listens");
        let request =
            format!("GET /ledger HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut reply = String::new();
        stream.read_to_string(&mut reply).expect("it replies");
        let (_, body) = reply.split_once("\r\n\r\n").expect("a body");
        serde_json::from_str(body).expect("JSON")
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
