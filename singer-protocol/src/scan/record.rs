//! What is found of a RECORD.

/// A [`Record`](crate::message::Record) as it stands in its line, where nothing in it had to be decoded.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct RecordRef<'a> {
    /// As [`Record::stream`](crate::message::Record::stream).
    pub stream: &'a str,
    /// As [`Record::record`](crate::message::Record::record).
    pub record: &'a str,
    /// As [`Record::time_extracted`](crate::message::Record::time_extracted).
    pub time_extracted: Option<&'a str>,
    /// As [`Record::version`](crate::message::Record::version); a `null` is given too.
    pub version: Option<&'a str>,
}
