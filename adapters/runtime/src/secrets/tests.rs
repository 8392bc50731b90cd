mod table;

use super::*;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
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
    secrets(json!({"properties": {"key": {"airbyte_secret": true}}}), json!({"key": value}))
}

fn hex(text: &str) -> String {
    text.bytes().map(|b| format!("{b:02x}")).collect()
}

#[test]
fn blanks_around_a_secret_are_no_part_of_it() {
    let (token, secrets) = ("t0k/en:12345", one(" t0k/en:12345\n"));
    let forms = [token, "t0k%2Fen%3A12345", &STANDARD.encode(token), &hex(token)].map(String::from);
    for form in forms {
        assert_eq!(secrets.mask(&format!("key={form}.")), "key=****.");
    }
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
        "p%25C3%25A4%253Ass%252Fw%2520%2522ord%25271".to_owned(),
        "p%C3%A4%3Ass%2Fw%20%22ord'1".to_owned(),
        "pä:ss/w \\\"ord'1".to_owned(),
        "pä:ss\\/w \\\"ord'1".to_owned(),
        "p\\u00e4:ss/w \\\"ord'1".to_owned(),
        "pä:ss/w \"ord\\'1".to_owned(),
        "p\\xe4:ss/w \"ord\\'1".to_owned(),
        "p\\xc3\\xa4:ss/w \"ord\\'1".to_owned(),
        // The repr of a JSON text, JSON in JSON.
        "p\\\\u00e4:ss/w \\\\\"ord\\'1".to_owned(),
        "p\\\\u00e4:ss/w \\\\\\\"ord'1".to_owned(),
        STANDARD.encode(value),
        URL_SAFE_NO_PAD.encode(value),
        STANDARD.encode(format!("anna:{value}")),
        STANDARD.encode(json!({"user": "anna", "key": value}).to_string()),
        hex(value),
        hex(value).to_uppercase(),
    ];
    for form in forms {
        let text = format!("GET /x?k={form}&y=1");
        assert_eq!(secrets.mask(&text), "GET /x?k=****&y=1", "{form}");
    }
}

#[test]
fn a_secret_anywhere_in_an_encoded_text_takes_all_of_that_text_with_it() {
    for value in ["four", "fiver", "sixsix", "a-much-longer-secret-of-43-characters-in-all"] {
        let secrets = one(value);
        for (at, before) in ["", "a", "ab", "abc", "someone"].iter().enumerate() {
            let text = format!("{before}:{value}");
            for encoded in
                [STANDARD.encode(&text), STANDARD_NO_PAD.encode(&text), URL_SAFE.encode(&text)]
            {
                let told = format!("Authorization: Basic {encoded}, and so on");
                let masked = secrets.mask(&told);
                assert_eq!(masked, "Authorization: Basic ****, and so on", "{value} {at}");
            }
        }
    }
    let other = STANDARD.encode("someone: something else");
    assert_eq!(one("four").mask(&other), other);
}

#[test]
fn a_secret_is_found_whatever_breaks_its_lines() {
    let value = "correct-horse-battery-staple";
    let secrets = one(value);
    let masked = |text: &str| secrets.mask(text).into_owned();
    for at in 1..value.len() {
        for broken in ["\n", "\r\n", "\n    ", " │\n│ ", "\n\n"] {
            let text = format!("it is {}{broken}{} you know", &value[..at], &value[at..]);
            let lines = "\n".repeat(broken.matches('\n').count());
            assert_eq!(masked(&text), format!("it is ****{lines} you know"), "at {at}");
        }
    }
    assert_eq!(masked("correct-\nhorse-\nbattery-\nstaple!"), "****\n\n\n!");
    // A blank is no line break.
    assert_eq!(masked("correct- horse-battery-staple"), "correct- horse-battery-staple");
    assert_eq!(one("a pass phrase").mask("it is a pass\nphrase"), "it is ****\n");
}

#[test]
fn base64_in_columns_is_one_text() {
    let long: String = (0..300u32).map(|n| char::from(b'a' + (n * n % 23) as u8)).collect();
    let secrets = one(&long);
    for columns in [64, 76] {
        let encoded = STANDARD.encode(format!("user:{long}"));
        let lines: Vec<&str> =
            encoded.as_bytes().chunks(columns).map(|c| std::str::from_utf8(c).unwrap()).collect();
        let masked = secrets.mask(&lines.join("\n")).into_owned();
        assert!(lines.iter().all(|line| !masked.contains(line)), "{masked}");
    }
}

#[test]
fn the_lines_of_a_key_are_masked_one_by_one() {
    let key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEF\nAASCBKcwggSjAgEAAoIBAQC7\n-----END KEY-----\n";
    let secrets = one(key);
    assert_eq!(secrets.mask("read MIIEvQIBADANBgkqhkiG9w0BAQEF."), "read ****.");
    assert_eq!(secrets.mask(key.trim()), "****\n\n\n");
    assert_eq!(secrets.mask(&json!({"k": key}).to_string()), "{\"k\":\"****\"}");
}

#[test]
fn what_one_secret_leaves_of_another_is_masked_too() {
    let secrets = Secrets::default();
    secrets.add(&json!(["abcdefgh-12", "gh-123456789"]));
    assert_eq!(secrets.mask("x abcdefgh-123456789 y"), "x **** y");
}

#[test]
fn short_values_only_as_whole_tokens_and_tiny_ones_never() {
    let secrets = secrets(
        json!({"properties": {"pin": {"airbyte_secret": true}, "no": {"airbyte_secret": true},
            "on": {"airbyte_secret": true}}}),
        json!({"pin": 48213, "no": "abc", "on": true}),
    );
    assert_eq!(secrets.mask("pin=48213, id 9482137 abc true"), "pin=****, id 9482137 abc true");
    assert_eq!(secrets.mask("482\n13"), "482\n13");
}

#[test]
fn secrets_are_found_wherever_a_spec_may_mark_them() {
    let mark = json!({"airbyte_secret": true});
    let cases = [
        (
            json!({"properties": {"a": {"oneOf": [{"properties": {"b": mark}}]}}}),
            json!({"a": {"b": "s-123456"}}),
        ),
        (
            json!({"properties": {"a": {"anyOf": [{"type": "null"}, mark]}}}),
            json!({"a": "s-123456"}),
        ),
        (json!({"allOf": [{"properties": {"a": mark}}]}), json!({"a": "s-123456"})),
        (json!({"if": {}, "then": {"properties": {"a": mark}}}), json!({"a": "s-123456"})),
        (json!({"properties": {"a": {"items": mark}}}), json!({"a": ["s-123456"]})),
        (
            json!({"properties": {"a": {"items": [{}, mark]}}}),
            json!({"a": ["open-one", "s-123456"]}),
        ),
        (
            json!({"properties": {"a": {"additionalProperties": mark}}}),
            json!({"a": {"x": "s-123456"}}),
        ),
        (json!({"patternProperties": {"^k_": mark}}), json!({"k_a": "s-123456"})),
        (
            json!({"definitions": {"d": {"properties": {"b": mark}}},
                "properties": {"a": {"$ref": "#/definitions/d"}}}),
            json!({"a": {"b": "s-123456"}}),
        ),
        (
            // A reference to itself ends with the config, one that leads nowhere at once.
            json!({"$defs": {"d": {"allOf": [{"$ref": "#/$defs/d"}], "properties": {"n": {"$ref": "#/$defs/d"}, "v": mark}}},
                "properties": {"a": {"$ref": "#/$defs/d"}, "o": {"$ref": "elsewhere"}}}),
            json!({"a": {"n": {"n": {"v": "s-123456"}}}}),
        ),
        (json!({"properties": {"a": mark}}), json!({"a": {"deep": ["s-123456", {"x": 1}]}})),
    ];
    for (schema, config) in cases {
        let secrets = secrets(schema.clone(), config);
        assert_eq!(secrets.mask("s-123456 open-one"), "**** open-one", "{schema}");
    }
}

#[test]
fn passwords_in_urls_are_secret_whatever_the_setting_is_called() {
    let cases = [
        ("postgresql://anna:hunter/2@db.example/shop", "hunter/2"),
        ("postgresql+psycopg2://anna:hunter%402@db.example:5432/shop?x=1", "hunter@2"),
        ("mysql://anna:hun@ter2@db.example/shop", "hun@ter2"),
        ("https://ghp_0123456789abcdef@github.com/x", "ghp_0123456789abcdef"),
        ("https://api.example/v1?api_key=hunter-2&page=1", "hunter-2"),
        ("host=db user=anna password=hunter-2 dbname=shop", "hunter-2"),
        ("Server=db;User Id=anna;Pwd='hunter-2';", "hunter-2"),
        ("{\"client_email\": \"a@b\", \"private_key\": \"hunter-2\"}", "hunter-2"),
    ];
    for (setting, password) in cases {
        let secrets = secrets(json!({"properties": {"target": {}}}), json!({"target": setting}));
        assert_eq!(secrets.mask(&format!("as {password} at")), "as **** at", "{setting}");
        for open in ["anna", "db.example", "shop", "api.example", "github.com", "page=1", "a@b"] {
            assert_eq!(secrets.mask(open), open, "{setting}");
        }
    }
    for open in ["https://api.example:8080/users/@me", "postgresql://postgres@db.example/shop"] {
        let secrets = secrets(json!({}), json!({"target": open}));
        assert_eq!(secrets.mask(open), open);
    }
}

#[test]
fn text_without_secrets_is_not_copied() {
    assert!(matches!(one("verysecret").mask("nothing\nhere"), Cow::Borrowed(_)));
    assert!(matches!(Secrets::default().mask("nothing here"), Cow::Borrowed(_)));
    assert_eq!(Secrets::default().reach(), 0);
    assert!(one("verysecret").reach() >= 20);
}

#[test]
fn without_a_spec_plainly_secret_names_are_enough() {
    let secrets = secrets(
        json!({"properties": {"token": {"type": "string"}}}),
        json!({"token": "declared-open", "db_password": "hunter-22", "o": {"apiKey": "key-7777"}}),
    );
    assert_eq!(secrets.mask("declared-open hunter-22 key-7777"), "declared-open **** ****");
}

#[test]
fn a_new_token_is_masked_from_when_it_is_learnt_and_the_old_one_still() {
    let spec = Specification::new(Map::new());
    let secrets = Secrets::default();
    let elsewhere = secrets.clone();
    for token in ["first-token", "second-token"] {
        let Value::Object(config) = json!({"refresh_token": token}) else { panic!("object") };
        secrets.learn(&spec, &config);
    }
    assert_eq!(elsewhere.mask("first-token second-token"), "**** ****");
}

/// Quadratic costs would take minutes here.
#[test]
fn a_thousand_secrets_are_learnt_in_no_time() {
    let config: Map<String, Value> = (0..1000)
        .map(|n| (format!("k{n}_token"), json!(format!("token/{n}/of-a-thousand-{n:032x}"))))
        .collect();
    let began = std::time::Instant::now();
    let secrets = Secrets::default();
    secrets.learn(&Specification::new(Map::new()), &config);
    let learnt = began.elapsed();
    assert!(learnt < std::time::Duration::from_secs(30), "{learnt:?}");
    assert_eq!(secrets.mask(&format!("token/77/of-a-thousand-{:032x}.", 77)), "****.");
}

#[test]
fn a_name_in_our_own_words_is_spared_and_nothing_else() {
    let secrets = one("postgres");
    secrets.spare("tap-postgres");
    let own = "tap-postgres: no database postgres at postgres://x:postgres@db; my-tap-postgres";
    let masked = "tap-postgres: no database **** at ****://x:****@db; my-tap-****";
    assert_eq!(secrets.mask_own(own), masked);
    assert_eq!(secrets.mask("tap-postgres"), "tap-****");
    let longer = one("tap-postgres-secret");
    longer.spare("tap-postgres");
    assert_eq!(longer.mask_own("tap-postgres-secret"), "****");
}
