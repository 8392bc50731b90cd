use super::{About, Out, Slice, Slices};
use airbyte_singer_runtime::Result;
use std::pin::Pin;

/// The streams of a connector.
pub type Streams = Vec<Box<dyn AnyStream>>;

/// One stream: a table, an endpoint, a kind of thing that has records.
///
/// A stream is read slice by slice, several at a time. Without slices of its own it is one slice. With
/// an [`About::cursor`] it can be read incrementally, which asks two things of an author:
/// [`Slices::cursor`] or [`Slice::cursor`] says where an earlier read got to, and what comes again is
/// the records at that very value and beyond it.
///
/// The functions are `async fn`s; a stream of any type goes into [`Streams`] as an [`AnyStream`], whose
/// futures are boxed once a slice, not once a record. So an author needs no macro, and nothing has to
/// be `Send`.
pub trait Stream {
    /// The stream's name, what its records look like, how it can be read.
    fn about(&self) -> About;

    /// Makes the slices of a read, in the order in which their states are to be published. While it
    /// goes on making them, the first ones are read already.
    ///
    /// # Errors
    ///
    /// What keeps the slices from being known; it ends the stream.
    fn slices(&self, slices: &mut Slices<'_>) -> impl Future<Output = Result<()>> {
        slices.emit(Slice::whole())
    }

    /// Reads the records of one slice into `out`.
    ///
    /// # Errors
    ///
    /// What keeps the slice from being read; it ends the stream, and no other.
    fn read(&self, slice: &Slice, out: &mut Out<'_>) -> impl Future<Output = Result<()>>;
}

/// What a stream's functions give, whatever its type.
type Work<'a> = Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

/// A [`Stream`] of any type: every stream is one.
pub trait AnyStream {
    /// [`Stream::about`].
    fn about(&self) -> About;
    /// [`Stream::slices`].
    fn slices<'a>(&'a self, slices: &'a mut Slices<'_>) -> Work<'a>;
    /// [`Stream::read`].
    fn read<'a>(&'a self, slice: &'a Slice, out: &'a mut Out<'_>) -> Work<'a>;
}

impl<S: Stream> AnyStream for S {
    fn about(&self) -> About {
        Stream::about(self)
    }

    fn slices<'a>(&'a self, slices: &'a mut Slices<'_>) -> Work<'a> {
        Box::pin(Stream::slices(self, slices))
    }

    fn read<'a>(&'a self, slice: &'a Slice, out: &'a mut Out<'_>) -> Work<'a> {
        Box::pin(Stream::read(self, slice, out))
    }
}
