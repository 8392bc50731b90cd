//! What a tap says about itself: the answer of an SDK tap to `--about --format=json`.

use serde_json::{Map, Value};

use crate::metadata::{names, text};
use crate::{Error, lenient};

/// A tap's words about itself. The keys are those of the Meltano SDK's JSON (its `about.py`); a tap
/// of another make that has an `--about` writes some of them.
///
/// ```
/// use singer_protocol::About;
///
/// let about = About::parse(br#"{"name": "tap-x", "settings": {"properties": {"key": {}}}}"#)?;
/// assert_eq!(about.name.as_deref(), Some("tap-x"));
/// assert!(!about.can("state"));
/// assert_eq!(about.setting("key").map(ToString::to_string).as_deref(), Some("{}"));
/// assert_eq!(about.environment_variable("key").as_deref(), Some("TAP_X_KEY"));
/// # Ok::<(), singer_protocol::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct About {
    /// The tap's name.
    pub name: Option<String>,
    /// What it reads, for people.
    pub description: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// The version of the SDK that it is made with; only taps of the SDK say it.
    pub sdk_version: Option<String>,
    /// The versions of Python that it runs on: `3.10`, `3.11`, ….
    pub supported_python_versions: Vec<String>,
    /// What it can do: `catalog`, `discover`, `state`, `batch`, `about`, `stream-maps`,
    /// `activate-version`, ….
    pub capabilities: Vec<String>,
    /// The JSON Schema of its config, as it was given, flaws included.
    pub settings: Option<Value>,
    /// What else the answer holds, as it came.
    pub other: Map<String, Value>,
}

impl About {
    /// Reads the answer, passing over log lines before it and keys of the wrong type.
    ///
    /// # Errors
    ///
    /// When there is no JSON object, or only a broken one.
    pub fn parse(bytes: &[u8]) -> Result<About, Error> {
        let wanted = ["settings", "capabilities", "name"];
        let (mut object, _) = lenient::object("about", bytes, |object: &Map<String, Value>| {
            wanted.iter().any(|key| object.contains_key(*key))
        })?;
        let said = |key| text(object.get(key)).map(str::to_owned);
        Ok(About {
            name: said("name"),
            description: said("description"),
            version: said("version"),
            capabilities: names(object.get("capabilities")),
            sdk_version: said("sdk_version"),
            supported_python_versions: names(object.get("supported_python_versions")),
            settings: object.shift_remove("settings").filter(Value::is_object),
            other: {
                object.retain(|key, _| !KEYS.contains(&key.as_str()));
                object
            },
        })
    }

    /// The answer as JSON, in the SDK's order; what isn't known is left out.
    ///
    /// ```
    /// use singer_protocol::About;
    ///
    /// let about = About {
    ///     name: Some("tap-x".to_owned()),
    ///     capabilities: vec!["catalog".to_owned(), "state".to_owned()],
    ///     ..About::default()
    /// };
    /// let json = about.to_value().to_string();
    /// assert_eq!(json, r#"{"name":"tap-x","capabilities":["catalog","state"]}"#);
    /// ```
    pub fn to_value(&self) -> Value {
        let text = |text: &Option<String>| text.clone().map(Value::from);
        let list = |list: &[String]| (!list.is_empty()).then(|| Value::from(list.to_vec()));
        let said = [
            text(&self.name),
            text(&self.description),
            text(&self.version),
            text(&self.sdk_version),
            list(&self.supported_python_versions),
            list(&self.capabilities),
            self.settings.clone(),
        ];
        let known =
            KEYS.iter().zip(said).filter_map(|(key, value)| Some(((*key).to_owned(), value?)));
        let other = self.other.iter().map(|(key, value)| (key.clone(), value.clone()));
        Value::Object(known.chain(other).collect())
    }

    /// Whether the tap says that it can do something.
    pub fn can(&self, capability: &str) -> bool {
        self.capabilities.iter().any(|own| own == capability)
    }

    /// The JSON Schema of one top-level setting.
    pub fn setting(&self, name: &str) -> Option<&Value> {
        self.settings.as_ref()?.get("properties")?.get(name)
    }

    /// The environment variable that an SDK tap reads a top-level setting from when it is called
    /// with `--config=ENV`: the tap's name and the setting's, in capitals, underscores for hyphens.
    /// `None` when the tap doesn't say its name.
    pub fn environment_variable(&self, setting: &str) -> Option<String> {
        let name = self.name.as_ref()?;
        Some(format!("{name}_{setting}").to_uppercase().replace('-', "_"))
    }
}

/// The keys that an SDK tap writes, in its order.
const KEYS: [&str; 7] = [
    "name",
    "description",
    "version",
    "sdk_version",
    "supported_python_versions",
    "capabilities",
    "settings",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_sdk_answer_is_read_whole() {
        // The shape of what taps of the Meltano SDK 0.54 answer, log line included.
        let text =
            br#"2026-11-22 09:14:11,760 | INFO     | tap-x | Skipping parse of env var settings...
{
  "name": "tap-x", "description": "Reads x.", "version": "0.1.0", "sdk_version": "0.54.9",
  "capabilities": ["catalog", "state", "discover"],
  "settings": {"type": "object", "properties": {"n": {"anyOf": [{"type": "integer"}, "null"]}}}
}
"#;
        let about = About::parse(text).unwrap();
        assert_eq!(about.name.as_deref(), Some("tap-x"));
        assert_eq!(about.version.as_deref(), Some("0.1.0"));
        assert_eq!(about.sdk_version.as_deref(), Some("0.54.9"));
        assert_eq!(about.capabilities, ["catalog", "state", "discover"]);
        let settings = about.settings.unwrap();
        assert_eq!(settings["properties"]["n"]["anyOf"][1], "null");
    }

    #[test]
    fn odd_parts_are_left_out_and_nonsense_refused() {
        let about = About::parse(br#"{"name": 5, "capabilities": null, "settings": []}"#).unwrap();
        assert_eq!(about, About::default());
        assert_eq!(
            About::parse(b"usage: tap [-h]").unwrap_err().to_string(),
            "about: there is no JSON object in it"
        );
    }
}
