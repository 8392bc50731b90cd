//! What is odd about taps' catalogs: what is understood of them, and what the tap is given back.

use crate::harness::*;
use serde_json::{Map, Value, json};

use super::last_run;

fn people() -> Value {
    entry("people", &["id"], columns())
}

/// An entry with this metadata about the stream.
fn people_with(own: Value) -> Value {
    let mut people = people();
    let metadata = people["metadata"][0]["metadata"].as_object_mut().expect("metadata");
    for (key, value) in own.as_object().expect("an object") {
        metadata.insert(key.clone(), value.clone());
    }
    people
}

fn tap(entries: &[Value]) -> Tap {
    Tap::with(entries).says(&[
        schema("people").as_str(),
        r#"{"type":"RECORD","stream":"people","record":{"id":1,"name":"a"}}"#,
        &state(json!({"people": {"updated_at": "a"}})),
    ])
}

/// The stream that a catalog of this entry offers.
fn offered(entry: &Value) -> Value {
    let catalog = Work::new().discover().tap(&tap(std::slice::from_ref(entry))).ok().catalog();
    catalog["streams"][0].clone()
}

/// The entry that the tap is given back when the stream is read in that mode.
fn handed(entry: &Value, mode: &'static str) -> Value {
    let (work, tap) = (Work::new(), tap(std::slice::from_ref(entry)));
    let catalog = work.discover().tap(&tap).ok().catalog();
    work.read(&configured(&catalog, |_| mode)).tap(&tap).ok();
    last_run(&work).entry("people")
}

fn own(entry: &Value) -> Value {
    metadata(entry, &[])
}

#[test]
fn automatic_fields_always_come_unsupported_ones_never_and_available_ones_as_chosen() {
    let mut people = people();
    people["schema"]["properties"]["blob"] = json!({"type": "string"});
    people["metadata"].as_array_mut().expect("a list").push(json!({
        "breadcrumb": ["properties", "blob"], "metadata": {"inclusion": "unsupported"}}));
    people["metadata"][3]["metadata"]["inclusion"] = json!("automatic");
    let (work, tap) = (Work::new(), tap(&[people]));
    let mut catalog = in_full(&work.discover().tap(&tap).ok().catalog());
    let properties = &mut catalog["streams"][0]["stream"]["json_schema"]["properties"];
    assert!(properties.get("blob").is_none(), "not offered");
    *properties = json!({"id": {}});
    let read = work.read(&catalog).tap(&tap).ok();
    assert_eq!(read.records()[0].data, r#"{"id":1}"#);
    let given = last_run(&work).entry("people");
    let selected = |name: &str| metadata(&given, &["properties", name])["selected"].clone();
    let all = ["id", "name", "updated_at", "blob"].map(selected);
    assert_eq!(all, [json!(true), json!(false), json!(true), json!(false)]);
}

#[test]
fn selected_as_a_text_is_understood_and_given_back_as_a_boolean() {
    let mut planets = entry("planets", &["id"], columns());
    planets["metadata"][0]["metadata"]["selected"] = json!("true");
    let mut people = people_with(json!({"selected": "false"}));
    people["metadata"][2]["metadata"]["selected"] = json!("false");
    let (work, tap) = (Work::new(), tap(&[people, planets]));
    let catalog = in_full(&work.discover().tap(&tap).ok().catalog());
    work.read(&only(&catalog, &["people"])).tap(&tap).ok();
    let given = last_run(&work);
    assert_eq!(own(&given.entry("people"))["selected"], true);
    assert_eq!(metadata(&given.entry("people"), &["properties", "name"])["selected"], true);
    assert_eq!(own(&given.entry("planets"))["selected"], false, "whatever the tap would have read");
}

#[test]
fn selected_by_default_is_no_choice_of_the_users() {
    let mut people = people_with(json!({"selected-by-default": false}));
    people["metadata"][2]["metadata"]["selected-by-default"] = json!(false);
    let given = handed(&people, "full_refresh");
    assert_eq!(own(&given)["selected"], true);
    assert_eq!(own(&given)["selected-by-default"], false, "kept as it was");
    assert_eq!(metadata(&given, &["properties", "name"])["selected"], true);
}

#[test]
fn a_forced_method_is_a_text_an_empty_text_or_an_object() {
    let modes = |forced: Value| {
        let keys = json!({"forced-replication-method": forced,
            "valid-replication-keys": ["updated_at"]});
        offered(&people_with(keys))["supported_sync_modes"].clone()
    };
    let (full, both) = (json!(["full_refresh"]), json!(["full_refresh", "incremental"]));
    assert_eq!(modes(json!("FULL_TABLE")), full);
    assert_eq!(modes(json!("full_table")), full);
    assert_eq!(modes(json!({"replication-method": "FULL_TABLE", "reason": "no key"})), full);
    assert_eq!(modes(json!("INCREMENTAL")), both);
    assert_eq!(modes(json!("")), both);
    assert_eq!(modes(json!(null)), both);
}

#[test]
fn replication_keys_make_a_cursor_that_is_defined_or_chosen() {
    let cursor = |own: Value| {
        let stream = offered(&people_with(own));
        (stream["default_cursor_field"].clone(), stream["source_defined_cursor"].clone())
    };
    let one = json!({"valid-replication-keys": ["updated_at"]});
    assert_eq!(cursor(one), (json!(["updated_at"]), json!(true)));
    let several = json!({"valid-replication-keys": ["updated_at", "id"], "replication-key": "id"});
    assert_eq!(cursor(several), (json!(["id"]), json!(false)));
    let bare = json!({"replication-key": "updated_at", "replication-method": "INCREMENTAL"});
    assert_eq!(cursor(bare), (json!(["updated_at"]), json!(true)));
}

#[test]
fn a_key_stands_in_the_metadata_of_a_table_or_a_view_or_at_the_entrys_top() {
    let key = |own: Value, top: Value| {
        let mut people = people_with(json!({}));
        people["metadata"][0]["metadata"] = own;
        people["key_properties"] = top;
        offered(&people)["source_defined_primary_key"].clone()
    };
    let expected = json!([["id"], ["name"]]);
    assert_eq!(key(json!({"table-key-properties": ["id", "name"]}), json!([])), expected);
    assert_eq!(key(json!({"view-key-properties": ["id", "name"]}), json!(null)), expected);
    assert_eq!(key(json!({}), json!(["id", "name"])), expected);
    assert_eq!(key(json!({"table-key-properties": []}), json!(["id", "name"])), expected);
}

#[test]
fn a_view_is_told_the_users_key_as_view_key_properties() {
    let mut view = people_with(json!({"is-view": true, "table-key-properties": []}));
    view["key_properties"] = json!([]);
    let (work, tap) = (Work::new(), tap(&[view]));
    let mut catalog = in_full(&work.discover().tap(&tap).ok().catalog());
    catalog["streams"][0]["primary_key"] = json!([["id"]]);
    work.read(&catalog).tap(&tap).ok();
    let given = last_run(&work).entry("people");
    assert_eq!(own(&given)["view-key-properties"], json!(["id"]));
}

#[test]
fn a_schema_name_that_repeats_the_stream_is_no_namespace() {
    let stream = offered(&people_with(json!({"schema-name": "people"})));
    assert_eq!(name_of(&stream), "people");
    // A database says more of itself, in one of these ways.
    for evidence in [
        json!({"database-name": "shop"}),
        json!({"is-view": false}),
        json!({"row-count": 3}),
        json!({"sql-datatype": "table"}),
    ] {
        let mut own = json!({"schema-name": "public"});
        own.as_object_mut()
            .expect("an object")
            .extend(evidence.as_object().cloned().unwrap_or_default());
        assert_eq!(name_of(&offered(&people_with(own))), "public.people", "{evidence}");
    }
    let mut table = people_with(json!({"database-name": "shop"}));
    table["table_name"] = json!("humans");
    assert_eq!(name_of(&offered(&table)), "shop.humans", "without schemas, the database");
}

#[test]
fn a_selection_that_comes_back_inside_schema_messages_means_nothing() {
    let work = Work::new();
    let tap = Tap::with(&[people()]).says(&[
        r#"{"type":"SCHEMA","stream":"people","key_properties":["id"],"schema":{"selected":false,"type":"object","properties":{"id":{"type":"integer","selected":true,"inclusion":"automatic"},"name":{"type":"string","selected":false},"updated_at":{"type":["null","string"],"format":"date-time"}}}}"#,
        r#"{"type":"RECORD","stream":"people","record":{"id":1,"name":"a"}}"#,
    ]);
    let catalog = in_full(&work.discover().tap(&tap).ok().catalog());
    let read = work.read(&catalog).tap(&tap).ok();
    assert_eq!(read.records()[0].data, r#"{"id":1,"name":"a"}"#);
    assert!(!read.logs().iter().any(|log| log.starts_with("WARN")), "{read}");
}

/// It reads what its metadata selects; unselected it would say nothing and exit 0.
#[test]
fn an_sql_tap_that_syncs_nothing_unselected_is_given_its_selection() {
    let rows = ["users", "orders"].map(|name| {
        json!({"type": "RECORD", "stream": format!("public-{name}"), "record": {"id": 1}})
            .to_string()
    });
    let tables = [table("public", "users"), table("public", "orders")];
    let tap = Tap::with(&tables).says(&rows).behaves(json!({"obeys": "catalog"}));
    let work = Work::new();
    let catalog = in_full(&work.discover().tap(&tap).ok().catalog());
    let read = work.read(&only(&catalog, &["public.users"])).tap(&tap).ok();
    assert_eq!(read.records().len(), 1);
    assert_eq!(last_run(&work).selected(), ["public-users"]);
}

#[test]
fn an_sdk_tap_finds_method_and_key_at_the_entrys_top() {
    let mut people = people_with(json!({"valid-replication-keys": ["updated_at"]}));
    people["replication_method"] = json!("FULL_TABLE");
    let given = handed(&people, "incremental");
    assert_eq!(given["replication_method"], "INCREMENTAL");
    assert_eq!(given["replication_key"], "updated_at");
    assert_eq!(own(&given)["replication-method"], "INCREMENTAL");
    assert_eq!(own(&given)["replication-key"], "updated_at");
}

/// An SQL tap of the SDK honoured the bookmark because of a key that was left over, and sent 1 row
/// of 100.
#[test]
fn a_full_table_with_a_key_left_over_gets_neither_key_nor_bookmark() {
    let mut people = people_with(json!({"replication-key": "updated_at",
        "replication-method": "INCREMENTAL", "database-name": "shop"}));
    people["replication_key"] = json!("updated_at");
    people["replication_method"] = json!("INCREMENTAL");
    let (work, tap) = (Work::new(), tap(&[people]));
    let catalog = work.discover().tap(&tap).ok().catalog();
    let held = work.read(&incrementally(&catalog)).tap(&tap).ok().committed_state();
    work.read(&in_full(&catalog)).tap(&tap).with_state(&held).ok();
    let run = last_run(&work);
    let given = run.entry("people");
    assert_eq!(given["replication_method"], "FULL_TABLE");
    assert_eq!(own(&given)["replication-method"], "FULL_TABLE");
    assert_eq!((given.get("replication_key"), own(&given).get("replication-key")), (None, None));
    assert_eq!(run.file("--state"), None);
}

/// A tap whose streams know no other method than INCREMENTAL refuses FULL_TABLE, or reads nothing.
#[test]
fn a_stream_that_is_incremental_by_itself_keeps_method_and_key_and_gets_no_bookmark() {
    let mut forced = people_with(json!({"forced-replication-method": "INCREMENTAL",
        "replication-key": "updated_at", "valid-replication-keys": ["updated_at"]}));
    forced["replication_method"] = json!("INCREMENTAL");
    forced["replication_key"] = json!("updated_at");
    let mut said = people();
    said["replication_method"] = json!("INCREMENTAL");
    said["replication_key"] = json!("updated_at");
    for people in [forced, said] {
        let (work, tap) = (Work::new(), tap(&[people]));
        let catalog = work.discover().tap(&tap).ok().catalog();
        let held = work.read(&incrementally(&catalog)).tap(&tap).ok().committed_state();
        assert!(held.to_string().contains("\"updated_at\":\"a\""), "{held}");
        let read = work.read(&in_full(&catalog)).tap(&tap).with_state(&held).ok();
        let (run, kept) = (last_run(&work), read.committed_state());
        assert_eq!(run.file("--state"), None);
        work.check().tap(&tap).ok();
        for given in [run.entry("people"), last_run(&work).entry("people")] {
            assert_eq!(given["replication_method"], "INCREMENTAL");
            assert_eq!(given["replication_key"], "updated_at");
            assert_eq!(own(&given)["replication-method"], "INCREMENTAL");
            assert_eq!(own(&given)["replication-key"], "updated_at");
        }
        assert!(!kept.to_string().contains("\"updated_at\""), "no bookmark is kept: {kept}");
        // The user's word against the tap's.
        let profile = "version: 1\nstreams: {people: {replication_method: FULL_TABLE}}\n";
        let profile = work.file("p.yaml", profile);
        work.read(&in_full(&catalog)).tap(&tap).arg("--profile").arg(profile).ok();
        assert_eq!(last_run(&work).entry("people")["replication_method"], "FULL_TABLE");
    }
}

#[test]
fn a_tap_that_sends_nothing_without_a_method_is_given_one() {
    let given = handed(&people(), "full_refresh");
    assert_eq!(own(&given)["replication-method"], "FULL_TABLE");
    assert_eq!(given["replication_method"], "FULL_TABLE");
}

/// A client that asks it of every stream.
#[test]
fn incremental_that_no_stream_can_is_read_in_full_with_a_warning() {
    let (work, tap) = (Work::new(), tap(&[people()]));
    let catalog = configured(&work.discover().tap(&tap).ok().catalog(), |_| "incremental");
    let read = work.read(&catalog).tap(&tap).ok();
    assert!(read.logged("WARN", "streams.people.cursor"), "{read}");
    assert_eq!(own(&last_run(&work).entry("people"))["replication-method"], "FULL_TABLE");
}

#[test]
fn breadcrumbs_six_deep_are_kept_and_agree_with_their_field() {
    let deep = ["properties", "name", "properties", "a", "items", "b"];
    let mut people = people();
    let own = json!({"breadcrumb": deep, "metadata": {"inclusion": "available", "own": 1.5}});
    people["metadata"].as_array_mut().expect("a list").push(own);
    let given = handed(&people, "full_refresh");
    let kept = metadata(&given, &deep);
    assert_eq!((kept["own"].to_string().as_str(), &kept["selected"]), ("1.5", &json!(true)));
}

#[test]
fn metadata_that_is_no_object_spoils_no_catalog() {
    let odd = [json!(7), Value::Null, json!(["properties", "name"]), json!("id")];
    let mut people = people();
    let list = people["metadata"].as_array_mut().expect("a list");
    list.insert(0, odd[0].clone());
    list.extend_from_slice(&odd[1..]);
    let given = handed(&people, "full_refresh");
    assert_eq!(own(&given)["selected"], true);
    assert_eq!(metadata(&given, &["properties", "name"])["selected"], true);
    let after = given["metadata"].as_array().expect("a list");
    assert!(odd.iter().all(|one| after.contains(one)), "kept as it was: {given}");
}

#[test]
fn keys_that_are_nobodys_are_given_back_as_they_were() {
    let mut people = people_with(json!({"x-own": [1, {"a": null}]}));
    people["tap-own"] = json!({"deep": [true]});
    people["schema"]["x-own"] = json!(1);
    let given = handed(&people, "full_refresh");
    assert_eq!(given["tap-own"], people["tap-own"]);
    assert_eq!(given["schema"]["x-own"], 1);
    assert_eq!(own(&given)["x-own"], json!([1, {"a": null}]));
}

/// Configured catalogs as clients really write them.
#[test]
fn a_configured_catalog_with_unknown_keys_nulls_and_repeated_keys_is_read() {
    let (work, tap) = (Work::new(), tap(&[people()]));
    let mut catalog = in_full(&work.discover().tap(&tap).ok().catalog());
    let one = catalog["streams"][0].as_object_mut().expect("an object");
    let odd = json!({"cursor_field": null, "primary_key": null, "generation_id": null, "odd": 1});
    one.extend(odd.as_object().cloned().unwrap_or_else(Map::new));
    let text = catalog.to_string().replacen('{', r#"{"global_":null,"global_":null,"#, 1);
    let file = work.file("odd.json", text);
    let config = work.file("config.json", "{}");
    let read =
        work.run("read").arg("--config").arg(config).arg("--catalog").arg(file).tap(&tap).ok();
    assert_eq!(read.column("people", "id"), [1]);
}
