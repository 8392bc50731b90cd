//! The command line: the commands of [`airbyte_singer_runtime::cli`] with `--tap` and its kin, and the
//! converters.

mod convert;

use self::convert::Convert;
use crate::options::OptionSet;
use crate::process::supervisor;
use crate::profile;
use crate::source::TapSource;
use airbyte_protocol::{Message, Trace};
use airbyte_singer_runtime::cli::{Logging, ProtocolCommand};
use airbyte_singer_runtime::{Error, Outcome, Result, Session};
use airbyte_singer_toolkit::Sample;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use serde::de::DeserializeOwned;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Run a Singer tap (or a built-in source) as an Airbyte source.
///
/// Every flag can also be set by the environment variable that stands behind it. What is unsaid
/// there is looked for in the config under the key `__airbyte_singer` (except what decides which
/// program runs), then in the profile. Called through a link named `source-x`, the program loads
/// the profile `source-x.yaml` from the folder AIRBYTE_SINGER_PROFILES.
#[derive(Debug, Parser)]
#[command(
    name = "airbyte-singer",
    version,
    arg_required_else_help = true,
    after_help = "Exit codes: 0 done (also a check whose answer is FAILED), 1 the command failed and \
        an ERROR trace says why, 2 the command line is wrong.\n\n\
        Example:\n  airbyte-singer discover --tap tap-postgres --config config.json"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// A profile: a YAML file that names a tap, its options and corrections to its streams
    #[arg(long, value_name = "FILE", global = true, env = "AIRBYTE_SINGER_PROFILE")]
    profile: Option<PathBuf>,
    #[command(flatten)]
    options: OptionSet,
    #[command(flatten)]
    logging: Logging,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(flatten)]
    Protocol(ProtocolCommand),
    /// Translate catalogs, states, messages and settings without running a tap
    ///
    /// A catalog, a state or a spec comes out bare, as a file to keep, with what is to be said about
    /// it on stderr; messages come out as a read's. Like every other command's, a failure is an
    /// ERROR trace on stdout and exit code 1.
    #[command(subcommand)]
    Convert(Convert),
}

/// Says where a fault of ours is. The words of a panic may hold data, and stderr isn't masked.
fn own_fault(panic: &std::panic::PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let _ = writeln!(
        std::io::stderr(),
        "a fault of airbyte-singer itself at {place}; please report it"
    );
}

/// The whole program.
pub fn main() -> ExitCode {
    if supervisor::is_done_as_supervisor() {
        return ExitCode::SUCCESS;
    }
    std::panic::set_hook(Box::new(own_fault));
    let (cli, flags) = parse();
    let session = match &cli.command {
        Command::Convert(convert) if convert.gives_a_document() => cli.logging.open_beside(),
        _ => cli.logging.open(),
    };
    let outcome =
        resolve(cli.options, cli.profile.as_deref()).and_then(|(said, profile)| {
            match cli.command {
                Command::Protocol(command) => start(said, profile, &flags, command, &session),
                Command::Convert(convert) => convert.run(said.or(profile), &session),
            }
        });
    let outcome = outcome.unwrap_or_else(|error| refuse(&session, &error));
    session.journal.finish();
    outcome.exit()
}

/// Parses the command line, and says which options are set there rather than by a variable. A tap
/// or a source named by a flag silences the variable of the other.
fn parse() -> (Cli, Vec<&'static str>) {
    let matches = Cli::command().get_matches();
    let mut cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let by_flag = |id: &str| matches.value_source(id) == Some(ValueSource::CommandLine);
    let names = cli.options.set().map(|(name, _)| name);
    let flags = names.filter(|name| by_flag(name)).collect();
    let options = &mut cli.options;
    if options.tap.is_some() && options.source.is_some() {
        match (by_flag("tap"), by_flag("source")) {
            (true, false) => options.source = None,
            (false, true) => options.tap = None,
            _ => Cli::command()
                .error(ErrorKind::ArgumentConflict, "--tap and --source can't be used together")
                .exit(),
        }
    }
    (cli, flags)
}

/// The native sources that are built in, for `--source` and for errors.
const NATIVE: &[&str] = if cfg!(feature = "http") { &["http", "sample"] } else { &["sample"] };

/// Runs the command on the source that the options name.
fn start(
    said: OptionSet,
    profile: OptionSet,
    flags: &[&str],
    command: ProtocolCommand,
    session: &Session,
) -> Result<Outcome> {
    let command = command.into();
    let options = said.clone().or(profile.clone());
    if let Some(source) = options.source.as_deref().filter(|name| NATIVE.contains(name)) {
        refuse_options_of_taps(source, &said, &profile, flags)?;
    }
    match options.source.as_deref() {
        None => {
            Ok(airbyte_singer_runtime::run(&mut TapSource::new(said, profile)?, &command, session))
        }
        #[cfg(feature = "http")]
        Some("http") => {
            let mut http = airbyte_singer_toolkit::Native::new(airbyte_singer_http::Http);
            Ok(airbyte_singer_runtime::run(&mut http, &command, session))
        }
        Some("sample") => Ok(airbyte_singer_runtime::run(&mut Sample, &command, session)),
        Some(name) => Err(Error::config(format!(
            "there is no built-in source `{name}`; there is: {}",
            NATIVE.join(", ")
        ))),
    }
}

/// A built-in source takes none of a tap's options. What were to be left out in silence would look as
/// if it held.
fn refuse_options_of_taps(
    source: &str,
    said: &OptionSet,
    profile: &OptionSet,
    flags: &[&str],
) -> Result<()> {
    // Which of the two is run is settled.
    let of_taps = |name: &&str| *name != "tap" && *name != "source";
    let by_user = said.set().map(|(name, _)| name).filter(of_taps).map(|name| {
        if flags.contains(&name) {
            format!("--{}", name.replace('_', "-"))
        } else {
            format!("the environment variable AIRBYTE_SINGER_{}", name.to_uppercase())
        }
    });
    let by_profile = profile.set().map(|(name, _)| name).filter(of_taps);
    let by_profile = by_profile.map(|name| format!("`{name}` in the profile"));
    let refused: Vec<String> = by_user.chain(by_profile).collect();
    if refused.is_empty() {
        return Ok(());
    }
    Err(Error::config(format!(
        "the built-in source `{source}` doesn't take the options of taps: {}",
        refused.join(", ")
    )))
}

/// A command that can't even begin fails like one that did: with an ERROR trace.
fn refuse(session: &Session, error: &Error) -> Outcome {
    if error.is_closed() {
        return Outcome::Done;
    }
    let at = u64::try_from(airbyte_singer_runtime::now_millis()).unwrap_or(0);
    let trace = error.to_trace(|text| session.secrets.mask_own(text).into_owned());
    session.journal.finish();
    let _ = session.output.message(&Message::Trace(Trace::error(trace, at)));
    Outcome::Failed
}

/// What the user said by flags and environment, and the profile. Between the two stands the
/// config's reserved key, which the source asks when it has the config.
fn resolve(flags: OptionSet, profile: Option<&Path>) -> Result<(OptionSet, OptionSet)> {
    let tap_arg = match flags.tap_arg {
        Some(args) => Some(args),
        None => list_in_environment("AIRBYTE_SINGER_TAP_ARG")?,
    };
    let batch_dir = match flags.batch_dir {
        Some(folders) => Some(folders),
        None => list_in_environment("AIRBYTE_SINGER_BATCH_DIR")?,
    };
    let said = OptionSet { tap_arg, batch_dir, ..flags };
    let program = std::env::args_os().next();
    let profile = profile::find(profile, program.as_deref(), said.names_what_runs())?;
    Ok((said, profile))
}

/// Lists stand in the environment as JSON arrays.
fn list_in_environment<T: DeserializeOwned>(name: &str) -> Result<Option<Vec<T>>> {
    match std::env::var(name) {
        Ok(text) if !text.is_empty() => serde_json::from_str(&text).map(Some).map_err(|_| {
            Error::config(format!("environment variable {name}: expected a JSON array of strings"))
        }),
        _ => Ok(None),
    }
}
