//! Times as APIs write them.

use airbyte_singer_runtime::{Error, Result};
use jiff::civil::{Date, DateTime, date};
use jiff::fmt::rfc2822;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::fmt::temporal::Pieces;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use std::cmp::Ordering;

const NANOS: i128 = 1_000_000_000;

/// A moment, and the day that it has where it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Time {
    /// Nanoseconds since 1970.
    nanos: i128,
    day: Date,
}

impl Time {
    fn civil(written: DateTime, offset: Option<Offset>) -> Self {
        // Not as a `Timestamp`, whose last one is before the end of 9999, a favourite of databases.
        let since = written.duration_since(date(1970, 1, 1).at(0, 0, 0, 0)).as_nanos();
        let offset = offset.map_or(0, |offset| i128::from(offset.seconds()));
        Self { nanos: since - offset * NANOS, day: written.date() }
    }

    fn nanos(nanos: i128) -> Option<Self> {
        let moment = Timestamp::from_nanosecond(nanos).ok()?;
        Some(Self { nanos, day: moment.to_zoned(TimeZone::UTC).date() })
    }

    pub(super) fn compare(self, other: Self) -> Ordering {
        self.nanos.cmp(&other.nanos)
    }

    pub(super) fn iso(self) -> Option<String> {
        Timestamp::from_nanosecond(self.nanos).ok().map(|moment| moment.to_string())
    }

    /// The earlier one of the day as it was written and the day in UTC.
    pub(super) fn day(self) -> Date {
        Self::nanos(self.nanos).map_or(self.day, |utc| utc.day.min(self.day))
    }
}

/// How times are written.
#[derive(Debug, Clone)]
pub(super) enum Format {
    Iso,
    Rfc2822,
    /// A number of units since 1970, of so many nanoseconds.
    Epoch(i128),
    /// Placeholders, as jiff knows them; the first pattern that fits counts.
    Patterns(Vec<String>),
}

impl Format {
    /// # Errors
    ///
    /// A config error: times in this format couldn't be read.
    pub(super) fn parse(text: &str) -> Result<Self> {
        let format = match text {
            "iso8601" => Self::Iso,
            "rfc2822" => Self::Rfc2822,
            "%s" | "%s_as_float" => Self::Epoch(NANOS),
            "%ms" => Self::Epoch(1_000_000),
            "%epoch_microseconds" => Self::Epoch(1_000),
            text => Self::Patterns(patterns(text)),
        };
        match &format {
            Self::Patterns(patterns) if !patterns.iter().all(|one| tells_times(one)) => {
                Err(Error::config(
                    "a format has the placeholders of strftime and tells at least the year, as in \
                     %Y-%m-%dT%H:%M:%S%z or %m/%d/%Y; or it is one of iso8601, rfc2822, %s, %ms and \
                     %epoch_microseconds",
                ))
            }
            _ => Ok(format),
        }
    }

    /// The time that a text is.
    pub(super) fn read(&self, text: &str) -> Option<Time> {
        let text = text.trim();
        match self {
            Self::Iso => iso(text),
            Self::Rfc2822 => {
                let time = rfc2822::DateTimeParser::new().parse_zoned(text).ok()?;
                Some(Time::civil(time.datetime(), Some(time.offset())))
            }
            Self::Epoch(unit) => epoch(text, *unit),
            Self::Patterns(patterns) => patterns.iter().find_map(|one| read(one, text)),
        }
    }
}

/// A time of ISO 8601, from the day on.
pub(super) fn iso(text: &str) -> Option<Time> {
    // So that a number isn't taken for a date without hyphens.
    let [b'0'..=b'9', _, _, _, b'-', _, _, b'-', ..] = text.as_bytes() else { return None };
    let pieces = Pieces::parse(text).ok()?;
    let offset = pieces.to_numeric_offset();
    if offset.is_none() && pieces.time_zone_annotation().is_some() {
        return None;
    }
    let time = pieces.time().unwrap_or_else(jiff::civil::Time::midnight);
    Some(Time::civil(pieces.date().to_datetime(time), offset))
}

/// A time of ISO 8601 that a user has written, perhaps the year or the month alone, or a day without
/// hyphens. 0 is before all times.
pub(super) fn beginning(text: &str) -> Option<Time> {
    let text = text.trim();
    match text.len() {
        1 if text == "0" => iso("0000-01-01"),
        4 => iso(&format!("{text}-01-01")),
        7 => iso(&format!("{text}-01")),
        8 if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            iso(&format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..]))
        }
        _ => iso(text),
    }
}

/// A pattern of ours as jiff's, in all ways that its offset may be written.
fn patterns(text: &str) -> Vec<String> {
    let mut patterns = vec![text.replace("%_ms", "%f")];
    for (placeholder, ways) in [("%z", ["%z", "%:z", "Z"]), ("%Z", ["UTC", "GMT", "Z"])] {
        if patterns[0].contains(placeholder) {
            let all = |way| patterns.iter().map(move |one| one.replace(placeholder, way));
            patterns = ways.into_iter().flat_map(all).collect();
        }
    }
    patterns
}

/// Whether a time that is written so can be read: one in the afternoon comes back as that.
fn tells_times(pattern: &str) -> bool {
    let afternoon = date(2024, 11, 23).at(14, 55, 19, 123_000_000);
    let Ok(zoned) = afternoon.to_zoned(TimeZone::UTC) else { return false };
    let written = BrokenDownTime::from(&zoned).to_string(pattern);
    let Some(time) = written.ok().and_then(|written| read(pattern, &written)) else { return false };
    let hours = (Time::civil(afternoon, None).nanos - time.nanos) / NANOS / 3600 % 24;
    time.day.year() == 2024 && matches!(hours, 0 | 14)
}

fn read(pattern: &str, text: &str) -> Option<Time> {
    let mut parts = BrokenDownTime::parse(pattern, text).ok()?;
    if let Some(moment) = parts.timestamp() {
        return Time::nanos(moment.as_nanosecond());
    }
    // There is no database of time zones.
    if parts.iana_time_zone().is_some() {
        return None;
    }
    let has_week = parts.iso_week().is_some()
        || parts.sunday_based_week().is_some()
        || parts.monday_based_week().is_some();
    // A month begins with its first day, a year with its first month.
    if parts.day().is_none() && parts.day_of_year().is_none() && !has_week {
        parts.set_day(Some(1)).ok()?;
        if parts.month().is_none() {
            parts.set_month(Some(1)).ok()?;
        }
    }
    Some(Time::civil(parts.to_datetime().ok()?, parts.offset()))
}

/// A number of units since 1970, with a fraction or without.
fn epoch(text: &str, unit: i128) -> Option<Time> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_plain = fraction.bytes().all(|byte| byte.is_ascii_digit());
    let Some(whole) = whole.parse::<i128>().ok().filter(|_| is_plain) else {
        let seconds = text.parse::<f64>().ok()? * (unit as f64 / NANOS as f64);
        return Time::nanos(SignedDuration::try_from_secs_f64(seconds).ok()?.as_nanos());
    };
    // Nanoseconds are the ninth digit of a second.
    let digits = format!("{fraction:0<9.9}").parse::<i128>().ok()? * unit / NANOS;
    let is_before = text.starts_with('-');
    Time::nanos(whole.checked_mul(unit)? + if is_before { -digits } else { digits })
}
