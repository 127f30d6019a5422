//! What holds for the chunks of any text.

use std::collections::HashSet;
use std::num::NonZeroU64;

use patterns_core::{Chunk, Document, Split, TokenCounter, estimate_tokens};
use proptest::prelude::*;

use super::{Boundary, Splitter};

/// Ways of counting: the estimate, characters, words, and one with more tokens than bytes.
fn counters() -> impl Strategy<Value = (TokenCounter, u64)> {
    let estimate = TokenCounter::default();
    let characters = TokenCounter::new(|text| text.chars().count() as u64);
    let words = TokenCounter::new(|text| text.split_whitespace().count() as u64);
    let many = TokenCounter::new(|text| 2 * text.len() as u64);
    // The most tokens that a character has.
    prop_oneof![
        Just((estimate, 2)),
        Just((characters, 1)),
        Just((words, 1)),
        Just((many, 8)),
    ]
}

/// Texts with structure, texts with many bytes a character, and anything.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        "([a-z]{1,9}[ .,]{1,2}|\n{1,3}|#{1,3} [A-Z][a-z]{2}\n){0,80}",
        "[äé😀漢字👩‍👩‍👧 。\n\r\t-]{0,120}",
        "(```\n|- |\\* |> |1\\. |\\||[a-z ]{1,9}|<b>|\n){0,60}",
        "\\PC{0,120}",
        "[ \n\t]{0,40}x?[ \n]{0,40}",
    ]
}

fn split(text: &str, max: u64, overlap: u64, boundary: Boundary, by: &TokenCounter) -> Vec<Chunk> {
    let splitter = Splitter::new(NonZeroU64::new(max).expect("a chunk has a token"))
        .overlap(overlap)
        .expect("the overlap is small")
        .tokens(by.clone());
    let name = match boundary {
        Boundary::Text => "a",
        Boundary::Markdown => "a.md",
        Boundary::Code => "a.rs",
    };
    splitter.split(&Document::new(name, text))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn chunks_fit_and_leave_out_nothing(
        text in texts(),
        max in 1u64..40,
        overlap in 0u64..20,
        boundary in prop::sample::select(vec![Boundary::Text, Boundary::Markdown, Boundary::Code]),
        (counter, largest) in counters(),
    ) {
        let overlap = overlap.min(max / 2);
        let chunks = split(&text, max, overlap, boundary, &counter);
        let mut covered = 0;
        for (n, chunk) in chunks.iter().enumerate() {
            prop_assert_eq!(Some(&*chunk.text), text.get(chunk.range.clone()));
            prop_assert_eq!((chunk.number, chunk.of), (n as u64 + 1, chunks.len() as u64));
            prop_assert!(!chunk.text.trim().is_empty());
            let tokens = counter.count(&chunk.text);
            let is_character = chunk.text.trim().chars().count() == 1 && tokens <= largest;
            prop_assert!(tokens <= max || is_character, "{tokens} in {:?}", chunk.text);
            if overlap == 0 {
                prop_assert!(chunk.range.start >= covered);
            }
            if let Some(gap) = text.get(covered..chunk.range.start) {
                prop_assert!(gap.trim().is_empty(), "{gap:?} is lost");
            }
            prop_assert!(chunk.range.end > covered, "it has something of its own");
            covered = chunk.range.end;
        }
        prop_assert!(text[covered..].trim().is_empty(), "{:?} is lost", &text[covered..]);
        let ids: HashSet<String> = chunks.iter().map(Chunk::id).collect();
        prop_assert_eq!(ids.len(), chunks.len());
    }

    #[test]
    fn what_is_repeated_is_within_the_overlap(text in texts(), max in 2u64..40) {
        let counter = TokenCounter::default();
        let overlap = max / 2;
        let chunks = split(&text, max, overlap, Boundary::Text, &counter);
        for pair in chunks.windows(2) {
            prop_assert!(pair[0].range.start < pair[1].range.start);
            if let Some(repeated) = text.get(pair[1].range.start..pair[0].range.end) {
                prop_assert!(estimate_tokens(repeated) <= overlap);
            }
        }
    }

    #[test]
    fn halves_are_parts_of_their_chunk(text in texts(), max in 4u64..40) {
        let splitter = Splitter::new(NonZeroU64::new(max).unwrap());
        for chunk in splitter.split(&Document::new("a.md", text.as_str())) {
            let Some(halves) = splitter.halve(&chunk) else {
                prop_assert!(chunk.text.trim().chars().count() < 2);
                continue;
            };
            for half in &halves {
                prop_assert_eq!(Some(&*half.text), text.get(half.range.clone()));
                prop_assert!(half.range.start >= chunk.range.start);
                prop_assert!(half.range.end <= chunk.range.end);
                prop_assert_eq!(half.halves.len(), 1);
            }
        }
    }
}

fn lines(text: &str, max: u64, overlap: u64, boundary: Boundary) -> Vec<String> {
    let by = TokenCounter::new(|text| text.split_whitespace().count() as u64);
    let chunks = split(text, max, overlap, boundary, &by);
    let show = |it: &Chunk| match it.context() {
        Some(context) => format!("[{context}] {}", it.text),
        None => it.text.to_string(),
    };
    chunks.iter().map(show).collect()
}

#[test]
fn text_is_cut_at_its_best_boundaries() {
    let text = "One two three. Four five.\nSix seven.\n\nEight nine ten eleven.";
    let cut = |max| lines(text, max, 0, Boundary::Text);
    assert_eq!(
        cut(7),
        [
            "One two three. Four five.\nSix seven.",
            "Eight nine ten eleven."
        ]
    );
    assert_eq!(
        cut(3),
        [
            "One two three.",
            "Four five.",
            "Six seven.",
            "Eight nine ten",
            "eleven."
        ]
    );
}

#[test]
fn an_overlap_repeats_whole_lines_or_words() {
    let text = "a b\nc d\ne f\ng h";
    assert_eq!(
        lines(text, 6, 2, Boundary::Text),
        ["a b\nc d", "c d\ne f\ng h"]
    );
    assert_eq!(
        lines("a b c d e f g h", 6, 2, Boundary::Text),
        ["a b c d", "c d e f g h"]
    );
}

#[test]
fn chunks_of_markdown_know_the_headings_above_them() {
    let text = "# Guide\n\nA b c.\n\n## Install\n\nD e f g.\n\nH i j k.\n\n## Use\n\nL m.\n";
    assert_eq!(
        lines(text, 6, 0, Boundary::Markdown),
        [
            "# Guide\n\nA b c.",
            "[Guide] ## Install\n\nD e f g.",
            "[Guide › Install] H i j k.",
            "[Guide] ## Use\n\nL m."
        ]
    );
}

#[test]
fn a_document_that_fits_is_sent_as_it_is_and_an_empty_one_not_at_all() {
    let splitter = Splitter::new(NonZeroU64::new(5).unwrap());
    let document = Document::new("a.md", "  # Short\n");
    let chunks = splitter.split(&document);
    assert_eq!(chunks, [Chunk::whole(&document)]);
    assert_eq!(chunks[0].to_document(), document);
    assert_eq!(splitter.split(&Document::new("b.md", " \n\t")), []);
}

#[test]
fn the_second_half_is_under_the_headings_of_the_first() {
    let text = "# Guide\n\n## Install\n\nA b c d e f g h.\n\nI j k l m n o p.";
    let splitter = Splitter::new(NonZeroU64::new(1_000).unwrap());
    let chunk = Chunk::whole(&Document::new("a.md", text));
    let [first, second] = splitter.halve(&chunk).unwrap();
    assert_eq!(first.context(), None);
    assert!(second.text.starts_with("A b c"), "{}", second.text);
    assert_eq!(second.context().as_deref(), Some("Guide › Install"));
}

#[test]
fn an_overlap_of_more_than_half_is_refused() {
    let splitter = Splitter::new(NonZeroU64::new(10).unwrap());
    assert!(splitter.clone().overlap(5).is_ok());
    let error = splitter.overlap(6).unwrap_err();
    assert_eq!(
        error.to_string(),
        "an overlap of 6 tokens is more than half of a chunk of 10"
    );
}

/// Windows are larger than any chunk, so this text has three of them.
#[test]
fn long_texts_are_cut_window_by_window_without_a_seam() {
    let text: String = (0..100_000).map(|n| format!("Line {n:06}.\n")).collect();
    let counter = TokenCounter::default();
    let chunks = split(&text, 300, 0, Boundary::Text, &counter);
    let back: Vec<&str> = chunks.iter().map(|it| &*it.text).collect();
    assert_eq!(format!("{}\n", back.join("\n")), text);
    let (last, others) = chunks.split_last().unwrap();
    for chunk in others {
        assert_eq!(counter.count(&chunk.text), 299, "{}", chunk.id());
    }
    assert_eq!(last.of, chunks.len() as u64);
}

#[test]
fn code_is_cut_between_definitions() {
    let one = "fn one() {\n    a();\n}";
    let two = "fn two() {\n    first();\n\n    second();\n}";
    let code = format!("{one}\n\n{two}\n");
    let characters = TokenCounter::new(|text| text.chars().count() as u64);
    let splitter = Splitter::new(NonZeroU64::new(50).unwrap()).tokens(characters);
    let texts = |name: &str| {
        let chunks = splitter.split(&Document::new(name, code.as_str()));
        let texts = chunks.into_iter().map(|it| it.text.to_string());
        texts.collect::<Vec<_>>()
    };
    assert_eq!(texts("lib.rs"), [one, two]);
    // As text it is cut where most fits.
    let begin = format!("{one}\n\nfn two() {{\n    first();");
    assert_eq!(texts("lib.txt"), [begin.as_str(), "second();\n}"]);
}
