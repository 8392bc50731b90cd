use super::*;
use airbyte_protocol::FailureType;
use std::io::BufReader;

mod chosen;
mod csv;
mod hostile;
mod json;
mod mended;
mod packed;
mod recoded;
mod xml;

/// What a format makes of a body that comes `part` bytes at a time: its records and the rest.
fn in_parts(format: &dyn Format, body: &[u8], part: usize) -> Result<(Vec<Value>, Rest)> {
    let mut records = Vec::new();
    let mut body = BufReader::with_capacity(part, body);
    let rest = format.decode(&mut body, &mut |record| {
        records.push(Value::Object(record));
        Ok(())
    })?;
    Ok((records, rest))
}

fn whole(format: &dyn Format, body: impl AsRef<[u8]>) -> (Vec<Value>, Rest) {
    in_parts(format, body.as_ref(), 4096).unwrap()
}

fn fault(format: &dyn Format, body: impl AsRef<[u8]>) -> String {
    let error = in_parts(format, body.as_ref(), 4096).unwrap_err();
    assert_eq!(error.failure_type(), FailureType::SystemError, "{error}");
    error.to_string()
}

/// Whether a body is taken for one that was cut short.
fn is_cut(format: &dyn Format, body: impl AsRef<[u8]>) -> bool {
    in_parts(format, body.as_ref(), 4096)
        .is_err_and(|error| error.failure_type() == FailureType::TransientError)
}
