//! Log lines as singer-python writes them: the level, then the words, on stderr.

use std::io::{self, Write};
use std::time::Duration;

use serde_json::{Value, json};

pub(crate) fn info(words: &str) {
    line("INFO ", words);
}

pub(crate) fn warning(words: &str) {
    line("WARNING ", words);
}

pub(crate) fn critical(words: &str) {
    line("CRITICAL ", words);
}

/// The rows and the time that a stream took.
pub(crate) fn metrics(stream: &str, rows: u64, took: Duration) {
    let tags = json!({"stream": stream});
    metric(&json!({"type": "counter", "metric": "record_count", "value": rows, "tags": tags}));
    let seconds = took.as_secs_f64();
    metric(&json!({"type": "timer", "metric": "job_duration", "value": seconds, "tags": tags}));
}

/// What the interpreter of a Python tap prints when nobody catches an exception.
pub(crate) fn traceback(exception: &str) {
    let frames = "Traceback (most recent call last):\n  File \"tap_sample.py\", line 42, in main\n    \
                  sync(config, catalog, state)\n  File \"tap_sample.py\", line 17, in sync\n    \
                  raise Unavailable(reason)\n";
    line(frames, exception);
}

fn metric(metric: &Value) {
    line("INFO METRIC: ", &metric.to_string());
}

/// A log line that can't be written is no reason to stop reading.
fn line(lead: &str, words: &str) {
    let _ = io::stderr().lock().write_all(format!("{lead}{words}\n").as_bytes());
}
