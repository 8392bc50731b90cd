//! Passwords inside URLs and connection strings.

use super::names::{Says, is_signed, says};
use super::shapes::is_word;
use percent_encoding::percent_decode_str;

/// A user name of this length that stands alone in an http URL is a token.
const TOKEN: usize = 16;

/// The secrets inside `text`, as they stand there and decoded: the password of a URL's
/// `user:password@`, a token in its place, and what is assigned to plainly secret names
/// (`?api_key=…`, `host=… password=…`, `Pwd=…;`) or signs a URL (`&sig=…`). What is encoded as a whole is
/// looked at decoded too.
pub(super) fn passwords(text: &str) -> Vec<String> {
    let mut found = plain_passwords(text);
    if text.contains('%') {
        found.extend(plain_passwords(&percent_decode_str(text).decode_utf8_lossy()));
    }
    found
}

/// The passwords of URLs alone, as they stand there and decoded.
pub(super) fn credentials(text: &str) -> Vec<String> {
    let found = text.match_indices("://").filter_map(|(at, _)| in_url(text, at));
    found.flat_map(with_decoded).collect()
}

fn with_decoded(raw: &str) -> [String; 2] {
    [raw.to_owned(), percent_decode_str(raw).decode_utf8_lossy().into_owned()]
}

fn plain_passwords(text: &str) -> Vec<String> {
    let mut found: Vec<&str> =
        text.match_indices("://").filter_map(|(at, _)| in_url(text, at)).collect();
    let assignments = text.split(|c: char| c.is_whitespace() || "?&;#".contains(c));
    found.extend(assignments.filter_map(|assignment| {
        let (name, value) = assignment.split_once('=')?;
        let value = value.trim_matches(['\'', '"', '{', '}']);
        let is_secret = match says(name) {
            Says::Open => is_signed(name) && !is_word(value),
            Says::Perhaps => !is_word(value),
            _ => true,
        };
        is_secret.then_some(value)
    }));
    found.into_iter().flat_map(with_decoded).collect()
}

/// The secret of the URL whose `://` stands at `at`.
fn in_url(text: &str, at: usize) -> Option<&str> {
    let web = text[..at].to_ascii_lowercase();
    let web = web.ends_with("http") || web.ends_with("https");
    let rest = text[at + 3..].split(char::is_whitespace).next()?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let user = match (authority.rsplit_once('@'), rest.split_once('@')) {
        (Some((user, _)), _) => user,
        // Drivers take a password with a slash in it, web clients don't.
        (None, Some((user, _))) if !web => user,
        _ => return None,
    };
    match user.split_once(':') {
        Some((_, password)) => Some(password),
        None => (web && user.len() >= TOKEN).then_some(user),
    }
}
