//! Is what comes with a document and comes back with its answer, without being sent: columns of a row.

use std::sync::Arc;

use serde_json::{Map, Value};

/// Columns of a row of the user's, by their names. They are carried, never copied.
pub type Columns = Arc<Map<String, Value>>;
