//! How the lines of a tap's streams look, each learnt from a record of its stream.

use super::fault::Fault;
use super::frame::{Begun, Frame};
use super::open::Open;
use super::record::RecordRef;
use super::template::{LONGEST, Template};
use super::trust::Trust;
use super::walk::Walk;
use super::window::Bytes;
use super::{Envelope, envelope, fields};
use fearless_simd::{Level, Simd, dispatch};
use indexmap::IndexMap;

/// What all templates together may weigh; beyond, one after the other is forgotten (some 4 MB).
const MAX_WEIGHT: usize = 48 * 1024;
/// What a stream weighs beside its template.
const STREAM: usize = 16;

/// Finds envelopes as [`envelope`] does, and remembers how records were written.
///
/// What it says is always what [`envelope`] says: on any doubt that one decides, from the line's
/// beginning.
#[derive(Debug)]
pub(crate) struct Templates {
    level: Level,
    /// By the raw name of the stream.
    streams: IndexMap<String, Stream>,
    weight: usize,
    /// The stream of the last record.
    last: usize,
    /// The stream to be forgotten next.
    oldest: usize,
    /// In learning more.
    memory: Trust,
    /// Nothing is, between two lines.
    open: Open,
}

/// How the lines of one stream look.
#[derive(Debug, Default)]
struct Stream {
    template: Template,
    weight: usize,
    frame: Option<Frame>,
    /// In the frame; the template has its own.
    trust: Trust,
}

/// A record that was read together with the one before it.
#[derive(Debug, Default)]
pub(crate) struct Ahead<'a> {
    /// How long its line is, and what it is.
    line: Option<(usize, RecordRef<'a>)>,
    /// Where its fields begin, if that was asked for.
    fields: Vec<usize>,
}

impl<'a> Ahead<'a> {
    /// Takes the length of its line, and what [`Templates::expected`] would tell of it.
    #[inline]
    pub(crate) fn take(
        &mut self,
        fields: Option<&mut Vec<usize>>,
        found: &mut RecordRef<'a>,
    ) -> Option<usize> {
        let (length, record) = self.line.take()?;
        *found = record;
        if let Some(fields) = fields {
            std::mem::swap(fields, &mut self.fields);
        }
        Some(length)
    }

    #[cfg(test)]
    pub(crate) fn is_there(&self) -> bool {
        self.line.is_some()
    }

    /// Its line is read in another way.
    pub(crate) fn forget(&mut self) {
        self.line = None;
    }
}

impl Default for Templates {
    fn default() -> Self {
        Self {
            level: Level::new(),
            streams: IndexMap::new(),
            weight: 0,
            last: 0,
            oldest: 0,
            memory: Trust::default(),
            open: Open::default(),
        }
    }
}

impl Templates {
    /// Where the line that `text` begins with ends, its line end included, if it is a record's and looks
    /// as such lines looked before. `found` becomes that record, and `fields` where in it its fields
    /// begin: see [`Template::follow`]. (It is written where it will be read: handed back, it would be
    /// copied twice.) The line behind it may have been read too: it is `ahead` then.
    #[inline]
    pub(crate) fn expected<'a>(
        &mut self,
        text: &'a str,
        fields: Option<&mut Vec<usize>>,
        found: &mut RecordRef<'a>,
        ahead: &mut Ahead<'a>,
    ) -> Option<usize> {
        let level = self.level;
        dispatch!(level, simd => self.as_expected(Bytes::new(simd, text), text, fields, found, ahead))
    }

    #[inline(always)]
    fn as_expected<'a, S: Simd>(
        &mut self,
        bytes: Bytes<'a, S>,
        text: &'a str,
        fields: Option<&mut Vec<usize>>,
        found: &mut RecordRef<'a>,
        ahead: &mut Ahead<'a>,
    ) -> Option<usize> {
        let mut stream = self.streams.get_index_mut(self.last)?.1;
        if !stream.frame.as_ref()?.begins(bytes) {
            let name = stream.frame.as_ref()?.name_in(bytes, text)?;
            self.last = self.streams.get_index_of(name)?;
            stream = &mut self.streams[self.last];
        }
        let Stream { template, frame, trust, .. } = stream;
        let frame = frame.as_ref().filter(|frame| frame.begins(bytes))?;
        if template.is_ignorant() {
            return None;
        }
        let begun = frame.begun(bytes)?;
        let open = &mut self.open;
        open.forget();
        ahead.fields.clear();
        let second = match template.is_smooth() {
            true => next_line(frame, bytes, text, begun.record),
            false => None,
        };
        let followed = match &second {
            None => template.follow(bytes, begun.record, open, fields).map(|end| (end, None)),
            Some((next, .., second)) => {
                let fields = fields.map(|fields| [fields, &mut ahead.fields]);
                let starts = [begun.record, next + second.record];
                template.follow_two(bytes, starts, open, fields)
            }
        };
        let Ok((end, second_end)) = followed else {
            // What is broken may have been read beyond its line's end: not too often.
            trust.judge(false);
            stream.frame.take_if(|_| stream.trust.is_resting());
            return None;
        };
        let length = frame.read(bytes, text, begun, end, found)?;
        trust.judge(true);
        if let (Some((next, bytes, text, begun)), Some(end)) = (second, second_end)
            && next == length
        {
            let mut record = RecordRef::default();
            let length = frame.read(bytes, text, begun, end - next, &mut record);
            ahead.line = length.map(|length| (length, record));
            if ahead.line.is_some() {
                trust.judge(true);
            }
        }
        Some(length)
    }

    #[cfg(test)]
    pub(crate) fn weight(&self) -> usize {
        self.weight
    }

    #[cfg(test)]
    pub(crate) fn streams(&self) -> usize {
        self.streams.len()
    }

    /// As [`envelope`], of a line that wasn't expected.
    pub(crate) fn envelope<'a>(&mut self, text: &'a str) -> Result<Envelope<'a>, Fault> {
        let known = dispatch!(self.level, simd => self.known(Bytes::new(simd, text), text));
        let Some((found, place)) = known else { return envelope(text) };
        if let (Some(name), Some(record)) = (found.stream, found.record)
            && let Some(stream) = self.last_was(place, name, record)
        {
            stream.remember(text, &found);
        }
        Ok(found)
    }

    /// The envelope of a line however it begins; its record is held against the template of its
    /// stream where the name stands before it.
    #[inline(always)]
    fn known<'a, S: Simd>(
        &mut self,
        bytes: Bytes<'a, S>,
        text: &'a str,
    ) -> Option<(Envelope<'a>, Option<usize>)> {
        let mut found = Envelope::default();
        let mut place = None;
        let mut walk = Walk::new(bytes);
        walk.open_object().ok()?;
        if walk.closes(b'}') {
            return None;
        }
        let record = |found: &Envelope<'a>, walk: &mut Walk<'a, S>| {
            place = found.stream.and_then(|name| self.place(name));
            match place {
                Some(place) => {
                    let template = &mut self.streams[place].template;
                    walk.value_by(
                        #[inline(always)]
                        |bytes, at, open| template.follow(bytes, at, open, None),
                    )
                }
                None => walk.value(),
            }
        };
        fields(text, walk, &mut found, record).ok()?;
        Some((found, place))
    }

    fn place(&self, name: &str) -> Option<usize> {
        let again = self.streams.get_index(self.last).is_some_and(|(last, _)| last == name);
        if again { Some(self.last) } else { self.streams.get_index_of(name) }
    }

    /// The stream of a record, whose template is learnt if it has none. None where there is too much
    /// to remember already.
    fn last_was(&mut self, place: Option<usize>, name: &str, record: &str) -> Option<&mut Stream> {
        self.last = match place.or_else(|| self.place(name)) {
            Some(place) => place,
            None if self.memory.is_resting() || name.len() > LONGEST => {
                self.memory.rest();
                return None;
            }
            None => self.streams.insert_full(name.to_owned(), Stream::default()).0,
        };
        let Stream { template, weight, .. } = &mut self.streams[self.last];
        if template.is_ignorant() {
            template.learn(record.as_bytes());
            self.weight -= *weight;
            *weight = STREAM + template.weight();
            self.weight += *weight;
            self.forget_others(name);
        }
        Some(&mut self.streams[self.last])
    }

    /// Forgets other streams as long as there is too much to remember. Where that goes on and on, no
    /// newcomer is taken in for a while.
    fn forget_others(&mut self, name: &str) {
        self.memory.judge(self.weight <= MAX_WEIGHT);
        while self.weight > MAX_WEIGHT && self.streams.len() > 1 {
            self.oldest = (self.oldest + 1) % self.streams.len();
            if self.oldest != self.last
                && let Some((_, stream)) = self.streams.swap_remove_index(self.oldest)
            {
                self.weight -= stream.weight;
                self.last = self.streams.get_index_of(name).unwrap_or_default();
            }
        }
    }
}

/// The line behind the one that goes on at `at`, if it begins as `frame` does: where, what begins there, and
/// what is known of it.
#[inline(always)]
fn next_line<'a, S: Simd>(
    frame: &Frame,
    bytes: Bytes<'a, S>,
    text: &'a str,
    at: usize,
) -> Option<(usize, Bytes<'a, S>, &'a str, Begun)> {
    let next = at + memchr::memchr(b'\n', bytes.all.get(at..)?)? + 1;
    let text = text.get(next..)?;
    let bytes = Bytes::new(bytes.simd, text);
    if !frame.begins(bytes) {
        return None;
    }
    Some((next, bytes, text, frame.begun(bytes)?))
}

impl Stream {
    /// Makes lines like this one expected.
    fn remember(&mut self, text: &str, found: &Envelope<'_>) {
        if self.frame.take().is_some() {
            self.trust.judge(false);
        }
        if self.trust.is_resting() {
            self.trust.rest();
        } else {
            self.frame = Frame::learn(text, found);
        }
    }
}
