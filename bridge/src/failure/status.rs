//! HTTP status codes in what taps say.

/// Words before a status code, and behind one: a number alone may be anything.
const BEFORE: &[&str] = &[
    "http", "http/1.0", "http/1.1", "http/2", "status", "code", "error", "response", "failed",
    "got", "returned",
];
const BEHIND: &[&str] = &[
    "client",
    "server",
    "error",
    "unauthorized",
    "forbidden",
    "not found",
    "too many",
    "internal",
    "bad",
    "service",
    "gateway",
    "gone",
    "conflict",
    "unprocessable",
    "response",
    "status",
];

/// The status code of an error that a line in small letters names: `401 client error`,
/// `http-error-code: 429`, `<response [503]>`, `http error 403: forbidden`.
pub(super) fn code(line: &str) -> Option<u16> {
    let mut rest = 0;
    while let Some(found) = line[rest..].find(|c: char| c.is_ascii_digit()) {
        let from = rest + found;
        let length = line[from..].find(|c: char| !c.is_ascii_digit());
        let to = length.map_or(line.len(), |length| from + length);
        rest = to;
        let number = line[from..to].parse().ok().filter(|number| (400..600).contains(number));
        if let Some(number) = number
            && to - from == 3
            && is_status(&line[..from], &line[to..])
        {
            return Some(number);
        }
    }
    None
}

fn is_status(before: &str, behind: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_' || c == '-' || c == '.';
    let grown = behind.strip_prefix('.').map_or_else(
        || behind.starts_with(part),
        |more| more.starts_with(|c: char| c.is_ascii_digit()),
    );
    if before.ends_with(part) || grown {
        return false;
    }
    let gap = |c: char| c.is_whitespace() || ":=([<\"'/,{#".contains(c);
    let behind = behind.trim_start_matches(|c: char| gap(c) || c == ')' || c == ']');
    let before = before.trim_end_matches(gap);
    BEFORE.iter().any(|word| before.ends_with(word))
        || BEHIND.iter().any(|word| behind.starts_with(word))
}
