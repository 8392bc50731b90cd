//! The command line that every Singer tap has.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

/// A Singer tap with made-up, repeatable data.
#[derive(Debug, Parser)]
#[command(name = "tap-sample", version, args_override_self = true)]
pub(crate) struct Args {
    /// The config, a JSON object; see --about for its settings
    #[arg(long, short, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Print the catalog of everything there is
    #[arg(long, short)]
    pub(crate) discover: bool,

    /// The catalog with what to read; without it everything is read
    #[arg(long, visible_alias = "properties", value_name = "FILE")]
    pub(crate) catalog: Option<PathBuf>,

    /// The state of an earlier run, to go on from
    #[arg(long, short, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,

    /// Print what this tap is and which settings it has
    #[arg(long)]
    pub(crate) about: bool,

    /// The format of --about
    #[arg(long, value_enum, default_value_t = Format::Json)]
    pub(crate) format: Format,
}

/// The formats of `--about`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// One JSON object
    Json,
}
