use airbyte_protocol::Specification;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

mod find;
mod forms;
mod fresh;
mod names;
mod settings;
mod shapes;
mod urls;

use find::Finder;
use fresh::Fresh;
pub use names::{is_plainly_secret, may_hold_secret};

/// The values that must never be seen in LOG, TRACE or CONNECTION_STATUS.
///
/// Masking works on values, wherever they stand: a tap was seen to print its token inside a URL.
/// Each value is known raw and in the encodings in which programs print them:
///
/// * URL-encoded, upper and lower hex, once and twice;
/// * JSON-escaped and as Python's `repr`, with or without escapes for what isn't ASCII, and one
///   inside the other;
/// * base64 and base64url, also somewhere inside a longer text that was encoded as a whole (the
///   `user:secret` of a basic header, a JSON document);
/// * hex.
///
/// It is found across line breaks too: a text is masked as one, whatever was wrapped in it. Values
/// shorter than 4 characters are not masked, those shorter than 8 only as whole tokens.
///
/// Cloning gives another handle to the same set.
#[derive(Clone, Default)]
pub struct Secrets {
    inner: Arc<RwLock<Inner>>,
    fresh: Fresh,
}

#[derive(Default)]
struct Inner {
    values: BTreeSet<String>,
    finder: Option<Finder>,
    /// Names that our own words hold.
    names: BTreeSet<String>,
}

/// What stands in the place of a secret, as Airbyte's own connectors write it.
const MASK: &str = "****";

impl Secrets {
    /// Learns what in `config` is secret, in addition to what is known already, so that a config
    /// that was rewritten with a new token can be learnt as soon as it is seen:
    ///
    /// * values under `airbyte_secret: true` of the spec, also below oneOf, anyOf, allOf, arrays,
    ///   maps and references;
    /// * values of settings that the spec doesn't declare whose names [say so](may_hold_secret);
    /// * what looks like a secret, whatever the setting is called: passwords inside URLs and connection
    ///   strings, what stands behind `Bearer`, settings in a text of JSON, YAML or INI.
    ///
    /// The table in docs/secrets.md has all words and shapes.
    pub fn learn(&self, spec: &Specification, config: &Map<String, Value>) {
        self.extend(settings::secrets(&spec.connection_specification, config));
    }

    /// Learns what the environment holds under [plainly secret](is_plainly_secret) names, and the
    /// passwords in its URLs: taps take settings from there too.
    pub fn learn_environment(&self) {
        // `PWD` is a folder, and what is called credentials is often where they lie.
        let is_place = |value: &str| value.starts_with('/') && Path::new(value).exists();
        let secret = std::env::vars_os().filter_map(|(name, value)| {
            let value = value.into_string().ok()?;
            let is_secret = is_plainly_secret(name.to_str()?) && !is_place(&value);
            let mut found = urls::credentials(&value);
            found.extend(is_secret.then_some(value));
            Some(found)
        });
        self.extend(secret.flatten().collect());
    }

    /// Adds every scalar below `value`.
    pub fn add(&self, value: &Value) {
        let mut found = BTreeSet::new();
        settings::leaves(value, &mut found);
        self.extend(found);
    }

    /// From now on `ask` is called before anything is masked, on the thread that masks: a source
    /// whose tokens change while it runs adds there what it didn't know before. It must be cheap, and
    /// takes the place of an earlier one.
    pub fn ask_first(&self, ask: impl Fn() + Send + Sync + 'static) {
        self.fresh.set(ask);
    }

    fn extend(&self, values: BTreeSet<String>) {
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        let known = inner.values.len();
        inner.values.extend(values);
        if inner.values.len() > known {
            inner.finder = Finder::new(&inner.values);
        }
    }

    /// From now on our own words may hold `name`, of a tap for instance, even if a secret is a part of it or
    /// is called like it: [`Secrets::mask_own`]. Masked in our words it would tell what the secret is.
    pub fn spare(&self, name: &str) {
        let mut inner = self.inner.write().unwrap_or_else(PoisonError::into_inner);
        if !name.is_empty() {
            inner.names.insert(name.to_owned());
        }
    }

    /// `text` with every secret replaced. It keeps its number of lines.
    pub fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.masked(text, |_| Cow::Borrowed(&[]))
    }

    /// As [`Secrets::mask`], of our own words and of others' that were masked before: names that were
    /// [spared](Secrets::spare) stay.
    pub fn mask_own<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.masked(text, |inner| Cow::Owned(find::names_in(text, &inner.names)))
    }

    fn masked<'a>(
        &self,
        text: &'a str,
        spared: impl FnOnce(&Inner) -> Cow<'static, [Range<usize>]>,
    ) -> Cow<'a, str> {
        self.fresh.ask();
        let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        match &inner.finder {
            Some(finder) => finder.mask(text, &spared(&inner)),
            None => Cow::Borrowed(text),
        }
    }

    /// Where at the end of `text` at least 4 characters of a secret's beginning stand, the rest of
    /// which may be to come: in the next line, behind a pause.
    pub fn unfinished(&self, text: &str) -> Option<usize> {
        let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        inner.finder.as_ref()?.unfinished(text)
    }

    /// How many bytes the longest thing that is masked has. Whoever cuts a text cuts off as much
    /// more: the beginning of a secret is not recognised as one.
    pub fn reach(&self) -> usize {
        let inner = self.inner.read().unwrap_or_else(PoisonError::into_inner);
        inner.finder.as_ref().map_or(0, Finder::reach)
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets")
    }
}

#[cfg(test)]
mod tests;
