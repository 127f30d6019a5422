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
    use std::collections::HashSet;

    use parquet::basic::{ConvertedType, LogicalType, TimeUnit};
    use parquet::file::reader::{ChunkReader, FileReader, SerializedFileReader};
    use parquet::record::Field;
    use parquet::record::reader::RowIter;
    use parquet::schema::types::Type;

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
        let schema = reader.metadata().file_metadata().schema_descr();
        let schema = schema.root_schema_ptr();
        // Their reader gives the values of the second one for both.
        let mut names = HashSet::new();
        let mut columns = schema.get_fields().iter().map(|it| it.name());
        if let Some(name) = columns.find(|it| !names.insert(*it)) {
            let reason = format!("has two columns called {name:?}; rename one of them");
            return Err((crate::UnreadableKind::Broken, reason));
        }
        // Their reader panics at these.
        let descr = reader.metadata().file_metadata().schema_descr();
        let mut spans = descr.columns().iter();
        let span = spans.find(|it| it.converted_type() == ConvertedType::INTERVAL);
        let span = span.map(|it| {
            let name = it.path().string();
            let reason = format!(
                "has a column of intervals, {name:?}, which is not read; write it as text, or leave it out"
            );
            (crate::UnreadableKind::Unsupported, reason)
        });
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
                Ok(row.map(|row| object(row.get_column_iter(), Some(&schema))))
            });
            let row = row.map_err(|it| span.clone().unwrap_or(it));
            // What comes after a broken row cannot be trusted.
            is_over = !matches!(row, Ok(Some(_)));
            row.transpose()
        })))
    }

    /// Returns named values.
    fn object<'a>(
        columns: impl Iterator<Item = (&'a String, &'a Field)>,
        group: Option<&Type>,
    ) -> Map<String, Value> {
        let types = group.filter(|it| it.is_group()).map(Type::get_fields);
        let mut fields = Map::new();
        for (at, (name, field)) in columns.enumerate() {
            let kind = types.and_then(|it| it.get(at)).map(|it| &**it);
            fields.insert(name.clone(), value(field, kind));
        }
        fields
    }

    /// Returns a value as JSON. Byte arrays that are UTF-8 are text: Impala and Hive do not say so. What
    /// JSON has no number for is its name, and a float of four bytes has the digits that it was written with.
    fn value(field: &Field, kind: Option<&Type>) -> Value {
        let inner = |at: usize| {
            let repeated = kind.filter(|it| it.is_group())?.get_fields().first()?;
            match repeated.is_group() {
                true => repeated.get_fields().get(at).map(|it| &**it),
                false => Some(&**repeated),
            }
        };
        match field {
            Field::Bytes(bytes) => match std::str::from_utf8(bytes.data()) {
                Ok(text) => Value::from(text),
                Err(_) => field.to_json_value(),
            },
            Field::Float(number) if !number.is_finite() => Value::from(number.to_string()),
            Field::Double(number) if !number.is_finite() => Value::from(number.to_string()),
            Field::Float(number) => {
                let shortest = number.to_string().parse::<f64>();
                shortest.map_or_else(|_| field.to_json_value(), Value::from)
            }
            Field::Decimal(_) => match field.to_json_value() {
                Value::String(text) => Value::from(text.trim_end_matches('.')),
                other => other,
            },
            Field::Group(row) => Value::Object(object(row.get_column_iter(), kind)),
            Field::ListInternal(list) => {
                let elements = list.elements().iter();
                elements.map(|it| value(it, inner(0))).collect()
            }
            Field::MapInternal(map) => {
                let entries = map.entries().iter();
                let entries = entries.map(|(key, it)| {
                    let key = match value(key, inner(0)) {
                        Value::String(text) => text,
                        other => other.to_string(),
                    };
                    (key, value(it, inner(1)))
                });
                Value::Object(entries.collect())
            }
            other => time(other, kind).unwrap_or_else(|| other.to_json_value()),
        }
    }

    /// Returns a point in time as its column says it: in nanoseconds, or without a time zone.
    fn time(field: &Field, kind: Option<&Type>) -> Option<Value> {
        let (is_stamp, told) = match kind?.get_basic_info().logical_type_ref()? {
            LogicalType::Timestamp(told) => (true, told),
            LogicalType::Time(told) => (false, told),
            _ => return None,
        };
        let (field, rest) = match (field, is_stamp) {
            (Field::Long(it), _) if told.unit != TimeUnit::NANOS => return Some(Value::from(*it)),
            (Field::Long(it), true) => {
                let micros = it.div_euclid(1000);
                (Field::TimestampMicros(micros), Some(it.rem_euclid(1000)))
            }
            (Field::Long(it), false) => (Field::TimeMicros(it / 1000), Some(it % 1000)),
            (other, _) => (other.clone(), None),
        };
        let Value::String(text) = field.to_json_value() else {
            return None;
        };
        // A time that was written without a zone is not one of Greenwich.
        let (clock, zone) = text.split_once(" +").unwrap_or((&text, ""));
        let rest = rest.map(|it| format!("{it:03}")).unwrap_or_default();
        Some(Value::from(match told.is_adjusted_to_u_t_c && is_stamp {
            true => format!("{clock}{rest} +{zone}"),
            false => format!("{clock}{rest}"),
        }))
    }

    fn broken(error: &dyn std::fmt::Display) -> Reason {
        let error = error.to_string();
        // Of the codecs, Brotli and LZO are not there.
        let advice = match error.contains("Disabled feature") {
            true => "; write it with zstd, snappy or gzip",
            false => "",
        };
        let reason = format!("is no Parquet file that can be read: {error}{advice}");
        (crate::UnreadableKind::Broken, reason)
    }
}
