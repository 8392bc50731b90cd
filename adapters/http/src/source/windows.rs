//! Spans of days, by which a stream is read.

use crate::pointer;
use airbyte_singer_runtime::{Error, Result};
use airbyte_singer_toolkit::Slice;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// The names by which texts of a request have a span's beginning and end.
pub(super) const WINDOW_START: &str = "window_start";
pub(super) const WINDOW_END: &str = "window_end";

/// Spans of days by which a stream is read, until today. Of an incremental read the first one begins with
/// the day of the cursor.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WindowSettings {
    /// How many days a span has
    #[schemars(range(min = 1))]
    pub(super) days: u32,
    /// The first day, such as 2024-01-31
    #[schemars(extend("format" = "date"))]
    pub(super) from: String,
    /// The parameter of the query that has a span's beginning; of GraphQL, the variable. {window_start} and
    /// {window_end} in other texts of the request stand for the two as well
    #[serde(default)]
    #[schemars(with = "String")]
    pub(super) start_query: Option<String>,
    /// The parameter that has its end
    #[serde(default)]
    #[schemars(with = "String")]
    pub(super) end_query: Option<String>,
    /// The place in the body that has a span's beginning, in the place of a parameter: a JSON Pointer
    #[serde(default)]
    #[schemars(with = "String")]
    pub(super) start_body: Option<String>,
    /// The place in the body that has its end, in the place of a parameter: a JSON Pointer
    #[serde(default)]
    #[schemars(with = "String")]
    pub(super) end_body: Option<String>,
    /// Whether the API leaves out what is at the end itself. Of days the end is the first day of the next
    /// span then; of moments it is that anyway
    #[serde(default)]
    pub(super) end_is_exclusive: bool,
    /// How the two are written
    #[serde(default)]
    pub(super) format: MomentSettings,
}

/// How a span's beginning and end are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum MomentSettings {
    /// The first and the last day, such as 2024-01-31
    #[default]
    Date,
    /// The first moment, and the first one of the next span, such as 2024-01-31T00:00:00Z
    DateTime,
    /// The same, as seconds since 1970
    Seconds,
}

/// How a stream is cut.
#[derive(Debug, Clone)]
pub(super) struct Windows {
    pub(super) settings: WindowSettings,
    from: Date,
}

/// From a day to the last one, as the API is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: String,
    pub(super) end: String,
}

impl Windows {
    /// # Errors
    ///
    /// A config error: the first day is none, or a span has no days.
    pub(super) fn new(settings: WindowSettings) -> Result<Self> {
        let from = settings.from.parse::<Date>().map_err(|_| {
            Error::config("its setting `from` is no day; one is written as 2024-01-31")
        })?;
        if settings.days == 0 {
            return Err(Error::config("its setting `days` must be above zero"));
        }
        for (query, body) in [
            (&settings.start_query, &settings.start_body),
            (&settings.end_query, &settings.end_body),
        ] {
            if query.is_some() && body.is_some() {
                let text =
                    "a span's beginning and end have a parameter or a place in the body, not both";
                return Err(Error::config(text));
            }
            body.as_deref().map_or(Ok(()), pointer::check)?;
        }
        Ok(Self { settings, from })
    }

    /// The spans until today, from the day of a cursor on.
    pub(super) fn spans(&self, cursor: Option<&Value>) -> Vec<Span> {
        self.spans_until(cursor.and_then(day_of), today())
    }

    /// What a user should know where there are no spans: whether the first day or that of the cursor is in
    /// the future.
    pub(super) fn is_ahead(&self, cursor: Option<&Value>) -> Option<&'static str> {
        self.is_ahead_of(cursor.and_then(day_of), today())
    }

    fn is_ahead_of(&self, begin: Option<Date>, today: Date) -> Option<&'static str> {
        if self.from > today {
            return Some("`from` of its setting `windows` is");
        }
        (begin? > today).then_some("the cursor of its state is")
    }

    fn spans_until(&self, begin: Option<Date>, today: Date) -> Vec<Span> {
        let mut start = begin.map_or(self.from, |begin| begin.max(self.from));
        let mut spans = Vec::new();
        while start <= today {
            let next = start.saturating_add(i64::from(self.settings.days).days());
            let last = next.yesterday().unwrap_or(next).min(today);
            spans.push(self.settings.format.span(start, last, self.settings.end_is_exclusive));
            if next <= start {
                break;
            }
            start = next;
        }
        spans
    }
}

impl Span {
    pub(super) fn slice(&self) -> Slice {
        Slice::window([("start", self.start.as_str()), ("end", self.end.as_str())])
    }

    pub(super) fn of(slice: &Slice) -> Result<Self> {
        Ok(Self { start: slice.get("start")?, end: slice.get("end")? })
    }
}

impl MomentSettings {
    fn span(self, first: Date, last: Date, is_exclusive: bool) -> Span {
        let after = last.tomorrow().unwrap_or(last);
        let (start, end) = match self {
            Self::Date if is_exclusive => (first.to_string(), after.to_string()),
            Self::Date => (first.to_string(), last.to_string()),
            Self::DateTime => (format!("{first}T00:00:00Z"), format!("{after}T00:00:00Z")),
            Self::Seconds => (seconds(first), seconds(after)),
        };
        Span { start, end }
    }
}

/// The day in UTC.
pub(super) fn today() -> Date {
    Timestamp::now().to_zoned(TimeZone::UTC).date()
}

fn seconds(day: Date) -> String {
    let midnight: DateTime = day.into();
    let moment = TimeZone::UTC.to_timestamp(midnight).unwrap_or(Timestamp::UNIX_EPOCH);
    moment.as_second().to_string()
}

/// The day of a cursor: of a text that begins with a date, or of a number of seconds (or, beyond the year
/// 5000, milliseconds). Of anything else none, so that everything is read again.
fn day_of(cursor: &Value) -> Option<Date> {
    const LATEST: f64 = 1e11;
    let utc = |seconds: f64| {
        let moment =
            Timestamp::from_duration(jiff::SignedDuration::try_from_secs_f64(seconds).ok()?);
        Some(moment.ok()?.to_zoned(TimeZone::UTC).date())
    };
    match cursor {
        Value::String(text) => {
            // With an offset the day in UTC may be the one before.
            let day: Date = text.get(..10)?.parse().ok()?;
            let moment: Option<Timestamp> = text.parse().ok();
            Some(moment.map_or(day, |moment| moment.to_zoned(TimeZone::UTC).date().min(day)))
        }
        Value::Number(number) => match number.as_f64()? {
            millis if millis > LATEST => utc(millis / 1000.0),
            seconds => utc(seconds),
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn windows(days: u32, format: MomentSettings) -> Windows {
        let settings = WindowSettings {
            days,
            from: "2024-02-27".to_owned(),
            start_query: Some("from".to_owned()),
            end_query: None,
            start_body: None,
            end_body: None,
            end_is_exclusive: false,
            format,
        };
        Windows::new(settings).unwrap()
    }

    fn spans(windows: &Windows, cursor: Value, today: &str) -> Vec<(String, String)> {
        let spans = windows.spans_until(day_of(&cursor), today.parse().unwrap());
        spans.into_iter().map(|span| (span.start, span.end)).collect()
    }

    fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
        pairs.map(|(start, end)| (start.to_owned(), end.to_owned())).into()
    }

    #[test]
    fn days_are_covered_without_a_gap_until_today() {
        let three = windows(3, MomentSettings::Date);
        assert_eq!(
            spans(&three, json!(null), "2024-03-04"),
            pairs([
                ("2024-02-27", "2024-02-29"),
                ("2024-03-01", "2024-03-03"),
                ("2024-03-04", "2024-03-04"),
            ])
        );
        assert_eq!(spans(&three, json!(null), "2024-02-26"), []);
    }

    #[test]
    fn a_beginning_in_the_future_is_known() {
        let windows = windows(3, MomentSettings::Date);
        let ahead = |cursor: Value, today: &str| {
            windows.is_ahead_of(day_of(&cursor), today.parse().unwrap())
        };
        assert_eq!(ahead(json!(null), "2024-02-27"), None);
        assert_eq!(ahead(json!("2024-02-28"), "2024-02-28"), None);
        assert!(ahead(json!(null), "2024-02-26").unwrap().contains("`from`"));
        assert!(ahead(json!("2024-02-29"), "2024-02-28").unwrap().contains("state"));
    }

    #[test]
    fn an_exclusive_end_is_the_first_day_of_the_next_span() {
        let mut three = windows(3, MomentSettings::Date);
        three.settings.end_is_exclusive = true;
        assert_eq!(
            spans(&three, json!(null), "2024-03-02"),
            pairs([("2024-02-27", "2024-03-01"), ("2024-03-01", "2024-03-03")])
        );
    }

    #[test]
    fn moments_are_written_as_is_asked() {
        let of = |format| spans(&windows(3, format), json!(null), "2024-02-28");
        let times = pairs([("2024-02-27T00:00:00Z", "2024-02-29T00:00:00Z")]);
        assert_eq!(of(MomentSettings::DateTime), times);
        assert_eq!(of(MomentSettings::Seconds), pairs([("1708992000", "1709164800")]));
    }

    #[test]
    fn a_read_goes_on_with_the_day_of_its_cursor() {
        let week = windows(7, MomentSettings::Date);
        let first = |cursor| spans(&week, cursor, "2024-03-04")[0].0.clone();
        assert_eq!(first(json!("2024-03-02T10:00:00Z")), "2024-03-02");
        assert_eq!(first(json!("2024-03-02T01:00:00+02:00")), "2024-03-01");
        assert_eq!(first(json!("2024-03-02")), "2024-03-02");
        assert_eq!(first(json!(1_709_337_600)), "2024-03-02");
        assert_eq!(first(json!(1_709_337_600_000_u64)), "2024-03-02");
        for beginning in [json!("2020-01-01"), json!("soon"), json!(true)] {
            assert_eq!(first(beginning), "2024-02-27");
        }
    }

    #[test]
    fn a_beginning_that_is_none_is_a_fault_of_the_config() {
        let settings = |days, from: &str| WindowSettings {
            days,
            from: from.to_owned(),
            ..windows(1, MomentSettings::Date).settings
        };
        assert!(Windows::new(settings(1, "yesterday")).is_err());
        assert!(Windows::new(settings(0, "2024-01-01")).is_err());
    }
}
