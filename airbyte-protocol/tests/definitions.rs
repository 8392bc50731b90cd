//! Every property and every word of the protocol file is read and written: the list in
//! `definitions/properties.txt` against our types, by examples of ours that use all of them.

use airbyte_protocol as airbyte;
use assert_json_diff::assert_json_eq;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

const PROPERTIES: &str = include_str!("definitions/properties.txt");
const EXAMPLES: &str = include_str!("definitions/examples.jsonl");

/// The two that have no type of their own; their properties are read by the types around them.
const INSIDE: [(&str, &str, &str); 2] = [
    ("AirbyteControlConnectorConfigMessage", "AirbyteControlMessage", "/connectorConfig"),
    ("AirbyteStreamStatusRateLimitedReason", "AirbyteStreamStatusReason", "/rate_limited"),
];

/// Where absence of what the protocol requires is read as its default.
const DEFAULTS: [&str; 6] = [
    "AirbyteGlobalState.stream_states",
    "AirbyteStream.json_schema",
    "AirbyteStream.supported_sync_modes",
    "ConfiguredAirbyteStream.sync_mode",
    "ConfiguredAirbyteStream.destination_sync_mode",
    "DestinationOperation.json_schema",
];

/// What a `type` calls for is required, though the protocol file can't say so.
const BY_TYPE: [&str; 4] =
    ["AirbyteMessage", "AirbyteStateMessage", "AirbyteTraceMessage", "AirbyteControlMessage"];

struct Property {
    name: &'static str,
    required: bool,
    words: Vec<&'static str>,
}

/// The listed properties by definition.
fn properties() -> BTreeMap<&'static str, Vec<Property>> {
    let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for line in PROPERTIES.lines().filter(|line| !line.starts_with('#')) {
        let (left, words) = line.split_once(" = ").unwrap_or((line, ""));
        let path = left.trim_end_matches(" required");
        let (definition, name) = path.rsplit_once('.').expect("Definition.property");
        let words = words.split_whitespace().collect();
        let property = Property { name, required: path != left, words };
        found.entry(definition).or_default().push(property);
    }
    found
}

/// Our examples by definition, those inside others included.
fn examples() -> BTreeMap<String, Vec<Value>> {
    let mut found: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for line in EXAMPLES.lines() {
        let line: Value = serde_json::from_str(line).expect("JSON");
        let definition = line["definition"].as_str().expect("a name").to_owned();
        found.entry(definition).or_default().push(line["example"].clone());
    }
    for (definition, around, place) in INSIDE {
        let inside = found[around].iter().filter_map(|example| example.pointer(place)).cloned();
        let inside = inside.collect();
        found.insert(definition.to_owned(), inside);
    }
    found
}

/// Reads a definition as our type, makes sure that each key was understood, and writes it.
fn through(definition: &str, value: &Value) -> Result<Value, serde_json::Error> {
    /// A type that keeps what it doesn't understand must not have had to.
    macro_rules! document {
        ($type:ty) => {
            again::<$type>(value, |read| {
                let kept: Vec<&str> = read.extra.iter().map(|(key, _)| key).collect();
                assert_eq!(kept, Vec::<&str>::new(), "{definition}: only kept");
            })
        };
    }
    match definition {
        "AirbyteMessage" => {
            let message = airbyte::Message::parse(value.to_string().as_bytes());
            message.map_err(serde::de::Error::custom).and_then(serde_json::to_value)
        }
        "AirbyteRecordMessage" => document!(airbyte::Record),
        "AirbyteRecordMessageMeta" => document!(airbyte::RecordMeta),
        "AirbyteRecordMessageMetaChange" => again::<airbyte::Change>(value, |_| {}),
        "AirbyteRecordMessageFileReference" => document!(airbyte::FileReference),
        "AirbyteStateMessage" => document!(airbyte::State),
        "AirbyteStreamState" => document!(airbyte::StreamState),
        "AirbyteGlobalState" => document!(airbyte::GlobalState),
        "StreamDescriptor" => again::<airbyte::StreamDescriptor>(value, |_| {}),
        "AirbyteStateStats" => document!(airbyte::StateStats),
        "AirbyteLogMessage" => again::<airbyte::Log>(value, |_| {}),
        "AirbyteTraceMessage" => again::<airbyte::Trace>(value, |_| {}),
        "AirbyteErrorTraceMessage" => again::<airbyte::ErrorTrace>(value, |_| {}),
        "AirbyteEstimateTraceMessage" => again::<airbyte::Estimate>(value, |_| {}),
        "AirbyteStreamStatusReason" => again::<airbyte::StatusReason>(value, |_| {}),
        "AirbyteStreamStatusTraceMessage" => again::<airbyte::StreamStatusTrace>(value, |_| {}),
        "AirbyteAnalyticsTraceMessage" => again::<airbyte::Analytics>(value, |_| {}),
        "AirbyteControlMessage" => again::<airbyte::Control>(value, |_| {}),
        "AirbyteConnectionStatus" => again::<airbyte::ConnectionStatus>(value, |_| {}),
        "AirbyteCatalog" => document!(airbyte::Catalog),
        "AirbyteStream" => document!(airbyte::Stream),
        "ConfiguredAirbyteCatalog" => document!(airbyte::ConfiguredCatalog),
        "ConfiguredAirbyteStream" => document!(airbyte::ConfiguredStream),
        "DestinationCatalog" => document!(airbyte::DestinationCatalog),
        "DestinationOperation" => document!(airbyte::DestinationOperation),
        "OAuth2Specification" => document!(airbyte::OAuth2Specification),
        "ConnectorSpecification" => document!(airbyte::Specification),
        "ConnectorSpecification.authSpecification" => document!(airbyte::AuthSpecification),
        "ConnectorSpecification.advanced_auth" => document!(airbyte::AdvancedAuth),
        "OAuthConfigSpecification" => document!(airbyte::OAuthConfig),
        "OAuthConfigSpecification.oauth_connector_input_specification" => {
            document!(airbyte::OAuthConnectorInput)
        }
        "OAuthConfigSpecification.oauth_connector_input_specification.state" => {
            document!(airbyte::OAuthState)
        }
        other => panic!("no type for {other}"),
    }
}

fn again<T: DeserializeOwned + Serialize>(
    value: &Value,
    check: impl FnOnce(&T),
) -> Result<Value, serde_json::Error> {
    let read: T = serde_json::from_value(value.clone())?;
    check(&read);
    serde_json::to_value(&read)
}

fn is_inside(definition: &str) -> bool {
    INSIDE.iter().any(|(inside, ..)| *inside == definition)
}

#[test]
fn the_examples_use_every_listed_property_and_no_other() {
    let (listed, examples) = (properties(), examples());
    assert!(listed.len() > 30, "the list is there");
    assert_eq!(
        listed.keys().copied().collect::<Vec<_>>(),
        examples.keys().map(String::as_str).collect::<Vec<_>>()
    );
    for (definition, properties) in &listed {
        let listed: BTreeSet<&str> = properties.iter().map(|property| property.name).collect();
        let keys = |example: &Value| example.as_object().expect("an object").clone();
        let used: Map<String, Value> = examples[*definition].iter().flat_map(keys).collect();
        let used: BTreeSet<&str> = used.keys().map(String::as_str).collect();
        assert_eq!(used, listed, "{definition}");
    }
}

#[test]
fn what_the_examples_say_is_read_and_written() {
    for (definition, examples) in examples() {
        for example in examples.iter().filter(|_| !is_inside(&definition)) {
            let written = through(&definition, example).expect("one of ours");
            assert_json_eq!(&written, example);
            // The digits of numbers too, which are compared as texts.
            assert_eq!(written.to_string().len(), example.to_string().len(), "{definition}");
        }
    }
}

#[test]
fn every_word_is_read_and_written() {
    let examples = examples();
    for (definition, properties) in properties() {
        for (property, word) in
            properties.iter().flat_map(|p| p.words.iter().map(move |word| (p.name, *word)))
        {
            let says = |example: &&Value| example[property] == word;
            let saying = examples[definition].iter().find(says).cloned().unwrap_or_else(|| {
                let with = |example: &&Value| example.get(property).is_some();
                let mut example = examples[definition].iter().find(with).expect("used").clone();
                let slot = &mut example[property];
                *slot = if slot.is_array() { vec![word].into() } else { word.into() };
                example
            });
            match through(definition, &saying) {
                Ok(written) => assert_json_eq!(written, saying),
                Err(error) => panic!("{definition}.{property} = {word}: {error}"),
            }
        }
        for property in properties.iter().filter(|property| !property.words.is_empty()) {
            let mut odd = examples[definition][0].clone();
            let several = odd[property.name].is_array();
            odd[property.name] = if several { vec!["odd"].into() } else { "odd".into() };
            let error = through(definition, &odd).expect_err("an unknown word").to_string();
            assert!(!error.is_empty(), "{definition}.{}", property.name);
        }
    }
}

#[test]
fn required_is_what_the_protocol_requires() {
    let examples = examples();
    for (definition, properties) in properties() {
        if is_inside(definition) {
            continue;
        }
        let example = &examples[definition][0];
        for property in properties.iter().filter(|property| property.required) {
            let mut without = example.clone();
            without.as_object_mut().expect("an object").shift_remove(property.name);
            let path = format!("{definition}.{}", property.name);
            let fine = through(definition, &without).is_ok();
            assert_eq!(fine, DEFAULTS.contains(&path.as_str()), "{path}");
        }
        let mut bare = example.clone();
        let required = |key: &str| properties.iter().any(|p| p.required && p.name == key);
        bare.as_object_mut().expect("an object").retain(|key, _| required(key));
        let fine = through(definition, &bare).is_ok();
        assert_eq!(fine, !BY_TYPE.contains(&definition), "{definition} with what it must have");
    }
}
