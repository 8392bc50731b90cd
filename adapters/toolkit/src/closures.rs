//! Streams of which closures read the slices.

use super::{About, Out, Slice, Slices, Stream};
use airbyte_singer_runtime::Result;

impl About {
    /// The stream that this describes, whose slices `read` reads, as [`Stream::read`] does.
    pub fn reading<R>(self, read: R) -> impl Stream
    where
        R: AsyncFn(&Slice, &mut Out<'_>) -> Result<()> + 'static,
    {
        self.slicing(async |slices: &mut Slices<'_>| slices.emit(Slice::whole()).await)
            .reading(read)
    }

    /// Adds how slices are made, as [`Stream::slices`] does.
    pub const fn slicing<S>(self, slices: S) -> Sliced<S>
    where
        S: AsyncFn(&mut Slices<'_>) -> Result<()> + 'static,
    {
        Sliced { about: self, slices }
    }
}

/// A stream whose slices are known: [`About::slicing`].
#[derive(Debug, Clone)]
pub struct Sliced<S> {
    about: About,
    slices: S,
}

impl<S: AsyncFn(&mut Slices<'_>) -> Result<()> + 'static> Sliced<S> {
    /// The stream, whose slices `read` reads, as [`Stream::read`] does.
    pub fn reading<R>(self, read: R) -> impl Stream
    where
        R: AsyncFn(&Slice, &mut Out<'_>) -> Result<()> + 'static,
    {
        Closures { about: self.about, slices: self.slices, read }
    }
}

struct Closures<S, R> {
    about: About,
    slices: S,
    read: R,
}

impl<S, R> Stream for Closures<S, R>
where
    S: AsyncFn(&mut Slices<'_>) -> Result<()>,
    R: AsyncFn(&Slice, &mut Out<'_>) -> Result<()>,
{
    fn about(&self) -> About {
        self.about.clone()
    }

    async fn slices(&self, slices: &mut Slices<'_>) -> Result<()> {
        (self.slices)(slices).await
    }

    async fn read(&self, slice: &Slice, out: &mut Out<'_>) -> Result<()> {
        (self.read)(slice, out).await
    }
}
