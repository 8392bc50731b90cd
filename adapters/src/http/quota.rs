//! What the headers of an answer say about the API's quota.

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// How many calls are left.
const REMAINING: [&str; 3] =
    ["ratelimit-remaining", "x-ratelimit-remaining", "x-rate-limit-remaining"];
/// When there will be more.
const RESET: [&str; 3] = ["ratelimit-reset", "x-ratelimit-reset", "x-rate-limit-reset"];

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
    let text = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    text.and_then(|text| while_or_date(text, time_of(headers, now)))
        .or_else(|| until_reset(headers, now))
}

/// How long it takes until there is a quota again, of an answer that used up the last of it.
pub(super) fn until_reset(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let number = |names: [&str; 3]| -> Option<f64> {
        names.iter().find_map(|name| headers.get(*name)?.to_str().ok()?.trim().parse().ok())
    };
    if number(REMAINING)? > 0.0 {
        return None;
    }
    let reset = number(RESET)?;
    let seconds = if reset >= EPOCH_MILLIS { reset / 1000.0 } else { reset };
    let wait =
        if seconds >= EPOCH { seconds - since_epoch(time_of(headers, now)) } else { seconds };
    while_of(wait.max(0.0))
}

fn while_of(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds).ok().map(|wait| wait.min(LONGEST))
}

/// A number of seconds or a date.
fn while_or_date(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    // Some write fractions, which the rule doesn't know.
    match text.parse::<f64>() {
        Ok(seconds) => while_of(seconds),
        Err(_) => {
            let date = httpdate::parse_http_date(text).ok()?;
            Some(date.duration_since(now).unwrap_or_default())
        }
    }
}

fn since_epoch(now: SystemTime) -> f64 {
    now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::HeaderName;

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
            (&[("retry-after", "soon")], None),
            (&[("retry-after", "-5")], None),
            (&[("retry-after", "1e18")], Some(LONGEST.as_secs())),
            (&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1795413645")], Some(45)),
            (&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1795413645000")], Some(45)),
            (&[("ratelimit-remaining", "0"), ("ratelimit-reset", "7")], Some(7)),
            (&[("x-rate-limit-remaining", "0"), ("x-rate-limit-reset", "1")], Some(1)),
            (&[("x-ratelimit-remaining", "3"), ("x-ratelimit-reset", "7")], None),
            (&[("x-ratelimit-reset", "7")], None),
            (&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "NaN")], Some(0)),
            (&[], None),
        ] {
            let wait = asked_wait(&headers(pairs), now);
            assert_eq!(wait, seconds.map(Duration::from_secs), "{pairs:?}");
        }
    }
}
