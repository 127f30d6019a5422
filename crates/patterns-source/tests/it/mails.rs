//! Mails as programs write them, and as nobody should.

use std::fmt::Write as _;

use insta::assert_snapshot;
use patterns_source::Source;

use crate::support::{Folder, gzip};

const HEAD: &str = "Received: from x by y\r\nFrom: =?utf-8?q?J=C3=BCrgen?= <j@x.de>\r\nTo: a@b.org\r\n\
    Subject: =?iso-8859-1?Q?Pr=FCfung_der?=\r\n =?iso-8859-1?Q?_B=FCcher?=\r\nMIME-Version: 1.0\r\n";

/// Makes a mail of a head and what is below it, with a boundary for `--`.
fn mail(content_type: &str, body: &str) -> Vec<u8> {
    format!("{HEAD}Content-Type: {content_type}\r\n{body}").into_bytes()
}

/// Reads a file and shows it, with what is told of it.
fn read(name: &str, bytes: &[u8]) -> String {
    let folder = Folder::with(name, bytes);
    let source = Source::new([folder.0.path()]);
    let mut shown = folder.show(&source);
    let mut documents = source.open().unwrap();
    documents.by_ref().for_each(drop);
    for note in documents.take_notes() {
        let note = note.replace(&format!("{}/", folder.0.path().display()), "");
        writeln!(shown, "note: {note}").unwrap();
    }
    shown
}

#[test]
fn texts_are_unpacked_and_heads_are_decoded() {
    let quoted = "Content-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe, =\r\nalle.\r\nBis =\r\nbald =\r\n";
    assert_snapshot!(read("a.eml", &mail("text/plain; charset=utf-8", quoted)), @r#"
    a.eml = "From: Jürgen <j@x.de>\nTo: a@b.org\nSubject: Prüfung der Bücher\n\nGrüße, alle.\nBis bald\n"
    "#);
    let packed = "Content-Transfer-Encoding: base64\r\n\r\nR3L832UK\r\n";
    assert_snapshot!(read("a.txt", &mail("text/plain; charset=iso-8859-1", packed)), @r#"
    a.txt = "From: Jürgen <j@x.de>\nTo: a@b.org\nSubject: Prüfung der Bücher\n\nGrüße\n"
    "#);
    for cut in ["R3L832U", "R3L8\r\n32UgI"] {
        let packed = format!("Content-Transfer-Encoding: base64\r\n\r\n{cut}\r\n");
        let shown = read("a.eml", &mail("text/plain; charset=iso-8859-1", &packed));
        assert!(shown.contains("\\n\\nGrü"), "{shown}");
        let note = "note: a.eml: its text is not closed; its end may be missing";
        assert!(shown.contains(note), "{shown}");
    }
    let japanese = "\r\n\x1b$B8eF|\x1b(B\r\n";
    assert_snapshot!(read("a.eml.gz", &gzip(&mail("text/plain; charset=iso-2022-jp", japanese))), @r#"
    a.eml.gz = "From: Jürgen <j@x.de>\nTo: a@b.org\nSubject: Prüfung der Bücher\n\n後日\n"
    "#);
}

#[test]
fn of_a_text_in_several_forms_the_plain_one_is_read_unless_it_is_a_stub() {
    let forms = |plain: &str, page: &str| {
        let body = format!(
            "\r\n--x\r\nContent-Type: text/plain\r\n\r\n{plain}\r\n--x\r\n\
             Content-Type: text/html\r\n\r\n{page}\r\n--x--\r\n"
        );
        read("a.eml", &mail("multipart/alternative; boundary=x", &body))
    };
    assert_snapshot!(forms("Plain words.", "<p>Rich <b>words</b>."), @r#"
    a.eml = "From: Jürgen <j@x.de>\nTo: a@b.org\nSubject: Prüfung der Bücher\n\nPlain words.\n"
    "#);
    assert_snapshot!(forms(" ", "<p>Rich <b>words</b>."), @r#"
    a.eml = "From: Jürgen <j@x.de>\nTo: a@b.org\nSubject: Prüfung der Bücher\n\nRich **words**.\n"
    "#);
    assert_snapshot!(forms("See page.", &"<p>many words ".repeat(11)), @r#"
    a.eml = "From: Jürgen <j@x.de>\nTo: a@b.org\nSubject: Prüfung der Bücher\n\nmany words \n\nmany words \n\nmany words \n\nmany words \n\nmany words \n\nmany words \n\nmany words \n\nmany words \n\nmany words \n\nmany words \n\nmany words\n"
    note: a.eml: its plain text is a stub, so its page was read
    "#);
}

#[test]
fn what_is_attached_is_named_and_a_mail_within_is_read() {
    let body = "\r\npreamble\r\n--x\r\n\r\nSee below.\r\n--x\r\nContent-Type: application/pdf\r\n\
        Content-Disposition: attachment; filename*=utf-8''M%C3%A4rz%0A.pdf\r\n\r\n%PDF\r\n--x\r\n\
        Content-Type: message/rfc822\r\n\r\nFrom: c@d.org\r\nSubject: inner\r\n\r\nInner.\r\n--x--\r\n";
    assert_snapshot!(read("a.eml", &mail("multipart/mixed; boundary=x", body)), @r#"
    a.eml = "From: Jürgen <j@x.de>\nTo: a@b.org\nSubject: Prüfung der Bücher\nAttachments: März .pdf\n\nSee below.\n\nFrom: c@d.org\nSubject: inner\n\nInner.\n"
    note: a.eml: not read of the mail: März .pdf
    "#);
    let only = "\r\n--x\r\nContent-Type: image/png; name=scan.png\r\n\r\nPNG\r\n--x--\r\n";
    assert_snapshot!(read("a.eml", &mail("multipart/mixed; boundary=x", only)), @r#"
    Unsupported a.eml: the file has no text of its own, but scan.png, which is not read; save that by itself
    "#);
    let page = "\r\n--x\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
        <p class=3D\"a\">Saved.\r\n--x\r\nContent-Type: image/png\r\n\r\nPNG\r\n--x--\r\n";
    assert_snapshot!(read("a.mht", &mail("multipart/related; boundary=x", page)), @r#"
    a.mht = "From: Jürgen <j@x.de>\nTo: a@b.org\nSubject: Prüfung der Bücher\nAttachments: image/png\n\nSaved.\n"
    note: a.mht: not read of the mail: image/png
    "#);
}

#[test]
fn each_mail_of_a_mailbox_is_a_document() {
    let begin = "From a@b.org Tue Mar  3 10:00:00 2026\n";
    let mailbox = format!(
        "{begin}From: a@b.org\nSubject: one\n\nFrom here on:\n>From there\n\nFrom us to you\n\n\
         {begin}From: b@b.org\nContent-Type: multipart/mixed; boundary=x\n\nno parts\n\n\
         {begin}From: c@b.org\nContent-Transfer-Encoding: base64\n\nVGhyZWU=\n"
    );
    assert_snapshot!(read("inbox", mailbox.as_bytes()), @r#"
    inbox:1 = "From: a@b.org\nSubject: one\n\nFrom here on:\nFrom there\n\nFrom us to you\n"
    Broken inbox:10: the mail has parts that cannot be told apart
    inbox:16 = "From: c@b.org\n\nThree\n"
    "#);
    let folder = Folder::with("inbox.mbox", mailbox.as_bytes());
    let source = Source::new([folder.0.path()]);
    let mut only = source.open().unwrap().only([2].into());
    assert_eq!(only.next().unwrap().unwrap().document.id, "inbox.mbox:16");
    assert_eq!(only.count(), 0);
}

#[test]
fn no_text_is_lost_where_the_blank_line_below_a_head_is_missing() {
    let lost = "X_Odd.name: 1\r\nMIME-Version: 1.0\r\nHi,\r\nplease call me back.\r\nUrgent: yes it is\r\n\r\nBye";
    assert_snapshot!(read("a.eml", lost.as_bytes()), @r#"
    a.eml = "\nHi,\nplease call me back.\nUrgent: yes it is\n\nBye\n"
    note: a.eml: the blank line below its head is missing
    "#);
    for kind in ["mixed", "alternative"] {
        let body = "\r\n--x\r\nContent-Type: text/plain;\r\n a=b\r\n:-) The whole text stands here.\r\n--x--";
        let mail = format!("Subject: s\r\nContent-Type: multipart/{kind}; boundary=x\r\n{body}");
        assert_eq!(
            read("a.eml", mail.as_bytes()),
            "a.eml = \"Subject: s\\n\\n:-) The whole text stands here.\\n\"\n\
             note: a.eml: the blank line below its head is missing\n"
        );
    }
    let within = "Subject: s\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\
        Content-Type: message/rfc822\r\n\r\nSubject: inner\r\nNo blank line.\r\n--x--";
    assert_snapshot!(read("a.eml", within.as_bytes()), @r#"
    a.eml = "Subject: s\n\nSubject: inner\n\nNo blank line.\n"
    note: a.eml: the blank line below its head is missing
    "#);
}

#[test]
fn a_page_that_cannot_be_read_is_no_loss_beside_its_plain_text() {
    let forms = |plain: &str| {
        let page = "<div>".repeat(600);
        let body = format!(
            "\r\n--x\r\nContent-Type: text/plain\r\n\r\n{plain}\r\n--x\r\n\
             Content-Type: text/html\r\n\r\n{page}Rich.\r\n--x--\r\n"
        );
        read("a.eml", &mail("multipart/alternative; boundary=x", &body))
    };
    assert_snapshot!(forms("Plain words."), @r#"
    a.eml = "From: Jürgen <j@x.de>\nTo: a@b.org\nSubject: Prüfung der Bücher\n\nPlain words.\n"
    note: a.eml: its page cannot be read
    "#);
    assert_snapshot!(forms(" "), @r#"
    TooLarge a.eml: the file has elements nested more than 500 deep
    "#);
}

#[test]
fn a_subject_that_is_not_encoded_is_in_the_charset_of_the_text() {
    let text = "Subject: Счёт за март\nContent-Type: text/plain; charset=koi8-r\n\nСчёт за март";
    let (koi8, ..) = encoding_rs::KOI8_R.encode(text);
    assert_snapshot!(read("a.eml", &koi8), @r#"
    a.eml = "Subject: Счёт за март\n\nСчёт за март\n"
    "#);
    assert_snapshot!(read("a.eml", b"Subject: http://x.org/?q=?y\n\nSee there."), @r#"
    a.eml = "Subject: http://x.org/?q=?y\n\nSee there.\n"
    "#);
    assert_snapshot!(read("a.eml", b"Subject: =?odd?q?x?=\n\nSee there."), @r#"
    a.eml = "Subject: =?odd?q?x?=\n\nSee there.\n"
    note: a.eml: not all of the head can be read
    "#);
}

#[test]
fn records_that_are_asked_for_are_those_of_a_mail_too() {
    let begin = "From a@b.org Tue Mar  3 10:00:00 2026";
    for (name, head) in [("a.log", begin), ("a.mbox", begin), ("a.eml", "To: us")] {
        let text = format!("{head}\nFrom: a@b.org\nMIME-Version: 1.0\n\nWords.\n");
        let folder = Folder::with(name, text.as_bytes());
        let source = Source::new([folder.0.path()]).records("blank".parse().unwrap());
        let expected = format!(
            "{name}:1 = \"{head}\\nFrom: a@b.org\\nMIME-Version: 1.0\"\n{name}:5 = \"Words.\"\n"
        );
        assert_eq!(folder.show(&source), expected);
        assert_eq!(source.open().unwrap().count_files(9), None);
    }
}

#[test]
fn a_hostile_mail_is_one_document_that_failed() {
    let deep = |count: usize| {
        (0..count).fold(String::new(), |body, at| {
            format!(
                "{body}\r\n--{at}\r\nContent-Type: multipart/mixed; boundary={}\r\n",
                at + 1
            )
        })
    };
    let nested = "Content-Type: message/rfc822\r\n\r\n".repeat(100_000);
    for (content_type, body) in [
        ("multipart/mixed; boundary=0", deep(1_000)),
        ("multipart/mixed", "\r\nno parts".to_owned()),
        ("message/rfc822", format!("\r\n{nested}")),
        (
            "text/plain; charset=iso-2022-kr",
            "\r\n\x1b$)C\x0e1[\x0f".to_owned(),
        ),
        (
            "text/plain; x=",
            format!("{}\r\n\r\nx", " =?a".repeat(1 << 18)),
        ),
        (
            "text/plain\r\nSubject: ",
            format!("{}\r\n\r\nx", " =?a?=x".repeat(1 << 12)),
        ),
        (
            "text/plain\r\nContent-Transfer-Encoding: base64",
            "\r\nR3L8?2UK".to_owned(),
        ),
    ] {
        let shown = read("a.eml", &mail(content_type, &body));
        assert!(!shown.contains(" = "), "{shown}");
        assert!(
            shown.starts_with("Broken a.eml: ")
                || shown.contains("NotText")
                || shown.contains("Unsupported"),
            "{shown}"
        );
    }
}
