//! Writes Parquet, a group of rows at a time.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;
use serde_json::Value;

use super::column::{Column, Kind, whole};

/// So many rows are held before they are written.
const GROUP: usize = 1_000;

/// A Parquet file under way.
pub(crate) struct ParquetRows {
    columns: Vec<Column>,
    writer: SerializedFileWriter<Shared>,
    written: Shared,
    held: Vec<Vec<Value>>,
}

/// What the writer has written and nobody has taken.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.lock().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl ParquetRows {
    pub(super) fn new(columns: Vec<Column>) -> Result<Self, ParquetError> {
        let fields: Result<Vec<_>, _> = columns.iter().map(field).collect();
        let schema = Type::group_type_builder("rows").with_fields(fields?);
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY);
        let written = Shared::default();
        let writer = SerializedFileWriter::new(
            written.clone(),
            Arc::new(schema.build()?),
            Arc::new(properties.build()),
        )?;
        Ok(Self {
            columns,
            writer,
            written,
            held: Vec::new(),
        })
    }

    /// Takes a row, and returns what can be written by now.
    pub(super) fn row(&mut self, row: Vec<Value>) -> Result<Vec<u8>, ParquetError> {
        self.held.push(row);
        if self.held.len() == GROUP {
            self.group()?;
        }
        Ok(std::mem::take(&mut *self.written.lock()))
    }

    /// Returns the rest of the file.
    pub(super) fn end(mut self) -> Result<Vec<u8>, ParquetError> {
        if !self.held.is_empty() {
            self.group()?;
        }
        self.writer.finish()?;
        Ok(std::mem::take(&mut *self.written.lock()))
    }

    fn group(&mut self) -> Result<(), ParquetError> {
        let rows = std::mem::take(&mut self.held);
        let mut group = self.writer.next_row_group()?;
        for (at, column) in self.columns.iter().enumerate() {
            let cells = rows.iter().map(|row| row.get(at).unwrap_or(&Value::Null));
            match column.kind {
                Kind::Text => write::<ByteArrayType, _>(&mut group, cells.map(text))?,
                Kind::Json => write::<ByteArrayType, _>(&mut group, cells.map(json))?,
                Kind::Integer => write::<Int64Type, _>(&mut group, cells.map(whole))?,
                Kind::Number => write::<DoubleType, _>(&mut group, cells.map(Value::as_f64))?,
                Kind::Flag => write::<BoolType, _>(&mut group, cells.map(Value::as_bool))?,
            }
        }
        group.close()?;
        Ok(())
    }
}

fn field(column: &Column) -> Result<Arc<Type>, ParquetError> {
    let (physical, logical) = match column.kind {
        Kind::Text => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        // Readers that know no JSON would not show it as text.
        Kind::Json => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        Kind::Integer => (Physical::INT64, None),
        Kind::Number => (Physical::DOUBLE, None),
        Kind::Flag => (Physical::BOOLEAN, None),
    };
    let field = Type::primitive_type_builder(&column.name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical);
    Ok(Arc::new(field.build()?))
}

/// Writes the next column of a group; what is `None` is missing.
fn write<T: DataType, W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    cells: impl Iterator<Item = Option<T::T>>,
) -> Result<(), ParquetError> {
    let (mut values, mut levels) = (Vec::new(), Vec::new());
    for cell in cells {
        levels.push(i16::from(cell.is_some()));
        values.extend(cell);
    }
    if let Some(mut column) = group.next_column()? {
        column
            .typed::<T>()
            .write_batch(&values, Some(&levels), None)?;
        column.close()?;
    }
    Ok(())
}

fn text(value: &Value) -> Option<ByteArray> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.as_str().into()),
        other => Some(other.to_string().as_str().into()),
    }
}

fn json(value: &Value) -> Option<ByteArray> {
    let value = Some(value).filter(|it| !it.is_null())?;
    Some(value.to_string().as_str().into())
}
