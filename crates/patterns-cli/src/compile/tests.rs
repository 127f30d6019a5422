//! Tests that a job which is printed is the one that was typed.

use clap::{Command, CommandFactory};
use patterns_job::JobFormat;
use proptest::sample::subsequence;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use super::*;
use crate::args::{Cli, parse_by};

const EVERY: &[&str] = &[
    "--model=a:b",
    "--base-url=http://h/v1",
    "--instructions=Be \"brief\".\nAnd 'plain'; é😀 \\ #",
    "--schema=name, age int, ok yes|no: what \"it\" is",
    "--temperature=0.7",
    "--max-output-tokens=500",
    "--effort=low",
    "--seed=7",
    "--timeout=1h30m",
    "--stream=never",
    "--max-cost=2.5",
    "--max-calls=18446744073709551615",
    "--max-tokens=900000",
    "--max-time=250ms",
    "--concurrency=3",
    "--max-failures=12.5%",
    "--store=my 'store'.db",
    "--read-only",
    "--output=jsonl",
    "-o=out \"1\".jsonl",
    "--events=-",
];

const VOTE: &[&str] = &[
    "--option=yes, of course",
    "--option= no ",
    "--context=d*/[a].md",
    "--examples=few.jsonl",
    "--votes=7",
    "--panel=c:d",
    "--rule=threshold:0.8",
    "--rule=median:1%",
    "--rule=best-of",
    "--field=/a~1b/total=median:1%",
    "--by-field",
    "--answer-field=/ok",
    "--judge=e:f",
    "--quorum=2",
    "--tie=no-consensus",
    "--escalate=g:h",
    "--policy=adaptive:0.95",
    "--explain",
];

const BATCH: &[&str] = &[
    "--question-field=in question",
    "--id-field=id",
    "--gold=right",
    "--limit=2",
    "--sample=3",
    "--keep=a, b",
];

const MAP_REDUCE: &[&str] = &[
    "--format=csv",
    "--encoding=shift_jis",
    "--delimiter=\t",
    "--records=start:^\\d+ \"x\"",
    "--text-field=a.b",
    "--text-template={{ title }}: {% if n %}{{ n }}{% endif %}",
    "--id-field=\u{1f600}",
    "--chunk-tokens=100",
    "--chunk-overlap=10",
    "--strict",
    "--limit=2",
    "--keep=all",
    "--map-instructions=List.",
    "--map-schema=tags [text]",
    "--examples=few.jsonl",
    "--glean=2",
    "--reduce-instructions=Sum up.",
    "--no-reduce",
    "--topology=refine",
    "--reduce=top:3:tags",
    "--group-by=in.team",
    "--each=rows",
    "--resolve-keys",
    "--statements",
    "--unsupported=drop",
    "--allow-gaps",
];

const SECTION: &[&str] = &[
    "-s=History, \"old\"",
    "-s=Costs",
    "--plan=4",
    "--outline=outline.md",
    "--outline-only",
    "--gate",
    "--context=notes.md",
    "--stitch",
    "--consistency",
    "--live",
];

/// Returns the job that some options say, if they can be typed together.
fn typed(command: &mut Command, base: &[&str], options: &[&str]) -> Option<Job> {
    let words = [&["patterns"], base, options].concat();
    let (cli, _) = parse_by(command, words).ok()?;
    let (job, _) = compiled(&cli.command).ok()??;
    job.check().is_ok().then_some(job)
}

#[test]
fn whatever_is_typed_is_the_job_that_is_printed() {
    let bases: [(&[&str], &[&str]); 4] = [
        (&["vote", "Is it?\n \"So\"?"], VOTE),
        (&["vote", "--batch=q.jsonl"], BATCH),
        (&["map-reduce", "docs", "*.log"], MAP_REDUCE),
        (&["section", "Tides & \"co\""], SECTION),
    ];
    let mut runner = TestRunner::deterministic();
    let mut command = Cli::command();
    for (base, own) in bases {
        let all: Vec<&str> = own.iter().chain(EVERY).copied().collect();
        let some = subsequence(all, 0..=7);
        let mut jobs = 0;
        for _ in 0..2_000 {
            let options = some.new_tree(&mut runner).unwrap().current();
            let Some(job) = typed(&mut command, base, &options) else {
                continue;
            };
            let printed = job.to_toml();
            let read = Job::read(&printed, JobFormat::Toml);
            assert_eq!(read.as_ref(), Ok(&job), "{options:?}\n{printed}");
            // The fields of a schema have an order, which is not compared above.
            assert_eq!(read.unwrap().to_toml(), printed, "{options:?}");
            let written = serde_json::to_string(&job).unwrap();
            let read = Job::read(&written, JobFormat::Json);
            assert_eq!(read.as_ref(), Ok(&job), "{options:?}\n{written}");
            jobs += 1;
        }
        assert!(jobs > 100, "{base:?}: {jobs}");
    }
}
