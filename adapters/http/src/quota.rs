//! What the headers of an answer say about the API's quota.

use jiff::Timestamp;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use serde_json::Value;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How many calls are left.
const REMAINING: [&str; 3] =
    ["ratelimit-remaining", "x-ratelimit-remaining", "x-rate-limit-remaining"];
/// When there will be more.
const RESET: [&str; 5] = [
    "ratelimit-reset",
    "x-ratelimit-reset",
    "x-rate-limit-reset",
    "x-ratelimit-reset-after",
    "x-rate-limit-reset-after",
];
/// How many milliseconds to wait.
const RETRY_AFTER_MS: [&str; 3] = ["retry-after-ms", "x-ms-retry-after-ms", "x-retry-after-ms"];
/// Where bodies say how long to wait.
const IN_BODY: [&str; 7] = [
    "/retry_after",
    "/retryAfter",
    "/retry_after_ms",
    "/retryAfterMs",
    "/error/retry_after",
    "/parameters/retry_after",
    "/data/retry_after",
];

/// Above this a number of seconds is a time since the epoch (2001 and later), not a while (31 years).
const EPOCH: f64 = 1e9;
/// Above this it is in milliseconds.
const EPOCH_MILLIS: f64 = 1e12;
/// A longer while (a hundred years) is this long: whoever has the patience adds it to times.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 86_400);

/// The server's own time, which its times go by; the given one where it doesn't tell.
fn time_of(headers: &HeaderMap, now: SystemTime) -> SystemTime {
    let date = headers.get(DATE).and_then(|date| date.to_str().ok());
    date.and_then(|date| httpdate::parse_http_date(date.trim()).ok()).unwrap_or(now)
}

/// How long an answer that was no success asks to wait: by `Retry-After` ([RFC 9110, 10.2.3]), or until
/// its quota that is used up comes back.
///
/// [RFC 9110, 10.2.3]: https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
pub(super) fn asked_wait(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    told_wait(headers, now).or_else(|| until_reset(headers, now))
}

/// As [`asked_wait`], by what says nothing else than to wait.
pub(super) fn told_wait(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    text.and_then(|text| while_or_time(text, time_of(headers, now))).or_else(|| {
        let millis = RETRY_AFTER_MS.iter().find_map(|name| headers.get(*name)?.to_str().ok());
        while_of(millis?.trim().parse::<f64>().ok()? / 1000.0)
    })
}

/// How long an answer that says that a quota is used up asks to wait: in its body, at `pointer` or where
/// bodies mostly say it; or until the quota comes back, however much of it is said to be left.
pub(super) fn quota_wait(
    headers: &HeaderMap,
    document: Option<&Value>,
    pointer: Option<&str>,
    now: SystemTime,
) -> Option<Duration> {
    let now_there = time_of(headers, now);
    let in_body = |at: &str| {
        let (value, is_millis) = (document?.pointer(at)?, at.to_ascii_lowercase().ends_with("ms"));
        match value {
            Value::Number(number) if is_millis => while_of(number.as_f64()? / 1000.0),
            Value::Number(number) => while_or_time(&number.to_string(), now_there),
            Value::String(text) => match text.trim().parse::<f64>() {
                Ok(millis) if is_millis => while_of(millis / 1000.0),
                _ => while_or_time(text, now_there),
            },
            _ => None,
        }
    };
    pointer
        .and_then(in_body)
        .or_else(|| told_wait(headers, now))
        .or_else(|| IN_BODY.iter().find_map(|at| in_body(at)))
        .or_else(|| reset(headers, now))
}

/// How long it takes until there is a quota again, of an answer that used up the last of it.
pub(super) fn until_reset(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let remaining: f64 =
        REMAINING.iter().find_map(|name| headers.get(*name)?.to_str().ok()?.trim().parse().ok())?;
    if remaining > 0.0 { None } else { reset(headers, now) }
}

fn reset(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let now = time_of(headers, now);
    RESET.iter().find_map(|name| while_or_time(headers.get(*name)?.to_str().ok()?, now))
}

fn while_of(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds).ok().map(|wait| wait.min(LONGEST))
}

/// A number of seconds or a date, as the rule has it; and what others make of it: fractions, a time as
/// seconds or milliseconds since the epoch or in RFC 3339, a while with its unit.
fn while_or_time(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    if let Ok(number) = text.parse::<f64>() {
        let seconds = if number >= EPOCH_MILLIS { number / 1000.0 } else { number };
        return match seconds >= EPOCH {
            // Beyond the year 5000 it is no time.
            true if seconds < EPOCH * 100.0 => while_of((seconds - since_epoch(now)).max(0.0)),
            _ => while_of(number),
        };
    }
    let until = |time: SystemTime| time.duration_since(now).unwrap_or_default().min(LONGEST);
    if let Ok(date) = httpdate::parse_http_date(text) {
        return Some(until(date));
    }
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(until(time.into()));
    }
    with_unit(text)
}

/// A while such as `2s`, `1.5 seconds` or `500ms`.
fn with_unit(text: &str) -> Option<Duration> {
    let unit_at = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(unit_at);
    let seconds = match unit.to_ascii_lowercase().as_str() {
        "ms" | "millisecond" | "milliseconds" => 0.001,
        "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
        "m" | "min" | "mins" | "minute" | "minutes" => 60.0,
        "h" | "hour" | "hours" => 3600.0,
        _ => return None,
    };
    while_of(number.trim().parse::<f64>().ok()? * seconds)
}

fn since_epoch(now: SystemTime) -> f64 {
    now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderName;
    use serde_json::json;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let parsed = |(name, value): &(&str, &str)| {
            (HeaderName::try_from(*name).unwrap(), value.parse().unwrap())
        };
        pairs.iter().map(parsed).collect()
    }

    #[test]
    fn waits_are_seconds_dates_or_resets() {
        // 2026-11-23T06:00:00Z
        let now = UNIX_EPOCH + Duration::from_secs(1_795_413_600);
        for (pairs, seconds) in [
            (&[("retry-after", "120")][..], Some(120)),
            (&[("retry-after", "Mon, 23 Nov 2026 06:00:30 GMT")], Some(30)),
            (&[("retry-after", "Mon, 23 Nov 2026 05:00:00 GMT")], Some(0)),
            (
                &[
                    ("retry-after", "Mon, 23 Nov 2026 05:00:00 GMT"),
                    ("date", "Mon, 23 Nov 2026 04:59:50 GMT"),
                ],
                Some(10),
            ),
            (&[("retry-after", "1795413645")], Some(45)),
            (&[("retry-after", "1795413645000")], Some(45)),
            (&[("retry-after", "2026-11-23T06:00:45Z")], Some(45)),
            (&[("retry-after", "2026-11-23T08:00:45+02:00")], Some(45)),
            (&[("retry-after", "2s")], Some(2)),
            (&[("retry-after", "2 Seconds")], Some(2)),
            (&[("retry-after", "2000 ms")], Some(2)),
            (&[("retry-after", "3 min")], Some(180)),
            (&[("retry-after", "3 moons")], None),
            (&[("retry-after-ms", "2000")], Some(2)),
            (
                &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "2026-11-23T06:00:45Z")],
                Some(45),
            ),
            (&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset-after", "3")], Some(3)),
            (&[("retry-after", "soon")], None),
            (&[("retry-after", "-5")], None),
            (&[("retry-after", "1e18")], Some(LONGEST.as_secs())),
            (&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1795413645")], Some(45)),
            (&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1795413645000")], Some(45)),
            (&[("ratelimit-remaining", "0"), ("ratelimit-reset", "7")], Some(7)),
            (&[("x-rate-limit-remaining", "0"), ("x-rate-limit-reset", "1")], Some(1)),
            (&[("x-ratelimit-remaining", "3"), ("x-ratelimit-reset", "7")], None),
            (&[("x-ratelimit-reset", "7")], None),
            (&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "NaN")], None),
            (&[], None),
        ] {
            let wait = asked_wait(&headers(pairs), now);
            assert_eq!(wait, seconds.map(Duration::from_secs), "{pairs:?}");
        }
    }

    #[test]
    fn an_answer_of_a_quota_may_say_in_its_body_how_long_to_wait() {
        let now = UNIX_EPOCH + Duration::from_secs(1_795_413_600);
        let wait = |pairs: &[(&str, &str)], body: Value, pointer: Option<&str>| {
            quota_wait(&headers(pairs), Some(&body), pointer, now).map(|wait| wait.as_secs())
        };
        assert_eq!(wait(&[], json!({"retry_after": 2}), None), Some(2));
        assert_eq!(wait(&[], json!({"retryAfterMs": 2000}), None), Some(2));
        assert_eq!(wait(&[], json!({"wait": {"ms": "3000"}}), Some("/wait/ms")), Some(3));
        assert_eq!(wait(&[], json!({"until": "2026-11-23T06:00:45Z"}), Some("/until")), Some(45));
        assert_eq!(wait(&[], json!({"until": 1_795_413_645}), Some("/until")), Some(45));
        assert_eq!(wait(&[("retry-after", "7")], json!({"retry_after": 2}), None), Some(7));
        assert_eq!(wait(&[("x-ratelimit-reset", "1795413603")], json!({}), None), Some(3));
        assert_eq!(wait(&[], json!({"retry_after": true}), None), None);
    }
}
