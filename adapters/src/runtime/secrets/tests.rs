use super::*;
use serde_json::json;

fn secrets(schema: Value, config: Value) -> Secrets {
    let (Value::Object(schema), Value::Object(config)) = (schema, config) else {
        panic!("objects")
    };
    let secrets = Secrets::default();
    secrets.learn(&Specification::new(schema), &config);
    secrets
}

fn one(value: &str) -> Secrets {
    secrets(
        json!({"properties": {"key": {"airbyte_secret": true}}}),
        json!({"key": value, "user": "anna"}),
    )
}

#[test]
fn every_encoding_of_a_secret_is_masked() {
    let value = "pä:ss/w \"ord'1";
    let secrets = one(value);
    let forms = [
        value.to_owned(),
        "p%C3%A4%3Ass%2Fw%20%22ord%271".to_owned(),
        "p%c3%a4%3ass%2fw%20%22ord%271".to_owned(),
        "p%C3%A4%3Ass/w+%22ord%271".to_owned(),
        "pä:ss/w \\\"ord'1".to_owned(),
        "p\\u00e4:ss/w \\\"ord'1".to_owned(),
        "pä:ss/w \"ord\\'1".to_owned(),
        STANDARD.encode(value),
        URL_SAFE_NO_PAD.encode(value),
        STANDARD.encode(format!("anna:{value}")),
        value.bytes().map(|b| format!("{b:02x}")).collect(),
    ];
    for form in forms {
        let text = format!("GET /x?k={form}&y=1");
        assert_eq!(secrets.mask(&text), "GET /x?k=****&y=1", "{form}");
    }
}

#[test]
fn short_values_only_as_whole_tokens_and_tiny_ones_never() {
    let secrets = secrets(
        json!({"properties": {"pin": {"airbyte_secret": true}, "no": {"airbyte_secret": true}}}),
        json!({"pin": 48213, "no": "abc"}),
    );
    assert_eq!(secrets.mask("pin=48213, id 9482137 abc"), "pin=****, id 9482137 abc");
}

#[test]
fn secrets_below_one_of_and_arrays_are_found() {
    let secrets = secrets(
        json!({"properties": {"auth": {"oneOf": [{"properties": {"token": {"airbyte_secret": true}}}]},
            "keys": {"type": "array", "items": {"airbyte_secret": true}}, "open": {}}}),
        json!({"auth": {"token": "tok-123456"}, "keys": ["key-abcdef"], "open": "visible-1"}),
    );
    assert_eq!(secrets.mask("tok-123456 key-abcdef visible-1"), "**** **** visible-1");
}

#[test]
fn text_without_secrets_is_not_copied() {
    assert!(matches!(one("verysecret").mask("nothing here"), Cow::Borrowed(_)));
    assert!(matches!(Secrets::default().mask("nothing here"), Cow::Borrowed(_)));
}

#[test]
fn without_a_spec_plainly_secret_names_are_enough() {
    let secrets = secrets(
        json!({"properties": {"token": {"type": "string"}}}),
        json!({"token": "declared-open", "db_password": "hunter-22", "o": {"apiKey": "key-7777"}}),
    );
    assert_eq!(secrets.mask("declared-open hunter-22 key-7777"), "declared-open **** ****");
}
