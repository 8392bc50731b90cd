use serde_json::{Map, Value};

/// What texts were found to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Text {
    /// `2026-11-23`
    Date,
    /// `2026-11-23T05:55:19Z`, with any offset
    Timestamp,
    /// `2026-11-23T05:55:19`
    LocalTimestamp,
    Any,
}

impl Text {
    pub(super) fn of(text: &str) -> Self {
        let Some((date, rest)) = text.split_at_checked(10) else { return Self::Any };
        if !is_date(date) {
            return Self::Any;
        }
        let Some(time) = rest.strip_prefix('T') else {
            return if rest.is_empty() { Self::Date } else { Self::Any };
        };
        match after_time(time) {
            Some("") => Self::LocalTimestamp,
            Some(offset) if is_offset(offset) => Self::Timestamp,
            _ => Self::Any,
        }
    }

    /// What both are.
    pub(super) fn and(self, other: Self) -> Self {
        if self == other { self } else { Self::Any }
    }

    /// Adds what Airbyte says of such texts.
    pub(super) fn describe(self, schema: &mut Map<String, Value>) {
        let (format, kind) = match self {
            Self::Any => return,
            Self::Date => ("date", None),
            Self::Timestamp => ("date-time", Some("timestamp_with_timezone")),
            Self::LocalTimestamp => ("date-time", Some("timestamp_without_timezone")),
        };
        schema.insert("format".to_owned(), format.into());
        if let Some(kind) = kind {
            schema.insert("airbyte_type".to_owned(), kind.into());
        }
    }
}

/// The number that a text of so many digits is, if it lies between these.
fn number(text: &str, digits: usize, least: u32, most: u32) -> bool {
    text.len() == digits
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && text.parse::<u32>().is_ok_and(|number| (least..=most).contains(&number))
}

fn is_date(text: &str) -> bool {
    let mut parts = text.split('-');
    let mut is =
        |digits, least, most| parts.next().is_some_and(|part| number(part, digits, least, most));
    is(4, 0, 9999) && is(2, 1, 12) && is(2, 1, 31) && parts.next().is_none()
}

/// What follows `05:55:19.123`.
fn after_time(text: &str) -> Option<&str> {
    let (time, rest) = text.split_at_checked(8)?;
    let mut parts = time.split(':');
    let mut is = |most| parts.next().is_some_and(|part| number(part, 2, 0, most));
    // 60 is a leap second.
    if !(is(23) && is(59) && is(60)) {
        return None;
    }
    let Some(fraction) = rest.strip_prefix('.') else { return Some(rest) };
    let offset = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
    (offset.len() < fraction.len()).then_some(offset)
}

fn is_offset(text: &str) -> bool {
    if text == "Z" {
        return true;
    }
    let Some(offset) = text.strip_prefix(['+', '-']) else { return false };
    let parts = offset.split_once(':');
    parts.is_some_and(|(hours, minutes)| number(hours, 2, 0, 23) && number(minutes, 2, 0, 59))
}
