//! A tap's whole output: however broken, what comes out are whole lines of Airbyte's grammar, and the
//! states count the records.

mod grammar;

use airbyte_protocol::{ConfiguredCatalog, StateInput};
use airbyte_singer::options::{OnMalformed, OptionSet, Span};
use airbyte_singer::source::Piped;
use airbyte_singer_runtime::{Journal, Output, Secrets, Session, perform};
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What a pipe holds at least, so that nobody needs to read while we write.
const PIPE: usize = 64 * 1024;

/// The first byte says how the run is set up, the rest is what the tap writes.
pub fn run(bytes: &[u8]) {
    let Some((choices, said)) = bytes.split_first() else { return };
    let on_malformed = if choices & 1 == 0 { OnMalformed::Fail } else { OnMalformed::Skip };
    let configured = (choices & 2 != 0).then(configured);
    let names = configured.is_some();
    let options = OptionSet {
        on_malformed: Some(on_malformed),
        state_interval: Some(Span(Some(Duration::ZERO))),
        ..OptionSet::default()
    };
    let output = translate(&said[..said.len().min(PIPE)], options, configured);
    grammar::holds(&output, names.then_some(NAMES.as_slice()));
}

const NAMES: [&str; 2] = ["a", "s"];

/// Two streams, one of them without a cursor.
fn configured() -> ConfiguredCatalog {
    let stream = |name: &str| {
        serde_json::json!({
            "stream": {"name": name, "json_schema": {}, "supported_sync_modes": ["full_refresh"]},
            "sync_mode": "full_refresh",
            "destination_sync_mode": "append",
        })
    };
    let catalog = serde_json::json!({"streams": NAMES.map(stream)});
    serde_json::from_value(catalog).expect("a configured catalog")
}

/// What comes out of `convert messages`.
pub fn translate(
    said: &[u8],
    options: OptionSet,
    configured: Option<ConfiguredCatalog>,
) -> Vec<u8> {
    let (input, mut pipe) = std::io::pipe().expect("a pipe");
    pipe.write_all(said).expect("room in the pipe");
    drop(pipe);
    let written = Written::default();
    let output = Output::new(written.clone());
    let secrets = Secrets::default();
    let journal = Journal::new(output.clone(), secrets.clone());
    let session = Session { output: output.clone(), secrets, journal };
    let state = StateInput::Empty;
    let piped = Piped { input: input.into(), options, configured, tap_catalog: None, state };
    perform(&session, async |context| piped.run(output, context).await);
    std::mem::take(&mut *written.0.lock().expect("nobody panics"))
}

/// What was written.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("nobody panics").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
