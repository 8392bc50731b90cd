//! Streams made of plain data, in every way that a stream can be cut.

use airbyte_protocol::{Catalog, ConfiguredCatalog, ConfiguredStream, StreamDescriptor, SyncMode};
use airbyte_singer_sdk::toolkit::{
    About, Connection, Connector, Out, Slice, Slices, Stream, Streams,
};
use airbyte_singer_sdk::{Error, Result};
use proptest::prelude::*;

/// How wide the windows of the cursor are.
pub(crate) const WINDOW: u64 = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One slice a window of the cursor, its rows in any order.
    Windows,
    /// Each slice has a cursor of its own.
    Partitions,
    /// One slice in the order of the cursor, with states inside.
    Sorted,
    /// No cursor: slices whose position is the number of the next row.
    Pages,
    /// No cursor, and no state before the end.
    Plain,
}

#[derive(Debug, Clone)]
pub(crate) struct Model {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// The rows of each slice, each by its cursor.
    pub(crate) slices: Vec<Vec<u64>>,
    /// How long each slice waits before each row, in turns of the others.
    pub(crate) waits: Vec<u8>,
    /// Fails after so many rows of this slice.
    pub(crate) fails: Option<(usize, usize)>,
}

#[derive(serde::Serialize, schemars::JsonSchema)]
struct Row {
    slice: usize,
    n: usize,
    at: u64,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
pub(crate) struct Nothing {}

/// All that a source needs is its models.
#[derive(Debug, Clone)]
pub(crate) struct Models(pub(crate) Vec<Model>);

impl Connector for Models {
    type Config = Nothing;

    async fn streams(&self, _: Nothing, _: &Connection) -> Result<Streams> {
        Ok(self.0.iter().cloned().map(|model| Box::new(model) as _).collect())
    }
}

impl Models {
    pub(crate) fn configured(&self, mode: SyncMode) -> ConfiguredCatalog {
        let streams = self.0.iter().map(|model| {
            let stream = airbyte_protocol::Stream::new(&model.name, serde_json::Map::new());
            let mode = if model.has_cursor() { mode } else { SyncMode::FullRefresh };
            ConfiguredStream::new(stream, mode)
        });
        ConfiguredCatalog::new(streams.collect())
    }
}

impl Model {
    pub(crate) fn descriptor(&self) -> StreamDescriptor {
        StreamDescriptor::new(&self.name)
    }

    pub(crate) fn has_cursor(&self) -> bool {
        !matches!(self.kind, Kind::Pages | Kind::Plain)
    }

    /// How many rows it has.
    pub(crate) fn len(&self) -> usize {
        self.slices.iter().map(Vec::len).sum()
    }
}

impl Stream for Model {
    fn about(&self) -> About {
        let about = About::of::<Row>(&self.name).key(["slice", "n"]);
        match self.kind {
            Kind::Windows | Kind::Partitions => about.cursor("at"),
            Kind::Sorted => about.cursor("at").checkpoint_every(3),
            Kind::Pages => about.resumable(true),
            Kind::Plain => about,
        }
    }

    async fn slices(&self, slices: &mut Slices<'_>) -> Result<()> {
        let first = match self.kind {
            Kind::Windows => slices.cursor::<u64>()?.unwrap_or(0) / WINDOW,
            _ => 0,
        };
        for number in first..self.slices.len() as u64 {
            let slice = match self.kind {
                Kind::Partitions => Slice::partition([("number", number)]),
                _ => Slice::window([("number", number)]),
            };
            slices.emit(slice).await?;
        }
        Ok(())
    }

    async fn read(&self, slice: &Slice, out: &mut Out<'_>) -> Result<()> {
        let number: usize = slice.get("number")?;
        let from = slice.cursor::<u64>()?.unwrap_or(0);
        let page = slice.position::<usize>()?.unwrap_or(0);
        for (n, at) in self.slices[number].iter().copied().enumerate() {
            for _ in 0..self.waits[number % self.waits.len()] {
                tokio::task::yield_now().await;
            }
            if self.fails == Some((number, n)) {
                return Err(Error::transient("the server has gone"));
            }
            if at >= from && n >= page {
                out.emit(&Row { slice: number, n, at }).await?;
                if self.kind == Kind::Pages && n % 2 == 1 {
                    out.checkpoint(n + 1)?;
                }
            }
        }
        Ok(())
    }
}

fn model() -> impl Strategy<Value = Model> {
    let kinds =
        [Kind::Windows, Kind::Partitions, Kind::Sorted, Kind::Pages, Kind::Plain].as_slice();
    let slices = prop::collection::vec(prop::collection::vec(0..WINDOW, 0..6), 1..6);
    let waits = prop::collection::vec(0..4_u8, 1..6);
    (prop::sample::select(kinds), slices, waits).prop_map(|(kind, mut slices, waits)| {
        match kind {
            Kind::Windows => {
                for (number, rows) in (0_u64..).zip(&mut slices) {
                    rows.iter_mut().for_each(|at| *at += number * WINDOW);
                }
            }
            Kind::Sorted => {
                slices = vec![slices.concat()];
                slices[0].sort_unstable();
            }
            _ => {}
        }
        Model { name: String::new(), kind, slices, waits, fails: None }
    })
}

/// One to four streams, named `s0` and so on.
pub(crate) fn models() -> impl Strategy<Value = Models> {
    prop::collection::vec(model(), 1..5).prop_map(|mut models| {
        for (number, model) in models.iter_mut().enumerate() {
            model.name = format!("s{number}");
        }
        Models(models)
    })
}

/// The catalog's descriptors, for tests that only want names.
pub(crate) fn names(catalog: &Catalog) -> Vec<String> {
    catalog.streams.iter().map(|stream| stream.name.clone()).collect()
}
