//! What a parent gives its children.

use super::stream::HttpStream;
use super::template::plain;
use crate::toolkit::{About, Out, Slice, Slices, Stream};
use crate::{Error, Result};
use serde_json::Value;

/// The stream above another, and what of its records is needed.
#[derive(Clone)]
pub(super) struct Parent {
    pub(super) stream: HttpStream,
    /// Where in a record it is.
    pub(super) pointer: String,
    /// What it is called among the children.
    pub(super) name: String,
}

impl Parent {
    /// The names of all that it gives, with what its own parents do.
    pub(super) fn names(&self) -> Vec<String> {
        let mut names = self.stream.names();
        names.push(self.name.clone());
        names
    }
}

/// A parent whose records are what it gives.
impl Stream for Parent {
    fn about(&self) -> About {
        Stream::about(&self.stream)
    }

    async fn slices(&self, slices: &mut Slices<'_>) -> Result<()> {
        Stream::slices(&self.stream, slices).await
    }

    async fn read(&self, slice: &Slice, out: &mut Out<'_>) -> Result<()> {
        let given = self.stream.values(slice)?;
        for call in self.stream.calls(slice)? {
            call?
                .each(async |record| {
                    let record = Value::Object(record);
                    let value = record.pointer(&self.pointer).ok_or_else(|| self.lacks("no"))?;
                    if value.is_null() {
                        return Ok(());
                    }
                    if plain(value).is_none() {
                        return Err(self.lacks("neither a text nor a number at"));
                    }
                    let mut given = given.clone();
                    given.insert(self.name.clone(), value.clone());
                    out.emit(&given).await
                })
                .await?;
        }
        Ok(())
    }
}

impl Parent {
    fn lacks(&self, how: &str) -> Error {
        let (name, pointer) = (self.stream.name(), &self.pointer);
        Error::config(format!("a record of its parent `{name}` has {how} {pointer}"))
    }
}
