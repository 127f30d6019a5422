//! How long a stream is waited for, and what ends the waiting.

use futures_core::Stream;

use super::*;

#[tokio::test(start_paused = true)]
async fn an_answer_that_has_ended_waits_for_nothing() {
    let text = [said("Hi."), STOP.to_owned(), DONE.to_owned()].concat();
    let pieces = stream::iter([Ok(Bytes::from(text))]).chain(stream::pending());
    let bounds = Bounds {
        idle: Some(Duration::from_secs(60)),
        ..Bounds::default()
    };
    let start = Instant::now();
    assert!(assemble(pieces, bounds, chunks(), || {}).await.is_ok());
    assert_eq!(start.elapsed(), TAIL);
}

/// Some servers say of every piece that it is the last one.
#[tokio::test(start_paused = true)]
async fn what_follows_an_end_is_waited_for_and_its_loss_is_one() {
    let last = |text: &str| {
        Ok(Bytes::from(chunk(
            &json!({"content": text}),
            &json!("stop"),
        )))
    };
    let broken = || Err(ExchangeError::new(ExchangeErrorKind::Broken));
    let read = async |pieces: Vec<Result<Bytes, ExchangeError>>| {
        let pieces = stream::iter(pieces).chain(stream::pending());
        let body = assemble(pieces, a_minute(), chunks(), || {}).await?;
        let body: Value = serde_json::from_slice(&body).unwrap();
        Ok::<_, ExchangeError>(body["choices"][0]["message"]["content"].clone())
    };
    let whole = vec![
        last("[1, "),
        last("2]"),
        Ok(Bytes::from_static(DONE.as_bytes())),
    ];
    assert_eq!(read(whole).await.unwrap(), "[1, 2]");
    let cut = read(vec![last("[1, "), last("2"), broken()]).await;
    assert_eq!(cut.unwrap_err().kind(), ExchangeErrorKind::Broken);
    // Nothing more comes, and nobody closes the connection.
    assert_eq!(read(vec![last("[1]")]).await.unwrap(), "[1]");
}

#[tokio::test]
async fn a_stream_without_end_gives_way_to_clocks_and_is_bounded() {
    let event = format!("data: {}", "x".repeat(60_000));
    let pieces = stream::iter([Ok(Bytes::from(event))]);
    let endless = pieces.chain(stream::repeat_with(|| Ok(Bytes::from(vec![b'x'; 65_536]))));
    let mut others = 0_u32;
    let work = assemble(endless, Bounds::default(), chunks(), || {});
    let mut work = pin!(work);
    let error = loop {
        tokio::select! {
            biased;
            result = &mut work => break result.unwrap_err(),
            () = tokio::task::yield_now() => others += 1,
        }
    };
    assert_eq!(error.kind(), ExchangeErrorKind::TooLong);
    assert!(others > 100, "{others}");
}

/// Sends these, and then a comment every ten seconds.
fn and_keeps_alive(said: String) -> impl Stream<Item = Result<Bytes, ExchangeError>> {
    let alive = stream::unfold((), |()| async {
        tokio::time::sleep(Duration::from_secs(10)).await;
        Some((Ok(Bytes::from_static(b": keep-alive\n\n")), ()))
    });
    stream::iter([Ok(Bytes::from(said))]).chain(alive)
}

fn a_minute() -> Bounds {
    Bounds {
        idle: Some(Duration::from_secs(60)),
        ..Bounds::default()
    }
}

#[tokio::test(start_paused = true)]
async fn keep_alives_are_no_signs_of_life() {
    let pieces = Box::pin(and_keeps_alive(said("Hi")));
    let start = Instant::now();
    let error = assemble(pieces, a_minute(), chunks(), || {})
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ExchangeErrorKind::Timeout);
    assert_eq!(start.elapsed(), Duration::from_secs(60));
}

#[tokio::test(start_paused = true)]
async fn the_first_token_may_take_as_long_as_the_attempt() {
    let answer = [said("Hi."), STOP.to_owned(), DONE.to_owned()].concat();
    let thinks = Duration::from_secs(600);
    let late = stream::once(async move {
        tokio::time::sleep(thinks).await;
        Ok(Bytes::from(answer))
    });
    let role = "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n";
    let pieces = stream::iter([Ok(Bytes::from_static(role.as_bytes()))]).chain(late);
    let answer = assemble(Box::pin(pieces), a_minute(), chunks(), || {}).await;
    assert!(answer.is_ok());
    let silent = Box::pin(and_keeps_alive(String::new()));
    let waiting = tokio::time::timeout(thinks, assemble(silent, a_minute(), chunks(), || {}));
    assert!(waiting.await.is_err(), "it is still waited for");
}
