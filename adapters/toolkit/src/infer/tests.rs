use super::*;
use proptest::prelude::*;

fn inferred(samples: Value) -> Value {
    let samples: Vec<_> =
        samples.as_array().unwrap().iter().map(|one| one.as_object().unwrap().clone()).collect();
    Value::Object(Schema::inferred(&samples).into_map())
}

fn properties(samples: Value) -> Value {
    inferred(samples)["properties"].clone()
}

#[test]
fn kinds_are_gathered_and_anything_may_be_null() {
    let samples = json!([
        {"id": 1, "price": 1, "mixed": "x", "gone": null, "on": true},
        {"price": 1.50, "mixed": {"a": 1}, "big": 0, "late": "x"},
    ]);
    let expected = json!({
        "id": {"type": ["integer", "null"]},
        "price": {"type": ["number", "null"]},
        "mixed": {"type": ["object", "string", "null"], "properties": {"a": {"type": ["integer", "null"]}}},
        "gone": {},
        "on": {"type": ["boolean", "null"]},
        "big": {"type": ["integer", "null"]},
        "late": {"type": ["string", "null"]},
    });
    let found = properties(samples);
    assert_eq!(found, expected);
    // In the order in which they came.
    assert_eq!(found.to_string(), expected.to_string());
    let schema = inferred(json!([]));
    assert_eq!(schema["type"], "object");
    assert_eq!(schema["properties"], json!({}));
    assert_eq!(schema.get("required"), None);
}

#[test]
fn objects_and_arrays_are_gathered_within() {
    let samples = json!([
        {"lines": [{"sku": "a"}, {"sku": null, "n": 1}], "none": [], "owner": {}},
        {"lines": [{"n": 1.0}], "owner": {"name": "x"}, "grid": [[1], ["a"]]},
    ]);
    let expected = json!({
        "lines": {"type": ["array", "null"], "items": {
            "type": ["object", "null"],
            "properties": {
                "sku": {"type": ["string", "null"]},
                "n": {"type": ["number", "null"]},
            },
        }},
        "none": {"type": ["array", "null"], "items": {}},
        "owner": {"type": ["object", "null"], "properties": {"name": {"type": ["string", "null"]}}},
        "grid": {"type": ["array", "null"], "items": {
            "type": ["array", "null"],
            "items": {"type": ["string", "integer", "null"]},
        }},
    });
    assert_eq!(properties(samples), expected);
}

#[test]
fn dates_and_times_are_known_if_all_are() {
    let kind = |samples: &[&str]| {
        let samples: Vec<_> = samples.iter().map(|text| json!({"x": text})).collect();
        let found = properties(json!(samples))["x"].clone();
        (found["format"].clone(), found["airbyte_type"].clone())
    };
    assert_eq!(kind(&["2026-11-23", "0001-01-31"]), (json!("date"), Value::Null));
    let with = ["2026-11-23T05:55:19Z", "2026-11-23T05:55:19.123456+02:30", "2016-12-31T23:59:60Z"];
    assert_eq!(kind(&with), (json!("date-time"), json!("timestamp_with_timezone")));
    let without = ["2026-11-23T05:55:19", "2026-11-23T05:55:19.5"];
    assert_eq!(kind(&without), (json!("date-time"), json!("timestamp_without_timezone")));
    for other in [
        "2026-13-01",
        "2026-00-01",
        "2026-1-01",
        "2026-11-32",
        "2026-11-23T25:00:00Z",
        "2026-11-23T05:55",
        "2026-11-23T05:55:19.Z",
        "2026-11-23T05:55:19+02",
        "2026-11-23 x",
        "+026-11-23",
        "20261123é",
        "",
        "2026-11-23T05:55:19+0x:00",
        "2026-11-23T05:55:19é",
    ] {
        assert_eq!(kind(&[other]), (Value::Null, Value::Null), "{other}");
        assert_eq!(kind(&["2026-11-23", other]), (Value::Null, Value::Null), "{other}");
    }
    assert_eq!(kind(&[with[0], without[0]]), (Value::Null, Value::Null));
    let mixed = properties(json!([{"x": "2026-11-23"}, {"x": 1}]));
    assert_eq!(mixed["x"], json!({"type": ["string", "integer", "null"]}));
}

#[test]
fn an_object_whose_keys_are_data_is_any_object() {
    let map: Map<String, Value> = (0..600).map(|key| (key.to_string(), json!(1))).collect();
    let wide = json!({"map": map, "after": 1});
    assert_eq!(
        properties(json!([wide, wide])),
        json!({"map": {"type": ["object", "null"]}, "after": {"type": ["integer", "null"]}})
    );
    // The columns of a record are no data.
    assert_eq!(properties(json!([map])).as_object().unwrap().len(), 600);
    let mut deep = json!({});
    for _ in 0..100 {
        deep = json!({"a": [deep]});
    }
    let schema = inferred(json!([deep]));
    assert!(schema.to_string().len() < 2000);
    let mut inference = Inference::new();
    for first in 0..3 * MOST {
        let sample = json!({(first.to_string()): {"a": 1}});
        inference.add(sample.as_object().unwrap());
    }
    assert_eq!(inference.kept, MOST);
}

fn records() -> impl Strategy<Value = Vec<Value>> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        "-?[1-9][0-9]{0,25}(\\.[0-9]{1,3})?(e[1-9])?"
            .prop_map(|digits| Value::Number(digits.parse().unwrap())),
        "[a-c]{0,2}|2026-0[1-9]-1[0-9](T0[0-9]:00:00Z?)?".prop_map(Value::String),
    ];
    let value = scalar.prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::btree_map("[a-d]", inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    });
    let record = prop::collection::btree_map("[a-d]", value, 0..4)
        .prop_map(|members| Value::Object(members.into_iter().collect()));
    prop::collection::vec(record, 0..6)
}

proptest! {
    #[test]
    fn all_samples_fit_the_schema(samples in records()) {
        let schema = inferred(Value::Array(samples.clone()));
        prop_assert!(jsonschema::draft7::meta::is_valid(&schema));
        let options = jsonschema::draft7::options().with_format("date-time", is_timestamp);
        let validator = options.build(&schema).unwrap();
        for sample in samples {
            prop_assert!(validator.is_valid(&sample), "{} {}", schema, sample);
        }
    }
}
