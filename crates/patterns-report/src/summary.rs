//! Writes what a page says without its script: what was asked, how it stands, and what is missing.

use std::fmt::Write;

use patterns_core::{CoverageCounts, Covered, grouped};

use crate::html::Text;
use crate::report::{Fact, Report};
use crate::result;

/// The parts of a page: where they are, and their names. The script takes out those that are empty.
const PARTS: [(&str, &str); 9] = [
    ("summary", "Summary"),
    ("elections", "Elections"),
    ("results", "Results"),
    ("provenance", "Provenance"),
    ("failures", "Failures"),
    ("timeline", "Timeline"),
    ("rates", "Over time"),
    ("spend", "Spend"),
    ("coverage", "Coverage"),
];

/// Said where the script does not run.
const UNSCRIPTED: &str = "<noscript><p class=\"notice\">This is what the page says without JavaScript. Its \
    own script, which asks nobody for anything, adds the plots, a table that can be sorted and searched, and every \
    prompt and answer in full.</p></noscript>\n";

/// Returns the body of a page up to its data.
pub(crate) fn html(report: &Report) -> String {
    let mut html = String::new();
    top(&mut html, report);
    html.push_str("<main id=\"main\">\n");
    summary(&mut html, report);
    for (id, name) in &PARTS[1..8] {
        part(&mut html, id, name, "");
    }
    if let Some(coverage) = coverage(report) {
        part(&mut html, "coverage", "Coverage", &coverage);
    }
    html
}

fn push(html: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a text never fails.
    let _ = html.write_fmt(text);
}

fn top(html: &mut String, report: &Report) {
    push(
        html,
        format_args!(
            "<a class=\"skip\" href=\"#main\">Skip to the content</a>\n<header>\n\
         <p class=\"mark\">patterns <span>{} · run {}</span></p>\n<nav aria-label=\"Parts of the page\"><ul>",
            Text(&report.pattern),
            Text(&report.run),
        ),
    );
    for (id, name) in PARTS {
        let is_static = id == "summary" || (id == "coverage" && report.coverage.is_some());
        let hidden = if is_static { "" } else { " hidden" };
        if id != "coverage" || is_static {
            push(
                html,
                format_args!("<li{hidden}><a href=\"#{id}\">{name}</a></li>"),
            );
        }
    }
    html.push_str(
        "</ul></nav>\n<button type=\"button\" id=\"theme\" hidden>Theme: system</button>\n</header>\n",
    );
}

fn part(html: &mut String, id: &str, name: &str, body: &str) {
    let hidden = if body.is_empty() { " hidden" } else { "" };
    push(
        html,
        format_args!(
            "<section id=\"{id}\" aria-labelledby=\"{id}-name\"{hidden}>\n<h2 id=\"{id}-name\">{name}</h2>\n\
         {body}</section>\n"
        ),
    );
}

fn summary(html: &mut String, report: &Report) {
    push(
        html,
        format_args!(
            "<section id=\"summary\" aria-labelledby=\"title\">\n<p class=\"state {}\">{}</p>\n\
         <h1 id=\"title\">{}</h1>\n",
            report.state.name(),
            Text(&report.state_words),
            Text(&report.title),
        ),
    );
    if let Some(notice) = &report.notice {
        push(
            html,
            format_args!("<p class=\"notice\">{}</p>\n", Text(notice)),
        );
    }
    html.push_str(UNSCRIPTED);
    html.push_str("<dl class=\"figures\">\n");
    for Fact { name, value } in &report.figures {
        push(
            html,
            format_args!(
                "<div><dt>{}</dt><dd>{}</dd></div>\n",
                Text(name),
                Text(value)
            ),
        );
    }
    html.push_str("</dl>\n");
    list(html, "warnings", "Worth knowing", &report.warnings);
    list(html, "lacks", "Not on this page", &report.lacks);
    if let Some(value) = &report.result {
        push(
            html,
            format_args!(
                "<h2 class=\"minor\">Result</h2>\n<div class=\"result\" tabindex=\"0\" role=\"region\" aria-label=\"Result\">{}</div>\n",
                result::html(value)
            ),
        );
    }
    facts(html, report);
    html.push_str("</section>\n");
}

fn facts(html: &mut String, report: &Report) {
    html.push_str("<details class=\"facts\"><summary>About this run</summary>\n<dl>\n");
    if let Some(it) = report.counts {
        push(html, format_args!("<dt>Branches</dt><dd>{it}</dd>\n"));
    }
    for Fact { name, value } in &report.facts {
        push(
            html,
            format_args!("<dt>{}</dt><dd>{}</dd>\n", Text(name), Text(value)),
        );
    }
    html.push_str("</dl></details>\n");
}

fn list(html: &mut String, class: &str, name: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    push(
        html,
        format_args!("<div class=\"{class}\"><h2 class=\"minor\">{name}</h2><ul>"),
    );
    for line in lines {
        push(html, format_args!("<li>{}</li>", Text(line)));
    }
    html.push_str("</ul></div>\n");
}

fn coverage(report: &Report) -> Option<String> {
    let coverage = report.coverage.as_ref()?;
    let mut html = String::from(
        "<table class=\"plain\"><caption>What became of the documents, and of the chunks that they were \
         cut into</caption>\n<thead><tr><td></td><th scope=\"col\">mapped</th>\
         <th scope=\"col\">in part</th><th scope=\"col\">failed or broken off</th><th scope=\"col\">empty</th>\
         <th scope=\"col\">not begun</th><th scope=\"col\">in all</th></tr></thead>\n<tbody>\n",
    );
    counts(&mut html, "Documents", coverage.documents);
    counts(&mut html, "Chunks", coverage.chunks);
    html.push_str("</tbody></table>\n");
    if coverage.more_not_begun {
        html.push_str("<p>More documents may not have been begun; nobody knows how many.</p>\n");
    }
    if !coverage.gaps.is_empty() {
        html.push_str(
            "<details open><summary>What no answer is about</summary><ul class=\"gaps\">\n",
        );
        for gap in &coverage.gaps {
            // That there is no answer about the others is said above.
            let end = match gap.end {
                Covered::Skipped => " <span>empty</span>",
                _ => "",
            };
            push(
                &mut html,
                format_args!("<li>{}{end}</li>\n", Text(&gap.name)),
            );
        }
        html.push_str("</ul>");
        if coverage.more_gaps > 0 {
            push(
                &mut html,
                format_args!("<p>and {} more</p>", grouped(coverage.more_gaps)),
            );
        }
        html.push_str("</details>\n");
    }
    Some(html)
}

fn counts(html: &mut String, name: &str, it: CoverageCounts) {
    push(
        html,
        format_args!(
            "<tr><th scope=\"row\">{name}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>\
         <td>{}</td></tr>\n",
            grouped(it.mapped),
            grouped(it.truncated),
            grouped(it.failed),
            grouped(it.skipped),
            grouped(it.not_begun),
            grouped(it.total()),
        ),
    );
}
