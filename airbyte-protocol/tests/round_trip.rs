//! What is written is read again, whatever it is; what was read is written and read again, with
//! nulls, strangers' keys and numbers of any length in it; nothing panics, no error quotes data.

use airbyte_protocol as airbyte;
use airbyte_protocol::{
    AdvancedAuth, Analytics, AuthFlow, AuthSpecification, Catalog, Change, ChangeKind,
    ChangeReason, ConfiguredCatalog, ConfiguredStream, ConnectionStatus, Control,
    DestinationCatalog, DestinationOperation, DestinationSyncMode, ErrorTrace, Estimate,
    EstimateKind, Event, Extra, FailureType, FileReference, GlobalState, Level, Log, Message,
    OAuth2Specification, OAuthConfig, OAuthConnectorInput, OAuthState, Position, Record,
    RecordMeta, Specification, State, StateInput, StateStats, Status, StatusReason, Stream,
    StreamDescriptor, StreamState, StreamStatus, StreamStatusTrace, SyncMode, Trace,
};
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Number, Value};

/// Short texts, empty and awkward ones among them.
fn text() -> BoxedStrategy<String> {
    prop_oneof![4 => "[a-z_]{1,8}", 1 => "\\PC{0,8}", 1 => Just("\"\\\n\u{0}é😀".to_owned())]
        .boxed()
}

fn name() -> BoxedStrategy<String> {
    "[a-z_.\"é]{1,8}".boxed()
}

/// Numbers as texts: of 38 digits, with zeros at the end, beyond any float. The integer `-0` is left
/// out: `serde_json` makes it the 0 that it is.
fn number() -> BoxedStrategy<Number> {
    let plain = "0|-?[1-9][0-9]{0,37}";
    prop_oneof![plain, "-?(0|[1-9][0-9]{0,20})\\.[0-9]{1,38}", "[1-9]e[+-]?[1-9][0-9]{0,2}"]
        .prop_map(|digits: String| digits.parse().expect("a number"))
        .boxed()
}

fn json() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        number().prop_map(Value::Number),
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

/// A value that is there: null is absence.
fn said() -> BoxedStrategy<Value> {
    json().prop_filter("null is absence", |value| !value.is_null()).boxed()
}

fn extra() -> BoxedStrategy<Extra> {
    let key = "x_[a-z]{1,4}";
    prop_oneof![2 => Just(Vec::new()), 1 => vec((key, json()), 0..3)]
        .prop_map(|pairs| {
            let mut extra = Extra::default();
            pairs.into_iter().for_each(|(key, value)| extra.insert(key, value));
            extra
        })
        .boxed()
}

fn path() -> BoxedStrategy<Vec<String>> {
    vec(text(), 0..3).boxed()
}

fn paths() -> BoxedStrategy<Vec<Vec<String>>> {
    vec(path(), 0..3).boxed()
}

fn descriptor() -> BoxedStrategy<StreamDescriptor> {
    (name(), of(name())).prop_map(|(name, namespace)| StreamDescriptor { name, namespace }).boxed()
}

fn modes() -> BoxedStrategy<Vec<SyncMode>> {
    vec(select(vec![SyncMode::FullRefresh, SyncMode::Incremental]), 0..3).boxed()
}

fn destination_mode() -> BoxedStrategy<DestinationSyncMode> {
    use DestinationSyncMode::{Append, AppendDedup, Overwrite, SoftDelete, Update};
    select(vec![Append, Overwrite, AppendDedup, Update, SoftDelete]).boxed()
}

fn stream() -> BoxedStrategy<Stream> {
    let flags = (of(any::<bool>()), of(any::<bool>()), of(any::<bool>()));
    (descriptor(), object(), modes(), path(), paths(), flags, extra())
        .prop_map(|(descriptor, schema, modes, cursor, key, (defined, resumable, files), extra)| {
            Stream {
                namespace: descriptor.namespace,
                supported_sync_modes: modes,
                source_defined_cursor: defined,
                default_cursor_field: cursor,
                source_defined_primary_key: key,
                is_resumable: resumable,
                is_file_based: files,
                extra,
                ..Stream::new(descriptor.name, schema)
            }
        })
        .boxed()
}

fn catalog() -> BoxedStrategy<Catalog> {
    (vec(stream(), 0..3), extra()).prop_map(|(streams, extra)| Catalog { streams, extra }).boxed()
}

fn configured_stream() -> BoxedStrategy<ConfiguredStream> {
    let ids = (of(any::<i64>()), of(any::<i64>()), of(any::<i64>()));
    let modes = (select(vec![SyncMode::FullRefresh, SyncMode::Incremental]), destination_mode());
    (stream(), modes, of(text()), path(), paths(), ids, of(any::<bool>()), extra())
        .prop_map(|(stream, (mode, destination), object, cursor, key, ids, files, extra)| {
            ConfiguredStream {
                destination_sync_mode: destination,
                destination_object_name: object,
                cursor_field: cursor,
                primary_key: key,
                generation_id: ids.0,
                minimum_generation_id: ids.1,
                sync_id: ids.2,
                include_files: files,
                extra,
                ..ConfiguredStream::new(stream, mode)
            }
        })
        .boxed()
}

/// Its streams are unique, as they must be.
fn configured_catalog() -> BoxedStrategy<ConfiguredCatalog> {
    (vec(configured_stream(), 0..3), extra())
        .prop_map(|(mut streams, extra)| {
            for (index, configured) in streams.iter_mut().enumerate() {
                configured.stream.name.push_str(&index.to_string());
            }
            ConfiguredCatalog { streams, extra }
        })
        .boxed()
}

fn destination_catalog() -> BoxedStrategy<DestinationCatalog> {
    let operation = (name(), destination_mode(), object(), paths(), extra()).prop_map(
        |(object_name, sync_mode, json_schema, matching_keys, extra)| DestinationOperation {
            json_schema,
            matching_keys,
            extra,
            ..DestinationOperation::new(object_name, sync_mode)
        },
    );
    (vec(operation, 0..3), extra())
        .prop_map(|(operations, extra)| DestinationCatalog { operations, extra })
        .boxed()
}

fn connector_input() -> BoxedStrategy<OAuthConnectorInput> {
    let state = (of(any::<i64>()), of(any::<i64>()), extra())
        .prop_map(|(min, max, extra)| OAuthState { min, max, extra });
    let parameters = (object(), object(), path(), of(state));
    (text(), text(), parameters, vec(of(text()), 8), extra())
        .prop_map(
            |(consent_url, access_token_url, (headers, params, output, state), mut keys, extra)| {
                let mut key = || keys.pop().flatten();
                OAuthConnectorInput {
                    consent_url,
                    scope: key(),
                    access_token_url,
                    access_token_headers: headers,
                    access_token_params: params,
                    extract_output: output,
                    state,
                    client_id_key: key(),
                    client_secret_key: key(),
                    scope_key: key(),
                    state_key: key(),
                    auth_code_key: key(),
                    redirect_uri_key: key(),
                    token_expiry_key: key(),
                    extra,
                }
            },
        )
        .boxed()
}

fn flow() -> BoxedStrategy<Option<AuthFlow>> {
    of(select(vec![AuthFlow::OAuth1, AuthFlow::OAuth2])).boxed()
}

fn advanced_auth() -> BoxedStrategy<AdvancedAuth> {
    let config = (vec(of(said()), 4), of(connector_input()), extra()).prop_map(
        |(mut values, connector_input, extra)| OAuthConfig {
            user_input: values.pop().flatten(),
            connector_input,
            output: values.pop().flatten(),
            server_input: values.pop().flatten(),
            server_output: values.pop().flatten(),
            extra,
        },
    );
    (flow(), path(), of(text()), of(config), extra())
        .prop_map(
            |(
                auth_flow_type,
                predicate_key,
                predicate_value,
                oauth_config_specification,
                extra,
            )| {
                AdvancedAuth {
                    auth_flow_type,
                    predicate_key,
                    predicate_value,
                    oauth_config_specification,
                    extra,
                }
            },
        )
        .boxed()
}

fn auth_specification() -> BoxedStrategy<AuthSpecification> {
    let oauth2 = (vec(said(), 0..3), paths(), paths(), extra()).prop_map(
        |(root_object, init_parameters, output_parameters, extra)| OAuth2Specification {
            root_object,
            init_parameters,
            output_parameters,
            extra,
        },
    );
    (flow(), of(oauth2), extra())
        .prop_map(|(auth_type, oauth2, extra)| AuthSpecification { auth_type, oauth2, extra })
        .boxed()
}

fn specification() -> BoxedStrategy<Specification> {
    let flags = (of(any::<bool>()), of(any::<bool>()), of(any::<bool>()));
    let auth = (of(auth_specification()), of(advanced_auth()));
    let modes = vec(destination_mode(), 0..3);
    (object(), of(text()), of(text()), of(text()), flags, modes, auth, extra())
        .prop_map(|(schema, documentation, changelog, version, flags, modes, auth, extra)| {
            Specification {
                documentation_url: documentation,
                changelog_url: changelog,
                supports_incremental: flags.0,
                supports_normalization: flags.1,
                supports_dbt: flags.2,
                supported_destination_sync_modes: modes,
                auth_specification: auth.0.map(Box::new),
                advanced_auth: auth.1.map(Box::new),
                protocol_version: version,
                extra,
                ..Specification::new(schema)
            }
        })
        .boxed()
}

fn change() -> BoxedStrategy<Change> {
    let reasons = vec![
        ChangeReason::SourceSerializationError,
        ChangeReason::PlatformRecordSizeLimitation,
        ChangeReason::DestinationTypecastError,
    ];
    (text(), select(vec![ChangeKind::Nulled, ChangeKind::Truncated]), select(reasons))
        .prop_map(|(field, change, reason)| Change { field, change, reason })
        .boxed()
}

fn record() -> BoxedStrategy<Record> {
    let meta =
        (vec(change(), 0..3), extra()).prop_map(|(changes, extra)| RecordMeta { changes, extra });
    let file = (of(text()), of(text()), of(any::<u64>()), extra()).prop_map(
        |(staging_file_url, source_file_relative_path, file_size_bytes, extra)| FileReference {
            staging_file_url,
            source_file_relative_path,
            file_size_bytes,
            extra,
        },
    );
    (descriptor(), object(), any::<i64>(), of(meta), of(file), extra())
        .prop_map(|(descriptor, data, emitted_at, meta, file_reference, extra)| Record {
            meta,
            file_reference,
            extra,
            ..Record::new(descriptor, data, emitted_at)
        })
        .boxed()
}

fn stream_state() -> BoxedStrategy<StreamState> {
    (descriptor(), of(said()), extra())
        .prop_map(|(stream_descriptor, stream_state, extra)| StreamState {
            stream_descriptor,
            stream_state,
            extra,
        })
        .boxed()
}

fn stats() -> BoxedStrategy<StateStats> {
    (any::<u64>(), any::<u64>(), extra())
        .prop_map(|(record_count, rejected_record_count, extra)| StateStats {
            record_count,
            rejected_record_count,
            extra,
        })
        .boxed()
}

fn state() -> BoxedStrategy<State> {
    let global = (of(said()), vec(stream_state(), 0..3), extra()).prop_map(
        |(shared_state, stream_states, extra)| GlobalState { shared_state, stream_states, extra },
    );
    let position = prop_oneof![
        stream_state().prop_map(Position::Stream),
        global.prop_map(Position::Global),
        said().prop_map(Position::Legacy),
    ];
    (position, of(stats()), of(stats()), extra())
        .prop_map(|(position, source_stats, destination_stats, extra)| State {
            position,
            source_stats,
            destination_stats,
            extra,
        })
        .boxed()
}

fn log() -> BoxedStrategy<Log> {
    use Level::{Debug, Error, Fatal, Info, Trace, Warn};
    (select(vec![Trace, Debug, Info, Warn, Error, Fatal]), text(), of(text()))
        .prop_map(|(level, message, stack_trace)| Log { level, message, stack_trace })
        .boxed()
}

fn event() -> BoxedStrategy<Event> {
    use FailureType::{ConfigError, SystemError, TransientError};
    use StreamStatus::{Complete, Incomplete, Running, Started};
    let failure = of(select(vec![SystemError, ConfigError, TransientError]));
    let error = (text(), of(text()), of(text()), failure, of(descriptor())).prop_map(
        |(message, internal_message, stack_trace, failure_type, stream_descriptor)| ErrorTrace {
            message,
            internal_message,
            stack_trace,
            failure_type,
            stream_descriptor,
        },
    );
    let kind = select(vec![EstimateKind::Stream, EstimateKind::Sync]);
    let estimate = (descriptor(), kind, of(any::<u64>()), of(any::<u64>())).prop_map(
        |(descriptor, kind, row_estimate, byte_estimate)| Estimate {
            name: descriptor.name,
            namespace: descriptor.namespace,
            kind,
            row_estimate,
            byte_estimate,
        },
    );
    let reasons = vec(of(any::<u64>()).prop_map(StatusReason::RateLimited), 0..3);
    let status = (descriptor(), select(vec![Started, Running, Complete, Incomplete]), reasons)
        .prop_map(|(stream_descriptor, status, reasons)| StreamStatusTrace {
            stream_descriptor,
            status,
            reasons,
        });
    let analytics = (text(), of(text())).prop_map(|(kind, value)| Analytics { kind, value });
    prop_oneof![
        error.prop_map(Event::Error),
        estimate.prop_map(Event::Estimate),
        status.prop_map(Event::StreamStatus),
        analytics.prop_map(Event::Analytics),
    ]
    .boxed()
}

/// Milliseconds of the years that anybody means.
fn millis() -> BoxedStrategy<u64> {
    (0..=i64::MAX as u64).boxed()
}

fn message() -> BoxedStrategy<Message> {
    let status = (select(vec![Status::Succeeded, Status::Failed]), of(text()))
        .prop_map(|(status, message)| ConnectionStatus { status, message });
    let control =
        (object(), millis()).prop_map(|(config, at)| Control::connector_config(config, at));
    let trace = (event(), millis()).prop_map(|(event, emitted_at)| Trace { emitted_at, event });
    prop_oneof![
        specification().prop_map(Message::Spec),
        status.prop_map(Message::ConnectionStatus),
        catalog().prop_map(Message::Catalog),
        record().prop_map(Message::Record),
        state().prop_map(Message::State),
        log().prop_map(Message::Log),
        trace.prop_map(Message::Trace),
        control.prop_map(Message::Control),
        destination_catalog().prop_map(Message::DestinationCatalog),
    ]
    .boxed()
}

/// What lies open in a message: other people's schemas, rows, positions and configs.
const OTHERS: [&str; 12] = [
    "data",
    "json_schema",
    "connectionSpecification",
    "stream_state",
    "shared_state",
    "config",
    "access_token_headers",
    "access_token_params",
    "complete_oauth_output_specification",
    "complete_oauth_server_input_specification",
    "complete_oauth_server_output_specification",
    "oauth_user_input_from_connector_config_specification",
];

/// Puts a key that nobody knows, and a null, into every object of the protocol's own.
fn litter(value: &mut Value, stranger: &Value) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map.iter_mut() {
                if !OTHERS.contains(&key.as_str()) && !key.starts_with("x_") && key != "rootObject"
                {
                    litter(inner, stranger);
                }
            }
            map.insert("zz_stranger".to_owned(), stranger.clone());
            map.insert("zz_null".to_owned(), Value::Null);
        }
        Value::Array(list) => list.iter_mut().for_each(|inner| litter(inner, stranger)),
        _ => {}
    }
}

proptest! {
    #[test]
    fn a_message_is_read_as_it_was_written(message in message()) {
        let line = message.to_line();
        prop_assert_eq!(line.find('\n'), Some(line.len() - 1), "one line");
        prop_assert_eq!(Message::parse(line.as_bytes()), Ok(message));
    }

    #[test]
    fn a_configured_catalog_is_read_as_it_was_written(catalog in configured_catalog()) {
        let text = serde_json::to_string(&catalog).unwrap();
        prop_assert_eq!(ConfiguredCatalog::parse(text.as_bytes()), Ok(catalog));
    }

    #[test]
    fn a_specification_is_read_as_it_was_written(spec in specification()) {
        let text = serde_json::to_string(&spec).unwrap();
        prop_assert_eq!(Specification::parse(text.as_bytes()), Ok(spec));
    }

    #[test]
    fn documents_are_read_from_a_text_as_from_a_value(message in message()) {
        let line = message.to_line();
        let value: Value = serde_json::from_str(&line).unwrap();
        // Straight from the text numbers take another way through serde.
        match message {
            Message::Record(record) => {
                let text = value["record"].to_string();
                prop_assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record);
            }
            Message::State(state) => {
                let text = value["state"].to_string();
                prop_assert_eq!(serde_json::from_str::<State>(&text).unwrap(), state);
            }
            Message::Spec(spec) => {
                let text = value["spec"].to_string();
                prop_assert_eq!(serde_json::from_str::<Specification>(&text).unwrap(), spec);
            }
            _ => {}
        }
    }

    #[test]
    fn strangers_keys_and_nulls_do_no_harm(message in message(), stranger in json()) {
        let mut value = serde_json::to_value(&message).unwrap();
        litter(&mut value, &stranger);
        let littered = Message::parse(value.to_string().as_bytes()).unwrap();
        prop_assert_eq!(littered.kind(), message.kind());
        let written = littered.to_line();
        prop_assert_eq!(Message::parse(written.as_bytes()), Ok(littered));
        prop_assert!(!written.contains("zz_null"));
        // In a document the strangers stay, elsewhere they go.
        let is_document = matches!(
            message,
            Message::Spec(_) | Message::Catalog(_) | Message::Record(_) | Message::State(_)
                | Message::DestinationCatalog(_)
        );
        prop_assert_eq!(written.contains("zz_stranger"), is_document && !stranger.is_null());
    }

    #[test]
    fn states_come_back_whatever_carries_them(states in vec(stream_state(), 1..4), wrap: bool) {
        let one = |state: &StreamState| {
            let state = State::stream(state.clone(), StateStats::records(1));
            let state = serde_json::to_value(&state).unwrap();
            if wrap { serde_json::json!({"type": "STATE", "state": state}) } else { state }
        };
        let text = Value::from(states.iter().map(one).collect::<Vec<_>>()).to_string();
        prop_assert_eq!(StateInput::parse(text.as_bytes()), Ok(StateInput::PerStream(states)));
    }

    #[test]
    fn an_envelope_writes_what_a_record_reads(
        descriptor in descriptor(), data in object(), at: i64, changes in vec(change(), 0..3),
    ) {
        let mut line = Vec::new();
        let text = Value::Object(data.clone()).to_string();
        airbyte::record::Envelope::new(&descriptor).write(&mut line, text.as_bytes(), at, &changes);
        let mut record = Record::new(descriptor, data, at);
        if !changes.is_empty() {
            record.meta = Some(RecordMeta { changes, ..RecordMeta::default() });
        }
        prop_assert_eq!(Message::parse(&line), Ok(Message::Record(record)));
    }

    #[test]
    fn what_is_broken_is_an_error_without_a_value_of_it(
        message in message(), at in any::<prop::sample::Index>(), odd in said(),
    ) {
        const SECRET: &str = "s3cret, expected nobody";
        let mut value = serde_json::to_value(&message).unwrap();
        let places = places(&value);
        let place = at.get(&places);
        let marked = match odd {
            Value::Array(_) => serde_json::json!([SECRET]),
            Value::Object(_) => serde_json::json!({"key": SECRET}),
            _ => Value::from(SECRET),
        };
        *value.pointer_mut(place).unwrap() = marked;
        let text = value.to_string();
        if let Err(error) = Message::parse(text.as_bytes()) {
            prop_assert!(!error.to_string().contains("s3cret"), "{}", error);
        }
        for parsed in [
            StateInput::parse(text.as_bytes()).err(),
            ConfiguredCatalog::parse(text.as_bytes()).err(),
            Specification::parse(text.as_bytes()).err(),
        ] {
            prop_assert!(!parsed.is_some_and(|error| error.to_string().contains("s3cret")));
        }
    }

    #[test]
    fn any_json_is_read_or_refused(value in json(), key in "[a-z]{1,3}") {
        let wrapped = serde_json::json!({"type": "STATE", "state": value, "streams": value, key: value});
        for text in [value.to_string(), wrapped.to_string()] {
            let _ = Message::parse(text.as_bytes());
            let _ = StateInput::parse(text.as_bytes());
            let _ = ConfiguredCatalog::parse(text.as_bytes());
            let _ = Specification::parse(text.as_bytes());
        }
    }
}

/// Every place of a value, as JSON pointers, the whole left out.
fn places(value: &Value) -> Vec<String> {
    let inside: Vec<(String, &Value)> = match value {
        Value::Object(map) => {
            let escaped = |key: &str| key.replace('~', "~0").replace('/', "~1");
            map.iter().map(|(key, inner)| (format!("/{}", escaped(key)), inner)).collect()
        }
        Value::Array(list) => {
            list.iter().enumerate().map(|(index, inner)| (format!("/{index}"), inner)).collect()
        }
        _ => Vec::new(),
    };
    let below = |(place, inner): (String, &Value)| {
        let deeper = places(inner).into_iter().map(|deeper| format!("{place}{deeper}"));
        std::iter::once(place.clone()).chain(deeper.collect::<Vec<_>>()).collect::<Vec<_>>()
    };
    inside.into_iter().flat_map(below).collect()
}
