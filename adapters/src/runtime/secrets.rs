use aho_corasick::{AhoCorasick, MatchKind};
use airbyte_protocol::Specification;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

mod fresh;
mod names;

use fresh::Fresh;
pub use names::is_plainly_secret;

/// The values that must never be seen in LOG, TRACE or CONNECTION_STATUS.
///
/// Masking works on values, wherever they stand: a tap was seen to print its token inside a URL.
/// Each value is known raw and in the encodings in which programs print them: URL-encoded (both
/// hex cases), JSON-escaped, Python's repr, base64 and base64url (padded or not), the base64 of
/// `user:secret` for each other setting as user, hex. Values shorter than 4 characters are not
/// masked, those shorter than 8 only as whole tokens.
///
/// Cloning gives another handle to the same set.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    inner: Arc<RwLock<Inner>>,
    fresh: Fresh,
}

#[derive(Debug, Default)]
struct Inner {
    values: BTreeSet<String>,
    others: BTreeSet<String>,
    matcher: Option<Matcher>,
}

#[derive(Debug)]
struct Matcher {
    automaton: AhoCorasick,
    lengths: Vec<usize>,
}

/// What stands in the place of a secret, as Airbyte's own connectors write it.
const MASK: &str = "****";

impl Secrets {
    /// Learns the values under `airbyte_secret: true` of the spec, also below oneOf, anyOf,
    /// allOf and arrays; and those of settings that the spec doesn't declare whose names are
    /// [plainly secret](is_plainly_secret).
    pub fn learn(&self, spec: &Specification, config: &Map<String, Value>) {
        let (mut secret, mut other) = (BTreeSet::new(), BTreeSet::new());
        let schema = Value::Object(spec.connection_specification.clone());
        let config = Value::Object(config.clone());
        collect(&schema, &config, &mut secret);
        undeclared(schema.get("properties"), &config, &mut secret);
        leaves(&config, &mut other);
        self.update(|inner| {
            inner.values.extend(secret);
            inner.others.extend(other);
        });
    }

    /// Adds every scalar below `value`.
    pub fn add(&self, value: &Value) {
        let mut found = BTreeSet::new();
        leaves(value, &mut found);
        self.update(|inner| inner.values.extend(found));
    }

    /// From now on `ask` is called before anything is masked, on the thread that masks: a source
    /// whose tokens change while it runs adds there what it didn't know before. It must be cheap, and
    /// takes the place of an earlier one.
    pub fn ask_first(&self, ask: impl Fn() + Send + Sync + 'static) {
        self.fresh.set(ask);
    }

    fn update(&self, change: impl FnOnce(&mut Inner)) {
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        change(&mut inner);
        inner.matcher = Matcher::build(&inner.values, &inner.others);
    }

    /// `text` with every secret replaced.
    pub fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.fresh.ask();
        let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        match &inner.matcher {
            Some(matcher) => matcher.mask(text),
            None => Cow::Borrowed(text),
        }
    }
}

impl Matcher {
    fn build(values: &BTreeSet<String>, others: &BTreeSet<String>) -> Option<Self> {
        let mut forms = BTreeSet::new();
        for value in values.iter().filter(|value| value.chars().count() >= 4) {
            encodings(value, &mut forms);
            for user in others {
                let pair = format!("{user}:{value}");
                forms.insert(STANDARD.encode(&pair));
                forms.insert(STANDARD_NO_PAD.encode(&pair));
            }
        }
        if forms.is_empty() {
            return None;
        }
        let automaton =
            AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&forms).ok()?;
        Some(Self { automaton, lengths: forms.iter().map(|form| form.chars().count()).collect() })
    }

    fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut out = String::new();
        let mut from = 0;
        let mut at = 0;
        while let Some(found) = self.automaton.find(aho_corasick::Input::new(text).range(at..)) {
            let short = self.lengths[found.pattern().as_usize()] < 8;
            if short && !is_whole_token(text, found.start(), found.end()) {
                at = found.start() + text[found.start()..].chars().next().map_or(1, char::len_utf8);
                continue;
            }
            out.push_str(&text[from..found.start()]);
            out.push_str(MASK);
            (from, at) = (found.end(), found.end());
        }
        if from == 0 {
            return Cow::Borrowed(text);
        }
        out.push_str(&text[from..]);
        Cow::Owned(out)
    }
}

fn is_whole_token(text: &str, start: usize, end: usize) -> bool {
    let word = |c: char| c.is_alphanumeric();
    !text[..start].chars().next_back().is_some_and(word)
        && !text[end..].chars().next().is_some_and(word)
}

fn encodings(value: &str, out: &mut BTreeSet<String>) {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
    const UNRESERVED: &percent_encoding::AsciiSet =
        &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    const PATH: &percent_encoding::AsciiSet = &UNRESERVED.remove(b'/');
    out.insert(value.to_owned());
    for set in [NON_ALPHANUMERIC, UNRESERVED, PATH] {
        let encoded = utf8_percent_encode(value, set).to_string();
        out.insert(encoded.replace("%20", "+"));
        out.insert(lower_hex(&encoded));
        out.insert(encoded);
    }
    for line in value.lines().map(str::trim).filter(|line| line.len() >= 8) {
        out.insert(line.to_owned()); // a private key is printed line by line
    }
    let json = Value::from(value).to_string();
    out.insert(json[1..json.len() - 1].to_owned());
    out.insert(ascii_json(value));
    out.insert(value.escape_default().to_string());
    out.insert(value.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\n"));
    for engine in [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD] {
        out.insert(engine.encode(value));
    }
    out.insert(value.bytes().map(|b| format!("{b:02x}")).collect());
    out.insert(value.bytes().map(|b| format!("{b:02X}")).collect());
    out.retain(|form| form.chars().count() >= 4);
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

/// JSON's escapes as Python's `json.dumps` writes them: nothing but ASCII.
fn ascii_json(value: &str) -> String {
    let json = Value::from(value).to_string();
    let mut out = String::new();
    for c in json[1..json.len() - 1].chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    out
}

/// Values in `config` that `schema` marks as secret.
fn collect(schema: &Value, config: &Value, out: &mut BTreeSet<String>) {
    let Some(schema) = schema.as_object() else { return };
    if schema.get("airbyte_secret").and_then(Value::as_bool) == Some(true) {
        leaves(config, out);
    }
    if let (Some(Value::Object(properties)), Some(config)) =
        (schema.get("properties"), config.as_object())
    {
        for (name, property) in properties {
            if let Some(value) = config.get(name) {
                collect(property, value, out);
            }
        }
    }
    for key in ["oneOf", "anyOf", "allOf"] {
        for branch in schema.get(key).and_then(Value::as_array).into_iter().flatten() {
            collect(branch, config, out);
        }
    }
    if let (Some(items), Some(list)) = (schema.get("items"), config.as_array()) {
        for value in list {
            collect(items, value, out);
        }
    }
}

/// Values of plainly secret names, at any depth, unless `declared` says what they are.
fn undeclared(declared: Option<&Value>, config: &Value, out: &mut BTreeSet<String>) {
    match config {
        Value::Object(map) => {
            for (name, value) in map {
                let known = declared.and_then(|properties| properties.get(name));
                match (known, is_plainly_secret(name)) {
                    (None, true) => leaves(value, out),
                    _ => undeclared(known.and_then(|k| k.get("properties")), value, out),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|value| undeclared(None, value, out)),
        _ => {}
    }
}

fn leaves(value: &Value, out: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => drop(out.insert(text.clone())),
        Value::Number(number) => drop(out.insert(number.to_string())),
        Value::Array(list) => list.iter().for_each(|v| leaves(v, out)),
        Value::Object(map) => map.values().for_each(|v| leaves(v, out)),
        Value::Null | Value::Bool(_) => {}
    }
}

#[cfg(test)]
mod tests;
