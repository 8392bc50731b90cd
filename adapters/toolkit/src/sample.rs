use airbyte_protocol::{
    Catalog, ConfiguredStream, ConnectionStatus, Specification, StateInput, Stream, SyncMode,
};
use airbyte_singer_runtime::{
    Config, Context, Emitter, Error, ReadJob, Result, Source, StreamId, nearest_stream, now_millis,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::fmt::Write;

/// A source that makes its own data, the same for the same settings: for trying a platform, for
/// measuring, and as the second source that keeps the runner's trait honest.
///
/// * `products` is read in full each time.
/// * `orders` is incremental by `updated_at`, in one slice a day with a state after each; a
///   resumed read begins at the last row again (its cursor is inclusive, as most are).
///
/// `{}` is a valid config.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sample;

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    products: u64,
    days: u64,
    orders_per_day: u64,
    seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { products: 50, days: 10, orders_per_day: 20, seed: 1 }
    }
}

impl Settings {
    fn of(config: &Config) -> Result<Self> {
        serde_json::from_value(Value::Object(config.values().clone()))
            .map_err(|_| Error::config("the config holds a setting that `sample` doesn't know"))
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn products() -> Stream {
    let schema = json!({"type": "object", "properties": {
        "id": {"type": "integer"},
        "name": {"type": "string"},
        "price": {"type": "number"},
        "tags": {"type": ["null", "array"], "items": {"type": "string"}},
    }});
    let mut stream = Stream::new("products", object(schema));
    stream.source_defined_primary_key = vec![vec!["id".to_owned()]];
    stream.is_resumable = Some(false);
    stream
}

fn orders() -> Stream {
    let schema = json!({"type": "object", "properties": {
        "id": {"type": "integer"},
        "product_id": {"type": "integer"},
        "quantity": {"type": "integer"},
        "note": {"type": ["null", "string"]},
        "updated_at": {"type": "string", "format": "date-time",
            "airbyte_type": "timestamp_with_timezone"},
    }});
    let mut stream = Stream::new("orders", object(schema));
    stream.supported_sync_modes = vec![SyncMode::FullRefresh, SyncMode::Incremental];
    stream.source_defined_primary_key = vec![vec!["id".to_owned()]];
    stream.source_defined_cursor = Some(true);
    stream.default_cursor_field = vec!["updated_at".to_owned()];
    stream.is_resumable = Some(true);
    stream
}

impl Source for Sample {
    async fn spec(&mut self, _: &Context) -> Result<Specification> {
        let count = |title: &str, description: &str, default: u64| {
            json!({"type": "integer", "minimum": 0, "title": title,
                "description": description, "default": default})
        };
        let Settings { products, days, orders_per_day, seed } = Settings::default();
        let mut spec = Specification::new(object(json!({
            "$schema": "http://json-schema.org/draft-07/schema#",
            "title": "Sample",
            "type": "object",
            "additionalProperties": true,
            "properties": {
                "products": count("Products", "Rows of the stream products", products),
                "days": count("Days", "Days of orders; each is a slice", days),
                "orders_per_day": count("Orders a day", "Rows of each slice", orders_per_day),
                "seed": count("Seed", "Another seed gives other data", seed),
            },
        })));
        spec.documentation_url = Some("https://docs.airbyte.com/".to_owned());
        Ok(spec)
    }

    async fn check(&mut self, config: &Config, _: &Context) -> Result<ConnectionStatus> {
        Settings::of(config).map(|_| ConnectionStatus::succeeded())
    }

    async fn discover(&mut self, _: &Config, _: &Context) -> Result<Catalog> {
        Ok(Catalog::new(vec![products(), orders()]))
    }

    async fn read(&mut self, job: ReadJob, emitter: &Emitter, context: &Context) -> Result<()> {
        let settings = Settings::of(&job.config)?;
        let failed = end_unknown(&job, emitter)?;
        for configured in &job.catalog.streams {
            let Some(id) = emitter.lock().id(&configured.descriptor()) else { continue };
            match configured.stream.name.as_str() {
                _ if configured.stream.namespace.is_some() => {}
                "products" => read_products(settings, id, emitter, context).await?,
                "orders" => {
                    let after = cursor(configured, &job.state)?;
                    read_orders(settings, after, id, emitter, context).await?;
                }
                _ => {}
            }
        }
        failed.map_or(Ok(()), Err)
    }
}

/// Ends the configured streams that there are not, and tells of them, before anything is read: the
/// error of the first one.
fn end_unknown(job: &ReadJob, emitter: &Emitter) -> Result<Option<Error>> {
    let offered = [products(), orders()].map(|stream| stream.descriptor());
    let mut first = None;
    for configured in &job.catalog.streams {
        let descriptor = configured.descriptor();
        if offered.contains(&descriptor) {
            continue;
        }
        let text = match nearest_stream(&descriptor, &offered) {
            Some(near) => {
                format!("the source has no stream {descriptor}; did you mean {near}?")
            }
            None => format!("the source has no stream {descriptor}"),
        };
        tracing::warn!("{text}");
        let mut floor = emitter.lock();
        if let Some(id) = floor.id(&descriptor) {
            floor.end(id, false)?;
        }
        first.get_or_insert_with(|| Error::config(text).in_stream(descriptor));
    }
    Ok(first)
}

/// The cursor that an earlier read of this stream left: (day, order of that day).
fn cursor(stream: &ConfiguredStream, state: &StateInput) -> Result<Option<(u64, u64)>> {
    if stream.sync_mode == SyncMode::FullRefresh {
        return Ok(None);
    }
    let descriptor = stream.descriptor();
    let foreign = || {
        Error::config(format!("the state of {descriptor} was not written by this source; reset it"))
    };
    let states = match state {
        StateInput::Empty => return Ok(None),
        StateInput::PerStream(states) => states,
        StateInput::Global(global) => &global.stream_states,
        StateInput::Legacy(_) => return Err(foreign()),
    };
    let own = states.iter().rev().find(|state| state.stream_descriptor == descriptor);
    let Some(blob) = own.and_then(|state| state.stream_state.as_ref()) else { return Ok(None) };
    let part = |key: &str| blob.get(key).and_then(Value::as_u64);
    match (part("day"), part("order")) {
        (Some(day), Some(order)) => Ok(Some((day, order))),
        _ if blob.is_null() || blob.as_object().is_some_and(Map::is_empty) => Ok(None),
        _ => Err(foreign()),
    }
}

async fn read_products(
    settings: Settings,
    id: StreamId,
    emitter: &Emitter,
    context: &Context,
) -> Result<()> {
    emitter.lock().start(id)?;
    let mut line = String::new();
    for n in 0..settings.products {
        let random = mix(settings.seed ^ n);
        line.clear();
        let _ = write!(
            line,
            r#"{{"id":{n},"name":"Product {n} \u2603","price":{}.{:02},"tags":"#,
            random % 1000,
            random % 100
        );
        line.push_str(if n.is_multiple_of(3) { "null}" } else { r#"["new","blue"]}"# });
        emitter.lock().handle(id).record(line.as_bytes(), now_millis(), &[])?;
        breathe(n, context).await?;
    }
    emitter.lock().end(id, true)
}

async fn read_orders(
    settings: Settings,
    after: Option<(u64, u64)>,
    id: StreamId,
    emitter: &Emitter,
    context: &Context,
) -> Result<()> {
    emitter.lock().start(id)?;
    let (first_day, first_order) = after.unwrap_or((0, 0));
    let mut line = String::new();
    let mut last = None;
    for day in first_day..settings.days {
        let from = if day == first_day { first_order } else { 0 };
        for order in from..settings.orders_per_day {
            let n = day * settings.orders_per_day + order;
            let random = mix(settings.seed.wrapping_add(n));
            line.clear();
            let _ = write!(
                line,
                r#"{{"id":{n},"product_id":{},"quantity":{},"note":{},"updated_at":"{}"}}"#,
                random % settings.products.max(1),
                1 + random % 9,
                if n.is_multiple_of(5) { "null" } else { r#""gift""# },
                moment(day, order)
            );
            emitter.lock().handle(id).record(line.as_bytes(), now_millis(), &[])?;
            last = Some((day, order));
            breathe(n, context).await?;
        }
        if let Some((day, order)) = last {
            let state = json!({"day": day, "order": order, "updated_at": moment(day, order)});
            emitter.lock().state(id, state)?;
        }
    }
    let mut floor = emitter.lock();
    if last.is_none()
        && let Some((day, order)) = after
    {
        let state = json!({"day": day, "order": order, "updated_at": moment(day, order)});
        floor.state(id, state)?;
    }
    floor.end(id, true)
}

/// Lets the runner look at signals now and then.
async fn breathe(n: u64, context: &Context) -> Result<()> {
    if n.is_multiple_of(1024) {
        tokio::task::yield_now().await;
        if let Some(signal) = context.stop.signal() {
            return Err(Error::transient(format!("stopped by {}", signal.name())));
        }
    }
    Ok(())
}

/// The time of an order: RFC 3339, days from 2024-01-01 on, at most 28 a month so that every
/// date exists, orders a second apart.
fn moment(day: u64, order: u64) -> String {
    let (month, year) = (day / 28 % 12 + 1, 2024 + day / 336);
    let (hour, minute, second) = (order / 3600 % 24, order / 60 % 60, order % 60);
    format!("{year}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}Z", day % 28 + 1)
}

/// Spreads the bits of a number (the finaliser of SplitMix64): data that looks random and isn't.
fn mix(n: u64) -> u64 {
    let mut z = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
