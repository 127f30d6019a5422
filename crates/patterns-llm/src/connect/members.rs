//! Makes one model of several connections: servers that run the same model, or keys of one server.

use std::sync::Arc;
use std::time::Duration;

use patterns_core::{Layer, Model};

use super::Connect;
use crate::connect_error::{ConnectError, ConnectErrorKind};
use crate::layer::{Member, Members, RetryPolicy, SingleFlightLayer};

/// How little is waited for a member while there are others: none of it is lost, since who is asked last is
/// waited for as long as ever.
const HASTY: RetryPolicy = RetryPolicy {
    max_attempts: 3,
    base: Duration::from_millis(250),
    busy_base: Duration::from_millis(500),
    cap: Duration::from_secs(2),
    max_hint: Duration::from_secs(10),
    max_elapsed: Duration::from_secs(20),
    max_hinted_elapsed: Duration::from_secs(20),
    max_faulty_elapsed: Duration::from_secs(5),
    max_unreadable: 1,
    max_unreachable: 2,
    max_unreachable_elapsed: Duration::from_secs(3),
};

/// Makes one model of several connections, each with a pace of its own. A call goes to the one that has the
/// fewest under way; if that keeps failing, the next one is asked. One that refuses its key or everything, or
/// whose credit is used up, is left out from then on; what is too long for one is asked of the others.
///
/// All of them have to give the same answers: what they say is recorded under the name of the first.
///
/// ```
/// use patterns_llm::{connect, connect_all};
///
/// let at = |port: u16| -> Result<_, patterns_llm::ConnectError> {
///     Ok(connect("compatible:qwen3-30b")?.base_url(format!("http://localhost:{port}/v1")))
/// };
/// let model = connect_all(vec![at(8000)?, at(8001)?])?;
/// assert_eq!(model.id().endpoint.as_deref(), Some("http://localhost:8000/v1"));
/// # Ok::<(), patterns_llm::ConnectError>(())
/// ```
///
/// # Errors
///
/// Returns an error if there is none, or one of them [cannot be made](Connect::build).
pub fn connect_all(mut connections: Vec<Connect>) -> Result<Arc<dyn Model>, ConnectError> {
    if connections.len() < 2 {
        let message = "there is no server to connect to";
        let none = ConnectError::new(ConnectErrorKind::MissingBaseUrl, message);
        return connections.pop().ok_or(none)?.build();
    }
    let count = connections.len();
    let mut members = Vec::new();
    let mut made_before = Vec::new();
    for (at, connection) in connections.into_iter().enumerate() {
        let patience = connection.retry;
        let made = connection.made(&made_before)?;
        members.push(Member::new(
            format!("{} (number {} of {count})", made.base_url, at + 1),
            made.base_url.clone(),
            made.stack(HASTY),
            made.stack(patience),
            Arc::clone(&made.pool),
        ));
        made_before.push(made);
    }
    Ok(Arc::new(SingleFlightLayer.layer(Members::new(members))))
}
