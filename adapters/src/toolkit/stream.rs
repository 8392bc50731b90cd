use super::{Out, Schema, Slice, Slices};
use crate::Result;
use std::pin::Pin;

/// The streams of a connector.
pub type Streams = Vec<Box<dyn AnyStream>>;

/// One stream: a table, an endpoint, a kind of thing that has records.
///
/// A stream is read slice by slice, several at a time. Without slices of its own it is one slice. With
/// a [`Stream::cursor_field`] it can be read incrementally, which asks two things of an author:
/// [`Slices::cursor`] or [`Slice::cursor`] says where an earlier read got to, and what comes again is
/// the records at that very value and beyond it.
///
/// The functions are `async fn`s; a stream of any type goes into [`Streams`] as a [`AnyStream`], whose
/// futures are boxed once a slice, not once a record. So an author needs no macro, and nothing has to
/// be `Send`.
pub trait Stream {
    /// The stream's name, unique within its namespace.
    fn name(&self) -> &str;

    /// The schema or database that the stream belongs to, where there are some.
    fn namespace(&self) -> Option<&str> {
        None
    }

    /// What the records look like.
    fn schema(&self) -> Schema;

    /// The fields that tell one record from all others; empty where there are none.
    fn primary_key(&self) -> &[&str] {
        &[]
    }

    /// The field that grows with every change of a record: a text (times, all written alike) or a
    /// number. With it the stream can be read incrementally.
    fn cursor_field(&self) -> Option<&str> {
        None
    }

    /// Whether a full refresh that was cut short can go on: its slices come again under the same keys,
    /// so that those which were done are left out. By default for streams with a cursor.
    fn is_resumable(&self) -> bool {
        self.cursor_field().is_some()
    }

    /// After how many records of a slice, in an incremental read, a state may stand within it. Only a
    /// stream whose slices come in the order of their cursor may say so, and is held to it.
    fn checkpoint_every(&self) -> Option<u64> {
        None
    }

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

/// A [`Stream`] of any type: every stream is one. See there for what the functions are.
#[allow(missing_docs, reason = "they are those of `Stream`")]
pub trait AnyStream {
    fn name(&self) -> &str;
    fn namespace(&self) -> Option<&str>;
    fn schema(&self) -> Schema;
    fn primary_key(&self) -> &[&str];
    fn cursor_field(&self) -> Option<&str>;
    fn is_resumable(&self) -> bool;
    fn checkpoint_every(&self) -> Option<u64>;
    fn slices<'a>(&'a self, slices: &'a mut Slices<'_>) -> Work<'a>;
    fn read<'a>(&'a self, slice: &'a Slice, out: &'a mut Out<'_>) -> Work<'a>;
}

impl<S: Stream> AnyStream for S {
    fn name(&self) -> &str {
        Stream::name(self)
    }
    fn namespace(&self) -> Option<&str> {
        Stream::namespace(self)
    }
    fn schema(&self) -> Schema {
        Stream::schema(self)
    }
    fn primary_key(&self) -> &[&str] {
        Stream::primary_key(self)
    }
    fn cursor_field(&self) -> Option<&str> {
        Stream::cursor_field(self)
    }
    fn is_resumable(&self) -> bool {
        Stream::is_resumable(self)
    }
    fn checkpoint_every(&self) -> Option<u64> {
        Stream::checkpoint_every(self)
    }
    fn slices<'a>(&'a self, slices: &'a mut Slices<'_>) -> Work<'a> {
        Box::pin(Stream::slices(self, slices))
    }
    fn read<'a>(&'a self, slice: &'a Slice, out: &'a mut Out<'_>) -> Work<'a> {
        Box::pin(Stream::read(self, slice, out))
    }
}
