use airbyte_protocol::Specification;
use airbyte_singer_runtime::{Config, Error, Result};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The JSON Schema (draft 7) of a stream's records: an object with `properties`.
#[derive(Debug, Clone, PartialEq)]
pub struct Schema(Map<String, Value>);

impl Schema {
    /// The schema of a Rust type, as serde writes it. What it is made of stands in place rather than
    /// under `definitions`, since not every platform follows a `$ref`; only a type that holds itself
    /// has one.
    pub fn of<T: JsonSchema>() -> Self {
        Self(generated::<T>(SchemaSettings::for_serialize))
    }

    /// A schema that was written by hand, or that a server gave. What is no object is an object
    /// without properties, which the common suite complains of.
    pub fn given(schema: Value) -> Self {
        match schema {
            Value::Object(map) => Self(map),
            _ => Self(Map::new()),
        }
    }

    /// A schema in a JSON file that stands beside the source: `Schema::file(include_str!("customers.json"))`.
    /// A text that is no JSON object is a schema without properties, as with [`Schema::given`].
    pub fn file(text: &str) -> Self {
        Self::given(serde_json::from_str(text).unwrap_or_default())
    }

    /// The schema as it stands in a catalog.
    pub fn into_map(self) -> Map<String, Value> {
        self.0
    }
}

/// The specification whose schema is that of a config's type: doc comments become descriptions, and
/// `#[schemars(extend("airbyte_secret" = true))]` marks a secret.
pub fn specification<T: JsonSchema>() -> Specification {
    let mut schema = generated::<T>(SchemaSettings::for_deserialize);
    // Clients insist on the key, which schemars leaves out where a config has no settings.
    schema.entry("properties").or_insert_with(|| Value::Object(Map::new()));
    Specification::new(schema)
}

/// The settings as a type.
///
/// # Errors
///
/// A config error that names the path of what is missing or wrong, never its value.
pub fn parse_config<T: DeserializeOwned>(config: &Config) -> Result<T> {
    let settings = Value::Object(config.values().clone());
    serde_path_to_error::deserialize(settings).map_err(|error| {
        let path = error.path().to_string();
        // serde's own words may quote the value; of them only the name of a field is kept.
        let missing = error.inner().to_string();
        match missing.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
            Some(field) if path == "." => {
                Error::config(format!("the config is not valid: setting `{field}` is missing"))
            }
            Some(field) => Error::config(format!(
                "the config is not valid: setting `{path}.{field}` is missing"
            )),
            None if path == "." => Error::config("the config is not what this source takes"),
            None => Error::config(format!("the config is not valid: setting `{path}` is wrong")),
        }
    })
}

fn generated<T: JsonSchema>(
    contract: impl FnOnce(SchemaSettings) -> SchemaSettings,
) -> Map<String, Value> {
    let mut settings = contract(SchemaSettings::draft07());
    settings.inline_subschemas = true;
    let schema = settings.into_generator().into_root_schema_for::<T>();
    let mut map = match schema.to_value() {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    plain(&mut map);
    map
}

/// Takes out the formats of Rust's numbers (`uint64`, `double`), which JSON Schema doesn't know: some
/// clients refuse a format that they have never heard of.
fn plain(schema: &mut Map<String, Value>) {
    let is_number = |kind: &Value| matches!(kind.as_str(), Some("integer" | "number"));
    let numeric = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().any(is_number),
        Some(kind) => is_number(kind),
        None => false,
    };
    if numeric && schema.get("format").is_some_and(Value::is_string) {
        schema.shift_remove("format");
    }
    for value in schema.values_mut() {
        plain_inside(value);
    }
}

fn plain_inside(value: &mut Value) {
    match value {
        Value::Object(map) => plain(map),
        Value::Array(list) => list.iter_mut().for_each(plain_inside),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[derive(serde::Deserialize, serde::Serialize, JsonSchema)]
    struct Login {
        /// Who
        user: String,
        #[schemars(extend("airbyte_secret" = true))]
        password: String,
        port: Option<u16>,
    }

    #[derive(Debug, serde::Deserialize, JsonSchema)]
    struct Settings {
        #[allow(dead_code, reason = "only its schema and its faults matter")]
        logins: Vec<LoginCopy>,
    }

    #[derive(Debug, serde::Deserialize, JsonSchema)]
    struct LoginCopy {
        #[allow(dead_code, reason = "as above")]
        port: u16,
    }

    fn config(value: Value) -> Config {
        let Value::Object(map) = value else { panic!("no object") };
        Config::from_values(map)
    }

    #[test]
    fn a_type_is_its_schema_without_rusts_own_formats() {
        let schema = Value::Object(Schema::of::<Vec<Login>>().into_map());
        let login = &schema["items"];
        assert_eq!(login["properties"]["user"], json!({"type": "string", "description": "Who"}));
        assert_eq!(login["properties"]["password"]["airbyte_secret"], true);
        assert_eq!(login["properties"]["port"]["type"], json!(["integer", "null"]));
        assert_eq!(login["properties"]["port"].get("format"), None);
        let text = schema.to_string();
        assert!(!text.contains("$ref") && text.contains("draft-07"), "{text}");
    }

    #[test]
    fn a_file_is_its_schema_and_a_broken_one_has_no_properties() {
        let schema = json!({"type": "object", "properties": {"id": {"type": "integer"}}});
        assert_eq!(Schema::file(&schema.to_string()), Schema::given(schema));
        assert_eq!(Schema::file("{").into_map(), Map::new());
    }

    #[test]
    fn a_wrong_setting_is_named_by_its_path_and_never_shown() {
        let told = |value| parse_config::<Settings>(&config(value)).unwrap_err().to_string();
        assert_eq!(
            told(json!({"logins": [{"port": 1}, {"port": "hunter2"}]})),
            "the config is not valid: setting `logins[1].port` is wrong"
        );
        assert_eq!(
            told(json!({"logins": [{}]})),
            "the config is not valid: setting `logins[0].port` is missing"
        );
        assert_eq!(told(json!({})), "the config is not valid: setting `logins` is missing");
    }

    #[test]
    fn a_config_without_settings_still_has_properties() {
        #[derive(JsonSchema)]
        struct Nothing {}
        let spec = specification::<Nothing>();
        assert_eq!(spec.connection_specification["properties"], json!({}));
        assert_eq!(spec.connection_specification["type"], "object");
    }
}
