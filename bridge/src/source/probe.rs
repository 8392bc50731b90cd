//! What a tap tells about itself without touching its source: `--about`, `--help`.

use crate::failure;
use crate::options::{CatalogFlag, OptionSet};
use crate::tap::{Bounds, Captured, Folder, RunError, TapCommand, Voice, capture};
use crate::translate::spec;
use airbyte_adapters::{Context, Error, Result};
use airbyte_protocol::Specification;
use serde_json::Value;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

/// A Python tap takes a second or two to say what it is, in a few kilobytes. One that doesn't know
/// the flag may begin to sync instead, which is no answer.
const BOUNDS: Bounds = Bounds { timeout: Duration::from_secs(60), bytes: 4 * 1024 * 1024 };

/// What is known of a tap's settings.
pub(super) struct Told {
    pub(super) spec: Specification,
    /// Whether the spec is only a guess. One that the user gives as an Airbyte spec is not; what is
    /// made from `--about`, from a hub definition or from nothing is.
    pub(super) is_a_guess: bool,
    /// The catalog's flags, where the tap names them among its capabilities.
    pub(super) flags: Option<Flags>,
}

/// The spec of a tap: given, or made from what is given, or asked of the tap.
pub(super) async fn spec(tap: &TapCommand, options: &OptionSet, context: &Context) -> Result<Told> {
    let guess = |spec| Told { spec, is_a_guess: true, flags: None };
    if let Some(path) = &options.tap_spec {
        let spec = Specification::parse(&file("spec", path)?)
            .map_err(|error| Error::config(format!("spec file {}: {error}", path.display())))?;
        return Ok(Told { is_a_guess: false, ..guess(spec) });
    }
    if let Some(path) = &options.tap_about {
        let text = file("about", path)?;
        let fail = |reason: &str| Error::config(format!("about file {}: {reason}", path.display()));
        return Ok(guess(definition(&text).map_err(fail)?));
    }
    let captured = match capture_words(tap, &["--about", "--format=json"], context).await {
        Err(RunError::Timeout(_) | RunError::TooMuch(_)) => None,
        other => Some(other.map_err(|error| told(tap, &error))?),
    };
    if let Some(captured) = &captured {
        refuse_broken(tap, captured, context).await?;
    }
    let about = captured
        .filter(|captured| captured.ended.is_success())
        .and_then(|captured| singer_protocol::About::parse(&captured.stdout).ok());
    Ok(match about {
        Some(about) => {
            let flags = Flags::among(&about.capabilities);
            Told { flags, ..guess(spec::from_about(&about)) }
        }
        None => guess(spec::open()),
    })
}

/// Fails for a tap that can't even say what it can do, because its environment lacks a module: it
/// can't do anything else either, and one sentence now spares the same one later. That `--about`
/// alone fails so proves nothing.
async fn refuse_broken(tap: &TapCommand, about: &Captured, context: &Context) -> Result<()> {
    if !failure::lacks_a_module(about.ended, &about.words.last()) {
        return Ok(());
    }
    match capture_words(tap, &["--help"], context).await {
        Ok(help) if failure::lacks_a_module(help.ended, &help.words.last()) => {
            Err(failure::ended(tap.short_name(), "--help", help.ended, &help.words.last()))
        }
        _ => Ok(()),
    }
}

/// Which flags the tap takes its catalog and state by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Flags {
    pub(super) catalog: bool,
    pub(super) properties: bool,
}

impl Flags {
    /// What a tap of the SDK says it can do, so that its help need not be asked.
    fn among(capabilities: &[String]) -> Option<Self> {
        let can = |what: &str| capabilities.iter().any(|capability| capability == what);
        can("catalog").then(|| Self { catalog: true, properties: can("properties") })
    }

    /// What the option says, or what the tap's help lists. Where help lists both, both are given:
    /// on every tap tried that equalled the better one. Where help lists `--config` and neither, the
    /// tap takes no catalog, and would refuse the flag. None: help can't be had, or isn't any.
    pub(super) async fn of(
        tap: &TapCommand,
        option: Option<CatalogFlag>,
        known: Option<Self>,
        context: &Context,
    ) -> Result<Option<Self>> {
        let flags = |catalog, properties| Some(Self { catalog, properties });
        Ok(match option.unwrap_or(CatalogFlag::Auto) {
            CatalogFlag::Catalog => flags(true, false),
            CatalogFlag::Properties => flags(false, true),
            CatalogFlag::Both => flags(true, true),
            CatalogFlag::None => flags(false, false),
            CatalogFlag::Auto => {
                if known.is_some() {
                    return Ok(known);
                }
                let help = capture_words(tap, &["--help"], context).await;
                let help = match help {
                    Err(RunError::Timeout(_) | RunError::TooMuch(_)) => Vec::new(),
                    other => other.map_err(|error| told(tap, &error))?.stdout,
                };
                let help = String::from_utf8_lossy(&help);
                let (catalog, properties) =
                    (help.contains("--catalog"), help.contains("--properties"));
                let is_help = catalog || properties || help.contains("--config");
                flags(catalog, properties).filter(|_| is_help)
            }
        })
    }

    /// The arguments that hand `path` to the tap.
    pub(super) fn args(self, path: &Path) -> Vec<OsString> {
        let mut args = Vec::new();
        for (flag, given) in [("--properties", self.properties), ("--catalog", self.catalog)] {
            if given {
                args.extend([flag.into(), path.into()]);
            }
        }
        args
    }
}

fn told(tap: &TapCommand, error: &RunError) -> Error {
    failure::run_error(tap.short_name(), "telling what it is", error)
}

/// Runs the tap with a flag that only makes it talk.
async fn capture_words(
    tap: &TapCommand,
    args: &[&str],
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
    capture(tap, &args, &folder.work(), voice, BOUNDS, cancel).await
}

/// The spec in what a tap says to `--about`, log lines around it or not, or in a definition of the
/// Meltano hub, in JSON or YAML.
///
/// # Errors
///
/// It is none of these; the sentence says what was expected.
pub fn definition(text: &[u8]) -> Result<Specification, &'static str> {
    let told = match yaml(text) {
        Some(definition) => spec::from_definition(&definition),
        None => Err("neither JSON nor YAML"),
    };
    told.or_else(|reason| match singer_protocol::About::parse(text) {
        Ok(about) if about.settings.is_some() => Ok(spec::from_about(&about)),
        _ => Err(reason),
    })
}

/// Reads YAML, of which JSON is a part.
fn yaml(bytes: &[u8]) -> Option<Value> {
    serde_json::from_slice(bytes)
        .ok()
        .or_else(|| serde_saphyr::from_str(std::str::from_utf8(bytes).ok()?).ok())
}

fn file(what: &str, path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path)
        .map_err(|error| Error::config(format!("{what} file {}: {}", path.display(), error.kind())))
}
