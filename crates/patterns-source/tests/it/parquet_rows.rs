//! The rows of Parquet files, however they are typed and packed.

use std::sync::Arc;

use insta::assert_snapshot;
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use crate::support::{Folder, gzip};

#[test]
fn parquet_text_needs_no_annotation_and_any_codec() {
    use parquet::basic::Compression;
    use parquet::file::properties::WriterProperties;

    for codec in [
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(parquet::basic::GzipLevel::default()),
        Compression::LZ4_RAW,
        Compression::ZSTD(parquet::basic::ZstdLevel::default()),
    ] {
        let schema = "message rows { required binary text; required double id; }";
        let schema = Arc::new(parse_message_type(schema).unwrap());
        let properties = WriterProperties::builder().set_compression(codec).build();
        let mut bytes = Vec::new();
        let mut writer =
            SerializedFileWriter::new(&mut bytes, schema, Arc::new(properties)).unwrap();
        let mut group = writer.next_row_group().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        let texts = ["First.", "Second."].map(ByteArray::from);
        column
            .typed::<ByteArrayType>()
            .write_batch(&texts, None, None)
            .unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column
            .typed::<parquet::data_type::DoubleType>()
            .write_batch(&[1.5, f64::NAN], None, None)
            .unwrap();
        column.close().unwrap();
        group.close().unwrap();
        writer.close().unwrap();
        let read = Folder::with("a.parquet", &bytes).read();
        assert_eq!(read, "1.5 = \"First.\"\nNaN = \"Second.\"\n", "{codec}");
    }
}

#[test]
fn a_time_in_a_parquet_file_is_the_one_that_was_written() {
    use parquet::data_type::{FloatType, Int64Type};

    let schema = "message rows {
        required int64 local (TIMESTAMP(MICROS,false));
        required int64 utc (TIMESTAMP(MICROS,true));
        required int64 exact (TIMESTAMP(NANOS,false));
        required int64 clock (TIME(NANOS,false));
        required float share;
    }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let times = [-1_000_000, 1_709_210_096_789_123, -1, 45_296_789_123_456];
    for time in times {
        let mut column = group.next_column().unwrap().unwrap();
        let column_writer = column.typed::<Int64Type>();
        column_writer.write_batch(&[time], None, None).unwrap();
        column.close().unwrap();
    }
    let mut column = group.next_column().unwrap().unwrap();
    column
        .typed::<FloatType>()
        .write_batch(&[0.1], None, None)
        .unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
    let folder = Folder::with("a.parquet", &bytes);
    let template = "{{ local }}; {{ utc }}; {{ exact }}; {{ clock }}; {{ share }}";
    let source = patterns_source::Source::new([folder.0.path()]);
    let shown = folder.show(&source.template(template.parse().unwrap()));
    let expected = "1969-12-31 23:59:59.000000; 2024-02-29 12:34:56.789123 +00:00; \
                    1969-12-31 23:59:59.999999999; 12:34:56.789123456; 0.1";
    assert_eq!(shown, format!("a.parquet:1 = {expected:?}\n"));
}

#[test]
fn parquet_has_rows() {
    let schema = "message rows { required binary text (UTF8); required int64 id; }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema, Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let texts = ["First.", "Second."].map(ByteArray::from);
    column
        .typed::<ByteArrayType>()
        .write_batch(&texts, None, None)
        .unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column
        .typed::<Int64Type>()
        .write_batch(&[10, 20], None, None)
        .unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
    let folder = Folder::with("a.parquet", &bytes);
    folder.write("b.parquet", &bytes[..bytes.len() / 2]);
    let other = Folder::with("c.parquet.gz", &gzip(&bytes));
    assert_snapshot!(folder.read(), @r#"
    10 = "First."
    20 = "Second."
    Broken b.parquet: is no Parquet file that can be read: Parquet error: Invalid Parquet file. Corrupt footer
    "#);
    assert_snapshot!(other.read(), @r#"
    10 = "First."
    20 = "Second."
    "#);
}

#[test]
fn a_column_that_is_not_read_is_named() {
    let read = |span: &str, name: &str, level: i16| {
        let schema = format!("message rows {{ required int64 text; {span} }}");
        let schema = Arc::new(parse_message_type(&schema).unwrap());
        let mut bytes = Vec::new();
        let mut writer = SerializedFileWriter::new(&mut bytes, schema, Arc::default()).unwrap();
        let mut group = writer.next_row_group().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column
            .typed::<Int64Type>()
            .write_batch(&[7], None, None)
            .unwrap();
        column.close().unwrap();
        let mut column = group.next_column().unwrap().unwrap();
        column
            .typed::<parquet::data_type::FixedLenByteArrayType>()
            .write_batch(&[ByteArray::from(vec![0; 12]).into()], Some(&[level]), None)
            .unwrap();
        column.close().unwrap();
        group.close().unwrap();
        writer.close().unwrap();
        let read = Folder::with("a.parquet", &bytes).read();
        let named = read.contains(&format!("has a column of intervals, {name:?},"));
        assert_eq!(named, level > 0, "{read}");
        assert_eq!(read.contains("\"7\""), level == 0, "{read}");
    };
    let span = "optional fixed_len_byte_array(12) span (INTERVAL);";
    read(span, "span", 0);
    read(span, "span", 1);
    read(&format!("optional group job {{ {span} }}"), "job.span", 2);
}
