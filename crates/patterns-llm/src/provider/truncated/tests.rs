//! No false alarm on any kind of text, and none that is missed.

use super::*;

/// Texts of every kind that tokenizers are good or bad at.
const SENTENCES: [(&str, &str); 19] = [
    (
        "English",
        "The committee agreed that the annual report should be published before the end of June. ",
    ),
    (
        "plain words",
        "it is as if we go to be or not to be so do as I do ",
    ),
    (
        "code",
        "        for (int index = 0; index < length; ++index) { total += values[index]; }\n",
    ),
    (
        "JSON",
        "{\"name\": \"value\", \"items\": [1, 2, 3], \"nested\": {\"flag\": true, \"empty\": null}}\n",
    ),
    (
        "log",
        "2026-11-27T15:14:51.123Z INFO  worker-17 GET /index.html 200 1234 bytes 17 ms 10.0.0.1\n",
    ),
    (
        "numbers",
        "1234567890 31415926535 2026 17 3.14159 1000000\n",
    ),
    (
        "Chinese",
        "我们的目标是在今年年底之前完成所有的工作,并且向委员会提交一份详细的报告。",
    ),
    (
        "Japanese",
        "私たちは今年の終わりまでにすべての作業を完了し、詳細な報告書を提出する予定です。",
    ),
    (
        "Korean",
        "우리는 올해 말까지 모든 작업을 완료하고 위원회에 자세한 보고서를 제출할 예정입니다. ",
    ),
    (
        "Russian",
        "Комитет решил, что ежегодный отчёт должен быть опубликован до конца июня. ",
    ),
    (
        "German",
        "Die Bundesverfassungsgerichtsentscheidung wurde gestern veröffentlicht. ",
    ),
    (
        "Thai",
        "เราวางแผนที่จะทำงานทั้งหมดให้เสร็จภายในสิ้นปีนี้และส่งรายงานโดยละเอียดต่อคณะกรรมการ",
    ),
    (
        "Arabic",
        "قررت اللجنة نشر التقرير السنوي قبل نهاية شهر يونيو المقبل. ",
    ),
    (
        "Hindi",
        "समिति ने निर्णय लिया कि वार्षिक रिपोर्ट जून के अंत से पहले प्रकाशित की जाए। ",
    ),
    ("emoji", "🍎🍊🍋 👩‍👩‍👧 😀😃😄 🇩🇪 "),
    (
        "rules",
        "==========================================\n------------------------------------------\n",
    ),
    (
        "blanks",
        "                                                                              \n\n\n\n",
    ),
    (
        "base64",
        "QmFzZTY0IGlzIGEgZ3JvdXAgb2YgYmluYXJ5LXRvLXRleHQgZW5jb2Rpbmcgc2NoZW1lcyB0aGF0",
    ),
    (
        "one letter",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ),
];

/// The same, said until it is long enough to be looked at, and what is one token again and again.
fn samples() -> Vec<(&'static str, String)> {
    let again = [
        ("thanks", "ありがとうございます"),
        ("survey", "非常满意,不满意\n"),
        ("country", "中华人民共和国"),
        ("greeting", "안녕하세요 "),
        ("bank", "ธนาคารกรุงเทพ"),
        ("zeros", "00000000"),
        ("rulers", "xxxxxxxxxxxxxxxx"),
    ];
    let all = SENTENCES.into_iter().chain(again);
    all.map(|(name, text)| (name, text.repeat(200))).collect()
}

fn request(text: &str) -> Request {
    Request {
        messages: vec![Message::user([Part::text(text)])],
        ..Request::default()
    }
}

fn read(input_tokens: u64, cached_input_tokens: u64) -> Usage {
    Usage {
        input_tokens,
        cached_input_tokens,
        ..Usage::default()
    }
}

#[test]
fn a_bill_far_below_what_was_sent_is_no_answer() {
    let long = request(&"word ".repeat(5_000));
    let error = is_truncated(&long, read(2_050, 0), None).unwrap();
    assert_eq!(error.kind(), ModelErrorKind::ContextTooLong);
    assert_eq!(error.usage().input_tokens, 2_050);
    assert_eq!(
        error.detail(),
        Some("the server read about 2050 of at least 5000 tokens and said nothing of it")
    );
    for (input, cached) in [(5_010, 0), (4_600, 0), (300, 4_700), (0, 0), (10, 0)] {
        assert!(
            is_truncated(&long, read(input, cached), None).is_none(),
            "{input}"
        );
    }
    let short = request(&"word ".repeat(250));
    assert!(is_truncated(&short, read(210, 0), None).is_none());
}

#[test]
fn a_bill_that_is_computed_from_the_length_tells_nothing() {
    let ideographs: String = ('\u{4e00}'..).step_by(7).take(1_200).collect();
    for (text, bill, is_cut) in [
        ("a ".repeat(1_200), 600, false),
        ("a ".repeat(1_200), 610, false),
        ("a ".repeat(1_200), 800, false),
        ("a ".repeat(1_200), 300, true),
        ("a ".repeat(1_200), 700, true),
        (ideographs.clone(), 300, false),
        (ideographs, 210, true),
    ] {
        let error = is_truncated(&request(&text), read(bill, 0), None);
        assert_eq!(error.is_some(), is_cut, "{bill} of {}", text.len());
    }
    let filled = is_truncated(&request(&"a ".repeat(1_200)), read(600, 0), Some(600));
    assert!(filled.is_some(), "what fills the context was cut");
}

#[test]
fn a_prompt_that_fills_the_context_was_cut() {
    let short = request("word");
    assert!(is_truncated(&short, read(4_096, 0), Some(4_096)).is_some());
    assert!(is_truncated(&short, read(4_095, 0), Some(4_096)).is_none());
}

#[test]
fn what_is_said_again_and_again_without_a_blank_may_be_a_token_each_time() {
    for (text, bill) in [
        ("ありがとうございます".repeat(1_000), 1_000),
        ("中华人民共和国 ".repeat(1_000), 1_000),
        ("0".repeat(8_000), 250),
    ] {
        let error = is_truncated(&request(&text), read(bill, 0), None);
        assert!(error.is_none(), "{bill} of {}", text.len());
    }
    // That is of no use to who reads half of what differs.
    let all: String = ('\u{4e00}'..).take(6_000).collect();
    assert!(is_truncated(&request(&all), read(1_000, 0), None).is_some());
}

#[test]
fn what_the_model_said_before_does_not_count() {
    let mut request = request("Again.");
    request
        .messages
        .push(Message::assistant("word ".repeat(9_000)));
    assert_eq!(least_of(&request), 1);
}

#[test]
fn the_bound_is_never_below_the_count() {
    for (name, text) in samples() {
        for text in [&*text, &format!("{}{text}1a", "a".repeat(99))] {
            assert!(bound(text) >= least(text), "{name}");
        }
    }
    let words = "word ".repeat(5_000);
    assert!(bound(&words) < least(&words) * 5 / 4, "it saves the count");
}

/// No text of any kind has fewer tokens than are counted, by the vocabularies with the longest ones.
#[cfg(feature = "tiktoken")]
#[test]
fn no_tokenizer_has_fewer() {
    for model in ["gpt-4o", "gpt-4"] {
        let id = patterns_core::ModelId::new("openai", model);
        let counter = crate::token_counter(&id).unwrap();
        for (name, text) in samples() {
            let (tokens, least) = (counter.count(&text), least(&text));
            assert!(tokens >= least, "{name}: {tokens} by {model}, {least} here");
        }
    }
}

#[test]
fn texts_are_counted_low() {
    let counted: Vec<String> = SENTENCES
        .iter()
        .map(|(name, text)| format!("{name} {}", least(text)))
        .collect();
    insta::assert_snapshot!(counted.join(" · "), @"English 15 · plain words 17 · code 10 · JSON 11 · log 24 · numbers 13 · Chinese 12 · Japanese 13 · Korean 15 · Russian 11 · German 6 · Thai 14 · Arabic 10 · Hindi 15 · emoji 0 · rules 0 · blanks 0 · base64 20 · one letter 4");
}
