//! How many tokens a picture or a file has, before it is sent.
//!
//! Every provider has a rule of its own, and only its bill is right. What counts here is that a budget is
//! not overrun and the pace not far off, so it is the most that any of them says:
//!
//! - OpenAI, tiles: within 2048 x 2048 and then 768 on the shorter side, 85 and 170 for each 512 x 512;
//!   patches: one for each 32 x 32, 1536 at most, times 1.62 for the small models of GPT-5
//!   (<https://platform.openai.com/docs/guides/images-vision>);
//! - Anthropic: pixels by 750 (<https://platform.claude.com/docs/en/build-with-claude/vision>);
//! - Gemini: 258 for each 768 x 768 (<https://ai.google.dev/gemini-api/docs/image-understanding>);
//! - a page of a PDF: 258 for Gemini, text and picture for OpenAI, and for Anthropic 1,500 to 3,000 of text
//!   besides the picture (<https://platform.claude.com/docs/en/build-with-claude/pdf-support>).

use patterns_core::{Attachment, Document};

/// The most that any rule gives a picture: 1536 patches times 1.62.
const MOST: u64 = 2_489;

/// Tokens of a page: one with text, which has less of a picture's detail.
const PAGE: u64 = 3_000;

/// A scanned page has at least about so many bytes; pages that are packed away are not seen.
const BYTES_OF_A_PAGE: u64 = 100_000;

/// Returns about how many tokens a document has beside its text, on the high side.
pub(crate) fn attached_tokens(document: &Document) -> u64 {
    document.attachment.as_ref().map_or(0, tokens)
}

fn tokens(attachment: &Attachment) -> u64 {
    let bytes = attachment.bytes();
    if !attachment.media_type().is_picture() {
        return PAGE * pages(bytes);
    }
    match imagesize::blob_size(bytes) {
        Ok(size) => picture(size.width as u64, size.height as u64),
        Err(_) => MOST,
    }
}

/// Returns the most that any provider counts for a picture of this size.
fn picture(width: u64, height: u64) -> u64 {
    let of_anthropic = width.saturating_mul(height) / 750;
    let patches = width.div_ceil(32).saturating_mul(height.div_ceil(32));
    let of_patches = (patches.min(1_536) * 162).div_ceil(100);
    let of_gemini = 258
        * width
            .div_ceil(768)
            .saturating_mul(height.div_ceil(768))
            .min(9);
    // Anthropic makes larger ones smaller first.
    of_anthropic
        .min(1_600)
        .max(of_patches)
        .max(of_gemini)
        .max(of_tiles(width, height))
        .min(MOST)
}

fn of_tiles(width: u64, height: u64) -> u64 {
    let (longer, shorter) = (width.max(height) as f64, width.min(height) as f64);
    let shrink = (2_048.0 / longer).min(1.0);
    let shrink = shrink * (768.0 / (shorter * shrink).max(1.0)).min(1.0);
    let tiles = |side: f64| (side * shrink / 512.0).ceil() as u64;
    85 + 170 * tiles(longer) * tiles(shorter)
}

/// Counts the pages of a PDF as far as they can be seen without reading it.
fn pages(bytes: &[u8]) -> u64 {
    let is_page = |at: usize| {
        let rest = bytes[at..].trim_ascii_start();
        rest.starts_with(b"/Page") && !rest.starts_with(b"/Pages")
    };
    let names = bytes.windows(5).enumerate();
    let types = names.filter(|(_, name)| *name == b"/Type");
    let seen = types.filter(|(at, _)| is_page(at + 5)).count() as u64;
    seen.max(1 + bytes.len() as u64 / BYTES_OF_A_PAGE)
}

#[cfg(test)]
mod tests {
    use patterns_core::MediaType;

    use super::*;

    #[test]
    fn a_picture_has_the_most_that_any_provider_counts() {
        for (width, height, expected) in [
            // One tile of OpenAI's is more than 36 patches or 258.
            (1, 1, 258),
            (512, 512, 415),
            // 1024 patches times 1.62.
            (1024, 1024, 1_659),
            (4000, 3000, MOST),
            (u64::from(u32::MAX), 1, MOST),
        ] {
            assert_eq!(picture(width, height), expected, "{width} x {height}");
        }
    }

    #[test]
    fn what_has_no_size_counts_as_the_largest() {
        let broken =
            Document::attached("a", Attachment::new(MediaType::Png, *b"\x89PNG\r\n\x1a\n"));
        assert_eq!(attached_tokens(&broken), MOST);
        assert_eq!(attached_tokens(&Document::new("a", "x".repeat(100))), 0);
    }

    #[test]
    fn pages_are_counted_or_guessed_by_size() {
        let pdf = |bytes: Vec<u8>| {
            attached_tokens(&Document::attached(
                "a",
                Attachment::new(MediaType::Pdf, bytes),
            ))
        };
        let two = b"%PDF-1.4 /Type /Pages /Type /Page /MediaBox /Type/Page>>".to_vec();
        assert_eq!(pdf(two), 2 * PAGE);
        assert_eq!(pdf(vec![0; 250_000]), 3 * PAGE);
    }
}
