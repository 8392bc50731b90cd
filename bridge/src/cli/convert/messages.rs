//! `convert messages`

use super::input::{self, Input};
use crate::options::OptionSet;
use crate::source::{Piped, accept};
use airbyte_protocol::StateInput;
use airbyte_singer_runtime::{Config, Outcome, Result, Session};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The configured catalog: the streams to pass on [default: those that show up]
    #[arg(long, value_name = "FILE", env = "AIRBYTE_SINGER_CATALOG")]
    catalog: Option<PathBuf>,
    /// The tap's own catalog, by which its names are known; without it they are presumed
    #[arg(long, value_name = "FILE", env = "AIRBYTE_SINGER_SINGER_CATALOG")]
    singer_catalog: Option<PathBuf>,
    /// What the tap was started from: its Singer state, or the Airbyte states that this was made of
    #[arg(long, value_name = "FILE", env = "AIRBYTE_SINGER_STATE")]
    state: Option<PathBuf>,
    #[command(flatten)]
    input: Input,
}

/// Passes the messages on. What can't even begin is an error; the rest is an outcome.
pub(super) fn run(args: Args, options: OptionSet, session: &Session) -> Result<Outcome> {
    let configured = args.catalog.as_deref().map(input::configured).transpose()?;
    let tap_catalog = args.singer_catalog.as_ref().or(options.tap_catalog.as_ref());
    let tap_catalog = tap_catalog.map(|path| input::singer_catalog(path)).transpose()?;
    let state = match &args.state {
        None => StateInput::Empty,
        Some(path) => StateInput::parse(&input::file("state", path)?)
            .map_err(|error| error.to_string())
            .and_then(|state| accept(state, &Config::default()))
            .map_err(|reason| input::wrong("state", path, reason))?,
    };
    let piped = Piped { input: args.input.open()?, options, configured, tap_catalog, state };
    let output = session.output.clone();
    Ok(airbyte_singer_runtime::perform(session, async |context| piped.run(output, context).await))
}
