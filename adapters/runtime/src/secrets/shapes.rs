//! What looks like a secret, whatever it is called.

use super::names::{Says, says};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A word of more letters than this is none.
const LONGEST_WORD: usize = 24;
/// The fewest characters of a part of an address that is a token.
const TOKEN: usize = 8;

/// Words before a token in a header.
const SCHEMES: [&str; 5] = ["bearer", "basic", "token", "apikey", "api-key"];

/// What tokens of well-known makers begin with.
const BEGINNINGS: [&str; 16] = [
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "xoxa-",
    "xapp-",
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "shpat_",
    "pat-na1-",
    "AIzaSy",
];

/// Whether a text is an ordinary word or a few of them: `basic`, `OAuth2.0`, `client_credentials`.
pub(super) fn is_word(text: &str) -> bool {
    let letters = text.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let is_between = |c: char| matches!(c, '_' | '-' | '.' | ' ');
    let humps = letters.as_bytes().windows(2);
    let humps = humps.filter(|two| two[0].is_ascii_lowercase() && two[1].is_ascii_uppercase());
    text.len() - letters.len() <= 3
        && letters.len() <= LONGEST_WORD
        && letters.chars().all(|c| c.is_ascii_alphabetic() || is_between(c))
        && humps.count() <= 1
}

/// What stands behind `Bearer`, `Basic` and their like, and the password in what Basic encodes.
pub(super) fn behind_schemes(text: &str) -> Vec<String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut found = Vec::new();
    for two in words.windows(2) {
        let scheme = two[0].trim_matches(|c: char| !c.is_ascii_alphanumeric()).to_lowercase();
        let value = two[1].trim_matches(['\'', '"', ',', ';']);
        if !SCHEMES.contains(&scheme.as_str()) || is_word(value) {
            continue;
        }
        found.push(value.to_owned());
        let decoded = STANDARD.decode(value).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        found.extend(decoded.as_deref().and_then(behind_user).map(str::to_owned));
    }
    found
}

/// The password of `user:password`.
pub(super) fn behind_user(text: &str) -> Option<&str> {
    let (user, password) = text.split_once(':')?;
    let is_user = !user.is_empty() && !user.contains(char::is_whitespace);
    (is_user && !password.starts_with("//") && !password.is_empty()).then_some(password)
}

/// The values of `name=value; name=value` that are no words.
pub(super) fn cookies(text: &str) -> impl Iterator<Item = &str> {
    let pairs = text.split(';').filter_map(|pair| pair.split_once('='));
    pairs.map(|(_, value)| value.trim().trim_matches('"')).filter(|value| !is_word(value))
}

/// The parts of an address that are tokens: long, and of letters and digits, or in capitals and small
/// letters.
pub(super) fn in_address(text: &str) -> impl Iterator<Item = &str> {
    let behind = text.split_once("://").map_or(text, |(_, behind)| behind);
    let parts = behind.split(['/', '?', '&', '=', '#']).skip(1);
    parts.filter(|part| part.len() >= TOKEN && !is_word(part))
}

/// A private key, a JWT or a token of a well-known maker, whatever the setting is called.
pub(super) fn is_secret(text: &str) -> bool {
    let text = text.trim();
    let is_one = !text.contains(char::is_whitespace) && text.len() >= 16;
    text.contains("PRIVATE KEY-----")
        || (is_one && BEGINNINGS.iter().any(|beginning| text.starts_with(beginning)))
        || (is_one && text.starts_with("eyJ") && text.matches('.').count() == 2)
}

/// What is assigned line by line to names that say something, as in YAML, INI and header lines:
/// `name: value`, `name = value`, and the lines below a name without a value that stand further right.
pub(super) fn lines(text: &str) -> Vec<(Says, String)> {
    let mut found = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let Some((name, value)) = assignment(line) else { continue };
        let said = says(name);
        if said == Says::Open {
            continue;
        }
        if matches!(value, "true" | "false" | "null" | "none" | "yes" | "no") {
            continue;
        }
        if !matches!(value, "" | "|" | "|-" | "|+" | ">" | ">-" | ">+") {
            found.push((said, value.to_owned()));
            continue;
        }
        let mut block = Vec::new();
        while let Some(below) = lines.next_if(|below| indent(below) > indent(line)) {
            block.push(below.trim());
        }
        match value {
            // A mapping or a list.
            "" => found.extend(block.into_iter().map(|line| {
                let line = line.trim_start_matches("- ");
                (said, assignment(line).map_or(line, |(_, value)| value).to_owned())
            })),
            _ => found.push((said, block.join("\n"))),
        }
    }
    found
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The name and the value of a line.
fn assignment(line: &str) -> Option<(&str, &str)> {
    let line = line.trim().trim_start_matches("- ").trim_start_matches("export ");
    let (name, value) = line.split_at(line.find([':', '='])?);
    let name = name.trim().trim_matches(['"', '\'']);
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let value = value[1..].trim().trim_end_matches(',').trim_matches(['"', '\'']);
    (!name.is_empty() && name.chars().all(is_name)).then_some((name, value))
}
