use super::*;
use crate::translate::overrides::StreamOverride;
use serde_json::{Value, json};

fn table(id: &str, stream: &str, md: Value, columns: &[&str]) -> Value {
    let properties: Value = columns.iter().map(|c| ((*c).to_owned(), json!({}))).collect();
    json!({
        "tap_stream_id": id, "stream": stream, "table_name": stream,
        "schema": {"type": "object", "properties": properties},
        "metadata": [{"breadcrumb": [], "metadata": md}],
    })
}

fn names(streams: Vec<Value>, selected: &[&str]) -> Names {
    let catalog = singer::Catalog::from_value(json!({"streams": streams})).unwrap();
    let selected = selected.iter().map(|id| (*id).to_owned()).collect();
    Names::new(&catalog, &Overrides::new(), &selected)
}

fn one(entry: usize) -> Resolution {
    Resolution::One(EntryIndex(entry))
}

/// Resolves without a schema.
fn bare(names: &Names, message: &str, syncing: Option<&str>) -> Resolution {
    names.resolve(message, None, syncing)
}

#[test]
fn three_names_for_one_stream() {
    let md = json!({"schema-name": "public", "database-name": "shop"});
    let names = names(vec![table("shop-public-users", "users", md, &["id"])], &[]);
    for message in [
        "shop-public-users",
        "users",
        "public_users",
        "public-users",
        "shop_public_users",
        "public.users",
    ] {
        assert_eq!(bare(&names, message, None), one(0), "{message}");
    }
    assert_eq!(bare(&names, "orders", None), Resolution::Unknown);
}

#[test]
fn an_api_stream_has_no_table_names() {
    let stream = json!({"tap_stream_id": "users", "stream": "users",
        "metadata": [{"breadcrumb": [], "metadata": {"schema-name": "users"}}]});
    let names = names(vec![stream], &[]);
    assert_eq!(bare(&names, "users", None), one(0));
    assert_eq!(bare(&names, "users_users", None), Resolution::Unknown);
}

fn two_users(selected: &[&str]) -> Names {
    let md = |database| json!({"database-name": database});
    names(
        vec![
            table("shop-users", "users", md("shop"), &["id", "email"]),
            table("sales-users", "users", md("sales"), &["id", "note"]),
        ],
        selected,
    )
}

#[test]
fn two_streams_with_one_message_name_are_told_apart() {
    let both = &["shop-users", "sales-users"];
    let names = two_users(both);
    assert_eq!(bare(&names, "sales-users", Some("shop-users")), one(1));
    assert_eq!(bare(&names, "sales_users", None), one(1));
    assert_eq!(bare(&names, "users", Some("sales-users")), one(1));
    assert_eq!(bare(&names, "users", Some("shop-users")), one(0));
    let by_schema = |columns: &[&str], syncing| {
        let properties: Value =
            columns.iter().map(|name| ((*name).to_owned(), json!({}))).collect();
        let schema = json!({"type": "object", "properties": properties}).to_string();
        names.resolve("users", Some(&schema), syncing)
    };
    let unreadable = names.resolve("users", Some(r#"{"properties": {"note": {}"#), None);
    assert_eq!(unreadable, Resolution::Ambiguous(vec![EntryIndex(0), EntryIndex(1)]));
    assert_eq!(by_schema(&["id", "note"], None), one(1));
    assert_eq!(by_schema(&["id", "email", "_sdc_deleted_at"], None), one(0));
    // Fewer columns fit both; a column that nobody discovered rules out neither.
    assert_eq!(by_schema(&["id"], None), Resolution::Ambiguous(vec![EntryIndex(0), EntryIndex(1)]));
    assert_eq!(by_schema(&["id"], Some("shop-users")), one(0));
    assert_eq!(
        by_schema(&["id", "new"], None),
        Resolution::Ambiguous(vec![EntryIndex(0), EntryIndex(1)])
    );
    // A stale hint doesn't overrule columns that the other table doesn't have.
    assert_eq!(by_schema(&["id", "note"], Some("shop-users")), one(1));
    assert_eq!(
        bare(&names, "users", Some("elsewhere")),
        Resolution::Ambiguous(vec![EntryIndex(0), EntryIndex(1)])
    );
    assert_eq!(names.ids(&[EntryIndex(0), EntryIndex(1)]), "shop-users, sales-users");
}

#[test]
fn of_two_only_one_was_asked_for() {
    assert_eq!(bare(&two_users(&["sales-users"]), "users", None), one(1));
    assert_eq!(
        bare(&two_users(&[]), "users", None),
        Resolution::Ambiguous(vec![EntryIndex(0), EntryIndex(1)])
    );
}

#[test]
fn a_bookmark_may_be_anothers_where_its_key_is_anothers_name() {
    let entry = |id: &str, stream: &str| json!({"tap_stream_id": id, "stream": stream});
    let streams = [entry("users", "users"), entry("shop-users", "users"), entry("orders", "x")];
    let catalog = singer::Catalog::from_value(json!({ "streams": streams })).unwrap();
    assert_eq!(shared_keys(&catalog), HashSet::from([EntryIndex(0)]));
    let mut named = entry("public-x", "y");
    named["table_name"] = json!("orders");
    let catalog = singer::Catalog::from_value(json!({"streams": [named, streams[2]]})).unwrap();
    assert_eq!(shared_keys(&catalog), HashSet::from([EntryIndex(1)]));
}

#[test]
fn an_id_beats_an_alias_and_an_alias_beats_a_guess() {
    let streams = json!({"streams": [
        {"tap_stream_id": "a", "stream": "x"},
        {"tap_stream_id": "b", "stream": "y"},
        {"tap_stream_id": "c", "stream": "b"},
    ]});
    let catalog = singer::Catalog::from_value(streams).unwrap();
    let over = StreamOverride { aliases: vec!["y".into(), "b".into()], ..Default::default() };
    let overrides = Overrides::from_iter([("a".to_owned(), over)]);
    let names = Names::new(&catalog, &overrides, &HashSet::new());
    assert_eq!(bare(&names, "y", None), one(0));
    assert_eq!(bare(&names, "b", None), one(1));
}

#[test]
fn every_message_of_the_recordings_finds_its_stream() {
    for tap in crate::recordings::all() {
        let catalog = tap.catalog();
        let names = Names::new(&catalog, &Overrides::new(), &HashSet::new());
        let messages = tap.messages();
        assert!(!messages.is_empty());
        for message in messages {
            let Some(stream) = message["stream"].as_str() else { continue };
            let found = bare(&names, stream, None);
            let Resolution::One(index) = found else { panic!("{}: {stream} {found:?}", tap.name) };
            let id = catalog.streams()[index.0].tap_stream_id().to_owned();
            let tail = stream.split('_').next_back().unwrap();
            assert!(id.ends_with(tail), "{}: {stream} is not {id}", tap.name);
        }
    }
}
