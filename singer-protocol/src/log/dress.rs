//! Where a log line keeps its level.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_until, take_while, take_while_m_n, take_while1};
use nom::character::complete::{alpha1, char, digit1, one_of, space0, space1};
use nom::combinator::{eof, map, map_opt, opt, peek, recognize, rest, value, verify};
use nom::sequence::{delimited, preceded, terminated};
use nom::{IResult, Parser};

use super::Level;

type Dressed<'a> = (Level, Option<&'a str>, &'a str);

/// Level, logger and words of a line that says its level, in any of the known dresses.
pub(super) fn dressed(line: &str) -> Option<Dressed<'_>> {
    alt((pairs, piped, dashed, worded)).parse(line).ok().map(|(_, dressed)| dressed)
}

/// `time=2026-11-22 09:14:18 name=tap level=INFO message=words`: singer-python's own config.
fn pairs(input: &str) -> IResult<&str, Dressed<'_>> {
    let time = (tag("time="), time_stamp, space1);
    let name = delimited(tag("name="), take_until(" level="), space1);
    let level = preceded(tag("level="), level_in(alpha1));
    let message = preceded((space1, alt((tag("message="), tag("msg=")))), rest);
    map((opt(time), opt(name), level, message), |(_, logger, level, message)| {
        (level, logger, message)
    })
    .parse(input)
}

/// `2026-11-22 09:14:13,728 | INFO     | tap-x | words`: the Meltano SDK.
fn piped(input: &str) -> IResult<&str, Dressed<'_>> {
    let bar = || (space0, char('|'), space0);
    let level = level_in(alpha1);
    let logger = terminated(take_until("|"), (char('|'), opt(char(' '))));
    map((time_stamp, bar(), level, bar(), logger, rest), |(_, _, level, _, logger, message)| {
        (level, Some(logger.trim_end()), message)
    })
    .parse(input)
}

/// `2026-11-22 09:14:13,728 - tap-x - INFO - words`, the logger before or behind or nowhere.
fn dashed(input: &str) -> IResult<&str, Dressed<'_>> {
    let dash = || tag(" - ");
    let level = || terminated(level_in(alpha1), (space0, tag("- ")));
    let logger = || terminated(take_until(" - "), dash());
    preceded(
        (opt(char('[')), time_stamp, opt(char(']')), dash()),
        alt((
            map((level(), rest), |(level, message)| (level, None, message)),
            map((logger(), level(), rest), |(logger, level, message)| {
                (level, Some(logger), message)
            }),
        )),
    )
    .parse(input)
}

/// `INFO words`, `INFO: words`, `[INFO] words`, `INFO:logger:words`, all with or without a time.
fn worded(input: &str) -> IResult<&str, Dressed<'_>> {
    let time =
        || terminated(alt((time_stamp, delimited(char('['), time_stamp, char(']')))), space1);
    let airflow = || delimited(char('{'), take_until("}"), (char('}'), space1));
    let closing = || (space0, char(']'));
    // Small letters are a level only where a time and brackets say that this is a log line.
    let timed = alt((delimited(char('['), level_in(alpha1), closing()), level_in(capitals)));
    let untimed = alt((delimited(char('['), level_in(capitals), closing()), level_in(capitals)));
    let level = alt((preceded((time(), opt(airflow())), timed), untimed));
    let name = take_while1(|c: char| c.is_alphanumeric() || "._-".contains(c));
    let logger = delimited(char(':'), name, char(':'));
    let gap = alt((
        value((), (alt((tag(":"), tag(" -"))), alt((value((), char(' ')), value((), eof))))),
        value((), one_of(" \t")),
        value((), eof),
    ));
    let behind = alt((map(logger, Some), value(None, gap)));
    map((level, behind, rest), |(level, logger, message)| (level, logger, message)).parse(input)
}

/// A point in time as log lines write it; only its shape matters.
fn time_stamp(input: &str) -> IResult<&str, &str> {
    let digits = |count| take_while_m_n(count, count, |c: char| c.is_ascii_digit());
    let date = (digits(4), one_of("-/"), digits(2), one_of("-/"), digits(2));
    let clock = (digits(2), char(':'), digits(2), take_while(|c| ":.,+-Zz0123456789".contains(c)));
    recognize((date, one_of("T "), clock)).parse(input)
}

/// A level named by the word that `word` takes.
fn level_in<'a>(
    word: impl Fn(&'a str) -> IResult<&'a str, &'a str>,
) -> impl Parser<&'a str, Output = Level, Error = nom::error::Error<&'a str>> {
    map_opt(word, Level::of)
}

fn capitals(input: &str) -> IResult<&str, &str> {
    verify(alpha1, |word: &str| word.bytes().all(|byte| byte.is_ascii_uppercase())).parse(input)
}

/// The level of a line that doesn't say it but whose shape gives it away.
pub(super) fn telling_shape(line: &str) -> Option<Level> {
    let warning = value(Level::Warning, interpreter_warning);
    let usage = value(Level::Error, (take_while1(|c| c != ' ' && c != ':'), tag(": error: ")));
    let click = value(Level::Error, tag("Error: "));
    let fatal = value(Level::Critical, tag("Fatal Python error: "));
    if tells_of_an_ignored_exception(line) {
        return Some(Level::Warning);
    }
    alt((warning, usage, click, fatal)).parse(line).ok().map(|(_, level)| level)
}

/// Whether Python says that the traceback that follows ended nothing: it stood in a destructor, or
/// in the logging itself. Such tracebacks come last, behind the one that matters.
///
/// ```
/// use singer_protocol::tells_of_an_ignored_exception;
/// assert!(tells_of_an_ignored_exception("Exception ignored in: <function Pool.__del__>"));
/// assert!(!tells_of_an_ignored_exception("ValueError: the date is missing"));
/// ```
pub fn tells_of_an_ignored_exception(line: &str) -> bool {
    line.starts_with("Exception ignored ") || line.starts_with("--- Logging error ---")
}

/// `/path/module.py:1134: SAWarning: words`, as Python's `warnings` print.
fn interpreter_warning(input: &str) -> IResult<&str, ()> {
    let name = take_while1(|c: char| c.is_alphanumeric() || "._".contains(c));
    let category = verify(name, |name: &str| name.ends_with("Warning"));
    let place = (take_while1(|c| c != ':'), char(':'), digit1, tag(": "));
    value((), (place, category, peek(char(':')))).parse(input)
}
