//! A server with canned replies that keeps what it was sent.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    /// The request line and the headers, in lower case.
    pub(crate) head: String,
    pub(crate) body: Value,
}

impl Sent {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines
            .find(|(it, _)| *it == name)
            .map(|(_, value)| value.trim())
    }
}

/// Serves canned replies in order, the last one for ever.
pub(crate) struct Server {
    pub(crate) url: String,
    sent: Arc<Mutex<Vec<Sent>>>,
}

impl Server {
    /// Serves whole HTTP replies, or never ends the last one if it promises more than it has.
    pub(crate) async fn start<R: Into<Vec<u8>>>(replies: Vec<R>) -> Self {
        let replies: Vec<Vec<u8>> = replies.into_iter().map(Into::into).collect();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let sent: Arc<Mutex<Vec<Sent>>> = Arc::default();
        let log = Arc::clone(&sent);
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(stream, replies.clone(), Arc::clone(&log)));
            }
        });
        Self { url, sent }
    }

    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, replies: Vec<Vec<u8>>, log: Arc<Mutex<Vec<Sent>>>) {
    let mut bytes = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        let read = stream.read(&mut chunk).await.unwrap_or(0);
        if read == 0 {
            return;
        }
        bytes.extend_from_slice(&chunk[..read]);
        let Some(sent) = whole(&bytes) else { continue };
        bytes.clear();
        let reply = {
            let mut log = log.lock().unwrap();
            log.push(sent);
            replies[(log.len() - 1).min(replies.len() - 1)].clone()
        };
        if stream.write_all(&reply).await.is_err() {
            return;
        }
    }
}

fn whole(bytes: &[u8]) -> Option<Sent> {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let head = head.to_lowercase();
    let length = head
        .lines()
        .find_map(|it| it.strip_prefix("content-length:"));
    let length: usize = length?.trim().parse().unwrap();
    (body.len() >= length).then(|| Sent {
        body: serde_json::from_str(body).unwrap(),
        head,
    })
}

/// A whole HTTP reply.
pub(crate) fn reply(status: u16, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n{headers}\r\n{body}")
}

/// The reply of a model that says this.
pub(crate) fn says(text: &str) -> String {
    let message = serde_json::json!({"role": "assistant", "content": text});
    let choice = serde_json::json!({"message": message, "finish_reason": "stop"});
    reply(
        200,
        "x-request-id: req_9\r\n",
        &serde_json::json!({"choices": [choice]}).to_string(),
    )
}
