use proptest::prelude::*;
use serde_json::json;
use std::collections::HashSet;

use super::*;
use crate::Inclusion;

/// Entries in the shapes of real taps' discoveries: meltanolabs tap-postgres 0.10.0, pipelinewise
/// tap-mysql, singer-io tap-postgres 0.2.1, tap-dynamodb 1.4.0, and a legacy tap with inline
/// selection and no metadata.
fn discovered() -> Value {
    json!({"version": 1, "streams": [
        {
            "tap_stream_id": "public-users", "table_name": "users", "replication_method": "",
            "key_properties": ["id"], "is_view": false, "stream": "public-users",
            "schema": {"type": "object", "properties": {"id": {"type": ["integer"]}, "v": {}}},
            "metadata": [
                {"breadcrumb": ["properties", "id"], "metadata": {"inclusion": "automatic"}},
                {"breadcrumb": ["properties", "v"], "metadata": {"inclusion": "available"}},
                {"breadcrumb": [], "metadata": {
                    "inclusion": "available", "table-key-properties": ["id"],
                    "forced-replication-method": "", "schema-name": "public",
                }},
            ],
        },
        {
            "tap_stream_id": "shop-orders", "table_name": "orders", "stream": "orders",
            "schema": {"type": "object", "properties": {
                "id": {"inclusion": "automatic", "type": ["null", "integer"]},
                "price": {"inclusion": "available", "multipleOf": 1e-38},
                "blob": {"inclusion": "unsupported"},
                "ref": {"type": "object", "properties": {"a": {"inclusion": "available"}, "b": {"selected": true}}},
            }},
            "metadata": [
                {"breadcrumb": [], "metadata": {
                    "selected-by-default": false, "database-name": "shop", "row-count": 98,
                    "is-view": false, "table-key-properties": ["id"], "replication-key": "old",
                }},
                {"breadcrumb": ["properties", "price"], "metadata": {"sql-datatype": "decimal(12,4)"}},
                {"breadcrumb": ["properties", "ref", "properties", "a"], "metadata": {}},
                {"breadcrumb": ["properties", "blob", "properties", "x"], "metadata": {"selected": true}},
            ],
            "replication_key": "old", "own": {"kept": 1.10},
        },
        {
            "tap_stream_id": "issues", "stream": "issues", "key_properties": [],
            "replication_method": "INCREMENTAL", "replication_key": "updated",
            "schema": {"properties": {"id": {"inclusion": "automatic"}, "n": {"selected": false}}},
            "metadata": [],
        },
        {
            "stream": "reports",
            "metadata": [{"breadcrumb": [], "metadata": {
                "forced-replication-method": {"replication-method": "LOG_BASED", "reason": "none other"},
                "valid-replication-keys": ["a", "b"], "view-key-properties": ["k"],
                "schema-name": "reports", "selected": "True",
            }}],
        },
    ]})
}

fn catalog() -> Catalog {
    Catalog::from_value(discovered()).unwrap()
}

#[test]
fn a_catalog_comes_back_as_it_was() {
    let text = discovered().to_string().replace("1.1}", "1.10,\"b\":99999999999999999999}");
    assert!(text.contains("1.10"));
    let catalog = Catalog::parse(text.as_bytes()).unwrap();
    assert_eq!(catalog.to_value().to_string(), text);
    assert_eq!(Catalog::new(Vec::new()).to_value(), json!({"streams": []}));
}

#[test]
fn log_lines_around_a_catalog_are_passed_over() {
    let text = "\u{feff}INFO Starting discover {x}\n{\"level\": \"info\"}\n{broken\n {\"streams\": []}\nINFO done\n";
    assert!(Catalog::parse(text.as_bytes()).unwrap().streams().is_empty());
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let error = |text: &str| Catalog::parse(text.as_bytes()).unwrap_err();
    assert_eq!(error("").to_string(), "catalog: there is no JSON object in it");
    assert_eq!(error("{}").to_string(), "catalog: there is no `streams`");
    assert_eq!(error(r#"{"streams": {}}"#).to_string(), "catalog: streams: not a list");
    assert_eq!(error(r#"{"streams": [1]}"#).path(), Some("streams[0]"));
    let odd = |entry: &str| {
        let text = format!(r#"{{"streams": [{{"stream": "a"}}, {{"stream": "b", {entry}}}]}}"#);
        error(&text).to_string()
    };
    assert_eq!(odd(r#""schema": [5]"#), "catalog: streams[1].schema: not an object");
    assert_eq!(odd(r#""metadata": {}"#), "catalog: streams[1].metadata: not a list");
    let nameless = error(r#"{"streams": [{"schema": {}}]}"#).to_string();
    assert_eq!(nameless, "catalog: streams[0]: neither `tap_stream_id` nor `stream` names it");
    let broken = error("INFO x\n{\"streams\": [\n  {\"stream\": s3cret}]}\n");
    assert_eq!(broken.position(), Some((3, 14)));
    assert!(!broken.to_string().contains("s3cret"));
}

#[test]
fn what_is_long_stays_text_and_comes_back() {
    let values = vec!["a value"; 20_000];
    let long = json!({"version": 1, "streams": [{"stream": "a", "own": values,
        "schema": {"properties": {"x": {"enum": values, "selected": false}}}}], "more": values});
    let mut catalog =
        Catalog::parse(serde_json::to_string_pretty(&long).unwrap().as_bytes()).unwrap();
    assert_eq!(catalog.to_value().to_string(), long.to_string());
    assert_eq!(serde_json::to_value(&catalog).unwrap(), long);
    let entry = &mut catalog.streams_mut()[0];
    entry.select(&Selection::full_table());
    let value = entry.to_value();
    assert_eq!(value["schema"]["properties"]["x"]["enum"], json!(values));
    assert_eq!(value["schema"]["properties"]["x"]["selected"], true);
    assert_eq!(value["own"], json!(values));
    assert_eq!(serde_json::to_value(&*entry).unwrap(), value);
}

#[test]
fn what_no_reader_could_read_is_refused_by_its_place() {
    let deep = format!("{}{}", r#"{"items":"#.repeat(130), "{}".to_owned() + &"}".repeat(130));
    for (schema, reason) in [
        (deep.as_str(), "nested too deeply"),
        (r#"{"title": "\ud800"}"#, "a string in it is broken"),
    ] {
        let text = format!(r#"{{"streams": [{{"stream": "a", "schema": {schema}}}]}}"#);
        let error = Catalog::parse(text.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), format!("catalog: streams[0].schema: {reason}"));
    }
}

#[test]
fn the_questions_have_answers() {
    let catalog = catalog();
    let [users, orders, issues, reports] = catalog.streams() else { panic!("four") };
    assert_eq!((users.tap_stream_id(), users.stream()), ("public-users", "public-users"));
    assert_eq!((orders.stream(), orders.table_name()), ("orders", Some("orders")));
    assert_eq!((reports.tap_stream_id(), reports.schema()), ("reports", None));
    assert_eq!(users.key_properties(), ["id"]);
    assert!(issues.key_properties().is_empty());
    assert_eq!(reports.key_properties(), ["k"]);
    assert_eq!(users.replication_method(), None);
    assert_eq!(issues.replication_method(), Some(ReplicationMethod::Incremental));
    assert_eq!(reports.forced_replication_method(), Some(ReplicationMethod::LogBased));
    assert_eq!(orders.replication_key().as_deref(), Some("old"));
    assert_eq!(issues.replication_key().as_deref(), Some("updated"));
    assert_eq!(reports.valid_replication_keys(), ["a", "b"]);
    assert_eq!((users.schema_name(), orders.database_name()), (Some("public"), Some("shop")));
    assert_eq!((orders.row_count(), orders.is_view()), (Some(98), false));
    let (of_users, of_orders) = (users.fields(), orders.fields());
    let price = of_orders.get("price").unwrap();
    assert_eq!(price.sql_datatype.as_deref(), Some("decimal(12,4)"));
    let databases: Vec<_> = catalog.streams().iter().map(Entry::is_database).collect();
    assert_eq!(databases, [true, true, false, false]);
    assert_eq!(of_users.get("id").map(Field::inclusion), Some(Inclusion::Automatic));
    assert_eq!(of_orders.get("blob").map(Field::inclusion), Some(Inclusion::Unsupported));
    assert_eq!(of_orders.get("ref").map(Field::inclusion), Some(Inclusion::Available));
    assert!(of_orders.get("nowhere").is_none());
    assert!(reports.is_selected() && !users.is_selected());
    assert_eq!(catalog.stream("issues").map(Entry::stream), Some("issues"));
}

#[test]
fn a_tap_can_ask_what_to_send() {
    let mut catalog = catalog();
    assert_eq!(catalog.stream("issues").unwrap().selected_fields(), ["id"]);
    let orders = catalog.stream_mut("shop-orders").unwrap();
    assert_eq!(orders.selected_fields(), ["id", "price", "ref"]);
    orders.select(&Selection { fields: only(&["ref", "blob"]), ..Selection::full_table() });
    assert_eq!(orders.selected_fields(), ["id", "ref"]);
}

#[test]
fn methods_have_names() {
    assert_eq!(ReplicationMethod::of("full_table"), Some(ReplicationMethod::FullTable));
    assert_eq!(ReplicationMethod::of(""), None);
    let own = ReplicationMethod::of("Key_Based").unwrap();
    assert_eq!(own.name(), "Key_Based");
}

/// The stream's metadata object, and `selected` by breadcrumb below `properties`.
fn written(entry: &Entry) -> (Value, Vec<(String, bool)>) {
    let value = entry.to_value();
    let mut stream = Value::Null;
    let mut fields = Vec::new();
    for element in value["metadata"].as_array().unwrap() {
        let path: Vec<_> = element["breadcrumb"]
            .as_array()
            .unwrap()
            .iter()
            .map(|part| part.as_str().unwrap())
            .collect();
        match path.as_slice() {
            [] => stream = element["metadata"].clone(),
            path => {
                fields.push((path.join("."), element["metadata"]["selected"].as_bool().unwrap()))
            }
        }
    }
    (stream, fields)
}

fn only(names: &[&str]) -> FieldSelection {
    FieldSelection::Only(names.iter().map(|name| (*name).to_owned()).collect())
}

#[test]
fn a_selection_is_written_in_both_styles() {
    let mut catalog = catalog();
    let orders = catalog.stream_mut("shop-orders").unwrap();
    let selection =
        Selection { fields: only(&["ref", "blob"]), ..Selection::incremental("updated") };
    orders.select(&selection);
    let (stream, fields) = written(orders);
    assert_eq!(stream["selected"], true);
    assert_eq!(stream["replication-method"], "INCREMENTAL");
    assert_eq!(stream["replication-key"], "updated");
    assert_eq!(stream["row-count"], 98);
    let expected = [
        ("properties.price", false),
        ("properties.ref.properties.a", true),
        ("properties.blob.properties.x", false),
        ("properties.id", true),
        ("properties.blob", false),
        ("properties.ref", true),
    ];
    assert_eq!(fields, expected.map(|(path, read)| (path.to_owned(), read)));
    let value = orders.to_value();
    assert_eq!(value["replication_method"], "INCREMENTAL");
    assert_eq!(value["replication_key"], "updated");
    assert_eq!(value["schema"]["selected"], true);
    let properties = &value["schema"]["properties"];
    let inline = ["id", "price", "blob", "ref"].map(|name| properties[name]["selected"].as_bool());
    assert_eq!(inline, [true, false, false, true].map(Some));
    assert_eq!(properties["ref"]["properties"]["a"]["selected"], true);
    assert_eq!(value["own"].to_string(), r#"{"kept":1.1}"#);
}

#[test]
fn a_full_table_leaves_no_key_behind() {
    let mut catalog = catalog();
    for entry in catalog.streams_mut() {
        entry.select(&Selection { replication_key: Some("x".into()), ..Selection::full_table() });
        let value = entry.to_value();
        assert_eq!(value.get("replication_key"), None);
        assert_eq!(value["replication_method"], "FULL_TABLE");
        let (stream, _) = written(entry);
        assert_eq!(stream.get("replication-key"), None);
        assert_eq!(stream["replication-method"], "FULL_TABLE");
        assert_eq!(entry.replication_key(), None);
    }
}

#[test]
fn metadata_that_is_no_object_says_nothing_and_stays() {
    let odd = json!([5, null, "x", ["properties"], {"breadcrumb": 7, "metadata": {"selected": 1}},
        {"breadcrumb": [], "metadata": {"table-key-properties": ["id"], "own": 1}}]);
    let entry = json!({"stream": "a", "schema": {"properties": {"id": {}}}, "metadata": odd});
    let mut catalog = Catalog::from_value(json!({"streams": [entry]})).unwrap();
    let entry = &mut catalog.streams_mut()[0];
    assert_eq!(entry.key_properties(), ["id"]);
    assert!(!entry.is_selected());
    entry.select(&Selection::full_table());
    assert!(entry.is_selected());
    let after = entry.to_value()["metadata"].clone();
    assert_eq!(after.as_array().unwrap()[..5], odd.as_array().unwrap()[..5]);
    assert_eq!((&after[5]["metadata"]["own"], after.as_array().unwrap().len()), (&json!(1), 7));
}

#[test]
fn what_is_not_selected_is_nowhere() {
    let mut catalog = catalog();
    for entry in catalog.streams_mut() {
        let before = entry.replication_method();
        entry.select(&Selection::full_table());
        entry.select(&Selection::none());
        let (stream, fields) = written(entry);
        assert_eq!(stream["selected"], false);
        assert!(fields.iter().all(|(_, read)| !read), "{fields:?}");
        assert!(!entry.to_value()["schema"].to_string().contains(r#""selected":true"#));
        assert!(!entry.is_selected());
        assert!(before.is_none() || entry.replication_method().is_some());
    }
}

#[test]
fn a_legacy_catalog_gets_metadata_too() {
    let mut catalog = catalog();
    let issues = catalog.stream_mut("issues").unwrap();
    issues.select(&Selection {
        view_key_properties: vec!["n".into()],
        ..Selection::incremental("n")
    });
    let expected = json!([
        {"breadcrumb": [], "metadata": {
            "selected": true, "replication-method": "INCREMENTAL", "replication-key": "n",
            "view-key-properties": ["n"],
        }},
        {"breadcrumb": ["properties", "id"], "metadata": {"selected": true}},
        {"breadcrumb": ["properties", "n"], "metadata": {"selected": true}},
    ]);
    assert_eq!(issues.to_value()["metadata"], expected);
}

#[test]
fn keys_are_always_read() {
    let mut catalog = catalog();
    let orders = catalog.stream_mut("shop-orders").unwrap();
    orders.select(&Selection { fields: only(&[]), ..Selection::incremental("price") });
    let properties = orders.to_value()["schema"]["properties"].clone();
    assert_eq!(properties["id"]["selected"], true);
    assert_eq!(properties["price"]["selected"], true);
    assert_eq!(properties["ref"]["selected"], false);
    assert_eq!(properties["ref"]["properties"]["b"]["selected"], false);
}

#[test]
fn names_and_automatic_fields_are_those_of_the_index() {
    let odd = br#"{"streams": [{"stream": "s", "schema": {"properties": {"a": {"inclusion": "automatic"},
        "b": {"inclusion": "automatic"}, "c": {}, "d": true}}, "metadata": [
        {"breadcrumb": ["properties", "b"], "metadata": {"inclusion": "available"}},
        {"breadcrumb": ["properties", "c"], "metadata": {"inclusion": "automatic"}},
        {"breadcrumb": ["properties", "e"], "metadata": {"inclusion": "automatic"}},
        {"breadcrumb": ["properties", "f", "properties", "g"], "metadata": {"inclusion": "automatic"}},
        {"breadcrumb": ["properties", "h"]}]}]}"#;
    let odd = Catalog::parse(odd).unwrap();
    for entry in odd.streams().iter().chain(catalog().streams()) {
        let fields = entry.fields();
        let mut names = HashSet::new();
        entry.each_field_name(|name| {
            names.insert(name.to_owned());
        });
        assert_eq!(names, fields.iter().map(|(name, _)| name.to_owned()).collect());
        let is_automatic = |field: &Field| field.inclusion() == Inclusion::Automatic;
        let automatic = fields.iter().filter(|(_, field)| is_automatic(field));
        assert_eq!(entry.automatic_fields(), automatic.map(|(name, _)| name.to_owned()).collect());
    }
    let names: HashSet<String> = ["a", "c", "e"].map(str::to_owned).into();
    assert_eq!(odd.streams()[0].automatic_fields(), names);
}

proptest! {
    /// Whatever was asked, both styles say the same, and nothing else has changed.
    #[test]
    fn both_styles_agree(names in prop::collection::hash_set("id|price|blob|ref|v|n", 0..4), full in any::<bool>()) {
        let mut catalog = catalog();
        for entry in catalog.streams_mut() {
            let method = if full { Selection::full_table() } else { Selection::incremental("v") };
            entry.select(&Selection { fields: FieldSelection::Only(names.clone()), ..method });
            let (fields, value) = (entry.fields(), entry.to_value());
            let (_, written) = written(entry);
            for (name, property) in value["schema"]["properties"].as_object().into_iter().flatten() {
                let path = format!("properties.{name}");
                let selected = written.iter().find(|(of, _)| *of == path).map(|(_, read)| *read);
                prop_assert_eq!(selected, property["selected"].as_bool());
                let inclusion = fields.get(name).map(Field::inclusion);
                let unsupported = inclusion == Some(Inclusion::Unsupported);
                let wanted = names.contains(name) && !unsupported;
                prop_assert!(!wanted || selected == Some(true));
                prop_assert!(!unsupported || selected == Some(false));
            }
            let again = entry.clone();
            entry.select(&Selection { fields: FieldSelection::Only(names.clone()), ..if full { Selection::full_table() } else { Selection::incremental("v") } });
            prop_assert_eq!(&again, entry);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        let _ = Catalog::parse(&bytes);
        let _ = Catalog::parse(&[&b"{\"streams\": ["[..], &bytes].concat());
    }
}
