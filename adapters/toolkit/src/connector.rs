use super::{Connection, Streams, engine, parse_config, specification};
use airbyte_protocol::{Catalog, ConnectionStatus, Specification};
use airbyte_singer_runtime::caught;
use airbyte_singer_runtime::{Config, Context, Emitter, ReadJob, Result, Source};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;

/// What an author writes of a source: the type of its config, and the streams that such a config
/// gives. The rest follows from them and can be written otherwise.
pub trait Connector {
    /// The settings. Its schema is the spec's.
    type Config: DeserializeOwned + JsonSchema;

    /// The streams. What they need (a client, a token) is made here and shared by them.
    ///
    /// # Errors
    ///
    /// What keeps the streams from being known; a config error is a check's answer.
    fn streams(
        &self,
        config: Self::Config,
        connection: &Connection,
    ) -> impl Future<Output = Result<Streams>>;

    /// What the source wants to be told: by default what the config's type says.
    fn spec(&self) -> Specification {
        specification::<Self::Config>()
    }

    /// Whether the config works: by default the first stream is read until its first record.
    ///
    /// # Errors
    ///
    /// The answer that it doesn't, whosever fault that is: on a platform only an answer's sentence is seen.
    fn check(&self, streams: &Streams) -> impl Future<Output = Result<()>> {
        async { engine::first_record(streams).await }
    }

    /// The streams on offer: by default [`discover`](super::discover), which is all of them, with inferred schemas
    /// where none are declared.
    ///
    /// # Errors
    ///
    /// Whatever keeps the source from knowing them.
    fn discover(&self, streams: &Streams) -> impl Future<Output = Result<Catalog>> {
        engine::discover(streams)
    }

    /// Reads: by default [`read`](super::read), with as many workers as `workers`.
    ///
    /// # Errors
    ///
    /// As [`Source::read`].
    fn read(
        &self,
        streams: &Streams,
        job: &ReadJob,
        emitter: &Emitter,
        workers: usize,
    ) -> impl Future<Output = Result<()>> {
        engine::read(streams, job, emitter, workers)
    }

    /// How many slices are in work at a time, over all streams: a number of the author's, or a setting.
    fn workers(&self, config: &Self::Config) -> usize {
        let _ = config;
        4
    }
}

/// A [`Connector`] as a [`Source`]: `cli::main(Native::new(Shop))` is the whole `main`.
#[derive(Debug, Clone)]
pub struct Native<C> {
    connector: C,
    workers: Option<usize>,
}

impl<C: Connector> Native<C> {
    /// The source that `connector` describes.
    pub const fn new(connector: C) -> Self {
        Self { connector, workers: None }
    }

    /// With another number of slices in work than the connector asks for; at least one.
    #[must_use]
    pub const fn workers(mut self, workers: usize) -> Self {
        self.workers = Some(workers);
        self
    }

    async fn streams(&self, config: &Config, context: &Context) -> Result<Streams> {
        self.connector.streams(parse_config(config)?, &Connection::new(config, context)).await
    }
}

impl<C: Connector> Source for Native<C> {
    async fn spec(&mut self, _: &Context) -> Result<Specification> {
        Ok(self.connector.spec())
    }

    async fn check(&mut self, config: &Config, context: &Context) -> Result<ConnectionStatus> {
        let tried = caught(async {
            let streams = self.streams(config, context).await?;
            self.connector.check(&streams).await
        });
        context.verdict(tried.await)
    }

    async fn discover(&mut self, config: &Config, context: &Context) -> Result<Catalog> {
        let streams = self.streams(config, context).await?;
        self.connector.discover(&streams).await
    }

    async fn read(&mut self, job: ReadJob, emitter: &Emitter, context: &Context) -> Result<()> {
        let config = parse_config(&job.config)?;
        let workers = self.workers.unwrap_or_else(|| self.connector.workers(&config));
        let streams =
            self.connector.streams(config, &Connection::new(&job.config, context)).await?;
        self.connector.read(&streams, &job, emitter, workers).await
    }
}
