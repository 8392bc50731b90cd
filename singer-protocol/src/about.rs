//! What a tap says about itself: the answer of an SDK tap to `--about --format=json`.

use serde_json::Value;

use crate::metadata::{names, text};
use crate::{Error, lenient};

/// A tap's words about itself.
///
/// ```
/// use singer_protocol::About;
///
/// let about = About::parse(br#"{"name": "tap-x", "settings": {"properties": {"key": {}}}}"#)?;
/// assert_eq!(about.name.as_deref(), Some("tap-x"));
/// assert!(about.capabilities.is_empty());
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
    /// What it can do: `catalog`, `discover`, `state`, `batch`, ….
    pub capabilities: Vec<String>,
    /// The JSON Schema of its config, as it was given, flaws included.
    pub settings: Option<Value>,
}

impl About {
    /// Reads the answer, passing over log lines before it and keys of the wrong type.
    ///
    /// # Errors
    ///
    /// When there is no JSON object, or only a broken one.
    pub fn parse(bytes: &[u8]) -> Result<About, Error> {
        let wanted = ["settings", "capabilities", "name"];
        let mut object = lenient::object("about", bytes, |object| {
            wanted.iter().any(|key| object.contains_key(*key))
        })?;
        let said = |key| text(object.get(key)).map(str::to_owned);
        Ok(About {
            name: said("name"),
            description: said("description"),
            version: said("version"),
            capabilities: names(object.get("capabilities")),
            settings: object.shift_remove("settings").filter(Value::is_object),
        })
    }
}

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
