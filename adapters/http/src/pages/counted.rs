use super::{Page, Place, Total};
use crate::Request;
use airbyte_singer_runtime::{Error, Result};
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
            Some(value) if !value.is_null() => Ok(()),
            _ => self.place.set(request, self.first.into()),
        }
    }

    /// Whether there are more pages, where `total` pages or records are all.
    ///
    /// # Errors
    ///
    /// A system error: the page is too short for that, so that pages would be left out.
    pub(super) fn goes_on(
        &self,
        (total, many): (Total, u64),
        size: Option<u64>,
        page: &Page<'_>,
        request: &Request,
    ) -> Result<bool> {
        let now = self.now(request)?;
        let size_of_all = size.unwrap_or(page.records).max(1);
        let (done, by_size) = match (self.unit, total) {
            (Unit::Page, Total::Pages) => (self.pages_done(now), false),
            (Unit::Page, Total::Records) => {
                (self.pages_done(now).saturating_mul(size_of_all), true)
            }
            (Unit::Record, Total::Records) => (now.saturating_add(page.records), false),
            (Unit::Record, Total::Pages) => ((now / size_of_all).saturating_add(1), true),
        };
        if done >= many {
            return Ok(false);
        }
        if by_size && page.records < size_of_all {
            return Err(Error::system(format!(
                "a page has fewer than {size_of_all} records although there are more: its size is \
                 set to more than the API gives"
            )));
        }
        Ok(true)
    }

    /// Whether a page with records shows that a total is wrong: it is below what was read, which is so
    /// many pages and records in this read, or what the page itself stands behind.
    ///
    /// # Errors
    ///
    /// A system error: the request has no number.
    pub(super) fn is_passed(
        &self,
        (total, many): (Total, u64),
        (pages, records): (u64, u64),
        request: &Request,
    ) -> Result<bool> {
        let now = self.now(request)?;
        let is_behind = match (self.unit, total) {
            (Unit::Page, Total::Pages) => self.pages_done(now) > many,
            // Some APIs count from one.
            (Unit::Record, Total::Records) => now > many,
            (Unit::Page, Total::Records) | (Unit::Record, Total::Pages) => false,
        };
        let read = match total {
            Total::Pages => pages,
            Total::Records => records,
        };
        Ok(is_behind || read > many)
    }

    /// How many pages are behind, with the one that `now` is the number of.
    const fn pages_done(&self, now: u64) -> u64 {
        now.saturating_sub(self.first).saturating_add(1)
    }

    fn now(&self, request: &Request) -> Result<u64> {
        self.place.get(request).as_ref().and_then(number).ok_or_else(|| {
            Error::system(format!("{} holds no number to count on from", self.place))
        })
    }

    /// Goes on to the next page; without `is_sure` that there is one, a short page is the last.
    pub(super) fn turn(
        &self,
        size: Option<u64>,
        is_sure: bool,
        page: &Page<'_>,
        request: &mut Request,
    ) -> Result<bool> {
        let is_short = page.records == 0 || size.is_some_and(|size| page.records < size);
        if is_short && !is_sure {
            return Ok(false);
        }
        let now = self.now(request)?;
        let step = match self.unit {
            Unit::Page => 1,
            Unit::Record if page.records == 0 => {
                let text = "the page has no records although the API says that there are more";
                return Err(Error::system(text));
            }
            Unit::Record => page.records,
        };
        self.place.set(request, now.saturating_add(step).into())?;
        Ok(true)
    }

    /// Whether a total of this kind says something only together with a size.
    pub(super) const fn needs_size(&self, total: Total) -> bool {
        matches!((self.unit, total), (Unit::Page, Total::Records) | (Unit::Record, Total::Pages))
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
