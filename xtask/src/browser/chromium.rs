//! A browser without a window, told what to do by the protocol that its own tools use.
//!
//! It speaks over a pipe (`--remote-debugging-pipe`: it reads descriptor 3 and writes descriptor 4, each
//! message ended by a zero byte), so that neither a port nor a WebSocket is needed.

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// The names under which systems have it.
const NAMES: [&str; 5] = [
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "chrome",
];

/// Gives the browser the two descriptors that it wants, out of those that we can give it, and ends it in
/// any case after a while.
const START: &str = "exec timeout 300 \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>/dev/null";

/// A browser with one page.
#[derive(Debug)]
pub(super) struct Browser {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    session: Option<String>,
    number: u64,
    /// What the page did that it must not: said something, failed, asked for something.
    pub(super) trouble: Vec<String>,
    is_loaded: bool,
}

/// Finds a browser.
fn find() -> Result<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = env::split_paths(&path).collect();
    let places = NAMES
        .iter()
        .flat_map(|name| folders.iter().map(move |it| it.join(name)));
    places.into_iter().find(|it| it.is_file()).context(
        "no Chromium is installed; on Debian: apt-get install chromium-headless-shell (or chromium)",
    )
}

impl Browser {
    /// Starts it; it keeps its files in `folder`.
    pub(super) fn start(folder: &Path) -> Result<Self> {
        let mut child = Command::new("sh")
            .args(["-c", START])
            .arg(find()?)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--remote-debugging-pipe",
            ])
            .args([
                "--no-first-run",
                "--disable-extensions",
                "--disable-background-networking",
            ])
            .arg(format!(
                "--user-data-dir={}",
                folder.join("browser").display()
            ))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the browser")?;
        let input = child.stdin.take().context("it has an input")?;
        let output = child.stdout.take().context("it has an output")?;
        let mut browser = Self {
            child,
            input,
            output: BufReader::new(output),
            session: None,
            number: 0,
            trouble: Vec::new(),
            is_loaded: false,
        };
        let page = browser.call("Target.createTarget", json!({"url": "about:blank"}))?;
        let attach = json!({"targetId": page["targetId"], "flatten": true});
        let attached = browser.call("Target.attachToTarget", attach)?;
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), json!({}))?;
        }
        Ok(browser)
    }

    /// Opens a file and waits until it is there.
    pub(super) fn open(&mut self, file: &Path) -> Result<()> {
        self.is_loaded = false;
        self.trouble.clear();
        let url = format!("file://{}", file.display());
        self.call("Page.navigate", json!({"url": url}))?;
        while !self.is_loaded {
            self.next()?;
        }
        Ok(())
    }

    /// Makes the page light or dark, and so wide.
    pub(super) fn look(&mut self, theme: &str, width: u32, height: u32) -> Result<()> {
        let feature = json!({"name": "prefers-color-scheme", "value": theme});
        self.call("Emulation.setEmulatedMedia", json!({"features": [feature]}))?;
        let size =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", size)?;
        Ok(())
    }

    /// Has the scripts of pages run, or not.
    pub(super) fn scripts(&mut self, are_run: bool) -> Result<()> {
        let off = json!({"value": !are_run});
        self.call("Emulation.setScriptExecutionDisabled", off)?;
        Ok(())
    }

    /// Evaluates an expression in the page and returns its value.
    pub(super) fn eval(&mut self, expression: &str) -> Result<Value> {
        let wanted = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let got = self.call("Runtime.evaluate", wanted)?;
        match got.get("exceptionDetails") {
            Some(it) => bail!("`{expression}` failed: {}", it["exception"]["description"]),
            None => Ok(got["result"]["value"].clone()),
        }
    }

    /// Presses a key.
    pub(super) fn press(&mut self, key: &str) -> Result<()> {
        let code = match key {
            "Tab" => 9,
            "Enter" => 13,
            "Escape" => 27,
            "ArrowRight" => 39,
            "ArrowDown" => 40,
            _ => 0,
        };
        let mut down = json!({"type": "keyDown", "key": key, "windowsVirtualKeyCode": code});
        if key.chars().count() == 1 {
            down["text"] = json!(key);
        }
        self.call("Input.dispatchKeyEvent", down)?;
        self.call(
            "Input.dispatchKeyEvent",
            json!({"type": "keyUp", "key": key}),
        )?;
        Ok(())
    }

    /// Sends an event of the mouse: its kind, its place, and how far the wheel was turned.
    pub(super) fn mouse(&mut self, kind: &str, x: f64, y: f64, wheel: f64) -> Result<()> {
        let is_wheel = kind == "mouseWheel";
        let mut event = json!({"type": kind, "x": x, "y": y, "clickCount": 1});
        event["button"] = json!(if is_wheel { "none" } else { "left" });
        if is_wheel {
            event["deltaX"] = json!(0);
            event["deltaY"] = json!(wheel);
        }
        self.call("Input.dispatchMouseEvent", event)?;
        Ok(())
    }

    /// Keeps a picture of what is seen.
    pub(super) fn picture(&mut self, file: &Path) -> Result<()> {
        let got = self.call("Page.captureScreenshot", json!({"format": "png"}))?;
        let bytes = STANDARD.decode(got["data"].as_str().unwrap_or_default())?;
        Ok(std::fs::write(file, bytes)?)
    }

    /// Says what to do and returns what comes of it.
    fn call(&mut self, method: &str, parameters: Value) -> Result<Value> {
        self.number += 1;
        let number = self.number;
        let mut message = json!({"id": number, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        write!(self.input, "{message}\0")?;
        self.input.flush()?;
        loop {
            let reply = self.next()?;
            if reply["id"] == json!(number) {
                return match reply.get("error") {
                    Some(error) => bail!("{method}: {error}"),
                    None => Ok(reply["result"].clone()),
                };
            }
        }
    }

    /// Reads the next message, and keeps what it says of trouble.
    fn next(&mut self) -> Result<Value> {
        let mut bytes = Vec::new();
        self.output.read_until(0, &mut bytes)?;
        bytes.pop().context("the browser has ended")?;
        let message: Value = serde_json::from_slice(&bytes)?;
        let told = &message["params"];
        match message["method"].as_str().unwrap_or_default() {
            "Page.loadEventFired" => self.is_loaded = true,
            "Runtime.consoleAPICalled" => self.trouble.push(format!("console: {}", told["args"])),
            "Runtime.exceptionThrown" => {
                let thrown = &told["exceptionDetails"]["exception"]["description"];
                self.trouble.push(format!("exception: {thrown}"));
            }
            "Log.entryAdded" => self.trouble.push(format!("log: {}", told["entry"]["text"])),
            "Network.requestWillBeSent" => {
                let url = told["request"]["url"].as_str().unwrap_or_default();
                if told["type"] != "Document" || !url.starts_with("file://") {
                    self.trouble.push(format!("request: {url}"));
                }
            }
            _ => {}
        }
        Ok(message)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.call("Browser.close", json!({}));
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
