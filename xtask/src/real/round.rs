//! All patterns and all faults in one dialect, with answers whole or streamed.

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Result, ensure};
use serde_json::Value;

use super::dialect::Dialect;
use super::ran::{Ran, ran};
use super::server::Server;

/// One dialect, whole or streamed.
#[derive(Debug)]
pub(super) struct Round<'a> {
    pub(super) dialect: &'a Dialect,
    pub(super) streams: bool,
}

/// What a document that has trouble comes to, by what it says.
#[derive(Debug)]
struct Fault {
    tag: &'static str,
    end: &'static str,
    /// The most requests that it takes; where the mock cannot say why an answer ended, it is asked for again.
    requests: usize,
}

const fn fault(tag: &'static str, end: &'static str, requests: usize) -> Fault {
    Fault { tag, end, requests }
}

const FAULTS: [Fault; 15] = [
    fault("429", "answered", 2),
    fault("500", "answered", 2),
    fault("503", "answered", 2),
    fault("529", "answered", 2),
    fault("limited", "answered", 2),
    fault("dropped", "answered", 2),
    fault("garbled", "answered", 2),
    fault("hangup", "answered", 2),
    // Broken off in the middle of a stream; in an answer that comes whole there is no middle.
    fault("cut", "answered", 2),
    // Not what was asked for, and asked again; and mended here.
    fault("prose", "answered", 2),
    fault("fenced", "answered", 1),
    // Thought aloud, with a draft in it.
    fault("thought", "answered", 1),
    fault("length", "truncated", 2),
    fault("filter", "filtered", 2),
    fault("bad", "invalid-request", 3),
];

/// Documents without trouble, and a picture.
const CALM: usize = 12;

/// A picture of one pixel.
const PICTURE: &[u8] = b"\x89PNG\x0d\x0a\x1a\x0a\x00\x00\x00\x0dIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00:~\x9bU\
    \x00\x00\x00\x0aIDATx\x9cc`\x00\x00\x00\x02\x00\x01H\xaf\xa4q\x00\x00\x00\x00IEND\xaeB`\x82";

impl Round<'_> {
    pub(super) fn name(&self) -> String {
        let form = if self.streams { "streamed" } else { "whole" };
        format!("{} {form}", self.dialect.name)
    }

    /// Runs them; returns a line about it.
    pub(super) fn run(&self, server: &Server, folder: &Path) -> Result<String> {
        let start = Instant::now();
        fs::create_dir_all(folder.join("patterns"))?;
        fs::write(folder.join("patterns/config.toml"), self.config(server))?;
        self.vote(folder)?;
        self.section(folder)?;
        self.map_reduce(folder)?;
        let calm = self.journal(server)?;
        let calls = 3 + 4 + CALM + 1 + 1;
        ensure!(
            calm.len() == calls,
            "{} requests instead of {calls}",
            calm.len()
        );
        let answered = calm.iter().all(|it| it["response"]["status"] == 200);
        ensure!(answered, "a request of a calm run was not answered");
        self.faults(folder)?;
        let all = self.journal(server)?;
        for fault in &FAULTS {
            let tag = format!("[{}]", fault.tag);
            let asked = all
                .iter()
                .filter(|it| it["body"].to_string().contains(&tag))
                .count();
            let most = fault.requests;
            ensure!(
                (1..=most).contains(&asked),
                "{tag} took {asked} requests, not {most}"
            );
        }
        self.stopped(folder, "key", "unauthorized")?;
        self.stopped(folder, "credit", "quota-exhausted")?;
        Ok(format!(
            "{:>3} requests, {} faults, {:.1} s",
            all.len(),
            FAULTS.len(),
            start.elapsed().as_secs_f64()
        ))
    }

    /// The server counts what it has answered by `X-Test-Id`, so each round has its own.
    fn config(&self, server: &Server) -> String {
        let Dialect {
            name,
            model,
            base,
            settings,
            ..
        } = self.dialect;
        let stream = if self.streams { "always" } else { "never" };
        format!(
            "[run]\nmodel = \"{name}:{model}\"\nstream = \"{stream}\"\n\
             [providers.{name}]\nbase_url = \"{}{base}\"\nheaders = {{ X-Test-Id = \"{}\" }}\n\
             {settings}\n",
            server.url,
            self.test_id(),
        )
    }

    fn test_id(&self) -> String {
        self.name().replace(' ', "-")
    }

    /// Returns what has been asked so far; the shape of every request is right.
    fn journal(&self, server: &Server) -> Result<Vec<Value>> {
        let path = format!("/__aimock/journal?testId={}", self.test_id());
        let Value::Array(journal) = server.get(&path)? else {
            anyhow::bail!("the journal is no list");
        };
        let mut complaints = journal
            .iter()
            .filter_map(|it| self.dialect.complaint(it, self.streams));
        ensure!(!journal.is_empty(), "the journal is empty");
        match complaints.next() {
            Some(complaint) => anyhow::bail!(complaint),
            None => Ok(journal),
        }
    }

    fn vote(&self, folder: &Path) -> Result<()> {
        let question = [
            "vote",
            "Did the ship come in?",
            "--option",
            "yes",
            "--option",
            "no",
        ];
        let ran = ran(
            folder,
            &[&question[..], &["-n", "3", "--policy", "fixed"]].concat(),
        )?;
        ran.expect(ran.code == 0, "a vote is decided")?;
        ran.expect(
            ran.count("/counts/answered") == Some(3),
            "each ballot is answered",
        )?;
        ran.expect(
            ran.outcome["value"].to_string().contains("yes"),
            "the answer wins",
        )
    }

    fn section(&self, folder: &Path) -> Result<()> {
        let ran = ran(folder, &["section", "Ships and tides", "--plan", "2"])?;
        ran.expect(ran.code == 0, "a piece is written")?;
        ran.expect(
            ran.count("/counts/answered") == Some(4),
            "outline, sections and synthesis are answered",
        )
    }

    fn map_reduce(&self, folder: &Path) -> Result<()> {
        let documents = folder.join("calm");
        fs::create_dir_all(&documents)?;
        for n in 0..CALM {
            fs::write(
                documents.join(format!("{n}.txt")),
                format!("Ship {n} came in."),
            )?;
        }
        fs::write(documents.join("picture.png"), PICTURE)?;
        let ran = ran(folder, &["map-reduce", "calm"])?;
        ran.expect(ran.code == 0, "all documents are combined")?;
        let mapped = ran.count("/coverage/documents/mapped");
        ran.expect(
            mapped == Some(CALM as u64 + 1),
            "every document is answered",
        )?;
        // Each of its answers says that it has read 400 tokens.
        let read = ran.count("/usage/input_tokens").unwrap_or(0);
        let least = if self.dialect.bills {
            400 * (CALM as u64 + 1)
        } else {
            0
        };
        ran.expect(read >= least, "what every answer has used is counted")?;
        let combined = ran.outcome["value"].to_string();
        ran.expect(
            combined.contains("All ships came in."),
            "the answers are combined",
        )
    }

    /// Runs documents that have trouble next to one that has none.
    fn faults(&self, folder: &Path) -> Result<()> {
        let documents = folder.join("faults");
        fs::create_dir_all(&documents)?;
        let tags = FAULTS.iter().map(|it| it.tag).chain(["calm"]);
        for tag in tags {
            fs::write(
                documents.join(format!("{tag}.txt")),
                format!("Ship [{tag}] came in."),
            )?;
        }
        let ran = ran(
            folder,
            &["map-reduce", "faults", "--max-output-tokens", "300"],
        )?;
        ran.expect(ran.code == 3, "what fails is said")?;
        ran.expect(
            ran.end("calm.txt") == "answered",
            "a document beside is answered",
        )?;
        ran.expect(
            !ran.outcome.to_string().contains("A draft."),
            "what is thought aloud is no answer",
        )?;
        for fault in &FAULTS {
            let expected = match (fault.tag, self.dialect.withheld) {
                ("filter", Some(end)) => end,
                ("filter" | "length", None) => continue,
                _ => fault.end,
            };
            let end = ran.end(&format!("{}.txt", fault.tag));
            let what = format!("{} ends as {expected}, not as {end}", fault.tag);
            ran.expect(end == expected, &what)?;
        }
        accounts(&ran)
    }

    /// Runs a document that ends the run.
    fn stopped(&self, folder: &Path, tag: &str, kind: &str) -> Result<()> {
        let file = format!("{tag}.txt");
        fs::write(folder.join(&file), format!("Ship [{tag}] came in."))?;
        let ran = ran(folder, &["map-reduce", &file])?;
        ran.expect(ran.code == 77, &format!("{kind} ends the run"))?;
        ran.expect(ran.end(&file) == kind, &format!("it ends as {kind}"))
    }
}

/// Checks that every branch and every document is accounted for.
fn accounts(ran: &Ran) -> Result<()> {
    let of = |name: &str| ran.count(&format!("/counts/{name}")).unwrap_or(u64::MAX);
    let ends = of("answered") + of("failed") + of("cancelled");
    ran.expect(
        of("started") == ends,
        "started = answered + failed + cancelled",
    )?;
    let documents = &ran.outcome["coverage"]["documents"];
    let numbers = documents.as_object().into_iter().flat_map(|it| it.values());
    let sum: u64 = numbers.filter_map(Value::as_u64).sum();
    ran.expect(
        sum == FAULTS.len() as u64 + 1,
        "every document is in the coverage",
    )
}
