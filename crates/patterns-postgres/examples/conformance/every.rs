//! What every store of answers has to bear.

use patterns_core::{ModelError, ModelErrorKind, Response, Usage};
use patterns_store::StorePolicy::{Fresh, ReadOnly, Use};
use patterns_testkit::ScriptedModel;

use crate::{Check, Subject, Trouble, answer, request, same, script, text};

/// Each by what must hold.
pub(crate) const CHECKS: [Check; 6] = [
    (
        "equal calls are paid for once, and other samples are not equal",
        |it| Box::pin(paid_once(it)),
    ),
    ("a found answer costs nothing, and its bill is kept", |it| {
        Box::pin(found_costs_nothing(it))
    }),
    ("a refusal is kept for its cost and asked again", |it| {
        Box::pin(refusal(it))
    }),
    ("trouble leaves no record", |it| Box::pin(trouble(it))),
    (
        "fresh asks again, and the new answer stays; an answer of no use is asked for again",
        |it| Box::pin(fresh_and_disowned(it)),
    ),
    ("read-only makes no call", |it| Box::pin(read_only(it))),
];

async fn paid_once(subject: Subject) -> Result<(), Trouble> {
    let model = subject.before(Use, script(&["1", "2", "3"]));
    let asked = [("once", 0), ("once", 1), ("once", 0), ("other", 0)];
    for ((words, sample), expected) in asked.into_iter().zip(["1", "2", "1", "3"]) {
        let found = text(&model, &request(words, sample)).await?;
        same(words, found.as_str(), expected)?;
    }
    let hostile = "\0 \u{1b}[2J \u{202e} 𝄞 '; DROP TABLE patterns_calls; --";
    let model = subject.before(Use, script(&[hostile]));
    for _ in 0..2 {
        let found = text(&model, &request(hostile, 0)).await?;
        same("a hostile text", found.as_str(), hostile)?;
    }
    Ok(())
}

async fn found_costs_nothing(subject: Subject) -> Result<(), Trouble> {
    let before = subject.stats().await?.usage;
    let model = subject.before(Use, ScriptedModel::new([Ok::<_, ModelError>(answer("1"))]));
    let paid = model.generate(&request("cost", 0)).await?.usage;
    let found = model.generate(&request("cost", 0)).await?.usage;
    same("attempts", (paid.attempts, found.attempts), (1, 0))?;
    same("found", (found.calls, found.total_tokens()), (1, 0))?;
    let after = subject.stats().await?.usage;
    same("tokens", after.total_tokens() - before.total_tokens(), 15)?;
    same("calls", after.calls - before.calls, 1)
}

async fn refusal(subject: Subject) -> Result<(), Trouble> {
    let kinds = [
        (ModelErrorKind::Refused, "refused"),
        (ModelErrorKind::Filtered, "filtered"),
        (ModelErrorKind::Truncated, "truncated"),
    ];
    for (kind, status) in kinds {
        let before = subject.stats().await?;
        let usage = Usage {
            calls: 1,
            attempts: 1,
            output_tokens: 9,
            ..Usage::default()
        };
        let error = ModelError::new(kind).with_usage(usage);
        let replies: [Result<Response, ModelError>; 2] = [Err(error), Ok(answer("2"))];
        let model = subject.before(Use, ScriptedModel::new(replies));
        let asked = request(status, 0);
        let failed = model.generate(&asked).await;
        same("it fails", failed.map_err(|it| it.kind()).err(), Some(kind))?;
        same("then", text(&model, &asked).await?.as_str(), "2")?;
        let after = subject.stats().await?;
        same(status, after.calls[status] - before.calls[status], 1)?;
        let tokens = after.usage.output_tokens - before.usage.output_tokens;
        same("tokens written", tokens, 9 + 5)?;
    }
    Ok(())
}

async fn trouble(subject: Subject) -> Result<(), Trouble> {
    let before = subject.stats().await?;
    let error = ModelError::new(ModelErrorKind::Timeout);
    let replies: [Result<Response, ModelError>; 1] = [Err(error)];
    let model = subject.before(Use, ScriptedModel::new(replies));
    let failed = model.generate(&request("trouble", 0)).await;
    same("it fails", failed.is_err(), true)?;
    same("records", subject.stats().await?.calls, before.calls)
}

async fn fresh_and_disowned(subject: Subject) -> Result<(), Trouble> {
    let before = subject.stats().await?;
    let asked = request("fresh", 0);
    let first = subject.before(Use, script(&["1"]));
    same("first", text(&first, &asked).await?.as_str(), "1")?;
    let fresh = subject.before(Fresh, script(&["2"]));
    same("fresh", text(&fresh, &asked).await?.as_str(), "2")?;
    let again = subject.before(Use, script(&["3"]));
    same("then", text(&again, &asked).await?.as_str(), "2")?;
    again.disown(&asked);
    // A store of one's own is written to in its turn.
    let after = subject.stats().await?;
    let more = |status: &str| after.calls[status] - before.calls[status];
    same("superseded", more("superseded"), 1)?;
    same("disowned", more("disowned"), 1)?;
    same("after that", text(&again, &asked).await?.as_str(), "3")
}

async fn read_only(subject: Subject) -> Result<(), Trouble> {
    let asked = request("read", 0);
    let model = subject.before(Use, script(&["1"]));
    text(&model, &asked).await?;
    let none = ModelError::new(ModelErrorKind::NotInStore);
    // In front of a store of one's own, which says what is missing.
    let replies: [Result<Response, ModelError>; 1] = [Err(none)];
    let model = subject.before(ReadOnly, ScriptedModel::new(replies));
    same("found", text(&model, &asked).await?.as_str(), "1")?;
    let missing = model.generate(&request("read", 1)).await;
    let kind = missing.map_err(|it| it.kind()).err();
    same("missing", kind, Some(ModelErrorKind::NotInStore))
}
