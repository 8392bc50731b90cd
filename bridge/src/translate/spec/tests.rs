use super::*;
use proptest::prelude::*;

fn spec_of(settings: Value) -> Value {
    let about = singer::About {
        name: Some("tap-x".to_owned()),
        settings: Some(settings),
        ..singer::About::default()
    };
    let spec = from_about(&about);
    assert_eq!(spec.documentation_url.as_deref(), Some("https://hub.meltano.com/extractors/tap-x"));
    assert_eq!(spec.protocol_version.as_deref(), Some("0.18.0"));
    Value::Object(spec.connection_specification)
}

#[test]
fn settings_of_an_sdk_tap() {
    let spec = spec_of(json!({
        "type": "object",
        "properties": {
            "host": {"type": ["string", "null"], "default": "localhost", "description": "Where."},
            "port": {"anyOf": [{"type": "integer"}, "null"], "default": null},
            "pass": {"type": ["string", "null"], "secret": true, "writeOnly": true},
            "api_token": {"type": ["string", "null"]},
            "mode": {"enum": ["a", null, "b"], "type": ["string", "null"]},
            "tunnel": {
                "type": ["object", "null"],
                "properties": {"private_key": {"type": "string"}, "on": {"type": "boolean"}},
                "required": ["on", "gone"],
                "additionalProperties": false,
            },
            "keys": {"type": "array", "secret": true, "items": {"type": "string"}},
            "since": {"type": "string", "format": "date-time"},
            "either": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
            "reference": {"$ref": "#/definitions/n"},
        },
        "required": ["host", 7, "missing", "host"],
        "definitions": {"n": {"type": "number"}},
        "additionalProperties": false,
        "$schema": "https://json-schema.org/draft/2020-12/schema",
    }));
    assert_eq!(
        spec,
        json!({
            "type": "object",
            "properties": {
                "host": {"type": "string", "description": "Where.", "default": "localhost"},
                "port": {"type": "integer"},
                "pass": {"type": "string", "airbyte_secret": true},
                "api_token": {"type": "string", "airbyte_secret": true},
                "mode": {"type": "string", "enum": ["a", "b"]},
                "tunnel": {
                    "type": "object",
                    "properties": {
                        "private_key": {"type": "string", "airbyte_secret": true},
                        "on": {"type": "boolean"},
                    },
                    "required": ["on"],
                },
                "keys": {"type": "array", "items": {"type": "string", "airbyte_secret": true}},
                "since": {"type": "string", "format": "date-time"},
                "either": {"type": ["string", "integer"]},
                "reference": {"type": "number"},
            },
            "required": ["host"],
            "title": "tap-x",
            "additionalProperties": true,
        })
    );
}

#[test]
fn a_hub_definition() {
    let spec = from_definition(&json!({
        "name": "tap-y", "label": "Y", "docs": "https://example.com/tap-y",
        "settings": [
            {"name": "user", "label": "User"},
            {"name": "pin", "kind": "string", "sensitive": true},
            {"name": "old", "kind": "password"},
            {"name": "n", "kind": "integer", "value": 5},
            {"name": "start_date", "kind": "date_iso8601", "description": "From when."},
            {"name": "mode", "kind": "options", "options": [{"label": "A", "value": "a"}]},
            {"name": "ssh.host"}, {"name": "ssh.private_key"},
            {"label": "nameless"},
        ],
        "settings_group_validation": [["user", "pin"], ["user", "old"]],
    }))
    .unwrap();
    assert_eq!(spec.documentation_url.as_deref(), Some("https://example.com/tap-y"));
    assert_eq!(
        Value::Object(spec.connection_specification),
        json!({
            "type": "object",
            "properties": {
                "user": {"type": "string", "title": "User"},
                "pin": {"type": "string", "airbyte_secret": true},
                "old": {"type": "string", "airbyte_secret": true},
                "n": {"type": "integer", "default": 5},
                "start_date": {"type": "string", "description": "From when."},
                "mode": {"type": "string", "enum": ["a"]},
                "ssh": {"type": "object", "properties": {
                    "host": {"type": "string"},
                    "private_key": {"type": "string", "airbyte_secret": true},
                }},
            },
            "required": ["user"],
            "title": "Y",
            "additionalProperties": true,
        })
    );
    assert!(from_definition(&json!({"settings": 5})).is_err());
    let about = from_definition(&json!({"settings": {"properties": {"a": {}}}})).unwrap();
    assert_eq!(about.connection_specification["properties"], json!({"a": {}}));
}

#[test]
fn an_authors_spec_and_none_at_all() {
    let given = br#"{"type":"SPEC","spec":{"documentationUrl":"https://example.com",
        "connectionSpecification":{"type":"object","oneOf":[],"properties":{}}}}"#;
    let spec = from_airbyte(given).unwrap();
    assert_eq!(spec.documentation_url.as_deref(), Some("https://example.com"));
    assert!(spec.connection_specification.contains_key("oneOf"));
    assert_eq!(spec.protocol_version.as_deref(), Some("0.18.0"));
    assert!(from_airbyte(b"{}").is_err());
    let open = Value::Object(open().connection_specification);
    assert_eq!(open, json!({"type": "object", "properties": {}, "additionalProperties": true}));
}

#[test]
fn plainly_secret_names() {
    for name in [
        "password",
        "db_password",
        "token",
        "accessToken",
        "personal_access_token",
        "api_key",
        "apiKey",
        "API-KEY",
        "x-api-key",
        "client_secret",
        "private_key",
        "ssh_private_key",
        "key",
        "jwt",
        "aws_secret_access_key",
        "service_account_info",
        "Authorization",
        "passphrase",
    ] {
        assert!(is_plainly_secret(name), "{name}");
    }
    for name in
        ["user", "host", "max_tokens", "primary_key", "tokenizer", "secretary", "key_file", "keys"]
    {
        assert!(!is_plainly_secret(name), "{name}");
    }
}

fn settings() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<Option<bool>>().prop_map(|b| json!(b)),
        any::<i32>().prop_map(Value::from),
        prop::sample::select(vec!["string", "object", "null", "array", "a", "password"])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 6, |inner| {
        let keys = prop::sample::select(vec![
            "type",
            "properties",
            "required",
            "default",
            "examples",
            "enum",
            "secret",
            "writeOnly",
            "anyOf",
            "allOf",
            "items",
            "minimum",
            "password",
            "a",
            "settings",
            "additionalProperties",
        ]);
        prop_oneof![
            4 => prop::collection::vec((keys, inner.clone()), 0..6).prop_map(|pairs| {
                Value::Object(pairs.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
            }),
            1 => prop::collection::vec(inner, 0..4).prop_map(Value::Array),
        ]
    })
}

proptest! {
    #[test]
    fn any_settings_make_a_valid_spec(settings in settings()) {
        let about = singer::About { settings: Some(settings), ..singer::About::default() };
        let spec = Value::Object(from_about(&about).connection_specification);
        prop_assert!(jsonschema::draft7::meta::is_valid(&spec), "{spec}");
        prop_assert_eq!(&spec["type"], "object");
        prop_assert!(spec["properties"].is_object());
    }
}
