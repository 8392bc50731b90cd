use super::*;
use proptest::prelude::*;
use serde_json::json;

/// Normalises one property without hints.
fn property(schema: Value) -> Value {
    property_with(schema, Hints::default())
}

fn property_with(schema: Value, hints: Hints) -> Value {
    let root = json!({"type": "object", "properties": {"p": schema}});
    normalise(&root, &hints).remove("properties").unwrap()["p"].take()
}

fn column(sql: &str) -> Hints {
    let column = Column { sql_datatype: Some(sql.to_owned()), ..Column::default() };
    Hints { database: true, columns: HashMap::from([("p".to_owned(), column)]) }
}

#[test]
fn types_and_keywords() {
    for (tap, ours) in [
        // Types: one name or a list with null in front; what isn't a JSON type is open.
        (json!({"type": ["integer"]}), json!({"type": "integer"})),
        (json!({"type": ["string", "null"]}), json!({"type": ["null", "string"]})),
        (json!({"type": ["integer", "number"]}), json!({"type": "number"})),
        (json!({"type": "datetime"}), json!({})),
        (json!({"type": []}), json!({})),
        (json!(true), json!({})),
        (json!(null), json!({})),
        (json!({"description": "Unsupported"}), json!({"description": "Unsupported"})),
        (json!({"type": "string", "nullable": true}), json!({"type": ["null", "string"]})),
        // Formats.
        (
            json!({"type": ["null", "string"], "format": "date-time"}),
            json!({"type": ["null", "string"], "format": "date-time",
                "airbyte_type": "timestamp_with_timezone"}),
        ),
        (
            json!({"type": "string", "format": "time"}),
            json!({"type": "string", "format": "time", "airbyte_type": "time_without_timezone"}),
        ),
        (json!({"type": "string", "format": "binary"}), json!({"type": "string"})),
        (json!({"type": ["null", "object"], "format": "spatial"}), json!({})),
        (
            json!({"type": ["string", "integer"], "format": "date-time"}),
            json!({"type": ["string", "integer"]}),
        ),
        // Numbers.
        (
            json!({"type": "number", "multipleOf": 1, "minimum": -99999, "maximum": 99999}),
            json!({"type": "number", "airbyte_type": "integer"}),
        ),
        (json!({"type": "number", "multipleOf": 1}), json!({"type": "number"})),
        (
            json!({"type": "number", "exclusiveMaximum": true, "maximum": 100, "multipleOf": 1e-38}),
            json!({"type": "number"}),
        ),
        // Lengths, patterns, enums, inline selection.
        (
            json!({"type": "string", "maxLength": 1, "pattern": "(", "selected": true, "inclusion": "available"}),
            json!({"type": "string"}),
        ),
        (json!({"enum": ["a", 1]}), json!({"type": ["null", "string", "integer"]})),
        // Objects and arrays.
        (
            json!({"type": "object", "additionalProperties": false, "required": ["a"], "properties": {"a": {}}}),
            json!({"type": "object", "properties": {"a": {}}}),
        ),
        (
            json!({"type": "object", "additionalProperties": {"type": "string"}}),
            json!({"type": "object", "additionalProperties": {"type": "string"}}),
        ),
        (
            json!({"properties": {"a": {"type": "string"}}}),
            json!({"type": ["null", "object"], "properties": {"a": {"type": "string"}}}),
        ),
        (
            json!({"type": "array", "items": {"type": ["integer", "null"]}}),
            json!({"type": "array", "items": {"type": ["null", "integer"]}}),
        ),
        (json!({"type": "array", "items": [{"type": "integer"}]}), json!({"type": "array"})),
    ] {
        assert_eq!(property(tap.clone()), ours, "{tap}");
    }
}

#[test]
fn combinators() {
    for (tap, ours) in [
        (
            json!({"anyOf": [{"type": "string", "format": "date-time"}, {"type": ["null", "string"]}]}),
            json!({"type": ["null", "string"]}),
        ),
        (
            json!({"oneOf": [{"type": "integer"}, {"type": "null"}], "description": "d"}),
            json!({"type": ["null", "integer"], "description": "d"}),
        ),
        (json!({"anyOf": [{"type": "string"}, {}]}), json!({})),
        (
            json!({"type": ["object"], "properties": {"a": {"type": "string"}}, "anyOf": [{"required": ["a"]}]}),
            json!({"type": "object", "properties": {"a": {"type": "string"}}}),
        ),
        (
            json!({"anyOf": [
                {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "integer"}}},
                {"type": "object", "properties": {"a": {"type": "integer"}}},
                {"type": "array", "items": {"type": "string"}},
            ]}),
            json!({"type": ["object", "array"], "items": {"type": "string"},
                "properties": {"a": {"type": ["string", "integer"]}, "b": {"type": "integer"}}}),
        ),
        (
            json!({"allOf": [
                {"type": "object", "properties": {"a": {"type": "number"}}},
                {"properties": {"a": {"type": ["integer", "string"]}, "b": {}}},
            ]}),
            json!({"type": ["null", "object"], "properties": {"a": {"type": "integer"}, "b": {}}}),
        ),
        (json!({"allOf": [{"type": "string"}, {"type": "integer"}]}), json!({})),
        (json!({"type": "string", "not": {"const": "x"}}), json!({"type": "string"})),
    ] {
        assert_eq!(property(tap.clone()), ours, "{tap}");
    }
}

#[test]
fn references_are_inlined_and_recursive_ones_left_open() {
    let tap = json!({
        "properties": {
            "plain": {"$ref": "#/definitions/id"},
            "nullable": {"anyOf": [{"$ref": "#/$defs/id~1x"}, {"type": "null"}]},
            "beside": {"$ref": "#/definitions/id", "type": ["null", "integer"]},
            "tree": {"$ref": "#/definitions/tree"},
            "self": {"$ref": "#"},
            "lost": {"$ref": "#/definitions/none"},
            "remote": {"$ref": "https://example.com/schema.json"},
        },
        "definitions": {
            "id": {"type": "integer"},
            "tree": {"type": "object", "properties": {
                "leaf": {"$ref": "#/definitions/id"},
                "children": {"type": "array", "items": {"$ref": "#/definitions/tree"}},
            }},
        },
        "$defs": {"id/x": {"type": "string"}},
    });
    let ours = normalise(&tap, &Hints::default());
    assert_eq!(ours["properties"]["plain"], json!({"type": "integer"}));
    assert_eq!(ours["properties"]["nullable"], json!({"type": ["null", "string"]}));
    assert_eq!(ours["properties"]["beside"], json!({"type": ["null", "integer"]}));
    assert_eq!(
        ours["properties"]["tree"],
        json!({"type": "object", "properties": {
            "leaf": {"type": "integer"},
            "children": {"type": "array"},
        }})
    );
    for open in ["lost", "remote"] {
        assert_eq!(ours["properties"][open], json!({}), "{open}");
    }
    assert_eq!(ours["properties"]["self"]["properties"]["self"], json!({}));
    assert!(!ours.contains_key("definitions") && !ours.contains_key("$defs"));
}

#[test]
fn an_expansion_beyond_a_mebibyte_is_left_open() {
    // Each level doubles: 2^40 leaves if all were inlined.
    let mut definitions = Map::new();
    for level in 0..40 {
        let below = json!({"$ref": format!("#/definitions/d{}", level + 1)});
        definitions.insert(
            format!("d{level}"),
            json!({"type": "object", "properties": {"a": below, "b": below}}),
        );
    }
    definitions.insert("d40".to_owned(), json!({"type": "string"}));
    let tap = json!({
        "properties": {
            "huge": {"$ref": "#/definitions/d0"},
            "small": {"type": "integer"},
        },
        "definitions": definitions,
    });
    let ours = normalise(&tap, &Hints::default());
    assert!(Value::Object(ours.clone()).to_string().len() < 2 * MAX_EXPANSION);
    assert_eq!(ours["properties"]["huge"]["type"], "object");
    assert_eq!(ours["properties"]["small"], json!({"type": "integer"}));
}

#[test]
fn what_the_catalog_knows_corrects_the_schema() {
    let date_time = json!({"type": ["null", "string"], "format": "date-time"});
    for (sql, airbyte_type) in [
        ("timestamp without time zone", "timestamp_without_timezone"),
        ("timestamp with time zone", "timestamp_with_timezone"),
        ("timestamptz", "timestamp_with_timezone"),
        ("datetime(6)", "timestamp_without_timezone"),
        ("datetimeoffset", "timestamp_with_timezone"),
        ("TIMESTAMP_NTZ(9)", "timestamp_without_timezone"),
        ("date", "timestamp_without_timezone"),
        ("timestamp", "timestamp_with_timezone"),
    ] {
        let ours = property_with(date_time.clone(), column(sql));
        assert_eq!(ours["airbyte_type"], airbyte_type, "{sql}");
    }
    let time = json!({"type": "string", "format": "time"});
    let with_zone = property_with(time.clone(), column("time with time zone"));
    assert_eq!(with_zone["airbyte_type"], "time_with_timezone");
    // MySQL's time may be negative and longer than a day.
    assert_eq!(property_with(time, column("time(6)")), json!({"type": "string"}));

    let number = json!({"type": ["null", "number"]});
    for (sql, integer) in [
        ("decimal(10,0)", true),
        ("NUMBER(18)", true),
        ("decimal(65,0)", false),
        ("decimal(10,2)", false),
        ("numeric", false),
    ] {
        let ours = property_with(number.clone(), column(sql));
        assert_eq!(ours.get("airbyte_type").is_some(), integer, "{sql}");
    }

    let array = json!({"type": ["null", "array"], "items": {"type": "integer"}});
    assert_eq!(property_with(array, column("integer[]")), json!({"type": ["null", "array"]}));

    let hints =
        |column| Hints { database: true, columns: HashMap::from([("p".to_owned(), column)]) };
    let nullable = hints(Column { nullable: true, ..Column::default() });
    assert_eq!(
        property_with(json!({"type": "string"}), nullable),
        json!({"type": ["null", "string"]})
    );
    let unsupported = hints(Column { unsupported: true, ..Column::default() });
    let root = json!({"properties": {"p": {}, "q": {}}});
    assert_eq!(normalise(&root, &unsupported)["properties"], json!({"q": {}}));
}

#[test]
fn the_root_is_always_an_object_with_properties() {
    for tap in [json!(null), json!({}), json!([1]), json!({"type": "string"}), json!({"$ref": "#"})]
    {
        let ours = Value::Object(normalise(&tap, &Hints::default()));
        assert_eq!(ours, json!({"type": "object", "properties": {}}), "{tap}");
    }
    let split = json!({"anyOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}]});
    let ours = normalise(&split, &Hints::default());
    assert_eq!(ours["properties"], json!({"a": {}, "b": {}}));
}

/// JSON that looks like a schema often enough to reach every branch.
pub(in crate::translate) fn schema_like() -> impl Strategy<Value = Value> {
    let names = || {
        prop::sample::select(vec![
            "null",
            "string",
            "number",
            "integer",
            "boolean",
            "object",
            "array",
            "datetime",
            "date",
            "date-time",
            "time",
            "#",
            "#/definitions/a",
            "#/properties/a",
            "http://x",
            "a",
            "b",
            "",
            "integer",
            "timestamp_without_timezone",
            "decimal(4,0)",
        ])
        .prop_map(Value::from)
    };
    let leaf = prop_oneof![
        4 => names(),
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        2 => prop::collection::vec(names(), 0..3).prop_map(Value::Array),
    ];
    leaf.prop_recursive(6, 96, 6, |inner| {
        let keys = prop::sample::select(vec![
            "type",
            "properties",
            "items",
            "anyOf",
            "oneOf",
            "allOf",
            "not",
            "$ref",
            "definitions",
            "additionalProperties",
            "format",
            "enum",
            "const",
            "nullable",
            "title",
            "description",
            "multipleOf",
            "minimum",
            "maximum",
            "exclusiveMaximum",
            "required",
            "airbyte_type",
            "x-sql-datatype",
            "a",
            "b",
        ]);
        prop_oneof![
            5 => prop::collection::vec((keys, inner.clone()), 0..6).prop_map(|pairs| {
                Value::Object(pairs.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
            }),
            1 => prop::collection::vec(inner, 0..3).prop_map(Value::Array),
        ]
    })
}

fn hints() -> impl Strategy<Value = Hints> {
    let sql = prop::option::of(prop::sample::select(vec![
        "time",
        "timestamp",
        "datetime",
        "decimal(4,0)",
        "timestamp with time zone",
        "date",
    ]));
    (any::<bool>(), any::<bool>(), any::<bool>(), sql).prop_map(
        |(database, nullable, unsupported, sql)| {
            let column = Column { sql_datatype: sql.map(str::to_owned), nullable, unsupported };
            Hints { database, columns: HashMap::from([("a".to_owned(), column)]) }
        },
    )
}

/// The keywords that no client accepts, at any place where a schema stands.
pub(in crate::translate) fn forbidden(schema: &Value) -> bool {
    let Some(map) = schema.as_object() else { return false };
    let below = |key: &str| map.get(key).and_then(Value::as_object);
    ["$ref", "allOf", "anyOf", "oneOf", "not"].iter().any(|key| map.contains_key(*key))
        || map.get("additionalProperties") == Some(&Value::Bool(false))
        || below("properties").is_some_and(|all| all.values().any(forbidden))
        || ["items", "additionalProperties"].iter().any(|key| map.get(*key).is_some_and(forbidden))
}

/// Adds the types that we infer and a strict validator doesn't, and takes out what stands beside
/// a reference: Draft 7 ignores it, later drafts and we don't.
fn be_explicit(schema: &mut Value) {
    match schema {
        Value::Array(all) => all.iter_mut().for_each(be_explicit),
        Value::Object(map) => {
            if map.contains_key("$ref") {
                map.retain(|key, _| key == "$ref" || key == "definitions");
            } else if !map.contains_key("type") {
                for (key, implied) in [
                    ("properties", "object"),
                    ("additionalProperties", "object"),
                    ("items", "array"),
                    ("format", "string"),
                ] {
                    if map.contains_key(key) {
                        map.insert("type".to_owned(), json!(["null", implied]));
                        break;
                    }
                }
            }
            map.values_mut().for_each(be_explicit);
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_json_becomes_a_valid_schema_and_stays_it(tap in schema_like(), hints in hints()) {
        let once = Value::Object(normalise(&tap, &hints));
        prop_assert!(jsonschema::draft7::meta::is_valid(&once), "{once}");
        prop_assert!(!forbidden(&once), "{once}");
        prop_assert_eq!(&once["type"], "object");
        prop_assert!(once["properties"].is_object());
        let twice = Value::Object(normalise(&once, &hints));
        prop_assert_eq!(once, twice);
    }

    /// Wider, never narrower: what the tap's schema accepts, ours accepts.
    #[test]
    fn what_the_tap_accepts_we_accept(mut tap in schema_like(), value in schema_like()) {
        be_explicit(&mut tap);
        let (Ok(theirs), true) = (jsonschema::draft7::new(&tap), value.is_object()) else {
            return Ok(());
        };
        let ours = Value::Object(normalise(&tap, &Hints::default()));
        let ours = jsonschema::draft7::new(&ours).unwrap();
        prop_assert!(!theirs.is_valid(&value) || ours.is_valid(&value), "{tap} {value}");
    }
}
