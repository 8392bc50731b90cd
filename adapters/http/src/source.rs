//! The source `http`: one API of REST or GraphQL, described in the config.

mod changes;
mod config;
mod cursor;
mod family;
mod format;
mod names;
mod pages;
mod plan;
mod rules;
mod sent;
mod stream;
mod tagged;
mod template;
mod windows;

use crate::{Api, Budget, Retry};
use airbyte_singer_runtime::{Error, Result};
use airbyte_singer_toolkit::{Connection, Connector, Setting, Streams};
use config::Settings;
use std::time::Duration;

/// Streams of an API that the config describes: where they are, how they are paged, what is new. So
/// most APIs need no code of their own.
///
/// ```
/// use airbyte_singer_sdk::sources::Http;
/// use airbyte_singer_sdk::{testing, toolkit::Native};
///
/// let spec = testing::spec(&mut Native::new(Http)).spec();
/// assert_eq!(spec.connection_specification["required"], serde_json::json!(["url", "streams"]));
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct Http;

impl Connector for Http {
    type Config = Settings;

    async fn streams(&self, config: Settings, connection: &Connection) -> Result<Streams> {
        names::check_shared(&config)?;
        let given = connection.setting(&Setting::from("streams"));
        names::check_unfilled(&config.streams, given.as_ref())?;
        let api = api(&config, connection)?;
        plan::streams(config.streams, &api, config.max_record_bytes)
    }

    fn workers(&self, config: &Settings) -> usize {
        config.workers.map_or(4, usize::from)
    }
}

/// The API, as far as it is the same for all streams.
fn api(config: &Settings, connection: &Connection) -> Result<Api> {
    let api = Api::new(&config.url)
        .map_err(|error| error.prefaced("the config is not valid: setting `url`: "))?;
    let mut api = api.auth(config.auth.clone().auth(connection)?);
    for (name, value) in &config.headers {
        api = api.header(name, value.expose());
    }
    for (name, value) in &config.query {
        api = api.query(name, template::Template::plain_text(value.as_str()));
    }
    let mut budget = Budget::new();
    if let Some(calls) = config.calls_per_second {
        let interval = Duration::try_from_secs_f64(1.0 / calls).ok().filter(|_| calls > 0.0);
        let interval = interval.ok_or_else(|| {
            Error::config("the config is not valid: setting `calls_per_second` must be above zero")
        })?;
        budget = budget.per(interval, 1);
    }
    if let Some(calls) = config.calls_at_once {
        budget = budget.at_once(calls);
    }
    let mut retry = Retry::new();
    if let Some(tries) = config.retry.tries {
        retry = retry.tries(tries);
    }
    if let Some(seconds) = config.retry.longest_wait_seconds {
        retry = retry.patience(Duration::from_secs(seconds));
    }
    if let Some(pointer) = &config.retry.wait_pointer {
        crate::pointer::check(pointer).map_err(|error| {
            error.prefaced("the config is not valid: setting `retry.wait_pointer`: ")
        })?;
        api = api.wait_at(pointer);
    }
    let rules = rules::Rules::new(&config.rules)
        .map_err(|error| error.prefaced("the config is not valid: setting `rules`: "))?;
    Ok(api.budget(budget).retry(retry).classify(move |answer| rules.verdict(answer)))
}
