//! A row of columns as a JSON object.
//!
//! Values become what the SDK writes into a RECORD: numbers with all their digits, times as
//! RFC 3339, bytes in hexadecimal digits.

use arrow_array::cast::AsArray;
use arrow_array::temporal_conversions::{as_date, as_datetime, as_time};
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, RecordBatch};
use arrow_schema::{DataType, Fields, TimeUnit};
use std::fmt::Display;
use std::io::Write;

/// Writes rows, one after the other into the same memory.
#[derive(Debug, Default)]
pub(super) struct Writer {
    out: Vec<u8>,
    /// Where in the row we are, as Airbyte writes it: `a.b[3].c`.
    path: String,
    nulled: Vec<String>,
    /// How long a row may be.
    limit: usize,
}

impl Writer {
    /// Rows of at most `limit` bytes.
    pub(super) fn within(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// One row as a JSON object, and the places of values that JSON has no word for, which became
    /// null.
    ///
    /// # Errors
    ///
    /// The column whose type has no JSON, or with which the row becomes too long.
    pub(super) fn row(
        &mut self,
        batch: &RecordBatch,
        at: usize,
    ) -> Result<(&str, &[String]), String> {
        self.out.clear();
        self.path.clear();
        self.nulled.clear();
        self.fields(batch.schema_ref().fields(), batch.columns(), at)?;
        let text =
            std::str::from_utf8(&self.out).map_err(|_| "text that isn't UTF-8".to_owned())?;
        Ok((text, &self.nulled))
    }

    fn fields(&mut self, fields: &Fields, columns: &[ArrayRef], at: usize) -> Result<(), String> {
        self.out.push(b'{');
        for (index, (field, column)) in fields.iter().zip(columns).enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            self.member(field.name(), column, at)?;
        }
        self.out.push(b'}');
        Ok(())
    }

    fn member(&mut self, name: &str, column: &dyn Array, at: usize) -> Result<(), String> {
        self.text(name);
        self.out.push(b':');
        let outside = self.path.len();
        if outside > 0 {
            self.path.push('.');
        }
        self.path.push_str(name);
        self.value(column, at)?;
        self.fits(0)?;
        self.path.truncate(outside);
        Ok(())
    }

    /// Whether so many bytes more fit into the row.
    fn fits(&self, more: usize) -> Result<(), String> {
        match self.out.len().saturating_add(more) > self.limit {
            true => Err(format!(
                "column `{}`: the row is longer than allowed with it (--max-line-bytes)",
                self.path
            )),
            false => Ok(()),
        }
    }

    fn items(&mut self, items: &dyn Array) -> Result<(), String> {
        self.out.push(b'[');
        for at in 0..items.len() {
            if at > 0 {
                self.out.push(b',');
            }
            let outside = self.path.len();
            self.path.push_str(&format!("[{at}]"));
            self.value(items, at)?;
            self.path.truncate(outside);
            self.fits(0)?;
        }
        self.out.push(b']');
        Ok(())
    }

    fn value(&mut self, array: &dyn Array, at: usize) -> Result<(), String> {
        if array.is_null(at) {
            self.plain("null");
            return Ok(());
        }
        match array.data_type() {
            DataType::Null => self.plain("null"),
            DataType::Boolean => self.plain(array.as_boolean().value(at)),
            DataType::Int8 => self.plain(of::<Int8Type>(array, at)),
            DataType::Int16 => self.plain(of::<Int16Type>(array, at)),
            DataType::Int32 => self.plain(of::<Int32Type>(array, at)),
            DataType::Int64 => self.plain(of::<Int64Type>(array, at)),
            DataType::UInt8 => self.plain(of::<UInt8Type>(array, at)),
            DataType::UInt16 => self.plain(of::<UInt16Type>(array, at)),
            DataType::UInt32 => self.plain(of::<UInt32Type>(array, at)),
            DataType::UInt64 => self.plain(of::<UInt64Type>(array, at)),
            DataType::Float16 => self.single(of::<Float16Type>(array, at).to_f32()),
            DataType::Float32 => self.single(of::<Float32Type>(array, at)),
            DataType::Float64 => {
                let value = of::<Float64Type>(array, at);
                self.unless_null(value.is_finite().then(|| serde_json::Value::from(value)));
            }
            DataType::Decimal128(precision, scale) => {
                let value = of::<Decimal128Type>(array, at);
                self.plain(Decimal128Type::format_decimal(value, *precision, *scale));
            }
            DataType::Decimal256(precision, scale) => {
                let value = of::<Decimal256Type>(array, at);
                self.plain(Decimal256Type::format_decimal(value, *precision, *scale));
            }
            DataType::Utf8 => {
                let text = array.as_string::<i32>().value(at);
                self.fits(text.len())?;
                self.text(text);
            }
            DataType::Binary => {
                let bytes = array.as_binary::<i32>().value(at);
                self.fits(2 * bytes.len())?;
                self.bytes(bytes);
            }
            DataType::FixedSizeBinary(_) => self.bytes(array.as_fixed_size_binary().value(at)),
            DataType::List(_) => self.items(&array.as_list::<i32>().value(at))?,
            DataType::Struct(fields) => self.fields(fields, array.as_struct().columns(), at)?,
            DataType::Map(..) => self.entries(&array.as_map().value(at))?,
            _ => return self.time(array, at),
        }
        Ok(())
    }

    fn time(&mut self, array: &dyn Array, at: usize) -> Result<(), String> {
        use TimeUnit::{Microsecond, Millisecond, Nanosecond};
        match array.data_type() {
            DataType::Date32 => {
                let date = as_date::<Date32Type>(of::<Date32Type>(array, at).into());
                self.quoted(date.map(|date| date.format("%Y-%m-%d")));
            }
            DataType::Time32(Millisecond) => {
                self.clock::<Time32MillisecondType>(of::<Time32MillisecondType>(array, at).into());
            }
            DataType::Time64(Microsecond) => {
                self.clock::<Time64MicrosecondType>(of::<Time64MicrosecondType>(array, at));
            }
            DataType::Time64(Nanosecond) => {
                self.clock::<Time64NanosecondType>(of::<Time64NanosecondType>(array, at));
            }
            DataType::Timestamp(Millisecond, zone) => {
                self.instant::<TimestampMillisecondType>(array, at, zone.is_some());
            }
            DataType::Timestamp(Microsecond, zone) => {
                self.instant::<TimestampMicrosecondType>(array, at, zone.is_some());
            }
            DataType::Timestamp(Nanosecond, zone) => {
                self.instant::<TimestampNanosecondType>(array, at, zone.is_some());
            }
            _ => return Err(format!("column `{}`: its type has no JSON", self.path)),
        }
        Ok(())
    }

    fn clock<T: ArrowPrimitiveType>(&mut self, since_midnight: i64) {
        self.quoted(as_time::<T>(since_midnight).map(|time| time.format("%H:%M:%S%.f")));
    }

    /// A time with a zone is the instant, in UTC, in which parquet keeps it; one without has none.
    fn instant<T>(&mut self, array: &dyn Array, at: usize, has_zone: bool)
    where
        T: ArrowPrimitiveType<Native = i64>,
    {
        let format = if has_zone { "%Y-%m-%dT%H:%M:%S%.f+00:00" } else { "%Y-%m-%dT%H:%M:%S%.f" };
        self.quoted(as_datetime::<T>(of::<T>(array, at)).map(|time| time.format(format)));
    }

    /// The entries of a map: an object, if its keys are texts.
    fn entries(&mut self, entries: &arrow_array::StructArray) -> Result<(), String> {
        let (Some(keys), values) = (entries.column(0).as_string_opt::<i32>(), entries.column(1))
        else {
            return Err(format!("column `{}`: its keys are no texts", self.path));
        };
        self.out.push(b'{');
        for at in 0..entries.len() {
            if at > 0 {
                self.out.push(b',');
            }
            self.member(keys.value(at), values, at)?;
        }
        self.out.push(b'}');
        Ok(())
    }

    /// A value whose JSON is what it is displayed as. Writing into memory doesn't fail.
    fn plain(&mut self, value: impl Display) {
        let _ = write!(self.out, "{value}");
    }

    fn text(&mut self, text: &str) {
        let _ = serde_json::to_writer(&mut self.out, text);
    }

    /// As the SDK writes bytes into a RECORD.
    fn bytes(&mut self, bytes: &[u8]) {
        self.out.push(b'"');
        for byte in bytes {
            self.plain(format_args!("{byte:02x}"));
        }
        self.out.push(b'"');
    }

    /// Its own digits, not those of the double next to it.
    fn single(&mut self, value: f32) {
        self.unless_null(value.is_finite().then(|| serde_json::Value::from(value)));
    }

    fn quoted(&mut self, value: Option<impl Display>) {
        self.unless_null(value.map(|value| format!("\"{value}\"")));
    }

    fn unless_null(&mut self, value: Option<impl Display>) {
        match value {
            Some(value) => self.plain(value),
            None => {
                self.plain("null");
                self.nulled.push(self.path.clone());
            }
        }
    }
}

fn of<T: ArrowPrimitiveType>(array: &dyn Array, at: usize) -> T::Native {
    array.as_primitive::<T>().value(at)
}
