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

#[cfg(feature = "parquet")]
pub(crate) use reading::rows;

#[cfg(feature = "parquet")]
mod reading {
    use parquet::file::reader::{ChunkReader, SerializedFileReader};
    use parquet::record::Field;
    use parquet::record::reader::RowIter;

    use super::{Bytes, Map, Reason, Rows, Value};
    use crate::format::contained::contained;

    /// Returns the rows, one after the other.
    pub(crate) fn rows(bytes: Bytes) -> Result<Rows, Reason> {
        match bytes {
            Bytes::File(file) => of(contained(|| {
                SerializedFileReader::new(file).map_err(|error| broken(&error))
            })?),
            Bytes::Memory(bytes) => of(contained(|| {
                let bytes = bytes::Bytes::from(bytes);
                SerializedFileReader::new(bytes).map_err(|error| broken(&error))
            })?),
        }
    }

    fn of<R>(reader: SerializedFileReader<R>) -> Result<Rows, Reason>
    where
        R: ChunkReader + 'static,
    {
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
                Ok(row.map(|row| object(row.get_column_iter())))
            });
            // What comes after a broken row cannot be trusted.
            is_over = !matches!(row, Ok(Some(_)));
            row.transpose()
        })))
    }

    fn object<'a>(columns: impl Iterator<Item = (&'a String, &'a Field)>) -> Map<String, Value> {
        let fields = columns.map(|(name, field)| (name.clone(), value(field)));
        fields.collect()
    }

    /// Returns a value as JSON. Byte arrays that are UTF-8 are text: Impala and Hive do not say so. What
    /// JSON has no number for is its name.
    fn value(field: &Field) -> Value {
        match field {
            Field::Bytes(bytes) => match std::str::from_utf8(bytes.data()) {
                Ok(text) => Value::from(text),
                Err(_) => field.to_json_value(),
            },
            Field::Float(number) if !number.is_finite() => Value::from(number.to_string()),
            Field::Double(number) if !number.is_finite() => Value::from(number.to_string()),
            Field::Group(row) => Value::Object(object(row.get_column_iter())),
            Field::ListInternal(list) => list.elements().iter().map(value).collect(),
            Field::MapInternal(map) => {
                let entries = map.entries().iter();
                let entries = entries.map(|(key, it)| {
                    let key = match value(key) {
                        Value::String(text) => text,
                        other => other.to_string(),
                    };
                    (key, value(it))
                });
                Value::Object(entries.collect())
            }
            other => other.to_json_value(),
        }
    }

    fn broken(error: &dyn std::fmt::Display) -> Reason {
        let reason = format!("is no Parquet file that can be read: {error}");
        (crate::UnreadableKind::Broken, reason)
    }
}
