//! Points in time as taps write them.

use nom::branch::alt;
use nom::bytes::complete::{take_while_m_n, take_while1};
use nom::character::complete::{char, one_of};
use nom::combinator::{map, map_opt, opt, value};
use nom::sequence::preceded;
use nom::{IResult, Parser};

/// Milliseconds since 1970-01-01T00:00:00Z of an RFC 3339 date and time, finer fractions cut off.
///
/// Accepted beyond the letter: a space for the `T`, lower case, no zone (taken as UTC), offsets
/// written `+02`, `+0200` or `+02:00`, no seconds, a comma before the fraction, a leap second (the
/// next one), and blanks around. `None` for anything else and for dates that don't exist.
///
/// ```
/// use singer_protocol::epoch_millis;
///
/// assert_eq!(epoch_millis("1970-01-02T01:00:00.0019+01:00"), Some(86_400_001));
/// assert_eq!(epoch_millis("1970-01-01 00:00:01"), Some(1_000));
/// assert_eq!(epoch_millis("0000-00-00 00:00:00"), None);
/// ```
#[inline]
pub fn epoch_millis(text: &str) -> Option<i64> {
    usual(text.as_bytes()).or_else(|| any(text))
}

fn any(text: &str) -> Option<i64> {
    let (rest, millis) = moment(text.trim_ascii()).ok()?;
    (rest.is_empty() && YEARS.contains(&millis)).then_some(millis)
}

/// Times as they come one after the other: mostly in the same second as the one before.
///
/// ```
/// use singer_protocol::{Moments, epoch_millis};
///
/// let mut moments = Moments::default();
/// for text in ["2026-11-22T09:14:13.779835Z", "2026-11-22T09:14:13.781Z", "yesterday"] {
///     assert_eq!(moments.epoch_millis(text), epoch_millis(text));
/// }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Moments {
    /// The last date and time up to its seconds, and what it is.
    last: Option<([u8; 19], i64)>,
}

impl Moments {
    /// As [`epoch_millis`](fn@epoch_millis).
    #[inline]
    pub fn epoch_millis(&mut self, text: &str) -> Option<i64> {
        let Some((second, rest)) = text.as_bytes().split_first_chunk() else { return any(text) };
        let Some(fraction) = fraction_of(rest) else { return any(text) };
        if let Some((last, millis)) = &self.last
            && last == second
        {
            return Some(millis + fraction);
        }
        let Some(millis) = second_of(second) else { return any(text) };
        self.last = Some((*second, millis));
        Some(millis + fraction)
    }
}

/// As [`epoch_millis`], of the layout that nearly all taps use, since it is asked once a record:
/// `2024-01-01T00:00:00.123456Z`, with or without a fraction, `+00:00` for the `Z`.
#[inline]
fn usual(text: &[u8]) -> Option<i64> {
    let (second, rest) = text.split_first_chunk()?;
    Some(second_of(second)? + fraction_of(rest)?)
}

/// What `2024-01-01T00:00:00` is.
#[inline]
fn second_of(text: &[u8; 19]) -> Option<i64> {
    let (date, rest) = text.split_first_chunk()?;
    let (clock, rest) = rest.split_first_chunk()?;
    let &[colon, ten_seconds, seconds] = rest else { return None };
    let date = digits_in(*date, *b"0000-00-")?;
    let clock = digits_in(*clock, *b"00T00:00")?;
    let second = digits_in([colon, ten_seconds, seconds, 0, 0, 0, 0, 0], *b":00\0\0\0\0\0")?;
    let two = |digits: &[u8; 8], at: usize| u32::from(digits[at] * 10 + digits[at + 1]);
    let days = days_of(two(&date, 0) * 100 + two(&date, 2), two(&date, 5), two(&clock, 0))?;
    let (hour, minute, second) = (two(&clock, 3), two(&clock, 6), two(&second, 1));
    let of_day = ((hour * 60 + minute) * 60 + second) * 1000;
    (hour <= 23 && minute <= 59 && second <= 59)
        .then(|| i64::from(days) * 86_400_000 + i64::from(of_day))
}

/// The milliseconds of `.123456Z`, or of a zone alone, which must be UTC.
#[inline]
fn fraction_of(text: &[u8]) -> Option<i64> {
    let (millis, zone) = match text.split_first_chunk() {
        Some((&[point, a, b, c, d, e, f], zone)) => {
            let digits = digits_in([point, a, b, c, d, e, f, 0], *b".000000\0")?;
            (i64::from(digits[1]) * 100 + i64::from(digits[2]) * 10 + i64::from(digits[3]), zone)
        }
        None => (0, text),
    };
    (zone == b"Z" || zone == b"+00:00").then_some(millis)
}

/// The digits of a text that looks like `form`: a digit where that has a zero, else the same.
#[inline(always)]
fn digits_in(text: [u8; 8], form: [u8; 8]) -> Option<[u8; 8]> {
    // All eight at once: a digit's character is its value above that of the zero, and what is added
    // to it makes the highest bit show up from ten on, or from one on where no digit belongs.
    let digits = u64::from_le_bytes(text) ^ u64::from_le_bytes(form);
    let beyond = form.map(|form| if form == b'0' { 0x80 - 10 } else { 0x80 - 1 });
    let wrong = (digits.wrapping_add(u64::from_le_bytes(beyond)) | digits) & 0x8080_8080_8080_8080;
    (wrong == 0).then_some(digits.to_le_bytes())
}

/// As [`days_from_civil`], of the years from 1 on.
#[inline(always)]
fn days_of(year: u32, month: u32, day: u32) -> Option<i32> {
    const LENGTHS: [u32; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let length = *LENGTHS.get(month.checked_sub(1)? as usize)?;
    let every = |count: u32| year.is_multiple_of(count);
    let leap = || every(4) && (!every(100) || every(400));
    if day == 0 || year == 0 || day > length && !(month == 2 && day == 29 && leap()) {
        return None;
    }
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day;
    Some(days as i32 - 719_469)
}

/// What can be written again: the years 0000 to 9999 in UTC. Offsets lead out of them.
const YEARS: std::ops::Range<i64> = -62_167_219_200_000..253_402_300_800_000;

/// The point in time that is so many milliseconds after 1970-01-01T00:00:00Z, in RFC 3339, UTC, with
/// a `Z`. Milliseconds are written only where there are any.
///
/// ```
/// use singer_protocol::rfc3339;
///
/// assert_eq!(rfc3339(1_704_067_200_000), "2024-01-01T00:00:00Z");
/// assert_eq!(rfc3339(-1), "1969-12-31T23:59:59.999Z");
/// ```
pub fn rfc3339(epoch_millis: i64) -> String {
    let (days, millis) = (epoch_millis.div_euclid(86_400_000), epoch_millis.rem_euclid(86_400_000));
    let (year, month, day) = civil_from_days(days);
    let (seconds, millis) = (millis / 1000, millis % 1000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let whole = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    if millis == 0 { whole + "Z" } else { format!("{whole}.{millis:03}Z") }
}

fn moment(input: &str) -> IResult<&str, i64> {
    let (input, days) = date(input)?;
    let (input, _) = one_of("Tt ").parse(input)?;
    let (input, time) = time_of_day(input)?;
    let (input, offset) = opt(zone).parse(input)?;
    Ok((input, days * 86_400_000 + time - offset.unwrap_or(0) * 60_000))
}

/// Days since 1970-01-01.
fn date(input: &str) -> IResult<&str, i64> {
    let month_and_day = (digits(2), preceded(char('-'), digits(2)));
    map_opt((digits(4), preceded(char('-'), month_and_day)), |(year, (month, day))| {
        days_from_civil(year, month, day)
    })
    .parse(input)
}

/// Milliseconds since midnight.
fn time_of_day(input: &str) -> IResult<&str, i64> {
    let seconds = preceded(char(':'), (digits(2), opt(fraction)));
    map_opt((digits(2), preceded(char(':'), digits(2)), opt(seconds)), |(hour, minute, second)| {
        let (second, millis) = second.unwrap_or((0, None));
        let exists = hour <= 23 && minute <= 59 && second <= 60;
        let whole = (hour * 60 + minute) * 60 + second;
        exists.then_some(whole * 1000 + millis.unwrap_or(0))
    })
    .parse(input)
}

/// The milliseconds of a fraction of any length.
fn fraction(input: &str) -> IResult<&str, i64> {
    let point = one_of(".,");
    let digits = take_while1(|digit: char| digit.is_ascii_digit());
    map(preceded(point, digits), |digits: &str| {
        let three = digits.bytes().chain(*b"00").take(3);
        three.fold(0, |millis, digit| millis * 10 + i64::from(digit - b'0'))
    })
    .parse(input)
}

/// Minutes east of UTC, a blank allowed in front.
fn zone(input: &str) -> IResult<&str, i64> {
    let utc = value(0, one_of("Zz"));
    let minutes = preceded(opt(char(':')), digits(2));
    let offset = map_opt((one_of("+-"), digits(2), opt(minutes)), |(sign, hours, minutes)| {
        let minutes = minutes.unwrap_or(0);
        let offset = hours * 60 + minutes;
        (hours <= 23 && minutes <= 59).then_some(if sign == '-' { -offset } else { offset })
    });
    preceded(opt(char(' ')), alt((utc, offset))).parse(input)
}

fn digits<'a>(
    count: usize,
) -> impl Parser<&'a str, Output = i64, Error = nom::error::Error<&'a str>> {
    map(take_while_m_n(count, count, |digit: char| digit.is_ascii_digit()), |digits: &str| {
        digits.bytes().fold(0, |number, digit| number * 10 + i64::from(digit - b'0'))
    })
}

/// Days since 1970-01-01 of a day of the Gregorian calendar, counted in eras of 400 years that begin
/// on the first of March, so that the leap day comes last. `None` for a day that doesn't exist.
fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(leap),
        _ => return None,
    };
    if !(1..=last).contains(&day) {
        return None;
    }
    let year = year - i64::from(month <= 2);
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

/// The inverse of [`days_from_civil`]: year, month and day.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let leaps = day_of_era / 1460 - day_of_era / 36_524 + day_of_era / 146_096;
    let year_of_era = (day_of_era - leaps) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Days since 1970-01-01, counted one year and one month at a time.
    fn slow_days(year: i64, month: i64, day: i64) -> i64 {
        let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let mut days: i64 = (1970..year).map(|year| 365 + i64::from(leap(year))).sum();
        days -= (year..1970).map(|year| 365 + i64::from(leap(year))).sum::<i64>();
        let months = [31, 28 + i64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        days + months[..month as usize - 1].iter().sum::<i64>() + day - 1
    }

    #[test]
    fn the_dresses_taps_wear() {
        let at = Some(1_795_338_853_779);
        for text in [
            "2026-11-22T09:14:13.779835+00:00",
            "2026-11-22T09:14:13.779835Z",
            "2026-11-22t09:14:13.779z",
            "2026-11-22 09:14:13.779835",
            "2026-11-22 09:14:13,779",
            "2026-11-22T11:14:13.77983512345678901234567890+02",
            "2026-11-22T11:14:13.779+0200",
            "2026-11-22T03:44:13.779-05:30",
            " 2026-11-22 09:14:13.779 +00:00\n",
        ] {
            assert_eq!(epoch_millis(text), at, "{text}");
        }
        assert_eq!(epoch_millis("1970-01-01T00:00Z"), Some(0));
        assert_eq!(epoch_millis("1969-12-31T23:59:59.9999Z"), Some(-1));
        assert_eq!(epoch_millis("2016-12-31T23:59:60Z"), epoch_millis("2017-01-01T00:00:00Z"));
        assert_eq!(epoch_millis("2024-01-01T00:00:00.5Z"), Some(1_704_067_200_500));
    }

    #[test]
    fn what_is_no_point_in_time() {
        for text in [
            "",
            "2024",
            "2024-01-01",
            "0000-00-00 00:00:00",
            "2023-02-29T00:00:00Z",
            "2024-13-01T00:00:00Z",
            "2024-01-01T24:00:00Z",
            "2024-01-01T00:60:00Z",
            "2024-01-01T00:00:61Z",
            "2024-01-01T00:00:00+24:00",
            "2024-01-01T00:00:00.Z",
            "2024-01-01T00:00:00Zx",
            "-1 day, 12:00:00",
            "9999-12-31T23:59:59-14:00",
            "0000-01-01T00:00:00+00:01",
            "24-01-01T00:00:00Z",
            "２０２４-01-01T00:00:00Z",
        ] {
            assert_eq!(epoch_millis(text), None, "{text}");
        }
    }

    const USUAL: &str = "[0-9]{4}-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{0,9})?(Z|\\+00:00|z|-01:00)?";

    #[test]
    fn the_first_moment_is_read_as_any_other() {
        for text in ["\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0Z", "2024-01-01T00:00Z", "", "Z"] {
            assert_eq!(Moments::default().epoch_millis(text), epoch_millis(text), "{text}");
        }
    }

    #[test]
    fn the_usual_layout_is_known() {
        for text in ["2024-01-01T00:00:00Z", "2024-01-01T00:00:00.000001+00:00"] {
            assert_eq!(usual(text.as_bytes()), Some(1_704_067_200_000), "{text}");
        }
    }

    proptest! {
        #[test]
        fn it_agrees_with_counting_days(
            year in 1_i64..=9999, month in 1_i64..=12, day in 1_i64..=31,
            (hour, minute, second) in (0_i64..24, 0_i64..60, 0_i64..60),
            fraction in "[0-9]{1,12}", offset in -1439_i64..=1439,
        ) {
            let sign = if offset < 0 { '-' } else { '+' };
            let (hours, minutes) = (offset.abs() / 60, offset.abs() % 60);
            let text = format!(
                "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction}{sign}{hours:02}:{minutes:02}"
            );
            let next = if month == 12 { slow_days(year + 1, 1, 1) } else { slow_days(year, month + 1, 1) };
            let days = slow_days(year, month, day);
            let millis: i64 = format!("{fraction:0<3}")[..3].parse().unwrap();
            let seconds = days * 86_400 + (hour * 60 + minute) * 60 + second - offset * 60;
            let expected = (days < next).then_some(seconds * 1000 + millis);
            prop_assert_eq!(epoch_millis(&text), expected);
        }

        #[test]
        fn the_usual_layout_is_read_as_any_other(text in USUAL) {
            if let Some(millis) = usual(text.as_bytes()) {
                let (rest, expected) = moment(&text).expect("a moment");
                prop_assert_eq!((rest, Some(millis)), ("", YEARS.contains(&expected).then_some(expected)));
            }
        }

        #[test]
        fn one_after_the_other_is_read_as_each_alone(
            texts in prop::collection::vec(prop_oneof![USUAL, " ?2024-01-01[T ]00:00Z?", "\0{19}Z", "2024-02-(28|29|30)T1[0-9]:00:00(\\.[0-9]{6})?(Z|x)?"], 1..12),
        ) {
            let mut moments = Moments::default();
            for text in texts {
                prop_assert_eq!(moments.epoch_millis(&text), epoch_millis(&text), "{}", text);
            }
        }

        #[test]
        fn what_is_written_is_read_again(millis in -62_135_596_800_000_i64..253_402_300_800_000) {
            prop_assert_eq!(epoch_millis(&rfc3339(millis)), Some(millis));
        }

        #[test]
        fn it_never_panics(text in "\\PC{0,40}") {
            let _ = epoch_millis(&text);
        }
    }
}
