//! What a tap wants to be told, as an Airbyte spec.
//!
//! Taps say it in three ways, if at all: `--about` of SDK taps ([`from_about`]), a Meltano hub
//! definition ([`from_definition`]) or a ready Airbyte spec ([`from_airbyte`]); [`open`] is for
//! the rest.

mod hub;
mod setting;
#[cfg(test)]
mod tests;

pub use airbyte_singer_runtime::is_plainly_secret;

use airbyte_protocol as airbyte;
use airbyte_protocol::Specification;
use serde_json::{Map, Value, json};
use singer_protocol as singer;

/// Where taps are documented that don't say where.
const HUB: &str = "https://hub.meltano.com/extractors/";

/// The spec of a tap that describes its settings, flaws mended: nulls and combinators folded away,
/// secrets marked by the tap's own word (`secret`, `writeOnly`) or by a name that is
/// [plainly secret](is_plainly_secret). `required` is the tap's. Settings that it doesn't name are
/// allowed.
pub fn from_about(about: &singer::About) -> Specification {
    let nothing = Value::Object(Map::new());
    let settings = about.settings.as_ref().unwrap_or(&nothing);
    let mut schema = setting::object(settings);
    describe(&mut schema, about.name.as_deref(), about.description.as_deref());
    finish(schema, documentation(about.name.as_deref()))
}

/// The spec in a definition file, which is either the answer of `--about` (its `settings` are a
/// JSON Schema) or a definition of the Meltano hub (its `settings` are a list).
///
/// # Errors
///
/// The file is neither; the sentence says what was expected.
pub fn from_definition(definition: &Value) -> Result<Specification, &'static str> {
    let text = |key: &str| definition.get(key).and_then(Value::as_str);
    match definition.get("settings") {
        Some(Value::Object(_)) => {
            let about = singer::About {
                name: text("name").map(str::to_owned),
                description: text("description").map(str::to_owned),
                settings: definition.get("settings").cloned(),
                ..singer::About::default()
            };
            Ok(from_about(&about))
        }
        Some(Value::Array(settings)) => {
            let mut schema = hub::settings(settings, definition.get("settings_group_validation"));
            describe(&mut schema, text("label").or(text("name")), text("description"));
            let docs = ["docs", "repo"].into_iter().filter_map(text).find(|url| is_url(url));
            let url = docs.map_or_else(|| documentation(text("name")), str::to_owned);
            Ok(finish(schema, url))
        }
        _ => Err("expected `settings`, a JSON Schema as `--about` gives or a list as on the hub"),
    }
}

/// A spec that a connector's author wrote, bare or inside a SPEC message: kept as it is, with what
/// clients insist on added where it is missing.
///
/// # Errors
///
/// Not JSON (line, column), or no object under `connectionSpecification`.
pub fn from_airbyte(bytes: &[u8]) -> Result<Specification, airbyte::Error> {
    let mut spec = Specification::parse(bytes)?;
    spec.protocol_version.get_or_insert_with(|| airbyte::PROTOCOL_VERSION.to_owned());
    spec.documentation_url.get_or_insert_with(|| documentation(None));
    let schema = &mut spec.connection_specification;
    schema.entry("type").or_insert_with(|| "object".into());
    schema.entry("properties").or_insert_with(|| json!({}));
    Ok(spec)
}

/// The spec of a tap that says nothing: any object will do.
pub fn open() -> Specification {
    finish(setting::object(&Value::Null), documentation(None))
}

fn describe(schema: &mut Map<String, Value>, title: Option<&str>, description: Option<&str>) {
    for (key, text) in [("title", title), ("description", description)] {
        if let Some(text) = text {
            schema.insert(key.to_owned(), text.into());
        }
    }
}

fn finish(mut schema: Map<String, Value>, documentation: String) -> Specification {
    schema.entry("properties").or_insert_with(|| json!({}));
    schema.insert("additionalProperties".to_owned(), true.into());
    let mut spec = Specification::new(schema);
    spec.documentation_url = Some(documentation);
    spec
}

/// The hub's page of a tap, or of all taps for a name that makes no address.
fn documentation(name: Option<&str>) -> String {
    let plain = |name: &&str| name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    format!("{HUB}{}", name.filter(plain).unwrap_or_default())
}

fn is_url(text: &str) -> bool {
    ["https://", "http://"].iter().any(|scheme| text.starts_with(scheme))
        && !text.contains(char::is_whitespace)
}
