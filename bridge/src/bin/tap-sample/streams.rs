//! What there is to read: five streams, one of each kind a runner must get right.

use serde_json::{Value, json};
use singer_protocol::{Catalog, Entry, Selection};

use crate::config::Config;
use crate::rows::{Row, plain, string};

/// A stream: its catalog entry, and how to make its rows.
pub(crate) struct Stream {
    pub(crate) name: &'static str,
    keys: &'static [&'static str],
    /// Whether it can be read incrementally, by `updated_at`.
    pub(crate) incremental: bool,
    rows: Rows,
    pub(crate) fields: &'static [Field],
}

/// How many rows a stream has.
enum Rows {
    Configured,
    Exactly(u64),
}

/// A field: its JSON Schema, and how to write its value as JSON.
pub(crate) struct Field {
    pub(crate) name: &'static str,
    schema: fn() -> Value,
    pub(crate) write: fn(&Row<'_>, &mut String),
}

/// The field that incremental streams are read by.
pub(crate) const REPLICATION_KEY: &str = "updated_at";

const fn field(
    name: &'static str,
    schema: fn() -> Value,
    write: fn(&Row<'_>, &mut String),
) -> Field {
    Field { name, schema, write }
}

const ID: Field = field("id", integer, |row, out| plain(out, row.id()));
const UPDATED_AT: Field = field(REPLICATION_KEY, moment, |row, out| string(out, &row.updated_at()));
const CREATED_AT: Field = field("created_at", moment, |row, out| string(out, &row.created_at()));

/// The streams, in the order in which they are read.
pub(crate) const STREAMS: [Stream; 5] = [
    Stream {
        name: "customers",
        keys: &["id"],
        incremental: true,
        rows: Rows::Configured,
        fields: &[
            ID,
            field("name", text, |row, out| string(out, &name(row))),
            field("email", text, email),
            field(
                "active",
                || json!({"type": "boolean"}),
                |row, out| {
                    plain(out, row.below(4, 5) > 0);
                },
            ),
            field("address", address_schema, address),
            field("tags", || json!({"type": "array", "items": {"type": "string"}}), tags),
            CREATED_AT,
            UPDATED_AT,
        ],
    },
    Stream {
        name: "countries",
        keys: &["code"],
        incremental: false,
        rows: Rows::Exactly(COUNTRIES.len() as u64),
        fields: &[
            field("code", text, |row, out| string(out, country(row).0)),
            field("name", text, |row, out| string(out, country(row).1)),
            field("population", integer, |row, out| plain(out, country(row).2)),
        ],
    },
    Stream {
        name: "orders",
        keys: &["id"],
        incremental: true,
        rows: Rows::Configured,
        fields: &[
            ID,
            field("customer_id", integer, |row, out| plain(out, row.below(1, row.id()) + 1)),
            field("amount", || json!({"type": "number"}), amount),
            field("currency", text, |row, out| string(out, row.one_of(3, &["EUR", "USD", "JPY"]))),
            field("quantity", integer, |row, out| plain(out, row.below(4, 12) + 1)),
            field(
                "note",
                || json!({"type": ["null", "string"]}),
                |row, out| match row.below(5, 3) {
                    0 => string(
                        out,
                        row.one_of(6, &["“fragile”", "line\nbreak", "日本語 \\ \"quoted\""]),
                    ),
                    _ => plain(out, "null"),
                },
            ),
            UPDATED_AT,
        ],
    },
    Stream {
        name: "events",
        keys: &[],
        incremental: false,
        rows: Rows::Configured,
        fields: &[
            field("kind", text, |row, out| {
                string(out, row.one_of(1, &["login", "view", "logout"]))
            }),
            field(
                "customer_id",
                || json!({"type": ["null", "integer"]}),
                |row, out| match row.below(2, 4) {
                    0 => plain(out, "null"),
                    _ => plain(out, row.below(3, 1000) + 1),
                },
            ),
            field(
                "score",
                || json!({"type": ["null", "number"]}),
                |row, out| match row.below(4, 6) {
                    0 => plain(out, "null"),
                    _ => plain(out, format_args!("0.{}", row.digits(5, 6))),
                },
            ),
            field("payload", payload_schema, payload),
            field("occurred_at", moment, |row, out| string(out, &row.updated_at())),
        ],
    },
    Stream {
        name: "refunds",
        keys: &["id"],
        incremental: true,
        rows: Rows::Exactly(0),
        fields: &[ID, field("amount", || json!({"type": "number"}), amount), UPDATED_AT],
    },
];

impl Stream {
    /// How many rows there are.
    pub(crate) fn rows(&self, config: &Config) -> u64 {
        match self.rows {
            Rows::Configured => config.rows,
            Rows::Exactly(rows) => rows,
        }
    }

    /// The primary key's parts.
    pub(crate) fn keys(&self) -> Vec<String> {
        self.keys.iter().map(|key| (*key).to_owned()).collect()
    }

    /// The JSON Schema of the rows.
    pub(crate) fn schema(&self) -> Value {
        let properties = self.fields.iter().map(|field| (field.name.to_owned(), (field.schema)()));
        json!({"type": "object", "properties": Value::Object(properties.collect())})
    }

    fn entry(&self) -> Value {
        let mut stream = json!({"inclusion": "available", "table-key-properties": self.keys});
        if self.incremental {
            stream["valid-replication-keys"] = json!([REPLICATION_KEY]);
        } else {
            stream["forced-replication-method"] = json!("FULL_TABLE");
        }
        let mut metadata = vec![json!({"breadcrumb": [], "metadata": stream})];
        for field in self.fields {
            let needed = self.keys.contains(&field.name)
                || (self.incremental && field.name == REPLICATION_KEY);
            let inclusion = if needed { "automatic" } else { "available" };
            metadata.push(json!({
                "breadcrumb": ["properties", field.name],
                "metadata": {"inclusion": inclusion, "selected-by-default": true},
            }));
        }
        json!({
            "tap_stream_id": self.name,
            "stream": self.name,
            "key_properties": self.keys,
            "schema": self.schema(),
            "metadata": metadata,
        })
    }
}

/// The answer to `--discover`.
pub(crate) fn catalog() -> Result<Catalog, singer_protocol::Error> {
    let entries: Vec<Value> = STREAMS.iter().map(Stream::entry).collect();
    Catalog::from_value(json!({"streams": entries}))
}

/// The catalog with everything selected: what is read when nobody chose.
pub(crate) fn everything() -> Result<Catalog, singer_protocol::Error> {
    let mut catalog = catalog()?;
    for entry in catalog.streams_mut() {
        let selection = if is_incremental(entry) {
            Selection::incremental(REPLICATION_KEY)
        } else {
            Selection::full_table()
        };
        entry.select(&selection);
    }
    Ok(catalog)
}

fn is_incremental(entry: &Entry) -> bool {
    !entry.valid_replication_keys().is_empty()
}

fn integer() -> Value {
    json!({"type": "integer"})
}

fn text() -> Value {
    json!({"type": "string"})
}

fn moment() -> Value {
    json!({"type": "string", "format": "date-time"})
}

const COUNTRIES: [(&str, &str, u64); 6] = [
    ("BR", "Brazil", 203_080_756),
    ("CI", "Côte d’Ivoire", 29_389_150),
    ("DE", "Germany", 83_577_140),
    ("IN", "India", 1_428_627_663),
    ("JP", "Japan", 123_802_000),
    ("NZ", "New Zealand", 5_324_700),
];

fn country(row: &Row<'_>) -> (&'static str, &'static str, u64) {
    COUNTRIES[(row.id() - 1) as usize % COUNTRIES.len()]
}

fn name(row: &Row<'_>) -> String {
    let first = row.one_of(1, &["Ada", "Alan", "Chiyo", "Grace", "José", "Zoë"]);
    let last = row.one_of(2, &["Hopper", "Lovelace", "Müller", "O’Neil", "Tanaka", "Turing"]);
    format!("{first} {last}")
}

fn email(row: &Row<'_>, out: &mut String) {
    string(out, &format!("customer{}@{}.example.com", row.id(), row.account()));
}

fn address_schema() -> Value {
    json!({"type": "object", "properties": {
        "street": {"type": "string"},
        "postal_code": {"type": ["null", "string"]},
        "country": {"type": "string"},
    }})
}

fn address(row: &Row<'_>, out: &mut String) {
    out.push_str("{\"street\":");
    let street = row.one_of(8, &["Elm Street", "Hauptstraße", "Rue de l’Église"]);
    string(out, &format!("{street} {}", row.below(9, 200) + 1));
    out.push_str(",\"postal_code\":");
    match row.below(10, 8) {
        0 => plain(out, "null"),
        _ => string(out, &row.digits(11, 5)),
    }
    out.push_str(",\"country\":");
    string(out, row.one_of(12, &COUNTRIES).0);
    out.push('}');
}

fn tags(row: &Row<'_>, out: &mut String) {
    out.push('[');
    for at in 0..row.below(13, 4) {
        if at > 0 {
            out.push(',');
        }
        string(out, row.one_of(14 + at, &["new", "vip", "trial", "partner"]));
    }
    out.push(']');
}

/// 38 digits, ten of them behind the point: more than any float can hold.
fn amount(row: &Row<'_>, out: &mut String) {
    plain(out, format_args!("{}.{}", row.digits(2, 28), row.digits(40, 10)));
}

fn payload_schema() -> Value {
    json!({"type": ["null", "object"], "properties": {
        "path": {"type": "string"},
        "milliseconds": {"type": "integer"},
    }})
}

fn payload(row: &Row<'_>, out: &mut String) {
    if row.below(6, 5) == 0 {
        return plain(out, "null");
    }
    let (path, took) = (row.one_of(7, &["/", "/cart", "/help?q=%22"]), row.below(8, 5000));
    plain(out, format_args!("{{\"path\":\"{path}\",\"milliseconds\":{took}}}"));
}
