//! A tap's catalog, where `--discover` doesn't give it, or gave it before.

use crate::check::lives;
use crate::harness::*;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// A tap with two streams and a row in each, that doesn't discover.
fn two_streams() -> Tap {
    let row =
        |stream: &str| format!(r#"{{"type":"RECORD","stream":"{stream}","record":{{"id":1}}}}"#);
    Tap::with(&[]).says(&[schema("people"), row("people"), schema("planets"), row("planets")])
}

/// The manner of a tap that knows only `--config` and `--state`, and more of it.
fn plain(more: Value) -> Value {
    let mut manner = json!({"knows": ["--help", "--config", "--state"]});
    for (key, value) in more.as_object().expect("keys") {
        manner[key] = value.clone();
    }
    manner
}

fn names(catalog: &Value) -> Vec<String> {
    catalog["streams"].as_array().expect("streams").iter().map(name_of).collect()
}

/// The kinds of runs of the tap.
fn runs(work: &Work) -> Vec<String> {
    work.given().into_iter().map(|given| given.run).collect()
}

fn all_gone(work: &Work) {
    for given in work.given() {
        eventually("the tap is gone", || !lives(given.pid()));
        if let Some(pid) = given.grandchild() {
            eventually("what it started is gone", || !lives(pid));
        }
    }
}

fn configured_people() -> Value {
    json!({"streams": [{"stream": {"name": "people", "json_schema": {},
        "supported_sync_modes": ["full_refresh"]}, "sync_mode": "full_refresh"}]})
}

#[test]
fn a_sync_without_end_on_discover_is_stopped_when_the_time_is_up() {
    let endless = json!({"overhears_discover": true, "repeats": u64::MAX, "grandchild": true});
    let (work, tap) = (Work::new(), two_streams().behaves(endless));
    let discover = work.discover().tap(&tap).args(["--discovery-timeout", "1s"]).ok();
    assert_eq!(names(&discover.catalog()), ["people", "planets"]);
    assert!(discover.logged("WARN", "2 are known"), "{discover}");
    assert!(discover.logged("INFO", "--tap-catalog FILE spares that"), "{discover}");
    all_gone(&work);
}

#[test]
fn a_check_of_a_tap_without_discovery_ends_at_the_first_record() {
    let manner = plain(json!({"repeats": u64::MAX}));
    let (work, tap) = (Work::new(), two_streams().behaves(manner));
    assert_eq!(work.check().tap(&tap).ok().answer().0, "SUCCEEDED");
    assert_eq!(runs(&work).iter().filter(|run| *run == "sync").count(), 2);
    all_gone(&work);
}

#[test]
fn a_read_learns_no_more_than_it_needs_and_warns_of_no_stranger() {
    let (work, tap) = (Work::new(), two_streams().behaves(plain(json!({"repeats": 3}))));
    let cache = work.path("cache");
    let run = work.read(&configured_people()).tap(&tap).arg("--debug");
    let read = run.arg("--discovery-cache").arg(&cache).ok();
    assert_eq!(read.column("people", "id"), [1, 1, 1]);
    assert!(!read.logs().iter().any(|log| log.starts_with("WARN")), "{read}");
    let about = |log: &&String| log.contains("records named `planets`");
    assert_eq!(read.logs().iter().filter(about).count(), 1, "{read}");
    assert_eq!(kept(&cache).1["partly"], true);
    let syncs = work.given().into_iter().filter(|given| given.run == "sync");
    for sync in syncs {
        let args = sync.args();
        assert!(!args.iter().any(|arg| arg == "--catalog" || arg == "--properties"), "{args:?}");
    }
}

#[test]
fn a_sync_to_learn_from_that_hangs_is_given_up() {
    let hangs = plain(json!({"hangs": ["sync"], "grandchild": true}));
    let silent: [&str; 0] = [];
    let (work, tap) = (Work::new(), two_streams().says(&silent).behaves(hangs.clone()));
    let limit = ["--discovery-timeout", "700ms"];
    let discover = work.discover().tap(&tap).args(limit).fails();
    assert!(discover.error().contains("--discovery-timeout"), "{discover}");
    assert_eq!(discover.failure_type(), "transient_error");
    // What it said before counts.
    let tap = two_streams().says(&[schema("people")]).behaves(hangs);
    let discover = work.discover().tap(&tap).args(limit).ok();
    assert_eq!(names(&discover.catalog()), ["people"]);
    assert!(discover.logged("WARN", "--discovery-timeout"), "{discover}");
    all_gone(&work);
}

#[test]
fn a_stop_is_obeyed_while_streams_are_learnt() {
    let (work, tap) = (Work::new(), two_streams().behaves(plain(json!({"hangs": ["sync"]}))));
    let live = work.discover().tap(&tap).start();
    eventually("it syncs", || runs(&work).contains(&"sync".to_owned()));
    live.signal(rustix::process::Signal::TERM);
    let output = live.end();
    assert_eq!(output.exit, Exit::Signal(15), "{output}");
    all_gone(&work);
    assert!(work.leftovers().is_empty());
}

#[test]
fn refused_credentials_are_no_lack_of_discovery() {
    let refused = "CRITICAL 401 Client Error: Unauthorized\n";
    for manner in [plain(json!({})), json!({"overhears_discover": true})] {
        let (work, tap) = (Work::new(), two_streams().behaves(manner));
        let tap = tap.complains(refused).exits(json!({"sync": 1}));
        let discover = work.discover().tap(&tap).fails();
        assert!(discover.error().contains("401 Client Error"), "{discover}");
        assert_eq!(discover.failure_type(), "config_error");
        assert_eq!(work.check().tap(&tap.says(&["INFO none"])).ok().answer().0, "FAILED");
    }
    let work = Work::new();
    let tap = two_streams().exits(json!({"discover": 1})).file("discover.stderr.txt", refused);
    assert!(work.discover().tap(&tap).fails().error().contains("401 Client Error"));
    assert!(!runs(&work).contains(&"sync".to_owned()), "{:?}", runs(&work));
}

#[test]
fn a_tap_that_names_no_stream_anywhere_asks_for_its_catalog() {
    let (work, tap) =
        (Work::new(), two_streams().says(&["INFO nothing"]).behaves(plain(json!({}))));
    let discover = work.discover().tap(&tap).fails();
    let error = discover.error();
    assert!(
        error.contains("doesn't know --discover") && error.contains("--tap-catalog"),
        "{error}"
    );
    assert_eq!(discover.failure_type(), "config_error");
}

#[test]
fn a_tap_without_help_is_run_as_its_streams_were_learnt() {
    let manner = json!({"knows": ["--config", "--state"]});
    let (work, tap) = (Work::new(), two_streams().behaves(manner));
    assert_eq!(work.read(&configured_people()).tap(&tap).ok().column("people", "id"), [1]);
}

#[test]
fn a_catalog_is_handed_to_nobody_who_takes_none() {
    let entries = [entry("people", &["id"], columns()), entry("planets", &["id"], columns())];
    let given = json!({"streams": entries}).to_string();
    let (work, tap) = (Work::new(), two_streams().behaves(plain(json!({}))));
    let file = work.file("given.json", given);
    let read = || work.read(&configured_people()).arg("--tap-catalog").arg(&file);
    assert_eq!(read().tap(&tap).ok().column("people", "id"), [1]);
    assert!(!runs(&work).contains(&"discover".to_owned()));
    // Where help says nothing, the user does.
    let tap = two_streams().behaves(json!({"knows": ["--config"]}));
    assert!(read().tap(&tap).fails().error().contains("unrecognized arguments: --catalog"));
    let read = read().tap(&tap).args(["--catalog-flag", "none"]).ok();
    assert_eq!(read.column("people", "id"), [1]);
}

#[test]
fn a_given_catalog_that_is_missing_or_broken_is_named_with_its_place() {
    let (work, tap) = (Work::new(), two_streams());
    let error = |file: &str| {
        let run = work.read(&configured_people()).tap(&tap).args(["--tap-catalog", file]).fails();
        assert_eq!(run.failure_type(), "config_error");
        run.error()
    };
    assert!(error("no.json").contains("tap catalog no.json: there is no such file"));
    work.file("broken.json", "{\"streams\": [\n  {\"tap_stream_id\" 7}\n]}");
    let broken = error("broken.json");
    assert!(broken.contains("broken.json") && broken.contains("line 2"), "{broken}");
    work.file("odd.json", r#"{"streams": [{"tap_stream_id": "a"}, 7]}"#);
    let odd = error("odd.json");
    assert!(odd.contains("odd.json") && odd.contains("streams[1]"), "{odd}");
    work.file("empty.json", r#"{"streams": []}"#);
    assert!(error("empty.json").contains("empty.json: there is no stream in it"));
}

#[test]
fn a_missing_pkg_resources_names_its_mend_whatever_is_asked() {
    let tap = two_streams().behaves(json!({"lacks_module": "pkg_resources"}));
    let work = Work::new();
    for run in [work.spec(), work.check(), work.discover(), work.read(&configured_people())] {
        let output = run.tap(&tap).fails();
        assert!(output.error().contains("setuptools<80"), "{output}");
        assert!(output.errors()[0]["stack_trace"].as_str().is_some(), "{output}");
    }
    let spec = work.file("spec.json", r#"{"connectionSpecification": {"type": "object"}}"#);
    let told = work.check().tap(&tap).arg("--tap-spec").arg(&spec).ok().answer();
    assert!(told.0 == "FAILED" && told.1.contains("setuptools<80"), "{told:?}");
}

/// A tap that discovers `people`.
fn discovering() -> Tap {
    let row = r#"{"type":"RECORD","stream":"people","record":{"id":1}}"#;
    Tap::with(&[entry("people", &["id"], columns())]).says(&[&schema("people"), row])
}

/// The one file of a cache.
fn kept(cache: &std::path::Path) -> (PathBuf, Value) {
    let files: Vec<PathBuf> =
        std::fs::read_dir(cache).expect("a folder").map(|e| e.expect("readable").path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    let text = std::fs::read(&files[0]).expect("a file");
    (files[0].clone(), serde_json::from_slice(&text).expect("JSON"))
}

fn discoveries(work: &Work) -> usize {
    runs(work).iter().filter(|run| *run == "discover").count()
}

#[test]
fn what_was_discovered_is_kept_and_spares_a_read_the_discovery() {
    let (work, tap) = (Work::new(), discovering());
    let cache = work.path("cache");
    let read = |config: &str| {
        let run = work.read(&configured_people()).with_config(config).tap(&tap);
        assert_eq!(run.arg("--discovery-cache").arg(&cache).ok().records().len(), 1);
    };
    let config = r#"{"host": "h-4711", "access_token": "t-4711", "expires_in": 3}"#;
    read(config);
    assert_eq!(discoveries(&work), 1);
    read(config);
    read(r#"{"expires_in": 4, "access_token": "t-4712", "host": "h-4711"}"#);
    assert_eq!(discoveries(&work), 1, "a refreshed token discovers the same");
    let (file, content) = kept(&cache);
    assert_eq!(names_in(&content), ["people"]);
    assert!(!content.to_string().contains("4711"), "no setting");
    let mode = |path: &std::path::Path| {
        std::fs::metadata(path).expect("there").permissions().mode() & 0o777
    };
    assert_eq!((mode(&cache), mode(&file)), (0o700, 0o600));
    read(r#"{"host": "h-4712"}"#);
    assert_eq!(discoveries(&work), 2, "another host is another catalog");
}

fn names_in(content: &Value) -> Vec<&str> {
    let streams = content["catalog"]["streams"].as_array().expect("streams");
    streams.iter().map(|s| s["tap_stream_id"].as_str().expect("an id")).collect()
}

#[test]
fn only_a_read_uses_what_was_kept_and_a_discover_refreshes_it() {
    let (work, tap) = (Work::new(), discovering());
    let cache = work.path("cache");
    let with = |run: Run<'_>| run.tap(&tap).env("AIRBYTE_SINGER_DISCOVERY_CACHE", &cache).ok();
    with(work.check());
    assert!(!cache.exists(), "a check keeps nothing");
    with(work.discover());
    let (file, mut content) = kept(&cache);
    content["catalog"]["streams"][0]["schema"] = json!({"marked": true});
    std::fs::write(&file, content.to_string()).expect("written");
    with(work.check());
    assert_eq!(discoveries(&work), 3, "a check asks the tap");
    with(work.read(&configured_people()));
    assert_eq!(discoveries(&work), 3, "a read doesn't");
    with(work.discover());
    assert_eq!(discoveries(&work), 4);
    assert!(!kept(&cache).1.to_string().contains("marked"), "refreshed");
}

#[test]
fn a_stream_that_was_not_kept_is_looked_for_once_more() {
    let (work, tap) = (Work::new(), discovering());
    let cache = work.path("cache");
    let args = ["--discovery-cache", cache.to_str().expect("a path")];
    work.discover().tap(&tap).args(args).ok();
    let entries = [entry("people", &["id"], columns()), entry("planets", &["id"], columns())];
    let row = r#"{"type":"RECORD","stream":"planets","record":{"id":2}}"#;
    let tap = tap
        .file("discover.json", json!({"streams": entries}).to_string())
        .says(&[&schema("planets"), row]);
    let mut planets = configured_people();
    planets["streams"][0]["stream"]["name"] = json!("planets");
    assert_eq!(work.read(&planets).tap(&tap).args(args).ok().column("planets", "id"), [2]);
    assert_eq!(discoveries(&work), 2);
    let mut moons = configured_people();
    moons["streams"][0]["stream"]["name"] = json!("moons");
    let read = work.read(&moons).tap(&tap).args(args).fails();
    assert!(read.error().contains("no stream moons"), "{read}");
    assert_eq!(discoveries(&work), 3);
}

#[test]
fn a_kept_file_that_is_broken_is_passed_over_and_rewritten() {
    let (work, tap) = (Work::new(), discovering());
    let cache = work.path("cache");
    let read = || {
        let run = work.read(&configured_people()).tap(&tap);
        run.arg("--discovery-cache").arg(&cache).ok()
    };
    read();
    let (file, good) = kept(&cache);
    for broken in ["{", "[]", r#"{"airbyte_singer_discovery": 2}"#] {
        std::fs::write(&file, broken).expect("written");
        let read = read();
        assert!(read.logged("WARN", "discovery cache"), "{read}");
        assert_eq!(kept(&cache).1["catalog"], good["catalog"], "{broken}");
    }
    assert_eq!(discoveries(&work), 4);
    // A folder that can't be made is no reason to fail.
    let nowhere = work.file("plain", "").join("cache");
    let run = work.read(&configured_people()).tap(&tap);
    let read = run.arg("--discovery-cache").arg(nowhere).ok();
    assert!(read.logged("WARN", "can't be kept"), "{read}");
}

#[test]
fn where_catalogs_are_kept_is_no_setting_of_the_config() {
    let (work, tap) = (Work::new(), discovering());
    let config = json!({"__airbyte_singer": {"discovery_cache": "/tmp/x"}}).to_string();
    let read = work.read(&configured_people()).with_config(config).tap(&tap).fails();
    assert!(read.error().contains("`discovery_cache`"), "{read}");
    // In a profile it is meant from the profile's folder.
    let profile = json!({"version": 1, "discovery_cache": "kept"}).to_string();
    let profile = work.file("deep/p.yaml", profile);
    work.read(&configured_people()).tap(&tap).arg("--profile").arg(&profile).ok();
    kept(&work.path("deep/kept"));
}
