//! Takes down what our stack sends, so that the bare loop can send the same.

use anyhow::{Context, Result, bail};
use patterns_core::Scope;
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;

use super::stack;

/// Returns the body of a request of the agent that is measured.
pub(super) async fn body() -> Result<Vec<u8>> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let url = format!("http://{}/v1", listener.local_addr()?);
    let agent = stack::agent("compatible", &url)?;
    let document = stack::document(0);
    tokio::select! {
        body = receive(&listener) => body,
        answer = agent.run(&document, Scope::default()) => {
            bail!("the agent ended before its request was read: {:?}", answer.err())
        }
    }
}

/// Reads one request and returns its body.
async fn receive(listener: &TcpListener) -> Result<Vec<u8>> {
    let (mut connection, _) = listener.accept().await?;
    let mut request = Vec::new();
    loop {
        if let Some((start, length)) = body_place(&request)?
            && request.len() >= start + length
        {
            return Ok(request[start..start + length].to_vec());
        }
        if connection.read_buf(&mut request).await? == 0 {
            bail!("the request ended too early");
        }
    }
}

/// Returns where the body of a request starts and how long it is, once its head is there.
fn body_place(request: &[u8]) -> Result<Option<(usize, usize)>> {
    let Some(end) = request.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = std::str::from_utf8(&request[..end])?.to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"));
    let length = length
        .context("the request has no content-length")?
        .trim()
        .parse()?;
    Ok(Some((end + 4, length)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_body_is_that_of_our_stack() {
        let body: serde_json::Value = serde_json::from_slice(&body().await.unwrap()).unwrap();
        assert_eq!(body["model"], "sim");
        let messages = body["messages"].to_string();
        assert!(messages.contains("the harbour crane stopped"), "{messages}");
        assert_eq!(body["response_format"]["type"], "json_schema");
    }

    #[test]
    fn the_body_starts_after_the_head() {
        let request = b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc";
        assert_eq!(body_place(request).unwrap(), Some((38, 3)));
        assert_eq!(body_place(&request[..30]).unwrap(), None);
        assert!(body_place(b"POST / HTTP/1.1\r\n\r\n").is_err());
    }
}
