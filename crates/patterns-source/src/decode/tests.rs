//! What bytes are taken for.

use super::*;

const GERMAN: &[u8] = b"Das Stra\xdfenf\xfchrungsl\xe4rmschutzgesetz gilt \xfcber Nacht.";

fn check(bytes: &[u8], expected: Result<(&str, &str), &str>) {
    let found = decode(bytes, None, None);
    let found = found.as_ref().map(|it| (it.text.as_str(), it.encoding));
    assert_eq!(found.map_err(String::as_str), expected, "{bytes:?}");
}

#[test]
fn encodings() {
    check(b"", Ok(("", "UTF-8")));
    check("naïve".as_bytes(), Ok(("naïve", "UTF-8")));
    check(b"\xef\xbb\xbfwith mark", Ok(("with mark", "UTF-8")));
    check(b"\xff\xfeh\0i\0", Ok(("hi", "UTF-16LE")));
    check(b"\xfe\xff\0h\0i", Ok(("hi", "UTF-16BE")));
    check(b"h\0e\0l\0l\0o\0", Ok(("hello", "UTF-16LE")));
    check(b"\xff\xfe\0\0h\0\0\0i\0\0\0", Ok(("hi", "UTF-32LE")));
    check(b"\xff\xfeh\0\x00\xd8", Err("is not valid UTF-16LE"));
    let bytes = |text: &str, end: &[u8]| {
        let units = text.encode_utf16().flat_map(u16::to_le_bytes);
        units.chain(end.iter().copied()).collect::<Vec<u8>>()
    };
    let russian = "Пожалуйста, отправьте счёт.\nСпасибо.";
    check(&bytes(russian, b""), Ok((russian, "UTF-16LE")));
    let wide = russian.chars().flat_map(|it| u32::from(it).to_be_bytes());
    let wide: Vec<u8> = wide.collect();
    check(&wide, Ok((russian, "UTF-32BE")));
    // What an ASCII program has appended costs nothing but itself.
    check(
        &bytes("\u{feff}appended to", b"\n"),
        Ok(("appended to\u{fffd}", "UTF-16LE")),
    );
    check(b"PNG\0", Err("is binary (a NUL byte at offset 3)"));
    check(b"id\n\0\0\0", Ok(("id\n", "UTF-8")));
    check(
        b"a log with one \0 in it",
        Ok(("a log with one \0 in it", "UTF-8")),
    );
    check(
        b"line one\nline \0 two\n",
        Ok(("line one\nline \0 two\n", "UTF-8")),
    );
    let russian = bytes(russian, b"").into_iter();
    let other_way = russian.collect::<Vec<u8>>();
    let other_way = other_way.chunks(2).flat_map(|it| [it[1], it[0]]);
    let other_way: Vec<u8> = other_way.collect();
    let expected = "Пожалуйста, отправьте счёт.\nСпасибо.";
    check(&other_way, Ok((expected, "UTF-16BE")));
    let chinese = "合同草案已经发送给您，请在周五之前签字并寄回。 谢谢。 2026年";
    check(&bytes(chinese, b""), Ok((chinese, "UTF-16LE")));
    check(
        b"caf\xe9\x01",
        Err("is not UTF-8 (the first invalid byte at offset 3)"),
    );
    check(b"\xef\xbb\xbfcaf\xe9", Ok(("caf\u{fffd}", "UTF-8")));
    check(b"Un bon caf\xe9", Ok(("Un bon café", "windows-1252")));
    check(
        b"\x1b[31mcaf\xe9\x1b[0m",
        Ok(("\u{1b}[31mcafé\u{1b}[0m", "windows-1252")),
    );
    check(b"\x1b$B7@Ls\x1b(B", Ok(("契約", "ISO-2022-JP")));
    let german = "Das Straßenführungslärmschutzgesetz gilt über Nacht.";
    check(GERMAN, Ok((german, "windows-1252")));
    let japanese =
        b"\x8c_\x96\xf1\x8f\x91\x82\xcc\x88\xc4\x82\xf0\x91\x97\x82\xe8\x82\xdc\x82\xb7\x81B";
    check(japanese, Ok(("契約書の案を送ります。", "Shift_JIS")));
}

#[test]
fn nuls_in_a_text_of_single_bytes_make_no_utf_16_of_it() {
    let japanese =
        b"\x8c_\x96\xf1\x8f\x91\x82\xcc\x88\xc4\x82\xf0\x91\x97\x82\xe8\x82\xdc\x82\xb7\x81B";
    for text in [
        &b"caf\xe9 au lait, th\xe9 et croissants"[..],
        b"name;menu\nGr\xfcn;caf\xe9\nBraun;Tee\n",
        b"id\x01text\n1\x01one\n2\x01two and more words\n",
        "Größe – naïve café, façade and so on".as_bytes(),
        GERMAN,
        japanese,
    ] {
        for at in 0..text.len() {
            for nuls in 1..3 {
                let nuls = [b"\0a".as_slice(), b"\0b\0"][nuls - 1];
                let bytes = [&text[..at], nuls, &text[at..]].concat();
                assert_eq!(wide(&bytes), None, "{bytes:?}");
            }
        }
    }
    // Numbers of two bytes, as of sounds, are no text either.
    let numbers: Vec<u8> = (0..200_u16)
        .flat_map(|it| (it * 7 % 30).to_le_bytes())
        .collect();
    assert!(decode(&numbers, None, None).is_err());
}

#[test]
fn one_wrong_byte_does_not_make_all_the_others_wrong() {
    let good = "Grüße aus Köln – schön\n";
    for wrong in [&b"\xe9"[..], b"\xff", b"\xe2\x82"] {
        let bytes = [good.as_bytes(), wrong, good.as_bytes()].concat();
        let text = decode(&bytes, None, None).unwrap();
        assert_eq!(text.text, format!("{good}\u{fffd}{good}"));
        let note = "not UTF-8 throughout (first at byte 29); U+FFFD stands for what is not";
        assert_eq!(text.note.as_deref(), Some(note));
        let end = decode(&bytes[..good.len() + wrong.len()], None, None).unwrap();
        assert_eq!(end.text, format!("{good}\u{fffd}"));
    }
}

#[test]
fn what_is_guessed_is_told_and_what_is_given_or_declared_holds() {
    let guessed = decode(GERMAN, None, None).unwrap();
    assert_eq!(
        guessed.note.as_deref(),
        Some("read as windows-1252, a guess")
    );
    let given = |label: &[u8]| decode(b"z\xb3", Encoding::for_label(label), None).unwrap();
    assert_eq!(
        (given(b"iso-8859-2").text, given(b"koi8-r").text),
        ("zł".into(), "zЁ".into())
    );
    let is_declared = |bytes: &[u8]| {
        let declared = declared(bytes, true);
        decode(bytes, None, declared).unwrap()
    };
    for head in [
        "<?xml version='1.0' encoding='ISO-8859-2'?>",
        "<meta charset=iso-8859-2>",
        r#"<META http-equiv="x" content="text/html; Charset=iso-8859-2">"#,
    ] {
        let read = is_declared(&[head.as_bytes(), b"z\xb3"].concat());
        assert_eq!((read.text, read.note), (format!("{head}zł"), None));
        // What is valid UTF-8 is not what it declares.
        let read = is_declared(&[head, "zł"].concat().into_bytes());
        assert_eq!(read.text, format!("{head}zł"));
    }
}
