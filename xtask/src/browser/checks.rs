//! What a reader does with a page, and what must come of it.

use anyhow::{Result, ensure};
use serde_json::Value;

use super::chromium::Browser;

/// Does something with the open page and says in words what came of it.
pub(super) type Check = fn(&mut Browser) -> Result<String>;

/// How often the wheel is turned to measure it.
const STEPS: usize = 21;

const FRAME: &str =
    "await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));";

/// Runs statements in the page; `rows()` are the texts of the column that they name, top rows first.
fn script(browser: &mut Browser, statements: &str) -> Result<Value> {
    browser.eval(&format!(
        "(async () => {{ const $ = (it) => document.querySelector(it);\
         const frame = async () => {{ {FRAME} }};\
         const wait = (ms) => new Promise((done) => setTimeout(done, ms));\
         const told = () => $('#results .told').textContent;\
         const column = (n) => [...document.querySelectorAll('#results tr[data-at]')].map((it) => it.children[n].textContent);\
         {statements} }})()"
    ))
}

/// Sorts the results by their first and last column, both ways.
pub(super) fn sorts(browser: &mut Browser) -> Result<String> {
    let got = script(
        browser,
        "
        const heads = [...document.querySelectorAll('#results thead button')];
        heads[0].click(); await frame();
        const up = column(0);
        heads[0].click(); await frame();
        const down = column(0);
        return {up, down, says: heads[0].parentElement.getAttribute('aria-sort')};",
    )?;
    let texts = |name: &str| -> Vec<String> {
        let texts = got[name].as_array().into_iter().flatten();
        texts
            .map(|it| it.as_str().unwrap_or_default().to_owned())
            .collect()
    };
    let (up, down) = (texts("up"), texts("down"));
    ensure!(up.len() > 1, "the table has rows: {got}");
    ensure!(up.is_sorted(), "sorted upwards: {up:?}");
    ensure!(
        down.is_sorted_by(|a, b| a >= b),
        "sorted downwards: {down:?}"
    );
    ensure!(
        got["says"] == "descending",
        "a screen reader is told: {got}"
    );
    Ok(format!("sorts: {} … {}", up[0], down[0]))
}

/// Chooses what failed, or else what was answered, and looks that nothing else is left.
pub(super) fn filters(browser: &mut Browser) -> Result<String> {
    let got = script(browser, "
        const end = $('#results select[aria-label=End]');
        const all = told();
        const of = {};
        for (const option of end.options) {
            end.value = option.value; end.dispatchEvent(new Event('change')); await frame();
            of[option.textContent] = [told(), [...new Set([...document.querySelectorAll('#results .end')].map((it) => it.textContent.split(',')[0]))]];
        }
        return {all, of};")?;
    let of = got["of"].as_object().into_iter().flatten();
    for (name, it) in of.filter(|(name, _)| !name.starts_with("All")) {
        let ends = it[1].as_array().map_or(0, Vec::len);
        ensure!(
            ends == 0 || (ends == 1 && it[1][0] == **name),
            "only {name}: {it}"
        );
    }
    let failed = got["of"]["failed"][0].as_str().unwrap_or_default();
    Ok(format!("filters: {} in all, failed: {failed}", got["all"]))
}

/// Searches for the name of the last row, and in whole prompts and answers.
pub(super) fn searches(browser: &mut Browser) -> Result<String> {
    let got = script(browser, "
        const field = $('#results input[type=search]');
        const name = column(0).at(-1);
        field.value = name; field.dispatchEvent(new Event('input')); await wait(400); await frame();
        const found = column(0);
        field.value = 'no such words anywhere'; field.dispatchEvent(new Event('input')); await wait(400); await frame();
        return {name, found, none: told()};")?;
    let found = got["found"].as_array().map_or(0, Vec::len);
    let name = got["name"].as_str().unwrap_or_default();
    ensure!(found > 0 && !name.is_empty(), "{name} is found: {got}");
    let none = got["none"].as_str().unwrap_or_default();
    ensure!(
        none.starts_with("0 of "),
        "nothing has words that are nowhere: {none}"
    );
    Ok(format!("searches: {name} in {found} row(s)"))
}

/// Opens a row by the keyboard, reads prompt and answer, and closes it.
pub(super) fn unfolds(browser: &mut Browser) -> Result<String> {
    script(browser, "$('#results tr[tabindex=\"0\"]').focus();")?;
    browser.press("ArrowDown")?;
    browser.press("Enter")?;
    let got = script(
        browser,
        "
        await wait(300);
        const texts = [...document.querySelectorAll('dialog pre')].map((it) => it.textContent);
        return {isOpen: $('dialog').open, name: $('dialog h2').textContent, texts};",
    )?;
    ensure!(got["isOpen"] == true, "Enter opens the row in focus: {got}");
    let texts = got["texts"].as_array().into_iter().flatten();
    let length: usize = texts.filter_map(Value::as_str).map(str::len).sum();
    ensure!(length > 0, "there is a prompt or an answer: {got}");
    browser.press("Escape")?;
    let is_open = script(browser, "await frame(); return $('dialog').open;")?;
    ensure!(is_open == false, "Escape closes it");
    Ok(format!(
        "unfolds: {} with {length} characters of prompt and answer",
        got["name"]
    ))
}

/// Looks at the tally of fields of the first election, and at votes and reasons of one that it finds.
pub(super) fn votes(browser: &mut Browser) -> Result<String> {
    let got = script(
        browser,
        "
        const seen = () => ({verdict: $('.verdict').textContent, tally: $('.election table').textContent,
            ballots: $('.ballots').rows.length - 1, squares: document.querySelectorAll('.standings i').length});
        const fields = seen();
        const field = $('#elections input[type=search]');
        field.value = 'claim-42'; field.dispatchEvent(new Event('input')); await wait(400); await frame();
        $('#elections tr[data-at]').click(); await frame();
        return {fields, one: seen(), reasons: $('.ballots').textContent};",
    )?;
    let text = |it: &Value| it.as_str().unwrap_or_default().to_owned();
    let tally = text(&got["fields"]["tally"]);
    ensure!(
        tally.contains("/vendor") && tally.contains("Tide 1"),
        "each field is counted: {got}"
    );
    ensure!(text(&got["one"]["verdict"]).starts_with("yes"), "{got}");
    ensure!(
        got["one"]["ballots"] == 7 && got["one"]["squares"] == 7,
        "all ballots: {got}"
    );
    ensure!(
        text(&got["reasons"]).contains("nothing speaks against"),
        "{got}"
    );
    Ok(format!(
        "elections: {}, then {}",
        got["fields"]["verdict"], got["one"]["verdict"]
    ))
}

/// Looks at the failures and opens the example of the first.
pub(super) fn failures(browser: &mut Browser) -> Result<String> {
    let got = script(
        browser,
        "
        const groups = [...document.querySelectorAll('.failures li')].map((it) => it.textContent);
        $('.failures button')?.click(); await wait(300);
        return {groups, isOpen: $('dialog')?.open};",
    )?;
    ensure!(got["isOpen"] == true, "an example opens: {got}");
    Ok(format!("failures: {}", got["groups"]))
}

/// Zooms and moves the timeline by wheel, drag and keys, and says how long a step takes.
pub(super) fn zooms(browser: &mut Browser) -> Result<String> {
    let place = script(browser, "
        const canvas = $('canvas.timeline'); canvas.scrollIntoView({block: 'start', behavior: 'instant'}); await frame(); canvas.focus({preventScroll: true});
        const it = canvas.getBoundingClientRect();
        return {x: it.left + it.width / 2, y: Math.min(it.top + it.height / 2, innerHeight - 20), said: $('#timeline .told').textContent};")?;
    let (x, y) = (
        place["x"].as_f64().unwrap_or(0.0),
        place["y"].as_f64().unwrap_or(0.0),
    );
    let said = |browser: &mut Browser| {
        script(
            browser,
            "await frame(); return $('#timeline .told').textContent;",
        )
    };
    for _ in 0..STEPS {
        browser.mouse("mouseWheel", x, y, -60.0)?;
        script(browser, "await frame();")?;
    }
    let near = said(browser)?;
    ensure!(near != place["said"], "the wheel goes nearer: {near}");
    browser.mouse("mousePressed", x, y, 0.0)?;
    browser.mouse("mouseMoved", x - 120.0, y, 0.0)?;
    browser.mouse("mouseReleased", x - 120.0, y, 0.0)?;
    let moved = said(browser)?;
    ensure!(moved != near, "dragging moves: {moved}");
    browser.press("ArrowRight")?;
    ensure!(said(browser)? != moved, "a key moves");
    browser.press("0")?;
    ensure!(said(browser)? == place["said"], "0 shows all");
    let median = browser.eval("(() => { const all = performance.getEntriesByName('timeline').map((it) => it.duration).sort((a, b) => a - b); return all[all.length >> 1]; })()")?;
    Ok(format!(
        "zooms: {} to {near}, median {:.1} ms a step",
        place["said"],
        median.as_f64().unwrap_or(-1.0)
    ))
}

/// Looks that nothing is wider than the page.
pub(super) fn fits(browser: &mut Browser) -> Result<()> {
    let wide = browser.eval("document.documentElement.scrollWidth - innerWidth")?;
    ensure!(
        wide.as_i64() <= Some(0),
        "the page is {wide} wider than the window"
    );
    Ok(())
}

/// Looks that a page whose script does not run says so, and what the run came to.
pub(super) fn says_what_it_came_to(browser: &mut Browser) -> Result<String> {
    let got = browser.eval(
        "({told: document.querySelector('noscript .notice')?.textContent, \
           parts: [...document.querySelectorAll('.unscripted')].map((it) => \
               it.querySelector('h2').textContent + ' ' + it.querySelectorAll('tbody tr').length).join(', '), \
           foreign: document.querySelectorAll('body img, body svg, body style, body iframe').length, \
           hidden: [...document.querySelectorAll('.unscripted table')].filter((it) => !it.checkVisibility()).length})",
    )?;
    let told = got["told"].as_str().unwrap_or_default();
    ensure!(told.contains("without JavaScript"), "it says so: {got}");
    let parts = got["parts"].as_str().unwrap_or_default();
    ensure!(parts.contains("Results"), "the results are there: {got}");
    ensure!(
        got["foreign"] == 0 && got["hidden"] == 0,
        "all is text and seen: {got}"
    );
    Ok(parts.to_owned())
}

/// Has axe look at the page, and at a row that was opened; its source is in the page.
pub(super) fn violates_nothing(browser: &mut Browser) -> Result<()> {
    let found = script(
        browser,
        "
        const look = async () => (await axe.run(document, {resultTypes: ['violations']})).violations
            .map((it) => it.id + ' (' + it.impact + '): ' + it.nodes[0].html.slice(0, 200));
        const page = await look();
        $('#results tr[data-at]')?.click(); await wait(300);
        return [...page, ...await look()];",
    )?;
    let found = found.as_array().map_or(&[][..], Vec::as_slice);
    ensure!(found.is_empty(), "{found:#?}");
    Ok(())
}

/// Goes to paper and back: rows that are not on the screen, and what is folded, are printed, dark on light.
pub(super) fn prints(browser: &mut Browser) -> Result<String> {
    let got = script(
        browser,
        "
        const rows = () => document.querySelectorAll('#results tr[data-at]').length;
        const theme = () => document.documentElement.dataset.theme || 'system';
        const [before, all] = [rows(), parseInt(told().replaceAll(/[^0-9]/g, ''))];
        dispatchEvent(new Event('beforeprint'));
        const printed = {rows: rows(), theme: theme(), folded: document.querySelectorAll('main details:not([open])').length,
            told: $('#results tbody').lastElementChild.textContent};
        dispatchEvent(new Event('afterprint')); await frame();
        return {before, all, printed, after: rows(), theme: theme()};",
    )?;
    let (all, printed) = (got["all"].as_u64(), &got["printed"]);
    let most = all.map(|it| it.min(1000));
    ensure!(
        most > Some(0) && printed["rows"].as_u64() == most,
        "all rows are printed: {got}"
    );
    let says_more = printed["told"]
        .as_str()
        .is_some_and(|it| it.contains("not printed"));
    ensure!(says_more == (all > most), "what is left out is said: {got}");
    ensure!(
        printed["folded"] == 0 && printed["theme"] == "light",
        "unfolded and light: {got}"
    );
    ensure!(
        got["after"] == got["before"] && got["theme"] == "system",
        "it is as it was before: {got}"
    );
    Ok(format!(
        "prints: {} of {} rows",
        printed["rows"], got["all"]
    ))
}

/// Goes from control to control by the keyboard: each is reached, seen to be, and left again.
pub(super) fn reaches_all(browser: &mut Browser) -> Result<String> {
    let all = script(
        browser,
        "
        const all = document.querySelectorAll('a[href], button:not(:disabled), select, input, summary, [tabindex=\"0\"]');
        return [...all].filter((it) => it.checkVisibility()).length;",
    )?;
    let all = all.as_u64().unwrap_or_default();
    let focused = "
        const it = document.activeElement;
        if (it === document.body) return null;
        const {outlineStyle, outlineWidth} = getComputedStyle(it);
        const isSeen = outlineStyle !== 'none' && parseFloat(outlineWidth) > 0;
        const isNew = !it.isReached; it.isReached = true;
        return [it.localName + ' ' + it.textContent.slice(0, 40), isSeen, isNew];";
    for reached in 0..all {
        browser.press("Tab")?;
        let it = script(browser, focused)?;
        ensure!(it[2] == true, "{reached} of {all} are reached, then {it}");
        ensure!(it[1] == true, "the focus is not seen on {it}");
    }
    browser.press("Tab")?;
    let last = script(browser, focused)?;
    ensure!(last[2] != true, "it ends: {last}");
    Ok(format!("keyboard: {all} controls"))
}

/// Says when the page was first painted.
pub(super) fn paints(browser: &mut Browser) -> Result<String> {
    let got = browser.eval("({first: performance.getEntriesByName('first-contentful-paint')[0]?.startTime, whole: performance.timing.loadEventEnd - performance.timing.navigationStart, calls: document.querySelector('#results .told')?.textContent})")?;
    Ok(format!(
        "paints: first after {} ms, all read after {} ms, {}",
        got["first"].as_f64().unwrap_or(-1.0).round(),
        got["whole"],
        got["calls"]
    ))
}

/// Opens everything on a hostile page and looks that it is text.
pub(super) fn executes_nothing(browser: &mut Browser) -> Result<String> {
    let got = script(browser, "
        for (let round = 0; round < 3; round++) { document.querySelectorAll('main details').forEach((it) => { it.open = true; }); await frame(); }
        document.querySelectorAll('#elections tr[data-at]').forEach((it) => it.click());
        for (const it of document.querySelectorAll('thead button, .failures button')) { it.click(); await frame(); }
        $('dialog')?.close();
        const row = $('#results tr[data-at]'); row.click(); await wait(300);
        document.querySelectorAll('.provenance button, #provenance button').forEach((it) => it.click()); await wait(200);
        const scripts = [...document.scripts].filter((it) => !it.type).length;
        return {title: document.title, scripts, foreign: document.querySelectorAll('body img, body svg, body style, body iframe, body a:not(nav a):not(.skip)').length,
            isSeen: getComputedStyle(document.body).display !== 'none', unseen: document.querySelectorAll('.unseen').length,
            bidi: /[\\u202a-\\u202e\\u2066-\\u2069\\u200b]/.test([...document.body.children].filter((it) => it.tagName !== 'SCRIPT').map((it) => it.textContent).join('')),
            attributes: [...document.querySelectorAll('body *')].filter((it) => [...it.attributes].some((at) => at.name.startsWith('on'))).length};")?;
    let title = got["title"].as_str().unwrap_or_default();
    ensure!(
        title.contains("</script>"),
        "the title is the hostile text itself: {title}"
    );
    ensure!(
        got["scripts"] == 1 && got["foreign"] == 0 && got["attributes"] == 0,
        "no element comes out of text: {got}"
    );
    ensure!(
        got["isSeen"] == true && got["bidi"] == false,
        "nothing is hidden or reordered: {got}"
    );
    ensure!(
        got["unseen"].as_u64() > Some(0),
        "what would hide is shown: {got}"
    );
    Ok(format!(
        "executes nothing: {} characters made visible",
        got["unseen"]
    ))
}
