//! What of the file is the tap's, the user's and ours.

use super::*;

#[test]
fn the_reserved_key_is_put_back_and_only_ours() {
    let work = Work::new();
    let user = json!({"refresh_token": "first-token", "__airbyte_singer": {"state_interval": "0"}});
    let sync = r#"
        grep -q __airbyte_singer "$config" && exit 1
        in_place '{"refresh_token": "second-token", "__airbyte_singer": {"check": "config"}}'
        record 1"#;
    let read = reading(&work, sync).with_config(user.to_string()).ok();
    let expected =
        json!({"refresh_token": "second-token", "__airbyte_singer": {"state_interval": "0"}});
    assert_eq!(stored(&read), [expected], "{read}");
    let read = reading(&work, sync).with_config(r#"{"refresh_token": "first-token"}"#).ok();
    assert_eq!(stored(&read), [json!({"refresh_token": "second-token"})], "{read}");
}

#[test]
fn paths_are_as_the_user_wrote_them_and_what_the_tap_adds_stays() {
    let work = Work::new();
    work.file("keys/key.json", "{}");
    let user = r#"{"key": "keys/key.json", "limit": 1e3, "refresh_token": "first-token"}"#;
    let sync = r#"
        grep -q '"key":"/' "$config" || exit 1
        sed 's/first-token/second-token/; s/}$/,"scopes":["a"]}/' "$config" > "$config.new"
        mv "$config.new" "$config"
        record 1"#;
    let read = reading(&work, sync).with_config(user).ok();
    let expected = r#"{"key": "keys/key.json", "limit": 1e3, "refresh_token": "second-token", "scopes": ["a"]}"#;
    assert_eq!(stored(&read), [value(expected)], "{read}");
    let said = "the tap rewrote its config, for the platform to store: \
                changed `refresh_token`; new `scopes`";
    assert!(read.logged("INFO", said), "{read}");
}

#[test]
fn settings_that_the_tap_leaves_out_are_named() {
    let work = Work::new();
    let sync = "in_place '{\"refresh_token\": \"second-token\"}'; record 1";
    let read = reading(&work, sync).ok();
    assert_eq!(stored(&read), [json!({"refresh_token": "second-token"})], "{read}");
    assert!(read.logged("WARN", "changed `refresh_token`; gone `start`"), "{read}");
}
