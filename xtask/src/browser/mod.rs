//! `cargo xtask browser`: opens reports in a real browser and does with them what a reader would do.

mod checks;
mod chromium;
mod runs;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use checks::Check;
use chromium::Browser;

use crate::cargo::target;
use crate::real::kept::{install, kept};

/// What looks at pages as somebody who does not see them, or has a keyboard only.
const AXE: &str = "axe-core@4.14.1";

/// What to do beside checking.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Also keep pictures of the pages in this folder, light and dark
    #[arg(long, value_name = "DIR")]
    pictures: Option<PathBuf>,

    /// Only the page with this name
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
}

/// A page, and what is done with it.
struct Page {
    name: &'static str,
    checks: &'static [Check],
}

const PAGES: [Page; 7] = [
    Page {
        name: "vote",
        checks: &[
            checks::sorts,
            checks::filters,
            checks::unfolds,
            checks::searches,
        ],
    },
    Page {
        name: "batch",
        checks: &[checks::sorts, checks::unfolds, checks::searches],
    },
    Page {
        name: "section",
        checks: &[checks::sorts, checks::unfolds, checks::searches],
    },
    Page {
        name: "map-reduce",
        checks: &[
            checks::sorts,
            checks::filters,
            checks::unfolds,
            checks::zooms,
            checks::failures,
            checks::searches,
            checks::prints,
            checks::reaches_all,
        ],
    },
    Page {
        name: "elections",
        checks: &[checks::votes],
    },
    Page {
        name: "hostile",
        checks: &[checks::executes_nothing],
    },
    Page {
        name: "large",
        checks: &[
            checks::paints,
            checks::sorts,
            checks::filters,
            checks::zooms,
            checks::unfolds,
            checks::searches,
            checks::prints,
        ],
    },
];

/// Makes the pages and opens one after the other.
pub(crate) fn run(args: &Args) -> Result<()> {
    let folder = target().join("browser");
    let folder = std::path::absolute(folder)?;
    fs::create_dir_all(&folder)?;
    runs::make(&folder)?;
    let axe = kept(&AXE.replace('@', "-"), |folder| install(folder, AXE))?;
    let axe = fs::read_to_string(axe.join("node_modules/axe-core/axe.min.js"))?;
    let mut browser = Browser::start(&folder)?;
    for page in &PAGES {
        if args.only.as_ref().is_some_and(|it| it != page.name) {
            continue;
        }
        println!("{}:", page.name);
        let file = folder.join(page.name).with_extension("html");
        let named = || format!("page {}", page.name);
        check(&mut browser, page, &file).with_context(named)?;
        accessible(&mut browser, &axe, &file).with_context(named)?;
        browser.scripts(false)?;
        let told = unscripted(&mut browser, &file).with_context(named)?;
        println!("  without scripts: {told}");
        browser.scripts(true)?;
        if let Some(pictures) = &args.pictures {
            fs::create_dir_all(pictures)?;
            picture(&mut browser, page.name, &file, pictures)?;
        }
    }
    Ok(())
}

fn check(browser: &mut Browser, page: &Page, file: &Path) -> Result<()> {
    browser.look("light", 1280, 900)?;
    for check in page.checks {
        browser.open(file)?;
        println!("  {}", check(browser)?);
        ensure!(
            browser.trouble.is_empty(),
            "the page is not quiet: {:?}",
            browser.trouble
        );
    }
    Ok(())
}

/// Looks at a page, and at an opened row of it, light and dark, on a telephone and on a desk.
fn accessible(browser: &mut Browser, axe: &str, file: &Path) -> Result<()> {
    for (theme, width) in [
        ("light", 1280),
        ("dark", 1280),
        // A desk at 200 %.
        ("light", 640),
        ("light", 320),
        ("dark", 320),
    ] {
        browser.look(theme, width, 900)?;
        browser.open(file)?;
        browser.eval(&format!("{axe}\n;0"))?;
        checks::fits(browser).with_context(|| format!("{theme}, {width}"))?;
        checks::violates_nothing(browser).with_context(|| format!("{theme}, {width}"))?;
    }
    println!("  accessible: light and dark, at 320, 640 and 1280");
    Ok(())
}

/// Looks at a page as a browser that runs no scripts shows it.
fn unscripted(browser: &mut Browser, file: &Path) -> Result<String> {
    for width in [1280, 320] {
        browser.look("light", width, 900)?;
        browser.open(file)?;
        checks::fits(browser).with_context(|| format!("without scripts, {width}"))?;
    }
    checks::says_what_it_came_to(browser)
}

/// Keeps pictures of a page, part by part.
fn picture(browser: &mut Browser, name: &str, file: &Path, folder: &Path) -> Result<()> {
    for theme in ["light", "dark"] {
        browser.look(theme, 1280, 900)?;
        browser.open(file)?;
        let height = browser.eval("document.documentElement.scrollHeight")?;
        let height = height.as_f64().unwrap_or(900.0).min(3_600.0) as u32;
        browser.look(theme, 1280, height)?;
        browser.eval(
            "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))",
        )?;
        browser.picture(&folder.join(format!("{name}-{theme}.png")))?;
        browser.look(theme, 1280, 900)?;
        let opened = browser.eval(
            "const row = document.querySelector('#results tr[data-at]'); row?.click(); \
             new Promise((done) => setTimeout(() => done(Boolean(row)), 300))",
        )?;
        if opened == true {
            browser.picture(&folder.join(format!("{name}-detail-{theme}.png")))?;
        }
    }
    Ok(())
}
