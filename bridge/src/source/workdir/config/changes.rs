//! What a tap did to its config, by the names of settings.

use serde_json::{Map, Value};
use std::fmt;

/// So many settings of a kind are named.
const NAMED: usize = 10;

/// The names of settings that changed, and never their values.
#[derive(Debug)]
pub(super) struct Changes {
    changed: Vec<String>,
    new: Vec<String>,
    gone: Vec<String>,
}

impl Changes {
    pub(super) fn between(old: &Map<String, Value>, new: &Map<String, Value>) -> Self {
        let names = |map: &Map<String, Value>, picks: &dyn Fn(&str, &Value) -> bool| {
            map.iter().filter(|(name, value)| picks(name, value)).map(|(n, _)| n.clone()).collect()
        };
        Self {
            changed: names(new, &|name, value| old.get(name).is_some_and(|old| old != value)),
            new: names(new, &|name, _| !old.contains_key(name)),
            gone: names(old, &|name, _| !new.contains_key(name)),
        }
    }

    /// Tells the user. What a tap leaves out the platform will no longer have.
    pub(super) fn tell(&self) {
        if self.gone.is_empty() {
            tracing::info!("the tap rewrote its config, for the platform to store: {self}");
        } else {
            tracing::warn!("the tap rewrote its config, for the platform to store: {self}");
        }
    }
}

impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds = [("changed", &self.changed), ("new", &self.new), ("gone", &self.gone)];
        let mut between = "";
        for (kind, names) in kinds.into_iter().filter(|(_, names)| !names.is_empty()) {
            let named: Vec<String> =
                names.iter().take(NAMED).map(|name| format!("`{name}`")).collect();
            write!(f, "{between}{kind} {}", named.join(", "))?;
            if names.len() > NAMED {
                write!(f, " and {} more", names.len() - NAMED)?;
            }
            between = "; ";
        }
        Ok(())
    }
}
