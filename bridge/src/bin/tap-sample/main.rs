//! `tap-sample`, a Singer tap that needs no account: five streams of made-up but repeatable data.
//!
//! It exists to try `airbyte-singer` on and to test it with, and it shows what a tap written with
//! `singer-protocol` looks like. The same config always gives the same bytes.

mod args;
mod config;
mod log;
mod rows;
mod streams;
mod sync;

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use singer_protocol::{Catalog, State};

use args::Args;
use config::Config;

fn main() -> ExitCode {
    let args = Args::parse();
    match run(&args) {
        Ok(code) => code,
        Err(Failure::ReaderGone) => ExitCode::FAILURE,
        Err(Failure::Critical(words)) => {
            log::critical(&words);
            ExitCode::FAILURE
        }
    }
}

/// Why the tap ended early.
enum Failure {
    /// Whoever read our stdout is gone; there is nobody left to tell.
    ReaderGone,
    /// The words for the user.
    Critical(String),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::ReaderGone,
            kind => Failure::Critical(format!("stdout: {kind}")),
        }
    }
}

impl From<singer_protocol::Error> for Failure {
    fn from(error: singer_protocol::Error) -> Failure {
        Failure::Critical(error.to_string())
    }
}

fn run(args: &Args) -> Result<ExitCode, Failure> {
    let stdout = io::stdout().lock();
    let mut out = BufWriter::with_capacity(1 << 16, stdout);
    if args.about {
        writeln!(out, "{:#}", config::about())?;
        out.flush()?;
        return Ok(ExitCode::SUCCESS);
    }
    let config = match &args.config {
        Some(path) => Config::parse(&read(path)?).map_err(Failure::Critical)?,
        None => Config::default(),
    };
    if args.discover {
        writeln!(out, "{:#}", streams::catalog()?.to_value())?;
        out.flush()?;
        return Ok(ExitCode::SUCCESS);
    }
    let catalog = match &args.catalog {
        Some(path) => Catalog::parse(&read(path)?)?,
        None => streams::everything()?,
    };
    let state = match &args.state {
        Some(path) => State::parse(&read(path)?)?,
        None => State::default(),
    };
    sync::run(&config, &catalog, state, &mut out)
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path)
        .map_err(|error| Failure::Critical(format!("{}: {}", path.display(), error.kind())))
}
