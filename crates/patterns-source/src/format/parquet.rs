//! The rows of Parquet files.

use serde_json::{Map, Value};

use super::Reason;

/// Rows as objects.
pub(crate) type Rows = Box<dyn Iterator<Item = Result<Map<String, Value>, Reason>> + Send>;

/// Where the bytes are.
#[cfg_attr(
    not(feature = "parquet"),
    expect(dead_code, reason = "nothing reads them then")
)]
pub(crate) enum Bytes {
    /// In a file, of which only what is needed is read.
    File(std::fs::File),
    /// In memory.
    Memory(Vec<u8>),
}

#[cfg(not(feature = "parquet"))]
pub(crate) fn rows(_: Bytes) -> Result<Rows, Reason> {
    Err(super::unsupported("a Parquet file", "parquet"))
}

/// Returns the rows, one after the other.
#[cfg(feature = "parquet")]
pub(crate) fn rows(bytes: Bytes) -> Result<Rows, Reason> {
    use parquet::file::reader::SerializedFileReader;

    match bytes {
        Bytes::File(file) => of(super::contained::contained(|| {
            SerializedFileReader::new(file).map_err(|error| broken(&error))
        })?),
        Bytes::Memory(bytes) => of(super::contained::contained(|| {
            let bytes = bytes::Bytes::from(bytes);
            SerializedFileReader::new(bytes).map_err(|error| broken(&error))
        })?),
    }
}

#[cfg(feature = "parquet")]
fn of<R>(reader: parquet::file::reader::SerializedFileReader<R>) -> Result<Rows, Reason>
where
    R: parquet::file::reader::ChunkReader + 'static,
{
    use parquet::record::reader::RowIter;

    use super::contained::contained;

    let mut rows = contained(|| {
        // An owned reader, so that the rows can outlive this call.
        Ok(RowIter::from_file_into(Box::new(reader)))
    })?;
    let mut is_over = false;
    Ok(Box::new(std::iter::from_fn(move || {
        if is_over {
            return None;
        }
        let row = contained(|| {
            let row = rows.next().transpose().map_err(|error| broken(&error))?;
            Ok(row.map(|row| match row.to_json_value() {
                Value::Object(fields) => fields,
                _ => Map::new(),
            }))
        });
        // What comes after a broken row cannot be trusted.
        is_over = !matches!(row, Ok(Some(_)));
        row.transpose()
    })))
}

#[cfg(feature = "parquet")]
fn broken(error: &dyn std::fmt::Display) -> Reason {
    let reason = format!("is no Parquet file that can be read: {error}");
    (crate::UnreadableKind::Broken, reason)
}
