use super::{Page, Place};
use crate::http::Request;
use crate::{Error, Result};
use serde_json::Value;
use std::fmt;

/// Pages that are asked for by a number which is counted here. It stands in the request alone, so that
/// a read goes on from any request.
#[derive(Debug, Clone)]
pub(super) struct Counted {
    place: Place,
    first: u64,
    unit: Unit,
}

#[derive(Debug, Clone, Copy)]
enum Unit {
    Page,
    Record,
}

impl Counted {
    pub(super) fn pages(place: Place, first: u64) -> Self {
        Self { place, first, unit: Unit::Page }
    }

    pub(super) fn records(place: Place) -> Self {
        Self { place, first: 0, unit: Unit::Record }
    }

    pub(super) fn check(&self) -> Result<()> {
        self.place.check()
    }

    /// Makes a request that of the first page, unless it is one already.
    pub(super) fn begin(&self, request: &mut Request) -> Result<()> {
        match self.place.get(request) {
            Some(_) => Ok(()),
            None => self.place.set(request, self.first.into()),
        }
    }

    pub(super) fn turn(
        &self,
        size: Option<u64>,
        page: &Page<'_>,
        request: &mut Request,
    ) -> Result<bool> {
        if page.records == 0 || size.is_some_and(|size| page.records < size) {
            return Ok(false);
        }
        let now = self.place.get(request).as_ref().and_then(number).ok_or_else(|| {
            Error::system(format!("{} holds no number to count on from", self.place))
        })?;
        let step = match self.unit {
            Unit::Page => 1,
            Unit::Record => page.records,
        };
        self.place.set(request, now.saturating_add(step).into())?;
        Ok(true)
    }
}

fn number(value: &Value) -> Option<u64> {
    match value {
        Value::String(text) => text.parse().ok(),
        value => value.as_u64(),
    }
}

impl fmt::Display for Counted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.unit {
            Unit::Page => write!(f, "the page number in {}", self.place),
            Unit::Record => write!(f, "the offset in {}", self.place),
        }
    }
}
