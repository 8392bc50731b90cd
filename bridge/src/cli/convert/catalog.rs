//! `convert catalog`

use super::input::{self, Input};
use super::text::Text;
use super::{From, page, written};
use crate::options::OptionSet;
use crate::source;
use crate::tap::{Arrival, Lines};
use crate::translate::Overrides;
use crate::translate::catalog::{Learnt, outline, to_singer};
use airbyte_protocol::Stream;
use airbyte_singer_runtime::{Error, Result, configured_catalog};
use serde::{Serialize, Serializer};
use singer_protocol as singer;
use singer_protocol::{LineError, Message};
use std::cell::RefCell;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Whose catalog comes in
    #[arg(long, value_enum, required_unless_present = "from_messages")]
    from: Option<From>,
    /// The tap's own catalog, which a selection is written into
    #[arg(long, value_name = "FILE", env = "AIRBYTE_SINGER_SINGER_CATALOG")]
    singer_catalog: Option<PathBuf>,
    /// What comes in are a tap's messages: its streams are learnt from SCHEMA lines
    #[arg(long)]
    from_messages: bool,
    #[command(flatten)]
    input: Input,
}

/// The catalog, bare: `{"streams": […]}`.
pub(super) fn run(args: &Args, options: &OptionSet) -> Result<String> {
    let overrides = options.streams.clone().unwrap_or_default();
    if args.from == Some(From::Airbyte) {
        return selected(args, options, &overrides);
    }
    let catalog = if args.from_messages {
        learnt(&args.input, options, &overrides)?
    } else {
        singer::Catalog::read(args.input.read()?).map_err(|error| args.input.wrong(error))?
    };
    page(&Offered { streams: OneByOne(RefCell::new(source::offer(catalog, overrides))) })
}

/// The tap's catalog with the selection of a configured one.
fn selected(args: &Args, options: &OptionSet, overrides: &Overrides) -> Result<String> {
    if args.from_messages {
        return Err(Error::config("--from-messages reads a tap's messages, so --from is singer"));
    }
    let Some(path) = args.singer_catalog.as_ref().or(options.tap_catalog.as_ref()) else {
        return Err(Error::config("a selection needs the tap's own catalog: --singer-catalog"));
    };
    let catalog = input::singer_catalog(path)?;
    let configured =
        configured_catalog(&args.input.read()?).map_err(|error| args.input.wrong(error))?;
    let translated = outline(&catalog, overrides);
    let gone = configured.streams.iter().filter(|wanted| translated.find(wanted).is_none());
    let gone: Vec<_> = gone.map(|wanted| wanted.descriptor()).collect();
    if let Some(error) = source::no_such_stream("the Singer catalog", &gone, &translated) {
        return Err(error);
    }
    let all = translated.links.iter().map(|link| link.tap_stream_id.clone()).collect();
    let selected = to_singer(&catalog, &translated, &configured, &all);
    for note in translated.notes.iter().chain(&selected.notes) {
        tracing::warn!("{note}");
    }
    page(&Text(&written(&selected.catalog)?))
}

/// An Airbyte catalog.
#[derive(Serialize)]
#[serde(bound = "")]
struct Offered<I: Iterator<Item = Stream>> {
    streams: OneByOne<I>,
}

/// What an iterator yields, as a list of which one element is held at a time. It can be written once.
struct OneByOne<I>(RefCell<I>);

impl<I: Iterator<Item = Stream>> Serialize for OneByOne<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(&mut *self.0.borrow_mut())
    }
}

/// What a tap's messages tell of its catalog, line by line, since there may be many.
fn learnt(from: &Input, options: &OptionSet, overrides: &Overrides) -> Result<singer::Catalog> {
    let mut lines = Lines::new(from.open()?, options.max_line_bytes());
    let mut learnt = Learnt::new(overrides);
    let mut number = 0_u64;
    loop {
        let arrival = lines.wait(None).map_err(|error| from.wrong(error.kind()))?;
        while let Some(line) = lines.next_line().map_err(|_| {
            from.wrong(format!("line {} is longer than allowed (--max-line-bytes)", number + 1))
        })? {
            number += 1;
            match Message::parse(line) {
                Ok(message) => {
                    learnt.saw(&message);
                    if let Some(too_much) = learnt.full() {
                        return Err(from.wrong(format!(
                            "line {number}: there are {too_much}, more than is learnt from messages"
                        )));
                    }
                }
                Err(LineError::Malformed(broken)) if broken.kind.as_deref() == Some("SCHEMA") => {
                    return Err(from.wrong(format!("line {number}: {broken}")));
                }
                // Records are not what is asked for here, nor are log lines.
                Err(_) => {}
            }
        }
        if arrival == Arrival::End {
            break;
        }
    }
    let catalog = learnt.catalog();
    if catalog.streams().is_empty() {
        return Err(from.wrong("there is neither a SCHEMA nor a RECORD in it"));
    }
    Ok(catalog)
}
