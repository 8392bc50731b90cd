use super::node::{Format, Node};
use super::types::Types;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// What a catalog says about a stream's schema outside of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hints {
    /// A database's stream: its arrays hold nulls and nested arrays whatever their `items` say.
    pub database: bool,
    /// By top-level property; only those of which something is known.
    pub columns: HashMap<String, Column>,
}

/// What a catalog says about one top-level property.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Column {
    /// As `sql-datatype` has it, e.g. `timestamp without time zone` or `decimal(12,4)`.
    pub sql_datatype: Option<String>,
    /// Null is among the values, whatever the schema says.
    pub nullable: bool,
    /// The tap never sends it, so it isn't offered.
    pub unsupported: bool,
}

/// Corrects a top-level property by what the catalog knows.
pub(super) fn apply(column: Option<&Column>, node: &mut Node) {
    let Some(column) = column else { return };
    if let Some(sql) = &column.sql_datatype {
        apply_sql_type(sql, node);
    }
    if column.nullable {
        node.types = node.types.map(|types| types.with(Types::NULL));
    }
}

/// Corrects a node by the type of its SQL column.
pub(super) fn apply_sql_type(sql: &str, node: &mut Node) {
    let sql = sql.trim().to_ascii_lowercase();
    let base = sql.split('(').next().unwrap_or_default().trim_end();
    if base == "time" && node.format == Some(Format::Time) {
        // MySQL's: from -838:59:59 to 838:59:59, which no clock shows.
        node.format = None;
    }
    node.zoned = zoned(&sql, base).or(node.zoned);
    node.integral |= matches!(base, "decimal" | "numeric" | "number") && whole_digits(&sql) <= 18;
}

/// Whether a temporal SQL type carries a zone; None where its name doesn't tell (a bare
/// `timestamp` has one in MySQL and BigQuery and has none elsewhere).
fn zoned(sql: &str, base: &str) -> Option<bool> {
    let says = |words: &[&str]| words.iter().any(|word| sql.contains(word));
    if says(&["without time zone", "_ntz", "timestampntz"]) {
        Some(false)
    } else if says(&["time zone", "timestamptz", "timetz", "datetimeoffset", "_tz", "_ltz"]) {
        Some(true)
    } else {
        matches!(base, "datetime" | "datetime2" | "smalldatetime" | "date").then_some(false)
    }
}

/// The digits of a decimal type without a fraction, e.g. 10 of `decimal(10,0)`; more than any
/// integer has when there is a fraction or no precision.
fn whole_digits(sql: &str) -> u32 {
    let inside = sql.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map(|(i, _)| i);
    let mut parts = inside.unwrap_or_default().split(',').map(|part| part.trim().parse());
    match (parts.next(), parts.next()) {
        (Some(Ok(digits)), None | Some(Ok(0))) => digits,
        _ => u32::MAX,
    }
}

/// Whether a number slot holds only whole numbers of 64 bits: a whole `multipleOf`, and bounds
/// within them. Without bounds `numeric(38,0)` would look so too.
pub(super) fn fits_integer(schema: &Map<String, Value>) -> bool {
    let number = |key: &str| schema.get(key).and_then(Value::as_f64);
    let bounded = |key: &str| number(key).is_some_and(|bound| bound.abs() < 9.2e18);
    number("multipleOf").is_some_and(|step| step >= 1.0 && step.fract() == 0.0)
        && bounded("minimum")
        && bounded("maximum")
}
