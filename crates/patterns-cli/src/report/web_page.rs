//! A piece of writing as a web page that stands alone.
//!
//! What a model has written is hostile: markup in it is shown, not interpreted; addresses lead to the web,
//! to mail or within the page; images, which a browser would fetch, are their words.

use patterns_job::Anchors;
use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html};

const STYLE: &str = "body{max-width:42em;margin:2em auto;padding:0 1em;font:1.05em/1.55 \
    Georgia,serif}h1,h2,h3,h4{line-height:1.2;font-family:sans-serif}.note{color:#666}pre{overflow:auto}\
    table{border-collapse:collapse}td,th{border:1px solid #ccc;padding:.2em .6em}@media \
    (prefers-color-scheme:dark){body{background:#111;color:#ddd}a{color:#8bf}}";

/// Makes a web page of a text in Markdown.
pub(crate) fn web_page(title: &str, labels: &[String], markdown: &str) -> String {
    let labels = labels
        .iter()
        .map(|it| format!("<p class=\"note\">[{}]</p>\n", escaped(it)));
    let labels: String = labels.collect();
    let mut body = String::new();
    html::push_html(&mut body, harmless(markdown).into_iter());
    format!(
        "<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width\">\n<meta http-equiv=\"Content-Security-Policy\" \
         content=\"default-src 'none'; style-src 'unsafe-inline'\">\n<title>{}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n{labels}{body}</body>\n</html>\n",
        escaped(title)
    )
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for it in text.chars() {
        match it {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            it if it.is_control() && it != '\n' => safe.push(' '),
            it => safe.push(it),
        }
    }
    safe
}

/// Reads Markdown; what could do anything is text.
fn harmless(markdown: &str) -> Vec<Event<'_>> {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let events = Parser::new_ext(markdown, options);
    let mut kept: Vec<Event<'_>> = Vec::new();
    let mut heading: Option<usize> = None;
    let mut anchors = Anchors::default();
    for event in events {
        match event {
            Event::Html(text) | Event::InlineHtml(text) => kept.push(Event::Text(text)),
            Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => {}
            Event::Start(Tag::Link {
                link_type,
                dest_url,
                title,
                id,
            }) => {
                let dest_url = if leads_nowhere_bad(&dest_url) {
                    dest_url
                } else {
                    CowStr::from("#")
                };
                kept.push(Event::Start(Tag::Link {
                    link_type,
                    dest_url,
                    title,
                    id,
                }));
            }
            Event::Start(tag @ Tag::Heading { .. }) => {
                heading = Some(kept.len());
                kept.push(Event::Start(tag));
            }
            Event::End(end @ TagEnd::Heading(_)) => {
                if let Some(start) = heading.take() {
                    name(&mut kept, start, &mut anchors);
                }
                kept.push(Event::End(end));
            }
            other => kept.push(other),
        }
    }
    kept
}

/// Gives a heading the id that a table of contents leads to.
fn name(kept: &mut [Event<'_>], start: usize, anchors: &mut Anchors) {
    let words = kept[start..].iter().filter_map(|it| match it {
        Event::Text(text) | Event::Code(text) => Some(text.to_string()),
        _ => None,
    });
    let words: String = words.collect();
    let anchor = anchors.of(&words);
    if let Some(Event::Start(Tag::Heading { id, .. })) = kept.get_mut(start) {
        *id = Some(anchor.into());
    }
}

fn leads_nowhere_bad(url: &str) -> bool {
    let lower = url.trim().to_ascii_lowercase();
    ["https://", "http://", "mailto:", "#"]
        .iter()
        .any(|it| lower.starts_with(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_model_writes_does_nothing() {
        let page = web_page(
            "A <b>",
            &["offline & so".to_owned()],
            "# A\n\n- [1. Silt](#1-silt)\n\n## 1. Silt\n\n<script>alert(1)</script>\n\n\
             ![a](http://x/y.png) [b](javascript:alert(1)) [c](https://x.org) *it* <i>x</i>\n\n\
             | a | b |\n| --- | --- |\n| 1 | 2 |\n\n## A\n\nSo.\n",
        );
        let body = page.split("<body>").nth(1).unwrap();
        insta::assert_snapshot!(body, @r##"
        <p class="note">[offline &amp; so]</p>
        <h1 id="a">A</h1>
        <ul>
        <li><a href="#1-silt">1. Silt</a></li>
        </ul>
        <h2 id="1-silt">1. Silt</h2>
        &lt;script&gt;alert(1)&lt;/script&gt;
        <p>a <a href="#">b</a> <a href="https://x.org">c</a> <em>it</em> &lt;i&gt;x&lt;/i&gt;</p>
        <table><thead><tr><th>a</th><th>b</th></tr></thead><tbody>
        <tr><td>1</td><td>2</td></tr>
        </tbody></table>
        <h2 id="a-1">A</h2>
        <p>So.</p>
        </body>
        </html>
        "##);
        assert!(page.contains("<title>A &lt;b&gt;</title>"));
    }
}
