//! The converters: what a bridge run translates on its way, as commands of their own.

mod catalog;
mod input;
mod messages;
mod spec;
mod state;
mod text;

use crate::options::OptionSet;
use airbyte_singer_runtime::{Error, Outcome, Result, Session};
use clap::{Subcommand, ValueEnum};
use serde::Serialize;

/// What can be converted.
#[derive(Debug, Subcommand)]
pub(super) enum Convert {
    /// A Singer catalog to Airbyte's, or a configured catalog to a selection in a Singer catalog
    Catalog(catalog::Args),
    /// A Singer state to Airbyte's states, or these to what the tap is resumed from
    State(state::Args),
    /// A tap's messages to Airbyte's: tap-foo --config c.json | airbyte-singer convert messages
    ///
    /// A pipe doesn't show how a tap ended: the end of its output is taken for success. Set
    /// `pipefail` in the shell, or let `read` run the tap.
    Messages(messages::Args),
    /// The output of `tap --about --format=json` or a Meltano Hub definition to Airbyte's spec
    Spec(spec::Args),
}

/// Whose words come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum From {
    /// A tap's
    Singer,
    /// A platform's
    Airbyte,
}

impl Convert {
    /// Whether what comes out is one document and no messages.
    pub(super) fn gives_a_document(&self) -> bool {
        !matches!(self, Self::Messages(_))
    }

    /// Converts.
    pub(super) fn run(self, options: OptionSet, session: &Session) -> Result<Outcome> {
        let document = match self {
            Self::Messages(args) => return messages::run(args, options, session),
            Self::Catalog(args) => catalog::run(&args, &options)?,
            Self::State(args) => state::run(&args, &options)?,
            Self::Spec(args) => spec::run(&args)?,
        };
        session.output.lines(document.as_bytes())?;
        Ok(Outcome::Done)
    }
}

/// A document as text, before it is made a page of.
fn written(document: &impl Serialize) -> Result<String> {
    let text = serde_json::to_string(document);
    text.map_err(|_| Error::system("the document can't be written as JSON"))
}

/// A document as a file holds it.
fn page(document: &impl Serialize) -> Result<String> {
    let text = serde_json::to_string_pretty(document);
    let text = text.map_err(|_| Error::system("the document can't be written as JSON"))?;
    Ok(text + "\n")
}
