//! What a tap says is masked where it is heard.

use crate::tap::Mask;
use airbyte_singer_runtime::Secrets;
use std::borrow::Cow;

impl Mask for Secrets {
    fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        Secrets::mask(self, text)
    }

    fn unfinished(&self, text: &str) -> Option<usize> {
        Secrets::unfinished(self, text)
    }

    fn reach(&self) -> usize {
        Secrets::reach(self)
    }
}

#[cfg(test)]
mod tests;
