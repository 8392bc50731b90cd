//! `convert spec`

use super::input::Input;
use super::page;
use crate::source::definition;
use airbyte_singer_runtime::Result;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    input: Input,
}

/// The spec, bare, as `--tap-spec` takes it: `{"documentationUrl": …, "connectionSpecification": …}`.
pub(super) fn run(args: &Args) -> Result<String> {
    let spec = definition(&args.input.read()?).map_err(|reason| args.input.wrong(reason))?;
    page(&spec)
}
