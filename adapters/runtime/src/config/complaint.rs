//! What a spec finds wrong with a config, in words.

use crate::Error;
use crate::nearest;
use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use serde_json::{Map, Value};
use std::fmt;

/// One thing that is wrong with a config: the setting's name and the rule, never its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// Whether a required setting is missing (else one is there and wrong).
    pub missing: bool,
    text: String,
}

impl Complaint {
    /// The error that names all of `complaints`, the first five in words.
    pub fn sentence(complaints: &[Self]) -> Error {
        let texts: Vec<&str> = complaints.iter().take(5).map(|c| c.text.as_str()).collect();
        let more = match complaints.len() {
            n if n > 5 => format!("; and {} more", n - 5),
            _ => String::new(),
        };
        Error::config(format!("the config is not valid: {}{more}", texts.join("; ")))
    }

    /// A setting that is there and wrong.
    pub(super) const fn wrong(text: String) -> Self {
        Self { missing: false, text }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The complaint that an error of the validator stands for, unless it is about alternatives.
pub(super) fn plain(error: &ValidationError<'_>, place: &Place<'_>) -> Complaint {
    let setting = place.setting();
    let missing = matches!(error.kind(), ValidationErrorKind::Required { .. });
    let text = match error.kind() {
        ValidationErrorKind::Required { property } => {
            let property = property.as_str().unwrap_or("?");
            let hint = place.instead_of(property);
            format!("setting `{}` is missing{hint}", place.inner(property))
        }
        ValidationErrorKind::Type { kind } => format!("{setting} must be of type {}", types(kind)),
        ValidationErrorKind::Enum { .. } | ValidationErrorKind::Constant { .. } => {
            format!("{setting} is none of the allowed values")
        }
        ValidationErrorKind::Pattern { .. } => format!("{setting} doesn't match its pattern"),
        ValidationErrorKind::Format { format } => format!("{setting} is not a valid {format}"),
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            let named = unexpected.iter().map(|name| place.unknown(name));
            format!("{setting} has unknown settings: {}", named.collect::<Vec<_>>().join(", "))
        }
        kind => format!("{setting} breaks the rule `{}` of the spec", kind.keyword()),
    };
    Complaint { missing, text }
}

/// Where in a config an error is, and what the spec knows there.
pub(super) struct Place<'a> {
    /// The names on the way to it, joined by points; empty at the top.
    name: String,
    /// What the config has there.
    settings: Option<&'a Map<String, Value>>,
    /// What the spec declares there.
    properties: Option<&'a Map<String, Value>>,
    /// Whether the spec takes nothing else there.
    is_closed: bool,
}

impl<'a> Place<'a> {
    pub(super) fn of(error: &'a ValidationError<'_>, schema: &'a Value) -> Self {
        let path = error.instance_path().to_string();
        let rule = error.schema_path().to_string();
        let above = rule.rsplit_once('/').map_or("", |(above, _)| above);
        let declared = schema.pointer(above);
        let properties = declared.and_then(|schema| schema.get("properties"));
        let others = declared.and_then(|schema| schema.get("additionalProperties"));
        Self {
            name: path.trim_start_matches('/').replace('/', "."),
            settings: error.instance().as_object(),
            properties: properties.and_then(Value::as_object),
            is_closed: others == Some(&Value::Bool(false)),
        }
    }

    /// How sentences call it.
    pub(super) fn setting(&self) -> String {
        match self.name.as_str() {
            "" => "it".to_owned(),
            name => format!("setting `{name}`"),
        }
    }

    /// The whole name of a setting within it.
    pub(super) fn inner(&self, name: &str) -> String {
        match self.name.as_str() {
            "" => name.to_owned(),
            above => format!("{above}.{name}"),
        }
    }

    /// A setting that the spec doesn't have, and what was probably meant.
    fn unknown(&self, name: &str) -> String {
        let known = self.properties.into_iter().flat_map(Map::keys).map(String::as_str);
        let is_set = |name: &str| self.settings.is_some_and(|settings| settings.contains_key(name));
        match nearest(name, known.filter(|known| !is_set(known))) {
            Some(near) => format!("{name} (did you mean `{near}`?)"),
            None => name.to_owned(),
        }
    }

    /// What is set in the place of a setting that is missing, unless it is refused itself.
    fn instead_of(&self, missing: &str) -> String {
        if self.is_closed {
            return String::new();
        }
        let is_known = |name: &str| self.properties.is_some_and(|known| known.contains_key(name));
        let unknown = self.settings.into_iter().flat_map(Map::keys).map(String::as_str);
        match nearest(missing, unknown.filter(|name| !is_known(name))) {
            Some(near) => format!(" (did you write `{near}` for it?)"),
            None => String::new(),
        }
    }
}

/// The types that a rule takes.
pub(super) fn types(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(one) => one.to_string(),
        TypeKind::Multiple(set) => {
            set.iter().map(|one| one.to_string()).collect::<Vec<_>>().join(" or ")
        }
    }
}
