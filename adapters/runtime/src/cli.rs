//! The commands of every source: `spec`, `check`, `discover`, `read` and their flags.
//!
//! Parsing is literal here; files are opened by the runner, so that a missing file is an error of
//! the command (a TRACE on stdout, exit 1) and not of usage (clap's text on stderr, exit 2).

use crate::{Command, Journal, LogLayer, Outcome, Output, Secrets, Session, Source};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::process::ExitCode;
use tracing_subscriber::layer::SubscriberExt;

/// The four commands of the Airbyte protocol.
#[derive(Debug, Clone, Subcommand)]
#[non_exhaustive]
pub enum ProtocolCommand {
    /// Print which settings the source takes (one SPEC message)
    Spec,
    /// Find out whether a config works (one CONNECTION_STATUS message)
    Check {
        /// The file with the settings: a JSON object
        #[arg(long, value_name = "FILE", env = "AIRBYTE_SINGER_CONFIG")]
        config: PathBuf,
    },
    /// List the streams on offer (one CATALOG message)
    Discover {
        /// The file with the settings: a JSON object
        #[arg(long, value_name = "FILE", env = "AIRBYTE_SINGER_CONFIG")]
        config: PathBuf,
    },
    /// Read the configured streams (RECORD, STATE and TRACE messages)
    Read {
        /// The file with the settings: a JSON object
        #[arg(long, value_name = "FILE", env = "AIRBYTE_SINGER_CONFIG")]
        config: PathBuf,
        /// The configured catalog: the streams to read, and how
        #[arg(long, value_name = "FILE", env = "AIRBYTE_SINGER_CATALOG")]
        catalog: PathBuf,
        /// Where an earlier read stopped: its states, as a list
        #[arg(long, value_name = "FILE", env = "AIRBYTE_SINGER_STATE")]
        state: Option<PathBuf>,
    },
}

impl From<ProtocolCommand> for Command {
    fn from(command: ProtocolCommand) -> Self {
        match command {
            ProtocolCommand::Spec => Self::Spec,
            ProtocolCommand::Check { config } => Self::Check { config },
            ProtocolCommand::Discover { config } => Self::Discover { config },
            ProtocolCommand::Read { config, catalog, state } => {
                Self::Read { config, catalog, state }
            }
        }
    }
}

/// How much is logged.
#[derive(Debug, Clone, Args)]
pub struct Logging {
    /// The least grave level that is logged
    #[arg(
        long,
        value_enum,
        default_value = "info",
        global = true,
        value_name = "LEVEL",
        env = "AIRBYTE_SINGER_LOG_LEVEL"
    )]
    pub log_level: LogLevel,
    /// Log everything that helps to find a fault (the same as --log-level debug)
    #[arg(long, global = true, env = "AIRBYTE_SINGER_DEBUG", value_parser = clap::builder::FalseyValueParser::new())]
    pub debug: bool,
}

/// The levels of `--log-level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogLevel {
    /// Failures only
    Error,
    /// Also what the user should look at
    Warn,
    /// Also what goes on
    Info,
    /// Also what helps to find a fault
    Debug,
    /// Everything
    Trace,
}

impl Logging {
    fn level(&self) -> tracing::Level {
        match self.log_level {
            LogLevel::Trace => tracing::Level::TRACE,
            _ if self.debug => tracing::Level::DEBUG,
            LogLevel::Error => tracing::Level::ERROR,
            LogLevel::Warn => tracing::Level::WARN,
            LogLevel::Info => tracing::Level::INFO,
            LogLevel::Debug => tracing::Level::DEBUG,
        }
    }

    /// Opens the door to stdout and lets everything that is logged pass through it.
    pub fn open(&self) -> Session {
        let output = Output::stdout();
        self.open_with(output.clone(), output)
    }

    /// As [`Logging::open`], for a command whose stdout is one document and no messages: what is
    /// logged goes to stderr.
    pub fn open_beside(&self) -> Session {
        self.open_with(Output::stdout(), Output::stderr())
    }

    fn open_with(&self, output: Output, log: Output) -> Session {
        let secrets = Secrets::default();
        secrets.learn_environment();
        let journal = Journal::new(log, secrets.clone());
        let layer = LogLayer::new(journal.clone(), self.level());
        // A second session of the same process keeps the first one's log.
        let _ = tracing::subscriber::set_global_default(
            tracing_subscriber::Registry::default().with(layer),
        );
        Session { output, secrets, journal }
    }
}

#[derive(Debug, Parser)]
#[command(version, about = "An Airbyte source", arg_required_else_help = true)]
struct SourceCli {
    #[command(subcommand)]
    command: ProtocolCommand,
    #[command(flatten)]
    logging: Logging,
}

/// The whole `main` of a connector: parses the command line, runs `source`, ends the process.
///
/// Of a panic only the location is told: its words may hold data, and nothing masks them.
pub fn main<S: Source>(mut source: S) -> ExitCode {
    std::panic::set_hook(Box::new(|info| {
        let text = format!("the source's code panicked{}\n", crate::panics::location(info));
        let _ = Output::stderr().lines(text.as_bytes());
    }));
    let cli = SourceCli::parse();
    execute(&mut source, cli.command, &cli.logging).exit()
}

/// Runs one parsed command on `source`.
pub fn execute<S: Source>(source: &mut S, command: ProtocolCommand, logging: &Logging) -> Outcome {
    let session = logging.open();
    crate::run(source, &command.into(), &session)
}
