use crate::Request;
use airbyte_singer_runtime::{Error, Result};
use reqwest::header::{HeaderMap, LINK};

/// The target of the first link with `rel="next"` (RFC 8288, section 3) of an answer's headers.
pub(super) fn next(headers: &HeaderMap) -> Option<&str> {
    headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok()).find_map(next_in)
}

fn next_in(mut text: &str) -> Option<&str> {
    loop {
        let (_, rest) = text.split_once('<')?;
        let (target, rest) = rest.split_once('>')?;
        let (is_next, rest) = parameters(rest);
        if is_next {
            return Some(target.trim());
        }
        text = rest;
    }
}

/// Reads the parameters of a link: whether its relation is `next`, and what follows its comma.
fn parameters(mut text: &str) -> (bool, &str) {
    // Only a link's first `rel` counts.
    let mut relation = None;
    loop {
        text = text.trim_start_matches([' ', '\t', ';']);
        let end = text.find(['=', ';', ',']).unwrap_or(text.len());
        let name = text[..end].trim();
        text = &text[end..];
        if let Some(value) = text.strip_prefix('=') {
            let (value, rest) = parameter(value.trim_start());
            if name.eq_ignore_ascii_case("rel") && relation.is_none() {
                relation = Some(value);
            }
            text = rest.trim_start();
        }
        if text.is_empty() || text.starts_with(',') {
            let mut relations = relation.unwrap_or_default().split_ascii_whitespace();
            return (relations.any(|one| one.eq_ignore_ascii_case("next")), text);
        }
    }
}

/// A parameter's value, quoted or not, and what follows it.
fn parameter(text: &str) -> (&str, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        return text.split_at(text.find([';', ',']).unwrap_or(text.len()));
    };
    let mut escaped = false;
    for (at, byte) in quoted.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return (&quoted[..at], &quoted[at + 1..]),
            _ => {}
        }
    }
    (quoted, "")
}

/// Makes a request that of another address, which may be relative to its own.
pub(super) fn follow(request: &mut Request, address: &str) -> Result<()> {
    let no_address = || Error::system("the address of the next page is none");
    let mut next = request.url.join(address).map_err(|_| no_address())?;
    if !matches!(next.scheme(), "http" | "https") {
        return Err(no_address());
    }
    // An API behind a proxy that does its TLS often calls itself by http; nothing goes out in the clear
    // that didn't before.
    let same_host = next.host() == request.url.host() && next.port() == request.url.port();
    if same_host && request.url.scheme() == "https" && next.scheme() == "http" {
        next.set_scheme("https").map_err(|()| no_address())?;
    }
    next.set_fragment(None);
    // Who we are is not for an answer to say, and no state may hold a password.
    next.set_username("").and_then(|()| next.set_password(None)).map_err(|()| no_address())?;
    request.url = next;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_link_is_found_among_others() {
        let cases = [
            (r#"<https://a.b/?page=2>; rel="next""#, Some("https://a.b/?page=2")),
            (r#"<a>; rel="prev", <b>; rel="next""#, Some("b")),
            (r#"<a,b;c>; title="x, <y>; rel=next"; rel=last, <d>; rel=next"#, Some("d")),
            (r#"<a>;rel=next;title="\"quoted\"""#, Some("a")),
            (r#"<a>; title="\", <b>; rel=next""#, None),
            (r#"<a>; REL="last Next""#, Some("a")),
            (r#"<a>; rel = "next" ; x"#, Some("a")),
            (r#"<a>; rel="nextish""#, None),
            (r#"<a>; rel="prev"; rel="next""#, None),
            (r#"<a>; x; rel="next""#, Some("a")),
            (r#"<>; rel="next""#, Some("")),
            (r#"<a; rel="next""#, None),
            ("", None),
        ];
        for (header, next) in cases {
            assert_eq!(next_in(header), next, "{header}");
        }
    }

    #[test]
    fn several_headers_are_one_list() {
        let mut headers = HeaderMap::new();
        headers.append(LINK, "<a>; rel=first".parse().unwrap());
        headers.append(LINK, "<b>; rel=next".parse().unwrap());
        assert_eq!(next(&headers), Some("b"));
    }

    #[test]
    fn an_address_is_relative_to_the_page_before() {
        let follow = |from: &str, address| {
            let mut request = Request::get(from.parse().unwrap());
            follow(&mut request, address).map(|()| request.url.to_string())
        };
        let from = "https://a.example/v1/items?page=1";
        assert_eq!(follow(from, "?page=2").unwrap(), "https://a.example/v1/items?page=2");
        assert_eq!(follow(from, "/v2#x").unwrap(), "https://a.example/v2");
        assert_eq!(follow(from, "//b.example/x").unwrap(), "https://b.example/x");
        assert_eq!(follow(from, "http://a.example/x").unwrap(), "https://a.example/x");
        assert_eq!(follow(from, "http://b.example/x").unwrap(), "http://b.example/x");
        assert_eq!(follow(from, "https://user:word@a.example/x").unwrap(), "https://a.example/x");
        assert_eq!(follow("http://a.example/", "/x").unwrap(), "http://a.example/x");
        for bad in ["file:///etc/passwd", "http://", "data:text/plain,x"] {
            let error = follow(from, bad).unwrap_err();
            assert_eq!(error.message(), "the address of the next page is none");
        }
    }
}
