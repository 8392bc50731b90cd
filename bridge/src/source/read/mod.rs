//! A read, from the tap's pipe to our stdout, in the order that a record passes through: `runs` (or
//! `piped`), `pump`, `messages`, `records` with `route`, `clock` and `validation`; `states` beside them.

mod batch;
mod clock;
mod criticals;
mod discovered;
mod messages;
mod piped;
mod policy;
mod pump;
mod records;
mod route;
mod runs;
mod schemas;
mod states;
mod undeclared;
mod unkept;
mod validation;

pub use piped::Piped;
pub(super) use runs::read;
pub(crate) use unkept::tell_unkept;
