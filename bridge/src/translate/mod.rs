//! Between Singer's words and Airbyte's: pure translation, no I/O.
//!
//! Only this module speaks both languages. A tap's catalog becomes an Airbyte one
//! ([`catalog`], [`schema`]), the user's choice becomes a selection in the tap's catalog, the
//! tap's settings become a spec ([`spec`]), the names in its messages are traced back to its
//! catalog ([`names`]), and deselected fields are taken out of records ([`record`]).

pub mod schema;
