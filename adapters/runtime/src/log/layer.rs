use super::Journal;
use airbyte_protocol::{Level, Log};
use std::fmt::{self, Write};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

/// Libraries that tell what goes over the wire, which isn't theirs to tell.
const SILENCED: [&str; 2] = ["h2", "hyper_util"];

/// Turns `tracing` events into LOG messages, which the [`Journal`] writes.
///
/// Fields stand behind the message as `key=value`, because LOG has no others. Three fields are
/// special: `stack_trace` becomes LOG's own, `fatal = true` raises an error to FATAL, and
/// `heard = true` says that somebody else may say any number of such lines ([`Journal::hear`]).
///
/// What an author of a source logs is passed like our own; only libraries that are known to tell data
/// are silenced.
pub struct LogLayer {
    journal: Journal,
    level: tracing::Level,
}

impl LogLayer {
    /// A layer that passes events of `level` and graver ones.
    pub fn new(journal: Journal, level: tracing::Level) -> Self {
        Self { journal, level }
    }
}

impl<S: Subscriber> Layer<S> for LogLayer {
    fn enabled(&self, metadata: &tracing::Metadata<'_>, _: Context<'_, S>) -> bool {
        let speaker = metadata.target().split("::").next().unwrap_or_default();
        *metadata.level() <= self.level && !SILENCED.contains(&speaker)
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let level = match *event.metadata().level() {
            _ if fields.fatal => Level::Fatal,
            tracing::Level::ERROR => Level::Error,
            tracing::Level::WARN => Level::Warn,
            tracing::Level::INFO => Level::Info,
            tracing::Level::DEBUG => Level::Debug,
            tracing::Level::TRACE => Level::Trace,
        };
        let message = fields.message + &fields.rest;
        let line = Log { level, message, stack_trace: fields.stack_trace };
        match fields.heard {
            true => self.journal.hear(line),
            false => self.journal.write(line),
        }
    }
}

#[derive(Default)]
struct Fields {
    message: String,
    rest: String,
    stack_trace: Option<String>,
    fatal: bool,
    heard: bool,
}

impl Visit for Fields {
    fn record_bool(&mut self, field: &Field, value: bool) {
        match field.name() {
            "fatal" => self.fatal = value,
            "heard" => self.heard = value,
            _ => self.record_debug(field, &value),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => self.message.push_str(value),
            "stack_trace" if value.is_empty() => {}
            "stack_trace" => self.stack_trace = Some(value.to_owned()),
            name => {
                // Writing to a String never fails.
                let _ = write!(self.rest, " {name}={value}");
            }
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.rest, " {name}={value:?}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Output, Secrets, Written};
    use tracing_subscriber::layer::SubscriberExt;

    #[test]
    fn authors_are_heard_and_who_tells_data_is_not() {
        let written = Written::default();
        let journal = Journal::new(Output::new(written.clone()), Secrets::default());
        let layer = LogLayer::new(journal.clone(), tracing::Level::DEBUG);
        tracing::subscriber::with_default(
            tracing_subscriber::Registry::default().with(layer),
            || {
                tracing::debug!(target: "shop::orders", "a page of orders");
                tracing::debug!(target: "h2::codec", "a frame");
                tracing::trace!(target: "shop::orders", "too much");
            },
        );
        journal.settle();
        let text = written.text();
        assert!(text.contains("a page of orders"), "{text}");
        assert!(!text.contains("a frame") && !text.contains("too much"), "{text}");
    }
}
