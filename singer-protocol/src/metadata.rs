//! What stands in the `metadata` list of a catalog entry.

use serde_json::Value;

/// Whether a field may, must or can't be selected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Inclusion {
    /// Always in the records of a selected stream.
    Automatic,
    /// Selectable.
    Available,
    /// The tap can't read it.
    Unsupported,
}

impl Inclusion {
    /// The inclusion a metadata or schema value names; anything unknown is `None`.
    pub(crate) fn of(value: Option<&Value>) -> Option<Inclusion> {
        match value?.as_str()? {
            "automatic" => Some(Inclusion::Automatic),
            "available" => Some(Inclusion::Available),
            "unsupported" => Some(Inclusion::Unsupported),
            _ => None,
        }
    }
}

/// A boolean, or the string that names one.
pub(crate) fn flag(value: Option<&Value>) -> Option<bool> {
    match value? {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// A text that says something: the empty string stands for nothing in taps' catalogs.
pub(crate) fn text(value: Option<&Value>) -> Option<&str> {
    value?.as_str().filter(|text| !text.is_empty())
}

/// Names in a list, or one bare name.
pub(crate) fn names(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Array(list)) => {
            list.iter().filter_map(|name| text(Some(name))).map(str::to_owned).collect()
        }
        other => text(other).map(str::to_owned).into_iter().collect(),
    }
}
