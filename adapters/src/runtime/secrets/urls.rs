//! Passwords inside URLs and connection strings.

use super::is_plainly_secret;
use percent_encoding::percent_decode_str;

/// A user name of this length that stands alone in an http URL is a token.
const TOKEN: usize = 16;

/// The secrets inside `text`, as they stand there and decoded: the password of a URL's
/// `user:password@`, a token in its place, and what is assigned to plainly secret names
/// (`?api_key=…`, `host=… password=…`, `Pwd=…;`).
pub(super) fn passwords(text: &str) -> Vec<String> {
    let mut found: Vec<&str> =
        text.match_indices("://").filter_map(|(at, _)| in_url(text, at)).collect();
    let assignments = text.split(|c: char| c.is_whitespace() || "?&;#".contains(c));
    found.extend(assignments.filter_map(|assignment| {
        let (name, value) = assignment.split_once('=')?;
        is_plainly_secret(name).then(|| value.trim_matches(['\'', '"', '{', '}']))
    }));
    let decoded = |raw: &&str| percent_decode_str(raw).decode_utf8_lossy().into_owned();
    found.iter().flat_map(|raw| [(*raw).to_owned(), decoded(raw)]).collect()
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
