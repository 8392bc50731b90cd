//! Log lines that are JSON objects.

use serde_json::{Map, Value};

use super::metric::{self, Metric};
use super::{Kind, Level, LevelSource, LogLine};
use crate::metadata::text;

/// Reads a log line that is a JSON object with words in it; `None` for everything else.
pub(super) fn line(line: &str) -> Option<LogLine<'static>> {
    if !line.starts_with('{') {
        return None;
    }
    let object: Map<String, Value> = serde_json::from_str(line).ok()?;
    let first = |keys: &[&str]| keys.iter().find_map(|key| text(object.get(*key)));
    let message = first(&["message", "msg", "event"])?.to_owned();
    let level = first(&["level", "levelname", "severity", "log_level"]).and_then(Level::of);
    let source = if level.is_some() { LevelSource::Said } else { LevelSource::Unknown };
    let logger = first(&["logger_name", "logger", "name"]).map(|logger| logger.to_owned().into());
    let nested = ["metric_info", "point"].iter().find_map(|key| object.get(*key)?.as_object());
    let metric = nested.and_then(Metric::of).or_else(|| metric::of_message(&message));
    let thrown = ["exception", "exc_info"].iter().find_map(|key| object.get(*key));
    Some(LogLine {
        logger,
        kind: metric.map_or(Kind::Plain, Kind::Metric),
        exception: thrown.and_then(own_line),
        stack_trace: thrown.and_then(stack_trace),
        ..LogLine::new(level.unwrap_or(Level::Info), source, message)
    })
}

/// `module.Type: words` of an exception, as a traceback's last line would say it.
fn own_line(thrown: &Value) -> Option<String> {
    let Value::Object(thrown) = thrown else {
        return super::traceback::exceptions_in(thrown.as_str()?).split().0;
    };
    let name = text(thrown.get("type"))?;
    let name = match text(thrown.get("module")) {
        None | Some("builtins") => name.to_owned(),
        Some(module) => format!("{module}.{name}"),
    };
    Some(match text(thrown.get("message")) {
        Some(message) => format!("{name}: {message}"),
        None => name,
    })
}

/// The traceback of an exception, told as Python tells it: causes first.
fn stack_trace(thrown: &Value) -> Option<String> {
    let Value::Object(object) = thrown else { return thrown.as_str().map(str::to_owned) };
    let mut told = String::new();
    let causes = [
        ("cause", "The above exception was the direct cause of the following exception:"),
        ("context", "During handling of the above exception, another exception occurred:"),
    ];
    for (key, words) in causes {
        if let Some(cause) = object.get(key).filter(|cause| cause.is_object()) {
            told.push_str(&stack_trace(cause)?);
            told.push_str(&format!("\n\n{words}\n\n"));
        }
    }
    told.push_str("Traceback (most recent call last):\n");
    for frame in object.get("traceback").and_then(Value::as_array).into_iter().flatten() {
        let part = |key| text(frame.get(key)).unwrap_or("?").trim();
        let number = frame.get("lineno").cloned().unwrap_or(Value::Null);
        let (file, function) = (part("filename"), part("function"));
        told.push_str(&format!("  File \"{file}\", line {number}, in {function}\n"));
        told.push_str(&format!("    {}\n", part("line")));
    }
    told.push_str(&own_line(thrown)?);
    Some(told)
}
