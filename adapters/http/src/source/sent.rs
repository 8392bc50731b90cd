//! How a cursor's value is written where it is sent.

use airbyte_singer_runtime::{Error, Result};
use jiff::civil::{Date, DateTime};
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// Numbers beyond this (the year 5138) are milliseconds.
const LATEST: f64 = 1e11;

/// A way to write a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SentFormat {
    Seconds,
    Milliseconds,
    /// The signs of strftime.
    Signs(String),
}

impl SentFormat {
    /// # Errors
    ///
    /// A config error: there is no sign in it, or one that isn't known.
    pub(super) fn parse(text: &str) -> Result<Self> {
        match text {
            "seconds" => Ok(Self::Seconds),
            "milliseconds" => Ok(Self::Milliseconds),
            text => {
                let epoch = BrokenDownTime::from(&Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC));
                if !text.contains('%') || epoch.to_string(text).is_err() {
                    return Err(Error::config(
                        "its setting `sent_format` is neither seconds nor milliseconds nor a text with \
                         the signs of strftime, such as %Y-%m-%d",
                    ));
                }
                Ok(Self::Signs(text.to_owned()))
            }
        }
    }

    /// A moment as the API wants it: of a number of seconds or milliseconds, or of a text that is one, a
    /// time or a day. `day` is the one of the value where it is written, which is sent in the place of a
    /// later one in UTC if no more than days is.
    ///
    /// # Errors
    ///
    /// A config error: the value is no moment.
    pub(super) fn write(&self, value: &Value, day: Option<Date>) -> Result<Value> {
        let moment = moment(value).ok_or_else(|| {
            Error::config("the cursor's value is no time, so `sent_format` can't be applied to it")
        })?;
        Ok(match self {
            Self::Seconds => moment.as_second().into(),
            Self::Milliseconds => moment.as_millisecond().into(),
            Self::Signs(signs) => {
                let zoned = moment.to_zoned(TimeZone::UTC);
                let write = |time: DateTime| {
                    let zoned = time.to_zoned(TimeZone::UTC).ok()?;
                    BrokenDownTime::from(&zoned).to_string(signs).ok()
                };
                let (midnight, end) = (zoned.date().at(0, 0, 0, 0), zoned.date().at(23, 59, 59, 0));
                let earlier =
                    day.filter(|day| *day < zoned.date() && write(midnight) == write(end));
                let time = earlier.map_or_else(|| zoned.datetime(), DateTime::from);
                let written = write(time);
                written.ok_or_else(|| Error::config("`sent_format` can't write the cursor"))?.into()
            }
        })
    }
}

fn moment(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Number(number) => since_1970(number.as_f64()?),
        Value::String(text) => {
            let text = text.trim();
            let civil = |text: &str| {
                let day = || text.parse::<Date>().ok().map(DateTime::from);
                let civil = text.parse::<DateTime>().ok().or_else(day)?;
                TimeZone::UTC.to_timestamp(civil).ok()
            };
            // A year alone is none.
            let number = || text.parse().ok().filter(|_| text.len() != 4).and_then(since_1970);
            text.parse().ok().or_else(|| civil(text)).or_else(number)
        }
        _ => None,
    }
}

fn since_1970(number: f64) -> Option<Timestamp> {
    let seconds = if number > LATEST { number / 1000.0 } else { number };
    Timestamp::from_duration(SignedDuration::try_from_secs_f64(seconds).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_moment_is_written_as_the_api_wants_it() {
        let sent = |format: &str, value: Value| {
            SentFormat::parse(format).unwrap().write(&value, None).map(|sent| sent.to_string())
        };
        let time = || json!("2024-01-02T03:04:05.678+02:00");
        assert_eq!(sent("%Y-%m-%d", time()).unwrap(), r#""2024-01-02""#);
        assert_eq!(sent("%Y-%m-%dT%H:%M:%SZ", time()).unwrap(), r#""2024-01-02T01:04:05Z""#);
        assert_eq!(sent("seconds", time()).unwrap(), "1704157445");
        assert_eq!(sent("milliseconds", time()).unwrap(), "1704157445678");
        assert_eq!(sent("%d.%m.%Y", json!(1_704_157_445)).unwrap(), r#""02.01.2024""#);
        assert_eq!(sent("%d.%m.%Y", json!(1_704_157_445_678_u64)).unwrap(), r#""02.01.2024""#);
        assert_eq!(sent("seconds", json!("2024-01-02")).unwrap(), "1704153600");
        assert_eq!(sent("seconds", json!("2024-01-02 03:00:00")).unwrap(), "1704164400");
        // A text that is a number is one.
        assert_eq!(sent("%d.%m.%Y", json!("1704157445")).unwrap(), r#""02.01.2024""#);
        assert_eq!(sent("seconds", json!("1704157445678")).unwrap(), "1704157445");
        assert_eq!(sent("seconds", json!("20240102")).unwrap(), "1704153600");
        for odd in [json!("hunter2"), json!("2024"), json!("inf"), json!(true), json!(null)] {
            let error = sent("seconds", odd).unwrap_err();
            let text = "the cursor's value is no time, so `sent_format` can't be applied to it";
            assert_eq!(error.message(), text);
        }
        for odd in ["", "Y-m-d", "%~"] {
            assert!(SentFormat::parse(odd).is_err());
        }
    }

    #[test]
    fn a_day_is_none_after_the_one_of_the_value() {
        let sent = |format: &str, day: i8| {
            let format = SentFormat::parse(format).unwrap();
            let day = jiff::civil::date(2024, 1, day);
            format.write(&json!("2024-01-30T23:30:00-05:00"), Some(day)).unwrap().to_string()
        };
        assert_eq!(sent("%Y-%m-%d", 30), r#""2024-01-30""#);
        assert_eq!(sent("%d.%m.%Y", 30), r#""30.01.2024""#);
        // No more than a later one, and none where the time is written as well.
        assert_eq!(sent("%Y-%m-%d", 31), r#""2024-01-31""#);
        assert_eq!(sent("%Y-%m-%dT%H:%M:%SZ", 30), r#""2024-01-31T04:30:00Z""#);
        assert_eq!(sent("%Y-%m-%d %H", 30), r#""2024-01-31 04""#);
        assert_eq!(sent("seconds", 30), "1706675400");
    }
}
