//! HTML files become Markdown, nothing lost and each value in its column.

use insta::assert_snapshot;

use crate::support::Folder;

const HTML: &str = "<!doctype html><html><head><title>T</title><style>p {}</style></head><body>\
    <h1>Tides</h1><p>They <b>rise</b> &amp; fall.</p><script>alert(1)</script>\
    <ul><li>Moon<li>Sun</ul></body></html>";

#[test]
fn html_becomes_markdown() {
    assert_snapshot!(Folder::with("a.html", HTML.as_bytes()).read(), @r##"a.html = "T\n\n# Tides\n\nThey **rise** & fall.\n\n*   Moon\n*   Sun""##);
}

#[test]
fn html_is_what_a_reader_sees() {
    let check = |html: &str, expected: &str| {
        let folder = Folder::with("a.html", html.as_bytes());
        assert_eq!(folder.read(), format!("a.html = {expected:?}\n"), "{html}");
    };
    check(
        "<p>10<sup>6</sup> of CO<sub>2</sub>, x<sup>n+1</sup>",
        "10^6 of CO_2, x^(n+1)",
    );
    check(
        "<p>Seen<p hidden>no<p style='Display : none'>no<div style=visibility:hidden>no</div>",
        "Seen",
    );
    check(
        "<p>A <img alt=map src='data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAA'>",
        "A ![map](picture)",
    );
    check(
        "<title>Tide  tables</title><h1>Tides</h1><p>High.",
        "Tide tables\n\n# Tides\n\nHigh.",
    );
    check(
        "<title>Tides</title><h1>Tides</h1><p>High.",
        "# Tides\n\nHigh.",
    );
    check(
        "<ol type=a><li>One<li value=4>Four<ol><li>Inner<p>More</ol><li>Five</ol>",
        "a.  One\nd.  Four\n    1.  Inner\n\n        More\ne.  Five",
    );
    check("<ol start=0><li>x<li>y</ol>", "0.  x\n1.  y");
    check("<ol reversed>lead<li>x<li>y</ol>", "lead\n2.  x\n1.  y");
    check("<ol type=I start=9><li>x<li>y</ol>", "IX.  x\nX.  y");
    let last = "mmmcmxcix.  x\n4000.  y";
    check("<ol type=i start=3999><li>x<li>y</ol>", last);
    let folder = Folder::with("a.html", b"<meta charset=iso-8859-2><p>z\xb3");
    assert_eq!(folder.read(), "a.html = \"zł\"\n");
}

#[test]
fn every_cell_of_a_table_is_there_and_in_its_column() {
    let check = |html: &str, expected: &str| {
        let folder = Folder::with("a.html", html.as_bytes());
        assert_eq!(folder.read(), format!("a.html = {expected:?}\n"), "{html}");
    };
    check(
        "<table><tr><th>Born<td>1970<tr><th>Died<td>2020</table>",
        "| Born | 1970 |\n|---|---|\n| Died | 2020 |",
    );
    check(
        "<table><caption>People</caption><thead><tr><th rowspan=2>City<th colspan=2>Year\
         <tr><th>2010<th>2020<tbody><tr><th>Rome<td>1|2<td>3</table>",
        "People\n\n| City | Year |  |\n|---|---|---|\n| City | 2010 | 2020 |\n| Rome | 1\\|2 | 3 |",
    );
    check(
        "<table><tr><td rowspan=3>a<td>b<tr><td colspan=2>c<tr><td>d<td rowspan=0>e<tr><td>f</table>",
        "| a | b |  |\n|---|---|---|\n| a | c |  |\n| a | d | e |\n| f |  | e |",
    );
    check(
        "<table><tr><th>x<th>y<tr><td><table><tr><td>1<td>2<tr><td>3<td>4</table><td>z</table>",
        "| x | y |\n|---|---|\n| 1 · 2; 3 · 4 | z |",
    );
    // A table that only sets up a page is read as what is on it.
    check(
        "<table><tr><td><h1>Tides</h1><p>High.<td>menu<tr><td>end<td>x</table>",
        "# Tides\n\nHigh.\n\nmenu\n\nend\n\nx",
    );
    let bomb = format!(
        "<table><tr><td rowspan=65000 colspan=1000000000>{}<td>x{}</table>",
        "long ".repeat(30),
        "<tr><td>1".repeat(5_000)
    );
    let read = Folder::with("a.html", bomb.as_bytes()).read();
    assert!(read.len() < 100_000, "{}", read.len());
    assert!(!read.contains('|'), "no column is wrong where none is");
}

#[test]
fn tables_within_tables_are_read_once_each() {
    for cell in ["<table><tr><th>", "<table><tr><th>a<tr><td>b<tr><td>"] {
        let page = cell.repeat(100) + "the innermost";
        let read = Folder::with("a.html", page.as_bytes()).read();
        assert!(read.contains("the innermost"), "{read}");
    }
}

#[test]
fn a_table_of_one_column_is_text_with_all_that_is_in_its_cells() {
    let page =
        "<table><caption>Tides</caption><tr><th>High<tr><td><p>One.<p>Two.<tr><td>low</table>";
    let read = Folder::with("a.html", page.as_bytes()).read();
    assert_eq!(
        read,
        format!("a.html = {:?}\n", "Tides\n\nHigh\n\nOne.\n\nTwo.\n\nlow")
    );
}

#[test]
fn the_last_row_of_a_long_table_is_in_its_columns_too() {
    let pair = "<tr><td rowspan=2>a<td rowspan=2>b<td rowspan=2>c<td>1<tr><td>2";
    let page = format!(
        "<table><tr><th>A<th>B<th>C<th>N{}</table>",
        pair.repeat(8_000)
    );
    let read = Folder::with("a.html", page.as_bytes()).read();
    let rows: Vec<&str> = read.split("\\n").skip(2).collect();
    assert_eq!(rows.len(), 16_000);
    for (at, row) in rows.iter().enumerate() {
        let expected = format!("| a | b | c | {} |", at % 2 + 1);
        assert_eq!(row.trim_end().trim_end_matches('"'), expected, "row {at}");
    }
}

#[test]
fn marks_that_change_what_html_says_are_kept() {
    let check = |html: &str, expected: &str| {
        let folder = Folder::with("a.html", html.as_bytes());
        assert_eq!(folder.read(), format!("a.html = {expected:?}\n"), "{html}");
    };
    check(
        "<p><del>$20</del> $15, <q>final</q>",
        "~~$20~~ $15, “final”",
    );
    check(
        "<p>x<math><msup><mi>x</mi><mn>2</mn></msup><mfrac><mn>1</mn><mn>2</mn></mfrac></math>",
        "xx^21/2",
    );
    check("<p>so <math alttext='x^2'><mi>x</mi></math>", "so x^2");
    check("<p>A<svg><title>Arrow</title></svg>", "A");
}
