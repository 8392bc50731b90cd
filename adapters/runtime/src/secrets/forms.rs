//! The forms in which programs print a value.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use std::collections::BTreeMap;

/// What must stand around a form so that it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Nothing: it is long enough.
    Anywhere,
    /// No letter or digit before or behind it.
    Token,
    /// Nothing, and the base64 text around it goes with it.
    Base64,
}

/// Fewer characters are too common to be masked.
const SHORTEST: usize = 4;
/// From so many characters on a form is masked wherever it stands.
const LONG: usize = 8;

/// Adds every form of `value`.
pub(super) fn collect(value: &str, out: &mut BTreeMap<String, Shape>) {
    if value.chars().count() < SHORTEST {
        return;
    }
    // A newline at its end comes from the file that it was copied from; programs strip it.
    if value.trim().len() < value.len() {
        collect(value.trim(), out);
    }
    let mut add = |form: String| {
        let count = form.chars().count();
        if count >= SHORTEST {
            let shape = if count < LONG { Shape::Token } else { Shape::Anywhere };
            out.entry(form).or_insert(shape);
        }
    };
    // A private key is printed line by line.
    value.lines().map(str::trim).filter(|l| l.len() >= LONG).for_each(|line| add(line.to_owned()));
    // As it is looked for across line breaks.
    let joined: String = value.split_whitespace().collect();
    [value, &joined].into_iter().flat_map(escaped_twice).for_each(&mut add);
    url_encoded(value).for_each(&mut add);
    add(hex(value, |byte| format!("{byte:02x}")));
    add(hex(value, |byte| format!("{byte:02X}")));
    base64(value, out);
}

/// The ways to write a text between quotes, itself among them.
fn escaped(text: &str) -> Vec<String> {
    let json = inner_json(text);
    let mut all = vec![text.to_owned(), ascii(&json, json_unicode), json.replace('/', "\\/"), json];
    for quotes in [&[][..], &['\''], &['"'], &['\'', '"']] {
        let repr = python(text, quotes);
        all.extend([ascii(&repr, python_unicode), ascii(&repr, python_bytes), repr]);
    }
    all.push(text.escape_default().to_string()); // Rust's own
    all.sort_unstable();
    all.dedup();
    all
}

/// Also a JSON text in a JSON string, or the `repr` of one.
fn escaped_twice(text: &str) -> Vec<String> {
    escaped(text).iter().flat_map(|form| escaped(form)).collect()
}

fn inner_json(text: &str) -> String {
    let json = Value::from(text).to_string();
    json[1..json.len() - 1].to_owned()
}

/// What stands between the quotes of Python's `repr`, which escapes a quote only when it must.
fn python(text: &str, quotes: &[char]) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_ascii_control() => out.push_str(&format!("\\x{:02x}", c as u32)),
            c if c == '\\' || quotes.contains(&c) => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

fn ascii(text: &str, escape: fn(char) -> String) -> String {
    text.chars().map(|c| if c.is_ascii() { c.to_string() } else { escape(c) }).collect()
}

/// As `json.dumps` does.
fn json_unicode(c: char) -> String {
    c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect()
}

/// As `ascii()` does.
fn python_unicode(c: char) -> String {
    match c as u32 {
        code @ ..0x100 => format!("\\x{code:02x}"),
        code @ 0x100..0x1_0000 => format!("\\u{code:04x}"),
        code => format!("\\U{code:08x}"),
    }
}

/// As the `repr` of bytes does.
fn python_bytes(c: char) -> String {
    c.encode_utf8(&mut [0; 4]).bytes().map(|byte| format!("\\x{byte:02x}")).collect()
}

/// Once and twice, with each of the sets of characters that programs leave as they are.
fn url_encoded(value: &str) -> impl Iterator<Item = String> {
    /// RFC 3986, Python's `quote` with nothing safe.
    const UNRESERVED: &AsciiSet =
        &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    /// Python's `quote`.
    const PATH: &AsciiSet = &UNRESERVED.remove(b'/');
    /// JavaScript's `encodeURIComponent`.
    const COMPONENT: &AsciiSet =
        &UNRESERVED.remove(b'!').remove(b'*').remove(b'\'').remove(b'(').remove(b')');
    [NON_ALPHANUMERIC, UNRESERVED, PATH, COMPONENT].into_iter().flat_map(|set| {
        let upper = utf8_percent_encode(value, set).to_string();
        let lower = lower_hex(&upper);
        [upper.replace("%20", "+"), lower.replace("%20", "+"), upper, lower]
            .into_iter()
            .flat_map(|once| [once.replace('%', "%25"), once])
    })
}

/// `%3A` → `%3a`, the rest unchanged.
fn lower_hex(encoded: &str) -> String {
    let mut out = String::with_capacity(encoded.len());
    let mut hex = 0;
    for c in encoded.chars() {
        if c == '%' {
            hex = 3;
        }
        out.push(if hex > 0 { c.to_ascii_lowercase() } else { c });
        hex = u8::saturating_sub(hex, 1);
    }
    out
}

fn hex(value: &str, digits: impl Fn(u8) -> String) -> String {
    value.bytes().map(digits).collect()
}

/// The value in base64, wherever it stands in what was encoded, there JSON-escaped or not.
fn base64(value: &str, out: &mut BTreeMap<String, Shape>) {
    let mut add = |form: String| {
        let url = form.replace('+', "%2B").replace('/', "%2F");
        for form in [form.replace('/', "\\/"), lower_hex(&url), url, form] {
            out.entry(form).or_insert(Shape::Base64);
        }
    };
    let json = inner_json(value);
    for text in [value, &json, &ascii(&json, json_unicode)] {
        // So few characters are too few without the colon of `user:secret`, or the end.
        let within = if text.len() > SHORTEST { text.to_owned() } else { format!(":{text}") };
        for before in 0..3 {
            add(within_base64(&STANDARD_NO_PAD, &within, before));
            add(within_base64(&URL_SAFE_NO_PAD, &within, before));
        }
        add(STANDARD.encode(text));
    }
}

/// Those characters of a longer text's base64 that are the same whatever stands around `text`, of
/// which `before` bytes more than a multiple of three come before it.
fn within_base64(engine: &impl Engine, text: &str, before: usize) -> String {
    let padded = [&[0; 3][..before], text.as_bytes()].concat();
    let (first, end) = ((before * 8).div_ceil(6), padded.len() * 8 / 6);
    engine.encode(&padded)[first..end].to_owned()
}
