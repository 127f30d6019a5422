//! `patterns section`: sections in parallel, then what becomes of them.

use std::mem;

use patterns_core::{Branch, Outcome, Pattern};
use patterns_job::{PieceText, SectionJob, SectionWork, SynthesisWay, outline_text};
use patterns_parallel::sectioning::{Outline, Section};
use patterns_parallel::{RunOptions, Sectioning};
use serde::Serialize;
use serde_json::{Value, json};

use super::publish;
use crate::args::Format;
use crate::error::{Error, ErrorKind};
use crate::launch::Launch;
use crate::report::{Figures, Page, branch_line, figures_line, outcome_line, web_page};
use crate::session::Session;

pub(crate) async fn run(job: SectionJob, launch: Launch) -> Result<(), Error> {
    let written = launch.written()?;
    let inputs = launch.job.inputs();
    written.check_documents(&inputs, launch.terminal)?;
    let work = SectionWork::read(job, &launch.reader(&written));
    let work = work.map_err(|error| launch.told(error))?;
    let session = Session::open(&launch, |roles, settings| work.identity(roles, settings)).await?;
    let setup = session.setup();
    let told = |error| launch.told(error);
    match (&work.schema, work.job.synthesis) {
        _ if work.job.outline_only => {
            let pattern = work.outlining(&setup);
            outline(session, pattern, &work).await
        }
        (Some(schema), _) => {
            let pattern = work.sectioning_to(schema, &setup).map_err(told)?;
            write(session, pattern, &work, |it| Whole::Answer(it.clone())).await
        }
        (None, SynthesisWay::Stitch) => {
            let pattern = work.stitching(&setup);
            write(session, pattern, &work, |it| Whole::Text(it.text.clone())).await
        }
        (None, SynthesisWay::Synthesize) => {
            let pattern = work.sectioning(&setup);
            let summary = |it: &patterns_parallel::sectioning::Synthesis| it.summary.clone();
            write(session, pattern, &work, |it| Whole::Summary(summary(it))).await
        }
    }
}

/// What has become of the sections.
enum Whole {
    Summary(String),
    /// All of it.
    Text(String),
    Answer(Value),
}

async fn outline(
    mut session: Session,
    pattern: Sectioning<Section, Outline>,
    work: &SectionWork,
) -> Result<(), Error> {
    let options = session.setup().run_options();
    let ended = session.watch(pattern.run(&work.topic, &options)).await;
    let outcome = session.outcome(ended).await?;
    let outcome = outcome.map(|it| work.titled(it));
    publish(session, Pattern::Sectioning, &outcome, |page, outcome| {
        if let Ok(outline) = &outcome.value {
            page.markdown(&outline_text(outline));
        }
    })
    .await
}

async fn write<Y: Serialize + Send + 'static>(
    mut session: Session,
    pattern: Sectioning<Section, Y>,
    work: &SectionWork,
    whole: impl Fn(&Y) -> Whole,
) -> Result<(), Error> {
    let options = session.setup().run_options();
    if work.job.live {
        return write_live(session, (&pattern, &options), work, whole).await;
    }
    let ended = session.watch(pattern.run(&work.topic, &options)).await;
    let outcome = session.outcome(ended).await?;
    measure(&mut session, work, &outcome);
    let text = text(work, &outcome, whole);
    if session.format == Format::Html {
        if outcome.value.is_ok() || super::has_answer(&outcome.branches) {
            let page = web_page(title(work), &session.labels(), &text);
            session.write(Ok(page.into_bytes()));
        }
        return session.conclude(&outcome).await;
    }
    publish(session, Pattern::Sectioning, &outcome, |page, _| {
        page.markdown(&text);
    })
    .await
}

/// Writes each section as soon as its turn has come, and what becomes of them behind.
async fn write_live<Y: Serialize + Send + 'static>(
    mut session: Session,
    (pattern, options): (&Sectioning<Section, Y>, &RunOptions),
    work: &SectionWork,
    whole: impl Fn(&Y) -> Whole,
) -> Result<(), Error> {
    let is_text = session.format == Format::Human;
    let paint = session.output.paint(session.terminal);
    let mut labels = session.labels();
    let mut rows = session.rows();
    let page = |labels: &[String], text: &str| {
        let mut page = Page::new(paint, labels);
        page.markdown(text);
        page.finish()
    };
    let mut text = piece_text(work);
    // What is about sections that failed waits for one that did not: without any, there is nothing to write.
    let mut held = text.title(title(work));
    let (mut sections, mut has_begun) = (Vec::new(), false);
    let ended = session
        .watch(async {
            let mut run = pattern.run(&work.topic, options);
            while let Some(branch) = run.next().await {
                if !is_text {
                    rows.write(branch_line(&branch));
                    sections.push(branch);
                    continue;
                }
                held += &section(&mut text, &branch);
                if has_begun || branch.value().is_some() {
                    rows.write(page(&mem::take(&mut labels), &mem::take(&mut held)));
                    has_begun = true;
                }
                sections.push(branch);
            }
            run.await
        })
        .await;
    session.take_back(rows);
    let mut outcome = session.outcome(ended).await?;
    outcome.branches = sections;
    measure(&mut session, work, &outcome);
    if is_text && !has_begun {
        return session.conclude(&outcome).await;
    }
    let end = match (is_text, outcome.value.as_ref().ok().map(whole)) {
        (false, _) => outcome_line(&session.frame(Pattern::Sectioning), &outcome),
        (true, Some(Whole::Summary(it))) => {
            let summary = text.summary(&it);
            page(&[], &format!("\n## Summary\n{summary}{}", text.sources()))
        }
        (true, Some(Whole::Answer(it))) => {
            let mut page = Page::new(paint, &[]);
            page.gap();
            page.answer(&it);
            page.markdown(&text.sources());
            page.finish()
        }
        (true, _) => page(&[], &text.sources()),
    };
    session.write(Ok(end.into_bytes()));
    session.conclude(&outcome).await
}

/// Says what the sections are like and how long they took.
fn measure<Y>(session: &mut Session, work: &SectionWork, outcome: &Outcome<Y, Section>) {
    let sections = outcome.branches.iter().filter_map(Branch::value);
    let figures = Figures::of(sections.clone());
    if figures.written == 0 {
        return;
    }
    session.shortfall = gaps(sections.clone()).filter(|_| outcome.counts.failed == 0);
    let times = session.times(sections.map(|it| &it.planned));
    // Those that were not begun are no branches.
    let given = work.outline.as_ref().map_or(0, |it| it.sections.len());
    let planned = given.max(outcome.branches.len()) as u64;
    session
        .terminal
        .note(&figures_line(&figures, planned, &times));
    let mut measured = json!({"planned": planned});
    let parts = [json!(figures), json!(times)];
    for part in parts.into_iter().filter_map(|it| it.as_object().cloned()) {
        if let Value::Object(measured) = &mut measured {
            measured.extend(part);
        }
    }
    session.figures = Some(measured);
}

/// Returns the error of sections whose own jobs lack something, if there are any.
fn gaps<'a>(sections: impl Iterator<Item = &'a Section>) -> Option<Error> {
    let line = |it: &Section| Some(format!("{}: {}", it.section_name, it.gaps.as_ref()?));
    let gaps: Vec<String> = sections.filter_map(line).collect();
    let message = match gaps.len() {
        0 => return None,
        1 => "the job of a section has gaps".to_owned(),
        more => format!("the jobs of {more} sections have gaps"),
    };
    let help = "what is missing is in none of them; --output json has each section with its gaps";
    Some(
        Error::new(ErrorKind::SomeFailed, message)
            .details(gaps)
            .help(help),
    )
}

fn title(work: &SectionWork) -> &str {
    let title = work.outline.as_ref().and_then(|it| it.title.as_deref());
    title.unwrap_or(&work.topic)
}

/// A piece that is stitched is an article; one with a summary is a brief.
fn piece_text(work: &SectionWork) -> PieceText {
    match work.job.synthesis {
        SynthesisWay::Stitch => PieceText::numbered(),
        SynthesisWay::Synthesize => PieceText::with_key_points(),
    }
}

fn section(text: &mut PieceText, branch: &Branch<Section>) -> String {
    let section = branch.value();
    text.section(&branch.label, section.map_or(0, |it| it.depth), section)
}

/// Writes all of a piece as Markdown.
fn text<Y>(
    work: &SectionWork,
    outcome: &Outcome<Y, Section>,
    whole: impl Fn(&Y) -> Whole,
) -> String {
    let mut text = piece_text(work);
    let mut all = text.title(title(work));
    match outcome.value.as_ref().ok().map(whole) {
        Some(Whole::Text(text)) => return text,
        // What was written in a single call is its own summary.
        Some(Whole::Summary(summary)) if is_all(&summary, outcome) => {}
        Some(Whole::Summary(summary)) => all += &text.summary(&summary),
        Some(Whole::Answer(value)) => {
            let json = serde_json::to_string_pretty(&value).unwrap_or_default();
            all += &format!("\n```json\n{json}\n```\n");
        }
        None => {}
    }
    for branch in &outcome.branches {
        all += &section(&mut text, branch);
    }
    all + &text.sources()
}

fn is_all<Y>(summary: &str, outcome: &Outcome<Y, Section>) -> bool {
    let [only] = &outcome.branches[..] else {
        return false;
    };
    only.value().is_some_and(|it| it.content == summary)
}
