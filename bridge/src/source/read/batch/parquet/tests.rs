use super::*;
use ::parquet::arrow::ArrowWriter;
use ::parquet::basic::{Compression, GzipLevel};
use ::parquet::file::properties::WriterProperties;
use arrow_array::builder::{Int32Builder, ListBuilder, MapBuilder, StringBuilder};
use arrow_array::types::*;
use arrow_array::*;
use std::io::{Seek, Write};
use std::sync::Arc;

fn written(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.rewind().unwrap();
    file
}

fn parquet(batch: &RecordBatch, compression: Compression) -> Vec<u8> {
    let properties = WriterProperties::builder().set_compression(compression);
    let properties = properties.set_max_row_group_row_count(Some(1000)).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.into_inner().unwrap()
}

type Read = (Vec<String>, Vec<Vec<String>>);

/// As much as a line may have by default.
const LIMIT: usize = 256 * 1024 * 1024;

fn read(bytes: &[u8]) -> Result<Read, String> {
    read_within(bytes, LIMIT)
}

fn read_within(bytes: &[u8], limit: usize) -> Result<Read, String> {
    let (mut rows, mut all) = (Rows::open(written(bytes), limit)?, Read::default());
    while let Some(row) = rows.next()? {
        all.0.push(row.text.to_owned());
        all.1.push(row.nulled.to_vec());
    }
    Ok(all)
}

/// What one column becomes, value by value.
fn column(values: impl Array + 'static) -> Vec<String> {
    let batch =
        RecordBatch::try_from_iter_with_nullable([("c", Arc::new(values) as ArrayRef, true)]);
    let batch = batch.unwrap();
    let (rows, nulled) = read(&parquet(&batch, Compression::SNAPPY)).unwrap();
    assert!(nulled.iter().all(Vec::is_empty), "{nulled:?}");
    let value = |row: &String| row[r#"{"c":"#.len()..row.len() - 1].to_owned();
    rows.iter().map(value).collect()
}

#[test]
fn numbers_keep_their_digits() {
    let of = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    assert_eq!(column(Int8Array::from(vec![i8::MIN])), of(&["-128"]));
    assert_eq!(column(Int16Array::from(vec![i16::MIN])), of(&["-32768"]));
    assert_eq!(column(Int32Array::from(vec![Some(1), None])), of(&["1", "null"]));
    assert_eq!(column(Int64Array::from(vec![i64::MIN])), of(&["-9223372036854775808"]));
    assert_eq!(column(UInt8Array::from(vec![255])), of(&["255"]));
    assert_eq!(column(UInt16Array::from(vec![65535])), of(&["65535"]));
    assert_eq!(column(UInt32Array::from(vec![u32::MAX])), of(&["4294967295"]));
    assert_eq!(column(UInt64Array::from(vec![u64::MAX])), of(&["18446744073709551615"]));
    assert_eq!(column(Float64Array::from(vec![0.1, 1e300])), of(&["0.1", "1e+300"]));
    assert_eq!(column(Float32Array::from(vec![0.1_f32])), of(&["0.1"]));
    let decimals =
        Decimal128Array::from(vec![Some(-5), Some(12_345_678_901_234_567_890_i128), None]);
    let decimals = decimals.with_precision_and_scale(38, 4).unwrap();
    assert_eq!(column(decimals), of(&["-0.0005", "1234567890123456.7890", "null"]));
    let whole = Decimal128Array::from(vec![100]).with_precision_and_scale(5, 0).unwrap();
    assert_eq!(column(whole), of(&["100"]));
    let long =
        <Decimal256Type as ArrowPrimitiveType>::Native::from_string(&"1".repeat(76)).unwrap();
    let long = Decimal256Array::from(vec![long]).with_precision_and_scale(76, 38).unwrap();
    assert_eq!(column(long), [format!("{}.{}", "1".repeat(38), "1".repeat(38))]);
}

#[test]
fn times_say_whether_they_have_a_zone() {
    let micros = 1_795_338_487_654_321;
    let naive = TimestampMicrosecondArray::from(vec![micros]);
    assert_eq!(column(naive.clone()), [r#""2026-11-22T09:08:07.654321""#]);
    assert_eq!(
        column(naive.with_timezone("Europe/Zurich")),
        [r#""2026-11-22T09:08:07.654321+00:00""#]
    );
    let millis = TimestampMillisecondArray::from(vec![-1, 0]);
    assert_eq!(column(millis), [r#""1969-12-31T23:59:59.999""#, r#""1970-01-01T00:00:00""#]);
    let nanos = TimestampNanosecondArray::from(vec![1]).with_timezone("+02:00");
    assert_eq!(column(nanos), [r#""1970-01-01T00:00:00.000000001+00:00""#]);
    assert_eq!(column(Date32Array::from(vec![20_779])), [r#""2026-11-22""#]);
    assert_eq!(column(Time32MillisecondArray::from(vec![1500])), [r#""00:00:01.500""#]);
    assert_eq!(column(Time64MicrosecondArray::from(vec![3_720_000_500])), [r#""01:02:00.000500""#]);
    assert_eq!(column(Time64NanosecondArray::from(vec![1])), [r#""00:00:00.000000001""#]);
}

#[test]
fn texts_bytes_and_truths() {
    let texts = ["", "a\"\\\n\u{1}", "Zürich 東😀"];
    let expected = texts.map(|text| serde_json::to_string(text).unwrap());
    assert_eq!(column(StringArray::from(texts.to_vec())), expected);
    assert_eq!(column(LargeStringArray::from(texts.to_vec())), expected);
    assert_eq!(column(texts.into_iter().collect::<DictionaryArray<Int32Type>>()), expected);
    assert_eq!(column(BinaryArray::from(vec![&b"\x00\xff\x0a"[..]])), [r#""00ff0a""#]);
    let fixed = FixedSizeBinaryArray::try_from_iter([[1_u8, 2]].iter()).unwrap();
    assert_eq!(column(fixed), [r#""0102""#]);
    assert_eq!(column(BooleanArray::from(vec![Some(true), None])), ["true", "null"]);
    assert_eq!(column(NullArray::new(2)), ["null", "null"]);
}

#[test]
fn lists_structs_and_maps_nest() {
    let mut lists = ListBuilder::new(Int32Builder::new());
    lists.append_value([Some(1), None]);
    lists.append_value([]);
    lists.append_null();
    assert_eq!(column(lists.finish()), ["[1,null]", "[]", "null"]);

    let mut maps = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
    maps.keys().append_value("k\"");
    maps.values().append_value(7);
    maps.append(true).unwrap();
    maps.append(true).unwrap();
    assert_eq!(column(maps.finish()), [r#"{"k\"":7}"#, "{}"]);

    let inner = [
        ("x", Arc::new(Int32Array::from(vec![Some(1), None])) as ArrayRef),
        ("y", Arc::new(StringArray::from(vec![None, Some("b")])) as ArrayRef),
    ];
    let structs = StructArray::try_from(inner.to_vec()).unwrap();
    assert_eq!(column(structs), [r#"{"x":1,"y":null}"#, r#"{"x":null,"y":"b"}"#]);
}

#[test]
fn what_json_has_no_word_for_is_null_and_named() {
    let mut lists = ListBuilder::new(arrow_array::builder::Float64Builder::new());
    lists.append_value([Some(1.5), Some(f64::NAN), None]);
    let inner = StructArray::from(vec![(
        Arc::new(arrow_schema::Field::new("l", lists.finish().data_type().clone(), true)),
        Arc::new({
            lists.append_value([Some(1.5), Some(f64::NAN), None]);
            lists.finish()
        }) as ArrayRef,
    )]);
    let batch = RecordBatch::try_from_iter([
        ("f", Arc::new(Float32Array::from(vec![f32::INFINITY])) as ArrayRef),
        ("s", Arc::new(inner) as ArrayRef),
        ("t", Arc::new(TimestampMillisecondArray::from(vec![i64::MAX])) as ArrayRef),
    ]);
    let (rows, nulled) = read(&parquet(&batch.unwrap(), Compression::UNCOMPRESSED)).unwrap();
    assert_eq!(rows, [r#"{"f":null,"s":{"l":[1.5,null,null]},"t":null}"#]);
    assert_eq!(nulled, [["f", "s.l[1]", "t"]]);
}

fn many(rows: i64) -> RecordBatch {
    let ids = Int64Array::from_iter_values(0..rows);
    let texts = StringArray::from_iter_values((0..rows).map(|i| format!("text {}", i % 7)));
    RecordBatch::try_from_iter([
        ("id", Arc::new(ids) as ArrayRef),
        ("text", Arc::new(texts) as ArrayRef),
    ])
    .unwrap()
}

#[test]
fn every_row_of_every_group_comes_once_and_in_order() {
    let compressions =
        [Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::GZIP(GzipLevel::default())];
    for compression in compressions {
        let (rows, _) = read(&parquet(&many(5000), compression)).unwrap();
        assert_eq!(rows.len(), 5000);
        for (i, row) in rows.iter().enumerate() {
            assert_eq!(*row, format!(r#"{{"id":{i},"text":"text {}"}}"#, i % 7));
        }
    }
}

#[test]
fn rows_that_mean_one_long_text_are_unpacked_few_at_a_time() {
    let long = "x".repeat(1024 * 1024);
    let texts = StringArray::from_iter_values((0..40).map(|_| &*long));
    let batch = RecordBatch::try_from_iter([("t", Arc::new(texts) as ArrayRef)]).unwrap();
    let file = written(&parquet(&batch, Compression::SNAPPY));
    let mut rows = Rows::open(file, LIMIT).unwrap();
    assert_eq!(rows.next().unwrap().map(|row| row.text.len()), Some(long.len() + 8));
    let at_once = rows.current.as_ref().map(|(batch, _)| batch.num_rows());
    assert!(at_once.is_some_and(|rows| rows <= 4), "{at_once:?}");
}

#[test]
fn a_broken_file_is_an_error_and_no_panic() {
    assert!(read(b"").unwrap_err().contains("no parquet"));
    assert!(read(b"\x1f\x8b").unwrap_err().contains("no parquet"));
    assert!(read(b"PAR1PAR1").is_err());
    let whole = parquet(&many(300), Compression::SNAPPY);
    for length in (4..whole.len()).step_by(37) {
        assert!(read(&whole[..length]).is_err(), "{length}");
    }
    // A flipped bit may stay unseen where it stands in a value; it never ends us.
    let mut seen = 0;
    for at in 4..whole.len() {
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << (at % 8);
        seen += usize::from(read(&flipped).is_err());
    }
    assert!(seen > 100, "{seen} of {}", whole.len());
}

#[test]
fn rows_that_have_no_json_name_their_column() {
    let mut maps = MapBuilder::new(None, Int32Builder::new(), Int32Builder::new());
    maps.keys().append_value(1);
    maps.values().append_value(1);
    maps.append(true).unwrap();
    let batch = RecordBatch::try_from_iter([("m", Arc::new(maps.finish()) as ArrayRef)]).unwrap();
    let error = read(&parquet(&batch, Compression::SNAPPY)).unwrap_err();
    assert_eq!(error, "row 1, column `m`: its keys are no texts");
}

#[test]
fn sizes_that_a_file_only_claims_are_no_panic() {
    let ids = Arc::new(Int32Array::from(vec![1])) as ArrayRef;
    let batch = RecordBatch::try_from_iter([("a", ids.clone()), ("b", ids)]).unwrap();
    let file = written(&parquet(&batch, Compression::UNCOMPRESSED));
    let metadata = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().metadata().clone();
    for (size, rows) in [(i64::MAX, 1), (i64::MIN, 256)] {
        let group = metadata.row_group(0).clone();
        let claiming = group.columns().iter().map(|column| {
            column.clone().into_builder().set_total_uncompressed_size(size).build().unwrap()
        });
        let columns = claiming.collect();
        let group = group.into_builder().set_column_metadata(columns).build().unwrap();
        let claimed = ParquetMetaData::new(metadata.file_metadata().clone(), vec![group]);
        assert_eq!(rows_at_once(&claimed, LIMIT), Ok(rows));
    }
}

fn texts(texts: &[&str]) -> RecordBatch {
    let column = Arc::new(StringArray::from(texts.to_vec())) as ArrayRef;
    RecordBatch::try_from_iter([("c", column)]).unwrap()
}

#[test]
fn a_row_that_is_too_long_is_an_error_that_names_its_column() {
    let long = "x".repeat(1000);
    let lists = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(7); 600])]);
    let lists = RecordBatch::try_from_iter([("l", Arc::new(lists) as ArrayRef)]).unwrap();
    let gzip = Compression::GZIP(GzipLevel::default());
    let file = parquet(&texts(&["a", &long]), gzip);
    assert_eq!(read_within(&file, 1100).unwrap().0.len(), 2);
    let error = read_within(&file, 900).unwrap_err();
    let why = "the row is longer than allowed with it (--max-line-bytes)";
    assert_eq!(error, format!("row 2, column `c`: {why}"));
    let error = read_within(&parquet(&lists, gzip), 900).unwrap_err();
    assert!(error.starts_with("row 1, column `l") && error.ends_with(why), "{error}");
}

#[test]
fn a_page_that_becomes_too_large_is_not_unpacked() {
    let bomb = "y".repeat(LEAST_PAGE + 1);
    for (texts, before) in [(vec![&*bomb], 0), (vec!["a", &bomb], 0)] {
        let properties = WriterProperties::builder()
            .set_compression(Compression::GZIP(GzipLevel::default()))
            .set_dictionary_enabled(false)
            .build();
        let batch = self::texts(&texts);
        let mut writer =
            ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
        writer.write(&batch).unwrap();
        let file = writer.into_inner().unwrap();
        assert!(file.len() < LEAST_PAGE / 100, "{}", file.len());
        let error = read_within(&file, 1000).unwrap_err();
        let expected = format!("what stands after row {before} in one of its columns is longer");
        assert!(error.starts_with(&expected) && error.contains("--max-line-bytes"), "{error}");
        assert_eq!(read(&file).unwrap().0.len(), texts.len());
    }
}

#[test]
fn a_long_value_of_a_dictionary_is_repeated_in_few_rows_at_a_time() {
    let long = "z".repeat(2 * 1024 * 1024);
    let properties = WriterProperties::builder()
        .set_compression(Compression::GZIP(GzipLevel::default()))
        .set_dictionary_page_size_limit(16 * 1024 * 1024)
        .set_statistics_enabled(::parquet::file::properties::EnabledStatistics::None)
        .build();
    let batch = texts(&vec![&*long; 300]);
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    let file = written(&writer.into_inner().unwrap());
    let metadata = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().metadata().clone();
    let rows = rows_at_once(&metadata, 16 * 1024 * 1024).unwrap();
    assert!((1..=8).contains(&rows), "{rows} rows of 2 MiB");
}
