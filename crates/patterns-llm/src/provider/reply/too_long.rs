//! Recognises, in any provider's words, that a request is longer than it may be.
//!
//! There are dozens of wordings, and new ones with every server. So no list of sentences decides, but
//! what they have in common: something to read (a prompt, a context, tokens …) and a comparison that
//! it fails. Bounds of the *answer* are taken out first: a `max_tokens` that is too large is a bad
//! option, and cutting the document would not mend it.

/// Names of the bound on the answer, which says nothing about the length of what was sent.
const ABOUT_THE_ANSWER: &[&str] = &[
    "max_completion_tokens",
    "max_output_tokens",
    "maxoutputtokens",
    "max_new_tokens",
    "max_tokens",
    "min_tokens",
    "max_token",
    "completion tokens",
    "output tokens",
];

/// What there is to read.
const READ: &[&str] = &[
    "context",
    "ctx",
    "prompt",
    "input",
    "sequence",
    "token",
    "message",
    "conversation",
    "request",
    "inputs",
    "payload",
    "content",
    "string",
    "body",
];

/// Comparisons that it failed.
const FAILED: &[&str] = &[
    "too long",
    "too large",
    "too big",
    "too many token",
    "too many input",
    "longer than",
    "greater than",
    "larger than",
    "more tokens than",
    "bigger than",
    "exceed",
    "overflow",
    "less than",
    "fewer than",
    "must be <=",
    "must be at most",
    "should be at most",
    "reduce the length",
    "reduce your",
    "shorten",
    "maximum context",
    "maximum prompt",
    "maximum input",
    "maximum number of tokens",
    "max context",
    "max input",
    "context of only",
    "does not fit",
    "doesn't fit",
    "not fit in",
    "over the limit",
    "above the limit",
    "beyond the",
    "but only",
    "at most",
];

/// What marks a text as one about length, so that "the request exceeds …" something else is not.
const LENGTH: &[&str] = &[
    "token",
    "context",
    "ctx",
    "length",
    "too long",
    "sequence",
    "prompt",
    "size",
    "characters",
    "request too large",
    "request is too large",
];

/// Whatever else is said, it is not about length.
const ELSE: &[&str] = &[
    "rate limit",
    "per minute",
    "per day",
    "quota",
    "image",
    "temperature",
    "top_p",
    "schema",
    "grammar",
    "credit",
    "balance",
    "api key",
    "please wait",
];

/// Returns whether `words`, in lower case, say that a request is longer than the model can read.
pub(crate) fn is_too_long(words: &str) -> bool {
    // Doubao counts pictures among the tokens.
    let is_total = words.contains("total tokens of image and text exceed");
    if !is_total && ELSE.iter().any(|it| words.contains(it)) {
        return false;
    }
    let mut about_input = words.to_owned();
    for name in ABOUT_THE_ANSWER {
        about_input = about_input.replace(name, " ");
    }
    let says = |stems: &[&str]| stems.iter().any(|it| about_input.contains(it));
    // DashScope names the range, LM Studio what it would have to cut.
    let is_range = says(&["length should be", "input length", "range of input"]);
    let is_cut = says(&["trying to keep"]) && says(&["context"]);
    let is_foreign = says(&[
        "超长",
        "过长",
        "长度超",
        "超过最大长度",
        "超出最大",
        "zu lang",
    ]);
    let is_range = is_range && says(READ);
    is_foreign
        || is_range
        || is_cut
        || outnumbers(&about_input)
        || (says(READ) && says(FAILED) && says(LENGTH))
}

/// Returns whether a text sets a number of tokens against a smaller window: "the context window is 128k,
/// the request has 150k tokens".
fn outnumbers(words: &str) -> bool {
    let window = number_after(
        words,
        &["context window is", "context length is", "context is"],
    );
    let sent = number_after(
        words,
        &["request has", "prompt has", "messages have", "input has"],
    );
    matches!((sent, window), (Some(sent), Some(window)) if sent > window)
}

/// Returns whether `words`, in lower case, say that one request asks for more than a whole minute
/// allows, so that no wait can help: "Limit 6000, Requested 9000".
pub(crate) fn exceeds_the_minute(words: &str) -> bool {
    let limit = number_after(
        words,
        &["limit is", "limit of", "limit:", "limit", "maximum"],
    );
    let wanted = number_after(
        words,
        &["requested", "request needs", "needs", "requires", "needed"],
    );
    let is_more = matches!((wanted, limit), (Some(wanted), Some(limit)) if wanted > limit);
    is_more || (words.contains("request too large") && words.contains("token"))
}

/// Returns the first number that follows one of `names` closely.
fn number_after(words: &str, names: &[&str]) -> Option<u64> {
    names.iter().find_map(|name| {
        let mut places = words.match_indices(name);
        places.find_map(|(at, _)| near(&words[at + name.len()..]))
    })
}

/// Reads the number that a text begins with, behind at most a few characters or words.
fn near(text: &str) -> Option<u64> {
    const CLOSE: usize = 16;
    let at = text.find(|it: char| it.is_ascii_digit())?;
    let is_near = at <= CLOSE && !text[..at].contains(['.', ';', ',']);
    is_near.then(|| number(&text[at..])).flatten()
}

/// Reads `30000`, `30,000`, `30k` or `1m`.
fn number(text: &str) -> Option<u64> {
    let end = text.find(|it: char| !(it.is_ascii_digit() || it == ',' || it == '_'));
    let (digits, rest) = text.split_at(end.unwrap_or(text.len()));
    let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
    let unit = match rest.as_bytes() {
        [b'k', rest @ ..] if !rest.first().is_some_and(u8::is_ascii_alphabetic) => 1_000,
        [b'm', rest @ ..] if !rest.first().is_some_and(u8::is_ascii_alphabetic) => 1_000_000,
        _ => 1,
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_providers_way_to_say_too_long_is_understood() {
        for words in [
            "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens (5000 in the messages, 4000 in the completion). Please reduce the length of the messages or completion.",
            "Prompt sequence length is greater than 8192",
            "The input (9000 tokens) is longer than the model's context length (8192 tokens).",
            "Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens",
            "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
            "This model's maximum prompt length is 131072 but the request contains 200000 tokens.",
            "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens and 100 `max_new_tokens`",
            "Input validation error: `inputs` must have less than 1000 tokens. Given: 2000",
            "Input is too long for requested model.",
            "too many tokens: total number of tokens in the prompt exceeds the limit of 4081",
            "Invalid request: Your request exceeded model token limit: 8192",
            "Range of input length should be [1, 30720]",
            "<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 98304]",
            "invalid params, context window exceeds limit (2013)",
            "Prompt 超长",
            "输入长度超过限制",
            "Request too large for this model",
            "string too long. Expected a string with maximum length 1048576, but got a string with length 2000000 instead.",
            "Content is too long",
            "Input text exceeds the limit of 20000 characters",
            "the max input characters is 20000",
            "Requested 9000 tokens but only 8192 allowed by the model",
            "Total tokens of image and text exceed max message tokens",
            "This model's context window is 128k, request has 150k tokens.",
            "got a prompt of 9000 tokens, want at most 8192",
            "输入过长",
            "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length",
            "prompt is too long: 205000 tokens > 200000 maximum",
            "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease input length or `max_tokens` and try again",
            "request (9815 tokens) exceeds the available context size (4096 tokens), try increasing it",
            "the request exceeds the available context size. try increasing the context size or enable context shift",
            "Requested tokens (9000) exceed context window of 2048",
            "The decoder prompt (length 9000) is longer than the maximum model length of 8192.",
            "'max_tokens' or 'max_completion_tokens' is too large: 4096. This model's maximum context length is 8192 tokens and your request has 6000 input tokens",
            "Please reduce the length of the messages or completion.",
            "Requested token count exceeds the model's maximum context length of 32768 tokens.",
            "the input length exceeds the context length",
            "input tokens exceed the configured limit of 272000 tokens",
            "Your input exceeds the context window of this model. Please adjust your input and try again.",
            "The message you submitted was too long, please submit something shorter.",
        ] {
            assert!(is_too_long(&words.to_lowercase()), "{words}");
        }
    }

    #[test]
    fn other_complaints_with_numbers_are_not_about_length() {
        for words in [
            "max_tokens is too large: 100000. This model supports at most 16384 completion tokens, whereas you provided 100000.",
            "max_tokens must be less than or equal to 8192",
            "Unable to submit request because it has a maxOutputTokens value of 99999 but the supported range is from 1 to 8193",
            "temperature must be less than or equal to 1",
            "Rate limit reached: 30000 tokens per minute exceeded",
            "field required",
            "Content Exists Risk",
            "Invalid grammar. Unimplemented keys",
            "The request exceeds the maximum number of images",
            "Failed to generate JSON. Please adjust your prompt.",
            "Input data may contain inappropriate content.",
            "Too many tokens, please wait before trying again.",
        ] {
            assert!(!is_too_long(&words.to_lowercase()), "{words}");
        }
    }

    #[test]
    fn what_is_more_than_a_minutes_worth_is_told_by_its_numbers() {
        for (words, expected) in [
            ("Limit 6000, Requested 9000", true),
            ("needs 41000 tokens, limit 30000", true),
            (
                "Request too large for m in organization o on tokens per min (TPM): Limit 30,000, Requested 41,033.",
                true,
            ),
            (
                "limit: 30k tokens a minute; your request needs 41k tokens",
                true,
            ),
            ("Request too large for model m on tokens per minute", true),
            (
                "Limit 30000, Used 29000, Requested 1500. Please try again in 1.5s.",
                false,
            ),
            (
                "Rate limit reached for m on requests per min (RPM): Limit 3, Used 3, Requested 1.",
                false,
            ),
            ("Too Many Requests", false),
            ("limit reached", false),
        ] {
            assert_eq!(
                exceeds_the_minute(&words.to_lowercase()),
                expected,
                "{words}"
            );
        }
    }
}
