//! Where redirects lead, and what must not go with them.

use super::request::host;
use super::{Body, Request};
use airbyte_singer_runtime::{Error, Result};
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION};
use reqwest::{Method, StatusCode};
use url::Url;

/// So many redirects in a row are followed.
pub(super) const MOST: usize = 10;

/// The request that an answer leads to, if it is a redirect ([RFC 9110, 15.4]).
///
/// [RFC 9110, 15.4]: https://www.rfc-editor.org/rfc/rfc9110#section-15.4
pub(super) fn target(
    request: &Request,
    status: StatusCode,
    headers: &HeaderMap,
) -> Result<Option<Request>> {
    let (301 | 302 | 303 | 307 | 308, Some(location)) = (status.as_u16(), headers.get(LOCATION))
    else {
        return Ok(None);
    };
    let mut next = request.clone();
    next.url = resolved(&request.url, location)
        .ok_or_else(|| Error::system("it was redirected to what is no address of HTTP"))?;
    let becomes_get = match status.as_u16() {
        303 => request.method != Method::HEAD,
        // As all browsers have it.
        301 | 302 => request.method == Method::POST,
        _ => false,
    };
    if becomes_get {
        next.method = Method::GET;
        next.body = Body::Empty;
        next.headers.remove(CONTENT_TYPE);
    }
    Ok(Some(next))
}

fn resolved(from: &Url, location: &HeaderValue) -> Option<Url> {
    let url = from.join(std::str::from_utf8(location.as_bytes()).ok()?).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

/// A request as another host may have it: nothing but its address.
pub(super) fn to_stranger(mut request: Request, added: &Added) -> Result<Request> {
    if !request.body.is_empty() {
        let text = format!("its body would go to another host, {}", host(&request.url));
        return Err(Error::system(text));
    }
    request.headers.clear();
    added.strip(&mut request.url);
    Ok(request)
}

/// What an API added to a request; where a server hands that back in an address, it is known by its
/// name or value.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Added {
    /// The parameters of its query.
    pairs: Vec<(String, String)>,
    values: Vec<String>,
}

/// Shorter values may as well be a page's number.
const TELLING: usize = 8;

impl Added {
    pub(super) fn between(bare: &Request, dressed: &Request) -> Self {
        let own: Vec<_> = bare.url.query_pairs().collect();
        let mut added = Self::default();
        for (name, value) in dressed.url.query_pairs().filter(|pair| !own.contains(pair)) {
            added.values.push(value.clone().into_owned());
            added.pairs.push((name.into_owned(), value.into_owned()));
        }
        for (name, value) in &dressed.headers {
            if bare.headers.get(name) != Some(value) {
                let text = String::from_utf8_lossy(value.as_bytes());
                added.values.extend(text.split_ascii_whitespace().map(str::to_owned));
            }
        }
        added.values.retain(|value| value.len() >= TELLING);
        added
    }

    /// Takes it out of an address.
    pub(super) fn strip(&self, url: &mut Url) {
        without(url, |pair| {
            self.pairs.iter().any(|(name, _)| *name == pair.0) || self.values.contains(&pair.1)
        });
    }

    /// Takes it out of an address of the API's own, which will have it again. What the API changed of it
    /// stays. If it all stayed, nobody could tell at the next request that it isn't the server's own.
    pub(super) fn take_back(&self, url: &mut Url) {
        without(url, |pair| self.pairs.contains(pair));
    }
}

/// Takes parameters out of an address, which stays letter by letter as it is if it has none of them.
fn without(url: &mut Url, is_out: impl Fn(&(String, String)) -> bool) {
    let pairs: Vec<_> = url.query_pairs().into_owned().collect();
    let kept: Vec<_> = pairs.iter().filter(|pair| !is_out(pair)).collect();
    if kept.len() == pairs.len() {
        return;
    }
    if kept.is_empty() {
        url.set_query(None);
    } else {
        url.query_pairs_mut().clear().extend_pairs(kept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn request(method: Method, body: Body) -> Request {
        let mut request = Request::get("https://api.test/v1/things?since=3".parse().unwrap());
        (request.method, request.body) = (method, body);
        request
    }

    fn redirected(request: &Request, status: u16, location: &str) -> Result<Option<Request>> {
        let headers = HeaderMap::from_iter([(LOCATION, location.parse().unwrap())]);
        target(request, StatusCode::from_u16(status).unwrap(), &headers)
    }

    #[test]
    fn methods_and_bodies_change_as_the_rules_say() {
        let body = Body::Json(json!({"a": 1}));
        for (method, status, then) in [
            (Method::GET, 301, Method::GET),
            (Method::HEAD, 303, Method::HEAD),
            (Method::POST, 301, Method::GET),
            (Method::POST, 302, Method::GET),
            (Method::POST, 303, Method::GET),
            (Method::PUT, 303, Method::GET),
            (Method::PUT, 302, Method::PUT),
            (Method::POST, 307, Method::POST),
            (Method::POST, 308, Method::POST),
        ] {
            let before = request(method.clone(), body.clone());
            let after = redirected(&before, status, "../v2/things").unwrap().unwrap();
            assert_eq!(after.url.as_str(), "https://api.test/v2/things");
            assert_eq!(after.method, then, "{method} {status}");
            assert_eq!(after.body.is_empty(), then != method, "{method} {status}");
        }
    }

    #[test]
    fn only_redirects_are_followed() {
        let request = request(Method::GET, Body::Empty);
        assert_eq!(redirected(&request, 304, "/x").unwrap(), None);
        assert_eq!(target(&request, StatusCode::FOUND, &HeaderMap::new()).unwrap(), None);
        assert!(redirected(&request, 302, "file:///etc/passwd").is_err());
        assert!(redirected(&request, 302, "https://").is_err());
    }

    #[test]
    fn what_was_added_is_found_again() {
        let bare = request(Method::GET, Body::Empty);
        let mut dressed = bare.clone();
        dressed.set_query("key", "k1");
        dressed.set_header("authorization".parse().unwrap(), "Bearer long-token".parse().unwrap());
        let added = Added::between(&bare, &dressed);
        let strip = |address: &str| {
            let mut url: Url = address.parse().unwrap();
            added.strip(&mut url);
            url.to_string()
        };
        assert_eq!(strip("https://b.test/?since=3&key=k1&t=long-token"), "https://b.test/?since=3");
        assert_eq!(strip("https://b.test/?key=other"), "https://b.test/");
        assert_eq!(strip("https://b.test/?page=%202"), "https://b.test/?page=%202");
        let mut url: Url = "https://api.test/?key=k1&page=2&key=other".parse().unwrap();
        added.take_back(&mut url);
        assert_eq!(url.as_str(), "https://api.test/?page=2&key=other");
    }
}
