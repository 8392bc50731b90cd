//! Changes to records, in a user's words.

use super::tagged::{alternative, typed};
use super::template::{Document, Template, Values, pointer_to};
use crate::{Transform, pointer};
use airbyte_singer_runtime::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// What is changed in each record.
#[derive(Debug, Clone, JsonSchema)]
#[schemars(tag = "type", rename_all = "snake_case")]
pub(super) enum ChangeSettings {
    /// Sets a field, whatever it was
    #[schemars(title = "Add")]
    Add(AddSettings),
    /// Removes a field
    #[schemars(title = "Remove")]
    Remove(RemoveSettings),
    /// Moves a field. Where it goes there must be nothing or null: remove that before
    #[schemars(title = "Rename")]
    Rename(RenameSettings),
    /// Makes fields of the record of those of its objects
    #[schemars(title = "Flatten")]
    Flatten(FlattenSettings),
}

/// The settings of [`ChangeSettings::Add`].
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AddSettings {
    /// The field: a name or a JSON Pointer
    field: String,
    /// What it holds; {customer} in its texts stands for what a parent gives, as in the path, and a text that is
    /// nothing else is the value itself
    value: Value,
}

/// The settings of [`ChangeSettings::Remove`].
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RemoveSettings {
    /// The field: a name or a JSON Pointer
    field: String,
}

/// The settings of [`ChangeSettings::Rename`].
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RenameSettings {
    /// The field: a name or a JSON Pointer
    field: String,
    /// Where it goes: a name or a JSON Pointer
    to: String,
}

/// The settings of [`ChangeSettings::Flatten`].
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FlattenSettings {
    /// What stands between the names
    #[serde(default = "underscore")]
    between: String,
}

/// A change that was described.
#[derive(Debug, Clone)]
pub(super) enum Change {
    /// The same for all records of a stream.
    Fixed(Transform),
    /// A field with what a parent gives.
    Add(String, Document),
}

impl ChangeSettings {
    /// The change that is meant; values may come from parents by the `known` names.
    ///
    /// # Errors
    ///
    /// A config error: a field is no JSON Pointer, or a value has a name that isn't known.
    pub(super) fn change(&self, known: &[String]) -> Result<Change> {
        let fields = match self {
            Self::Add(given) => vec![&given.field],
            Self::Remove(given) => vec![&given.field],
            Self::Rename(given) => vec![&given.field, &given.to],
            Self::Flatten(given) => vec![&given.between],
        };
        for field in fields {
            let template = Template::of(field, known);
            if let Some(name) = template.names().find(|name| known.iter().any(|one| one == name)) {
                let text = format!("{{{name}}} can't be filled in where a field is named");
                return Err(Error::config(text));
            }
        }
        Ok(Change::Fixed(match self {
            Self::Add(given) => {
                let field = pointer_to(&given.field);
                pointer::check(&field)?;
                return Ok(Change::Add(field, Document::parse(&given.value, known)?));
            }
            Self::Remove(given) => Transform::remove(&pointer_to(&given.field))?,
            Self::Rename(given) => {
                Transform::rename(&pointer_to(&given.field), &pointer_to(&given.to))?
            }
            Self::Flatten(given) => Transform::flatten(&given.between),
        }))
    }
}

impl Change {
    /// The change of the records of one slice.
    ///
    /// # Errors
    ///
    /// The slice doesn't have what is named.
    pub(super) fn with(&self, values: &Values) -> Result<Transform> {
        match self {
            Self::Fixed(transform) => Ok(transform.clone()),
            Self::Add(field, document) => Transform::add(field, document.fill(values)?),
        }
    }
}

impl<'de> Deserialize<'de> for ChangeSettings {
    fn deserialize<D: Deserializer<'de>>(settings: D) -> Result<Self, D::Error> {
        let (kind, settings) = alternative(settings)?;
        match kind.as_str() {
            "add" => typed(settings).map(Self::Add),
            "remove" => typed(settings).map(Self::Remove),
            "rename" => typed(settings).map(Self::Rename),
            "flatten" => typed(settings).map(Self::Flatten),
            _ => Err(serde::de::Error::custom("no known type")),
        }
    }
}

fn underscore() -> String {
    "_".to_owned()
}
