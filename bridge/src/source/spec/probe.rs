//! What a tap tells about itself without touching its source: `--about`, `--help`.

use crate::failure;
use crate::options::{CatalogFlag, OptionSet};
use crate::source::spec::Flags;
use crate::source::workdir::Site;
use crate::tap::{Bounds, Captured, Folder, RunError, TapCommand, Voice, capture};
use crate::translate::spec;
use airbyte_protocol::Specification;
use airbyte_singer_runtime::{Context, Error, Result, read_named};
use serde_json::Value;
use std::ffi::OsString;
use std::time::Duration;

/// A Python tap takes a second or two to say what it is, in a few kilobytes. One that doesn't know
/// the flag may begin to sync instead, which is no answer.
const BOUNDS: Bounds = Bounds { timeout: Duration::from_secs(60), bytes: 4 * 1024 * 1024 };

/// What is known of a tap's settings.
pub(in crate::source) struct Told {
    pub(in crate::source) spec: Specification,
    /// Whether the spec is only a guess. One that the user gives as an Airbyte spec is not; what is
    /// made from `--about`, from a hub definition or from nothing is.
    pub(in crate::source) is_a_guess: bool,
    /// The catalog's flags, where something that the tap has said already tells them.
    pub(in crate::source) listed: Option<Listed>,
}

/// The spec of a tap: given, or made from what is given, or asked of the tap.
pub(in crate::source) async fn spec(
    tap: &TapCommand,
    options: &OptionSet,
    site: &Site,
    context: &Context,
) -> Result<Told> {
    let guess = |spec| Told { spec, is_a_guess: true, listed: None };
    if let Some(path) = &options.tap_spec {
        let spec = Specification::parse(&read_named("spec file", path, &context.stop)?)
            .map_err(|error| Error::config(format!("spec file {}: {error}", path.display())))?;
        return Ok(Told { is_a_guess: false, ..guess(spec) });
    }
    if let Some(path) = &options.tap_about {
        let text = read_named("about file", path, &context.stop)?;
        let fail =
            |reason: String| Error::config(format!("about file {}: {reason}", path.display()));
        return Ok(guess(definition(&text).map_err(fail)?));
    }
    let captured = match capture_words(tap, &["--about", "--format=json"], site, context).await {
        Err(RunError::Timeout(..) | RunError::TooMuch(_)) => None,
        other => Some(other.map_err(|error| told(tap, &error))?),
    };
    let Some(captured) = captured else { return Ok(guess(spec::open())) };
    let help = refuse_broken(tap, &captured, site, context).await?;
    let about = singer_protocol::About::parse(&captured.stdout).ok();
    Ok(match about.filter(|_| captured.ended.is_success()) {
        Some(about) => {
            let listed = Flags::among(&about.capabilities).map(|flags| Listed(Some(flags)));
            Told { listed, ..guess(spec::from_about(&about)) }
        }
        None => {
            let usage = || Flags::in_usage(&captured.words.recent());
            let listed = help.or_else(|| usage().map(|flags| Listed(Some(flags))));
            Told { listed, ..guess(spec::open()) }
        }
    })
}

/// Fails for a tap that can't even say what it can do, because its environment lacks a module: it
/// can't do anything else either, and one sentence now spares the same one later. That `--about`
/// alone fails so proves nothing, so help is asked too, and then what it lists is known.
async fn refuse_broken(
    tap: &TapCommand,
    about: &Captured,
    site: &Site,
    context: &Context,
) -> Result<Option<Listed>> {
    if !failure::lacks_a_module(about.ended, &about.words.last()) {
        return Ok(None);
    }
    match capture_words(tap, &["--help"], site, context).await {
        Ok(help) if failure::lacks_a_module(help.ended, &help.words.last()) => {
            Err(failure::ended(tap.short_name(), "--help", help.ended, &help.words.last(), None))
        }
        Ok(help) => Ok(Some(listed(&help))),
        Err(RunError::Timeout(..) | RunError::TooMuch(_)) => Ok(Some(Listed(None))),
        Err(error) => Err(told(tap, &error)),
    }
}

/// What is known of the flags that a tap takes its catalog by, once it was asked; none: nothing is.
#[derive(Debug, Clone, Copy)]
pub(in crate::source) struct Listed(pub(in crate::source) Option<Flags>);

/// What the option says of the flags, or what the tap has said of them, or else what its help lists.
pub(in crate::source) async fn flags(
    tap: &TapCommand,
    option: CatalogFlag,
    asked: Option<Listed>,
    site: &Site,
    context: &Context,
) -> Result<Listed> {
    let said = |catalog, properties| Ok(Listed(Some(Flags { catalog, properties })));
    match (option, asked) {
        (CatalogFlag::Catalog, _) => said(true, false),
        (CatalogFlag::Properties, _) => said(false, true),
        (CatalogFlag::Both, _) => said(true, true),
        (CatalogFlag::None, _) => said(false, false),
        (CatalogFlag::Auto, Some(listed)) => Ok(listed),
        (CatalogFlag::Auto, None) => match capture_words(tap, &["--help"], site, context).await {
            Err(RunError::Timeout(..) | RunError::TooMuch(_)) => Ok(Listed(None)),
            Err(error) => Err(told(tap, &error)),
            Ok(help) => Ok(listed(&help)),
        },
    }
}

fn listed(help: &Captured) -> Listed {
    Listed(Flags::in_help(&String::from_utf8_lossy(&help.stdout)))
}

fn told(tap: &TapCommand, error: &RunError) -> Error {
    failure::run_error(tap.short_name(), "telling what it is", error)
}

/// Runs the tap with a flag that only makes it talk.
async fn capture_words(
    tap: &TapCommand,
    args: &[&str],
    site: &Site,
    context: &Context,
) -> Result<Captured, RunError> {
    let folder = Folder::new().map_err(|error| {
        let error = failure::unwritten("the tap's private folder", &error);
        RunError::Start(error.message().to_owned())
    })?;
    let args: Vec<OsString> = args.iter().map(OsString::from).collect();
    let cancel = async {
        context.stop.wait().await;
    };
    let voice = Voice::hushed(&context.secrets);
    capture(tap, &args, &site.work(&folder), voice, BOUNDS, cancel).await
}

/// The spec in what a tap says to `--about`, log lines around it or not, or in a definition of the
/// Meltano hub, in JSON or YAML.
///
/// # Errors
///
/// It is none of these; the sentence says what was expected.
pub fn definition(text: &[u8]) -> Result<Specification, String> {
    let told = yaml(text)
        .map_err(|reason| format!("neither JSON nor YAML: {reason}"))
        .and_then(|definition| spec::from_definition(&definition).map_err(str::to_owned));
    told.or_else(|reason| match singer_protocol::About::parse(text) {
        Ok(about) if about.settings.is_some() => Ok(spec::from_about(&about)),
        _ => Err(reason),
    })
}

/// Reads YAML, of which JSON is a part.
fn yaml(bytes: &[u8]) -> Result<Value, String> {
    serde_json::from_slice(bytes).or_else(|_| {
        let text = std::str::from_utf8(bytes).map_err(|_| "not UTF-8".to_owned())?;
        crate::yaml::parse(text)
    })
}
