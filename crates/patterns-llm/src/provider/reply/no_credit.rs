//! Recognises, in any provider's words, that an account has no credit left, so that waiting heals
//! nothing.
//!
//! A used-up quota comes as 400, 402, 403 or 429, and the last looks like a rate limit. What tells them
//! apart is what the user is asked to do: to pay, not to wait.

/// Sentences that can mean nothing else.
const PLAIN: &[&str] = &[
    "spend limit",
    "specified api usage limit",
    "key limit exceeded",
    "billing is disabled",
    "spending limit",
    "usage limit reached",
    "monthly limit",
    "payment required",
    "budget has been exceeded",
    "budget exceeded",
    "exceededbudget",
    "over budget",
    "insufficient quota",
    "good standing",
    "arrear",
    "overdue",
    "recharge",
    "top up",
    "top-up",
    "add funds",
    "add credit",
    "purchase credit",
    "buy more credit",
    "check your plan and billing",
    "free tier of the model has been exhausted",
    "欠费",
    "充值",
    "余额不足",
    "额度已用完",
];

/// What an account holds …
const HELD: &[&str] = &["balance", "credit", "funds"];

/// … and how it is said to be gone.
const GONE: &[&str] = &[
    "insufficient",
    "not enough",
    "too low",
    "exhausted",
    "depleted",
    "negative",
    "run out",
    "ran out",
    "out of credit",
    "used up",
    "no credit",
    "n't have any credit",
    "no remaining",
];

/// How a limit is said to be one of a whole day, or of more.
const DAYS: &[&str] = &[
    "per day",
    "per-day",
    "perday",
    "daily",
    "for today",
    "weekly",
    "monthly",
];

/// Returns whether `words`, in lower case, say that there is nothing left to pay with. With a hint
/// when to come back, a quota only has to fill up again.
pub(crate) fn is_out_of_credit(words: &str, has_hint: bool) -> bool {
    let says = |stems: &[&str]| stems.iter().any(|it| words.contains(it));
    let is_rate = says(&[
        "per minute",
        "per second",
        "rate limit",
        "per min",
        "too fast",
        "retry in",
    ]);
    // Nobody waits for tomorrow, unless told until when. Who names the limits of a minute, too, may mean those.
    let is_of_a_day = says(DAYS)
        && says(&["limit", "quota", "exceed", "exhaust"])
        && !says(&["per minute", "per second", "per min"]);
    if is_of_a_day && !has_hint {
        return true;
    }
    if has_hint || is_rate {
        // "Your quota of requests per minute is exhausted" is one of those that fill up.
        return says(&[
            "credit balance",
            "insufficient balance",
            "insufficient credit",
        ]);
    }
    says(PLAIN) || (says(HELD) && says(GONE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_the_credit_is_understood_in_every_providers_words() {
        for words in [
            "Your account org-1 is suspended, please check your plan and billing details",
            "Your account is suspended due to insufficient balance, please recharge your account",
            "您的账户已欠费,请充值后重试。",
            "Access denied, please make sure your account is in good standing.",
            "Insufficient Balance",
            "Sorry, your account balance is insufficient",
            "Insufficient credits. Add more using https://example.invalid",
            "You exceeded your current quota, please check your plan and billing details.",
            "Budget has been exceeded! Current cost: 1.2, Max budget: 1.0",
            "The free tier of the model has been exhausted.",
            "Your credit balance is too low to access the API.",
            "This request requires more credits, or fewer max_tokens. You have run out of credit.",
            "Your prepayment credits are depleted.",
            "Your newly created team doesn't have any credits yet.",
            "You have reached your specified API usage limits: spending limit reached",
            "You have reached your specified API usage limits. You will regain access on 2026-12-01 at 00:00 UTC.",
            "Key limit exceeded (total limit)",
            "Billing is disabled on this project",
            "Rate limit exceeded: free-models-per-day. Add 10 credits to unlock more",
            "Quota exceeded for metric: requests per day",
            "Daily token limit reached for your organization",
        ] {
            assert!(is_out_of_credit(&words.to_lowercase(), false), "{words}");
        }
    }

    #[test]
    fn a_quota_that_fills_up_again_is_waited_for() {
        for (words, has_hint) in [
            (
                "You exceeded your current quota, please check your plan and billing details.",
                true,
            ),
            ("Your quota of requests per minute is exhausted", false),
            ("Too Many Requests", false),
            ("Quota.", false),
            (
                "Rate limit reached on tokens per day (TPD): Limit 100000, Used 99000. Please try again in 8m",
                true,
            ),
            ("Resource has been exhausted (e.g. check quota).", false),
            (
                "You exceeded your current quota, please check your plan. Please retry in 34.07s.",
                false,
            ),
            ("Rate limit reached", false),
            (
                "Rate limit exceeded. Your limits: 20 requests per minute, 1000 requests per day",
                false,
            ),
        ] {
            assert!(
                !is_out_of_credit(&words.to_lowercase(), has_hint),
                "{words}"
            );
        }
    }
}
