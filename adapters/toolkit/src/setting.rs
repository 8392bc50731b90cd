use serde_json::{Map, Value};
use std::fmt;

/// The path of a setting in a config, through objects: `["credentials", "refresh_token"]`.
///
/// ```
/// use airbyte_singer_sdk::toolkit::Setting;
///
/// let token = Setting::from(["credentials", "refresh_token"]);
/// assert_eq!(token.to_string(), "credentials.refresh_token");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting(Vec<String>);

impl Setting {
    /// The setting `name` in this one.
    #[must_use]
    pub fn child(&self, name: &str) -> Self {
        let mut path = self.0.clone();
        path.push(name.to_owned());
        Self(path)
    }

    /// The setting `name` beside this one.
    #[must_use]
    pub fn sibling(&self, name: &str) -> Self {
        let mut path = self.0.clone();
        path.pop();
        Self(path).child(name)
    }

    /// The names on the way to it.
    pub fn path(&self) -> &[String] {
        &self.0
    }

    /// What stands there.
    pub fn get<'a>(&self, settings: &'a Map<String, Value>) -> Option<&'a Value> {
        let (first, rest) = self.0.split_first()?;
        rest.iter().try_fold(settings.get(first)?, |value, name| value.get(name))
    }

    /// Sets what stands there, and makes an object of everything on the way.
    pub fn put(&self, settings: &mut Map<String, Value>, value: Value) {
        let Some((last, way)) = self.0.split_last() else { return };
        let mut inner = settings;
        for name in way {
            let next = inner.entry(name.as_str()).or_insert(Value::Null);
            if !next.is_object() {
                *next = Value::Object(Map::new());
            }
            let Value::Object(next) = next else { return };
            inner = next;
        }
        inner.insert(last.clone(), value);
    }

    /// Where `text` stands, first in the order of the settings.
    pub(super) fn holding(text: &str, settings: &Map<String, Value>) -> Option<Self> {
        settings.iter().find_map(|(name, value)| match value {
            Value::String(found) if found == text => Some(Self(vec![name.clone()])),
            Value::Object(inner) => {
                let Self(mut path) = Self::holding(text, inner)?;
                path.insert(0, name.clone());
                Some(Self(path))
            }
            _ => None,
        })
    }
}

impl From<&str> for Setting {
    /// A setting at the top.
    fn from(name: &str) -> Self {
        Self(vec![name.to_owned()])
    }
}

impl<const N: usize> From<[&str; N]> for Setting {
    fn from(path: [&str; N]) -> Self {
        Self(path.map(str::to_owned).to_vec())
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn settings() -> Map<String, Value> {
        let Value::Object(map) = json!({"n": 1, "a": {"b": {"c": "x"}, "d": "y"}}) else {
            panic!("an object")
        };
        map
    }

    #[test]
    fn a_setting_is_found_by_what_it_holds() {
        let found = Setting::holding("x", &settings()).expect("it is there");
        assert_eq!(found, Setting::from(["a", "b", "c"]));
        assert_eq!(found.get(&settings()), Some(&json!("x")));
        assert_eq!(found.sibling("d"), Setting::from(["a", "b", "d"]));
        assert_eq!(Setting::holding("1", &settings()), None);
    }

    #[test]
    fn what_is_set_finds_its_way() {
        let mut map = settings();
        Setting::from(["a", "d"]).put(&mut map, json!("z"));
        Setting::from(["n", "e"]).put(&mut map, json!(2));
        assert_eq!(Value::Object(map), json!({"n": {"e": 2}, "a": {"b": {"c": "x"}, "d": "z"}}));
    }
}
