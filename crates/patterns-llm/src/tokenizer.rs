//! The tokenizers of models, by name.

use patterns_core::{ModelId, TokenCounter};
use tiktoken_rs::tokenizer::{Tokenizer, get_tokenizer};
use tiktoken_rs::{CoreBPE, cl100k_base_singleton, o200k_base_singleton, o200k_harmony_singleton};

/// The most bytes that are counted at once. The tokenizer's patterns give up, and its crate with
/// them, on much longer runs of one kind of character.
const PIECE: usize = 16 << 10;

/// Returns who counts tokens as `model` does; `None` where its tokenizer is not known.
///
/// These are the models of `OpenAI` and those that keep their names elsewhere, fine-tuned ones
/// included. The vocabularies are in the program; one is unpacked at the first count, which takes
/// about a tenth of a second. What a provider wraps around a message is not counted.
///
/// ```
/// use patterns_core::ModelId;
/// use patterns_llm::token_counter;
///
/// let counter = token_counter(&ModelId::new("openai", "gpt-5-mini")).unwrap();
/// assert_eq!(counter.count("お誕生日おめでとう"), 8);
/// assert!(token_counter(&ModelId::new("ollama", "llama3.2")).is_none());
/// ```
pub fn token_counter(model: &ModelId) -> Option<TokenCounter> {
    // Others put the maker before the name, as in `openai/gpt-5-mini`.
    let name = model.model.rsplit('/').next().unwrap_or_default();
    let load: fn() -> &'static CoreBPE = match get_tokenizer(name)? {
        Tokenizer::O200kBase => o200k_base_singleton,
        Tokenizer::O200kHarmony => o200k_harmony_singleton,
        Tokenizer::Cl100kBase => cl100k_base_singleton,
        // No model that chats has these.
        Tokenizer::P50kBase | Tokenizer::R50kBase | Tokenizer::P50kEdit | Tokenizer::Gpt2 => {
            return None;
        }
    };
    Some(TokenCounter::new(move |text| count(load(), text)))
}

/// Counts piece by piece; a word that is cut between two pieces counts a token more.
fn count(tokenizer: &CoreBPE, text: &str) -> u64 {
    let mut rest = text;
    let mut tokens = 0;
    while !rest.is_empty() {
        let (piece, more) = rest.split_at(piece_end(rest));
        tokens += tokenizer.count_ordinary(piece) as u64;
        rest = more;
    }
    tokens
}

/// Returns where the next piece ends: before a space if there is one, as tokens begin with it.
fn piece_end(text: &str) -> usize {
    if text.len() <= PIECE {
        return text.len();
    }
    let most = (PIECE - 3..=PIECE)
        .rev()
        .find(|it| text.is_char_boundary(*it));
    let most = most.unwrap_or(text.len());
    match text[..most].rfind(' ') {
        Some(space) if space > 0 => space,
        _ => most,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counter(name: &str) -> TokenCounter {
        token_counter(&ModelId::new("openai", name)).unwrap()
    }

    #[test]
    fn models_have_their_own_tokenizers() {
        // The counts are published: cookbook.openai.com, "How to count tokens with tiktoken".
        for (text, newer, older) in [
            ("antidisestablishmentarianism", 6, 6),
            ("2 + 2 = 4", 7, 7),
            ("お誕生日おめでとう", 8, 9),
        ] {
            for name in [
                "gpt-5-mini",
                "gpt-oss-20b",
                "openai/gpt-5",
                "ft:gpt-4o:org:x:id",
            ] {
                assert_eq!(counter(name).count(text), newer, "{name} {text}");
            }
            assert_eq!(counter("gpt-4").count(text), older, "{text}");
        }
        for name in [
            "",
            "llama3.2",
            "claude-sonnet-4-5",
            "text-davinci-003",
            "gpt2",
        ] {
            assert!(token_counter(&ModelId::new("x", name)).is_none(), "{name}");
        }
    }

    #[test]
    fn pieces_count_as_the_whole_does() {
        let text = "Some words, and 1,000 numbers; größer\n\n  indented(x)\t".repeat(2_000);
        for name in ["gpt-5", "gpt-4", "gpt-oss-20b"] {
            let load = tiktoken_rs::bpe_for_model(name).unwrap();
            assert_eq!(
                counter(name).count(&text),
                load.count_ordinary(&text) as u64
            );
        }
    }

    #[test]
    fn no_text_is_too_odd_to_be_counted() {
        let units = [
            " ",
            "\n",
            "\r\n",
            "\t ",
            "x",
            "X",
            "xX",
            "7",
            "!",
            "漢",
            "é",
            "e\u{301}",
            "😀",
            "\u{200d}",
            "'s",
            "<|endoftext|>",
            "\0",
            "\u{a0}",
            " \n",
        ];
        for unit in units {
            for ending in ["", "x", " ", "\n"] {
                let text = format!("{}{ending}", unit.repeat(60_000));
                for name in ["gpt-5", "gpt-4"] {
                    let tokens = counter(name).count(&text);
                    assert!((1..=text.len() as u64).contains(&tokens), "{unit:?} {name}");
                }
            }
        }
    }
}
