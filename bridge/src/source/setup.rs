//! What a command needs to know of the tap and of what the user said, before it is run.

use super::spec::Listed;
use super::workdir::Site;
use crate::options::OptionSet;
use crate::tap::{TapCommand, Voice};
use crate::translate::Overrides;
use airbyte_singer_runtime::{Context, Result};

/// The tap and how it is run.
#[derive(Debug)]
pub(super) struct Setup {
    pub(super) tap: TapCommand,
    /// What holds, once the config has been asked too.
    pub(super) options: OptionSet,
    /// How the tap takes its catalog, as far as it said so.
    pub(super) listed: Option<Listed>,
}

impl Setup {
    /// Where the tap runs.
    pub(super) fn site(&self) -> Result<Site> {
        Site::of(self.options.workdir())
    }

    /// How what the tap says reaches the user.
    pub(super) fn voice(&self, context: &Context) -> Voice {
        Voice::plain(&context.secrets).overlooking(&self.options.harmless_lines())
    }

    /// What the profile says of streams.
    pub(super) fn overrides(&self) -> Overrides {
        self.options.streams.clone().unwrap_or_default()
    }
}
