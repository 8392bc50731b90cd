//! Times in notations other than ISO 8601, whose order as texts isn't theirs.

use super::time::Format;

/// What may follow a day: the time of day, with its offset or without.
const TIMES: [&str; 8] = [
    "%H:%M:%S",
    "%H:%M",
    "%I:%M:%S %p",
    "%I:%M %p",
    "%H:%M:%S%.f",
    "%H:%M:%S %z",
    "%H:%M:%S %Z",
    "%H:%M:%S%z",
];
/// What may stand between the two.
const BETWEEN: [&str; 4] = [" ", "T", ", ", ":"];
/// Days with the names of months.
const NAMED: [&str; 14] = [
    "%b %d %Y",
    "%b %d, %Y",
    "%d %b %Y",
    "%d-%b-%Y",
    "%d/%b/%Y",
    "%d %b, %Y",
    "%d-%b-%y",
    "%d %b %y",
    "%B %d %Y",
    "%B %d, %Y",
    "%d %B %Y",
    "%a %b %d %Y",
    "%b %Y",
    "%B %Y",
];
/// The time before the year, as in C.
const ASCTIME: [&str; 2] = ["%a %b %d %H:%M:%S %Y", "%b %d %H:%M:%S %Y"];
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const DAYS: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
/// No time is written in so many bytes.
const LONGEST: usize = 64;

/// The formats that a text may have been written in, if it is a time that isn't ordered as texts are; none of
/// them is known where the list is empty.
pub(super) fn of(text: &str) -> Option<Vec<String>> {
    let text = text.trim();
    if text.len() > LONGEST || !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let days = numeric(text).or_else(|| named(text))?;
    if Format::Rfc2822.read(text).is_some() {
        return Some(vec!["rfc2822".to_owned()]);
    }
    let fits =
        |format: &String| Format::parse(format).is_ok_and(|format| format.read(text).is_some());
    let formats = days.iter().filter_map(|day| with_times(day).find(fits)).collect::<Vec<_>>();
    Some(formats)
}

/// The end of a sentence that names formats.
pub(super) fn listed(formats: &[String]) -> String {
    match formats {
        [] => String::new(),
        [one] => format!(", here {one}"),
        several => format!(", here {}", several.join(" or ")),
    }
}

fn with_times(day: &str) -> impl Iterator<Item = String> {
    let timed = BETWEEN
        .iter()
        .flat_map(move |between| TIMES.iter().map(move |time| format!("{day}{between}{time}")));
    std::iter::once(day.to_owned()).chain(timed)
}

/// Days of three numbers, as they may be meant.
fn numeric(text: &str) -> Option<Vec<String>> {
    let end = text.find([' ', 'T', ',']).unwrap_or(text.len());
    let (date, rest) = text.split_at(end);
    let between = date.chars().find(|c| !c.is_ascii_digit()).filter(|c| "/.-".contains(*c))?;
    let parts: Vec<&str> = date.split(between).collect();
    let [one, two, three] = parts[..] else { return None };
    let number =
        |part: &str| (!part.is_empty() && part.len() <= 4).then(|| part.parse::<u32>().ok())?;
    let numbers = [number(one)?, number(two)?, number(three)?];
    let is_year = |part: &str, number: u32| part.len() == 4 && (1..=2200).contains(&number);
    let is_day = |month: u32, day: u32| (1..=12).contains(&month) && (1..=31).contains(&day);
    if is_year(one, numbers[0]) {
        // As texts these are ordered well unless something has no zero before it, or no 24 hours.
        let is_padded = two.len() == 2 && three.len() == 2;
        let has_half_days = rest.to_ascii_lowercase().ends_with('m');
        let is_date = two.len() <= 2 && three.len() <= 2 && is_day(numbers[1], numbers[2]);
        let format = format!("%Y{between}%m{between}%d");
        return (is_date && (!is_padded || has_half_days)).then(|| vec![format]);
    }
    let is_short = |parts: &[&str]| parts.iter().all(|part| part.len() <= 2);
    // `1.2.10` is rather a version.
    let has_zeros = [one, two].iter().all(|part| part.len() == 2);
    let year = match three.len() {
        4 if is_year(three, numbers[2]) => "%Y",
        2 if between == '/' || has_zeros => "%y",
        _ => return None,
    };
    let orders = [
        ("%m", "%d", is_day(numbers[0], numbers[1])),
        ("%d", "%m", is_day(numbers[1], numbers[0])),
    ];
    let formats = orders.iter().filter(|(.., is_meant)| *is_meant && is_short(&[one, two]));
    let formats: Vec<_> =
        formats.map(|(one, two, _)| format!("{one}{between}{two}{between}{year}")).collect();
    (!formats.is_empty()).then_some(formats)
}

/// Days with the name of a month, where the text has nothing but what belongs to a time.
fn named(text: &str) -> Option<Vec<String>> {
    let mut has_month = false;
    for word in text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()) {
        let is_of = |names: &[&str]| names.iter().any(|name| is_name(word, name));
        let is_zone = word.len() <= 4 && word.chars().all(|c| c.is_ascii_uppercase());
        let small = word.to_ascii_lowercase();
        let is_mark =
            ["am", "pm", "st", "nd", "rd", "th", "t", "z", "at", "sept"].contains(&small.as_str());
        has_month |= is_of(&MONTHS) || small == "sept";
        if !is_of(&MONTHS) && !is_of(&DAYS) && !is_zone && !is_mark {
            return None;
        }
    }
    let numbers = || text.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
    let has_year = numbers().any(|part| part.len() == 4);
    let has_day = numbers().any(|part| part.len() <= 2);
    let is_short = numbers().filter(|part| part.len() == 2).count() > 1;
    if !has_month || !(has_year || has_day && is_short) {
        return None;
    }
    let formats = NAMED.iter().chain(&ASCTIME).filter(|format| format.contains("%Y") == has_year);
    Some(formats.map(|format| (*format).to_owned()).collect())
}

/// Whether a word is a name, or its first three letters.
fn is_name(word: &str, name: &str) -> bool {
    word.eq_ignore_ascii_case(name)
        || word.len() == 3 && word.is_ascii() && word.eq_ignore_ascii_case(&name[..3])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_other_notations_have_formats() {
        for (text, formats) in [
            ("12/31/23", "%m/%d/%y"),
            ("12/31/2023", "%m/%d/%Y"),
            ("31/12/2023 10:05", "%d/%m/%Y %H:%M:%S|%d/%m/%Y %H:%M"),
            ("1/2/2024", "%m/%d/%Y or %d/%m/%Y"),
            ("31.12.2023", "%d.%m.%Y"),
            ("31-12-23", "%d-%m-%y"),
            ("12/31/2023 01:05 PM", "%m/%d/%Y %I:%M %p"),
            ("12/31/2023 13:05:07", "%m/%d/%Y %H:%M:%S"),
            ("Dec 31 2023", "%b %d %Y"),
            ("Dec 31, 2023", "%b %d, %Y"),
            ("31-Dec-23", "%d-%b-%y"),
            ("31 December 2023", "%d %b %Y|%d %B %Y"),
            ("Sun Dec 31 10:00:00 2023", "%a %b %d %H:%M:%S %Y"),
            ("31/Dec/2023:10:00:00 +0100", "%d/%b/%Y:%H:%M:%S %z"),
            ("Sun, 31 Dec 2023 10:00:00 +0100", "rfc2822"),
            ("31 Dec 2023 10:00:00 GMT", "rfc2822"),
            ("2024-1-5", "%Y-%m-%d"),
            ("2024/01/05 09:30 PM", "%Y/%m/%d %I:%M %p"),
        ] {
            let found = of(text).unwrap_or_else(|| panic!("{text}"));
            let found = found.join(" or ");
            assert!(formats.split('|').any(|one| one == found), "{text}: {found}");
        }
        // It is a time, but nobody knows in which format.
        assert_eq!(of("12/31/2023 at noon"), Some(vec![]));
        assert_eq!(of("Dec 31st 2023"), Some(vec![]));
    }

    #[test]
    fn other_texts_are_no_times() {
        for text in [
            "2023-Q3",
            "1.2.10",
            "10.0.0.1",
            "v1.2.3",
            "2024/01/05",
            "2024/01/05 09:30",
            "20240105",
            "a",
            "",
            "march",
            "Mar 5",
            "May the 4th of 2024",
            "01ARZ3NDEKTSV4RRFFQ69G5FAV",
            "12/34",
            "99/99/2024",
            "2024-01-01T10:00:00[Europe/Berlin]",
            "dec-1",
            "1-2-3",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
