//! What a user says of an API.

use super::changes::ChangeSettings;
use super::cursor::CursorSettings;
use super::format::FormatSettings;
use super::pages::PagesSettings;
use super::rules::RuleSettings;
use super::template::Text;
use super::windows::WindowSettings;
use crate::AuthConfig;
use airbyte_singer_toolkit::Secret;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// An API and the streams that it has
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "HTTP API")]
pub struct Settings {
    /// The address that the paths of all streams begin with, such as https://api.example.com/v2
    pub(super) url: String,
    /// How to sign in
    #[serde(default)]
    pub(super) auth: AuthConfig,
    /// Headers of every request. They are treated as secrets
    #[serde(default)]
    pub(super) headers: BTreeMap<String, Secret>,
    /// Parameters of every request's query
    #[serde(default)]
    pub(super) query: BTreeMap<String, Text>,
    /// How many parts of streams are read at a time; by default 4
    #[serde(default)]
    #[schemars(with = "u16", range(min = 1))]
    pub(super) workers: Option<u16>,
    /// At most so many calls a second, over all streams; 0.5 is one in two seconds
    #[serde(default)]
    #[schemars(with = "f64")]
    pub(super) calls_per_second: Option<f64>,
    /// At most so many calls at a time
    #[serde(default)]
    #[schemars(with = "usize", range(min = 1))]
    pub(super) calls_at_once: Option<usize>,
    /// The most bytes that a record may take, a value of one, and what an answer has beside its records, after
    /// unpacking; by default 268435456 (256 MiB). Reading takes up to three times that, for each of the
    /// workers
    #[serde(default)]
    #[schemars(with = "u64", range(min = 1024))]
    pub(super) max_record_bytes: Option<u64>,
    /// What is done when a call fails in a way that may pass
    #[serde(default)]
    pub(super) retry: RetrySettings,
    /// What answers of all streams mean that mean something else than usual, such as a quota that is told
    /// with status 200 or 403. The first rule that fits counts; those of a stream come before these
    #[serde(default)]
    pub(super) rules: Vec<RuleSettings>,
    /// What is read
    #[schemars(length(min = 1))]
    pub(super) streams: Vec<StreamSettings>,
}

/// How often and how long a call is tried.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RetrySettings {
    /// How often a call is made at most; by default 6 times
    #[serde(default)]
    #[schemars(with = "u32", range(min = 1))]
    pub(super) tries: Option<u32>,
    /// Where in an answer it says how long to wait for a quota: a JSON Pointer to a number of seconds (of
    /// milliseconds, where the name ends with ms), a text such as 2s, or a time. By default the headers say
    /// it, or /retry_after and names like it
    #[serde(default)]
    #[schemars(with = "String")]
    pub(super) wait_pointer: Option<String>,
    /// The longest wait that the API may ask for; by default 600 seconds
    #[serde(default)]
    #[schemars(with = "u64")]
    pub(super) longest_wait_seconds: Option<u64>,
}

/// One stream.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StreamSettings {
    /// What the stream is called
    pub(super) name: String,
    /// A namespace, where several streams have the same name
    #[serde(default)]
    #[schemars(with = "String")]
    pub(super) namespace: Option<String>,
    /// Its path below the address; {customer} stands for what a parent gives by that name, {cursor} for where
    /// the cursor begins, {window_start} and {window_end} for a span's beginning and end
    #[serde(default)]
    pub(super) path: String,
    /// The method; by default GET, and POST where something is sent
    #[serde(default)]
    #[schemars(with = "MethodSettings")]
    pub(super) method: Option<MethodSettings>,
    /// Parameters of the query; {customer} as in the path. A parameter with {cursor} is left out where all
    /// records are asked for
    #[serde(default)]
    pub(super) query: BTreeMap<String, Text>,
    /// Headers in the place of those of all streams; {customer} as in the path. They are treated as secrets
    #[serde(default)]
    pub(super) headers: BTreeMap<String, Secret>,
    /// A JSON text to send; {customer} as in the path, and a text that is nothing else is the value itself. A
    /// member with {cursor} is left out where all records are asked for
    #[serde(default)]
    #[schemars(with = "Map<String, Value>")]
    pub(super) body: Option<Map<String, Value>>,
    /// Fields of a form to send, in the place of a body; {customer} as in the path
    #[serde(default)]
    pub(super) form: BTreeMap<String, Text>,
    /// A query of GraphQL to send, in the place of a body
    #[serde(default)]
    #[schemars(with = "GraphQlSettings")]
    pub(super) graphql: Option<GraphQlSettings>,
    /// Where in an answer the records are: a JSON Pointer such as /data/items, in which * stands for every
    /// member; by default the answer is an array of records or a single one
    #[serde(default)]
    pub(super) records: String,
    /// The field of a record that takes the key by which the object at the last * of the path has it, such as
    /// a day or a symbol; of JSON. With it, or with fields around, one member of the first * at a time is held
    /// in memory, and max_record_bytes is for all of it
    #[serde(default)]
    #[schemars(with = "String")]
    pub(super) key_field: Option<String>,
    /// Fields of a record that take what stands around it, by paths that go along with that of the records up
    /// to a *: of records at /*/items, {"order_id": "/*/id"} is the id beside the items; of JSON
    #[serde(default)]
    pub(super) around: BTreeMap<String, String>,
    /// The field that takes a record that is no object, such as a text or a list; by default that is an error;
    /// of JSON
    #[serde(default)]
    #[schemars(with = "String")]
    pub(super) value_field: Option<String>,
    /// What answers are written in
    #[serde(default)]
    pub(super) format: FormatSettings,
    /// What stands between the values of CSV: one character such as ; or |, or tab; by default a comma
    #[serde(default)]
    #[schemars(with = "String")]
    pub(super) delimiter: Option<String>,
    /// What encoding answers are in, such as windows-1252, ISO-8859-1 or UTF-16LE; by default what a byte
    /// order mark, the charset of the header Content-Type or an XML declaration says, and else UTF-8
    #[serde(default)]
    #[schemars(with = "String")]
    pub(super) encoding: Option<String>,
    /// The fields that tell one record from all others
    #[serde(default)]
    pub(super) primary_key: Vec<String>,
    /// What tells which records are new; with it the stream can be read incrementally
    #[serde(default)]
    #[schemars(with = "CursorSettings")]
    pub(super) cursor: Option<CursorSettings>,
    /// How one page leads to the next
    #[serde(default)]
    #[schemars(with = "PagesSettings")]
    pub(super) pages: Option<PagesSettings>,
    /// The stream whose records this one is read for, one after the other
    #[serde(default)]
    #[schemars(with = "ParentSettings")]
    pub(super) parent: Option<ParentSettings>,
    /// Spans of days by which the stream is read
    #[serde(default)]
    #[schemars(with = "WindowSettings")]
    pub(super) windows: Option<WindowSettings>,
    /// What is changed in each record, in this order
    #[serde(default)]
    pub(super) transformations: Vec<ChangeSettings>,
    /// What is done about an answer whose status is a success and that tells an error in the place of
    /// records: a member error, errors, fault or the like that isn't empty, or a message with a code or
    /// status that says that it failed, where no record is found and no declared key, cursor or column is
    #[serde(default)]
    pub(super) errors: ErrorsSettings,
    /// What answers mean that mean something else than usual; the first rule that fits counts
    #[serde(default)]
    pub(super) rules: Vec<RuleSettings>,
    /// Statuses that are no failure, such as 404: then there are no records, but those that a 2xx has
    #[serde(default)]
    pub(super) ignore: Vec<u16>,
    /// Whether the API gives the same pages again, so that a full read that was cut short goes on with the
    /// next page
    #[serde(default = "yes")]
    pub(super) resumable: bool,
    /// What records look like, as a JSON Schema; by default it is inferred from the first ones
    #[serde(default)]
    #[schemars(with = "Map<String, Value>")]
    pub(super) schema: Option<Map<String, Value>>,
}

/// What is done about an error that a success tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ErrorsSettings {
    /// The stream fails with the API's own words
    #[default]
    Fail,
    /// The answer is taken as it is
    Ignore,
}

/// A method that reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum MethodSettings {
    Get,
    Post,
    Put,
    Patch,
}

/// A query of GraphQL.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GraphQlSettings {
    /// The query
    pub(super) query: String,
    /// Its variables; {customer} as in the path
    #[serde(default)]
    pub(super) variables: Map<String, Value>,
    /// Where in an answer Relay's pageInfo is, a JSON Pointer; with it there are pages
    #[serde(default)]
    #[schemars(with = "String")]
    pub(super) page_info: Option<String>,
    /// The variable that takes the cursor of the next page
    #[serde(default = "after")]
    pub(super) after: String,
}

/// The stream above another.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ParentSettings {
    /// The parent's name
    pub(super) stream: String,
    /// The field of the parent's records that is needed: a name or a JSON Pointer
    pub(super) field: String,
    /// What it is called here: {customer} stands for it, if this is customer
    #[serde(rename = "as")]
    pub(super) name: String,
    /// What becomes of records of the parent that don't have the field, or null in it. By default they are
    /// skipped as well, but that no record has the field is an error. Records whose value can't be a part of
    /// the path (an empty text, . or ..) are skipped too, and the stream is incomplete for it unless this is skip
    #[serde(default)]
    #[schemars(with = "MissingSettings")]
    pub(super) missing: Option<MissingSettings>,
}

/// What becomes of records of a parent that don't have what is needed of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum MissingSettings {
    /// Nothing is read for them; a warning tells how many they were
    Skip,
    /// The stream fails
    Fail,
}

fn yes() -> bool {
    true
}

fn after() -> String {
    "after".to_owned()
}
