//! What the whole command costs, seen from outside, against a loop over async-openai.
//!
//! The command and the loop are given the first core and the server the others, where the system has
//! `taskset`. The sides take turns, and of each the run with the least CPU time counts: what else the
//! machine does only ever adds. Beside the wall time stands how busy the side's core and the server were: a
//! core that has no time left is why an ideal is missed, whoever works on it.

use std::fs::{self, File};
use std::io::Read;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::CommandArgs;
use super::measure::children;
use super::openai::TEXT;
use crate::binary::build_for_release;
use crate::provider::Provider;

/// How the command is loaded, and what it may cost.
struct Load {
    in_flight: usize,
    /// How long the server takes for an answer.
    latency_ms: u64,
    /// At most so many times the CPU time of the loop.
    cpu_goal: Option<f64>,
    /// At most so many times the ideal wall time.
    wall_goal: Option<f64>,
}

const LOADS: [Load; 3] = [
    Load {
        in_flight: 64,
        latency_ms: 0,
        cpu_goal: Some(1.5),
        wall_goal: None,
    },
    Load {
        in_flight: 200,
        latency_ms: 200,
        cpu_goal: None,
        wall_goal: Some(1.03),
    },
    Load {
        in_flight: 1_000,
        latency_ms: 100,
        cpu_goal: Some(1.5),
        wall_goal: Some(1.25),
    },
];

/// At most so much more than without a store.
const STORE_GOAL: f64 = 1.2;

/// What a process has used.
#[derive(Clone, Copy, Debug)]
struct Used {
    wall: Duration,
    cpu: Duration,
    server: Duration,
}

/// Measures and prints.
pub(super) fn run(args: &CommandArgs) -> Result<()> {
    let bench = Bench::new(args, build_for_release(&[])?)?;
    println!(
        "{} documents of {} words, least of {} runs\n\n{:>6}  {:>7}  {:<16} {:>8} {:>7} {:>8} {:>11} {:>5} {:>7}",
        args.documents,
        args.words,
        args.runs,
        "at once",
        "latency",
        "side",
        "CPU/call",
        "ratio",
        "wall",
        "wall/ideal",
        "busy",
        "server"
    );
    for load in &LOADS {
        bench.compare(load)?;
    }
    Ok(fs::remove_dir_all(&bench.folder)?)
}

impl Used {
    fn over(&self, other: &Self) -> f64 {
        self.cpu.div_duration_f64(other.cpu)
    }

    /// Returns how many per cent of the time the side and the server have worked.
    fn busy(&self) -> [f64; 2] {
        [self.cpu, self.server].map(|it| 100.0 * it.div_duration_f64(self.wall))
    }
}

/// What is compared: the loop, or a build of the command with options.
struct Side {
    name: &'static str,
    binary: Option<PathBuf>,
    more: &'static [&'static str],
}

fn told(what: &str, ratio: f64, goal: Option<f64>) {
    if let Some(goal) = goal {
        let word = if ratio <= goal { "met" } else { "MISSED" };
        println!("         {what}: {ratio:.2}, goal {goal}: {word}");
    }
}

struct Bench<'a> {
    args: &'a CommandArgs,
    folder: PathBuf,
    patterns: PathBuf,
}

impl<'a> Bench<'a> {
    fn new(args: &'a CommandArgs, patterns: PathBuf) -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("patterns-command-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let bench = Self {
            args,
            folder,
            patterns,
        };
        let words = "The harbour crane stopped with a load in the air and was lowered by hand "
            .repeat(1 + args.words / 15);
        let words: Vec<&str> = words.split(' ').take(args.words).collect();
        let text = words.join(" ");
        let row = |n| format!("{{\"id\": {n}, \"text\": \"Report {n}. {text}\"}}\n");
        fs::write(
            bench.folder.join("rows.jsonl"),
            (0..args.documents).map(row).collect::<String>(),
        )?;
        fs::write(
            bench.folder.join("one.jsonl"),
            format!("{{\"text\": \"{TEXT}\"}}\n"),
        )?;
        fs::write(
            bench.folder.join("request.json"),
            bench.request()?.to_string(),
        )?;
        Ok(bench)
    }

    /// Returns what the command sends for a document, where it wants whole replies: the loop reads no other.
    fn request(&self) -> Result<Value> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let url = format!("http://{}/v1", listener.local_addr()?);
        let mut child = self
            .command(
                &self.patterns,
                "one.jsonl",
                &url,
                1,
                &["--no-store", "--stream", "never"],
            )
            .spawn()?;
        let (mut connection, _) = listener.accept()?;
        let mut request = Vec::new();
        let mut piece = [0; 4096];
        let body = loop {
            let n = connection.read(&mut piece)?;
            ensure!(n > 0, "the request ended too early");
            request.extend_from_slice(&piece[..n]);
            let end = request.windows(4).position(|it| it == b"\r\n\r\n");
            let body = end.and_then(|at| serde_json::from_slice(&request[at + 4..]).ok());
            if let Some(body) = body {
                break body;
            }
        };
        child.kill()?;
        child.wait()?;
        Ok(body)
    }

    fn compare(&self, load: &Load) -> Result<()> {
        let latency = format!("{}ms", load.latency_ms);
        let provider = Provider::start(&self.patterns, &self.folder, &["--latency", &latency])?;
        let sides = self.sides();
        let mut least: Vec<Option<Used>> = vec![None; sides.len()];
        for _ in 0..self.args.runs {
            for (side, least) in sides.iter().zip(&mut least) {
                let used = self.once(&mut self.started(side, load, &provider.url)?, &provider)?;
                if least.is_none_or(|it| used.cpu < it.cpu) {
                    *least = Some(used);
                }
            }
        }
        let least: Vec<Used> = least.into_iter().flatten().collect();
        let rounds = self.args.documents.div_ceil(load.in_flight as u64);
        let ideal = match load.latency_ms {
            // Without latency there is no ideal but that of the loop.
            0 => least[0].wall,
            latency => Duration::from_millis(latency) * u32::try_from(rounds)?,
        };
        for (side, used) in sides.iter().zip(&least) {
            self.show(load, side, used, used.over(&least[0]), ideal);
        }
        let over_the_loop = least[1].over(&least[0]);
        told("CPU against async-openai", over_the_loop, load.cpu_goal);
        let with_a_store = least[3].over(&least[1]);
        told(
            "CPU with a store against without",
            with_a_store,
            Some(STORE_GOAL),
        );
        let over_ideal = least[1].wall.div_duration_f64(ideal);
        told("wall against the ideal", over_ideal, load.wall_goal);
        Ok(())
    }

    fn sides(&self) -> Vec<Side> {
        let side = |name, binary: Option<&PathBuf>, more| Side {
            name,
            binary: binary.cloned(),
            more,
        };
        let ours = Some(&self.patterns);
        let mut sides = vec![
            side("async-openai", None, &[]),
            side("patterns", ours, &["--no-store"]),
            side(
                "  whole replies",
                ours,
                &["--no-store", "--stream", "never"],
            ),
            side("  with a store", ours, &[]),
        ];
        if self.args.old.is_some() {
            sides.push(side(
                "  old command",
                self.args.old.as_ref(),
                &["--no-store"],
            ));
        }
        sides
    }

    fn show(&self, load: &Load, side: &Side, used: &Used, ratio: f64, ideal: Duration) {
        let [busy, server] = used.busy();
        println!(
            "{:>7}  {:>4} ms  {:<16} {:>5.0} µs {ratio:>6.2}x {:>6.2} s {:>11.2} {busy:>4.0}% {server:>6.0}%",
            load.in_flight,
            load.latency_ms,
            side.name,
            used.cpu.as_secs_f64() * 1e6 / self.args.documents as f64,
            used.wall.as_secs_f64(),
            used.wall.div_duration_f64(ideal),
        );
    }

    fn started(&self, side: &Side, load: &Load, url: &str) -> Result<Command> {
        match &side.binary {
            Some(binary) => Ok(self.command(binary, "rows.jsonl", url, load.in_flight, side.more)),
            None => self.bare(url, load.in_flight),
        }
    }

    fn command(
        &self,
        patterns: &Path,
        rows: &str,
        url: &str,
        in_flight: usize,
        more: &[&str],
    ) -> Command {
        let mut command = on_first_core(patterns);
        command.args(["map-reduce", rows, "--no-reduce", "--output", "jsonl", "-q"]);
        command.args(["--concurrency", &in_flight.to_string()]);
        command
            .args(["--model", "compatible:sim", "--base-url", url])
            .args(more);
        command
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        command
    }

    fn bare(&self, url: &str, in_flight: usize) -> Result<Command> {
        let mut command = on_first_core(&std::env::current_exe()?);
        command.args(["bench", "part", "open-ai", "--url", url]);
        command.args(["--rows", "rows.jsonl", "--request", "request.json"]);
        command.args(["--in-flight", &in_flight.to_string()]);
        command.current_dir(&self.folder).stdin(Stdio::null());
        Ok(command)
    }

    fn once(&self, command: &mut Command, provider: &Provider) -> Result<Used> {
        let output = self.folder.join("output.jsonl");
        // Or a later run would first look for the answers of an earlier one, and take their place.
        let _ = fs::remove_dir_all(self.folder.join(".patterns"));
        let (before, of_server) = (children()?, provider.cpu());
        let begun = Instant::now();
        let status = command
            .stdout(File::create(&output)?)
            .status()
            .context("it cannot be started")?;
        let wall = begun.elapsed();
        ensure!(status.success(), "it ended with {status}");
        let lines = fs::read_to_string(&output)?.lines().count() as u64;
        ensure!(
            lines >= self.args.documents,
            "there are {lines} answers only"
        );
        Ok(Used {
            wall,
            cpu: children()?.saturating_sub(before),
            server: provider.cpu().saturating_sub(of_server),
        })
    }
}

/// Returns a command that stays on one core, where the system can do that.
fn on_first_core(program: &Path) -> Command {
    let has_taskset = Command::new("taskset")
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|it| it.success());
    if !has_taskset {
        return Command::new(program);
    }
    let mut command = Command::new("taskset");
    command.args(["-c", "0"]).arg(program);
    command
}
