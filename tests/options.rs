//! What the user says is found wherever it is said: flag, environment, config, profile, link.

use crate::harness::*;
use serde_json::{Value, json};

const RECORD: &str = r#"{"type":"RECORD","stream":"people","record":{"id":1,"name":"a"}}"#;

fn people() -> Tap {
    let mut incremental = entry("people", &["id"], columns());
    incremental["metadata"][0]["metadata"]["valid-replication-keys"] = json!(["updated_at"]);
    Tap::with(&[incremental, entry("planets", &["id"], columns())]).says(&[
        schema("people").as_str(),
        RECORD,
        &state(json!({"people": {"updated_at": "a"}})),
        &RECORD.replace('1', "2"),
        &state(json!({"people": {"updated_at": "b"}})),
    ])
}

fn names(catalog: &Value) -> Vec<String> {
    catalog["streams"].as_array().expect("streams").iter().map(name_of).collect()
}

#[test]
fn every_flag_has_a_variable() {
    let (work, tap) = (Work::new(), people());
    let scenario = tap.folder().to_str().expect("a path");
    let discover = work
        .run("discover")
        .env("AIRBYTE_SINGER_TAP", Tap::program())
        .env("AIRBYTE_SINGER_TAP_ARG", json!(["--scenario", scenario]).to_string())
        .env("AIRBYTE_SINGER_CONFIG", work.file("config.json", "{}"))
        .ok();
    let catalog = work.file("c.json", incrementally(&discover.catalog()).to_string());
    let read = || {
        work.run("read")
            .env("AIRBYTE_SINGER_TAP", Tap::program())
            .env("AIRBYTE_SINGER_TAP_ARG", json!(["--scenario", scenario]).to_string())
            .env("AIRBYTE_SINGER_CONFIG", work.path("config.json"))
            .env("AIRBYTE_SINGER_CATALOG", &catalog)
    };
    let states = |output: &Output| output.states_of("people").len();
    let usual = states(&read().ok());
    let often = read().env("AIRBYTE_SINGER_STATE_INTERVAL", "0");
    assert!(states(&often.ok()) > usual, "each STATE is published");
    let debug = read().env("AIRBYTE_SINGER_DEBUG", "1").ok();
    assert!(debug.logs().iter().any(|log| log.starts_with("DEBUG")), "{debug}");
    let quiet = read().env("AIRBYTE_SINGER_LOG_LEVEL", "error").ok();
    assert!(!quiet.logs().iter().any(|log| log.starts_with("INFO")), "{quiet}");
    let by_properties = read().env("AIRBYTE_SINGER_CATALOG_FLAG", "properties").ok();
    assert_eq!(states(&by_properties), usual);
    let given = work.given();
    assert!(given.last().expect("a run").args().contains(&"--properties".to_owned()));
    let native = work.spec().env("AIRBYTE_SINGER_SOURCE", "sample").ok().spec();
    assert_eq!(native["connectionSpecification"]["title"], "Sample");
    // A flag is stronger than its variable.
    let flag = read().env("AIRBYTE_SINGER_STATE_INTERVAL", "0").args(["--state-interval", "30s"]);
    assert_eq!(states(&flag.ok()), usual);
}

#[test]
fn a_list_in_the_environment_is_json_or_refused() {
    let run = Work::new()
        .spec()
        .arg("--tap")
        .arg(Tap::program())
        .env("AIRBYTE_SINGER_TAP_ARG", "--x")
        .fails();
    assert!(run.error().contains("AIRBYTE_SINGER_TAP_ARG") && run.error().contains("JSON array"));
}

#[test]
fn the_reserved_key_sets_options_and_never_reaches_the_tap() {
    let (work, tap) = (Work::new(), people());
    let catalog = incrementally(&work.discover().tap(&tap).ok().catalog());
    let usual = work.read(&catalog).tap(&tap).ok().states_of("people").len();
    let config = r#"{"a": 1, "__airbyte_singer": {"state_interval": 0}}"#;
    let often = work.read(&catalog).with_config(config).tap(&tap).ok();
    assert!(often.states_of("people").len() > usual, "{often}");
    let given = work.given();
    let sync = given.iter().rfind(|given| given.run == "sync").expect("a sync");
    assert_eq!(sync.file("--config"), Some(json!({"a": 1})));
    for (options, what) in [
        (json!({"tap": "/bin/sh"}), "`tap` decides what is run"),
        (json!({"tap_arg": ["x"]}), "`tap_arg` decides what is run"),
        (json!({"state_intervall": 0}), "unknown field `state_intervall`"),
        (json!({"on_malformed": "explode"}), "at on_malformed: expected"),
        (json!(7), "must be an object"),
    ] {
        let config = json!({"__airbyte_singer": options}).to_string();
        let read = work.read(&catalog).with_config(config).tap(&tap).fails();
        assert!(read.error().contains(what), "{read}");
        assert!(read.error().contains("__airbyte_singer"), "{read}");
        assert_eq!(read.failure_type(), "config_error");
    }
}

#[test]
fn a_profile_names_the_tap_and_corrects_its_streams() {
    let (work, tap) = (Work::new(), people());
    let profile = json!({"version": 1, "tap": Tap::program(), "tap_arg": ["--scenario", tap.folder()],
        "state_interval": "0s", "streams": {
            "people": {"name": "humans", "namespace": "earth", "primary_key": ["name"], "cursor": "id"},
            "planets": {"exclude": true}}});
    let profile = work.file("p.yaml", profile.to_string());
    let catalog = work.discover().arg("--profile").arg(&profile).ok().catalog();
    assert_eq!(names(&catalog), ["earth.humans"]);
    let humans = &catalog["streams"][0];
    assert_eq!(humans["source_defined_primary_key"], json!([["name"]]));
    assert_eq!(humans["default_cursor_field"], json!(["id"]));
    let read = work.read(&incrementally(&catalog)).arg("--profile").arg(&profile).ok();
    assert_eq!(read.column("earth.humans", "id"), [1, 2]);
    let given = work.given();
    let people = given.last().expect("a sync").entry("people");
    assert_eq!(metadata(&people, &[])["replication-key"], "id");
    assert_eq!(metadata(&people, &[])["replication-method"], "INCREMENTAL");
    assert_eq!(given.last().expect("a sync").selected(), ["people"]);
}

#[test]
fn what_is_wrong_in_a_profile_is_told_with_its_path() {
    let work = Work::new();
    for (text, what) in [
        ("version: 1\ntpa: x\n", "unknown field `tpa`"),
        ("version: 1\nstreams: {people: {nmae: x}}\n", "at streams.people"),
        ("version: 1\nstreams: {people: {nmae: x}}\n", "nmae"),
        ("version: 3\n", "at version"),
        ("tap: x\n", "`version: 1` is missing"),
        ("version: 1\n tap: [\n", "not valid YAML at line"),
    ] {
        let profile = work.file("p.yaml", text);
        let spec = work.spec().arg("--profile").arg(profile).fails();
        assert!(spec.error().contains("p.yaml") && spec.error().contains(what), "{spec}");
        assert_eq!(spec.failure_type(), "config_error");
    }
    let spec = work.spec().args(["--profile", "nowhere.yaml"]).fails();
    assert!(spec.error().contains("nowhere.yaml: there is no such file"), "{spec}");
}

#[test]
fn a_link_named_source_x_loads_its_profile() {
    let (work, tap) = (Work::new(), people());
    let link = work.path("source-people");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_airbyte-singer"), &link).expect("a link");
    let profile = json!({"version": 1, "tap": Tap::program(),
        "tap_arg": ["--scenario", tap.folder()], "streams": {"people": {"name": "humans"}}});
    work.file("profiles/source-people.yaml", profile.to_string());
    let config = work.file("config.json", "{}");
    let discover = || {
        work.program(&link)
            .arg("discover")
            .arg("--config")
            .arg(&config)
            .env("AIRBYTE_SINGER_PROFILES", work.path("profiles"))
    };
    assert_eq!(names(&discover().ok().catalog()), ["humans", "planets"]);
    let lost = work.program(&link).arg("spec").fails();
    assert!(
        lost.error().contains("source-people") && lost.error().contains("AIRBYTE_SINGER_PROFILES")
    );
}

#[test]
fn a_spec_comes_from_a_file_from_about_or_from_nothing() {
    let work = Work::new();
    let about = json!({"host": {"type": "string", "description": "Where"},
        "token": {"type": "string", "secret": true}});
    let asked = work.spec().tap(&people().about(about, &["host"])).ok().spec();
    let settings = &asked["connectionSpecification"];
    assert_eq!(settings["required"], json!(["host"]));
    assert_eq!(settings["properties"]["token"]["airbyte_secret"], true);
    assert_eq!(asked["protocol_version"], "0.18.0");
    let open = work.spec().tap(&people()).ok().spec();
    assert_eq!(open["connectionSpecification"]["type"], "object");
    let own = json!({"connectionSpecification": {"type": "object", "title": "Own",
        "required": ["port"], "properties": {"port": {"type": "integer"}}}});
    let file = work.file("spec.json", own.to_string());
    let given = work.spec().tap(&people()).arg("--tap-spec").arg(&file).ok().spec();
    assert_eq!(given["connectionSpecification"]["title"], "Own");
    // A spec that was given is no guess, so its types count.
    let wrong =
        work.check().with_config(r#"{"port": "x"}"#).tap(&people()).arg("--tap-spec").arg(&file);
    let (status, message) = wrong.ok().answer();
    assert_eq!(status, "FAILED");
    assert!(message.contains("setting `port` must be of type integer"), "{message}");
}
