//! What is written is read again, whatever it is, with every digit; nothing panics, no error quotes
//! data.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use singer_protocol::message::{
    ActivateVersion, Batch, Other, Record, Schema, State as StateMessage,
};
use singer_protocol::{About, Catalog, LineError, Message, State};

fn text() -> BoxedStrategy<String> {
    prop_oneof![4 => "[a-z_]{1,8}", 1 => "\\PC{0,8}", 1 => Just("\"\\\n\u{0}é😀".to_owned())]
        .boxed()
}

/// Numbers as texts: of 38 digits, with zeros at the end, beyond any float.
fn number() -> BoxedStrategy<String> {
    prop_oneof![
        "-?(0|[1-9][0-9]{0,37})",
        "-?(0|[1-9][0-9]{0,20})\\.[0-9]{1,38}",
        "[1-9]e[+-]?[1-9][0-9]{0,2}"
    ]
    .boxed()
}

fn json() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number().prop_map(|digits| Value::Number(digits.parse().expect("a number"))),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((text(), inner), 0..4).prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
    .boxed()
}

fn object() -> BoxedStrategy<Map<String, Value>> {
    vec((text(), json()), 0..4).prop_map(|pairs| pairs.into_iter().collect()).boxed()
}

/// The texts that a message borrows.
#[derive(Debug, Clone)]
struct Parts {
    stream: String,
    object: String,
    any: String,
    names: (Vec<String>, Vec<String>),
    time: Option<String>,
    version: Option<String>,
}

fn parts() -> BoxedStrategy<Parts> {
    let names = (vec(text(), 0..3), vec(text(), 0..3));
    (text(), object(), json(), names, of(text()), of(number()))
        .prop_map(|(stream, object, any, names, time, version)| Parts {
            stream,
            object: Value::Object(object).to_string(),
            any: any.to_string(),
            names,
            time,
            version,
        })
        .boxed()
}

impl Parts {
    /// One message of each type.
    fn messages(&self) -> Vec<Message<'_>> {
        let stream = || self.stream.as_str().into();
        let version = self.version.as_deref();
        vec![
            Message::Schema(Schema {
                stream: stream(),
                schema: &self.object,
                key_properties: self.names.0.clone(),
                bookmark_properties: self.names.1.clone(),
            }),
            Message::Record(Record {
                stream: stream(),
                record: &self.object,
                time_extracted: self.time.as_deref().map(Into::into),
                version,
            }),
            Message::State(StateMessage { value: &self.any }),
            Message::ActivateVersion(ActivateVersion { stream: stream(), version }),
            Message::Batch(Batch {
                stream: stream(),
                encoding: &self.object,
                manifest: &self.any,
                version,
            }),
            Message::Other(Other { kind: format!("X{}", self.stream).into() }),
        ]
    }
}

proptest! {
    #[test]
    fn a_message_is_read_as_it_was_written(parts in parts()) {
        for message in parts.messages() {
            let mut line = Vec::new();
            message.write(&mut line);
            prop_assert_eq!(line.iter().position(|byte| *byte == b'\n'), Some(line.len() - 1));
            prop_assert_eq!(Message::parse(&line), Ok(message));
        }
    }

    #[test]
    fn strangers_keys_and_nulls_do_no_harm(parts in parts(), stranger in json()) {
        for message in parts.messages() {
            let mut line = Vec::new();
            message.write(&mut line);
            line.truncate(line.len() - 2);
            line.extend_from_slice(format!(",\"zz\":{stranger},\"zy\":null}}\r\n").as_bytes());
            prop_assert_eq!(Message::parse(&line), Ok(message));
        }
    }

    #[test]
    fn a_record_s_value_has_its_digits(object in object()) {
        let text = Value::Object(object).to_string();
        prop_assert_eq!(Record::new("s", &text).to_value().unwrap().to_string(), text);
    }

    #[test]
    fn a_state_is_kept_as_it_was(object in object()) {
        let text = Value::Object(object).to_string();
        let state = State::parse(text.as_bytes()).unwrap();
        prop_assert_eq!(state.to_value().to_string(), text.clone());
        prop_assert_eq!(StateMessage::new(&text).to_state(), Ok(state));
    }

    #[test]
    fn a_catalog_is_kept_as_it_was(
        frame in object(), id in "[a-z]{1,8}", schema in object(), own in object(),
        metadata in vec(object(), 0..3),
    ) {
        let mut entry = own;
        for (key, value) in [
            ("tap_stream_id", id.into()), ("schema", schema.into()), ("metadata", metadata.into()),
        ] {
            entry.insert(key.to_owned(), value);
        }
        let mut catalog = frame;
        catalog.insert("streams".to_owned(), json!([entry]));
        let text = Value::Object(catalog).to_string();
        let read = Catalog::parse(text.as_bytes()).unwrap();
        prop_assert_eq!(read.to_value().to_string(), text);
        prop_assert_eq!(Catalog::from_value(read.to_value()), Ok(read));
    }

    #[test]
    fn an_about_answer_is_read_as_it_was_written(
        said in vec(of("[a-z ]{1,9}"), 4), lists in (vec("[a-z.0-9]{1,5}", 0..3), vec("[a-z]{1,5}", 0..3)),
        settings in of(object()), other in vec(("x_[a-z]{1,4}", json()), 0..3),
    ) {
        let about = About {
            name: said[0].clone(),
            description: said[1].clone(),
            version: said[2].clone(),
            sdk_version: said[3].clone(),
            supported_python_versions: lists.0,
            capabilities: lists.1,
            settings: settings.map(Value::Object),
            other: other.into_iter().collect(),
        };
        let text = format!("a log line\n{:#}\n", about.to_value());
        prop_assert_eq!(About::parse(text.as_bytes()), Ok(about));
    }

    #[test]
    fn no_error_quotes_data(parts in parts(), cut in any::<prop::sample::Index>()) {
        for message in parts.messages() {
            let mut line = Vec::new();
            message.write(&mut line);
            let text = String::from_utf8(line).unwrap().replace("null", "s3cret");
            let mut end = cut.index(text.len());
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            for broken in [&text[..end], text.as_str()] {
                if let Err(LineError::Malformed(flaw)) = Message::parse(broken.as_bytes()) {
                    prop_assert!(!flaw.reason.to_string().contains("s3cret"));
                }
                for error in [State::parse(broken.as_bytes()).err(), Catalog::parse(broken.as_bytes()).err(),
                    About::parse(broken.as_bytes()).err()] {
                    prop_assert!(!error.is_some_and(|error| error.to_string().contains("s3cret")));
                }
            }
        }
    }
}
